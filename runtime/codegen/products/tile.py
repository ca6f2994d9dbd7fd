"""The tile: a block of a product that stays in registers.

A tile has `height` rows and two or more vectors of columns. Each step along the depth
loads one row of B, and multiplies it by one number from each row of A. Rows of A are
given by a table of pointers, and the depth by segments at offsets from these pointers:
a matrix has one segment, a convolution one for each element of its window.

Every element of the result is one chain of multiply-adds along the depth, whatever the
height of the tile that it falls into: how a product is cut never changes its bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.making.target import Target
from jit.runtime.codegen.nests.emit_nest import copy_function, entry_alloca
from jit.runtime.codegen.nests.vocabulary import LlvmVocabulary
from jit.runtime.codegen.values import COMPUTE, ELEMENT, F32, I1, I16, I32, I64, POINTER
from jit.runtime.ops.pointwise_family import compute_dtype

Apply = Callable[[ll.IRBuilder, ll.Value, list[ll.Value]], ll.Value]


@dataclass(frozen=True)
class Operand:
    """Another operand of an epilogue, with one number for each element of the result.

    Its kernel arguments are a pointer, the bytes from one row to the next, and those
    from one column to the next; 0 where all have the same number.
    """

    along_columns: bool = True
    """Whether columns have numbers of their own; if not, the last argument is left out."""
    dtype: DType | None = None
    """How it lies in memory; None if as the result does."""


@dataclass(frozen=True)
class Epilogue:
    """What is done to sums before they are written."""

    name: str = ""
    """Equal names mean equal epilogues; empty if nothing is done."""
    operands: tuple[Operand, ...] = ()
    apply: Apply | None = field(default=None, compare=False)
    """From a vector of sums and the operands' vectors: what is written.

    All are in the type in which their dtypes are computed.
    """


PLAIN = Epilogue()
BIAS = Epilogue("bias", (Operand(),), lambda b, x, given: B.add(b, x, given[0]))


@dataclass(frozen=True)
class Shape:
    """The size of tiles on a machine, for one type of sums."""

    heights: tuple[int, ...]
    """Rows of the tiles that are made, largest first."""
    vectors: int
    lanes: int
    fused: bool
    has_masks: bool
    """Whether loads and stores of some lanes cost as little as whole ones."""

    @property
    def height(self) -> int:
        return self.heights[0]

    @property
    def width(self) -> int:
        return self.vectors * self.lanes


def shape_for(target: Target, sums: ll.Type) -> Shape:
    """The tile that uses the registers of a machine best."""
    itemsize = 8 if str(sums) in ("double", "i64") else 4
    # registers hold the sums, two vectors of B, one of A, and one to spare
    heights: tuple[int, ...] = (
        (14, 8, 4) if target.vector_registers >= 32 else (6, 4, 2)
    )
    if not target.has_fma:
        # a product needs a register before it is added
        heights = heights[1:]
    wide = target.vector_bytes >= 64
    return Shape(heights, 2, target.lanes(itemsize), target.has_fma, wide)


@dataclass(frozen=True)
class Numbers:
    """Dtypes of a product; sums have 32 or 64 bits. Those of integers wrap around."""

    source: DType
    """Of A and B."""
    result: DType

    @property
    def sums(self) -> ll.Type:
        if self.source in _SMALL:
            return I32
        return COMPUTE[self.source]

    @property
    def sum_bytes(self) -> int:
        return 8 if self.source in (dtypes.float64, dtypes.int64) else 4

    @property
    def is_direct(self) -> bool:
        """Whether elements in memory are what tiles multiply."""
        return bool(self.sums == ELEMENT[self.source])

    @property
    def accumulates(self) -> bool:
        """Whether the result can hold sums that go on: it rounds nothing."""
        return self.is_direct and self.result is self.source


def numbers(source: DType) -> Numbers:
    """The usual dtypes: the result has the operands' dtype."""
    return Numbers(source, source)


_SMALL = (dtypes.int8, dtypes.uint8, dtypes.int16)


def _with_lanes(type: ll.Type, like: ll.Type) -> ll.Type:
    return ll.VectorType(type, like.count) if isinstance(like, ll.VectorType) else type


def _constant(type: ll.Type, value: int) -> ll.Constant:
    if isinstance(type, ll.VectorType):
        return ll.Constant(type, [value] * type.count)
    return ll.Constant(type, value)


def widen(b: ll.IRBuilder, value: ll.Value, dtype: DType) -> ll.Value:
    """An element or vector as it lies in memory, in the type of sums."""
    if dtype is dtypes.bfloat16:
        wide = _with_lanes(I32, value.type)
        bits = b.shl(b.zext(value, wide), _constant(wide, 16))
        return b.bitcast(bits, _with_lanes(F32, value.type))
    if dtype is dtypes.float16:
        return b.fpext(value, _with_lanes(F32, value.type))
    if dtype in _SMALL:
        wide = _with_lanes(I32, value.type)
        return b.sext(value, wide) if dtype.is_signed else b.zext(value, wide)
    return value


