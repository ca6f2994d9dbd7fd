"""Python as it is: CPython's loops, and NumPy."""

from __future__ import annotations

from benchmarks.case import Case, Inputs
from benchmarks.contenders.ready import Absent, Compile, Ready


def prepare_cpython(
    case: Case, inputs: Inputs, weights: Inputs, threads: int
) -> Compile:
    """The program, uncompiled; only of numbers, elsewhere it would be eager torch."""
    if case.program is None or case.takes != "numbers":
        raise Absent("a program of tensors, not of numbers")
    ready = Ready(case.program, tuple(inputs.values()))
    return lambda: ready


def prepare_numpy(case: Case, inputs: Inputs, weights: Inputs, threads: int) -> Compile:
    """A function of arrays."""
    if case.numpy is None:
        raise Absent("NumPy has no such operation")
    ready = Ready(case.numpy, (*inputs.values(), *weights.values()))
    return lambda: ready
