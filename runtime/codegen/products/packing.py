"""Packing: operands of products laid out as tiles read them.

A panel holds some columns (or rows of A, seen as columns of its transpose) for the whole
depth: `panel[depth][width]`, zeros where the matrix ends. Panels follow each other.
Half types are widened on the way.
"""

from __future__ import annotations

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.products.tile import Numbers, Shape, widen
from jit.runtime.codegen.values import ELEMENT, I64, POINTER

PACK_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("x", POINTER),
    ("x_depth", I64),  # bytes from one element to the next along the depth
    ("x_width", I64),  # and across it
    ("depth", I64),
    ("width", I64),
    ("out", POINTER),
    ("out_panel", I64),  # bytes from one panel to the next
    ("vectors", I64),  # width of a panel
]


def transposed(b: ll.IRBuilder, rows: list[ll.Value]) -> list[ll.Value]:
    """The columns of a square of vectors: blocks off the diagonal change places."""
    rows = list(rows)
    count = len(rows)
    assert count == rows[0].type.count
    step = count // 2
    while step:
        low = [j if not j & step else count + j - step for j in range(count)]
        high = [j + step if not j & step else count + j for j in range(count)]
        for place in range(count):
            if place & step:
                continue
            x, y = rows[place], rows[place + step]
            rows[place] = B.shuffle(b, x, y, low)
            rows[place + step] = B.shuffle(b, x, y, high)
        step //= 2
    return rows


def emit_pack(module: ll.Module, types: Numbers, lanes: int) -> ll.Function:
    """A function that packs a matrix with any strides into panels.

    It goes from one vector of columns to the next, through the whole depth.
    """
    name = f"pack_{types.source.name}_{lanes}"
    found = module.globals.get(name)
    if found is not None:
        return found
    b, given = B.new_function(module, name, PACK_ARGUMENTS)
    item, packed = types.source.itemsize, types.sum_bytes
    depth, vectors = given["depth"], given["vectors"]
    out_row = b.mul(vectors, B.index(lanes * packed))
    across = b.icmp_signed("==", given["x_width"], B.index(item))
    along = b.icmp_signed("==", given["x_depth"], B.index(item))
    # a last panel that the matrix does not reach into is filled all the same
    panels = B.ceil_div(b, given["width"], b.mul(vectors, B.index(lanes)))
    with B.loop(b, B.index(0), b.mul(panels, vectors)) as vector:
        first = b.mul(vector, B.index(lanes))
        panel = b.mul(b.udiv(vector, vectors), given["out_panel"])
        within = b.mul(b.urem(vector, vectors), B.index(lanes * packed))
        out = B.at(b, given["out"], panel, within)
        x = B.at(b, given["x"], b.mul(first, given["x_width"]))
        left = B.larger(b, b.sub(given["width"], first), B.index(0))
        columns = B.smaller(b, left, B.index(lanes))
        whole = b.icmp_signed("==", columns, B.index(lanes))
        with b.if_else(b.and_(whole, across)) as (straight, other):
            with straight:
                with B.loop(b, B.index(0), depth) as k:
                    row = B.at(b, x, b.mul(k, given["x_depth"]))
                    value = widen(b, _load(b, row, types.source, lanes), types.source)
                    B.store(b, value, B.at(b, out, b.mul(k, out_row)), packed)
                after_straight = b.block
            with other:
                turned = b.and_(depth, B.index(-lanes))
                turned = b.select(b.and_(whole, along), turned, B.index(0))
                _turn_blocks(b, given, types, lanes, x, out, out_row, turned)
                after_other = b.block
        rest = b.phi(I64)
        rest.add_incoming(depth, after_straight)
        rest.add_incoming(turned, after_other)
        with B.loop(b, rest, depth) as k:
            row = B.at(b, x, b.mul(k, given["x_depth"]))
            place = B.at(b, out, b.mul(k, out_row))
            with B.loop(b, B.index(0), columns) as j:
                at = B.at(b, row, b.mul(j, given["x_width"]))
                value = widen(b, _load(b, at, types.source), types.source)
                B.store(b, value, B.at(b, place, b.mul(j, B.index(packed))), packed)
            with B.loop(b, columns, B.index(lanes)) as j:
                zero = ll.Constant(types.sums, 0)
                B.store(b, zero, B.at(b, place, b.mul(j, B.index(packed))), packed)
    b.ret_void()
    return b.function


