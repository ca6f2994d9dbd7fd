"""Run one operator in every form on all its samples, beside torch.

A *form* is a way to reach the operator: the function, the method, in place, `out=`, an
alias, captured and compiled; its gradients and its refusals count as forms too. A form
passes when all its samples do.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import torch

from tests.conformance import capturing, finding, gradients, refusing
from tests.conformance.calling import Call
from tests.conformance.converting import UnconvertibleError, mapped
from tests.conformance.finding import MissingError
from tests.conformance.operators import dtypes_of
from tests.conformance.running import (
    Attempt,
    Outcome,
    calls,
    compared,
    eager,
    reference,
)

HAS_NATIVE = importlib.util.find_spec("llvmlite") is not None
"""Whether machine code can be made; without it, only the interpreted forms run."""

WITH_OUT = 6
"""So many calls of each dtype are made with `out=` as well."""


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
    for dtype in dtypes_of(entry):
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
    passing: list[tuple[Any, list[Call]]] = []
    for entry in variants:
        for form, theirs, find in _forms(entry):
            outcome = found.setdefault(form, Outcome())
            passed = run_form(theirs, find, entry, outcome, name)
            if form == "function" and passed:
                passing.append((entry, passed))
    for entry, passed in passing:
        mine = function_of(entry)
        refusing.run_refusals(entry, mine, found)
        if entry.supports_out:
            run_with_out(entry, mine, chosen_of(passed, WITH_OUT), found)
        if samples:
            path = script_path(entry)
            chosen = chosen_of(passed, samples)
            run_captured(name, entry.op, mine, path, chosen, found)
        if not found["function"].failed:
            run_gradients(entry, mine, found)
    return found


def _forms(entry: Any) -> list[tuple[str, Any, Callable[[], Callable[..., Any]]]]:
    """The name of each form, torch's function, how ours is found."""
    short = entry.name.rpartition(".")[2]
    forms = [("function", entry.op, lambda: function_of(entry))]
    if _is_method(entry.method_variant, short):
        forms.append(("method", entry.method_variant, _method(short)))
    if _is_method(entry.inplace_variant, short + "_"):
        forms.append(("in place", entry.inplace_variant, _method(short + "_")))
    forms += [
        (f"alias {alias.name}", alias.op, functools.partial(_alias_function, alias))
        for alias in entry.aliases
    ]
    return forms


def run_gradients(
    entry: Any, mine: Callable[..., Any], found: dict[str, Outcome]
) -> None:
    """Compare the gradients of an entry on all its samples."""
    for call, marked in gradients.differentiable_calls(entry):
        try:
            reason = gradients.compared(entry.op, mine, call, marked)
        except UnconvertibleError:
            continue
        if reason is not None:
            outcome = found.setdefault("gradients", Outcome())
            outcome.note(reason, str(call))


def run_with_out(
    entry: Any,
    mine: Callable[..., Any],
    calls: list[Call],
    found: dict[str, Outcome],
) -> None:
    """Compare calls that pass once more with `out=`: the same tensors hold the result."""
    for call in calls:
        result, _, _ = reference(entry.op, call)
        if not gradients.tensors_in(result):
            continue
        out = mapped(result, torch.empty_like)
        if not isinstance(out, torch.Tensor):
            out = tuple(out)
        given = Call(call.args, {**call.kwargs, "out": out}, call.finish)
        if reference(entry.op, given)[1]:
            continue
        outcome = found.setdefault("out", Outcome())
        outcome.note(compared(entry.op, eager(mine), given, entry.name), str(call))


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
    name: str,
    theirs: Callable[..., Any],
    mine: Callable[..., Any],
    path: str | None,
    calls: list[Call],
    found: dict[str, Outcome],
) -> None:
    """Compare the captured forms of calls that pass as a function.

    A script calls it by its path; there is no such form if that is None.
    """
    captures = {"traced": functools.partial(capturing.traced, mine)}
    if path is not None:
        captures["scripted"] = functools.partial(capturing.scripted, path)
    traceable = [c for c in calls if _is_traceable(theirs, c)]
    if not traceable:
        del captures["traced"]
    for label, capture in captures.items():
        for native in (False, True) if HAS_NATIVE else (False,):
            form = f"{label}, {'native' if native else 'interpreted'}"
            outcome = found.setdefault(form, Outcome())
            run: Attempt = functools.partial(capturing.attempt, capture, native)
            for call in traceable if label == "traced" else calls:
                try:
                    reason = compared(theirs, run, call, name)
                except UnconvertibleError:
                    outcome.skipped += 1
                    continue
                outcome.note(reason, str(call))
    if not (HAS_NATIVE and traceable):
        return
    outcome = found.setdefault("machine code", Outcome())
    if not found["traced, native"].failed:
        for call in traceable:
            outcome.note(capturing.is_machine_code(captures["traced"], call), str(call))


def _is_traceable(function: Callable[..., Any], call: Call) -> bool:
    """Whether tensors go in or come out: without any there is nothing to trace."""
    if gradients.tensors_in((call.args, call.kwargs)):
        return True
    return bool(gradients.tensors_in(reference(function, call)[0]))


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
