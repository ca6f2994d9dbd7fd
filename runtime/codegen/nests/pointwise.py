"""Lowerings of pointwise operators and of the groups that fusion makes of them.

All of a group is one loop nest (see `nest`): intermediate results stay in registers. Sizes
are checked operator by operator, as the interpreter would find them wrong.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.dtypes import BOOL, FLOATING, INTEGER, DType
from jit.ir.graph import Node, Value
from jit.ir.registry import all_cards, find_card
from jit.runtime.bytecode.constants import runtime_constant
from jit.runtime.codegen import building as B
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making.kernels import Build
from jit.runtime.codegen.nests.build_nest import Builder, Operand
from jit.runtime.codegen.nests.emit_nest import body_length, cost_of, emit_nest
from jit.runtime.codegen.nests.emit_reduction import emit_end
from jit.runtime.codegen.nests.memory_order import Order, order_of
from jit.runtime.codegen.nests.nest import Nest, Step
from jit.runtime.codegen.nests.reduce_columns import COLUMNS
from jit.runtime.codegen.nests.reduction_plan import (
    MOST_PARTS,
    is_whole,
    part_size,
    part_words,
)
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors.copying import copy_elements
from jit.runtime.codegen.tensors.reuse import allocate_over
from jit.runtime.codegen.values import ELEMENT, F64, I1, I64, POINTER, Buffer
from jit.runtime.ops import divisions
from jit.runtime.ops.numpy_families import Ufunc
from jit.runtime.ops.pointwise_family import Pointwise
from jit.runtime.promotion import can_cast

Sizes = tuple[ll.Value, ...]

NUMBERS: dict[ll.Type, tuple[DType, T.Type]] = {
    I64: (dtypes.int64, T.INT),
    F64: (dtypes.float64, T.FLOAT),
    I1: (dtypes.bool_, T.BOOL),
}
"""How numbers that are known only at run time are held in memory."""


def grain_of(nest: Nest) -> int:
    """How many elements are worth another thread."""
    return 1 << 16 if body_length(nest) <= 16 else 1 << 14


@dataclass
class Made:
    """A tensor of a group: the operand of the nest, and its sizes."""

    operand: Operand
    sizes: Sizes


@dataclass
class Memory:
    """A tensor or number that a nest reads or writes."""

    data: ll.Value
    sizes: Sizes = ()
    strides: tuple[ll.Value, ...] = ()


@dataclass
class Group:
    """A nest while it is made from nodes, and the memory that it reads."""

    region: Region
    rank: int
    known: dict[Value, Any]
    """What the inputs of the group are."""
    build: Builder = field(init=False)
    read: list[Memory] = field(default_factory=list)
    taken: set[Value] = field(default_factory=set)
    """Values that are inputs of the nest."""
    made: dict[Value, Made] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.build = Builder(self.rank)

    def value(self, value: Value) -> Any:
        """What a value of the group is outside of the nest."""
        if value in self.known:
            return self.known[value]
        return self.region.value(value)

    def take(self, value: Value) -> None:
        """Make a tensor or number that the nodes read an input of the nest."""
        is_constant = value.node.kind == "prim::Constant"
        if value in self.made or (is_constant and not T.is_tensor_like(value.type)):
            return
        found = self.value(value)
        if isinstance(found, Buffer):
            operand = self.build.input(found.dtype, found.rank)
            self.made[value] = Made(operand, found.sizes)
            self.taken.add(value)
            self.read.append(Memory(found.data, found.sizes, found.strides))
        elif isinstance(found, ll.Value) and found.type in NUMBERS:
            dtype, number = NUMBERS[found.type]
            operand = self.build.input(dtype, 0, number)
            self.made[value] = Made(operand, ())
            self.taken.add(value)
            self.read.append(Memory(self._in_memory(found, dtype)))

    def _in_memory(self, number: ll.Value, dtype: DType) -> ll.Value:
        b = self.region.b
        place = self.region.stack(ELEMENT[dtype])
        held = b.zext(number, ELEMENT[dtype]) if dtype is dtypes.bool_ else number
        b.store(held, place)
        return b.bitcast(place, POINTER)

    def argument(self, value: Value) -> Any:
        """An argument of an operator: an Operand or a Python value."""
        if value in self.made:
            return self.made[value].operand
        if value.node.kind == "prim::Constant":
            given = runtime_constant(value.node)
            is_float = value.type == T.FLOAT and isinstance(given, int)
            return float(given) if is_float else given
        found = self.value(value)
        if isinstance(found, Static):
            return found.value
        raise Declined(f"{value!r} is neither a tensor nor a number")

    def add(self, node: Node) -> None:
        """One more operator of the nest."""
        card = card_of(node)
        arguments = [self.argument(v) for v in node.inputs]
        check_values(card, arguments)
        operand = self.build.operator(card, arguments)
        tensors = [self.made[v] for v in node.inputs if v in self.made]
        sizes = self.broadcast(node, [t.sizes for t in tensors])
        self.made[node.output] = Made(operand, sizes)

    def broadcast(self, node: Node, operands: Sequence[Sizes]) -> Sizes:
        """The sizes that the operands of a node share; it fails where they do not."""
        region, b = self.region, self.region.b
        rank = max(map(len, operands), default=0)
        found: list[ll.Value] = []
        fits: ll.Value = I1(1)
        for d in range(rank):
            sizes = [s[d - rank] for s in operands if len(s) >= rank - d]
            # what a reduction has left is 1 for all that is known
            longer = [n for n in sizes if not _is_one(n)]
            sizes = longer or sizes
            common = sizes[0]
            for size in sizes[1:]:
                if size is common:
                    continue
                is_one = b.icmp_signed("==", common, I64(1))
                same = b.icmp_signed("==", common, size)
                one = b.icmp_signed("==", size, I64(1))
                fits = b.and_(fits, b.or_(same, b.or_(is_one, one)))
                common = b.select(is_one, size, common)
            found.append(common)
        region.fail_unless(fits, node, [self.stand_in(v) for v in node.inputs])
        return tuple(found)

    def whole(self, parts: Sequence[Sizes]) -> Sizes:
        """The sizes of the axes of the nest, of tensors that broadcast together."""
        b = self.region.b
        found: list[ll.Value] = [I64(1)] * self.rank
        for sizes in parts:
            for d, size in enumerate(sizes, self.rank - len(sizes)):
                if _is_one(found[d]) or _is_one(size):
                    found[d] = size if _is_one(found[d]) else found[d]
                    continue
                is_one = b.icmp_signed("==", found[d], I64(1))
                same = found[d] is size
                found[d] = size if same else b.select(is_one, size, found[d])
        return tuple(found)

    def stand_in(self, value: Value) -> Any:
        """An operand of a node as its reference kernel needs it to find wrong sizes.

        Results that are in registers only are shown as zeros of their sizes.
        """
        if value.node.kind == "prim::Constant":
            return Static(runtime_constant(value.node))
        if value.node.kind == "prim::ListConstruct" and value not in self.known:
            items = [v.node for v in value.node.inputs]
            if all(n.kind == "prim::Constant" for n in items):
                return Static([runtime_constant(n) for n in items])
        if value in self.taken or value not in self.made:
            return self.value(value)
        made = self.made[value]
        zeros = self.region.constant_data(np.zeros(16, np.uint8))
        none = (I64(0),) * len(made.sizes)
        dtype = made.operand.dtype
        return Buffer(dtype, zeros.data, made.sizes, none, zeros.owner)

    def run(
        self,
        nest: Nest,
        outputs: Sequence[Memory],
        sizes: Sizes,
        name: str = "nest",
        domain: Sizes = (),
    ) -> None:
        """Call the kernel of a nest, whose axes have these sizes.

        `domain` are the sizes of what is reduced, where the nest widens.
        """
        region, b = self.region, self.region.b
        kernel = region.kernel(_key(name, nest), _KERNEL, _emitter(nest))
        region.unit.nests.append(f"{nest}\n{cost_of(nest)}")
        operands = [*self.read, *outputs]
        pointers = [m.data for m in operands]
        strides = []
        for memory in operands:
            strides += [I64(0)] * (self.rank - len(memory.sizes))
            for size, stride in zip(memory.sizes, memory.strides, strict=True):
                single = b.icmp_signed("==", size, I64(1))
                strides.append(b.select(single, I64(0), stride))
        order = None
        if not nest.reduced:
            written = outputs[0]
            order = order_of(b, self.rank, [(written.sizes, written.strides)])
        total: ll.Value = I64(1)
        each: ll.Value = I64(1)
        for d, size in enumerate(sizes):
            if d in nest.reduced:
                each = b.mul(each, size)
            else:
                total = b.mul(total, size)
        grain: ll.Value = I64(grain_of(nest))
        tables = [self._table(I64, (*sizes, *domain)), self._table(I64, strides)]
        if order is not None:
            tables = self._turned(order, sizes, strides)
        if nest.reduced and is_whole(nest):
            words = ll.ArrayType(I64, MOST_PARTS * part_words(nest))
            memory = b.bitcast(region.stack(words), POINTER)
            captured = [self._table(POINTER, [*pointers, memory]), *tables]
            parts = B.ceil_div(b, each, part_size(b, each))
            region.parallel(parts, I64(1), kernel, captured)
            key = _key(f"{name}_end", nest)
            end = region.kernel(key, _KERNEL, _end_emitter(nest))
            b.call(end, [*captured, I64(0), parts])
            return
        if nest.reduced:
            least = B.larger(b, each, I64(1))
            grain = b.add(b.udiv(grain, least), I64(1))
            if self.rank - 1 not in nest.reduced:
                # narrow stripes of rows are slow to read
                grain = B.larger(b, grain, I64(COLUMNS))
        data = self._table(POINTER, pointers)
        region.parallel(total, grain, kernel, [data, *tables])

    def _turned(
        self, order: Order, sizes: Sizes, strides: Sequence[ll.Value]
    ) -> list[ll.Value]:
        """Tables of sizes and strides with the axes in an order: the walk follows it."""
        b, region, rank = self.region.b, self.region, self.rank
        places = order.places(b)
        tables = []
        for values in (sizes, strides):
            place = b.bitcast(
                region.stack(ll.ArrayType(I64, len(values))), I64.as_pointer()
            )
            for k, value in enumerate(values):
                start, d = divmod(k, rank)
                index = b.add(places[d], I64(start * rank))
                b.store(value, b.gep(place, [index], inbounds=True))
            tables.append(place)
        return tables

    def new(self, dtype: DType, sizes: Sizes) -> Buffer:
        """A new tensor, whose axes lie in memory as those of what the nest reads."""
        return self.in_order(self.region.allocate(dtype, sizes))

    def in_order(self, made: Buffer, gone: Sequence[int] = ()) -> Buffer:
        """The tensor with the strides of that order; its elements are not set yet.

        `gone` are axes of the nest that it does not have. Memory taken over from an
        operand has that operand's order: it is one of those read.
        """
        region, sizes, dtype = self.region, made.sizes, made.dtype
        rank = len(sizes)
        if rank < 2:
            return made
        read = []
        for m in self.read:
            first = self.rank - len(m.sizes)
            dims = [d for d in range(len(m.sizes)) if first + d not in gone][-rank:]
            if len(dims) > 1:
                read.append(([m.sizes[d] for d in dims], [m.strides[d] for d in dims]))
        order = order_of(region.b, rank, read)
        if order is None:
            return made
        steps = order.strides(region.b, dtype.itemsize, sizes)
        return dataclasses.replace(made, strides=steps)

    def _table(self, type: ll.Type, values: Sequence[ll.Value]) -> ll.Value:
        """Values one after the other in the frame of the region."""
        b = self.region.b
        place = self.region.stack(ll.ArrayType(type, max(len(values), 1)))
        for index, value in enumerate(values):
            b.store(value, b.gep(place, [I64(0), I64(index)], inbounds=True))
        return b.bitcast(place, type.as_pointer())


def _is_one(size: ll.Value) -> bool:
    return isinstance(size, ll.Constant) and size.constant == 1


_KERNEL = ll.FunctionType(
    ll.VoidType(),
    [POINTER.as_pointer(), I64.as_pointer(), I64.as_pointer(), I64, I64],
)
"""Kernels of nests take addresses, sizes, strides, and the range that they shall do."""


def _key(name: str, nest: Nest) -> str:
    """What the kernel of a nest depends on: all of the nest, and the cards' schemas."""
    cards = [str(s.card.schema) for s in nest.steps if isinstance(s, Step)]
    return "\n".join((name, repr(nest), *cards))


