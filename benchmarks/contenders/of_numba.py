"""Numba: loops written out, on one thread and with `prange`."""

from __future__ import annotations

from typing import Any

from benchmarks.case import Case, Inputs, rebound
from benchmarks.contenders.ready import Absent, Compile, Ready, library


def compiled(case: Case, **options: Any) -> Any:
    """The dispatcher of a case."""
    if case.numba is None:
        raise Absent("no program for Numba")
    numba = library("numba")
    function = rebound(case.numba, prange=numba.prange)
    options = {"error_model": "numpy", **case.numba_options, **options}
    return numba.njit(**options)(function)


def prepare(case: Case, inputs: Inputs, weights: Inputs, threads: int) -> Compile:
    """Serial code; `prange` is `range`."""
    function = compiled(case)
    args = (*inputs.values(), *weights.values())
    return lambda: Ready(function, args)


def prepare_parallel(
    case: Case, inputs: Inputs, weights: Inputs, threads: int
) -> Compile:
    """The same with `parallel=True`."""
    if threads == 1:
        raise Absent("on one thread it is Numba")
    if case.numba is not None and "prange" not in case.numba.__code__.co_names:
        raise Absent("nothing in it is parallel")
    function = compiled(case, parallel=True)
    library("numba").set_num_threads(threads)
    args = (*inputs.values(), *weights.values())
    return lambda: Ready(function, args)
