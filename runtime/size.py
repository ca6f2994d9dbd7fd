"""`torch.Size`: the sizes of a tensor, a tuple that prints its own way."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np


class Size(tuple[int, ...]):
    """The sizes along each dimension; slices and sums are Sizes too."""

    __slots__ = ()

    def numel(self) -> int:
        """How many elements a tensor of these sizes has."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(repr, self))}])"

    __str__ = __repr__

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return Size(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, tuple):
            return NotImplemented
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Any:
        if not isinstance(other, tuple):
            return NotImplemented
        return Size(other + tuple(self))

    def __mul__(self, count: Any) -> Any:
        return Size(tuple.__mul__(self, count))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[Any, ...]:
        return (Size, (tuple(self),))


def contiguous_strides(sizes: Iterable[int]) -> tuple[int, ...]:
    """Strides, in elements, of a contiguous tensor."""
    strides = []
    step = 1
    for size in reversed(tuple(sizes)):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def strides_of(array: np.ndarray) -> tuple[int, ...]:
    """Strides of an array, in elements.

    NumPy gives dimensions of size one that it adds a stride of 0; here, as in torch,
    they have the extent of the next dimension.
    """
    strides = [s // array.itemsize for s in array.strides]
    for dim in reversed(range(array.ndim)):
        if array.shape[dim] == 1 and strides[dim] == 0:
            inner = dim + 1
            is_last = inner == array.ndim
            strides[dim] = 1 if is_last else strides[inner] * array.shape[inner]
    return tuple(strides)
