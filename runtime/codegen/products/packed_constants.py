"""Constant matrices, packed once for all kernels of a process that read them.

    panels = packed_matrix(weight.T, Gemm(target, numbers(float32)))

A constant is packed when the first code that multiplies by it is made. The table is
keyed by where the numbers lie and how the kernel wants them, so specialisations of one
program, and programs that share a constant, share what is packed; it goes with the last
code that reads it. Only arrays that nobody can change are packed, see `never_changes`.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir.dtypes import dtype_of
from jit.runtime.codegen.making import engine
from jit.runtime.codegen.making import target as targets
from jit.runtime.codegen.process.forking import llvm_lock
from jit.runtime.codegen.process.memory import HUGE_PAGE, LARGE_BYTES
from jit.runtime.codegen.products.gemm import Gemm, emit_pack_b, packed_bytes
from jit.runtime.codegen.products.packing import PACK_ARGUMENTS
from jit.runtime.codegen.products.tile import numbers


class Panels(np.ndarray):
    """The bytes of a packed matrix. They keep what they were made of."""

    source: np.ndarray
    dtype_of_matrix: str = ""
    """For what `packed_matrix` made: the dtype; such panels can be described."""
    way: tuple[Any, ...] = ()
    """For what `packed_at_first_use` made: how it is packed."""


@dataclass(frozen=True)
class Statistics:
    """How much is packed now."""

    count: int
    bytes: int


_Key = tuple[Any, ...]

_table: weakref.WeakValueDictionary[_Key, Panels] = weakref.WeakValueDictionary()


def never_changes(array: np.ndarray) -> bool:
    """Whether an array and all that it is a view of are read-only.

    Constants of programs are: they were copied when they became constants.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return base is None or isinstance(base, bytes) or _is_read_only(base)


def _is_read_only(holder: object) -> bool:
    try:
        with memoryview(holder) as view:  # type: ignore[arg-type]
            return view.readonly
    except TypeError:
        return False


def packed_matrix(matrix: np.ndarray, gemm: Gemm) -> Panels:
    """A matrix B, depth × columns, as the kernel reads it."""
    way = (gemm.types.source.name, gemm.shape.width)
    plain = Gemm(gemm.target, numbers(gemm.types.source))
    return packed_once(matrix, way, lambda: _pack(matrix, plain))


def packed_once(
    array: np.ndarray, way: tuple[Any, ...], pack: Callable[[], Panels]
) -> Panels:
    """What `pack` makes of an array in some way, from the table if it is there."""
    key = (*_place(array), *way)
    with llvm_lock:
        found = _table.get(key)
        if found is None:
            found = _table[key] = pack()
        return found


FLAG = 64
"""Bytes in front of what is packed at its first use; the first word tells if it was."""


def packed_at_first_use(array: np.ndarray, way: tuple[Any, ...], size: int) -> Panels:
    """Memory for an array in some way, with `FLAG`, which kernels fill."""

    def make() -> Panels:
        panels = new_panels(array, FLAG + size)
        panels[:FLAG] = 0
        panels.way = way
        return panels

    return packed_once(array, way, make)


_TILES = "tiles"


def packed_tiles(weight: np.ndarray, heights: Sequence[int]) -> Panels:
    """Weights of few channels, those of a tile of rows for each step together.

    `heights` are those of tiles, from the highest on; see `convolutions.planar`.
    """

    def make() -> Panels:
        made = _tiles(weight.reshape(weight.shape[0], -1), heights)
        panels = new_panels(weight, made.nbytes)
        panels[:] = made.view(np.uint8)
        panels.way = (_TILES, *heights)
        return panels

    return packed_once(weight, (_TILES, *heights), make)


def _tiles(weight: np.ndarray, heights: Sequence[int]) -> np.ndarray:
    outer, depth = weight.shape
    made = np.zeros((outer + heights[0], depth), weight.dtype)
    made[:outer] = weight
    parts, at = [], 0
    while at < outer:
        height = heights[0]
        for place, height in enumerate(heights):
            smaller = heights[place + 1 :]
            if not smaller or outer - at > min(sum(smaller), height - 1):
                break
        parts.append(made[at : at + height].T.ravel())
        at += height
    return np.concatenate(parts)


