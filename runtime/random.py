"""Random numbers that depend on a seed and a position only, equal in all executors.

Philox 4x32 with ten rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers:
as easy as 1, 2, 3", 2011) turns a 64-bit key and a 128-bit counter into four 32-bit
words. A `Generator` holds a seed (the key) and an offset (blocks used so far); a draw
of n words takes blocks offset … offset + ceil(n / 4) and moves the offset, so that any
executor can compute any element by itself. The numbers are not torch's.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import DType

FACTORS = 0xD2511F53, 0xCD9E8D57
_M0, _M1 = map(np.uint64, FACTORS)
_W0, _W1 = KEY_STEPS = 0x9E3779B9, 0xBB67AE85
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
ROUNDS = 10


def philox(seed: int, offset: int, blocks: int) -> np.ndarray:
    """The words of `blocks` counters from `offset` on: uint32[blocks, 4]."""
    counter = np.arange(offset, offset + blocks, dtype=np.uint64)
    c0, c1 = counter & _LOW, counter >> _HALF
    c2 = np.zeros_like(c0)
    c3 = np.zeros_like(c0)
    k0, k1 = seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF
    for _ in range(ROUNDS):
        p0, p1 = _M0 * c0, _M1 * c2
        c0 = (p1 >> _HALF) ^ c1 ^ np.uint64(k0)
        c2 = (p0 >> _HALF) ^ c3 ^ np.uint64(k1)
        c1, c3 = p1 & _LOW, p0 & _LOW
        k0, k1 = (k0 + _W0) & 0xFFFFFFFF, (k1 + _W1) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


class Generator:
    """A source of random numbers, `torch.Generator()`."""

    __slots__ = ("_lock", "_offset", "_seed")

    def __init__(self, device: Any = None) -> None:
        from jit.runtime.device import require_cpu

        require_cpu(device)
        self._lock = threading.Lock()
        self._seed = 0
        self._offset = 0

    @property
    def device(self) -> Any:
        from jit.runtime.device import CPU

        return CPU

    def manual_seed(self, seed: int) -> Generator:
        """Start again from a seed."""
        with self._lock:
            self._seed = int(seed) & 0xFFFFFFFFFFFFFFFF
            self._offset = 0
        return self

    def seed(self) -> int:
        """Start again from a seed taken from the clock, and return it."""
        value = time.time_ns() & 0x7FFFFFFFFFFFFFFF
        self.manual_seed(value)
        return value

    def initial_seed(self) -> int:
        """The seed that this generator started from."""
        return self._seed

    def get_state(self) -> tuple[int, int]:
        """Seed and offset."""
        with self._lock:
            return self._seed, self._offset

    def set_state(self, state: tuple[int, int]) -> None:
        """Go back to a state."""
        with self._lock:
            self._seed, self._offset = state

    def use(self, blocks: int) -> tuple[int, int]:
        """Move on by so many blocks; the seed, and the first of them."""
        with self._lock:
            start = self._offset
            self._offset += blocks
            return self._seed, start

    def take(self, words: int) -> np.ndarray:
        """The next words: uint32[words]."""
        blocks = -(-words // 4)
        seed, start = self.use(blocks)
        return philox(seed, start, blocks).reshape(-1)[:words]

    def __repr__(self) -> str:
        return f"<torch.Generator seed={self._seed} offset={self._offset}>"


default_generator = Generator()
"""What operators use when no generator is given."""


def manual_seed(seed: int) -> Generator:
    """Start the default generator from a seed."""
    return default_generator.manual_seed(seed)


def draw_uniform(
    shape: Sequence[int], dtype: DType, generator: Generator | None = None
) -> np.ndarray:
    """Uniform in [0, 1); every value is a multiple of the dtype's resolution."""
    generator = generator or default_generator
    count = math.prod(shape)
    if dtype is dtypes.float64:
        return _unit64(generator, count).reshape(shape)
    bits = {dtypes.float16: 11, dtypes.bfloat16: 8}.get(dtype, 24)
    words = generator.take(count) >> np.uint32(32 - bits)
    unit = words.astype(np.float32) * np.float32(2.0**-bits)
    return unit.astype(dtype.numpy).reshape(shape)


def _unit64(generator: Generator, count: int) -> np.ndarray:
    words = generator.take(2 * count).astype(np.uint64)
    return ((words[0::2] << np.uint64(21)) ^ (words[1::2] >> np.uint64(11))).astype(
        np.float64
    ) * 2.0**-53


def draw_normal(
    shape: Sequence[int], dtype: DType, generator: Generator | None = None
) -> np.ndarray:
    """Standard normal, by Box and Muller in float64: two words an element."""
    generator = generator or default_generator
    count = math.prod(shape)
    words = generator.take(2 * count).astype(np.float64)
    radius = np.sqrt(-2.0 * np.log((words[0::2] + 1.0) * 2.0**-32))
    normal = radius * np.cos(2.0 * math.pi * words[1::2] * 2.0**-32)
    return normal.astype(dtype.numpy).reshape(shape)


def draw_integers(
    low: int,
    high: int,
    shape: Sequence[int],
    dtype: DType,
    generator: Generator | None = None,
) -> np.ndarray:
    """Integers in [low, high), from 64 bits modulo the width of the range."""
    generator = generator or default_generator
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >="
            f" to={high}"
        )
    words = generator.take(2 * math.prod(shape)).astype(np.uint64)
    wide = (words[0::2] << _HALF) | words[1::2]
    # the sum wraps modulo 2**64, which two's complement undoes
    steps = (wide % np.uint64(high - low)).view(np.int64)
    return (steps + np.int64(low)).astype(dtype.numpy).reshape(shape)


def draw_permutation(count: int, generator: Generator | None = None) -> np.ndarray:
    """The numbers 0 … count - 1 in a random order, int64."""
    generator = generator or default_generator
    words = generator.take(2 * count).astype(np.uint64)
    return np.argsort((words[0::2] << _HALF) | words[1::2], kind="stable")
