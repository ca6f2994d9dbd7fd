"""A sheet: a module of many generated programs, run in all ways and compared.

One module makes less work for the compiler than one for each program.
"""

from __future__ import annotations

import random
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jit
from tests.properties import narrow_ints
from tests.properties.outcomes import assert_same, loaded, outcome
from tests.properties.programs import Case, program

PROGRAMS = 8
CALLS = 3


def sheet(seed: int, number: int) -> Case:
    """The same for the same seed and number."""
    source = random.Random(f"{seed} {number}")
    return program(source, most=8, count=PROGRAMS, calls=CALLS)


@dataclass
class Report:
    """What was found in one sheet."""

    counts: Counter[str] = field(default_factory=Counter)
    """programs, calls, raised, native, mixed, interpreted."""
    failures: list[str] = field(default_factory=list)


def plain_functions(module: types.ModuleType, source: str) -> dict[str, Any]:
    """The functions of a module, run by Python with ints of 64 bits."""
    names = {"__name__": module.__name__, **narrow_ints.NAMES}
    exec(narrow_ints.narrowed(source, module.__file__ or ""), names)
    return names


def run_sheet(case: Case, tell: Callable[[str], None]) -> Report:
    """Compare all programs of a sheet; `tell` gets to know what is about to run."""
    report = Report()
    with loaded(case.source) as module:
        plain = plain_functions(module, case.source)
        tell("compiling all")
        try:
            whole = jit.script(module.main)
            whole.entry_for(0, *module.arguments_0())
        except Exception as error:
            report.failures.append(f"compiling all: {type(error).__name__}: {error}")
            whole = None
        if whole is not None:
            found = whole.explain(0, *module.arguments_0())
            report.counts[_executor(found)] += case.programs
        for name, run, interpret in _programs(case, module, whole):
            problem = _compare(
                case, module, name, plain[name], run, interpret, report, tell
            )
            report.counts["programs"] += 1
            if problem:
                report.failures.append(problem)
    return report


def _programs(case: Case, module: Any, whole: Any) -> Iterator[tuple[str, Any, Any]]:
    """Each program by its name, compiled and interpreted: alone if not as one."""
    for number in range(case.programs):
        name = f"main_{number}"
        if whole is not None:

            def run(*args: Any, number: int = number) -> Any:
                return whole(number, *args)

            def interpret(*args: Any, number: int = number) -> Any:
                return whole.interpret(number, *args)
        else:
            try:
                run = jit.script(getattr(module, name))
                interpret = run.interpret
            except Exception as error:

                def run(*args: Any, error: Exception = error) -> Any:
                    raise error

                interpret = run
        yield name, run, interpret


def _executor(found: Any) -> str:
    if found.is_native:
        return "mixed" if found.boxed else "native"
    return "mixed" if found.regions else "interpreted"


def _compare(
    case: Case,
    module: Any,
    name: str,
    plain: Any,
    run: Any,
    interpret: Any,
    report: Report,
    tell: Callable[[str], None],
) -> str:
    """What is wrong with a program, or nothing."""
    for number in range(case.calls):
        make = getattr(module, f"arguments_{number}")
        report.counts["calls"] += 1
        expected = outcome(plain, make())
        report.counts["raised"] += expected.error is not None
        for way, function in (("interpreter", interpret), ("native", run)):
            tell(f"{name}(*arguments_{number}()) {way}")
            try:
                actual = outcome(function, make())
                assert_same(expected, actual, lists_are_copied=True)
            except AssertionError as error:
                return f"{name}(*arguments_{number}()) {way}: {error}"
    return ""
