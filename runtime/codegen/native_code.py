"""Machine code of a graph, and how a Python callable is made of it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jit.runtime.codegen import attributes, calling, engine, failures, ownership
from jit.runtime.codegen.kinds import Kind
from jit.runtime.codegen.native_function import NativeFunction
from jit.runtime.objects import Object


@dataclass(eq=False)
class NativeCode:
    """The machine code of a graph."""

    name: str
    arguments: list[Kind]
    results: list[Kind]
    sites: list[failures.Site] = field(repr=False)
    library: engine.Library = field(repr=False)
    constants: list[tuple[np.ndarray, Any]] = field(repr=False)
    llvm: str = field(repr=False)
    """The module as it was made, before LLVM optimises it."""

    def function(
        self, slow: Callable[..., Any] | None, bound: Object | None = None
    ) -> NativeFunction:
        """A Python callable; `slow` takes the calls whose arguments do not fit.

        Without it the callable is one of several that are tried in turn, see
        `jit.runtime.codegen.native_function`, and must not be called otherwise.
        `bound` is a module that the callable has as its first argument.
        """
        reason = calling.problem()
        if reason:
            raise RuntimeError(f"machine code cannot be called here: {reason}")
        constants = self.constants
        if bound is not None:
            constants = [attributes.bind(*pair, bound) for pair in constants]
        words: list[int] = []
        for array, holder in constants:
            words.append(array.ctypes.data)
            words.append(0 if holder is None else id(holder) | ownership.ARGUMENT)
        table = (ctypes.c_uint64 * max(len(words), 1))(*words)
        address = self.library.address("entry")
        return NativeFunction(
            self.name, address, self.library, slow, self._fail, table, constants
        )

    def _fail(self, state: int) -> Any:
        return failures.raise_failure(self.sites, state)
