"""Small steps that generated kernels are made of: loops, memory by bytes, vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import llvmlite.ir as ll

from jit.runtime.codegen.values import I1, I32, I64, POINTER

Values = list[ll.Value]


def index(value: int) -> ll.Constant:
    """A constant of the type of sizes and strides."""
    return ll.Constant(I64, value)


def new_function(
    module: ll.Module, name: str, arguments: Sequence[tuple[str, ll.Type]],
    result: ll.Type | None = None, *, internal: bool = True,
) -> tuple[ll.IRBuilder, dict[str, ll.Value]]:  # fmt: skip
    """A function with named arguments, and a builder at its start."""
    types = [t for _, t in arguments]
    kind = ll.FunctionType(ll.VoidType() if result is None else result, types)
    function = ll.Function(module, kind, name)
    if internal:
        function.linkage = "internal"
    function.attributes.add("nounwind")
    # the loops here are as they should be: LLVM would unroll and copy them at length
    function.attributes.add("optsize")
    named = {}
    for value, (text, _) in zip(function.args, arguments, strict=True):
        value.name = text
        named[text] = value
    return ll.IRBuilder(function.append_basic_block("entry")), named


def carried_loop(
    b: ll.IRBuilder,
    start: ll.Value,
    end: ll.Value,
    step: ll.Value,
    carried: Sequence[ll.Value],
    body: Callable[[ll.Value, Values], Values],
) -> Values:
    """Count from `start` below `end`; `body` gives the next carried values.

    The values of the last turn come back, the first ones if there was none.
    """
    before = b.block
    head, inside, after = (
        b.function.append_basic_block(n) for n in ("loop", "body", "after")
    )
    b.branch(head)
    b.position_at_end(head)
    counter = b.phi(I64)
    counter.add_incoming(start, before)
    values = []
    for first in carried:
        value = b.phi(first.type)
        value.add_incoming(first, before)
        values.append(value)
    b.cbranch(b.icmp_signed("<", counter, end), inside, after)
    b.position_at_end(inside)
    results = body(counter, values)
    counter.add_incoming(b.add(counter, step, flags=["nsw"]), b.block)
    for value, result in zip(values, results, strict=True):
        value.add_incoming(result, b.block)
    b.branch(head)
    b.position_at_end(after)
    return values


@contextmanager
def loop(
    b: ll.IRBuilder, start: ll.Value, end: ll.Value, step: ll.Value | int = 1
) -> Iterator[ll.Value]:
    """A counting loop around what is built in the `with` statement."""
    step = index(step) if isinstance(step, int) else step
    before = b.block
    head, inside, after = (
        b.function.append_basic_block(n) for n in ("loop", "body", "after")
    )
    b.branch(head)
    b.position_at_end(head)
    counter = b.phi(I64)
    counter.add_incoming(start, before)
    b.cbranch(b.icmp_signed("<", counter, end), inside, after)
    b.position_at_end(inside)
    yield counter
    counter.add_incoming(b.add(counter, step, flags=["nsw"]), b.block)
    b.branch(head)
    b.position_at_end(after)


def smaller(b: ll.IRBuilder, x: ll.Value, y: ll.Value) -> ll.Value:
    """The smaller of two sizes."""
    return b.select(b.icmp_signed("<", x, y), x, y)


def larger(b: ll.IRBuilder, x: ll.Value, y: ll.Value) -> ll.Value:
    """The larger of two sizes."""
    return b.select(b.icmp_signed(">", x, y), x, y)


def ceil_div(b: ll.IRBuilder, x: ll.Value, y: ll.Value | int) -> ll.Value:
    """`x / y` rounded up, for sizes that are not negative."""
    y = index(y) if isinstance(y, int) else y
    return b.udiv(b.add(x, b.sub(y, index(1))), y)


def at(b: ll.IRBuilder, pointer: ll.Value, *offsets: ll.Value | int) -> ll.Value:
    """A pointer moved by bytes."""
    for offset in offsets:
        move = index(offset) if isinstance(offset, int) else offset
        pointer = b.gep(pointer, [move])
    return pointer


def load(
    b: ll.IRBuilder, pointer: ll.Value, type: ll.Type, align: int | None = None
) -> ll.Value:
    """A value in memory; the alignment is that of its type unless given."""
    return b.load(b.bitcast(pointer, type.as_pointer()), align=align)


def store(
    b: ll.IRBuilder, value: ll.Value, pointer: ll.Value, align: int | None = None
) -> None:
    """Write a value to memory."""
    b.store(value, b.bitcast(pointer, value.type.as_pointer()), align=align)


def _intrinsic(b: ll.IRBuilder, name: str, type: ll.FunctionType) -> ll.Function:
    found = b.module.globals.get(name)
    return found if found is not None else ll.Function(b.module, type, name)


def short_name(type: ll.Type) -> str:
    """How LLVM calls a type in the names of intrinsics: `v16f32`."""
    if isinstance(type, ll.VectorType):
        return f"v{type.count}{short_name(type.element)}"
    if isinstance(type, ll.IntType):
        return f"i{type.width}"
    return {"half": "f16", "float": "f32", "double": "f64"}[str(type)]


def masked_load(
    b: ll.IRBuilder, pointer: ll.Value, mask: ll.Value, type: ll.VectorType, align: int
) -> ll.Value:
    """The lanes of `mask` from memory, zeros in the others; these are not read."""
    name = f"llvm.masked.load.{short_name(type)}.p0"
    kind = ll.FunctionType(type, [POINTER, I32, mask.type, type])
    zero = ll.Constant(type, None)
    return b.call(_intrinsic(b, name, kind), [pointer, I32(align), mask, zero])


def masked_store(
    b: ll.IRBuilder, value: ll.Value, pointer: ll.Value, mask: ll.Value, align: int
) -> None:
    """Write the lanes of `mask`."""
    name = f"llvm.masked.store.{short_name(value.type)}.p0"
    kind = ll.FunctionType(ll.VoidType(), [value.type, POINTER, I32, mask.type])
    b.call(_intrinsic(b, name, kind), [value, pointer, I32(align), mask])


def prefetch(
    b: ll.IRBuilder, pointer: ll.Value, *, writes: bool, level: int = 1
) -> None:
    """Ask for a cache line that will be needed soon, to come into a cache."""
    kind = ll.FunctionType(ll.VoidType(), [POINTER, I32, I32, I32])
    call = [pointer, I32(int(writes)), I32(4 - level), I32(1)]
    b.call(_intrinsic(b, "llvm.prefetch.p0", kind), call)


def splat(b: ll.IRBuilder, value: ll.Value, lanes: int) -> ll.Value:
    """A vector with one value in all lanes."""
    kind = ll.VectorType(value.type, lanes)
    undefined = ll.Constant(kind, ll.Undefined)
    one = b.insert_element(undefined, value, I32(0))
    zeros = ll.Constant(ll.VectorType(I32, lanes), None)
    return b.shuffle_vector(one, undefined, zeros)


def shuffle(
    b: ll.IRBuilder, x: ll.Value, y: ll.Value, order: Sequence[int]
) -> ll.Value:
    """Lanes of two vectors in a new order."""
    picks = ll.Constant(ll.VectorType(I32, len(order)), list(order))
    return b.shuffle_vector(x, y, picks)


def lanes_below(b: ll.IRBuilder, count: ll.Value, lanes: int) -> ll.Value:
    """A mask of the first `count` lanes; none if it is negative, all if it is large."""
    kind = ll.VectorType(I64, lanes)
    places = ll.Constant(kind, list(range(lanes)))
    return b.icmp_signed("<", places, splat(b, count, lanes))


def kept_mask(b: ll.IRBuilder, count: ll.Value, lanes: int) -> ll.Value:
    """As `lanes_below`, for a loop of a machine with registers for masks.

    A comparison would be made again in each turn of the loop: LLVM moves it to its uses.
    """
    count = smaller(b, larger(b, count, index(0)), index(lanes))
    below = b.sub(b.shl(index(1), count), index(1))
    kind = ll.IntType(lanes)
    bits = opaque(b, below)
    return b.bitcast(b.trunc(bits, kind), ll.VectorType(I1, lanes))


def both(b: ll.IRBuilder, condition: ll.Value, mask: ll.Value) -> ll.Value:
    """The mask if a condition holds, otherwise no lane."""
    return b.select(condition, mask, ll.Constant(mask.type, None))


def multiply_add(
    b: ll.IRBuilder, x: ll.Value, y: ll.Value, z: ll.Value, *, fused: bool
) -> ll.Value:
    """`x * y + z`, rounded once where the machine can; integers wrap around."""
    if is_integer(x.type):
        return b.add(b.mul(x, y), z)
    if not fused:
        return b.fadd(b.fmul(x, y), z)
    kind = ll.FunctionType(x.type, [x.type] * 3)
    return b.call(_intrinsic(b, f"llvm.fma.{short_name(x.type)}", kind), [x, y, z])


def is_integer(type: ll.Type) -> bool:
    """Whether a type is one of integers, or of vectors of them."""
    element = type.element if isinstance(type, ll.VectorType) else type
    return isinstance(element, ll.IntType)


def add(b: ll.IRBuilder, x: ll.Value, y: ll.Value) -> ll.Value:
    """The sum of two numbers or vectors."""
    return b.add(x, y) if is_integer(x.type) else b.fadd(x, y)


def sum_of_lanes(b: ll.IRBuilder, vector: ll.Value) -> ll.Value:
    """The sum of a vector's lanes, halves added to each other."""
    count = vector.type.count
    while count > 1:
        count //= 2
        low = shuffle(b, vector, vector, range(count))
        high = shuffle(b, vector, vector, range(count, 2 * count))
        vector = add(b, low, high)
    return b.extract_element(vector, I32(0))


def opaque(b: ll.IRBuilder, value: ll.Value) -> ll.Value:
    """The same value, of which the optimiser knows nothing.

    A loop that moves over many rows by one offset keeps the offset: without this, LLVM
    gives every row a pointer of its own, more than there are registers.
    """
    kind = ll.FunctionType(value.type, [value.type])
    return b.asm(kind, "", "=r,0", [value], False)


def true() -> ll.Constant:
    """The condition that always holds."""
    return ll.Constant(I1, 1)
