"""How much memory compiled code has: what it uses, what it keeps, what it needed.

    jit.reset_peak_memory()
    f(x)
    jit.memory_stats().peak        the most that was in use at a time, results included

Compiled code takes the memory of intermediates and results from an allocator of its own,
which keeps released blocks for the next call.
"""

from __future__ import annotations

from dataclasses import dataclass

from jit.runtime import codegen


@dataclass(frozen=True)
class MemoryStats:
    """What the allocator of compiled code holds, in bytes, and what it did."""

    current: int = 0
    """Bytes that are in use, in results of earlier calls too."""
    peak: int = 0
    """The most that were in use at a time."""
    kept: int = 0
    """Bytes of released blocks that wait for the next request."""
    limit: int = 0
    """The most that may wait."""
    allocations: int = 0
    recycled: int = 0
    """Allocations that got a block that had waited."""
    from_system: int = 0
    """Allocations that needed the operating system."""


def memory_stats() -> MemoryStats:
    """What compiled code holds now; nothing where there is no compiled code."""
    if not codegen.is_available():
        return MemoryStats()
    from jit.runtime.codegen.process import memory

    return memory.statistics()


def reset_peak_memory() -> None:
    """Let the peak of `memory_stats` be what is in use now."""
    if codegen.is_available():
        from jit.runtime.codegen.process import memory

        memory.reset_peak()


def keep_memory(bytes: int) -> None:
    """Keep at most this many bytes of released memory for the next calls.

    What is kept above that goes back to the operating system, at once and from now on.
    """
    if bytes < 0:
        raise ValueError(f"expected a number of bytes, got {bytes}")
    if codegen.is_available():
        from jit.runtime.codegen.process import memory

        memory.set_limit(bytes)
