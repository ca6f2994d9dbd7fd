"""Machine code of a graph, and how a Python callable is made of it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jit.runtime.codegen import calling, engine, failures, ownership
from jit.runtime.codegen.kinds import Kind


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

    def function(self, slow: Callable[..., Any]) -> Any:
        """A Python callable; `slow` takes the calls whose arguments do not fit."""
        words: list[int] = []
        for array, holder in self.constants:
            words.append(array.ctypes.data)
            words.append(0 if holder is None else id(holder) | ownership.ARGUMENT)
        table = (ctypes.c_uint64 * max(len(words), 1))(*words)
        made = calling.make_callable(
            self.name, self.library, "entry", slow, self._fail, table
        )
        made.constants = self.constants
        return made

    def _fail(self, state: int) -> Any:
        return failures.raise_failure(self.sites, state)