def _emitter(nest: Nest) -> Build:
    return lambda module, name: emit_nest(module, nest, name)


def _end_emitter(nest: Nest) -> Build:
    return lambda module, name: emit_end(module, nest, name)


def card_of(node: Node) -> type[Card]:
    """The card of a node that is an operator."""
    card = find_card(node.kind, node.overload)
    if card is None:
        raise Declined(f"`{node.full_name}` is no operator")
    return card


def check_values(card: type[Card], arguments: Sequence[Any]) -> None:
    """Declined where the values of operands may make a call raise."""
    operands = [a for a in arguments if isinstance(a, Operand)]
    numbers = [a for a in operands if a.number is not None]
    category = max((a.dtype.category for a in operands), default=BOOL)
    divides = getattr(card, "value_fault", None) is not None
    powers = card.schema.kind in ("aten::pow", "np::power", "aten::pow_", "np::power_")
    if (divides or powers) and category <= INTEGER:
        # the kernel looks at the divisor or exponent, and raises
        second = arguments[1]
        known = isinstance(second, bool | int | float)
        if issubclass(card, Ufunc) and not powers:
            known = True
        if not known or (divides and second == 0 and not issubclass(card, Ufunc)):
            raise Declined("integers: it raises for some values of the second operand")
    if not numbers:
        return
    if issubclass(card, Ufunc):
        if any(a.number == T.INT for a in numbers) and category < FLOATING:
            raise Declined("an int may not fit into the dtype of the array")
        return
    positions = card.positions() if issubclass(card, Pointwise) else ()
    others = [i for i, a in enumerate(arguments) if a in numbers and i not in positions]
    if getattr(card, "check", None) is not None and others:
        raise Declined("an argument that is checked is not a constant")


