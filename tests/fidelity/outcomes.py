"""What came of a function that was captured: the same, refused, or wrong."""

from __future__ import annotations

import copy
import math
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.fidelity.corpus import Array, Entry

SAME = "same"
OTHER_EXCEPTION = "other exception type"
REFUSED = "refused"
WARNED = "wrong with a warning"
SILENT = "wrong in silence"
NO_FORM = "no such form"
OUTCOMES = (SAME, OTHER_EXCEPTION, REFUSED, WARNED, SILENT, NO_FORM)
"""From best to worst, and at last what a contender cannot be asked."""
TOLERANCE = 1e-4
SECONDS = 60
"""For one function; what takes longer counts as refused."""


@dataclass(frozen=True)
class Outcome:
    """How it went, and why if not well."""

    kind: str
    reason: str = ""


class Raised:
    """An exception in place of a result."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def judge(contender: Any, way: str, entry: Entry, run: str = "__call__") -> Outcome:
    """Capture a function on its first call's arguments, and make all its calls."""
    example = arguments(contender, entry.calls[0])
    with warnings.catch_warnings(record=True) as told, _limited(SECONDS):
        warnings.simplefilter("always")
        try:
            captured = contender.capture(way, entry.function, example)
            call = captured if run == "__call__" else getattr(captured, run)
        except Exception as error:  # any at all is a refusal
            return Outcome(REFUSED, _first_line(error))
        found = [_one_call(contender, entry.function, call, c) for c in entry.calls]
    worst = max(found, key=lambda o: OUTCOMES.index(o.kind))
    if worst.kind == SILENT and any(_is_warning(w) for w in told):
        return Outcome(WARNED, worst.reason)
    return worst


def _is_warning(told: warnings.WarningMessage) -> bool:
    """Whether it warns of the capture, not of an old function's end."""
    return not issubclass(told.category, DeprecationWarning | FutureWarning)


def arguments(contender: Any, call: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a call with a contender's own arrays."""

    def make(x: Any) -> Any:
        if isinstance(x, Array):
            return contender.make_array(x.rows)
        if isinstance(x, list | tuple):
            return type(x)(make(i) for i in x)
        return copy.deepcopy(x)

    return tuple(make(x) for x in call)


def _one_call(
    contender: Any, plain: Callable[..., Any], captured: Callable[..., Any], call: Any
) -> Outcome:
    expected_args = arguments(contender, call)
    given = arguments(contender, call)
    expected, found = _run(plain, expected_args), _run(captured, given)
    shown = f"for {_shown(contender, arguments(contender, call))}"
    if isinstance(expected, Raised):
        if not isinstance(found, Raised):
            return Outcome(SILENT, f"{shown} it raises no {_name(expected)}")
        if type(expected.error) is type(found.error) or _same_type(expected, found):
            return Outcome(SAME)
        return Outcome(OTHER_EXCEPTION, f"{_name(found)}, not {_name(expected)}")
    if isinstance(found, Raised):
        return Outcome(REFUSED, f"{shown}: {_first_line(found.error)}")
    pairs = ((expected, found), (expected_args, given))
    for (a, b), what in zip(pairs, ("gives", "leaves"), strict=True):
        x, y = _plain(contender, a), _plain(contender, b)
        if not _equal(x, y):
            return Outcome(SILENT, f"{shown} it {what} {y!r}, not {x!r}"[:200])
    return Outcome(SAME)


def _run(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    try:
        return function(*args)
    except Exception as error:  # whatever it is, it is compared
        return Raised(error)


def _same_type(a: Raised, b: Raised) -> bool:
    """Whether a script's own class came back as one that derives from the same."""
    return type(a.error).__name__ == type(b.error).__name__


def _name(raised: Raised) -> str:
    return type(raised.error).__name__


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0].strip() if lines else ''}"[:160]


def _shown(contender: Any, call: tuple[Any, ...]) -> str:
    return ", ".join(repr(_plain(contender, x)) for x in call)[:80]


def _plain(contender: Any, x: Any) -> Any:
    """A value of Python's own types; an array without dimensions is its number."""
    if contender.is_array(x):
        return x.tolist()
    if isinstance(x, Mapping):
        return {_plain(contender, k): _plain(contender, v) for k, v in x.items()}
    if isinstance(x, list | tuple):
        return [_plain(contender, v) for v in x]
    if isinstance(x, set):
        return sorted(x)
    if hasattr(x, "tolist"):
        return x.tolist()
    return x


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[k], b[k]) for k in a)
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        return a == b or math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=1e-6)
    return bool(a == b)


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in the middle of what takes too long."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"takes longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
