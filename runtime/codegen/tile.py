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
from jit.runtime.codegen.target import Target
from jit.runtime.codegen.values import COMPUTE, ELEMENT, F32, I16, I32, I64, POINTER

Apply = Callable[[ll.IRBuilder, ll.Value, list[ll.Value]], ll.Value]


@dataclass(frozen=True)
class Operand:
    """Another operand of an epilogue, with one number for each element of the result.

    Its kernel arguments are a pointer and the bytes from one row to the next (0 for one
    row for all, as of a bias).
    """

    along_columns: bool = True
    """Whether columns have numbers of their own, next to each other in memory."""


@dataclass(frozen=True)
class Epilogue:
    """What is done to sums before they are written."""

    name: str = ""
    """Equal names mean equal epilogues; empty if nothing is done."""
    operands: tuple[Operand, ...] = ()
    apply: Apply | None = field(default=None, compare=False)
    """From a vector of sums and the operands' vectors: what is written."""


PLAIN = Epilogue()
BIAS = Epilogue("bias", (Operand(),), lambda b, x, given: b.fadd(x, given[0]))


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
    itemsize = 8 if str(sums) == "double" else 4
    vectors = 2
    # two vectors of B, one of A and one to spare; without fma another for products
    height = (target.vector_registers - 4) // vectors
    if not target.has_fma:
        height = max(4, height - 2)
    heights = {32: (14, 8, 4), 16: (6, 4, 2)}.get(target.vector_registers, ())
    if height not in heights:
        heights = (height, height // 2)
    wide = target.vector_bytes >= 64
    return Shape(heights, vectors, target.lanes(itemsize), target.has_fma, wide)


@dataclass(frozen=True)
class Numbers:
    """Dtypes of a product; sums are kept in float32 or float64."""

    source: DType
    """Of A and B."""
    result: DType

    @property
    def sums(self) -> ll.Type:
        return COMPUTE[self.source]

    @property
    def sum_bytes(self) -> int:
        return 8 if self.source is dtypes.float64 else 4

    @property
    def is_direct(self) -> bool:
        """Whether elements in memory are what tiles multiply."""
        return self.sums == ELEMENT[self.source]


def numbers(source: DType) -> Numbers:
    """The usual dtypes: the result has the operands' dtype."""
    return Numbers(source, source)


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


def operand_arguments(epilogue: Epilogue) -> list[tuple[str, ll.Type]]:
    """The kernel arguments of an epilogue's operands."""
    found: list[tuple[str, ll.Type]] = []
    for place in range(len(epilogue.operands)):
        found += [(f"operand{place}", POINTER), (f"operand{place}_row", I64)]
    return found


def finish(
    b: ll.IRBuilder,
    epilogue: Epilogue,
    result: DType,
    sums: ll.Value,
    pointers: Sequence[ll.Value],
    mask: ll.Value,
) -> ll.Value:
    """Sums after the epilogue; `pointers` are where the operands' elements begin."""
    if epilogue.apply is None:
        return sums
    element, lanes = ELEMENT[result], sums.type.count
    given = []
    for operand, pointer in zip(epilogue.operands, pointers, strict=True):
        if operand.along_columns:
            kind = ll.VectorType(element, lanes)
            found = B.masked_load(b, pointer, mask, kind, result.itemsize)
            given.append(widen(b, found, result))
        else:
            one = widen(b, B.load(b, pointer, element), result)
            given.append(B.splat(b, one, lanes))
    return epilogue.apply(b, sums, given)


TILE_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("rows", POINTER),  # a pointer for each row of A
    ("offsets", POINTER),  # i64 for each segment: bytes from these pointers
    ("segments", I64),
    ("depth", I64),  # of each segment
    ("a_step", I64),  # bytes from one number to the next along a segment
    ("b", POINTER),
    ("b_step", I64),
    ("c", POINTER),
    ("c_row", I64),
    ("height", I64),  # rows and columns of the result that exist
    ("width", I64),
    ("adds", I64),  # whether the result holds sums to go on from
    ("ends", I64),  # whether the sums are complete: then comes the epilogue
]


