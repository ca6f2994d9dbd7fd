"""Matrix products: how tiles are driven over operands of any sizes and strides.

`C = finish(A @ B)`, where `finish` is a function of `finishing`: one kernel serves all
epilogues and all dtypes of results. The depth is cut into blocks whose panel of B stays
in the first caches, rows of A into blocks that stay in the second. B is packed into
panels, unless it can be read where it is; so is A where its rows would collide in the
cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.making.target import Target
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.finishing import FINISH
from jit.runtime.codegen.products.packing import emit_pack
from jit.runtime.codegen.products.thin import ROWS, emit_thin
from jit.runtime.codegen.products.tile import Numbers, Shape
from jit.runtime.codegen.values import I64, POINTER

GEMM_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("a", POINTER),
    ("a_row", I64),  # all strides are bytes
    ("a_column", I64),
    ("b", POINTER),
    ("b_row", I64),
    ("b_column", I64),
    ("packed", POINTER),  # B as `pack_b` makes it, or null: then B is packed here
    ("c", POINTER),  # rows lie together in memory
    ("c_row", I64),
    ("c_item", I64),  # bytes of an element
    ("whole", I64),  # not 0 if C cannot hold sums that go on: the depth is not cut
    ("finish", POINTER),
    ("operands", POINTER),  # of the epilogue, see `finishing`
    ("depth", I64),
    ("first_row", I64),  # the part of C that is made
    ("last_row", I64),
    ("first_column", I64),  # a multiple of the tile's width
    ("last_column", I64),
    ("work", POINTER),  # as many bytes as `work_bytes` says
]

_TABLE_ROWS = 1022
"""Most rows of a block of A: their pointers are kept on the stack."""


@dataclass(frozen=True)
class Gemm:
    """A kernel to be generated."""

    target: Target
    types: Numbers
    """Of operands and sums; what the result is does not matter."""

    @property
    def shape(self) -> Shape:
        return T.shape_for(self.target, self.types.sums)

    @property
    def name(self) -> str:
        """Equal names mean equal code, on one machine."""
        return f"{self.types.source.name}_{self.shape.height}x{self.shape.width}"

    # Sizes of blocks, as bytes of packed operands.

    @property
    def depth_block(self) -> int:
        """The depth at which a panel of B is twice the first cache.

        Panels come fast enough out of the second one, and the less often sums are
        added to the result, the better.
        """
        row = self.shape.width * self.types.sum_bytes
        return max(64, 2 * self.target.cache_bytes[0] // row)

    @property
    def a_bytes(self) -> int:
        """How much of A is packed at once: half of the second cache."""
        return self.target.cache_bytes[1] // 2

    @property
    def b_bytes(self) -> int:
        """How much of B is packed at once: a share of the third cache."""
        return max(1 << 20, self.target.cache_bytes[2] // 16)


@dataclass(frozen=True)
class _Blocks:
    """How a product is cut, for sizes that are known at run time."""

    depth: ll.Value
    rows: ll.Value
    columns: ll.Value
    row_bytes: ll.Value
    """Of one row of A, or column of B, in a block."""

    def a_bytes(self, b: ll.IRBuilder, lanes: int) -> ll.Value:
        """Room for a packed block of A."""
        used = b.mul(b.add(self.rows, B.index(lanes)), self.row_bytes)
        return b.and_(b.add(used, B.index(63)), B.index(-64))

    def b_bytes(self, b: ll.IRBuilder) -> ll.Value:
        """Room for a packed block of B."""
        return b.mul(self.columns, self.row_bytes)


def _cut(
    b: ll.IRBuilder, gemm: Gemm, depth: ll.Value, rows: ll.Value, columns: ll.Value,
    whole: ll.Value,
) -> _Blocks:  # fmt: skip
    one, shape = B.index(1), gemm.shape
    blocks = B.larger(b, one, B.ceil_div(b, depth, gemm.depth_block))
    is_whole = b.icmp_signed("!=", whole, B.index(0))
    blocks = b.select(is_whole, one, blocks)
    block = B.larger(b, one, B.ceil_div(b, depth, blocks))
    row_bytes = b.mul(block, B.index(gemm.types.sum_bytes))

    def fitting(total: int, unit: int, size: ll.Value) -> ll.Value:
        found = b.udiv(B.index(total), row_bytes)
        found = b.mul(b.udiv(found, B.index(unit)), B.index(unit))
        found = B.larger(b, found, B.index(unit))
        all_units = b.mul(B.ceil_div(b, size, unit), B.index(unit))
        return B.larger(b, B.index(unit), B.smaller(b, found, all_units))

    height = shape.height
    most_rows = B.index(_TABLE_ROWS // height * height)
    return _Blocks(
        block,
        B.smaller(b, fitting(gemm.a_bytes, height, rows), most_rows),
        fitting(gemm.b_bytes, shape.width, columns),
        row_bytes,
    )


def work_bytes(
    b: ll.IRBuilder, gemm: Gemm, depth: ll.Value, rows: ll.Value, columns: ll.Value,
    packed: ll.Value, whole: ll.Value,
) -> ll.Value:  # fmt: skip
    """The scratch memory that a call needs for a part of so many rows and columns."""
    blocks = _cut(b, gemm, depth, rows, columns, whole)
    for_b = b.select(is_given(b, packed), B.index(0), blocks.b_bytes(b))
    return b.add(blocks.a_bytes(b, gemm.shape.lanes), for_b)


def is_given(b: ll.IRBuilder, pointer: ll.Value) -> ll.Value:
    """Whether a pointer is not null."""
    return b.icmp_unsigned("!=", pointer, ll.Constant(POINTER, None))


def emit_pack_b(module: ll.Module, gemm: Gemm) -> ll.Function:
    """A function that packs B, see packing.py: panels of `shape.vectors` vectors."""
    return emit_pack(module, gemm.types, gemm.shape.lanes)


def packed_bytes(gemm: Gemm, depth: int, width: int) -> int:
    """The size of a packed B."""
    panels = -(-width // gemm.shape.width)
    return panels * depth * gemm.shape.width * gemm.types.sum_bytes


def emit_gemm(module: ll.Module, gemm: Gemm) -> ll.Function:
    """The kernel as a function of a module, see `GEMM_ARGUMENTS`."""
    name = f"gemm_{gemm.name}"
    found = module.globals.get(name)
    if found is not None:
        return found
    return _Driver(module, gemm, name).emit()


def emit_few_rows(module: ll.Module, name: str, gemm: Gemm) -> ll.Function:
    """The way of products for few rows, see `GEMM_ARGUMENTS`."""
    return emit_thin(module, name, GEMM_ARGUMENTS, gemm.shape, gemm.types)


GEMM = ll.FunctionType(ll.VoidType(), [kind for _, kind in GEMM_ARGUMENTS])


def emit_product(
    module: ll.Module, gemm: Gemm, *, thin_is_given: bool = False
) -> ll.Function:
    """As `emit_gemm`, with a way of its own for few rows.

    The first argument is the number of rows of the whole product: which way is taken
    must not depend on the part, as sums are not rounded alike. The last one is the
    address of what `emit_few_rows` makes, if it `is given` and not made here.
    """
    name = f"product_{gemm.name}"
    found = module.globals.get(name)
    if found is not None:
        return found
    large = emit_gemm(module, gemm)
    large.linkage = "internal"
    arguments = [("all_rows", I64), *GEMM_ARGUMENTS]
    if thin_is_given:
        arguments.append(("thin", POINTER))
    b, given = B.new_function(module, name, arguments, internal=False)
    if thin_is_given:
        thin = b.bitcast(given["thin"], GEMM.as_pointer())
    else:
        thin = emit_few_rows(module, f"thin_{gemm.name}", gemm)
    item = B.index(gemm.types.source.itemsize)
    few = b.icmp_signed("<=", given["all_rows"], B.index(ROWS))
    by_rows = b.icmp_signed("==", given["b_column"], item)
    by_columns = b.and_(
        b.icmp_signed("==", given["b_row"], item),
        b.icmp_signed("==", given["a_column"], item),
    )
    rest = b.function.args[1 : 1 + len(GEMM_ARGUMENTS)]
    with b.if_else(b.and_(few, b.or_(by_rows, by_columns))) as (is_thin, is_large):
        with is_thin:
            b.call(thin, rest)
        with is_large:
            b.call(large, rest)
    b.ret_void()
    return b.function


class _Driver:
    """The loops around the tiles, while they are generated."""

    def __init__(self, module: ll.Module, gemm: Gemm, name: str) -> None:
        self.gemm, self.shape, self.types = gemm, gemm.shape, gemm.types
        self.tiles = [
            T.emit_tile(module, self.shape, h, self.types) for h in self.shape.heights
        ]
        self.pack = emit_pack(module, self.types, self.shape.lanes)
        self.b, self.given = B.new_function(
            module, name, GEMM_ARGUMENTS, internal=False
        )

    def emit(self) -> ll.Function:
        b, given = self.b, self.given
        slots = _TABLE_ROWS + 2 * self.shape.height
        # the alloca stays in the entry block: it must not grow with loops
        table = b.alloca(ll.ArrayType(POINTER, slots), name="table")
        self.table = b.bitcast(table, POINTER)
        self.sums = T.scratch(b, self.shape, self.types)
        origin = b.alloca(I64, name="origin")
        b.store(B.index(0), origin)
        self.origin = b.bitcast(origin, POINTER)
        self._choose_blocks()
        depth = given["depth"]
        empty = b.icmp_signed("==", depth, B.index(0))
        # a product without depth is zeros, which the epilogue still sees
        end = b.select(empty, B.index(1), depth)
        first, last = given["first_column"], given["last_column"]
        with B.loop(b, first, last, self.columns) as column:
            columns = B.smaller(b, self.columns, b.sub(last, column))
            with B.loop(b, B.index(0), end, self.depth_block) as k:
                self.k = k
                self.block_depth = B.smaller(b, self.depth_block, b.sub(depth, k))
                self._prepare_b(column, columns)
                begin, stop = given["first_row"], given["last_row"]
                with B.loop(b, begin, stop, self.rows) as row:
                    rows = B.smaller(b, self.rows, b.sub(stop, row))
                    self._block(row, rows, column, columns)
        b.ret_void()
        return b.function

    def _choose_blocks(self) -> None:
        b, given = self.b, self.given
        rows = b.sub(given["last_row"], given["first_row"])
        columns = b.sub(given["last_column"], given["first_column"])
        blocks = _cut(b, self.gemm, given["depth"], rows, columns, given["whole"])
        self.depth_block, self.rows = blocks.depth, blocks.rows
        self.columns = blocks.columns
        self.work_a = given["work"]
        self.work_b = B.at(b, self.work_a, blocks.a_bytes(b, self.shape.lanes))
        self.packs_a = self._must_pack_a()
        self.is_packed = is_given(b, given["packed"])
        self.packs_b = b.and_(b.not_(self.is_packed), self._must_pack_b())

    def _must_pack_a(self) -> ll.Value:
        b, given = self.b, self.given
        if not self.types.is_direct:
            return B.true()
        item = B.index(self.types.source.itemsize)
        columns = b.sub(given["last_column"], given["first_column"])
        many = b.icmp_signed(">", columns, B.index(2 * self.shape.width))
        scattered = b.icmp_signed("!=", given["a_column"], item)
        # rows a page apart fall into the same set of the first cache
        collides = b.icmp_signed(
            "==", b.and_(given["a_row"], B.index(4095)), B.index(0)
        )
        return b.and_(many, b.or_(scattered, collides))

    def _must_pack_b(self) -> ll.Value:
        b, given = self.b, self.given
        item = B.index(self.types.source.itemsize)
        if not self.types.is_direct or not self.shape.has_masks:
            return B.true()
        rows = b.sub(given["last_row"], given["first_row"])
        many = b.icmp_signed(">", rows, B.index(2 * self.shape.height))
        far = b.icmp_signed(">=", given["b_row"], B.index(1024))
        scattered = b.icmp_signed("!=", given["b_column"], item)
        return b.or_(scattered, b.and_(many, far))

    def _prepare_b(self, column: ll.Value, columns: ll.Value) -> None:
        """Where panels of B are: `panel_base`, `panel_step` and `b_step`."""
        b, given, width = self.b, self.given, self.shape.width
        row = B.index(width * self.types.sum_bytes)
        source = B.at(
            b,
            given["b"],
            b.mul(self.k, given["b_row"]),
            b.mul(column, given["b_column"]),
        )
        packed = b.mul(self.block_depth, row)
        with b.if_then(self.packs_b):
            b.call(self.pack, [
                source, given["b_row"], given["b_column"], self.block_depth, columns,
                self.work_b, packed, B.index(self.shape.vectors),
            ])  # fmt: skip
        direct = B.index(width * self.types.source.itemsize)
        base = b.select(self.packs_b, self.work_b, source)
        step = b.select(self.packs_b, packed, direct)
        # what is packed already has panels of the whole depth
        panel = b.mul(given["depth"], row)
        before = b.mul(b.udiv(column, B.index(width)), panel)
        given_base = B.at(b, given["packed"], before, b.mul(self.k, row))
        self.panel_base = b.select(self.is_packed, given_base, base)
        self.panel_step = b.select(self.is_packed, panel, step)
        in_panels = b.or_(self.is_packed, self.packs_b)
        self.b_step = b.select(in_panels, row, given["b_row"])
        self._look_ahead(row, columns, in_panels)

    def _look_ahead(self, row: ll.Value, columns: ll.Value, packed: ll.Value) -> None:
        """What tiles ask for: the next panel, or behind a B in place the next batch's."""
        b, given = self.b, self.given
        whole = b.mul(columns, B.index(self.types.source.itemsize))
        small = b.icmp_signed("<", given["b_row"], B.index(1024))
        dense = b.and_(small, b.icmp_signed("==", given["b_row"], whole))
        behind = b.select(dense, given["b_row"], B.index(0))
        share = b.udiv(behind, B.ceil_div(b, columns, self.shape.width))
        self.ahead_row = b.select(packed, row, share)
        self.ahead_at = b.select(
            packed, self.panel_step, b.mul(self.block_depth, behind)
        )
        self.ahead_panel = b.select(
            packed, self.panel_step, b.mul(self.block_depth, share)
        )

    def _block(
        self, row: ll.Value, rows: ll.Value, column: ll.Value, columns: ll.Value
    ) -> None:
        """A block of rows of A times the panels of B."""
        b, given = self.b, self.given
        a = B.at(
            b, given["a"], b.mul(row, given["a_row"]), b.mul(self.k, given["a_column"])
        )
        lanes, item = self.shape.lanes, self.types.sum_bytes
        panel = b.mul(self.block_depth, B.index(lanes * item))
        with b.if_then(self.packs_a):
            b.call(self.pack, [
                a, given["a_column"], given["a_row"], self.block_depth, rows,
                self.work_a, panel, B.index(1),
            ])  # fmt: skip
        base = b.select(self.packs_a, self.work_a, a)
        near = b.select(self.packs_a, B.index(item), given["a_row"])
        far = b.select(self.packs_a, panel, b.mul(given["a_row"], B.index(lanes)))
        self.a_step = b.select(self.packs_a, B.index(lanes * item), given["a_column"])
        self._fill_table(base, near, far, rows)
        # the tiles of a panel share the work of asking for the next one
        tiles = B.ceil_div(b, rows, self.shape.height)
        self.ahead_step = B.ceil_div(b, self.ahead_row, tiles)
        with B.loop(b, B.index(0), columns, self.shape.width) as done:
            panel_at = b.udiv(done, B.index(self.shape.width))
            pointer = B.at(b, self.panel_base, b.mul(panel_at, self.panel_step))
            moved = b.mul(panel_at, self.ahead_panel)
            self.ahead = B.at(b, self.panel_base, self.ahead_at, moved)
            width = b.sub(columns, done)
            place = b.add(column, done)
            T.for_each_tile(
                b,
                self.shape,
                rows,
                lambda kind, at, left: self._call_tile(
                    kind, row, at, left, pointer, place, width
                ),
            )

    def _fill_table(
        self, base: ll.Value, near: ll.Value, far: ll.Value, rows: ll.Value
    ) -> None:
        """Pointers to rows, the last one again for tiles that reach over the end."""
        b, lanes = self.b, self.shape.lanes
        with B.loop(b, B.index(0), b.add(rows, B.index(self.shape.height))) as r:
            kept = B.smaller(b, r, b.sub(rows, B.index(1)))
            panels = b.mul(b.udiv(kept, B.index(lanes)), far)
            within = b.mul(b.and_(kept, B.index(lanes - 1)), near)
            pointer = B.at(b, base, panels, within)
            B.store(b, pointer, B.at(b, self.table, b.mul(r, B.index(8))))

    def _call_tile(
        self,
        kind: int,
        row: ll.Value,
        at: ll.Value,
        height: ll.Value,
        panel: ll.Value,
        column: ll.Value,
        width: ll.Value,
    ) -> None:
        b, given = self.b, self.given
        tile, count = self.tiles[kind], self.shape.heights[kind]
        place = b.add(row, at)
        moved = b.mul(column, given["c_item"])
        c = B.at(b, given["c"], b.mul(place, given["c_row"]), moved)
        # the result is far away when the sums are ready
        with B.loop(b, B.index(0), B.smaller(b, height, B.index(count))) as r:
            line = B.at(b, c, b.mul(r, given["c_row"]))
            for v in range(self.shape.vectors):
                B.prefetch(b, B.at(b, line, v * 64), writes=True)
        rows = B.at(b, self.table, b.mul(at, B.index(8)))
        before = b.udiv(at, B.index(self.shape.height))
        asked = b.mul(b.mul(before, self.block_depth), self.ahead_step)
        ahead = B.at(b, self.ahead, asked)
        b.call(tile, [
            rows, self.origin, B.index(1), self.block_depth, self.a_step,
            panel, self.b_step, width, self.sums, ahead, self.ahead_step,
        ])  # fmt: skip
        adds = b.icmp_signed(">", self.k, B.index(0))
        reached = b.add(self.k, self.block_depth)
        ends = b.icmp_signed(">=", reached, given["depth"])
        height = B.smaller(b, height, B.index(count))
        finish = b.bitcast(given["finish"], FINISH.as_pointer())
        b.call(finish, [
            self.sums, c, given["c_row"], height, width, adds, ends,
            given["operands"], place, column,
        ])  # fmt: skip
