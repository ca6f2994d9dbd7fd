"""Lowerings that draw random numbers: the same as those of the interpreter.

`jit.runtime.random` says how a number follows from the seed and its place. A region takes
as many blocks of the generator as it needs, then all threads compute, eight blocks in
vectors at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING, DType
from jit.ir.graph import Node, Value
from jit.runtime.codegen import building as B
from jit.runtime.codegen.kinds import Declined, Static
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.making.kernels import Build
from jit.runtime.codegen.nests.casts import tensor_at
from jit.runtime.codegen.nests.choices import choose
from jit.runtime.codegen.nests.emit_nest import (
    entry_alloca,
    kernel_builder,
    kernel_type,
    new_kernel,
)
from jit.runtime.codegen.nests.gathers import table_of
from jit.runtime.codegen.nests.ordering import Order, Wanted, ordered
from jit.runtime.codegen.nests.pointwise import Group, Memory
from jit.runtime.codegen.nests.vocabulary import LlvmVocabulary
from jit.runtime.codegen.region import VOID, Region
from jit.runtime.codegen.tensors.creation import (
    check_options,
    checked_sizes,
    result_dtype,
)
from jit.runtime.codegen.tensors.views import count_of
from jit.runtime.codegen.values import ELEMENT, F32, F64, I1, I32, I64, POINTER, Buffer
from jit.runtime.ops.pointwise_family import compute_dtype
from jit.runtime.random import FACTORS, KEY_STEPS, ROUNDS

Words = Sequence[ll.Value]
BLOCKS = 8
"""Blocks of four words that are made at a time."""
GRAIN = 1 << 11
"""So many of these are worth another thread."""
_LOW = (1 << 32) - 1
_BITS = {dtypes.float16: 11, dtypes.bfloat16: 8, dtypes.float32: 24}


@dataclass(frozen=True)
class Draw:
    """What a kernel makes of words: `uniform` numbers, `keys` that are integers, or what
    `normal` numbers are made of, in two tensors."""

    kind: str
    dtype: DType

    @property
    def words(self) -> int:
        """Words of an element."""
        return 1 if self.kind == "uniform" and self.dtype in _BITS else 2

    @property
    def each(self) -> int:
        """Elements that are made at a time."""
        return 4 * BLOCKS // self.words

    @property
    def results(self) -> int:
        return 2 if self.kind == "normal" else 1


class _Emitter:
    """Emits the kernel: `(data, words, …, begin, end)`; the words are seed, first block
    and the number of elements, the span counts vectors."""

    def __init__(self, module: ll.Module, name: str, draw: Draw) -> None:
        self.function = new_kernel(module, name)
        self.b = kernel_builder(self.function)
        self.draw = draw

    def emit(self) -> ll.Function:
        b, draw = self.b, self.draw
        data, given, _, begin, end = self.function.args
        pointers = [b.load(b.gep(data, [I64(k)])) for k in range(draw.results)]
        seed, start, count = (b.load(b.gep(given, [I64(k)])) for k in range(3))
        item = draw.dtype.itemsize
        room = b.bitcast(entry_alloca(b, I64, draw.each), POINTER)
        copy = b.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, I64])
        with B.loop(b, begin, end) as turn:
            first = b.mul(turn, I64(draw.each))
            words = self._words(seed, b.add(start, b.mul(turn, I64(BLOCKS))))
            left = b.sub(count, first)
            is_part = b.icmp_signed("<", left, I64(draw.each))
            for pointer, made in zip(pointers, self._made(words), strict=True):
                to = B.at(b, pointer, b.mul(first, I64(item)))
                B.store(b, made, b.select(is_part, room, to), item)
                with b.if_then(is_part):
                    b.call(copy, [to, room, b.mul(left, I64(item)), I1(0)])
        b.ret_void()
        return self.function

    def _words(self, seed: ll.Value, first: ll.Value) -> ll.Value:
        """The words of some blocks, in order."""
        b, kind = self.b, ll.VectorType(I64, BLOCKS)

        def every(value: int) -> ll.Constant:
            return ll.Constant(kind, [value] * BLOCKS)

        low, half = every(_LOW), every(32)
        counter = B.splat(b, first, BLOCKS)
        counter = b.add(counter, ll.Constant(kind, list(range(BLOCKS))))
        counters = [b.and_(counter, low), b.lshr(counter, half), every(0), every(0)]
        keys = [b.and_(seed, I64(_LOW)), b.lshr(seed, I64(32))]
        for _ in range(ROUNDS):
            products = [
                b.mul(counters[2 * i], every(factor))
                for i, factor in enumerate(FACTORS)
            ]
            mixed = [
                b.xor(
                    b.xor(b.lshr(products[1 - i], half), counters[2 * i + 1]),
                    B.splat(b, keys[i], BLOCKS),
                )
                for i in range(2)
            ]
            counters = [
                mixed[0], b.and_(products[1], low), mixed[1], b.and_(products[0], low),
            ]  # fmt: skip
            keys = [
                b.and_(b.add(key, I64(step)), I64(_LOW))
                for key, step in zip(keys, KEY_STEPS, strict=True)
            ]
        narrow = [b.trunc(c, ll.VectorType(I32, BLOCKS)) for c in counters]
        pairs = [
            B.shuffle(
                b, x, y, [i + BLOCKS * k for i in range(BLOCKS) for k in range(2)]
            )
            for x, y in (narrow[:2], narrow[2:])
        ]
        order = [
            2 * i + k + 2 * BLOCKS * pair
            for i in range(BLOCKS) for pair in range(2) for k in range(2)
        ]  # fmt: skip
        return B.shuffle(b, pairs[0], pairs[1], order)

    def _made(self, words: ll.Value) -> list[ll.Value]:
        """The elements of words, as memory holds them."""
        b, draw = self.b, self.draw
        if draw.words == 1:
            return [self._short(words)]
        wide = ll.VectorType(I64, draw.each)
        first, second = (
            b.zext(B.shuffle(b, words, words, range(k, 2 * draw.each, 2)), wide)
            for k in range(2)
        )

        def every(value: float, kind: ll.Type = F64) -> ll.Constant:
            vector = ll.VectorType(kind, draw.each)
            return ll.Constant(vector, [value] * draw.each)

        def real(x: ll.Value) -> ll.Value:
            return b.sitofp(x, ll.VectorType(F64, draw.each))

        if draw.kind == "keys":
            # the order of numbers with a sign is that of those without
            joined = b.or_(b.shl(first, every(32, I64)), second)
            return [b.xor(joined, every(1 << 63, I64))]
        if draw.kind == "uniform":
            high = b.shl(first, every(21, I64))
            joined = b.xor(high, b.lshr(second, every(11, I64)))
            return [b.fmul(real(joined), every(2.0**-53))]
        size = b.fmul(b.fadd(real(first), every(1.0)), every(2.0**-32))
        angle = b.fmul(real(second), every(2.0 * math.pi))
        return [size, b.fmul(angle, every(2.0**-32))]

    def _short(self, words: ll.Value) -> ll.Value:
        b, draw = self.b, self.draw
        bits = _BITS[draw.dtype]
        shift = ll.Constant(words.type, [32 - bits] * draw.each)
        kind = ll.VectorType(F32, draw.each)
        unit = b.sitofp(b.lshr(words, shift), kind)
        unit = b.fmul(unit, ll.Constant(kind, [2.0**-bits] * draw.each))
        m = LlvmVocabulary(b, draw.each)
        return m.stored(m.element(unit, dtypes.float32), draw.dtype)


def _emitter(draw: Draw) -> Build:
    return lambda module, name: _Emitter(module, name, draw).emit()


def drawn(
    region: Region, draw: Draw, sizes: Words, wanted: ll.Value | None = None
) -> list[Buffer]:
    """New tensors of random numbers; the generator moves on if they are wanted."""
    b = region.b
    count = count_of(region, sizes)
    made = [region.allocate(draw.dtype, sizes) for _ in range(draw.results)]
    blocks = B.ceil_div(b, b.mul(count, I64(draw.words)), 4)
    state = region.stack(ll.ArrayType(I64, 2))
    if wanted is not None:
        blocks = b.select(wanted, blocks, I64(0))
    region.host("take_random", VOID, [blocks, b.bitcast(state, POINTER)])
    words = [b.load(b.gep(state, [I64(0), I64(k)])) for k in range(2)]
    kernel = region.kernel(f"draw {draw!r}", kernel_type(), _emitter(draw))
    tables = [
        table_of(region, POINTER, [m.data for m in made]),
        *[table_of(region, I64, [*words, count])] * 2,
    ]
    turns = B.ceil_div(b, count, draw.each)
    region.parallel(turns, I64(GRAIN), kernel, tables)
    return made


def _uniform(region: Region, dtype: DType, sizes: Words) -> Buffer:
    if dtype not in _BITS and dtype is not dtypes.float64:
        raise Declined(f"it always fails: {dtype.name}")
    return drawn(region, Draw("uniform", dtype), sizes)[0]


def _normal(region: Region, dtype: DType, sizes: Words) -> Buffer:
    """By Box and Muller, in float64."""
    if dtype.category != FLOATING:
        raise Declined(f"it always fails: {dtype.name}")
    pair = drawn(region, Draw("normal", dtypes.float64), sizes)
    group = Group(region, len(sizes), {})
    build = group.build
    for part in pair:
        group.read.append(Memory(part.data, part.sizes, part.strides))
    size, angle = (build.input(dtypes.float64, len(sizes)) for _ in pair)

    def apply(name: str, *operands: Any) -> Any:
        return build.apply(name, operands, dtypes.float64)

    far = apply("aten::mul.Scalar", apply("aten::log", size), -2.0)
    made = apply(
        "aten::mul.Tensor", apply("aten::sqrt", far), apply("aten::cos", angle)
    )
    buffer = region.allocate(dtype, sizes)
    nest = build.finish([made], [dtype])
    outputs = [Memory(buffer.data, buffer.sizes, buffer.strides)]
    group.run(nest, outputs, group.whole([buffer.sizes]))
    return buffer


_DRAWN = {"rand": _uniform, "randn": _normal}


def _default_generator(region: Region, node: Node) -> list[Value]:
    """The inputs but for the generator, which has to be the default one."""
    if "generator" not in node.overload:
        return list(node.inputs)
    found = region.value(node.inputs[1])
    if not isinstance(found, Static) or found.value is not None:
        raise Declined("it draws from a generator that is given")
    return [node.inputs[0], *node.inputs[2:]]


@lowering(*(f"aten::{n}{o}" for n in _DRAWN for o in ("", ".generator")))
def rand(region: Region, node: Node) -> Buffer:
    """Random numbers, uniform or normal."""
    size, _, *options = _default_generator(region, node)
    check_options(region, options)
    sizes = checked_sizes(region, node, size)
    return _DRAWN[node.kind.removeprefix("aten::")](region, result_dtype(node), sizes)


@lowering(*(f"aten::{n}_like{o}" for n in _DRAWN for o in ("", ".generator")))
def rand_like(region: Region, node: Node) -> Buffer:
    """The same with the sizes of a tensor."""
    like, _, *options = _default_generator(region, node)
    check_options(region, options)
    name = node.kind.removeprefix("aten::").removesuffix("_like")
    return _DRAWN[name](region, result_dtype(node), tensor_at(region, like).sizes)


@lowering("aten::randperm", "aten::randperm.generator")
def randperm(region: Region, node: Node) -> Buffer:
    """The numbers from 0 on in a random order: that of random keys."""
    number, _, *options = _default_generator(region, node)
    check_options(region, options)
    if result_dtype(node) is not dtypes.int64:
        raise Declined("its result is not of int64")
    count = region.number(number)
    region.fail_unless(region.b.icmp_signed(">=", count, I64(0)), node)
    (keys,) = drawn(region, Draw("keys", dtypes.int64), [count])
    order = Order(dtypes.int64, 1, False, False, True)
    return ordered(region, keys, 0, order, Wanted(count, I64(0)))[0]


# dropout ------------------------------------------------------------------------------


def _kept(region: Region, node: Node) -> list[Buffer]:
    """A tensor without the elements that are dropped, and which are kept.

    Where nothing is left to chance the generator stays as it is, and the numbers drawn
    are compared with one that is below, or above, all of them.
    """
    b, x = region.b, tensor_at(region, node.inputs[0])
    if x.dtype.category != FLOATING:
        raise Declined("it takes floats")
    share, train = region.number(node.inputs[1]), _training(region, node.inputs[2])
    zero, one = (ll.Constant(F64, v) for v in (0.0, 1.0))
    fits = b.fcmp_ordered(">=", share, zero)
    region.fail_unless(b.and_(fits, b.fcmp_ordered("<=", share, one)), node)
    train = b.and_(train, b.fcmp_ordered("!=", share, zero))
    by_chance = b.and_(train, b.fcmp_ordered("!=", share, one))
    limit = b.select(by_chance, share, b.select(train, ll.Constant(F64, 2.0), zero))
    rest = b.select(by_chance, b.fsub(one, share), one)
    (chance,) = drawn(region, Draw("uniform", dtypes.float32), x.sizes, by_chance)
    compute = compute_dtype(x.dtype)
    group = Group(region, x.rank, {})
    given = []
    for dtype, data, strides in (
        (x.dtype, x.data, x.strides),
        (dtypes.float32, chance.data, chance.strides),
        (dtypes.float32, _cell(region, limit, F32), (I64(0),) * x.rank),
        (compute, _cell(region, b.fdiv(one, rest), ELEMENT[compute]),
         (I64(0),) * x.rank),
    ):  # fmt: skip
        group.read.append(Memory(data, x.sizes, tuple(strides)))
        given.append(group.build.input(dtype, x.rank))
    element, drawn_, least, factor = given
    build, wide = group.build, dtypes.float32
    kept = build.apply("aten::ge.Tensor", [drawn_, least], wide, dtypes.bool_)
    scaled = build.apply("aten::mul.Tensor", [element, factor], compute)
    made = choose(group, kept, scaled, 0.0, compute)
    results = [region.allocate(d, x.sizes) for d in (x.dtype, dtypes.bool_)]
    nest = build.finish([made, kept], [r.dtype for r in results])
    outputs = [Memory(r.data, r.sizes, r.strides) for r in results]
    group.run(nest, outputs, group.whole([x.sizes]))
    return results


def _training(region: Region, value: Value) -> ll.Value:
    found = region.value(value)
    if isinstance(found, Static) and found.value is None:
        return I1(1)
    return region.number(value)


def _cell(region: Region, number: ll.Value, kind: ll.Type) -> ll.Value:
    """A float64 in memory, as a number of some type."""
    b = region.b
    cell = region.stack(kind)
    b.store(number if kind == F64 else b.fptrunc(number, kind), cell)
    return b.bitcast(cell, POINTER)


@lowering("aten::native_dropout")
def native_dropout(region: Region, node: Node) -> list[Buffer]:
    """Elements set to zero at random, and which are kept."""
    return _kept(region, node)


@lowering("aten::dropout")
def dropout(region: Region, node: Node) -> Buffer:
    """Elements set to zero at random."""
    return _kept(region, node)[0]
