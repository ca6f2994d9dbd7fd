"""Kernels: functions in libraries of their own, which any number of programs call.

    run = region.kernel(f"gemm {shape}", type, lambda module, name: emit(module, name))
    region.b.call(run, [...])

A kernel is made once for its key: once in a process, and once on disk for all processes.
Where it is found, `build` is not called, no LLVM is written and nothing is optimised. So
the key says *all* that the code depends on, except for the machine and the sources of this
package, which are added: dtypes, shapes of tiles, constants in the code, operators.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import llvmlite.ir as ll

from jit.runtime.codegen.making import engine

Build = Callable[[ll.Module, str], ll.Function]
"""Makes a function with a name in a module."""


@dataclass(frozen=True)
class Kernel:
    """A function by what it computes, `key`, and how it is made if it must be."""

    key: str
    type: ll.FunctionType
    build: Build

    @property
    def typed_key(self) -> str:
        """What finds the library: see `engine.find_made`."""
        return f"{self.type}\0{self.key}"

    @property
    def symbol(self) -> str:
        """The name of the function, the same in all modules that call it."""
        words = re.match(r"\w*", self.key)
        digest = hashlib.sha256(self.typed_key.encode()).hexdigest()
        return f"{words.group() if words else ''}.{digest[:32]}"

    def text(self) -> str:
        """The module, before LLVM tidies it."""
        module = ll.Module(self.symbol)
        made = self.build(module, self.symbol)
        assert (made.name, made.ftype) == (self.symbol, self.type), self.key
        made.linkage = "external"
        return str(module)

    def declare(self, module: ll.Module) -> ll.Function:
        """The function in a module that calls it."""
        made = ll.Function(module, self.type, self.symbol)
        made.attributes.add("nounwind")
        return made

    def wanted(self) -> engine.Wanted:
        """The library with the function, to be made with others."""
        return engine.Wanted(self.typed_key, [self.symbol], self.text)

    def load(self) -> engine.Library:
        """The library with the function."""
        return engine.made(self.typed_key, [self.symbol], self.text)