def rank_of(values: Sequence[Any]) -> int:
    """The largest rank of some tensors."""
    return max((v.rank for v in values if isinstance(v, Buffer)), default=0)


def group_of(
    region: Region,
    nodes: Sequence[Node],
    known: dict[Value, Any],
    *,
    least_rank: int = 0,
) -> Group:
    """A group that has taken what the nodes read, but not yet the nodes."""
    inside = {v for n in nodes if n.kind != "prim::Constant" for v in n.outputs}
    read: list[Value] = []
    for node in nodes:
        for v in node.inputs:
            kind = v.node.kind
            # a constant tensor is read as any other
            is_static = kind == "prim::ListConstruct" or (
                kind == "prim::Constant" and not T.is_tensor_like(v.type)
            )
            if v not in inside and v not in read and not is_static:
                read.append(v)
    found = [known[v] if v in known else region.value(v) for v in read]
    group = Group(region, max(rank_of(found), least_rank), known)
    for value in read:
        group.take(value)
    return group


def operators_of(node: Node) -> tuple[list[Node], dict[Value, Value], Sequence[Value]]:
    """The operators of a fusion group, its inputs, and the values that it gives."""
    graph = node.attributes["Subgraph"]
    static = ("prim::Constant", "prim::ListConstruct")
    nodes = [n for n in graph.block.nodes if n.kind not in static]
    inputs = dict(zip(graph.inputs, node.inputs, strict=True))
    return nodes, inputs, graph.outputs


