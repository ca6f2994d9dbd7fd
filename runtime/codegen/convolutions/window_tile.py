"""Tiles of convolutions: some windows times a panel of weights, in registers.

As the tile of matrix products, rows are given by a table of pointers and the depth by
segments at offsets from these. Weights lie in panels of whole vectors. Sums may go on
from those of a part of the depth before, and weights that come next are asked for early.
"""

from __future__ import annotations

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.products.tile import Numbers, Shape
from jit.runtime.codegen.values import I1, I32, I64, POINTER

TILE_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("rows", POINTER),  # a pointer for each window
    ("offsets", POINTER),  # i64 for each segment: bytes from these pointers
    ("segments", I64),
    ("depth", I64),  # of each segment
    ("weights", POINTER),
    ("ahead", POINTER),  # weights that will be needed, and bytes of them for each step
    ("ahead_step", I64),
    ("adds", I1),  # whether `out` holds sums to go on from
    ("out", POINTER),  # all sums of the tile, row by row
]


def emit_tile(
    module: ll.Module, shape: Shape, height: int, types: Numbers, *, depthwise: bool,
    vectors: int | None = None,
) -> ll.Function:  # fmt: skip
    """A function for tiles of one height, see `TILE_ARGUMENTS`.

    In a depthwise tile, channels are multiplied by weights of their own, and the segments
    are the elements of the window. With `vectors`, only so many of a panel are made.
    """
    kind = "f64" if types.sum_bytes == 8 else "f32"
    what = "depthwise" if depthwise else "window"
    vectors = vectors or shape.vectors
    name = f"{what}_tile_{kind}_{height}x{vectors * shape.lanes}of{shape.width}"
    found = module.globals.get(name)
    if found is not None:
        return found
    b, given = B.new_function(module, name, TILE_ARGUMENTS)
    b.function.attributes.add("noinline")
    item, lanes = types.sum_bytes, shape.lanes
    vector = ll.VectorType(types.sums, lanes)
    vector_bytes = lanes * item
    rows = [B.load(b, B.at(b, given["rows"], 8 * r), POINTER) for r in range(height)]
    mask = ll.Constant(ll.VectorType(I1, lanes), [1] * lanes)
    mask = B.both(b, given["adds"], mask)
    places = [
        B.at(b, given["out"], (row * shape.vectors + v) * vector_bytes)
        for row in range(height)
        for v in range(vectors)
    ]
    sums = [B.masked_load(b, at, mask, vector, vector_bytes) for at in places]
    one, none = B.index(1), B.index(0)

    def weights_at(pointer: ll.Value) -> list[ll.Value]:
        return [
            B.load(b, B.at(b, pointer, v * vector_bytes), vector, vector_bytes)
            for v in range(vectors)
        ]

    def multiplied(
        x: ll.Value, weights: list[ll.Value], before: list[ll.Value], row: int
    ) -> list[ll.Value]:
        return [
            B.multiply_add(b, x, w, before[row * vectors + v], fused=shape.fused)
            for v, w in enumerate(weights)
        ]

    def segment(place: ll.Value, carried: list[ll.Value]) -> list[ll.Value]:
        offset = B.load(b, B.at(b, given["offsets"], b.mul(place, B.index(8))), I64)

        def step(_: ll.Value, inner: list[ll.Value]) -> list[ll.Value]:
            along, pointer, ahead, *before = inner
            along = B.opaque(b, along)
            weights = weights_at(pointer)
            _prefetch(b, ahead)
            after: list[ll.Value] = []
            for r, row in enumerate(rows):
                number = B.load(b, B.at(b, row, along), types.sums)
                spread = B.splat(b, number, lanes)
                after += multiplied(spread, weights, before, r)
            return [
                b.add(along, B.index(item)),
                B.at(b, pointer, shape.width * item),
                B.at(b, ahead, given["ahead_step"]),
                *after,
            ]

        pointer, ahead, *before = carried
        start = [offset, pointer, ahead, *before]
        ends = B.carried_loop(b, none, given["depth"], one, start, step)
        return ends[1:]

    def tap(place: ll.Value, carried: list[ll.Value]) -> list[ll.Value]:
        pointer, ahead, *before = carried
        offset = B.load(b, B.at(b, given["offsets"], b.mul(place, B.index(8))), I64)
        weights = weights_at(pointer)
        after: list[ll.Value] = []
        for r, row in enumerate(rows):
            for v, weight in enumerate(weights):
                at = B.at(b, row, offset, v * vector_bytes)
                x = B.load(b, at, vector, item)
                old = before[r * vectors + v]
                after.append(B.multiply_add(b, x, weight, old, fused=shape.fused))
        return [B.at(b, pointer, shape.width * item), ahead, *after]

    start = [given["weights"], given["ahead"], *sums]
    body = tap if depthwise else segment
    _, _, *sums = B.carried_loop(b, none, given["segments"], one, start, body)
    for made, at in zip(sums, places, strict=True):
        B.store(b, made, at, vector_bytes)
    b.ret_void()
    return b.function


def _prefetch(b: ll.IRBuilder, pointer: ll.Value) -> None:
    """Ask for a cache line, into the second cache."""
    name = "llvm.prefetch.p0"
    kind = ll.FunctionType(ll.VoidType(), [POINTER, I32, I32, I32])
    found = b.module.globals.get(name)
    function = found if found is not None else ll.Function(b.module, kind, name)
    b.call(function, [pointer, I32(0), I32(2), I32(1)])
