"""A trace does what the traced function does, at other sizes too."""

from __future__ import annotations

from hypothesis import given

import jit
from jit.ir.verifier import assert_valid
from jit.runtime.executor import Executor
from tests.properties.outcomes import Outcome, assert_same, loaded, outcome
from tests.properties.profiles import examples
from tests.properties.programs import Case
from tests.properties.straight_lines import straight_lines


def raises_nothing(found: Outcome) -> bool:
    return found.error is None


@examples(100)
@given(straight_lines())
def test_traces_do_what_the_function_does(case: Case) -> None:
    with loaded(case.source) as module:
        if not raises_nothing(outcome(module.main_0, module.arguments_0())):
            return
        traced = jit.trace(module.main_0, module.arguments_0(), on_bake="error")
        assert_valid(traced.program)

        for number in range(case.calls):
            make = getattr(module, f"arguments_{number}")
            expected = outcome(module.main_0, make())
            assert_same(expected, outcome(traced, make()))


@examples(40)
@given(straight_lines())
def test_traces_are_what_is_saved_and_run_alike_unoptimised(case: Case) -> None:
    with loaded(case.source) as module:
        if not raises_nothing(outcome(module.main_0, module.arguments_0())):
            return
        traced = jit.trace(module.main_0, module.arguments_0(), on_bake="error")
        again = jit.load(traced.save_to_buffer())
        plain, name = Executor(traced.program, optimize=False), traced.qualified_name

        assert str(traced.graph) == str(again.graph)
        for number in range(case.calls):
            make = getattr(module, f"arguments_{number}")
            expected = outcome(traced, make())
            assert_same(expected, outcome(again, make()))
            assert_same(expected, outcome(lambda *a: plain.call(name, a), make()))