def _load(
    b: ll.IRBuilder, pointer: ll.Value, dtype: DType, lanes: int | None = None
) -> ll.Value:
    kind = ELEMENT[dtype]
    kind = kind if lanes is None else ll.VectorType(kind, lanes)
    return B.load(b, pointer, kind, dtype.itemsize)


def _turn_blocks(
    b: ll.IRBuilder,
    given: dict[str, ll.Value],
    types: Numbers,
    lanes: int,
    x: ll.Value,
    out: ll.Value,
    out_row: ll.Value,
    end: ll.Value,
) -> None:
    """Columns that lie together in memory, in squares of vectors."""
    item, packed = types.source.itemsize, types.sum_bytes
    with B.loop(b, B.index(0), end, lanes) as k:
        row = B.at(b, x, b.mul(k, B.index(item)))
        rows = []
        for _ in range(lanes):
            rows.append(widen(b, _load(b, row, types.source, lanes), types.source))
            row = B.at(b, row, given["x_width"])
        place = B.at(b, out, b.mul(k, out_row))
        for made in transposed(b, rows):
            B.store(b, made, place, packed)
            place = B.at(b, place, out_row)


TURN_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("x", POINTER),
    ("x_row", I64),
    ("x_column", I64),
    ("rows", I64),
    ("columns", I64),
    ("out", POINTER),  # columns lie together
    ("out_row", I64),
]


def emit_turn(
    module: ll.Module, source: DType, shape: Shape, *, widens: bool
) -> ll.Function:
    """A function that copies a matrix so that its rows lie together in memory.

    `widens` tells whether elements become what sums are made of.
    """
    name = f"turn_{source.name}_{shape.lanes}{'_wide' if widens else ''}"
    found = module.globals.get(name)
    if found is not None:
        return found
    b, given = B.new_function(module, name, TURN_ARGUMENTS)
    turn = _Turn(b, given, source, shape, widens=widens)
    rows, columns = given["rows"], given["columns"]
    item = B.index(source.itemsize)
    along = b.icmp_signed("==", given["x_row"], item)
    across = b.icmp_signed("==", given["x_column"], item)
    if shape.has_masks:
        with b.if_else(b.and_(along, b.not_(across))) as (squares, other):
            with squares:
                turn.squares(rows, columns, masked=True)
            with other:
                turn.one_by_one(B.index(0), rows, B.index(0), columns, across)
    else:
        whole_rows = b.and_(rows, B.index(-shape.lanes))
        whole_columns = b.and_(columns, B.index(-shape.lanes))
        is_square = b.and_(along, b.not_(across))
        whole_rows = b.select(is_square, whole_rows, B.index(0))
        whole_columns = b.select(is_square, whole_columns, B.index(0))
        turn.squares(whole_rows, whole_columns, masked=False)
        turn.one_by_one(B.index(0), whole_rows, whole_columns, columns, across)
        turn.one_by_one(whole_rows, rows, B.index(0), columns, across)
    b.ret_void()
    return b.function


