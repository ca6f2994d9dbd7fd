"""Run one operator in every form on all its samples, beside torch.

A *form* is a way to reach the operator: the function, the method, in place, `out=`, an
alias; later captured and compiled. A form passes when all its samples do.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np
import torch

from tests.conformance import capturing, finding
from tests.conformance.calling import Call, describe
from tests.conformance.comparing import difference
from tests.conformance.converting import (
    Copies,
    UnconvertibleError,
    mapped,
    plain,
    tensors_of,
)
from tests.conformance.finding import MissingError
from tests.conformance.operators import DTYPES

UNDETERMINED = {
    "empty", "empty_like", "new_empty", "new_empty_strided", "empty_strided",
    "empty_permuted", "resize_", "resize_as_",
}  # fmt: skip
"""Names of operators whose results hold whatever is in memory."""

UP_TO_SIGNS = {
    "svd", "linalg.svd", "linalg.eig", "linalg.eigh", "linalg.qr", "qr", "svd_lowrank",
    "pca_lowrank", "linalg.pinv", "linalg.lstsq",
}  # fmt: skip
"""Names of factorisations that are not unique: compared after the function by which the
database makes them so."""


HAS_NATIVE = importlib.util.find_spec("llvmlite") is not None
"""Whether machine code can be made; without it, only the interpreted forms run."""

ORDERED = {"sort", "argsort", "topk", "kthvalue", "median", "nanmedian", "mode"}
"""Names of operators that may take equal elements in any order."""


@dataclass(slots=True)
class Outcome:
    """How a form did: counts of samples, and the first that failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reason: str = ""

    @property
    def ok(self) -> bool:
        return not self.failed and bool(self.passed)

    def note(self, reason: str, sample: str) -> None:
        """Count a sample; the reason is empty if it passed."""
        if not reason:
            self.passed += 1
            return
        self.failed += 1
        if not self.reason:
            told = reason.startswith("missing: ")
            self.reason = reason if told else f"{reason} | {sample}"


def calls(entry: Any, dtype_name: str) -> Iterator[Call]:
    """The samples of an entry in one dtype; none if torch does not take it."""
    dtype = getattr(torch, dtype_name)
    if dtype not in entry.supported_dtypes("cpu"):
        return
    torch.manual_seed(0)
    for sample in entry.sample_inputs("cpu", dtype, requires_grad=False):
        yield call_of(sample)


def call_of(sample: Any) -> Call:
    """The call that a sample of the database stands for."""
    return Call(
        (sample.input, *sample.args), sample.kwargs, sample.output_process_fn_grad
    )


def missing_name(error: AttributeError) -> str:
    """What an error says that our namespace has not; empty if it says something else."""
    told = re.match(
        r"(?:module '(torch[\w.]*)'|'(Tensor)' object) has no attribute '(\w+)'"
        r"|there is no operator `(aten::\w+)`",
        str(error),
    )
    return ".".join(filter(None, told.groups())) if told else ""


def eager(function: Callable[..., Any]) -> Attempt:
    """The call of a function as it is."""
    return functools.partial(attempt, function)


def attempt(function: Callable[..., Any], call: Call) -> tuple[Any, str, Any]:
    """Our result, why there is none, and the arguments afterwards."""
    copies = Copies()
    given = copies.ours((list(call.args), call.kwargs))
    args, kwargs = given
    try:
        return function(*args, **kwargs), "", given
    except AttributeError as error:
        name = missing_name(error)
        return None, f"missing: {name}" if name else describe(error), given
    except Exception as error:
        return None, describe(error), given


def reference(function: Callable[..., Any], call: Call) -> tuple[Any, str, Any]:
    """Torch's result, how it refused, and the arguments afterwards."""
    args, kwargs = given = Copies().torch((list(call.args), call.kwargs))
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args, **kwargs), "", given
    except Exception as error:
        return None, describe(error), given


Attempt = Callable[[Call], tuple[Any, str, Any]]
"""Makes a call by our means: the result, why there is none, the arguments afterwards."""


