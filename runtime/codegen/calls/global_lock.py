"""When machine code gives up Python's global lock, so that other threads run.

A thread that gives it up may have to wait for it at the end, for milliseconds where
others compute in Python, so short work keeps it. What is long is known from the sizes of
arguments and constants before it begins, and from the number of turns where a loop
begins: whoever finds out first leaves the lock, the entry takes it again.

Code that calls Python keeps the lock: `Unit.uses_python`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import llvmlite.ir as ll
import numpy as np

from jit.ir import types as T
from jit.ir.graph import Block, Node
from jit.runtime.codegen import failures
from jit.runtime.codegen.building import at, load, new_function, store
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.kinds import Kind, TensorKind
from jit.runtime.codegen.values import I1, I64, POINTER

if TYPE_CHECKING:
    from jit.runtime.codegen.program import Unit
    from jit.runtime.codegen.region import Region

LONG = 20_000
"""Work of so many steps, of about a nanosecond each, is long."""
LARGE = 1 << 14
"""Tensors of so many elements are work for long."""
_TENSOR_STEPS, _INNER_TURNS = 100, 16
"""What an operator of tensors, and a loop within a loop, are taken to be."""

HELD, KEPT = 0, 1
"""What the word of the state says: the lock is held; it is held to the end. Anything else
is what takes it again."""
VOID = ll.VoidType()


def steps_of(block: Block) -> int:
    """About how many steps a block takes."""
    steps = 0
    for node in block.nodes:
        inner = sum(map(steps_of, node.blocks))
        if node.kind == "prim::Loop":
            steps += _INNER_TURNS * inner
        elif any(T.is_tensor_like(v.type) for v in node.outputs):
            steps += _TENSOR_STEPS
        else:
            steps += 1 + inner
    return steps


def leave_for_loop(region: Region, node: Node, turns: ll.Value) -> None:
    """Leave the lock before a loop that has many turns to do."""
    if _is_in_loop(node):
        return
    most = max(LONG // max(steps_of(node.blocks[0]), 1), 1)
    if isinstance(turns, ll.Constant) and turns.constant < most:
        return
    b = region.b
    is_long = b.icmp_signed(">=", turns, I64(most))
    with b.if_then(is_long, likely=False):
        b.call(region.unit.function("leave_lock", make_leave), [region.state])


def _is_in_loop(node: Node) -> bool:
    place = node.block.owner
    while place is not None:
        if place.kind == "prim::Loop":
            return True
        place = place.block.owner
    return False


def make_leave(module: ll.Module, name: str) -> ll.Function:
    """`(state)`: leave the lock, if it was not left or kept."""
    b, a = new_function(module, name, [("state", POINTER)])
    b.function.attributes.add("noinline")
    b.function.attributes.add("cold")
    place = at(b, a["state"], 8 * failures.LOCK)
    with b.if_then(b.icmp_signed("==", load(b, place, I64), I64(HELD))):
        type = ll.FunctionType(POINTER, [])
        thread = b.call(host_function(b, "PyEval_SaveThread", type), [])
        store(b, thread, place)
    b.ret_void()
    return b.function


def begin(
    b: ll.IRBuilder,
    unit: Unit,
    state: ll.Value,
    arguments: Sequence[Kind],
    leaves: Sequence[ll.Value],
) -> None:
    """Set the word of the state, and leave the lock if it is known to be for long."""
    word = KEPT if unit.uses_python else HELD
    store(b, I64(word), at(b, state, 8 * failures.LOCK))
    if unit.uses_python:
        return
    arrays = [held for held, _ in unit.constants if isinstance(held, np.ndarray)]
    large = any(array.size >= LARGE for array in arrays)
    is_long: ll.Value = I1(int(unit.has_calls or large))
    start = 0
    for kind in arguments:
        if isinstance(kind, TensorKind):
            count: ll.Value = I64(1)
            for size in leaves[start + 1 : start + 1 + kind.rank]:
                count = b.mul(count, size)
            is_long = b.or_(is_long, b.icmp_signed(">=", count, I64(LARGE)))
        start += len(kind.leaf_types())
    with b.if_then(is_long):
        b.call(unit.function("leave_lock", make_leave), [state])


def end(b: ll.IRBuilder, state: ll.Value) -> None:
    """Take the lock again if it was left."""
    thread = load(b, at(b, state, 8 * failures.LOCK), I64)
    with b.if_then(b.icmp_unsigned(">", thread, I64(KEPT)), likely=False):
        type = ll.FunctionType(VOID, [POINTER])
        take = host_function(b, "PyEval_RestoreThread", type)
        b.call(take, [b.inttoptr(thread, POINTER)])
