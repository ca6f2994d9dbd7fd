"""TraceScript: TorchScript without torch.

    import jit
    from jit import torch

    @jit.script                        compile Python source, control flow included
    def f(x, y): ...

    traced = jit.trace(model, example) record what a model does
    print(f.graph); print(f.code)
    traced.save("model.trs"); g = jit.load("model.trs")

Importing this package loads nothing but this file; names are found when they are used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "script": "jit.modules.script",
    "trace": "jit.tracing.trace",
    "trace_module": "jit.tracing.trace",
    "save": "jit.serialization",
    "load": "jit.serialization",
    "ScriptFunction": "jit.modules.script_function",
    "ScriptModule": "jit.modules.script_module",
    "CompilationUnit": "jit.modules.texts",
    "fork": "jit.runtime.futures",
    "wait": "jit.runtime.futures",
    "Future": "jit.runtime.futures",
    "annotate": "jit.modules.marks",
    "Attribute": "jit.modules.marks",
    "script_if_tracing": "jit.modules.marks",
    "script_method": "jit.modules.marks",
    "export": "jit.modules.marks",
    "ignore": "jit.modules.marks",
    "interface": "jit.modules.marks",
    "isinstance": "jit.modules.type_tests",
    "unused": "jit.modules.marks",
    "is_scripting": "jit.modules.marks",
    "is_tracing": "jit.modules.marks",
    "Final": "jit.modules.marks",
    "grad": "jit.gradients",
    "value_and_grad": "jit.gradients",
    "check_finite": "jit.finite",
    "freeze": "jit.modules.freezing",
    "optimize_for_inference": "jit.modules.freezing",
    "set_math": "jit.passes",
    "verify": "jit.verification",
    "VerificationError": "jit.verification",
    "get_compile_mode": "jit.runtime.executor",
    "set_compile_mode": "jit.runtime.executor",
    "cache_info": "jit.modules.script_function",
    "set_cache_limit": "jit.runtime.executor",
    "CacheInfo": "jit.runtime.executor",
    "CacheWarning": "jit.runtime.executor",
    "get_num_threads": "jit.runtime.thread_count",
    "set_num_threads": "jit.runtime.thread_count",
    "memory_stats": "jit.runtime.memory_stats",
    "reset_peak_memory": "jit.runtime.memory_stats",
    "keep_memory": "jit.runtime.memory_stats",
    "Error": "jit.ir.diagnostic",
    "CompileError": "jit.ir.diagnostic",
    "TracingError": "jit.ir.diagnostic",
    "ArchiveError": "jit.ir.diagnostic",
    "GraphError": "jit.ir.diagnostic",
    "ScriptWarning": "jit.ir.diagnostic",
    "TracerWarning": "jit.ir.diagnostic",
}
"""Where each public name is defined."""

_SUBPACKAGES = ("ir", "passes", "runtime", "torch")

__all__ = [*_HOMES, *_SUBPACKAGES, "__version__"]

if TYPE_CHECKING:
    from jit import ir, passes, runtime, torch
    from jit.finite import check_finite
    from jit.gradients import grad, value_and_grad
    from jit.ir.diagnostic import (
        ArchiveError,
        CompileError,
        Error,
        GraphError,
        ScriptWarning,
        TracerWarning,
        TracingError,
    )
    from jit.modules.freezing import freeze, optimize_for_inference
    from jit.modules.marks import (
        Attribute,
        Final,
        annotate,
        export,
        ignore,
        interface,
        is_scripting,
        is_tracing,
        script_if_tracing,
        script_method,
        unused,
    )
    from jit.modules.script import script
    from jit.modules.script_function import ScriptFunction, cache_info
    from jit.modules.script_module import ScriptModule
    from jit.modules.texts import CompilationUnit
    from jit.modules.type_tests import isinstance
    from jit.passes import set_math
    from jit.runtime.executor import (
        CacheInfo,
        CacheWarning,
        get_compile_mode,
        set_cache_limit,
        set_compile_mode,
    )
    from jit.runtime.futures import Future, fork, wait
    from jit.runtime.memory_stats import keep_memory, memory_stats, reset_peak_memory
    from jit.runtime.thread_count import get_num_threads, set_num_threads
    from jit.serialization import load, save
    from jit.tracing.trace import trace, trace_module
    from jit.verification import VerificationError, verify


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _SUBPACKAGES:
        found = importlib.import_module(f"jit.{name}")
    else:
        raise AttributeError(f"module 'jit' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
