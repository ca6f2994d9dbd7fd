"""Lowerings that make tensors of numbers: filled, like others, from one number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.ir.graph import Node, Value
from jit.runtime.codegen.kinds import Declined, Items, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.numbers.scalars import as_float, intrinsic
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.tensors import elements
from jit.runtime.codegen.tensors.views import count_of, ints_of, tensor
from jit.runtime.codegen.values import ELEMENT, F64, I1, I8, I64, Buffer
from jit.runtime.ops.casting import as_dtype
from jit.runtime.promotion import get_default_dtype


def result_dtype(node: Node) -> DType:
    """The dtype of the one output; Declined if it is not known."""
    dtype = getattr(node.output.type, "dtype", None)
    if dtype is None or dtype not in ELEMENT:
        raise Declined("the dtype of the result is not known, or has no machine code")
    found: DType = dtype
    return found


def check_options(region: Region, values: Sequence[Value]) -> None:
    """Layout, device, pin_memory and memory_format are left to their defaults."""
    for value in values:
        found = region.value(value)
        plain = isinstance(found, Static) and str(found.value) in ("None", "cpu")
        false = isinstance(found, ll.Constant) and found.constant == 0
        if not plain and not false:
            raise Declined("it asks for a layout, a device or pinned memory")


def fill(region: Region, target: Buffer, value: ll.Value) -> None:
    """One number everywhere in a contiguous tensor of the region."""
    b = region.b
    count = count_of(region, target.sizes)
    size = target.dtype.itemsize
    if isinstance(value, ll.Constant) and _is_zero(value.constant):
        clear = region.module.declare_intrinsic("llvm.memset", [target.data.type, I64])
        b.call(clear, [target.data, I8(0), b.mul(count, I64(size)), I1(0)])
        return
    cell = region.stack(ELEMENT[target.dtype])
    elements.write_number(
        region, value, b.bitcast(cell, target.data.type), target.dtype
    )
    element = b.load(cell)
    start = b.bitcast(target.data, ELEMENT[target.dtype].as_pointer())
    with region.loop(I64(0), count) as i:
        b.store(element, b.gep(start, [i], inbounds=True))


def _is_zero(number: Any) -> bool:
    return number == 0 and math.copysign(1.0, number) > 0


def _filled(
    region: Region, node: Node, sizes: Sequence[ll.Value], value: ll.Value
) -> Buffer:
    made = region.allocate(result_dtype(node), sizes)
    fill(region, made, value)
    return made


def checked_sizes(region: Region, node: Node, value: Value) -> list[ll.Value]:
    b = region.b
    sizes = ints_of(region, value)
    holds: ll.Value = I1(1)
    for size in sizes:
        holds = b.and_(holds, b.icmp_signed(">=", size, I64(0)))
    region.fail_unless(holds, node)
    return sizes


def _constant(node: Node, value: int) -> ll.Value:
    if result_dtype(node).is_floating_point:
        return ll.Constant(F64, float(value))
    return I64(value)


# one number everywhere ------------------------------------------------------------------


def _sizes_like(region: Region, node: Node) -> Sequence[ll.Value]:
    return tensor(region, node.inputs[0]).sizes


def _sizes_at(index: int) -> Callable[[Region, Node], Sequence[ll.Value]]:
    return lambda region, node: checked_sizes(region, node, node.inputs[index])


_FILLED: list[tuple[str, Callable[[Region, Node], Sequence[ll.Value]], int, bool]] = [
    ("aten::{}", _sizes_at(0), 1, True),
    ("aten::{}_like", _sizes_like, 1, True),
    ("aten::new_{}", _sizes_at(1), 2, True),
    ("np::{}", _sizes_at(0), 1, False),
    ("np::{}_like", _sizes_like, 1, False),
]
"""Names, where the sizes come from, where the number of `full` stands, and whether
layout, device and so on follow it and the dtype."""

_NUMBERS = {"zeros": 0, "empty": 0, "ones": 1, "full": None}
"""What is written everywhere; the reference gives zeros for `empty` as well."""

_ROUNDED_BY_TYPE = ("aten::full", "aten::full_like")
"""Of these the number is stored as a conversion gives it, whether it fits or not."""


def _declare_filled(
    name: str,
    sizes_of: Callable[[Region, Node], Sequence[ll.Value]],
    number: int | None,
    place: int,
    has_options: bool,
) -> None:
    """A tensor of one number: a constant, or the input at a place."""
    options = place + (1 if number is not None else 2)

    @lowering(name)
    def lower(region: Region, node: Node) -> Any:
        if has_options:
            check_options(region, node.inputs[options:])
        if number is not None:
            value = _constant(node, number)
        else:
            value = region.number(node.inputs[place])
            if name not in _ROUNDED_BY_TYPE:
                value = _exact(result_dtype(node), value)
        return _filled(region, node, sizes_of(region, node), value)


for _pattern, _sizes_of, _place, _has_options in _FILLED:
    for _kind, _number in _NUMBERS.items():
        _name = _pattern.format(_kind)
        if _name == "aten::empty":
            _name = "aten::empty.memory_format"
        _declare_filled(_name, _sizes_of, _number, _place, _has_options)


@lowering("aten::empty_strided", "aten::new_empty_strided")
def empty_strided(region: Region, node: Node) -> Buffer:
    """Zeros that lie in memory as told."""
    b, new = region.b, int("new" in node.kind)
    given = [ints_of(region, v) for v in node.inputs[new : new + 2]]
    sizes, steps = given
    check_options(region, node.inputs[new + 3 :])
    if len(sizes) != len(steps):
        raise Declined("it always fails: there are more or fewer strides than sizes")
    holds: ll.Value = I1(1)
    for number in (*sizes, *steps):
        holds = b.and_(holds, b.icmp_signed(">=", number, I64(0)))
    region.fail_unless(holds, node)
    reach, is_over, is_empty = I64(1), I1(0), I1(0)
    for size, step in zip(sizes, steps, strict=True):
        far = b.smul_with_overflow(b.sub(size, I64(1)), step)
        sum_ = b.sadd_with_overflow(reach, b.extract_value(far, 0))
        over = b.or_(b.extract_value(far, 1), b.extract_value(sum_, 1))
        is_over, reach = b.or_(is_over, over), b.extract_value(sum_, 0)
        is_empty = b.or_(is_empty, b.icmp_signed("==", size, I64(0)))
    region.need_room(b.or_(is_empty, b.not_(is_over)))
    dtype = result_dtype(node)
    made = region.allocate(dtype, [b.select(is_empty, I64(0), reach)])
    fill(region, made, _constant(node, 0))
    strides = tuple(b.mul(step, I64(dtype.itemsize)) for step in steps)
    return Buffer(dtype, made.data, tuple(sizes), strides, made.owner)


@lowering("prim::NumToTensor")
def num_to_tensor(region: Region, node: Node) -> Any:
    """A 0-dim tensor of a number."""
    return _filled(region, node, [], region.number(node.inputs[0]))


# from numbers ---------------------------------------------------------------------------


def _exact(dtype: DType, value: ll.Value) -> ll.Value:
    """A number that a dtype holds as the reference would."""
    if dtype.is_floating_point or dtype.name == "bool" or value.type == I1:
        return value
    if value.type == I64 and dtype.itemsize == 8:
        return value
    if isinstance(value, ll.Constant) and -128 <= value.constant < 128:
        return value
    raise Declined(f"the number may not fit into {dtype.name}")


@lowering(
    "aten::scalar_tensor", "aten::tensor.float", "aten::tensor.int", "aten::tensor.bool"
)
def scalar_tensor(region: Region, node: Node) -> Any:
    """A 0-dim tensor of a number."""
    options = (
        node.inputs[2:] if node.kind == "aten::scalar_tensor" else node.inputs[2:3]
    )
    check_options(region, options)
    _check_gradient(region, node)
    value = region.number(node.inputs[0])
    return _filled(region, node, [], _exact(result_dtype(node), value))


def _check_gradient(region: Region, node: Node) -> None:
    if node.kind == "aten::tensor":
        wanted = region.value(node.inputs[3])
        if not isinstance(wanted, ll.Constant) or wanted.constant:
            raise Declined("the tensor asks for a gradient")


@lowering("aten::tensor")
def tensor_of_list(region: Region, node: Node) -> Any:
    """A tensor of a list of numbers."""
    check_options(region, node.inputs[2:3])
    _check_gradient(region, node)
    found = region.value(node.inputs[0])
    if not isinstance(found, Items) or not all(
        isinstance(item, ll.Value) for item in found.items
    ):
        raise Declined("the length of the list is not known, or it holds lists")
    dtype = _dtype_of_items(region, node, found)
    made = region.allocate(dtype, [I64(len(found.items))])
    for index, item in enumerate(found.items):
        place = region.b.gep(made.data, [I64(index * dtype.itemsize)])
        elements.write_number(region, _exact(dtype, item), place, dtype)
    return made


_NATURAL: dict[T.Type, DType] = {T.INT: dtypes.int64, T.BOOL: dtypes.bool_}


def _dtype_of_items(region: Region, node: Node, items: Items) -> DType:
    """The dtype that is asked for, or that of the numbers."""
    wanted = region.value(node.inputs[1])
    if isinstance(wanted, Static) and wanted.value is not None:
        made: DType = as_dtype(wanted.value)
        return made
    return _NATURAL.get(items.type) or get_default_dtype()


# ranges ---------------------------------------------------------------------------------


def _write_each(region: Region, target: Buffer, number: Any) -> None:
    """`number(i)` in place i of a contiguous tensor."""
    size = target.dtype.itemsize
    with region.loop(I64(0), count_of(region, target.sizes)) as i:
        place = region.b.gep(target.data, [region.b.mul(i, I64(size))])
        elements.write_number(region, number(i), place, target.dtype)


@lowering("aten::arange", "aten::arange.start", "aten::arange.start_step")
def arange(region: Region, node: Node) -> Any:
    """Whole numbers from a start before an end, some steps apart."""
    b = region.b
    count = {"": 1, "start": 2, "start_step": 3}[node.overload]
    check_options(region, node.inputs[count + 1 :])
    given = region.numbers_of(node.inputs[:count])
    dtype = result_dtype(node)
    if not all(x.type == I64 for x in given) or dtype.is_floating_point:
        return _float_range(region, node, given)
    start, end, step = (*_with_defaults(given),)
    down = b.icmp_signed("<", step, I64(0))
    first, last = b.select(down, end, start), b.select(down, start, end)
    holds = b.icmp_signed("!=", step, I64(0))
    fits = b.ssub_with_overflow(last, first)
    distance = b.extract_value(fits, 0)
    holds = b.and_(holds, b.not_(b.extract_value(fits, 1)))
    region.fail_unless(b.and_(holds, b.icmp_signed(">=", distance, I64(0))), node)
    size = b.select(down, b.sub(I64(0), step), step)
    some = b.icmp_signed(">", distance, I64(0))
    steps = b.add(b.udiv(b.sub(distance, I64(1)), size), I64(1))
    made = region.allocate(dtype, [b.select(some, steps, I64(0))])
    _write_each(region, made, lambda i: b.add(start, b.mul(i, step)))
    return made


def _with_defaults(given: Sequence[ll.Value]) -> list[ll.Value]:
    """Start, end and step."""
    if len(given) == 1:
        return [I64(0), given[0], I64(1)]
    return [*given, I64(1)][:3]


def _float_range(region: Region, node: Node, given: Sequence[ll.Value]) -> Buffer:
    """The numbers are computed as floats, the last by their place, not by adding."""
    b = region.b
    dtype = result_dtype(node)
    if not dtype.is_floating_point:
        raise Declined("a range of ints with limits that are floats")
    if all(x.type == I64 for x in given):
        start, end, step = _with_defaults(given)
        for x in (start, end, step):
            _check_exact(region, node, x)
    else:
        start, end, step = _with_defaults(given)
    start, end, step = (as_float(region, x) for x in (start, end, step))
    zero = ll.Constant(F64, 0.0)
    distance = b.fsub(end, start)
    holds = b.fcmp_ordered("!=", step, zero)
    holds = b.and_(holds, b.fcmp_ordered(">=", b.fmul(distance, step), zero))
    quotient = intrinsic(region, "llvm.ceil", b.fdiv(distance, step))
    holds = b.and_(holds, b.fcmp_ordered("<", quotient, ll.Constant(F64, 2.0**53)))
    region.fail_unless(holds, node)
    made = region.allocate(dtype, [b.fptosi(quotient, I64)])

    def number(i: ll.Value) -> ll.Value:
        return b.fadd(start, b.fmul(b.sitofp(i, F64), step))

    _write_each(region, made, number)
    return made


def _check_exact(region: Region, node: Node, x: ll.Value) -> None:
    """An int that is a float exactly."""
    moved = region.b.add(x, I64(2**53))
    region.fail_unless(region.b.icmp_unsigned("<=", moved, I64(2**54)), node)


@lowering("aten::eye", "aten::eye.m")
def eye(region: Region, node: Node) -> Any:
    """Ones on the diagonal of a matrix of zeros."""
    b = region.b
    count = 2 if node.overload == "m" else 1
    check_options(region, node.inputs[count + 1 :])
    sizes = region.numbers_of(node.inputs[:count])
    sizes = [*sizes, *sizes][:2]
    holds = b.and_(*(b.icmp_signed(">=", n, I64(0)) for n in sizes))
    region.fail_unless(holds, node)
    made = _filled(region, node, sizes, _constant(node, 0))
    shorter = b.select(b.icmp_signed("<", *sizes), *sizes)
    step = b.add(*made.strides)
    with region.loop(I64(0), shorter) as i:
        place = b.gep(made.data, [b.mul(i, step)])
        elements.write_number(region, _constant(node, 1), place, made.dtype)
    return made


@lowering("aten::linspace")
def linspace(region: Region, node: Node) -> Any:
    """Evenly spaced from both ends, so that the last is exactly the end."""
    b = region.b
    check_options(region, node.inputs[4:])
    dtype = result_dtype(node)
    if dtype.name not in ("float32", "float64"):
        raise Declined(f"numbers of {dtype.name} evenly spaced")
    kind = ELEMENT[dtype]
    start, end, steps = region.numbers_of(node.inputs[:3])
    region.fail_unless(b.icmp_signed(">=", steps, I64(0)), node)

    def work(x: ll.Value) -> ll.Value:
        wide = as_float(region, x)
        return wide if kind == F64 else b.fptrunc(wide, kind)

    def whole(x: ll.Value) -> ll.Value:
        return b.sitofp(x, kind)

    first, last = work(start), work(end)
    more = b.sub(steps, I64(1))
    some = b.select(b.icmp_signed(">", more, I64(1)), more, I64(1))
    step = b.fdiv(b.fsub(last, first), whole(some))
    middle = b.sdiv(steps, I64(2))
    made = region.allocate(dtype, [steps])
    alone = b.icmp_signed("==", steps, I64(1))
    with region.loop(I64(0), steps) as i:
        up = b.fadd(first, b.fmul(step, whole(i)))
        down = b.fsub(last, b.fmul(step, whole(b.sub(more, i))))
        from_start = b.or_(alone, b.icmp_signed("<", i, middle))
        place = b.gep(made.data, [b.mul(i, I64(dtype.itemsize))])
        value = b.select(alone, first, b.select(from_start, up, down))
        b.store(value, b.bitcast(place, kind.as_pointer()))
    return made


# names of NumPy ---------------------------------------------------------------------------


@lowering("np::arange", "np::arange.start")
def np_arange(region: Region, node: Node) -> Any:
    """Whole numbers from a start before an end, some steps apart."""
    b = region.b
    given = region.numbers_of(node.inputs[: 1 if node.overload == "" else 3])
    dtype = result_dtype(node)
    if not all(x.type == I64 for x in given) or dtype.is_floating_point:
        raise Declined("a range that is not of ints")
    start, end, step = _with_defaults(given)
    if not isinstance(step, ll.Constant) or step.constant <= 0:
        raise Declined("the step is no positive constant")
    fits = b.ssub_with_overflow(end, start)
    region.fail_unless(b.not_(b.extract_value(fits, 1)), node)
    distance = b.extract_value(fits, 0)
    some = b.icmp_signed(">", distance, I64(0))
    steps = b.add(b.udiv(b.sub(distance, I64(1)), step), I64(1))
    made = region.allocate(dtype, [b.select(some, steps, I64(0))])
    _write_each(region, made, lambda i: b.add(start, b.mul(i, step)))
    return made
