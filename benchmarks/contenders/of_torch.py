"""torch: eager, scripted, traced and optimised for inference, and compiled."""

from __future__ import annotations

import functools
import shutil
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.case import Case, Inputs, rebound
from benchmarks.contenders.ready import Absent, Compile, Ready, library


def prepare_eager(case: Case, inputs: Inputs, weights: Inputs, threads: int) -> Compile:
    """The program as it is."""
    torch = _torch(case, threads)
    if case.takes == "numbers":
        raise Absent("without tensors it is CPython")
    subject, args = _subject(torch, case, weights), _tensors(torch, inputs)
    return lambda: Ready(subject, args)


def prepare_script(
    case: Case, inputs: Inputs, weights: Inputs, threads: int
) -> Compile:
    """torch.jit.script."""
    torch = _torch(case, threads)
    subject, args = _subject(torch, case, weights), _tensors(torch, inputs)
    return lambda: Ready(torch.jit.script(subject), args)


def prepare_optimized(
    case: Case, inputs: Inputs, weights: Inputs, threads: int
) -> Compile:
    """torch.jit.trace, frozen, then torch.jit.optimize_for_inference."""
    torch = _torch(case, threads)
    if case.takes == "numbers":
        raise Absent("it is for modules of tensors")
    subject = _subject(torch, case, weights)
    if case.module is None:
        subject = _wrapped(torch, subject)
    args = _tensors(torch, inputs)

    def compiled() -> Ready:
        traced = torch.jit.trace(subject.eval(), args, check_trace=False)
        call = torch.jit.optimize_for_inference(torch.jit.freeze(traced))
        return Ready(call, args)

    return compiled


def prepare_compile(
    case: Case, inputs: Inputs, weights: Inputs, threads: int
) -> Compile:
    """torch.compile; with constants folded where there are weights."""
    torch = _torch(case, threads)
    if case.takes == "numbers":
        raise Absent("it runs Python's numbers at compile time")
    if not any(map(shutil.which, ("g++", "clang++", "c++"))):
        raise Absent("it needs a C++ compiler")
    torch._dynamo.reset()
    torch._inductor.config.freezing = bool(weights)
    subject, args = _subject(torch, case, weights), _tensors(torch, inputs)
    return lambda: Ready(torch.compile(subject, dynamic=False), args)


@functools.cache
def _loaded() -> Any:
    torch = library("torch")
    library("torch._inductor.config")
    library("torch._dynamo")
    warnings.filterwarnings("ignore", module=r"torch\..*")
    torch.set_grad_enabled(False)
    return torch


def _torch(case: Case, threads: int) -> Any:
    torch = _loaded()
    torch.set_num_threads(threads)
    return torch


def _subject(torch: Any, case: Case, weights: Inputs) -> Any:
    """The function or module that the modes start from."""
    if case.module is None:
        assert case.program is not None
        return rebound(case.program, torch=torch)
    module = case.module(torch)
    module.load_state_dict({n: torch.from_numpy(w) for n, w in weights.items()})
    return module.eval()


def _wrapped(torch: Any, function: Callable[..., Any]) -> Any:
    class Wrapped(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, *args: Any) -> Any:
            return function(*args)

    return Wrapped()


def _tensors(torch: Any, inputs: Inputs) -> tuple[Any, ...]:
    return tuple(
        torch.from_numpy(v) if isinstance(v, np.ndarray) else v for v in inputs.values()
    )
