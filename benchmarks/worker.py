"""Measure one family in one process, on so many threads, a line of JSON a case.

The process is started with the libraries' thread counts in its environment and bound to
that many cores before any library is loaded. Before a case runs, a line announces it, so
that a crash inside a library is known by its case.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from benchmarks.case import Case, Family, error_of, inputs_of, reference_of
from benchmarks.contenders import CONTENDERS, OURS, Absent, Ready
from benchmarks.intervals import median
from benchmarks.machine import ForeignLoad
from benchmarks.measuring import Effort, interleaved

ROOT = Path(__file__).resolve().parents[1]


def run(
    family: Family,
    threads: int,
    effort: Effort,
    out: TextIO,
    *,
    only: str = "",
    skip: Iterable[str] = (),
    without: Iterable[str] = (),
) -> None:
    """Measure the cases whose names contain `only`, and write the records."""
    warnings.simplefilter("ignore")  # of the peers; ours are tested elsewhere
    for case in family.cases(False):
        if only not in case.name or case.name in skip:
            continue
        _write(out, {"started": case.name})
        _write(out, measure(case, threads, effort, without=without))


def _write(out: TextIO, record: dict[str, Any]) -> None:
    out.write(json.dumps(record) + "\n")
    out.flush()


def measure(
    case: Case, threads: int, effort: Effort, *, without: Iterable[str] = ()
) -> dict[str, Any]:
    """One case's record: who ran, how fast, how exact, and who did not and why."""
    inputs, weights = inputs_of(case)
    expected = reference_of(case, inputs, weights)
    ready: dict[str, Ready] = {}
    absent: dict[str, str] = {}
    errors: dict[str, float] = {}
    for contender in CONTENDERS:
        name = contender.name
        try:
            made = prepared(case, name, inputs, weights, threads, without=without)
            if expected is not None:
                errors[name] = checked(case, made, expected)
            ready[name] = made
        except Absent as reason:
            absent[name] = str(reason)
    load = ForeignLoad()
    times = interleaved(ready, effort)
    foreign = load.cores()
    _say(case, threads, times)
    return {
        "case": case.name,
        "threads": threads,
        "times": times,
        "errors": errors,
        "absent": absent,
        "notes": {n: r.note() for n, r in ready.items() if r.note()},
        "foreign_cores": foreign,
        "is_double": any(
            isinstance(v, np.ndarray) and v.dtype == np.float64 for v in inputs.values()
        ),
    }


def prepared(
    case: Case,
    name: str,
    inputs: dict[str, Any],
    weights: dict[str, Any],
    threads: int,
    *,
    without: Iterable[str],
) -> Ready:
    """A contender that has compiled and been called, or Absent with the reason.

    A peer's own failure is a reason like any other; a failure of ours is raised.
    """
    if name in without:
        raise Absent("left out on request")
    if name in case.absent:
        raise Absent(case.absent[name])
    contender = next(c for c in CONTENDERS if c.name == name)
    if name == OURS:
        return warmed(contender.prepare(case, inputs, weights, threads)())
    try:
        return warmed(contender.prepare(case, inputs, weights, threads)())
    except Absent:
        raise
    except Exception as error:  # whatever a library raises: it cannot run the case
        told = str(error).replace(f"{ROOT}{os.sep}", "")  # the report names no folders
        text = " ".join(told.split())[:160]
        raise Absent(f"{type(error).__name__}: {text}") from error


def warmed(ready: Ready) -> Ready:
    """The same, after some calls: torch.jit, for one, compiles again on the second."""
    start = time.perf_counter()
    for _ in range(4):
        ready.call(*ready.args)
        if time.perf_counter() - start > 2:
            break
    return ready


def checked(case: Case, ready: Ready, expected: np.ndarray) -> float:
    """The error of the result; Absent if it is too large to be called a result."""
    result = np.asarray(ready.result(ready.call(*ready.args)))
    error = error_of(result, expected)
    if not error <= case.tolerance:
        raise Absent(f"its result is off by {error:.1e}")
    return error


def _say(case: Case, threads: int, times: dict[str, list[float]]) -> None:
    figures = ", ".join(f"{n} {median(t) * 1e6:.4g}" for n, t in times.items())
    print(f"{case.name} [{threads}] µs: {figures}", file=sys.stderr, flush=True)
