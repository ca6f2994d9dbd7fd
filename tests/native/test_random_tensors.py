"""Generated programs on tensors: the interpreter and machine code agree.

Control flow, views, writes in place, arguments that overlap, exceptions, every dtype, odd
and zero sizes, strides that are not contiguous or negative.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

from hypothesis import assume, given, note

import jit
from jit.comparison import compare
from jit.ir.diagnostic import Error
from jit.runtime.executor import Executor, enable_native
from jit.runtime.tensor import Tensor
from tests.native.random_tensors import Program, make_arguments, tensor_programs
from tests.properties.outcomes import Outcome, described, loaded, outcome
from tests.properties.profiles import examples

TOLERANCE = 1e-5
"""Of functions that both executors round to float32."""
COARSE = {"float16": 4e-3, "bfloat16": 4e-2}


def run(executor: Executor, name: str, arguments: list[Any], native: bool) -> Outcome:
    before = enable_native(native)
    try:
        return outcome(lambda *args: executor.call(name, args), tuple(arguments))
    finally:
        enable_native(before)


def tolerance_of(program: Program, values: Any) -> float:
    """As coarse as the coarsest dtype that is met."""
    texts = program.source + str([v.dtype for call in program.calls for v in call])
    return max([TOLERANCE, *(t for name, t in COARSE.items() if name in texts)])


def assert_same(program: Program, expected: Outcome, actual: Outcome) -> None:
    if actual.error is not None and expected.error is None:
        raise AssertionError(f"only machine code raises: {actual.error!r}")
    assert described(expected.error) == described(actual.error)
    tolerance = tolerance_of(program, expected.result)
    found = (expected.result, arrays(expected.arguments))
    others = (actual.result, arrays(actual.arguments))
    if program.is_exact:
        assert described_all(found) == described_all(others)
    else:
        assert not compare(found, others, tolerance)


def arrays(values: Any) -> list[Any]:
    return [v for v in values if isinstance(v, Tensor | np.ndarray)]


def described_all(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [described_all(v) for v in value]
    # a scalar of NumPy is an array without dimensions
    return described(np.asarray(value) if isinstance(value, np.generic) else value)


@examples(120)
@given(tensor_programs())
def test_programs_on_tensors_agree(program: Program) -> None:
    with loaded(program.source) as module:
        try:
            scripted = jit.script(module.main)
            name = scripted.qualified_name
        except Error:
            assume(False)  # what was drawn is no program, as a variable of two types
        plain, native = Executor(scripted.program), Executor(scripted.program)
        for arguments, number in zip(program.calls, program.numbers, strict=True):
            note(f"{arguments} {number}")
            rest = [number, number % 2 == 0]
            given = [
                [*make_arguments(arguments, program.is_array), *rest] for _ in range(2)
            ]
            expected = run(plain, name, given[0], native=False)
            actual = run(native, name, given[1], native=True)
            assert_same(program, expected, actual)