def finish(
    group: Group, results: Sequence[Value], *, reuses: bool = False
) -> list[Buffer]:
    """Allocate the results of a group and run its nest.

    With `reuses` nothing reads what dies at the node after this nest: the first result
    may take over the memory of such an operand. Without results there is no nest: what
    the operators refuse has been checked.
    """
    if not results:
        return []
    made = [group.made[v] for v in results]
    nest = group.build.finish([m.operand for m in made])
    region = group.region
    buffers = [
        group.in_order(
            (allocate_over if reuses and m is made[0] else Region.allocate)(
                region, m.operand.dtype, m.sizes
            )
        )
        for m in made
    ]
    whole = group.whole([m.sizes for m in made])
    outputs = [Memory(x.data, x.sizes, x.strides) for x in buffers]
    group.run(nest, outputs, whole)
    return buffers


def _pointwise(region: Region, node: Node) -> Any:
    """One pointwise operator."""
    group = group_of(region, [node], {})
    group.add(node)
    return finish(group, [node.output], reuses=True)


def _inplace(region: Region, node: Node) -> Any:
    """The result of a pointwise operator, written into its first operand."""
    card: Any = card_of(node)
    pure: Any = card.pure
    if issubclass(card, Ufunc):
        pure = find_card(node.kind.removesuffix("_"), node.overload)
    group = group_of(region, [node], {})
    target = region.value(node.inputs[0])
    if not isinstance(target, Buffer):
        raise Declined("its first operand is not held as a tensor")
    arguments = [group.argument(v) for v in node.inputs]
    check_values(pure, arguments)
    check = getattr(pure, "check_inplace", None)
    if check is not None:
        try:
            check(target.dtype)
        except RuntimeError as e:
            raise Declined(str(e)) from None
    operand = group.build.operator(pure, arguments)
    fits_dtype = operand.dtype is target.dtype or can_cast(operand.dtype, target.dtype)
    if issubclass(card, Ufunc):
        fits_dtype = np.can_cast(operand.dtype.numpy, target.dtype.numpy, "same_kind")
        if target.rank == 0:
            raise Declined("a NumPy scalar is not written to")
    if not fits_dtype:
        raise Declined("the result does not fit into the dtype that is written")
    tensors = [group.made[v] for v in node.inputs if v in group.made]
    sizes = group.broadcast(node, [t.sizes for t in tensors])
    same_rank = len(sizes) == target.rank
    fits: ll.Value = I1(int(same_rank))
    if same_rank:
        for made, wanted in zip(sizes, target.sizes, strict=True):
            fits = region.b.and_(fits, region.b.icmp_signed("==", made, wanted))
    region.fail_unless(fits, node)
    if not same_rank:
        raise Declined("it always fails: the result has more dims than it can hold")
    nest = group.build.finish([operand], [target.dtype])
    write(group, nest, target)
    return target