def narrow(b: ll.IRBuilder, value: ll.Value, dtype: DType) -> ll.Value:
    """A sum or vector of sums as it is to lie in memory, rounded to nearest even."""
    if dtype is dtypes.float16:
        return b.fptrunc(value, _with_lanes(ELEMENT[dtype], value.type))
    if dtype is not dtypes.bfloat16:
        return value
    wide = _with_lanes(I32, value.type)
    bits = b.bitcast(value, wide)
    odd = b.and_(b.lshr(bits, _constant(wide, 16)), _constant(wide, 1))
    rounded = b.add(b.add(bits, _constant(wide, 0x7FFF)), odd)
    # rounding would carry a nan into infinity
    quiet = b.or_(bits, _constant(wide, 0x400000))
    kept = b.select(b.fcmp_unordered("uno", value, value), quiet, rounded)
    high = b.lshr(kept, _constant(wide, 16))
    return b.trunc(high, _with_lanes(I16, value.type))


TILE_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("rows", POINTER),  # a pointer for each row of A
    ("offsets", POINTER),  # i64 for each segment: bytes from these pointers
    ("segments", I64),
    ("depth", I64),  # of each segment
    ("a_step", I64),  # bytes from one number to the next along a segment
    ("b", POINTER),
    ("b_step", I64),
    ("width", I64),  # columns of B that exist, where they are read in place
    ("out", POINTER),  # all sums of the tile, row by row
    ("ahead", POINTER),  # what is read next: asked for, a line in each step
    ("ahead_step", I64),
]


def emit_tile(
    module: ll.Module, shape: Shape, height: int, types: Numbers
) -> ll.Function:
    """A function for tiles of one height. See `TILE_ARGUMENTS`."""
    name = f"tile_{types.sums}_{height}x{shape.width}"
    found = module.globals.get(name)
    if found is not None:
        return found
    b, given = B.new_function(module, name, TILE_ARGUMENTS)
    b.function.attributes.add("noinline")
    places = [B.at(b, given["rows"], 8 * r) for r in range(height)]
    rows = [B.load(b, p, POINTER) for p in places]
    vector_bytes = shape.lanes * types.sum_bytes
    for place, made in enumerate(_sums(b, shape, types, rows, given)):
        B.store(b, made, B.at(b, given["out"], place * vector_bytes), vector_bytes)
    b.ret_void()
    return b.function


def _sums(
    b: ll.IRBuilder,
    shape: Shape,
    types: Numbers,
    rows: list[ll.Value],
    given: dict[str, ll.Value],
) -> list[ll.Value]:
    """The sums of a tile, row by row, each row as vectors."""
    vector = ll.VectorType(types.sums, shape.lanes)
    vector_bytes = shape.lanes * types.sum_bytes
    one = B.index(1)
    if shape.has_masks:
        widths = [
            b.sub(given["width"], B.index(v * shape.lanes))
            for v in range(shape.vectors)
        ]
        masks = [B.kept_mask(b, w, shape.lanes) for w in widths]

    def row_of_b(pointer: ll.Value) -> list[ll.Value]:
        found = []
        for v in range(shape.vectors):
            place = B.at(b, pointer, v * vector_bytes)
            if shape.has_masks:
                align = types.sum_bytes
                found.append(B.masked_load(b, place, masks[v], vector, align))
            else:
                found.append(B.load(b, place, vector, types.sum_bytes))
        return found

    def segment(place: ll.Value, carried: list[ll.Value]) -> list[ll.Value]:
        offset = B.load(b, B.at(b, given["offsets"], b.mul(place, B.index(8))), I64)

        def step(_: ll.Value, inner: list[ll.Value]) -> list[ll.Value]:
            along, pointer, ahead, *before = inner
            along = B.opaque(b, along)
            B.prefetch(b, ahead, writes=False, level=2)
            columns = row_of_b(pointer)
            after = []
            for r, row in enumerate(rows):
                number = B.load(b, B.at(b, row, along), types.sums)
                spread = B.splat(b, number, shape.lanes)
                for v, column in enumerate(columns):
                    old = before[r * shape.vectors + v]
                    new = B.multiply_add(b, spread, column, old, fused=shape.fused)
                    after.append(new)
            along = b.add(along, given["a_step"])
            ahead = B.at(b, ahead, given["ahead_step"])
            return [along, B.at(b, pointer, given["b_step"]), ahead, *after]

        start = [offset, *carried]
        ends = B.carried_loop(b, B.index(0), given["depth"], one, start, step)
        return ends[1:]

    zero = ll.Constant(vector, None)
    first = [given["b"], given["ahead"], *[zero] * (len(rows) * shape.vectors)]
    ends = B.carried_loop(b, B.index(0), given["segments"], one, first, segment)
    return ends[2:]


