"""Generated matrix products, called on arrays and compared with NumPy in float64."""

from __future__ import annotations

import ctypes
import dataclasses
import itertools
import mmap
import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.runtime.codegen import building
from jit.runtime.codegen.making import engine, target
from jit.runtime.codegen.products import tile as T
from jit.runtime.codegen.products.finishing import emit_finish_at
from jit.runtime.codegen.products.gemm import (
    Gemm,
    emit_pack_b,
    emit_product,
    packed_bytes,
    work_bytes,
)

Array = np.ndarray[Any, Any]

HOST = target.host()
MACHINES = {
    "host": HOST,
    "avx2": dataclasses.replace(HOST, vector_bytes=32, vector_registers=16),
    "sse2": dataclasses.replace(
        HOST, vector_bytes=16, vector_registers=16, has_fma=False
    ),
    # caches so small that every loop around the tiles has several turns
    "small": dataclasses.replace(HOST, cache_bytes=(8 << 10, 64 << 10, 256 << 10)),
}
SIZES = [0, 1, 2, 3, 7, 14, 17, 31, 32, 33, 61]


def _function(library: engine.Library, function: ll.Function) -> Any:
    kinds = [
        ctypes.c_int64 if isinstance(a.type, ll.IntType) else ctypes.c_void_p
        for a in function.args
    ]
    return library.function(function.name, None, *kinds)


def aligned(count: int) -> Array:
    """Bytes of scratch memory that begin a cache line."""
    memory = np.full(count + 64, 0xFF, np.uint8)
    return memory[-memory.ctypes.data % 64 :][:count]


class Product:
    """A kernel in memory, to be called on arrays."""

    def __init__(
        self, gemm: Gemm, packs: bool = False, epilogue: T.Epilogue = T.PLAIN
    ) -> None:
        self.gemm, self.packs = gemm, packs
        self.whole = not gemm.types.accumulates
        module = ll.Module(gemm.name)
        kernel = emit_product(module, gemm)
        pack = emit_pack_b(module, gemm)
        pack.linkage = "external"
        sizes = [(name, building.I64) for name in ("depth", "rows", "columns")]
        sizes += [("packed", building.POINTER), ("whole", building.I64)]
        b, given = building.new_function(
            module, "work_bytes", sizes, building.I64, internal=False
        )
        b.ret(work_bytes(b, gemm, *given.values()))
        emit_finish_at(module, "finish", gemm.shape, gemm.types, epilogue)
        names = [kernel.name, pack.name, "work_bytes", "finish"]
        library = engine.load(str(module), names)
        self.finish = library.address("finish")
        self.work_bytes = library.function(
            "work_bytes", ctypes.c_int64, *[ctypes.c_int64] * 3, ctypes.c_void_p,
            ctypes.c_int64,
        )  # fmt: skip
        self.kernel = _function(library, kernel)
        self.pack = _function(library, pack)

    def packed(self, b: Array) -> Array:
        depth, width = b.shape
        out = aligned(packed_bytes(self.gemm, depth, width))
        panel = packed_bytes(self.gemm, depth, 1)
        self.pack(
            b.ctypes.data, *b.strides, depth, width, out.ctypes.data, panel,
            self.gemm.shape.vectors,
        )  # fmt: skip
        return out

    def __call__(
        self,
        a: Array,
        b: Array,
        operands: tuple[tuple[Any, ...], ...] = (),
        parts: Any = None,
    ) -> Array:
        m, depth = a.shape
        n = b.shape[1]
        # guarded on all sides: the kernel may not write next to the result
        whole = np.full((m + 2, n + 7), 77, a.dtype)
        c = whole[1 : m + 1, 3 : n + 3]
        packed = self.packed(b) if self.packs else None
        given = packed.ctypes.data if packed is not None else None
        work = aligned(self.work_bytes(depth, m, n, given, self.whole))
        table = np.zeros((len(operands) + 1, 3), np.int64)
        for place, (x, *steps) in enumerate(operands):
            table[place, : 1 + len(steps)] = (x.ctypes.data, *steps)
        for first, last, left, right in parts or [(0, m, 0, n)]:
            self.kernel(
                m, a.ctypes.data, *a.strides, b.ctypes.data, *b.strides, given,
                c.ctypes.data, c.strides[0], c.itemsize, self.whole, self.finish,
                table.ctypes.data, depth, first, last, left, right,
                work.ctypes.data,
            )  # fmt: skip
        guard = whole.copy()
        guard[1 : m + 1, 3 : n + 3] = 77
        assert (guard == 77).all()
        return c


_made: dict[tuple[Gemm, bool, T.Epilogue], Product] = {}


def made(
    machine: str,
    dtype: dtypes.DType = dtypes.float32,
    packed_b: bool = False,
    epilogue: T.Epilogue = T.PLAIN,
) -> Product:
    """A kernel; `packed_b` says that it is given a B that has been packed before."""
    key = (Gemm(MACHINES[machine], T.numbers(dtype)), packed_b, epilogue)
    if key not in _made:
        _made[key] = Product(*key)
    return _made[key]