def write(group: Group, nest: Nest, target: Buffer) -> None:
    """Run a nest whose output is memory that its inputs may overlap."""
    region, b = group.region, group.region.b
    region.unit.writes = True
    whole = (I64(1),) * (group.rank - target.rank) + target.sizes
    apart = _is_safe(group, target)
    with b.if_else(apart, likely=True) as (directly, through):
        with directly:
            group.run(nest, [Memory(target.data, target.sizes, target.strides)], whole)
        with through:
            count: ll.Value = I64(target.dtype.itemsize)
            strides: list[ll.Value] = []
            for size in reversed(target.sizes):
                strides.insert(0, count)
                count = b.mul(count, size)
            block = region.new_block(count)
            made = Buffer(target.dtype, block, target.sizes, tuple(strides), block)
            group.run(nest, [Memory(block, made.sizes, made.strides)], whole)
            copy_elements(region, made, target)
            region.release(made)


def _is_safe(group: Group, target: Buffer) -> ll.Value:
    """Whether no input shares memory with the target, but element for element."""
    b = group.region.b
    low, high = _extent(b, Memory(target.data, target.sizes, target.strides),
                        target.dtype.itemsize)  # fmt: skip
    safe: ll.Value = I1(1)
    for size, stride in zip(target.sizes, target.strides, strict=True):
        moves = b.icmp_signed("!=", stride, I64(0))
        safe = b.and_(safe, b.or_(moves, b.icmp_signed("<=", size, I64(1))))
    for memory, given in zip(group.read, group.build.inputs, strict=True):
        if memory.data is target.data and memory.strides == target.strides:
            continue
        first, last = _extent(b, memory, given.dtype.itemsize)
        before = b.icmp_unsigned("<=", last, low)
        behind = b.icmp_unsigned("<=", high, first)
        apart = b.or_(before, behind)
        if len(memory.sizes) == target.rank and given.dtype is target.dtype:
            same = b.icmp_unsigned(
                "==", b.ptrtoint(memory.data, I64), b.ptrtoint(target.data, I64)
            )
            for mine, its in zip(
                (*memory.sizes, *memory.strides),
                (*target.sizes, *target.strides),
                strict=True,
            ):
                same = b.and_(same, b.icmp_signed("==", mine, its))
            apart = b.or_(apart, same)
        safe = b.and_(safe, apart)
    return safe


