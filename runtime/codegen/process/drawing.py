"""The state of random numbers: generated code takes blocks of the default generator."""

from __future__ import annotations

import ctypes
import functools

from jit.runtime import random as R


@functools.cache
def _take() -> ctypes._FuncPointer:
    """`take(blocks, state)`: seed and first block are written to two words."""

    def take(blocks: int, state: int) -> None:
        words = (ctypes.c_uint64 * 2).from_address(state)
        words[0], words[1] = R.default_generator.use(blocks)

    return ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_void_p)(take)


def take_address() -> int:
    """The address of `take`, for the host table; it is kept for good."""
    address = ctypes.cast(_take(), ctypes.c_void_p).value
    assert address is not None
    return address
