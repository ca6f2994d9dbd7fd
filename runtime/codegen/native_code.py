"""Machine code of a graph, and how a Python callable is made of it."""

from __future__ import annotations

import ctypes
import functools
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jit.runtime.codegen import failures
from jit.runtime.codegen.calls import attributes, calling
from jit.runtime.codegen.calls.native_function import NativeFunction
from jit.runtime.codegen.kinds import Kind
from jit.runtime.codegen.lowering import Reason
from jit.runtime.codegen.making import engine
from jit.runtime.codegen.making.kernels import Kernel
from jit.runtime.codegen.process import ownership
from jit.runtime.objects import Object

AN_OBJECT: Any = object()
"""Stands for the holder of a constant that is any Python object, not an array."""


@dataclass(eq=False)
class Lowered:
    """A graph as LLVM: a module with the function `entry`, and what belongs to it."""

    text: str = field(repr=False)
    """The module as it was made, before LLVM optimises it."""
    kernels: list[Kernel] = field(repr=False)
    """What it calls in other libraries."""
    tidy: bool
    """Whether LLVM needs to do no more than to tidy it."""
    sites: list[failures.Site] = field(repr=False)
    constants: list[tuple[np.ndarray, Any]] = field(repr=False)
    arguments: list[Kind]
    results: list[Kind]
    boxed: list[Reason] = field(default_factory=list)
    """Nodes that are calls of the interpreter's function, and why."""
    nests: list[str] = field(default_factory=list, repr=False)
    """Its loop nests as text, with what they move and compute for an element."""


@dataclass(eq=False)
class NativeCode:
    """The machine code of a graph."""

    name: str
    library: engine.Library = field(repr=False)
    constants: list[tuple[np.ndarray, Any]] = field(repr=False)
    lower: Callable[[], Lowered] = field(repr=False)
    """Gives the module; it is made again if the code was found without it."""
    seconds: dict[str, float]
    """What making the code took, by stage: `lowering` and `llvm`, or `cache`."""

    @functools.cached_property
    def lowered(self) -> Lowered:
        """The module and what belongs to it."""
        return self.lower()

    @property
    def llvm(self) -> str:
        """The module of the graph, before LLVM optimises it."""
        return self.lowered.text

    @property
    def nests(self) -> list[str]:
        """The loop nests, as text."""
        return self.lowered.nests

    @property
    def modules(self) -> list[str]:
        """The same, with the modules of the kernels that it calls."""
        return [self.llvm, *(kernel.text() for kernel in self.lowered.kernels)]

    @property
    def boxed(self) -> list[Reason]:
        """Nodes that are calls of the interpreter's function, and why."""
        if not any(holder is AN_OBJECT for _, holder in self.constants):
            return []
        return self.lowered.boxed

    def assembly(self) -> str:
        """The assembly of all modules; it is made again for this."""
        own = engine.assembly_of(self.llvm, tidy=self.lowered.tidy)
        kernels = (k.text() for k in self.lowered.kernels)
        return "\n".join([own, *(engine.assembly_of(t, tidy=True) for t in kernels)])

    def function(
        self,
        slow: Callable[..., Any] | None,
        bound: Object | None = None,
        converted: Collection[int] = (),
    ) -> NativeFunction:
        """A Python callable; `slow` takes the calls whose arguments do not fit.

        Without it the callable is one of several that are tried in turn, see
        `jit.runtime.codegen.calls.native_function`, and must not be called otherwise.
        `bound` is a module that the callable has as its first argument. Floats at the
        positions `converted` may be given as ints then.
        """
        reason = calling.problem()
        if reason:
            raise RuntimeError(f"machine code cannot be called here: {reason}")
        constants = self.constants
        if bound is not None:
            constants = [attributes.bind(*pair, bound) for pair in constants]
        words: list[int] = []
        for array, holder in constants:
            if holder is AN_OBJECT:
                words += [id(array), 0]
                continue
            words.append(array.ctypes.data)
            words.append(0 if holder is None else id(holder) | ownership.ARGUMENT)
        table = (ctypes.c_uint64 * max(len(words), 1))(*words)
        address = self.library.address("entry")
        return NativeFunction(
            self.name,
            address,
            self.library,
            slow,
            self._fail,
            table,
            constants,
            converted,
        )

    def _fail(self, state: int) -> Any:
        return failures.raise_failure(self.lowered.sites, state)


@contextmanager
def seconds_of(
    stage: str, seconds: dict[str, float] | None = None
) -> Iterator[dict[str, float]]:
    """Note how long a stage takes, beside others."""
    noted = {} if seconds is None else seconds
    start = time.perf_counter()
    try:
        yield noted
    finally:
        noted[stage] = noted.get(stage, 0.0) + time.perf_counter() - start
