"""Copies of tensors of any strides, by the kernel alone and in programs."""

from __future__ import annotations

import ctypes
import itertools
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

from jit import torch
from jit.runtime.codegen.making import kernels
from jit.runtime.codegen.making.engine import function_pointer
from jit.runtime.codegen.tensors import copy_kernel
from tests.native.agreement import Both, numbers

SIZES = [
    (), (1,), (0,), (7,), (40, 33), (33, 40), (16, 16), (1, 5, 1), (3, 1, 20), (0, 4),
    (2, 3, 17, 18), (5, 1, 3, 1, 4), (300, 400),
]  # fmt: skip


def copied(x: Any, target: Any) -> None:
    """Run the kernel; nothing but the words of the copy tells it of the arrays."""
    item = x.itemsize
    kernel = kernels.Kernel(
        f"copy_{item}",
        copy_kernel.RUN,
        lambda module, name: copy_kernel.emit_copy(module, name, item),
    )
    library = kernel.load()
    run = function_pointer(library.address(kernel.symbol), None, ctypes.c_void_p)
    rank = max(x.ndim, 1)
    dims = [x.shape or (1,), x.strides or (item,), target.strides or (item,)]
    words = np.zeros(copy_kernel.SIZES + 3 * rank, np.int64)
    words[:3] = x.ctypes.data, target.ctypes.data, rank
    words[copy_kernel.SIZES :] = list(itertools.chain(*dims))
    run(words.ctypes.data)


def layouts(x: Any) -> Any:
    """The same sizes in other places of memory."""
    yield x
    for axis in range(x.ndim):
        yield np.flip(x, axis)
        order = np.ascontiguousarray(np.moveaxis(x, axis, -1))
        yield np.moveaxis(order, -1, axis)
        some = tuple(slice(0, 1) if d == axis else slice(None) for d in range(x.ndim))
        yield np.broadcast_to(x[some], x.shape)
        wide = np.repeat(x, 2, axis)
        yield wide[tuple(
            slice(None, None, 2) if d == axis else slice(None) for d in range(x.ndim)
        )]  # fmt: skip


@pytest.mark.parametrize("dtype", ["i1", "i2", "f4", "i8"])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_elements_go_where_they_belong(sizes: Any, dtype: str) -> None:
    x = np.arange(np.prod(sizes, dtype=int)).reshape(sizes).astype(dtype)
    targets = [np.zeros_like(x), np.zeros(sizes[::-1], dtype).T]
    for source in layouts(x):
        for target in targets:
            target[...] = 0
            copied(source, target)

            np.testing.assert_array_equal(target, source)


def test_what_lies_between_the_elements_is_left_alone() -> None:
    x = np.arange(40 * 50, dtype=np.float32).reshape(50, 40).T
    for step in (2, 3):
        memory = np.zeros((40 * step, 50 * step), np.float32)

        copied(x, memory[::step, ::step])

        expected = np.zeros_like(memory)
        expected[::step, ::step] = x
        np.testing.assert_array_equal(memory, expected)


def large(x):
    turned = x.t().contiguous()
    return torch.cat([turned, turned.flip([0]), turned.flip([1])], 1)


def test_large_copies_go_to_all_threads() -> None:
    for x in (numbers(700, 900), numbers(900, 700).T, numbers(1000, 1), numbers(0, 9)):
        Both(large).check(x, relative=0, absolute=0)
