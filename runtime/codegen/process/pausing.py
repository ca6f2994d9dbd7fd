"""Loops that wait: a loop with exits, a pause between turns, a short lock."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import llvmlite.ir as ll

from jit.runtime.codegen.values import I32


@contextmanager
def leave_loop(b: ll.IRBuilder) -> Iterator[Callable[[ll.Value], None]]:
    """A loop around what is built in the `with` statement, left where a condition holds.

    with leave_loop(b) as leave_if:
        ...
        leave_if(condition)
    """
    head, after = (b.function.append_basic_block(n) for n in ("loop", "after"))
    b.branch(head)
    b.position_at_end(head)

    def leave_if(condition: ll.Value) -> None:
        inside = b.function.append_basic_block("inside")
        b.cbranch(condition, after, inside)
        b.position_at_end(inside)

    yield leave_if
    b.branch(head)
    b.position_at_end(after)


_PAUSE = {
    "x86_64": ("llvm.x86.sse2.pause", None),
    "AMD64": ("llvm.x86.sse2.pause", None),
    "aarch64": ("llvm.aarch64.hint", 1),
    "arm64": ("llvm.aarch64.hint", 1),
}
"""The instruction that tells a processor that a loop waits, and its operand."""


def pause(b: ll.IRBuilder) -> None:
    """Let the other processor of this core work for a moment, where there is a way."""
    name, operand = _PAUSE.get(platform.machine(), (None, None))
    if name is None:
        return
    arguments = [] if operand is None else [I32(operand)]
    found = b.module.globals.get(name)
    if found is None:
        kind = ll.FunctionType(ll.VoidType(), [a.type for a in arguments])
        found = ll.Function(b.module, kind, name)
    b.call(found, arguments)


_TURNS_BEFORE_YIELD = 200


def lock(b: ll.IRBuilder, word: ll.Value) -> None:
    """Take a lock that is held for some instructions; `word` is a pointer to i32."""
    turns = b.alloca(I32)
    b.store(I32(0), turns)
    with leave_loop(b) as leave_if:
        taken = b.atomic_rmw("xchg", word, I32(1), "acquire")
        leave_if(b.icmp_unsigned("==", taken, I32(0)))
        with leave_loop(b) as leave_if_free:
            free = b.icmp_unsigned("==", b.load_atomic(word, "monotonic", 4), I32(0))
            leave_if_free(free)
            pause(b)
            turn = b.add(b.load(turns), I32(1))
            b.store(turn, turns)
            # its holder may wait for this very processor
            is_long = b.icmp_unsigned(">", turn, I32(_TURNS_BEFORE_YIELD))
            with b.if_then(is_long, likely=False):
                b.call(_sched_yield(b.module), [])


def unlock(b: ll.IRBuilder, word: ll.Value) -> None:
    """Give back a lock."""
    b.store_atomic(I32(0), word, "release", 4)


def _sched_yield(module: ll.Module) -> ll.Function:
    found = module.globals.get("sched_yield")
    if found is None:
        found = ll.Function(module, ll.FunctionType(I32, []), "sched_yield")
    return found