def scratch(b: ll.IRBuilder, shape: Shape, types: Numbers) -> ll.Value:
    """Memory on the stack for the sums of a tile; to be asked for in the first block."""
    vector = ll.VectorType(types.sums, shape.lanes)
    made = b.alloca(ll.ArrayType(vector, shape.height * shape.vectors), name="sums")
    made.align = shape.lanes * types.sum_bytes
    return b.bitcast(made, POINTER)


FINISH_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("sums", POINTER),  # what a tile has made
    ("c", POINTER),
    ("c_row", I64),
    ("height", I64),  # rows and columns of the result that exist
    ("width", I64),
    ("adds", I1),  # whether the result holds sums to go on from
    ("ends", I1),  # whether the sums are complete: then comes the epilogue
]


def operand_arguments(epilogue: Epilogue) -> list[tuple[str, ll.Type]]:
    """The kernel arguments of an epilogue's operands."""
    found: list[tuple[str, ll.Type]] = []
    for place in range(len(epilogue.operands)):
        found += [(f"operand{place}", POINTER), (f"operand{place}_row", I64)]
        if epilogue.operands[place].along_columns:
            found.append((f"operand{place}_column", I64))
    return found


def operands_at(
    b: ll.IRBuilder,
    given: dict[str, ll.Value],
    epilogue: Epilogue,
    row: ll.Value,
    column: ll.Value,
) -> list[ll.Value]:
    """The arguments of the operands for a part that begins at a row and column."""
    made = []
    for place, operand in enumerate(epilogue.operands):
        row_step = given[f"operand{place}_row"]
        pointer = B.at(b, given[f"operand{place}"], b.mul(row, row_step))
        if operand.along_columns:
            step = given[f"operand{place}_column"]
            made += [B.at(b, pointer, b.mul(column, step)), row_step, step]
        else:
            made += [pointer, row_step]
    return made


def emit_finish(
    module: ll.Module, shape: Shape, types: Numbers, epilogue: Epilogue
) -> ll.Function:
    """A function that writes a tile's sums. See `FINISH_ARGUMENTS`."""
    kinds = f"{types.source.name}_{types.result.name}"
    name = f"finish_{kinds}_{shape.width}_{epilogue.name}"
    found = module.globals.get(name)
    if found is not None:
        return found
    arguments = FINISH_ARGUMENTS + operand_arguments(epilogue)
    b, given = B.new_function(module, name, arguments)
    b.function.attributes.add("noinline")
    # what is kept on the stack is asked for in the first block
    b.position_at_end(_next_block(b))
    item, lanes = types.result.itemsize, shape.lanes
    masks = [
        B.lanes_below(b, b.sub(given["width"], B.index(v * lanes)), lanes)
        for v in range(shape.vectors)
    ]
    with B.loop(b, B.index(0), given["height"]) as r:
        row_sums = b.mul(r, B.index(shape.width * types.sum_bytes))
        c = B.at(b, given["c"], b.mul(r, given["c_row"]))
        rows = [
            B.at(b, given[f"operand{place}"], b.mul(r, given[f"operand{place}_row"]))
            for place in range(len(epilogue.operands))
        ]
        for v, mask in enumerate(masks):
            place = B.at(b, given["sums"], row_sums, v * lanes * types.sum_bytes)
            sums = B.load(b, place, ll.VectorType(types.sums, lanes))
            if types.source in _SMALL:
                sums = b.trunc(sums, ll.VectorType(ELEMENT[types.source], lanes))
            target = B.at(b, c, v * lanes * item)
            ended = _ender(b, given, epilogue, types.result, rows, v, mask)
            if not types.accumulates:
                sums = ended(sums)
            else:
                sums = _where(b, given["adds"], sums, _adder(b, types, target, mask))
                if epilogue.apply is not None:
                    sums = _where(b, given["ends"], sums, ended)
            B.masked_store(b, stored(b, sums, types.result), target, mask, item)
    b.ret_void()
    return b.function


def _next_block(b: ll.IRBuilder) -> ll.Block:
    block: ll.Block = b.function.append_basic_block("start")
    b.branch(block)
    return block


def _where(
    b: ll.IRBuilder,
    condition: ll.Value,
    value: ll.Value,
    change: Callable[[ll.Value], ll.Value],
) -> ll.Value:
    """A value, changed where a condition holds."""
    before = b.block
    with b.if_then(condition):
        changed = change(value)
        inside = b.block
    chosen = b.phi(value.type)
    chosen.add_incoming(value, before)
    chosen.add_incoming(changed, inside)
    return chosen


