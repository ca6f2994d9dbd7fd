"""TraceScript: programs are scripted, and called with arrays, Tensors or numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.case import Case, Inputs, rebound
from benchmarks.contenders.ready import Compile, Ready


def prepare(case: Case, inputs: Inputs, weights: Inputs, threads: int) -> Compile:
    """The scripted program, or the scripted module with the given weights."""
    import jit
    from jit import torch

    jit.set_num_threads(threads)
    args = tuple(inputs.values())
    if case.takes == "tensors":
        args = tuple(
            torch.from_numpy(v) if isinstance(v, np.ndarray) else v for v in args
        )
    if case.module is not None:
        module = case.module(torch)
        module.load_state_dict({n: torch.from_numpy(w) for n, w in weights.items()})
        subject: Any = module.eval()
    else:
        subject = case.program

    def compiled() -> Ready:
        if case.eager:
            assert case.program is not None
            return _eager(rebound(case.program, torch=torch), args)
        call = jit.script(subject)
        if case.module is not None and hasattr(jit, "freeze"):
            call = jit.freeze(call)
        return Ready(call, args, _array, note=lambda: executor_of(call, args))

    return compiled


def _eager(program: Callable[..., Any], args: tuple[Any, ...]) -> Ready:
    """The program as Python runs it, once its operators have been used for a while."""
    from jit.runtime.executor import background

    for _ in range(2):
        for _ in range(60):
            program(*args)
        background.wait()
    return Ready(program, args, _array, note=lambda: "eager")


def _array(result: Any) -> np.ndarray:
    return np.asarray(getattr(result, "array", result))


def executor_of(call: Any, args: tuple[Any, ...]) -> str:
    """Which executor runs a call: "native", "interpreter", or "mixed" of both.

    Machine code that calls kernels of the interpreter is mixed, too.
    """
    found = call.explain(*args)
    if found.is_native:
        return "mixed" if found.boxed else "native"
    return "mixed" if found.regions else "interpreter"
