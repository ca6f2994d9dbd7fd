"""Packing: operands of products laid out as tiles read them.

A panel holds some columns (or rows of A, seen as columns of its transpose) for the whole
depth: `panel[depth][width]`, zeros where the matrix ends. Panels follow each other.
Half types are widened on the way.
"""

from __future__ import annotations

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.tile import Numbers, widen
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
                zero = ll.Constant(types.sums, 0.0)
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
