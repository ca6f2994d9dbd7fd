"""Products of a few rows: bound by how fast B comes out of memory.

B is read once, where it is, in the order in which it lies there. Where its rows lie
together, several of them are added to a strip of sums that stays in the first cache;
where its columns do, each column is multiplied by the rows of A, vector by vector.
"""

from __future__ import annotations

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.finishing import FINISH
from jit.runtime.codegen.values import ELEMENT, I64, POINTER

ROWS = 4
"""Most rows that are made at once."""

_STRIP_TILES = 16
_ROWS_OF_B = {1: 8, ROWS: 4}
_COLUMNS_OF_B = {1: 8, ROWS: 4}
"""Rows and columns of B that are read together, for a number of rows of A."""

STRIP_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("a", POINTER),
    ("a_row", I64),
    ("a_column", I64),
    ("b", POINTER),
    ("b_other", I64),  # bytes from one row or column of B to the next
    ("depth", I64),
    ("height", I64),  # rows of A that exist
    ("width", I64),  # columns of the strip that exist
    ("sums", POINTER),  # tile after tile, as high as the function says
]


class _Strip:
    """A function that makes the sums of a strip, while it is generated."""

    def __init__(
        self,
        module: ll.Module,
        name: str,
        shape: T.Shape,
        types: T.Numbers,
        height: int,
    ) -> None:
        self.shape, self.types, self.height = shape, types, height
        self.b, self.given = B.new_function(module, name, STRIP_ARGUMENTS)
        self.vector = ll.VectorType(types.sums, shape.lanes)
        b, given = self.b, self.given
        last = b.sub(given["height"], B.index(1))
        self.rows = []
        for r in range(height):
            kept = B.smaller(b, B.index(r), last)
            self.rows.append(B.at(b, given["a"], b.mul(kept, given["a_row"])))

    def number(self, row: ll.Value, k: ll.Value) -> ll.Value:
        """One number of A."""
        b, source = self.b, self.types.source
        place = B.at(b, row, b.mul(k, self.given["a_column"]))
        return T.widen(b, B.load(b, place, ELEMENT[source], source.itemsize), source)

    def of_b(
        self, pointer: ll.Value, mask: ll.Value | None, dtype: DType | None = None
    ) -> ll.Value:
        """A vector of B (or of A, where that is asked for)."""
        return vector_of(self.b, self.types.source, self.shape.lanes, pointer, mask)

    def fma(self, x: ll.Value, y: ll.Value, z: ll.Value) -> ll.Value:
        return B.multiply_add(self.b, x, y, z, fused=self.shape.fused)

    def place(self, r: int, column: ll.Value) -> ll.Value:
        """Where the sums of a row begin at a column of the strip."""
        b, width, item = self.b, self.shape.width, self.types.sum_bytes
        tile = b.udiv(column, B.index(width))
        moved = b.mul(tile, B.index(width * item * (self.height - 1)))
        return B.at(
            b, self.given["sums"], moved, b.mul(column, B.index(item)), r * width * item
        )


def vector_of(
    b: ll.IRBuilder, source: DType, lanes: int, pointer: ll.Value, mask: ll.Value | None
) -> ll.Value:
    """Elements next to each other, in the type of sums."""
    kind = ll.VectorType(ELEMENT[source], lanes)
    if mask is None:
        return T.widen(b, B.load(b, pointer, kind, source.itemsize), source)
    found = B.masked_load(b, pointer, mask, kind, source.itemsize)
    return T.widen(b, found, source)


def emit_along_rows(
    module: ll.Module, shape: T.Shape, types: T.Numbers, height: int
) -> ll.Function:
    """A strip of sums over a B whose rows lie together."""
    name = f"strip_rows_{types.source.name}_{height}x{shape.width}"
    found = module.globals.get(name)
    if found is not None:
        return found
    strip = _Strip(module, name, shape, types, height)
    b, given, lanes = strip.b, strip.given, shape.lanes
    item, depth, width = types.source.itemsize, given["depth"], given["width"]
    zero = ll.Constant(strip.vector, None)
    with B.loop(b, B.index(0), width, lanes) as column:
        for r in range(height):
            B.store(b, zero, strip.place(r, column), types.sum_bytes)

    def add_rows(k: ll.Value, count: int) -> None:
        numbers = [
            [
                B.splat(b, strip.number(row, b.add(k, B.index(i))), lanes)
                for i in range(count)
            ]
            for row in strip.rows
        ]
        rows = [
            B.at(b, given["b"], b.mul(b.add(k, B.index(i)), given["b_other"]))
            for i in range(count)
        ]

        def at_column(column: ll.Value, mask: ll.Value | None) -> None:
            moved = b.mul(column, B.index(item))
            found = [strip.of_b(B.at(b, row, moved), mask) for row in rows]
            for r in range(height):
                place = strip.place(r, column)
                sums = B.load(b, place, strip.vector, types.sum_bytes)
                for x, y in zip(numbers[r], found, strict=True):
                    sums = strip.fma(x, y, sums)
                B.store(b, sums, place, types.sum_bytes)

        whole = b.and_(width, B.index(-lanes))
        with B.loop(b, B.index(0), whole, lanes) as column:
            at_column(column, None)
        left = b.sub(width, whole)
        with b.if_then(b.icmp_signed(">", left, B.index(0))):
            at_column(whole, B.lanes_below(b, left, lanes))

    together = _ROWS_OF_B[height]
    most = b.and_(depth, B.index(-together))
    with B.loop(b, B.index(0), most, together) as k:
        add_rows(k, together)
    with B.loop(b, most, depth) as k:
        add_rows(k, 1)
    b.ret_void()
    return b.function