def numbers(*shape: int, dtype: Any = np.float32, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def assert_close(expected: Array, actual: Array, a: Array, b: Array) -> None:
    """Within the rounding of sums as long as these."""
    wide = np.abs(a.astype(np.float64)) @ np.abs(b.astype(np.float64))
    steps = {"float64": 2.0**-52, "float32": 2.0**-23}.get(actual.dtype.name, 2.0**-7)
    error = np.abs(actual.astype(np.float64) - expected)
    assert (error <= (1e-30 + wide * max(1, a.shape[1]) ** 0.5 * steps)).all()


@pytest.mark.parametrize("packed_b", [False, True])
@pytest.mark.parametrize("machine", MACHINES)
def test_products_of_all_sizes_agree_with_numpy(machine: str, packed_b: bool) -> None:
    f = made(machine, packed_b=packed_b)
    for m, n, k in itertools.product(SIZES[::2], SIZES, SIZES[::3]):
        a, b = numbers(m, k), numbers(k, n, seed=1)
        assert_close(a.astype(np.float64) @ b, f(a, b), a, b)


@pytest.mark.parametrize("dtype", [dtypes.float64, dtypes.bfloat16, dtypes.float16])
@pytest.mark.parametrize("packed_b", [False, True])
def test_other_dtypes(dtype: dtypes.DType, packed_b: bool) -> None:
    f = made("host", dtype, packed_b=packed_b)
    for m, n, k in [(1, 1, 1), (5, 33, 17), (29, 70, 500), (64, 64, 64), (3, 0, 2)]:
        a, b = numbers(m, k, dtype=dtype.numpy), numbers(k, n, dtype=dtype.numpy)
        expected = a.astype(np.float64) @ b.astype(np.float64)
        assert_close(expected, f(a, b), a, b)


def test_half_types_round_once() -> None:
    f = made("host", dtypes.bfloat16)
    a, b = numbers(9, 700, dtype=dtypes.bfloat16.numpy), np.ones((700, 5), np.float32)
    b = b.astype(dtypes.bfloat16.numpy)
    # exact sums: the only rounding is that of the result
    a[:] = np.round(a.astype(np.float32) * 4)

    expected = (a.astype(np.float64) @ b.astype(np.float64)).astype(a.dtype)

    assert (expected == f(a, b)).all()


def _views(x: Array) -> dict[str, Array]:
    """The same matrix, lying differently in memory."""
    rows, columns = x.shape
    spread = np.full((2 * rows + 1, 3 * columns + 1), np.nan, x.dtype)
    spread[1::2, 1::3] = x
    return {
        "rows": x,
        "columns": np.asfortranarray(x),
        "spread": spread[1::2, 1::3],
        "backwards": np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
        "padded": np.pad(x, ((0, 0), (1, 5)))[:, 1 : columns + 1],
    }


@pytest.mark.parametrize("machine", MACHINES)
def test_operands_with_any_strides(machine: str) -> None:
    f = made(machine)
    for m, n, k in [(5, 7, 3), (47, 101, 90), (20, 32, 150)]:
        a, b = numbers(m, k), numbers(k, n, seed=1)
        expected = a.astype(np.float64) @ b
        for x, y in itertools.product(_views(a).values(), _views(b).values()):
            assert_close(expected, f(x, y), a, b)


def test_rows_that_are_a_power_of_two_apart() -> None:
    a, b = numbers(40, 1024), numbers(1024, 200, seed=1)

    assert_close(a.astype(np.float64) @ b, made("host")(a, b), a, b)


def test_broadcast_operands() -> None:
    a = np.broadcast_to(numbers(1, 50), (33, 50))
    b = np.broadcast_to(numbers(50, 1, seed=1), (50, 70))

    assert_close(a.astype(np.float64) @ b, made("host")(a, b), a, b)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("packed_b", [False, True])
def test_every_way_to_split_gives_the_same_bits(machine: str, packed_b: bool) -> None:
    f = made(machine, packed_b=packed_b)
    width = f.gemm.shape.width
    a, b = numbers(61, 470), numbers(470, 150, seed=1)
    whole = f(a, b)
    for row, column in itertools.product([1, 13, 14, 40, 60], [width, 2 * width]):
        parts = [
            (*rows, *columns)
            for rows in ((0, row), (row, 61))
            for columns in ((0, column), (column, 150))
        ]
        assert (whole == f(a, b, parts=parts)).all()


def test_packed_and_direct_operands_give_the_same_bits() -> None:
    a, b = numbers(61, 470), numbers(470, 150, seed=1)
    results = [
        made("host")(x, y) for x in (a, np.asfortranarray(a)) for y in (b, b.T.copy().T)
    ]
    results.append(made("host", packed_b=True)(a, b))

    assert all((results[0] == r).all() for r in results)


RELU_OF_SUM = T.Epilogue(
    "bias_relu_residual",
    (T.Operand(), T.Operand(along_columns=False), T.Operand()),
    lambda b, x, given: b.fadd(
        _positive(b, b.fadd(b.fadd(x, given[0]), given[1])), given[2]
    ),
)


def _positive(b: ll.IRBuilder, x: ll.Value) -> ll.Value:
    zero = ll.Constant(x.type, None)
    return b.select(b.fcmp_ordered(">", x, zero), x, zero)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("packed_b", [False, True])
def test_epilogues_see_complete_sums(machine: str, packed_b: bool) -> None:
    f = made(machine, epilogue=RELU_OF_SUM, packed_b=packed_b)
    for m, n, k in [(1, 1, 1), (5, 33, 0), (15, 70, 300), (60, 64, 1000)]:
        a, b = numbers(m, k), numbers(k, n, seed=1)
        bias, shift, residual = numbers(n), numbers(m, seed=2), numbers(m, n, seed=3)
        residual = np.asfortranarray(residual) if k == 300 else residual
        operands = ((bias, 0, 4), (shift, 4), (residual, *residual.strides))
        sums = a.astype(np.float64) @ b + bias + shift[:, None]

        found = f(a, b, operands)

        np.testing.assert_allclose(
            np.maximum(sums, 0) + residual, found, rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("dtype", [dtypes.bfloat16, dtypes.float16])
def test_numbers_are_narrowed_as_numpy_does(dtype: dtypes.DType) -> None:
    module = ll.Module("narrow")
    arguments = [("x", building.POINTER), ("out", building.POINTER)]
    b, given = building.new_function(module, "narrow", arguments, internal=False)
    value = building.load(b, given["x"], building.ll.FloatType())
    building.store(b, T.narrow(b, value, dtype), given["out"])
    b.ret_void()
    library = engine.load(str(module), ["narrow"])
    narrow = _function(library, b.function)
    bits = np.random.default_rng(0).integers(0, 2**32, 3000, dtype=np.uint32)
    special = [0, 1 << 31, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F7FFFFF, 0x3F808000,
               0x3F818000, 1, 0x00008000]  # fmt: skip
    values = np.concatenate([bits, np.array(special, np.uint32)]).view(np.float32)
    with np.errstate(all="ignore"):
        expected = values.astype(dtype.numpy)
    found = np.empty_like(expected)
    for place in range(len(values)):
        narrow(values[place:].ctypes.data, found[place:].ctypes.data)

    is_nan = np.isnan(expected)
    assert (is_nan == np.isnan(found)).all()
    assert (expected[~is_nan] == found[~is_nan]).all()
    assert (np.signbit(expected[~is_nan]) == np.signbit(found[~is_nan])).all()


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
def test_few_rows(machine: str, rows: int) -> None:
    f = made(machine)
    for n, k in [(1, 1), (1, 700), (31, 15), (33, 17), (700, 3), (1200, 70), (40, 0)]:
        a, b = numbers(rows, k), numbers(k, n, seed=1)
        expected = a.astype(np.float64) @ b
        for x, y in itertools.product(_views(a).values(), _views(b).values()):
            assert_close(expected, f(x, y), a, b)


@pytest.mark.parametrize("order", ["C", "F"])
def test_few_rows_split_by_columns(order: str) -> None:
    f = made("host")
    a, b = numbers(3, 470), np.array(numbers(470, 1300, seed=1), order=order)
    whole = f(a, b)
    for column in (32, 512, 544, 1280):
        parts = [(0, 3, 0, column), (0, 3, column, 1300)]
        assert (whole == f(a, b, parts=parts)).all()
    assert (whole == f(a, b, parts=[(0, 1, 0, 1300), (1, 3, 0, 1300)])).all()


def test_few_rows_of_half_types() -> None:
    f = made("host", dtypes.bfloat16)
    for order in ("C", "F"):
        a = numbers(2, 70, dtype=dtypes.bfloat16.numpy)
        b = np.array(numbers(70, 50, dtype=dtypes.bfloat16.numpy), order=order)
        assert_close(a.astype(np.float64) @ b.astype(np.float64), f(a, b), a, b)


@pytest.mark.skipif(sys.platform == "win32", reason="memory is not protected like this")
def test_numbers_outside_of_the_operands_are_not_read() -> None:
    # a page that may not be read follows each operand
    a, b = _before_a_wall(numbers(3, 33)), _before_a_wall(numbers(33, 41, seed=1))
    wide = _before_a_wall(numbers(29, 33))
    for x in (a, wide):
        for machine in MACHINES:
            f = made(machine)
            assert_close(x.astype(np.float64) @ b, f(x, b), x, b)
            turned = _before_a_wall(np.ascontiguousarray(b.T)).T
            assert_close(x.astype(np.float64) @ b, f(x, turned), x, b)


def _before_a_wall(x: Array) -> Array:
    """A copy that ends where readable memory ends."""
    page = mmap.PAGESIZE
    size = -(-x.nbytes // page) * page
    memory = mmap.mmap(-1, size + page)
    _walls.append(memory)
    whole = np.frombuffer(memory, np.uint8)
    libc = ctypes.CDLL(None)
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    assert libc.mprotect(whole.ctypes.data + size, page, 0) == 0
    made = whole[size - x.nbytes : size].view(x.dtype).reshape(x.shape)
    made[...] = x
    return made


_walls: list[mmap.mmap] = []
