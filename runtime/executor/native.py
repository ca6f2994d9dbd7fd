"""Whether and how the executor runs machine code.

Machine code needs llvmlite. It is off unless the environment says `JIT_NATIVE=1` or
`enable_native` was called.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jit.ir import types as T
from jit.ir.graph import Graph
from jit.runtime import codegen

FindGraph = Callable[[str, Sequence[T.Type]], Graph]

_enabled = os.environ.get("JIT_NATIVE") == "1"


def native_enabled() -> bool:
    """Whether graphs are compiled to machine code."""
    return _enabled and codegen.is_available()


def enable_native(enabled: bool) -> bool:
    """Turn machine code on or off for what is compiled from now on; what it was."""
    global _enabled
    before, _enabled = _enabled, enabled
    return before


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a function runs for some arguments."""

    is_native: bool
    """Whether all of it is machine code."""
    reasons: tuple[Any, ...]
    """Why not: `jit.runtime.codegen.lowering.Reason`s."""
    llvm: str = ""
    """The LLVM module, before LLVM optimises it."""

    def __str__(self) -> str:
        if self.is_native:
            return "machine code"
        return "\n".join(["interpreted", *(f"  {reason}" for reason in self.reasons)])


INTERPRETED = Explanation(False, ())
"""Machine code was not asked for."""


def compile_native(
    graph: Graph, name: str, find_graph: FindGraph, slow: Callable[..., Any]
) -> tuple[Callable[..., Any] | None, Explanation]:
    """A callable for a graph, or None, and the explanation.

    `slow` takes the calls whose arguments do not fit.
    """
    from jit.runtime.codegen import calling
    from jit.runtime.codegen.lowering import Reason
    from jit.runtime.codegen.program import compile_graph

    problem = calling.problem()
    if problem:
        return None, Explanation(False, (Reason("call", problem),))
    made = compile_graph(graph, name, find_graph)
    if isinstance(made, list):
        return None, Explanation(False, tuple(made))
    return made.function(slow), Explanation(True, (), made.llvm)