def compared(theirs: Callable[..., Any], ours: Attempt, call: Call, name: str) -> str:
    """How our result differs from torch's, or our refusal from its; empty if not."""
    result, refusal, after = reference(theirs, call)
    found, failure, our_after = ours(call)
    if refusal:
        if failure and not failure.startswith("missing: "):
            return ""
        return failure or f"accepts what torch refuses ({refusal})"
    if failure:
        return failure
    values = name not in UNDETERMINED
    expected, actual = plain(result), plain(found)
    reason = difference(expected, actual, values=values)
    if not reason:
        changed = difference(tensors_of(after), tensors_of(our_after), values=values)
        return f"arguments afterwards: {changed}" if changed else ""
    if not reason.startswith("values"):
        return reason
    if name in UP_TO_SIGNS and _same_finished(call, result, actual):
        return ""
    if name in ORDERED and _same_order(call, expected, actual):
        return ""
    if _is_random(theirs, call, expected):
        return difference(expected, actual, values=False)
    return "" if _is_as_exact(theirs, call, expected, actual) else reason


def _is_as_exact(
    function: Callable[..., Any], call: Call, expected: Any, actual: Any
) -> bool:
    """Whether our float32 results are about as near to the float64 ones as torch's."""
    if not isinstance(expected, np.ndarray) or expected.dtype != np.float32:
        return False
    wide = mapped((list(call.args), call.kwargs), _widened)
    exact, refusal, _ = reference(function, Call(tuple(wide[0]), wide[1], call.finish))
    if refusal or not isinstance(exact, torch.Tensor):
        return False
    off = [np.abs(r - plain(exact)).max() for r in (actual, expected)]
    return bool(off[0] <= 4 * off[1])


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.double() if tensor.dtype is torch.float32 else tensor


def _is_random(function: Callable[..., Any], call: Call, expected: Any) -> bool:
    """Whether torch gives other values from another state of its random numbers."""
    for seed in range(1, 9):
        torch.manual_seed(seed)
        if difference(expected, plain(_run_again(function, call))):
            return True
    return False


def _run_again(function: Callable[..., Any], call: Call) -> Any:
    """Torch's result from another state of its random numbers."""
    args, kwargs = Copies().torch((list(call.args), call.kwargs))
    # functions of the database seed with 42 by a function that they find by its name
    names = getattr(function, "__globals__", {})
    unseeded = {"wrapper_set_seed": lambda f, *args, **kwargs: f(*args, **kwargs)}
    with warnings.catch_warnings(), mock.patch.dict(names, unseeded):
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


def _same_order(call: Call, expected: Any, actual: Any) -> bool:
    """Whether indices point to equal values: among equals their order is free."""
    source = call.args[0].numpy()
    if not source.ndim or call.kwargs.get("stable"):
        return False
    theirs, mine = (r[1] if isinstance(r, tuple) else r for r in (expected, actual))
    if isinstance(expected, tuple) and difference(expected[0], actual[0]):
        return False
    places = [*call.args[1:], call.kwargs.get("dim", -1)]
    axes = [p for p in places if type(p) is int and -source.ndim <= p < source.ndim]
    return any(
        np.array_equal(_taken(source, theirs, axis), _taken(source, mine, axis))
        for axis in axes
    )


def _taken(source: np.ndarray, indices: np.ndarray, axis: int) -> np.ndarray:
    if indices.ndim < source.ndim:
        indices = np.expand_dims(indices, axis)
    return np.take_along_axis(source, indices, axis)


def _same_finished(call: Call, result: Any, actual: Any) -> bool:
    given = [torch.from_numpy(a) for a in actual] if isinstance(actual, tuple) else None
    if given is None:
        return False
    return not difference(plain(call.finish(result)), plain(call.finish(tuple(given))))


