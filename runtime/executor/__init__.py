"""Run functions of a program: specialise, optimise, assemble, once per argument kinds.

executor = Executor(program)
executor.call("model.f", [x, 3])
print(executor.graph_for("model.f", [x, 3]))
"""

from __future__ import annotations

from jit.runtime.executor.executor import Compiled, Executor
from jit.runtime.executor.explanation import Explanation
from jit.runtime.executor.native import enable_native, native_enabled
from jit.runtime.executor.specialisation import Specialisation

__all__ = [
    "Compiled",
    "Executor",
    "Explanation",
    "Specialisation",
    "enable_native",
    "native_enabled",
]