def _extent(
    b: ll.IRBuilder, memory: Memory, itemsize: int
) -> tuple[ll.Value, ll.Value]:
    """The addresses of the first byte and after the last one."""
    low = high = b.ptrtoint(memory.data, I64)
    for size, stride in zip(memory.sizes, memory.strides, strict=True):
        reach = b.mul(b.sub(size, I64(1)), stride)
        back = b.icmp_signed("<", reach, I64(0))
        low = b.add(low, b.select(back, reach, I64(0)))
        high = b.add(high, b.select(back, I64(0), reach))
    return low, b.add(high, I64(itemsize))


@lowering("aten::div.Tensor_mode", "aten::div.Scalar_mode")
def divide_by_mode(region: Region, node: Node) -> Any:
    """The quotient, not rounded, rounded down or to zero."""
    mode = runtime_constant(node.inputs[2].node) if _is_constant(node.inputs[2]) else 0
    cards: dict[Any, type[Card]] = {
        None: divisions.div, "floor": divisions.floor_divide,
        "trunc": divisions.trunc_divide,
    }  # fmt: skip
    if mode not in cards:
        raise Declined("its rounding mode is not known")
    group = group_of(region, [node], {})
    arguments = [group.argument(v) for v in node.inputs[:2]]
    check_values(cards[mode], arguments)
    operand = group.build.operator(cards[mode], arguments)
    tensors = [group.made[v] for v in node.inputs if v in group.made]
    sizes = group.broadcast(node, [t.sizes for t in tensors])
    group.made[node.output] = Made(operand, sizes)
    return finish(group, [node.output], reuses=True)


def _is_constant(value: Value) -> bool:
    return value.node.kind == "prim::Constant"


def _register() -> None:
    """Lowerings for all cards with formulas, and for those that write in place."""
    for card in all_cards():
        pure = getattr(card, "pure", None)
        if card.schema.has_alias and pure is not None and pure.formula is not None:
            lowering(card.schema.name)(_inplace)
        elif card.formula is not None and issubclass(card, Pointwise | Ufunc):
            lowering(card.schema.name)(_pointwise)


_register()
