"""Lowerings of control flow, tuples, calls and raising.

Branches and loops become basic blocks; what they hand on becomes phi nodes, leaf by
leaf. A loop is rotated, as LLVM likes it: the test stands before the first iteration
and at the end of each.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Block, Node, Value
from jit.runtime.bytecode.registers import values_read
from jit.runtime.codegen.calls import global_lock, interrupting
from jit.runtime.codegen.kinds import (
    Declined,
    Handle,
    Static,
    Tuple,
    Unset,
    kind_of,
    kind_of_type,
    leaves_of,
)
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.objects import conversions, interpreted, meeting, objects
from jit.runtime.codegen.region import NodeDeclined, Region
from jit.runtime.codegen.values import I1, I32, I64

ENDLESS = 2**63 - 1
"""The number of trips of a `while` loop."""


@lowering("prim::If", objects=True)
def if_(region: Region, node: Node) -> list[Any]:
    """Two branches and a block where they meet."""
    b = region.b
    condition = region.number(node.inputs[0])
    dying, region.dying = region.dying, []
    if isinstance(condition, ll.Constant):
        block = node.blocks[0 if condition.constant else 1]
        return region.claim_all(region.emit_block(block, dying), node)
    if all(map(_is_cheap, node.blocks)):
        return _select(region, node, condition)
    if region.slots is not None:
        return meeting.if_(region, node, condition, dying)
    starts = [region.append_block("then"), region.append_block("else")]
    end = region.append_block("endif")
    b.cbranch(condition, *starts)
    branches = []
    for start, block in zip(starts, node.blocks, strict=True):
        b.position_at_end(start)
        values = region.emit_block(block, dying)
        branches.append((b.block, values))
        b.branch(end)
    b.position_at_end(end)
    merged = region.merge(branches, [v.type for v in node.outputs])
    return region.claim_all(merged, node)


_CHEAP = frozenset(
    f"aten::{kind}.{overload}"
    for kind in ("add", "sub", "mul", "eq", "ne", "lt", "le", "gt", "ge",
                 "__and__", "__or__", "__xor__", "__not__", "neg")
    for overload in ("int", "float", "int_float", "float_int", "bool")
) | {"aten::__not__", "prim::Constant", "prim::Uninitialized"}  # fmt: skip
_CHEAP_DIVISIONS = ("aten::floordiv.int", "aten::remainder.int")
_MOST_CHEAP = 4


def _is_cheap(block: Block) -> bool:
    """Whether a branch costs less than a jump that the CPU does not foresee."""
    count = 0
    for node in block.nodes:
        if node.full_name in _CHEAP_DIVISIONS:
            divisor = node.inputs[1].constant
            if not isinstance(divisor, int) or divisor <= 0:
                return False
        elif node.full_name not in _CHEAP:
            return False
        count += node.kind not in ("prim::Constant", "prim::Uninitialized")
    return count <= _MOST_CHEAP and all(v.type in _NUMBERS for v in block.returns)


_NUMBERS = (T.INT, T.FLOAT, T.BOOL)


def _select(region: Region, node: Node, condition: ll.Value) -> list[Any]:
    """Both branches, then a choice. Of the checks of the branch that was not taken
    nobody hears."""
    b = region.b
    given, checks = [], []
    for block in node.blocks:
        with region.held_checks() as held:
            given.append(region.emit_block(block))
        checks.append(held)
    if any(checks):
        _check_selected(region, condition, checks)
    results = []
    for first, second in zip(*given, strict=True):
        if isinstance(first, Unset) or isinstance(second, Unset):
            results.append(second if isinstance(first, Unset) else first)
        else:
            results.append(b.select(condition, first, second))
    return results


def _check_selected(
    region: Region, condition: ll.Value, checks: list[list[Any]]
) -> None:
    """Leave the region by the first check, of the branch that was taken, that fails.

    The usual way tests the checks of both branches, which needs no choice.
    """
    b = region.b
    always = holds = I1(1)
    for check in (*checks[0], *checks[1]):
        # what is checked may mean nothing where an earlier check has failed
        holds = b.select(holds, check[0], I1(0)) if holds is not always else check[0]
    go_on, cold = region.append_block("ok"), region.append_block("which")
    b.cbranch(holds, go_on, cold).set_weights((1 << 20, 1))
    blocks = [region.append_block("check_then"), region.append_block("check_else")]
    b.position_at_end(cold)
    b.cbranch(condition, *blocks)
    for block, held in zip(blocks, checks, strict=True):
        b.position_at_end(block)
        for check in held:
            region.fail_unless(*check)
        b.branch(go_on)
    b.position_at_end(go_on)


@lowering("prim::Loop", objects=True)
def loop(region: Region, node: Node) -> list[Any]:
    """A rotated loop; its carried values are phis at the head of the body."""
    b = region.b
    region.unit.has_loops = True
    trips, condition = region.numbers_of(node.inputs[:2])
    (body,) = node.blocks
    types = [v.type for v in node.outputs]
    if region.slots is not None:
        return meeting.loop(region, node, trips, condition)
    dying, region.dying = region.dying, []
    initial = [region.value(v) for v in node.inputs[2:]]
    needed = values_read(body) | set(node.inputs[:2])
    for value, given in zip(initial, node.inputs[2:], strict=True):
        if given in dying and given not in needed:
            dying.remove(given)  # what nobody else reads moves into the loop
        else:
            region.retain(value)
    kinds = [_carried_kind(v, t) for v, t in zip(initial, types, strict=True)]
    first = [
        leaf for v, k in zip(initial, kinds, strict=True) for leaf in leaves_of(v, k)
    ]
    leaf_types = [t for k in kinds for t in k.leaf_types()]
    counted = not (isinstance(trips, ll.Constant) and trips.constant == ENDLESS)
    global_lock.leave_for_loop(region, node, trips)

    before = b.block
    head, end = region.append_block("loop"), region.append_block("endloop")
    enter = condition
    if counted:
        enter = b.and_(enter, b.icmp_signed(">", trips, I64(0)))
    stretch = interrupting.turns_of_stretch(node)
    start, entry = before, first
    begin: ll.Value = I64(0)
    if stretch is None:
        b.cbranch(enter, head, end)
    else:
        outer = region.append_block("stretch")
        b.cbranch(enter, outer, end)
        b.position_at_end(outer)
        begin = b.phi(I64, "begin")
        begin.add_incoming(I64(0), before)
        entry = [b.phi(t) for t in leaf_types]
        for phi, leaf in zip(entry, first, strict=True):
            phi.add_incoming(leaf, before)
        turns: ll.Value = I64(stretch)
        if counted:
            left = b.sub(trips, begin)
            turns = b.select(b.icmp_signed("<", left, turns), left, turns)
        until = b.add(begin, turns, flags=["nsw"])
        short = b.trunc(turns, I32)
        start = outer
        b.branch(head)

    b.position_at_end(head)
    index = b.phi(I64, "i")
    if stretch is not None:
        remaining = b.phi(I32, "left")
        remaining.add_incoming(short, start)
    phis = [b.phi(t) for t in leaf_types]
    index.add_incoming(begin, start)
    for phi, leaf in zip(phis, entry, strict=True):
        phi.add_incoming(leaf, start)
    region.values[body.params[0]] = index
    region.values.update(zip(body.params[1:], rebuild(kinds, phis), strict=True))
    go_on, *carried = region.emit_block(body, body.params)
    go_on = region.as_number(go_on, body.returns[0])
    last = [
        leaf
        for value, kind, type in zip(carried, kinds, types, strict=True)
        for leaf in leaves_of(_checked(value, kind, type), kind)
    ]
    following = b.add(index, I64(1), flags=["nsw"])
    leaving = [b.block]
    if stretch is None:
        if counted:
            go_on = b.and_(go_on, b.icmp_signed("<", following, trips))
        latch = b.block
        b.cbranch(go_on, head, end)
    else:
        latch = region.append_block("latch")
        pause, look = region.append_block("pause"), region.append_block("look")
        b.cbranch(go_on, latch, end)
        b.position_at_end(latch)
        # counted down apart from the turns: LLVM knows how often this is asked, and
        # writes the body out several times for one count
        fewer = b.sub(remaining, I32(1), flags=["nuw"])
        remaining.add_incoming(fewer, latch)
        b.cbranch(b.icmp_signed("!=", fewer, I32(0)), head, pause)
        b.position_at_end(pause)
        if counted:
            leaving.append(b.block)
            b.cbranch(b.icmp_signed("<", until, trips), look, end)
        else:
            b.branch(look)
        b.position_at_end(look)
        interrupting.look(region, node)
        begin.add_incoming(until, b.block)
        for phi, leaf in zip(entry, last, strict=True):
            phi.add_incoming(leaf, b.block)
        b.branch(outer)
    index.add_incoming(following, latch)
    for phi, leaf in zip(phis, last, strict=True):
        phi.add_incoming(leaf, latch)

    b.position_at_end(end)
    results = []
    for type, given, finish in zip(leaf_types, first, last, strict=True):
        phi = b.phi(type)
        phi.add_incoming(given, before)
        for block in leaving:
            phi.add_incoming(finish, block)
        results.append(phi)
    region.dying = dying
    return region.claim_all(rebuild(kinds, results), node)


def _carried_kind(value: Any, type: T.Type) -> Any:
    """The kind of a carried value: that of its first value, if it has one."""
    return kind_of_type(type) if isinstance(value, Unset) else kind_of(value, type)


def _checked(value: Any, kind: Any, type: T.Type) -> Any:
    if isinstance(value, Unset) or kind_of(value, type) == kind:
        return value
    raise Declined(f"a carried variable is {kind}, then {kind_of(value, type)}")


def rebuild(kinds: list[Any], leaves: list[ll.Value]) -> list[Any]:
    """The values that have these leaves, one after the other."""
    values, start = [], 0
    for kind in kinds:
        end = start + len(kind.leaf_types())
        values.append(kind.build(leaves[start:end]))
        start = end
    return values


# tuples -----------------------------------------------------------------------------


@lowering("prim::TupleConstruct", objects=True)
def tuple_construct(region: Region, node: Node) -> Any:
    """The items, side by side."""
    return Tuple(tuple(region.inputs(node)))


@lowering("prim::NamedTupleConstruct", objects=True)
def named_tuple_construct(region: Region, node: Node) -> Any:
    """The fields, side by side."""
    return Tuple(tuple(region.inputs(node)), node.output.type)


@lowering("prim::TupleUnpack", objects=True)
def tuple_unpack(region: Region, node: Node) -> Any:
    """The items."""
    return list(_items(region, node.inputs[0]))


@lowering("prim::TupleIndex", objects=True)
def tuple_index(region: Region, node: Node) -> Any:
    """One item; the index is a constant."""
    items = _items(region, node.inputs[0])
    index = node.inputs[1].constant
    if not isinstance(index, int) or not -len(items) <= index < len(items):
        raise Declined("the index is not a constant of the tuple's range")
    return [items[index]]


@lowering("prim::TupleSlice", objects=True)
def tuple_slice(region: Region, node: Node) -> Any:
    """Some items; the limits are constants."""
    items = _items(region, node.inputs[0])
    start, end = node.inputs[1].constant, node.inputs[2].constant
    if not isinstance(start, int) or not isinstance(end, int):
        raise Declined("the limits are not constants")
    return Tuple(items[start:end])


def _items(region: Region, value: Value) -> tuple[Any, ...]:
    found = region.value(value)
    if not isinstance(found, Tuple):
        raise Declined(f"{value!r} is not held as a tuple")
    return found.items


# other structure --------------------------------------------------------------------


@lowering("prim::unchecked_cast", "prim::unchecked_unwrap_optional", objects=True)
def cast(region: Region, node: Node) -> Any:
    """The same value."""
    found = region.value(node.inputs[0])
    if isinstance(found, Handle):
        return [conversions.narrowed(region, found, node.output.type)]
    return [found]


@lowering("prim::RaiseException", objects=True)
def raise_exception(region: Region, node: Node) -> None:
    """A check that fails always."""
    from jit.runtime.codegen.objects import attempts

    if region.landings and attempts.raise_new(region, node):
        return
    region.fail(node)
    region.b.position_at_end(region.append_block("unreachable"))


@lowering("aten::__is__", "aten::__isnot__", objects=True)
def is_(region: Region, node: Node) -> Any:
    """Decided when code is made: a value is held as None or it is not."""
    found = region.inputs(node)
    nones = [isinstance(v, Static) and v.value is None for v in found]
    if any(isinstance(v, Handle) for v in found) and any(nones):
        (word,) = (v.word for v in found if isinstance(v, Handle))
        same = objects.is_none(region, word)
        return same if node.kind == "aten::__is__" else region.b.not_(same)
    if not any(nones):
        raise Declined("identity of two values")
    return I1(int(all(nones) == (node.kind == "aten::__is__")))


# calls ------------------------------------------------------------------------------


@lowering("prim::CallFunction", "prim::CallMethod", objects=True)
def call(region: Region, node: Node) -> Any:
    """A call of another function of the module; its failure is handed on."""
    b = region.b
    name = interpreted.callee_of(node)
    if not name:
        raise Declined("which function is called is not known before it runs")
    given = node.inputs[1:] if node.kind == "prim::CallFunction" else node.inputs
    region.unit.has_calls = True
    values = [region.value(v) for v in given]
    kinds = [region.kind_of(v, g.type) for v, g in zip(values, given, strict=True)]
    values = [meeting.lent(region, v, k) for v, k in zip(values, kinds, strict=True)]
    try:
        callee, results = region.unit.callee(name, kinds)
    except NodeDeclined as declined:
        inner = f"`{declined.node.full_name}`: {declined}"
        raise Declined(f"in `{name}`, {inner}") from None
    region.fail_unless(b.icmp_signed(">", region.depth, I64(0)), node, [])
    leaves = [
        leaf for v, k in zip(values, kinds, strict=True) for leaf in leaves_of(v, k)
    ]
    depth = b.sub(region.depth, I64(1), flags=["nsw"])
    made = b.call(callee, [region.state, depth, *leaves])
    region.hand_on_failure(b.extract_value(made, 0), node)
    count = sum(len(k.leaf_types()) for k in results)
    values = rebuild(results, [b.extract_value(made, i + 1) for i in range(count)])
    return region.claim_all(values, node, noted=False)
