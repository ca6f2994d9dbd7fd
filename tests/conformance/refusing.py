"""Calls that torch refuses: by the database's list of errors, and by their dtype."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch

from tests.conformance.calling import Call
from tests.conformance.converting import UnconvertibleError, mapped
from tests.conformance.operators import DTYPES
from tests.conformance.running import Outcome, attempt, call_of, reference


def refused_calls(entry: Any) -> Iterator[Call]:
    """Calls of an entry that should be errors."""
    if entry.error_inputs_func is not None:
        for error in entry.error_inputs("cpu"):
            with contextlib.suppress(AttributeError):  # no sample, but a whole test
                yield call_of(error.sample_input)
    taken = entry.supported_dtypes("cpu")
    source = next((d for d in DTYPES if getattr(torch, d) in taken), None)
    if source is None:
        return
    torch.default_generator.manual_seed(0)
    samples = entry.sample_inputs("cpu", getattr(torch, source), requires_grad=False)
    sample = next(iter(samples), None)
    for name in DTYPES:
        dtype = getattr(torch, name)
        if sample is None or dtype in taken:
            continue
        call = call_of(sample)
        args, kwargs = mapped(
            (list(call.args), call.kwargs),
            lambda t, to=dtype: t.to(to) if t.dtype is getattr(torch, source) else t,
        )
        yield Call(tuple(args), kwargs, call.finish)


def run_refusals(
    entry: Any,
    mine: Callable[..., Any],
    found: dict[str, Outcome],
) -> None:
    """Note whether calls are refused that torch refuses, and by the same exception."""
    refused = found.setdefault("refusals", Outcome())
    typed = found.setdefault("refusals, same type", Outcome())
    for call in refused_calls(entry):
        try:
            _, refusal, _ = reference(entry.op, call)
            if not refusal:
                continue
            _, failure, _ = attempt(mine, call)
        except UnconvertibleError:
            refused.skipped += 1
            continue
        if not failure or failure.startswith("missing: "):
            told = f"accepts what torch refuses ({refusal})"
            refused.note(failure or told, str(call))
            continue
        refused.note("", "")
        theirs, ours = (text.partition(":")[0] for text in (refusal, failure))
        same = theirs == ours or {theirs, ours} <= _OF_ARGUMENTS
        typed.note("" if same else f"{failure}; torch {refusal}", str(call))


_OF_ARGUMENTS = {"raises TypeError", "raises NoOverloadError"}
"""Ours is a TypeError too."""
