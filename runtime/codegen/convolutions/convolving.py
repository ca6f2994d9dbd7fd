"""How the kernels of a convolution are run: memory, packing, and work for all threads.

A run is words in memory: the plan of `convolution`, where operands and scratch memory are,
and the operands of the epilogue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import llvmlite.ir as ll

from jit.runtime.codegen import building as B
from jit.runtime.codegen.convolutions import convolution as C
from jit.runtime.codegen.convolutions import convolution_layout as L
from jit.runtime.codegen.convolutions import depthwise as D
from jit.runtime.codegen.convolutions import planar as P
from jit.runtime.codegen.convolutions import winograd as W
from jit.runtime.codegen.convolutions.convolution import PLAN, Convolution
from jit.runtime.codegen.convolutions.depthwise import Planes
from jit.runtime.codegen.convolutions.endings import (
    END_AT,
    emit_end,
    emit_end_at,
    end_key,
)
from jit.runtime.codegen.convolutions.planar import Planar
from jit.runtime.codegen.convolutions.winograd import Winograd
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.packed_constants import FLAG
from jit.runtime.codegen.products.running import Words
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I64, POINTER

LEAST_WORK = 1 << 19
"""Multiplications of a part that are worth another thread."""

VOID = ll.VoidType()
RUN = ll.FunctionType(VOID, [POINTER])
"""The type of the functions of runs: `(words)`."""


@dataclass(frozen=True)
class Operand:
    """An operand of the epilogue: where it is, and bytes from one pixel, channel and
    image to the next."""

    data: ll.Value
    pixel: ll.Value
    channel: ll.Value
    image: ll.Value

    @property
    def is_per_channel(self) -> bool:
        """Whether all pixels are known to have the same number."""
        return isinstance(self.pixel, ll.Constant) and self.pixel.constant == 0


@dataclass(frozen=True)
class Ending:
    """An epilogue with its operands."""

    epilogue: T.Epilogue = T.PLAIN
    operands: tuple[Operand, ...] = ()

    @property
    def per_channel(self) -> tuple[bool, ...]:
        return tuple(o.is_per_channel for o in self.operands)


_NAMES = [*PLAN, "x", "weights", "out", "padded", "packed", "failed", "end"]


def names_of(epilogue: T.Epilogue) -> list[str]:
    """The words of a run."""
    return [*_NAMES, *(name for name, _ in C.operand_arguments(epilogue))]


def words_of(b: ll.IRBuilder, base: ll.Value) -> Words:
    """The words of a run that do not depend on its epilogue."""
    return Words(b, base, _NAMES)


def write_words(region: Region, values: dict[str, ll.Value], ending: Ending) -> Words:
    """The words of a run on the stack, by name; the others are 0.

    What is known is written at once.
    """
    b, names = region.b, names_of(ending.epilogue)
    given = dict(values)
    for place, operand in enumerate(ending.operands):
        given[f"operand{place}"] = operand.data
        given[f"operand{place}_row"] = operand.pixel
        given[f"operand{place}_column"] = operand.channel
        given[f"operand{place}_image"] = operand.image
    kind = ll.ArrayType(I64, len(names))
    memory = region.stack(kind, "convolution")
    known = {
        name: int(value.constant)
        for name, value in given.items()
        if isinstance(value, ll.Constant) and value.type == I64
    }
    b.store(ll.Constant(kind, [known.get(name, 0) for name in names]), memory)
    words = Words(b, b.bitcast(memory, POINTER), names)
    for name, value in given.items():
        if name not in known:
            words[name] = value
    return words


def end_of(region: Region, types: T.Numbers, ending: Ending) -> ll.Value:
    """The address of what ends blocks of sums."""
    shape = T.shape_for(targets.host(), types.sums)
    epilogue, own = ending.epilogue, ending.per_channel

    def build(module: ll.Module, name: str) -> ll.Function:
        end = emit_end(module, shape, types, epilogue, own)
        return emit_end_at(module, name, end, epilogue, names_of(epilogue))

    made = region.kernel(end_key(shape, types, epilogue, own), END_AT, build)
    return region.b.bitcast(made, POINTER)


def end_given(b: ll.IRBuilder, words: Words) -> ll.Value:
    """The function that `end_of` told of."""
    return b.bitcast(words.pointer("end"), END_AT.as_pointer())


def operands_of(words: Words, epilogue: T.Epilogue) -> list[ll.Value]:
    """The last arguments of a kernel."""
    return [
        words.pointer(name) if kind == POINTER else words[name]
        for name, kind in C.operand_arguments(epilogue)
    ]


Known = Planar | Winograd
"""Kernels for weights that are known when code is made."""

TASK_ARGUMENTS: list[tuple[str, ll.Type]] = [
    ("words", POINTER),
    ("first", I64),
    ("last", I64),
]


def share(
    b: ll.IRBuilder, words: ll.Value, task: ll.Function, total: ll.Value,
    each: ll.Value,
) -> None:  # fmt: skip
    """Give units to the threads if there is work for several; a unit takes as long as
    `each` multiplications."""
    grain = B.ceil_div(b, B.index(LEAST_WORK), B.larger(b, each, B.index(1)))
    with b.if_else(b.icmp_signed("<=", total, grain)) as (small, large):
        with small:
            b.call(task, [words, B.index(0), total])
        with large:
            kind = ll.FunctionType(VOID, [POINTER, POINTER, I64, I64])
            parallel = host_function(b, "parallel", kind)
            b.call(parallel, [b.bitcast(task, POINTER), words, total, grain])


def with_work(
    b: ll.IRBuilder, words: Words, bytes: ll.Value, use: Callable[[ll.Value], None]
) -> None:
    """Scratch memory of one task; without it, the word `failed` is set."""
    allocate = host_function(b, "allocate", ll.FunctionType(POINTER, [I64]))
    work = b.call(allocate, [bytes])
    with b.if_then(b.icmp_unsigned("==", work, ll.Constant(POINTER, None))):
        words["failed"] = B.index(1)
        b.ret_void()
    use(work)
    release = ll.FunctionType(VOID, [POINTER, I64])
    b.call(host_function(b, "release", release), [work, bytes])


def _emit_layout_task(
    module: ll.Module, name: str, conv: Convolution, kernel: ll.Function,
    source: str, target: str,
) -> ll.Function:  # fmt: skip
    kernel.linkage = "internal"
    b, given = B.new_function(module, name, TASK_ARGUMENTS)
    words = words_of(b, given["words"])
    b.call(kernel, [
        given["words"], words.pointer(source), words.pointer(target), given["first"],
        given["last"],
    ])  # fmt: skip
    b.ret_void()
    return b.function


def _emit_task(module: ll.Module, name: str, conv: Convolution) -> ll.Function:
    """`(words, first, last)`: makes some units."""
    kernel = C.emit_convolve(module, conv)
    kernel.linkage = "internal"
    b, given = B.new_function(module, name, TASK_ARGUMENTS)
    words = words_of(b, given["words"])

    def use(work: ll.Value) -> None:
        b.call(kernel, [
            given["words"], words.pointer("padded"), words.pointer("packed"),
            words.pointer("out"), given["first"], given["last"], work,
            end_given(b, words),
        ])  # fmt: skip

    with_work(b, words, C.work_bytes(b, conv, words), use)
    b.ret_void()
    return b.function


def _emit_run(
    module: ll.Module, name: str, conv: Convolution, *, packs: bool
) -> ll.Function:
    """`(words)`: lays out the operands, and makes all units."""
    task = _emit_task(module, f"{name}_task", conv)
    pad = _emit_layout_task(
        module, f"{name}_pad", conv, L.emit_pad(module, conv), "x", "padded"
    )
    if packs:
        kernel = L.emit_pack_weights(module, conv)
        pack = _emit_layout_task(
            module, f"{name}_pack", conv, kernel, "weights", "packed"
        )
    b, given = B.new_function(module, name, [("words", POINTER)])
    words = words_of(b, given["words"])

    def use() -> None:
        _make_windows(b, conv, words, pack if packs else None, pad, task)

    parts = [("padded", C.padded_bytes(b, conv, words))]
    if packs:
        parts.append(("packed", C.packed_bytes(b, conv, words)))
    else:
        words["packed"] = B.at(b, words.pointer("packed"), FLAG)
    with_memory(b, words, parts, use)
    b.ret_void()
    return b.function


def _make_windows(
    b: ll.IRBuilder,
    conv: Convolution,
    words: Words,
    pack: ll.Function | None,
    pad: ll.Function,
    task: ll.Function,
) -> None:
    taps = b.mul(words["kernel_d"], b.mul(words["kernel_h"], words["kernel_w"]))
    inner = B.index(1)
    if not conv.depthwise:
        inner = b.udiv(words["channels"], words["groups"])
    if pack is not None:
        units = L.pack_units(b, conv, words)
        total = b.mul(b.mul(words["outer"], b.mul(inner, taps)), B.index(16))
        each = b.udiv(total, B.larger(b, units, B.index(1)))
        share(b, words.base, pack, units, each)
    lines = b.mul(words["images"], b.mul(words["full_d"], words["full_h"]))
    # an element of the input takes about as long as so many multiplications
    line = b.mul(b.mul(words["full_w"], words["channels"]), B.index(8))
    share(b, words.base, pad, lines, line)
    pixels = b.mul(words["out_d"], b.mul(words["out_h"], words["out_w"]))
    pixels = B.smaller(b, pixels, B.index(conv.pixels))
    unit = b.mul(b.mul(taps, inner), b.mul(pixels, B.index(conv.shape.width)))
    share(b, words.base, task, C.units(b, conv, words), unit)


def _aligned(b: ll.IRBuilder, size: ll.Value) -> ll.Value:
    return b.and_(b.add(size, I64(127)), I64(-64))


def with_memory(
    b: ll.IRBuilder,
    words: Words,
    parts: Sequence[tuple[str, ll.Value]],
    use: Callable[[], None],
) -> None:
    """Memory for some words of a run, each with its bytes; without it, the word `failed`
    is set."""
    total: ll.Value = B.index(0)
    starts = []
    for _, size in parts:
        starts.append(total)
        total = b.add(total, _aligned(b, size))

    def place(block: ll.Value) -> None:
        address = b.add(b.ptrtoint(block, I64), B.index(63))
        first = b.inttoptr(b.and_(address, B.index(-64)), POINTER)
        for (name, _), start in zip(parts, starts, strict=True):
            words[name] = B.at(b, first, start)
        use()

    with_work(b, words, total, place)


def check_memory(region: Region, words: Words) -> None:
    """Leave the region if a run had no memory."""
    region.need_room(region.b.icmp_signed("==", words["failed"], I64(0)))


def run_convolution(
    region: Region, conv: Convolution, words: Words, *, packs: bool
) -> None:
    """Windows as products; the weights are packed, unless this is to do so."""
    assert conv.apart
    key = f"run_{conv.name}{'_packing' if packs else ''}"
    run = region.kernel(key, RUN, lambda m, n: _emit_run(m, n, conv, packs=packs))
    region.b.call(run, [words.base])


def _emit_planes_run(module: ll.Module, name: str, planes: Planes) -> ll.Function:
    """`(words)`: makes all planes."""
    kernel = D.emit_planes(module, planes)
    kernel.linkage = "internal"
    b, given = B.new_function(module, f"{name}_task", TASK_ARGUMENTS)
    words = Words(b, given["words"], names_of(planes.epilogue))
    b.call(kernel, [
        given["words"], words.pointer("x"), words.pointer("weights"),
        words.pointer("out"), given["first"], given["last"],
        *operands_of(words, planes.epilogue),
    ])  # fmt: skip
    b.ret_void()
    task = b.function
    b, given = B.new_function(module, name, [("words", POINTER)])
    words = Words(b, given["words"], names_of(planes.epilogue))
    total = b.mul(words["images"], words["channels"])
    high, wide = planes.kernel
    # vectors are loaded as often as multiplied, and the last of a row is not full
    pixels = b.mul(words["out_h"], b.add(words["out_w"], B.index(planes.shape.lanes)))
    share(b, given["words"], task, total, b.mul(pixels, B.index(2 * high * wide)))
    b.ret_void()
    return b.function


def run_planes(region: Region, planes: Planes, words: Words) -> None:
    """A depthwise convolution, plane by plane."""
    run = region.kernel(
        f"run_{planes.name}", RUN, lambda m, n: _emit_planes_run(m, n, planes)
    )
    region.b.call(run, [words.base])


def _emit_known_run(
    module: ll.Module, name: str, maker: Known, kernel: ll.Function, pad: ll.Function
) -> ll.Function:
    """`(words)`: copies the input with zeros around it, and makes all units."""
    names = names_of(maker.epilogue) if isinstance(maker, Planar) else _NAMES
    b, given = B.new_function(module, f"{name}_pad", TASK_ARGUMENTS)
    words = Words(b, given["words"], names)
    b.call(pad, [
        given["words"], words.pointer("x"), words.pointer("padded"), given["first"],
        given["last"],
    ])  # fmt: skip
    b.ret_void()
    pad_task = b.function
    b, given = B.new_function(module, f"{name}_task", TASK_ARGUMENTS)
    words = Words(b, given["words"], names)

    if isinstance(maker, Planar):
        rest = operands_of(words, maker.epilogue)
    else:
        rest = [end_given(b, words)]

    def use(work: ll.Value) -> None:
        b.call(kernel, [
            given["words"], words.pointer("padded"), words.pointer("packed"),
            words.pointer("out"), given["first"], given["last"], work, *rest,
        ])  # fmt: skip

    if isinstance(maker, Planar):
        bytes = P.work_bytes(b, words)
    else:
        bytes = W.work_bytes(b, maker, words)
    with_work(b, words, bytes, use)
    b.ret_void()
    task = b.function
    b, given = B.new_function(module, name, [("words", POINTER)])
    words = Words(b, given["words"], names)
    if isinstance(maker, Planar):
        bytes = P.padded_bytes(b, maker, words)
    else:
        words["packed"] = B.at(b, words.pointer("packed"), FLAG)
        for axis in ("h", "w"):
            words[f"full_{axis}"] = W.padded_size(b, words[f"out_{axis}"])
        bytes = C.padded_bytes(b, Convolution(maker.target, maker.types), words)

    def both() -> None:
        _make_known(b, maker, words, pad_task, task)

    with_memory(b, words, [("padded", bytes)], both)
    b.ret_void()
    return b.function


def _make_known(
    b: ll.IRBuilder, maker: Known, words: Words, pad: ll.Function, task: ll.Function
) -> None:
    if isinstance(maker, Planar):
        lines, units = P.lines(b, words), P.units(b, maker, words)
        line: ll.Value = words["full_w"]
        each = b.mul(P.depth_of(b, words), B.index(2 * maker.shape.lanes))
        each = b.mul(words["outer"], each)
    else:
        lines = b.mul(words["images"], words["full_h"])
        units = W.units(b, maker, words)
        line = b.mul(words["full_w"], words["channels"])
        each = b.mul(words["out_w"], words["channels"])
        each = b.mul(each, B.index(8 * maker.shape.width))
    # an element of the input takes about as long as so many multiplications
    share(b, words.base, pad, lines, b.mul(line, B.index(8)))
    share(b, words.base, task, units, each)


def _emit_planar_run(module: ll.Module, name: str, planar: Planar) -> ll.Function:
    pad, kernel = P.emit_pad(module, planar), P.emit_planar(module, planar)
    return _emit_known_run(module, name, planar, kernel, pad)


def _emit_winograd_run(module: ll.Module, name: str, w: Winograd) -> ll.Function:
    pad = L.emit_pad(module, Convolution(w.target, w.types))
    pad.linkage = "internal"
    return _emit_known_run(module, name, w, W.emit_winograd(module, w), pad)


def run_planar(region: Region, planar: Planar, words: Words) -> None:
    """A convolution of few channels."""
    run = region.kernel(
        f"run_{planar.name}", RUN, lambda m, n: _emit_planar_run(m, n, planar)
    )
    region.b.call(run, [words.base])


def run_winograd(region: Region, winograd: Winograd, words: Words) -> None:
    """Windows of 3 × 3, by transforms of patches."""
    run = region.kernel(
        f"run_{winograd.name}", RUN, lambda m, n: _emit_winograd_run(m, n, winograd)
    )
    region.b.call(run, [words.base])