class _Turn:
    """The body of `turn`, while it is generated."""

    def __init__(
        self,
        b: ll.IRBuilder,
        given: dict[str, ll.Value],
        source: DType,
        shape: Shape,
        *,
        widens: bool,
    ) -> None:
        self.b, self.given, self.source, self.shape = b, given, source, shape
        self.widens = widens
        self.item = source.itemsize
        wide = 8 if source.itemsize == 8 else 4
        self.made = wide if widens else source.itemsize

    def changed(self, value: ll.Value) -> ll.Value:
        return widen(self.b, value, self.source) if self.widens else value

    def places(self, row: ll.Value, column: ll.Value) -> tuple[ll.Value, ll.Value]:
        """Where an element is, and where it goes."""
        b, given = self.b, self.given
        x = B.at(
            b,
            given["x"],
            b.mul(row, given["x_row"]),
            b.mul(column, given["x_column"]),
        )
        moved = b.mul(column, B.index(self.made))
        return x, B.at(b, given["out"], b.mul(row, given["out_row"]), moved)

    def squares(self, rows: ll.Value, columns: ll.Value, *, masked: bool) -> None:
        """Squares of vectors, turned in registers; with masks, parts of squares too."""
        b, lanes = self.b, self.shape.lanes
        with (
            B.loop(b, B.index(0), columns, lanes) as column,
            B.loop(b, B.index(0), rows, lanes) as row,
        ):
            x, out = self.places(row, column)
            if not masked:
                self._square(x, out)
            else:
                across, along = b.sub(columns, column), b.sub(rows, row)
                whole = b.and_(
                    b.icmp_signed(">=", across, B.index(lanes)),
                    b.icmp_signed(">=", along, B.index(lanes)),
                )
                with b.if_else(whole) as (inside, border):
                    with inside:
                        self._square(x, out)
                    with border:
                        self._part_of_square(x, out, across, along)

    def _square(self, x: ll.Value, out: ll.Value) -> None:
        b, lanes, given = self.b, self.shape.lanes, self.given
        kind = ll.VectorType(ELEMENT[self.source], lanes)
        found = []
        for _ in range(lanes):
            found.append(self.changed(B.load(b, x, kind, self.item)))
            x = B.at(b, x, given["x_column"])
        for value in transposed(b, found):
            B.store(b, value, out, self.made)
            out = B.at(b, out, given["out_row"])

    def _part_of_square(
        self, x: ll.Value, out: ll.Value, across: ll.Value, along: ll.Value
    ) -> None:
        """A square of which only so many columns and rows exist."""
        b, lanes, given = self.b, self.shape.lanes, self.given
        kind = ll.VectorType(ELEMENT[self.source], lanes)
        mask = B.lanes_below(b, along, lanes)
        found = []
        for j in range(lanes):
            exists = b.icmp_signed(">", across, B.index(j))
            # loads without lanes are slow where there is no memory
            move = b.mul(given["x_column"], B.index(j))
            at = B.at(b, x, b.select(exists, move, B.index(0)))
            value = B.masked_load(b, at, B.both(b, exists, mask), kind, self.item)
            found.append(self.changed(value))
        mask = B.lanes_below(b, across, lanes)
        for i, value in enumerate(transposed(b, found)):
            exists = b.icmp_signed(">", along, B.index(i))
            move = b.mul(given["out_row"], B.index(i))
            at = B.at(b, out, b.select(exists, move, B.index(0)))
            B.masked_store(b, value, at, B.both(b, exists, mask), self.made)

    def one_by_one(
        self,
        first_row: ll.Value,
        rows: ll.Value,
        first_column: ll.Value,
        columns: ll.Value,
        across: ll.Value,
    ) -> None:
        """A part without turning: vectors where rows lie together, then elements."""
        b, lanes = self.b, self.shape.lanes
        with B.loop(b, first_row, rows) as row:
            whole = b.and_(b.sub(columns, first_column), B.index(-lanes))
            whole = b.select(across, b.add(first_column, whole), first_column)
            with B.loop(b, first_column, whole, lanes) as column:
                x, out = self.places(row, column)
                value = _load(b, x, self.source, lanes)
                B.store(b, self.changed(value), out, self.made)
            with B.loop(b, whole, columns) as column:
                x, out = self.places(row, column)
                B.store(b, self.changed(_load(b, x, self.source)), out, self.made)