def describe(panels: Panels, arrays: Sequence[np.ndarray]) -> list[Any] | None:
    """How panels are made again from one of some arrays; None if that is not known."""
    if panels.dtype_of_matrix:
        for index, array in enumerate(arrays):
            for turned, matrix in ((False, array), (True, array.T)):
                if matrix.ndim == 2 and _place(matrix) == _place(panels.source):
                    return [index, turned, panels.dtype_of_matrix]
    if panels.way:
        for index, array in enumerate(arrays):
            if _place(array) == _place(panels.source):
                return [index, list(panels.way), panels.nbytes - FLAG]
    return None


def make_again(described: Sequence[Any], arrays: Sequence[np.ndarray]) -> Panels:
    """The panels that `describe` told of, of these arrays."""
    index, turned, dtype = described
    if isinstance(turned, list):
        if turned[0] == _TILES:
            return packed_tiles(arrays[index], turned[1:])
        return packed_at_first_use(arrays[index], tuple(turned), dtype)
    matrix = arrays[index].T if turned else arrays[index]
    return packed_matrix(matrix, Gemm(targets.host(), numbers(dtype_of(dtype))))


def _place(array: np.ndarray) -> tuple[Any, ...]:
    return array.__array_interface__["data"][0], array.shape, array.strides


def statistics() -> Statistics:
    """What the table holds."""
    with llvm_lock:
        kept = list(_table.values())
    return Statistics(len(kept), sum(panels.nbytes for panels in kept))


_LINE = 64


def new_panels(source: np.ndarray, size: int) -> Panels:
    """Memory for what is packed, which begins a cache line; on huge pages if large."""
    large = size >= LARGE_BYTES
    unit = HUGE_PAGE if large else _LINE
    memory = _mapped(size + unit) if large else np.empty(size + unit, np.uint8)
    start = -memory.ctypes.data % unit
    panels = memory[start : start + size].view(Panels)
    panels.source = source
    return panels


def _mapped(size: int) -> np.ndarray:
    """Fresh pages, huge ones where the system has them."""
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return np.empty(size, np.uint8)
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a kernel may be built without them
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, np.uint8)


_MOST_COPIED = 1 << 22
"""Elements that NumPy copies as fast as machine code, which need not be made then."""


def _copy(matrix: np.ndarray, panels: Panels, width: int) -> None:
    depth, columns = matrix.shape
    to = panels.view(np.ndarray).view(matrix.dtype).reshape(-1, depth, width)
    whole = columns // width
    inside = matrix.T[: whole * width].reshape(whole, width, depth)
    to[:whole] = inside.transpose(0, 2, 1)
    if whole < len(to):
        to[whole] = 0
        to[whole, :, : columns - whole * width] = matrix[:, whole * width :]


def _pack(matrix: np.ndarray, gemm: Gemm) -> Panels:
    depth, columns = matrix.shape
    panels = new_panels(matrix, packed_bytes(gemm, depth, columns))
    panels.dtype_of_matrix = gemm.types.source.name
    if gemm.types.is_direct and matrix.size <= _MOST_COPIED:
        _copy(matrix, panels, gemm.shape.width)
        return panels
    pack = _packer_of(gemm)
    pack(
        matrix.ctypes.data, *matrix.strides, depth, columns, panels.ctypes.data,
        packed_bytes(gemm, depth, 1), gemm.shape.vectors,
    )  # fmt: skip
    return panels


@engine.once
def _packer_of(gemm: Gemm) -> Any:
    types = gemm.types
    name = f"pack_{types.source.name}_{gemm.shape.lanes}"

    def text() -> str:
        module = ll.Module("pack")
        pack = emit_pack_b(module, gemm)
        assert pack.name == name
        pack.linkage = "external"
        return str(module)

    library = engine.made(f"{name} {types.sum_bytes}", [name], text)
    kinds = [
        ctypes.c_int64 if isinstance(type, ll.IntType) else ctypes.c_void_p
        for _, type in PACK_ARGUMENTS
    ]
    return library.function(name, None, *kinds)
