"""How sums of a block leave it: turned, with the epilogue, channel by channel.

A block holds the sums of some pixels, each with a panel of channels. Its result has the
pixels of a channel together: squares of vectors are turned in registers, and the
epilogue sees vectors of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import llvmlite.ir as ll

from jit.ir.dtypes import DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.nests.emit_nest import copy_function, entry_alloca
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.packing import transposed
from jit.runtime.codegen.products.running import Words
from jit.runtime.codegen.products.tile import Epilogue, Numbers, Shape
from jit.runtime.codegen.values import ELEMENT, I1, I64, POINTER

END_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("sums", POINTER),  # [pixels][width of a panel], room for whole vectors of pixels
    ("pixels", I64),
    ("channels", I64),
    ("out", POINTER),  # pixels of a channel lie together
    ("out_channel", I64),
]
"""Then for each operand of the epilogue a pointer to its first pixel and channel, and
the bytes from one pixel, and one channel, to the next."""


def end_arguments(epilogue: Epilogue) -> list[tuple[str, ll.Type]]:
    """All arguments of the function for an epilogue."""
    found = list(END_ARGUMENTS)
    for place in range(len(epilogue.operands)):
        name = f"operand{place}"
        found += [(name, POINTER), (f"{name}_pixel", I64), (f"{name}_channel", I64)]
    return found


def emit_end(
    module: ll.Module,
    shape: Shape,
    types: Numbers,
    epilogue: Epilogue,
    per_channel: Sequence[bool],
) -> ll.Function:
    """The function, see `END_ARGUMENTS`."""
    kinds = f"{types.source.name}_{types.result.name}_{shape.width}"
    own = "".join("cp"[not alone] for alone in per_channel)
    name = f"end_{kinds}_{epilogue.name}{own}"
    found = module.globals.get(name)
    if found is not None:
        return found
    b, given = B.new_function(module, name, end_arguments(epilogue))
    b.function.attributes.add("noinline")
    lanes, item = shape.lanes, types.sum_bytes
    vector = ll.VectorType(types.sums, lanes)
    square = b.alloca(ll.ArrayType(vector, lanes), name="square")
    square.align = lanes * item
    square = b.bitcast(square, POINTER)
    pixels, channels = given["pixels"], given["channels"]
    with (
        B.loop(b, B.index(0), channels, lanes) as channel,
        B.loop(b, B.index(0), pixels, lanes) as pixel,
    ):
        row = b.mul(pixel, B.index(shape.width * item))
        start = B.at(b, given["sums"], row, b.mul(channel, B.index(item)))
        rows = [
            B.load(b, B.at(b, start, r * shape.width * item), vector, item)
            for r in range(lanes)
        ]
        for place, made in enumerate(transposed(b, rows)):
            B.store(b, made, B.at(b, square, place * lanes * item), lanes * item)
        left = b.sub(pixels, pixel)
        count = B.smaller(b, b.sub(channels, channel), B.index(lanes))
        with B.loop(b, B.index(0), count) as c:
            place = B.at(b, square, b.mul(c, B.index(lanes * item)))
            sums = B.load(b, place, vector, lanes * item)
            whole = b.add(channel, c)
            moved = b.mul(pixel, B.index(types.result.itemsize))
            out = B.at(b, given["out"], b.mul(whole, given["out_channel"]), moved)
            operands = []
            for p, alone in enumerate(per_channel):
                step = given[f"operand{p}_pixel"]
                place = B.at(
                    b,
                    given[f"operand{p}"],
                    b.mul(whole, given[f"operand{p}_channel"]),
                    *(() if alone else (b.mul(pixel, step),)),
                )
                operands.append((place, step))
            write_pixels(b, shape, types, epilogue, per_channel, sums, out, left,
                         operands)  # fmt: skip
    b.ret_void()
    return b.function


END_AT_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("words", POINTER),  # of a run, see `jit.runtime.codegen.convolutions.convolving`
    ("sums", POINTER),  # as in `END_ARGUMENTS`
    ("pixels", I64),
    ("channels", I64),
    ("image", I64),  # where the block begins in the result
    ("pixel", I64),
    ("channel", I64),
]
END_AT = ll.FunctionType(ll.VoidType(), [kind for _, kind in END_AT_ARGUMENTS])
"""The one part of a convolution that knows its epilogue. Kernels call it by address, so
that all epilogues share the rest."""


def end_key(
    shape: Shape, types: Numbers, epilogue: Epilogue, per_channel: Sequence[bool]
) -> str:
    """What says all of the code of `emit_end_at`."""
    own = "".join("cp"[not alone] for alone in per_channel)
    kinds = f"{types.source.name}_{types.result.name}_{shape.lanes}x{shape.width}"
    return f"end_{kinds}_{epilogue.name or 'plain'}_{own}"


def emit_end_at(
    module: ll.Module,
    name: str,
    end: ll.Function,
    epilogue: Epilogue,
    names: Sequence[str],
) -> ll.Function:
    """A function of type `END_AT` that calls what `emit_end` made; `names` are those of
    the words."""
    b, given = B.new_function(module, name, END_AT_ARGUMENTS, internal=False)
    words = Words(b, given["words"], names)

    def first(kind: str, image: str, pixel: str, channel: str) -> ll.Value:
        return B.at(
            b,
            words.pointer(kind),
            b.mul(given["image"], words[image]),
            b.mul(given["pixel"], words[pixel]),
            b.mul(given["channel"], words[channel]),
        )

    operands: list[ll.Value] = []
    for place in range(len(epilogue.operands)):
        own = f"operand{place}"
        row, column = f"{own}_row", f"{own}_column"
        operands += [first(own, f"{own}_image", row, column), words[row], words[column]]
    b.call(end, [
        given["sums"], given["pixels"], given["channels"],
        first("out", "out_image", "out_pixel", "out_channel"), words["out_channel"],
        *operands,
    ])  # fmt: skip
    b.ret_void()
    return b.function


def write_pixels(
    b: ll.IRBuilder,
    shape: Shape,
    types: Numbers,
    epilogue: Epilogue,
    per_channel: Sequence[bool],
    sums: ll.Value,
    out: ll.Value,
    left: ll.Value,
    operands: Sequence[tuple[ll.Value, ll.Value]],
) -> None:
    """End a vector of pixels of one channel, of which `left` exist.

    `operands` are where the numbers of the first pixel lie, and the bytes from one to the
    next.
    """
    lanes, item = shape.lanes, types.result.itemsize

    def write(mask: ll.Value) -> None:
        found = []
        for (pointer, step), alone, operand in zip(
            operands, per_channel, epilogue.operands, strict=True
        ):
            dtype = operand.dtype or types.result
            if alone:
                one = B.load(b, pointer, ELEMENT[dtype], dtype.itemsize)
                found.append(B.splat(b, T.loaded(b, one, dtype), lanes))
            else:
                value = _pixels(b, pointer, step, left, mask, dtype)
                found.append(T.loaded(b, value, dtype))
        made = sums
        if epilogue.apply is not None:
            made = epilogue.apply(b, sums, found)
        B.masked_store(b, T.stored(b, made, types.result), out, mask, item)

    if shape.has_masks:
        write(B.lanes_below(b, left, lanes))
        return
    with b.if_else(b.icmp_signed(">=", left, B.index(lanes))) as (whole, part):
        with whole:
            write(ll.Constant(ll.VectorType(I1, lanes), [1] * lanes))
        with part:
            write(B.lanes_below(b, left, lanes))


def _pixels(
    b: ll.IRBuilder,
    pointer: ll.Value,
    step: ll.Value,
    left: ll.Value,
    mask: ll.Value,
    dtype: DType,
) -> ll.Value:
    """A vector of an operand, whatever lies between its elements."""
    lanes, item = mask.type.count, dtype.itemsize
    kind = ll.VectorType(ELEMENT[dtype], lanes)
    block = b.bitcast(entry_alloca(b, I64, max(lanes * item // 8, 1)), POINTER)
    apart = b.icmp_signed("!=", step, B.index(item))
    with b.if_then(apart, likely=False):
        count = B.smaller(b, left, B.index(lanes))
        copy = copy_function(b.module, item)
        b.call(copy, [block, B.index(item), pointer, step, count])
    place = b.select(apart, block, pointer)
    return B.masked_load(b, place, mask, kind, item)
