"""Long loops can be interrupted: now and then they let Python handle its signals.

A loop runs in stretches of turns. Between two of them it looks at the clock, some
nanoseconds; every few tens of milliseconds the main thread of Python, which alone handles
signals, takes the global lock for a moment and lets it. If that raises, as Ctrl-C does,
the region is left and the exception goes on to the caller.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node
from jit.runtime.codegen import failures
from jit.runtime.codegen.building import at, load, new_function, store
from jit.runtime.codegen.host import host_function, python_address, read_slot, slot
from jit.runtime.codegen.numbers import lists, ranges
from jit.runtime.codegen.objects import objects
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I32, I64, POINTER

TURNS, HEAVY_TURNS = 1 << 16, 64
"""The length of a stretch: of turns of some nanoseconds, and of others."""
_PAUSE = 50_000_000
"""Nanoseconds between two looks at signals."""

VOID = ll.VoidType()

_CLOCK = 6 if sys.platform == "linux" else getattr(time, "CLOCK_MONOTONIC", None)
"""On Linux that of the last tick, which is read without asking the kernel."""


def _clock_address() -> int:
    library = ctypes.CDLL(None)
    return ctypes.cast(library.clock_gettime, ctypes.c_void_p).value or 0


for _name in ("PyErr_CheckSignals", "PyThread_get_thread_ident"):
    slot(_name, python_address(_name))
slot("main_thread", lambda: threading.main_thread().ident or 0)
if _CLOCK is not None:
    slot("clock_gettime", _clock_address)


def turns_of_stretch(node: Node) -> int | None:
    """How many turns of a loop are a stretch; None if it has too few to be cut."""
    if _CLOCK is None:
        return None
    (body,) = node.blocks
    is_heavy = any(
        n.kind in ("prim::Loop", "prim::FusionGroup")
        or n.kind.startswith("prim::Call")
        or any(T.is_tensor_like(v.type) for v in n.outputs)
        for n in body.all_nodes
    )
    turns = HEAVY_TURNS if is_heavy else TURNS
    return turns if ranges.interval_of(node.inputs[0])[1] > turns else None


def look(region: Region, node: Node) -> None:
    """Let Python handle signals if it is time; leave the region if that raises."""
    make = region.unit.function("look_at_signals", _make_look)
    raised = region.b.call(make, [region.state, _last_look(region)])
    lists.tag_access(region, raised, "signals")  # what lists hold stays as it was
    objects.require(region, region.b.icmp_signed("==", raised, I32(0)), node)


def look_now_and_then(region: Region, node: Node, turns: ll.Value) -> None:
    """The same, once in a stretch of turns that are heavy."""
    b = region.b
    is_end = b.icmp_signed("==", b.and_(turns, I64(HEAVY_TURNS - 1)), I64(0))
    with b.if_then(is_end, likely=False):
        look(region, node)


def _last_look(region: Region) -> ll.Value:
    """When the call of this function last looked: a word in its frame."""
    place = region.stack(I64)
    entry = region.in_entry()
    entry.store(I64(0), place)
    return place


def _make_look(module: ll.Module, name: str) -> ll.Function:
    """`(state, last)`: nonzero if an exception is set now."""
    b, a = new_function(
        module, name, [("state", POINTER), ("last", I64.as_pointer())], I32
    )
    b.function.attributes.add("noinline")
    b.function.attributes.add("cold")
    now = b.bitcast(b.alloca(ll.ArrayType(I64, 2)), POINTER)
    type = ll.FunctionType(I32, [I32, POINTER])
    assert _CLOCK is not None
    b.call(host_function(b, "clock_gettime", type), [I32(_CLOCK), now])
    seconds = b.mul(load(b, now, I64), I64(1_000_000_000))
    time_now = b.add(seconds, load(b, at(b, now, 8), I64))
    last = b.load(a["last"])
    with b.if_then(b.icmp_signed("<", time_now, b.add(last, I64(_PAUSE))), likely=True):
        b.ret(I32(0))
    b.store(time_now, a["last"])
    is_first = b.icmp_signed("==", last, I64(0))
    ident = b.call(
        host_function(b, "PyThread_get_thread_ident", ll.FunctionType(I64, [])), []
    )
    is_main = b.icmp_signed("==", ident, read_slot(b, "main_thread"))
    with b.if_then(b.or_(is_first, b.not_(is_main))):
        b.ret(I32(0))
    _check_signals(b, a["state"])
    return b.function


def _check_signals(b: ll.IRBuilder, state: ll.Value) -> None:
    """Call Python's handlers with the lock, which is left again unless they raise."""
    place = at(b, state, 8 * failures.LOCK)
    thread = load(b, place, I64)
    was_left = b.icmp_unsigned(">", thread, I64(1))
    take = ll.FunctionType(VOID, [POINTER])
    with b.if_then(was_left):
        restore = host_function(b, "PyEval_RestoreThread", take)
        b.call(restore, [b.inttoptr(thread, POINTER)])
    check = host_function(b, "PyErr_CheckSignals", ll.FunctionType(I32, []))
    raised = b.call(check, [])
    with b.if_then(b.icmp_signed("!=", raised, I32(0)), likely=False):
        with b.if_then(was_left):
            store(b, I64(0), place)  # held, for the exception
        b.ret(I32(1))
    with b.if_then(was_left):
        save = host_function(b, "PyEval_SaveThread", ll.FunctionType(POINTER, []))
        store(b, b.ptrtoint(b.call(save, []), I64), place)
    b.ret(I32(0))