def emit_along_columns(
    module: ll.Module, shape: T.Shape, types: T.Numbers, height: int
) -> ll.Function:
    """A strip of sums over A and a B whose depths lie together."""
    name = f"strip_columns_{types.source.name}_{height}x{shape.width}"
    found = module.globals.get(name)
    if found is not None:
        return found
    strip = _Strip(module, name, shape, types, height)
    b, given, lanes = strip.b, strip.given, shape.lanes
    item, depth, width = types.source.itemsize, given["depth"], given["width"]
    together = _COLUMNS_OF_B[height]
    zero = ll.Constant(strip.vector, None)
    whole = b.and_(depth, B.index(-lanes))
    left = b.sub(depth, whole)
    last = b.sub(width, B.index(1))
    with B.loop(b, B.index(0), width, together) as first:
        columns = []
        for j in range(together):
            # a column again for those that do not exist; nobody reads their sums
            kept = B.smaller(b, b.add(first, B.index(j)), last)
            columns.append(B.at(b, given["b"], b.mul(kept, given["b_other"])))

        def step(
            k: ll.Value, sums: list[ll.Value], mask: ll.Value | None
        ) -> list[ll.Value]:
            moved = B.opaque(b, b.mul(k, B.index(item)))
            found = [strip.of_b(B.at(b, c, moved), mask) for c in columns]
            made = []
            for r, row in enumerate(strip.rows):
                x = strip.of_b(B.at(b, row, moved), mask)
                for j, y in enumerate(found):
                    made.append(strip.fma(x, y, sums[r * together + j]))
            return made

        start = [zero] * (height * together)
        sums = B.carried_loop(
            b, B.index(0), whole, B.index(lanes), start, lambda k, s: step(k, s, None)
        )
        # lanes that are masked off add 0 * 0
        sums = step(whole, sums, B.lanes_below(b, left, lanes))
        for r in range(height):
            for j in range(together):
                total = B.sum_of_lanes(b, sums[r * together + j])
                place = strip.place(r, b.add(first, B.index(j)))
                B.store(b, total, place, types.sum_bytes)
    b.ret_void()
    return b.function


def emit_thin(
    module: ll.Module,
    name: str,
    arguments: list[tuple[str, ll.Type]],
    shape: T.Shape,
    types: T.Numbers,
) -> ll.Function:
    """A kernel with the arguments of `gemm`; rows or columns of B lie together."""
    found = module.globals.get(name)
    if found is not None:
        return found
    strips = {
        h: (
            emit_along_rows(module, shape, types, h),
            emit_along_columns(module, shape, types, h),
        )
        for h in (1, ROWS)
    }
    b, given = B.new_function(module, name, arguments)
    item, width = types.source.itemsize, shape.width
    tile_bytes = width * types.sum_bytes
    count = ROWS * _STRIP_TILES * tile_bytes // types.sum_bytes
    sums = b.alloca(ll.ArrayType(types.sums, count), name="sums")
    sums.align = 64
    sums_at = b.bitcast(sums, POINTER)
    by_rows = b.icmp_signed("==", given["b_column"], B.index(item))
    other = b.select(by_rows, given["b_row"], given["b_column"])
    last = given["last_column"]
    with (
        B.loop(b, given["first_row"], given["last_row"], ROWS) as row,
        B.loop(b, given["first_column"], last, _STRIP_TILES * width) as column,
    ):
        height = B.smaller(b, b.sub(given["last_row"], row), B.index(ROWS))
        columns = B.smaller(b, b.sub(last, column), B.index(_STRIP_TILES * width))
        single = b.icmp_signed("==", height, B.index(1))
        call = [
            B.at(b, given["a"], b.mul(row, given["a_row"])),
            given["a_row"],
            given["a_column"],
            B.at(b, given["b"], b.mul(column, given["b_column"])),
            other,
            given["depth"],
            height,
            columns,
            sums_at,
        ]
        with b.if_else(by_rows) as (rows_together, columns_together):
            with rows_together, b.if_else(single) as (one, several):
                with one:
                    b.call(strips[1][0], call)
                with several:
                    b.call(strips[ROWS][0], call)
            with columns_together, b.if_else(single) as (one, several):
                with one:
                    b.call(strips[1][1], call)
                with several:
                    b.call(strips[ROWS][1], call)
        high = b.select(single, B.index(tile_bytes), B.index(ROWS * tile_bytes))
        with B.loop(b, B.index(0), columns, width) as done:
            place = b.add(column, done)
            tile = b.mul(b.udiv(done, B.index(width)), high)
            c = B.at(
                b, given["c"], b.mul(row, given["c_row"]), b.mul(place, given["c_item"])
            )
            b.call(b.bitcast(given["finish"], FINISH.as_pointer()), [
                B.at(b, sums_at, tile), c, given["c_row"], height,
                b.sub(columns, done), ll.Constant(ll.IntType(1), 0), B.true(),
                given["operands"], row, place,
            ])  # fmt: skip
    b.ret_void()
    return b.function