def run_form(
    theirs: Callable[..., Any],
    find: Callable[[], Callable[..., Any]],
    entry: Any,
    outcome: Outcome,
    name: str,
) -> list[Call]:
    """Compare one form of an entry on all its samples, and note it in the outcome.

    Returns the calls that gave torch's results.
    """
    passed: list[Call] = []
    try:
        mine = find()
    except MissingError as error:
        outcome.note(f"missing: {error}", "")
        return passed
    for dtype in DTYPES:
        for call in calls(entry, dtype):
            try:
                reason = compared(theirs, eager(mine), call, name)
            except UnconvertibleError:
                outcome.skipped += 1
                continue
            outcome.note(reason, str(call))
            if not reason:
                passed.append(call)
    return passed


def run_operator(
    name: str, variants: list[Any], samples: int = 0
) -> dict[str, Outcome]:
    """All forms of an operator; the form `function` is the entry's own.

    Of the calls that pass there, `samples` of each dtype are captured and compared too;
    all of them if it is negative.
    """
    found: dict[str, Outcome] = {}
    for entry in variants:
        short = entry.name.rpartition(".")[2]
        forms = [("function", entry.op, lambda e=entry: function_of(e))]
        if _is_method(entry.method_variant, short):
            forms.append(("method", entry.method_variant, _method(short)))
        if _is_method(entry.inplace_variant, short + "_"):
            forms.append(("in place", entry.inplace_variant, _method(short + "_")))
        forms += [
            (f"alias {alias.name}", alias.op, lambda a=alias: _alias_function(a))
            for alias in entry.aliases
        ]
        for form, theirs, find in forms:
            outcome = found.setdefault(form, Outcome())
            passed = run_form(theirs, find, entry, outcome, name)
            if form == "function" and samples and passed:
                run_captured(entry, find(), chosen_of(passed, samples), found)
    return found


def chosen_of(calls: list[Call], samples: int) -> list[Call]:
    """So many calls of each dtype, evenly from all; all if `samples` is negative."""
    groups: dict[str, list[Call]] = {}
    for call in calls:
        tensors = [a for a in call.args if isinstance(a, torch.Tensor)]
        groups.setdefault(str(tensors[0].dtype) if tensors else "", []).append(call)
    if samples < 0:
        return calls
    return [c for group in groups.values() for c in group[:: -(-len(group) // samples)]]


def run_captured(
    entry: Any,
    mine: Callable[..., Any],
    calls: list[Call],
    found: dict[str, Outcome],
) -> None:
    """Compare the captured forms of calls that pass as a function."""
    captures = {"traced": functools.partial(capturing.traced, mine)}
    path = script_path(entry)
    if path is not None:
        captures["scripted"] = functools.partial(capturing.scripted, path)
    for label, capture in captures.items():
        for native in (False, True) if HAS_NATIVE else (False,):
            form = f"{label}, {'native' if native else 'interpreted'}"
            outcome = found.setdefault(form, Outcome())
            run = functools.partial(capturing.attempt, capture, native)
            for call in calls:
                try:
                    reason = compared(entry.op, run, call, entry.name)
                except UnconvertibleError:
                    outcome.skipped += 1
                    continue
                outcome.note(reason, str(call))
    if not HAS_NATIVE:
        return
    outcome = found.setdefault("machine code", Outcome())
    if not found["traced, native"].failed:
        for call in calls:
            outcome.note(capturing.is_machine_code(captures["traced"], call), str(call))


def script_path(entry: Any) -> str | None:
    """How a script calls an entry: as a function or a method; None if in no way."""
    path = finding.public_path(entry.op, entry.name)
    if path is None and _is_method(entry.method_variant, entry.name):
        path = f"Tensor.{entry.name}"
    return path


def function_of(entry: Any) -> Callable[..., Any]:
    """Our function for an entry's."""
    return finding.counterpart(entry.op, entry.name)


def _alias_function(alias: Any) -> Callable[..., Any]:
    return finding.counterpart(alias.op, alias.name)


def _is_method(function: Any, name: str) -> bool:
    return function is not None and getattr(torch.Tensor, name, None) is function


def _method(name: str) -> Callable[[], Callable[..., Any]]:
    return lambda: finding.by_path(f"Tensor.{name}")