def _adder(
    b: ll.IRBuilder, types: Numbers, target: ll.Value, mask: ll.Value
) -> Callable[[ll.Value], ll.Value]:
    def change(sums: ll.Value) -> ll.Value:
        kind = ll.VectorType(ELEMENT[types.result], sums.type.count)
        old = B.masked_load(b, target, mask, kind, types.result.itemsize)
        return B.add(b, widen(b, old, types.result), sums)

    return change


def _ender(
    b: ll.IRBuilder,
    given: dict[str, ll.Value],
    epilogue: Epilogue,
    result: DType,
    rows: Sequence[ll.Value],
    v: int,
    mask: ll.Value,
) -> Callable[[ll.Value], ll.Value]:
    """The epilogue for vector `v` of the columns; `rows` are where operands begin."""

    def change(sums: ll.Value) -> ll.Value:
        if epilogue.apply is None:
            return sums
        found = []
        for place, (operand, row) in enumerate(
            zip(epilogue.operands, rows, strict=True)
        ):
            dtype = operand.dtype or result
            if operand.along_columns:
                step = given[f"operand{place}_column"]
                found.append(_strided(b, given, row, step, v, mask, dtype))
            else:
                one = loaded(b, B.load(b, row, ELEMENT[dtype], dtype.itemsize), dtype)
                found.append(B.splat(b, one, mask.type.count))
        return epilogue.apply(b, sums, found)

    return change


def loaded(b: ll.IRBuilder, value: ll.Value, dtype: DType) -> ll.Value:
    """An element or vector as it lies in memory, in the type in which it is computed."""
    return vocabulary(b, value.type).loaded(value, dtype).value


def stored(b: ll.IRBuilder, value: ll.Value, dtype: DType) -> ll.Value:
    """A computed element or vector as it is to lie in memory."""
    m = vocabulary(b, value.type)
    return m.stored(m.element(value, compute_dtype(dtype)), dtype)


def vocabulary(b: ll.IRBuilder, type: ll.Type) -> LlvmVocabulary:
    """The vocabulary for elements or vectors as long as a type."""
    is_vector = isinstance(type, ll.VectorType)
    return LlvmVocabulary(b, type.count if is_vector else None)


def _strided(
    b: ll.IRBuilder,
    given: dict[str, ll.Value],
    row: ll.Value,
    step: ll.Value,
    v: int,
    mask: ll.Value,
    dtype: DType,
) -> ll.Value:
    """A vector of an operand, whatever lies between its elements."""
    lanes = mask.type.count
    kind, item = ll.VectorType(ELEMENT[dtype], lanes), dtype.itemsize
    first = B.at(b, row, b.mul(step, B.index(v * lanes)))
    block = b.bitcast(entry_alloca(b, I64, max(lanes * item // 8, 1)), POINTER)
    apart = b.icmp_signed("!=", step, B.index(item))
    with b.if_then(apart, likely=False):
        left = b.sub(given["width"], B.index(v * lanes))
        count = B.smaller(b, left, B.index(lanes))
        copy = copy_function(b.module, item)
        b.call(copy, [block, B.index(item), first, step, count])
    place = b.select(apart, block, first)
    return loaded(b, B.masked_load(b, place, mask, kind, item), dtype)


def for_each_tile(
    b: ll.IRBuilder,
    shape: Shape,
    rows: ll.Value,
    use: Callable[[int, ll.Value, ll.Value], None],
) -> None:
    """Cut rows into tiles: large ones first, small ones for what is left.

    `use` is given the number of a height, the first row, and how many rows are left.
    """
    head, after = (b.function.append_basic_block(n) for n in ("tiles", "after"))
    before = b.block
    b.branch(head)
    b.position_at_end(head)
    at = b.phi(I64)
    at.add_incoming(B.index(0), before)
    left = b.sub(rows, at)
    choice = b.function.append_basic_block("choice")
    b.cbranch(b.icmp_signed(">", left, B.index(0)), choice, after)
    b.position_at_end(choice)
    for place, height in enumerate(shape.heights):
        smaller = shape.heights[place + 1 :]
        taken = b.function.append_basic_block(f"tile{height}")
        if smaller:
            # a larger tile with a row too many beats two smaller ones
            bound = min(sum(smaller), height - 1)
            rest = b.function.append_basic_block("smaller")
            b.cbranch(b.icmp_signed(">", left, B.index(bound)), taken, rest)
        else:
            b.branch(taken)
        b.position_at_end(taken)
        use(place, at, left)
        at.add_incoming(b.add(at, B.index(height)), b.block)
        b.branch(head)
        if smaller:
            b.position_at_end(rest)
    b.position_at_end(after)
