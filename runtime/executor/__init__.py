"""Run functions of a program: specialise, optimise, assemble, once per argument kinds.

executor = Executor(program)
executor.call("model.f", [x, 3])
print(executor.graph_for("model.f", [x, 3]))
"""

from __future__ import annotations

from jit.runtime.executor.executor import Compiled, Executor
from jit.runtime.executor.explanation import Explanation
from jit.runtime.executor.modes import (
    enable_native,
    get_compile_mode,
    set_compile_mode,
)
from jit.runtime.executor.native import native_enabled
from jit.runtime.executor.specialisation import Specialisation
from jit.runtime.executor.specialisation_cache import (
    CacheInfo,
    CacheWarning,
    set_cache_limit,
)

__all__ = [
    "CacheInfo",
    "CacheWarning",
    "Compiled",
    "Executor",
    "Explanation",
    "Specialisation",
    "enable_native",
    "get_compile_mode",
    "native_enabled",
    "set_cache_limit",
    "set_compile_mode",
]
