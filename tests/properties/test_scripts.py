"""A compiled function does what Python does, on generated programs."""

from __future__ import annotations

import ast
from typing import Any

from hypothesis import given, note

import jit
from jit.ir.parser import parse_program
from jit.ir.verifier import assert_valid
from jit.runtime.executor import Executor
from tests.properties.outcomes import assert_same, loaded, outcome
from tests.properties.profiles import examples
from tests.properties.programs import Case, programs
from tests.properties.sheets import plain_functions


def agree(module: Any, calls: int, left: Any, right: Any, **how: bool) -> None:
    """Fail if two functions differ on the arguments that a module makes."""
    for number in range(calls):
        make = getattr(module, f"arguments_{number}")
        note(f"call {number}")
        assert_same(outcome(left, make()), outcome(right, make()), **how)


@examples(150)
@given(programs())
def test_scripted_functions_do_what_python_does(case: Case) -> None:
    with loaded(case.source) as module:
        plain = plain_functions(module, case.source)["main_0"]
        scripted = jit.script(module.main_0)

        agree(module, case.calls, plain, scripted, lists_are_copied=True)


@examples(60)
@given(programs(annotated=False))
def test_unannotated_parameters_take_the_types_of_what_is_given(case: Case) -> None:
    with loaded(case.source) as module:
        plain = plain_functions(module, case.source)["main_0"]
        scripted = jit.script(module.main_0)

        agree(module, case.calls, plain, scripted, lists_are_copied=True)


@examples(60)
@given(programs())
def test_optimisation_changes_nothing(case: Case) -> None:
    with loaded(case.source) as module:
        scripted = jit.script(module.main_0)
        plain = Executor(scripted.program, optimize=False)
        name = scripted.qualified_name

        agree(module, case.calls, lambda *args: plain.call(name, args), scripted)
        for number in range(case.calls):
            arguments = getattr(module, f"arguments_{number}")()
            assert_valid(scripted.graph_for(*arguments))


@examples(40)
@given(programs())
def test_loaded_functions_are_those_that_were_saved(case: Case) -> None:
    with loaded(case.source) as module:
        scripted = jit.script(module.main_0)
        again = jit.load(scripted.save_to_buffer())

        assert str(scripted.schema) == str(again.schema)
        assert str(scripted.graph) == str(again.graph)
        agree(module, case.calls, scripted, again)


@examples(60)
@given(programs())
def test_programs_are_valid_and_their_text_parses_back(case: Case) -> None:
    with loaded(case.source) as module:
        program = jit.script(module.main_0).program
    text = str(program)
    again = parse_program(text)

    assert_valid(program)
    assert text == str(again)


@examples(40)
@given(programs())
def test_code_is_python(case: Case) -> None:
    with loaded(case.source) as module:
        code = jit.script(module.main_0).code

    assert ast.parse(code).body
