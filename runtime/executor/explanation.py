"""What is known of how a function runs: as machine code, or why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a function runs for some arguments."""

    is_native: bool
    """Whether all of it is machine code."""
    reasons: tuple[Any, ...]
    """Why not: `jit.runtime.codegen.lowering.Reason`s."""
    regions: int = 0
    """How many parts of the function are machine code, if not all of it."""
    llvm: tuple[str, ...] = ()
    """The LLVM modules, before LLVM optimises them."""

    def __str__(self) -> str:
        if self.is_native:
            return "machine code"
        how = "interpreted"
        if self.regions:
            how += f", with {self.regions} regions of machine code"
        return "\n".join([how, *(f"  {reason}" for reason in self.reasons)])


INTERPRETED = Explanation(False, ())
"""Machine code was not asked for."""