def emit_tile(
    module: ll.Module,
    name: str,
    shape: Shape,
    height: int,
    types: Numbers,
    epilogue: Epilogue,
) -> ll.Function:
    """A function for tiles of one height. See `TILE_ARGUMENTS`."""
    arguments = TILE_ARGUMENTS + operand_arguments(epilogue)
    b, given = B.new_function(module, name, arguments)
    b.function.attributes.add("noinline")
    places = [B.at(b, given["rows"], 8 * r) for r in range(height)]
    rows = [B.load(b, p, POINTER) for p in places]
    sums = _sums(b, shape, types, rows, given)
    _write(b, shape, types, epilogue, sums, given)
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
        masks = [B.lanes_below(b, w, shape.lanes) for w in widths]

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
            along, pointer, *before = inner
            along = B.opaque(b, along)
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
            return [along, B.at(b, pointer, given["b_step"]), *after]

        pointer, *before = carried
        start = [offset, pointer, *before]
        ends = B.carried_loop(b, B.index(0), given["depth"], one, start, step)
        return ends[1:]

    zero = ll.Constant(vector, None)
    first = [given["b"], *[zero] * (len(rows) * shape.vectors)]
    ends = B.carried_loop(b, B.index(0), given["segments"], one, first, segment)
    return ends[1:]


def _write(
    b: ll.IRBuilder,
    shape: Shape,
    types: Numbers,
    epilogue: Epilogue,
    sums: list[ll.Value],
    given: dict[str, ll.Value],
) -> None:
    """Store the sums that lie inside of the result."""
    height = len(sums) // shape.vectors
    item = types.result.itemsize
    stored = ll.VectorType(ELEMENT[types.result], shape.lanes)
    masks = [
        B.lanes_below(b, b.sub(given["width"], B.index(v * shape.lanes)), shape.lanes)
        for v in range(shape.vectors)
    ]
    adds = b.icmp_signed("!=", given["adds"], B.index(0))
    ends = b.icmp_signed("!=", given["ends"], B.index(0))

    def place(pointer: ll.Value, row_bytes: ll.Value, r: int) -> ll.Value:
        """Row `r`, or the first row where that does not exist."""
        exists = b.icmp_signed("<", B.index(r), given["height"])
        move = b.select(exists, b.mul(row_bytes, B.index(r)), B.index(0))
        return B.at(b, pointer, move)

    def each(change: Callable[[int, int, ll.Value], ll.Value]) -> list[ll.Value]:
        found = []
        for r in range(height):
            exists = b.icmp_signed("<", B.index(r), given["height"])
            kept = [B.both(b, exists, mask) for mask in masks]
            found += [change(r, v, mask) for v, mask in enumerate(kept)]
        return found

    def joined(
        condition: ll.Value, change: Callable[[int, int, ll.Value], ll.Value]
    ) -> None:
        """Change the sums where a condition holds."""
        before = b.block
        with b.if_then(condition):
            changed = each(change)
            inside = b.block
        for place, (old, new) in enumerate(zip(list(sums), changed, strict=True)):
            chosen = b.phi(old.type)
            chosen.add_incoming(old, before)
            chosen.add_incoming(new, inside)
            sums[place] = chosen

    def added(r: int, v: int, mask: ll.Value) -> ll.Value:
        row = B.at(b, place(given["c"], given["c_row"], r), v * shape.lanes * item)
        old = widen(b, B.masked_load(b, row, mask, stored, item), types.result)
        return b.fadd(old, sums[r * shape.vectors + v])

    def ended(r: int, v: int, mask: ll.Value) -> ll.Value:
        pointers = []
        for at, operand in enumerate(epilogue.operands):
            pointer = place(given[f"operand{at}"], given[f"operand{at}_row"], r)
            moved = v * shape.lanes * item if operand.along_columns else 0
            pointers.append(B.at(b, pointer, moved))
        old = sums[r * shape.vectors + v]
        return finish(b, epilogue, types.result, old, pointers, mask)

    def written(r: int, v: int, mask: ll.Value) -> ll.Value:
        row = B.at(b, place(given["c"], given["c_row"], r), v * shape.lanes * item)
        made = narrow(b, sums[r * shape.vectors + v], types.result)
        B.masked_store(b, made, row, mask, item)
        return made

    joined(adds, added)
    if epilogue.apply is not None:
        joined(ends, ended)
    each(written)
