"""TraceScript: programs are scripted, and called with arrays, Tensors or numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case, Inputs
from benchmarks.contenders.ready import Compile, Ready


def prepare(case: Case, inputs: Inputs, weights: Inputs, threads: int) -> Compile:
    """The scripted program, or the scripted module with the given weights."""
    import jit
    from jit import torch

    if hasattr(jit, "set_num_threads"):
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
        call = jit.script(subject)
        if case.module is not None and hasattr(jit, "freeze"):
            call = jit.freeze(call)
        return Ready(call, args, _array, note=lambda: executor_of(call, args))

    return compiled


def _array(result: Any) -> np.ndarray:
    return np.asarray(getattr(result, "array", result))


def executor_of(call: Any, args: tuple[Any, ...]) -> str:
    """Which executor runs a call: "native", "interpreter", or "mixed" of both."""
    compiled = _compiled(call, args)
    if compiled.explanation.is_native:
        return "native"
    kinds = {node.kind for node in compiled.graph.all_nodes}
    return "mixed" if "prim::NativeRegion" in kinds else "interpreter"


def _compiled(call: Any, args: tuple[Any, ...]) -> Any:
    """What the executor keeps for a call."""
    from jit.modules.arguments import enter

    if hasattr(call, "__script_object__"):  # a module
        function, values = call.forward.function, [call.__script_object__, *args]
    else:
        name, values = call._select(args, {})
        function = call.program.functions[name]
    declared = [argument.type for argument in function.schema.arguments]
    entered = [enter(v, t) for v, t in zip(values, declared, strict=True)]
    return call._executor.compiled_for(function.name, entered)
