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
]


def transposed(b: ll.IRBuilder, rows: list[ll.Value]) -> list[ll.Value]:
    """The columns of a square of vectors: blocks off the diagonal change places."""
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


def emit_pack(
    module: ll.Module, name: str, types: Numbers, lanes: int, vectors: int
) -> ll.Function:
    """A function that packs a matrix with any strides into panels."""
    b, given = B.new_function(module, name, PACK_ARGUMENTS)
    item, packed = types.source.itemsize, types.sum_bytes
    width = lanes * vectors
    depth = given["depth"]
    with B.loop(b, B.index(0), given["width"], width) as first:
        panel = b.udiv(first, B.index(width))
        out = B.at(b, given["out"], b.mul(panel, given["out_panel"]))
        x = B.at(b, given["x"], b.mul(first, given["x_width"]))
        columns = B.smaller(b, b.sub(given["width"], first), B.index(width))
        whole = b.icmp_signed("==", columns, B.index(width))
        across = b.icmp_signed("==", given["x_width"], B.index(item))
        along = b.icmp_signed("==", given["x_depth"], B.index(item))
        start = b.block
        with b.if_else(b.and_(whole, across)) as (straight, other):
            with straight:
                _copy_rows(b, given, types, lanes, vectors, x, out)
                after_straight = b.block
            with other:
                before = b.block
                with b.if_then(b.and_(whole, along)):
                    turned = b.and_(depth, B.index(-lanes))
                    _turn_blocks(b, given, types, lanes, vectors, x, out, turned)
                    inside = b.block
                done = b.phi(I64)
                done.add_incoming(B.index(0), before)
                done.add_incoming(turned, inside)
                after_other = b.block
        rest = b.phi(I64)
        rest.add_incoming(depth, after_straight)
        rest.add_incoming(done, after_other)
        del start
        with B.loop(b, rest, depth) as k:
            row = B.at(b, x, b.mul(k, given["x_depth"]))
            place = B.at(b, out, b.mul(k, B.index(width * packed)))
            with B.loop(b, B.index(0), columns) as j:
                found = B.at(b, row, b.mul(j, given["x_width"]))
                value = widen(b, _load(b, found, types.source), types.source)
                B.store(b, value, B.at(b, place, b.mul(j, B.index(packed))), packed)
            with B.loop(b, columns, B.index(width)) as j:
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


def _copy_rows(
    b: ll.IRBuilder,
    given: dict[str, ll.Value],
    types: Numbers,
    lanes: int,
    vectors: int,
    x: ll.Value,
    out: ll.Value,
) -> None:
    """A whole panel whose rows lie together in memory."""
    item, packed = types.source.itemsize, types.sum_bytes
    with B.loop(b, B.index(0), given["depth"]) as k:
        row = B.at(b, x, b.mul(k, given["x_depth"]))
        place = B.at(b, out, b.mul(k, B.index(lanes * vectors * packed)))
        for v in range(vectors):
            found = _load(b, B.at(b, row, v * lanes * item), types.source, lanes)
            value = widen(b, found, types.source)
            B.store(b, value, B.at(b, place, v * lanes * packed), packed)


def _turn_blocks(
    b: ll.IRBuilder,
    given: dict[str, ll.Value],
    types: Numbers,
    lanes: int,
    vectors: int,
    x: ll.Value,
    out: ll.Value,
    end: ll.Value,
) -> None:
    """A whole panel whose columns lie together in memory, in squares of vectors."""
    item, packed = types.source.itemsize, types.sum_bytes
    width = lanes * vectors
    with B.loop(b, B.index(0), B.index(vectors)) as v:
        side = b.mul(v, b.mul(given["x_width"], B.index(lanes)))
        target = B.at(b, out, b.mul(v, B.index(lanes * packed)))
        with B.loop(b, B.index(0), end, lanes) as k:
            row = B.at(b, x, side, b.mul(k, B.index(item)))
            rows = []
            for _ in range(lanes):
                rows.append(widen(b, _load(b, row, types.source, lanes), types.source))
                row = B.at(b, row, given["x_width"])
            place = B.at(b, target, b.mul(k, B.index(width * packed)))
            for j, made in enumerate(transposed(b, rows)):
                B.store(b, made, B.at(b, place, j * width * packed), packed)
