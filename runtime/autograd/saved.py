"""Tensors kept for the way back, and whether their memory was written since.

Writes are counted by memory, not by tensor, so that a write through a view is seen. A
count exists while somebody keeps a tensor of that memory; other writes cost a look into
a table.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from jit.ir.dtypes import FLOATING, dtype_of
from jit.runtime.autograd.node import Node
from jit.runtime.kernels.strides import root
from jit.runtime.tensor import Tensor, wrap


class Writes:
    """How often a piece of memory was written since somebody counts."""

    __slots__ = ("__weakref__", "count", "owner")

    def __init__(self, owner: np.ndarray) -> None:
        self.owner = owner
        self.count = 0


_counted: weakref.WeakValueDictionary[int, Writes] = weakref.WeakValueDictionary()
"""By identity of the array that owns the memory, which `Writes` keeps alive."""


owner_of = root
"""The array that owns the memory of a view."""


def writes_to(array: np.ndarray) -> Writes:
    """The count of writes to the memory of an array."""
    owner = owner_of(array)
    found = _counted.get(id(owner))
    if found is None:
        found = _counted[id(owner)] = Writes(owner)
    return found


def note_write(array: np.ndarray) -> None:
    """Say that the memory of an array was written."""
    if _counted:
        found = _counted.get(id(owner_of(array)))
        if found is not None:
            found.count += 1


Hooks: TypeAlias = tuple[Callable[[Tensor], Any], Callable[[Any], Tensor]]
pack_hooks: list[Hooks] = []
"""Of `saved_tensors_hooks`: the last pair packs what is saved, and unpacks it."""


class Saved:
    """A tensor kept for the way back. It keeps no step of the tape that keeps it."""

    __slots__ = (
        "_array",
        "_count",
        "_grad_fn",
        "_leaf",
        "_output",
        "_packed",
        "_unpack",
        "_wants",
        "_writes",
    )

    def __init__(self, tensor: Tensor, is_result: bool = False) -> None:
        self._wants = tensor._requires_grad
        self._grad_fn = None if is_result else tensor.grad_fn
        self._output = tensor._output
        self._leaf = tensor if self._wants and tensor.grad_fn is None else None
        self._array: np.ndarray | None = None
        self._unpack = None
        if pack_hooks:
            pack, self._unpack = pack_hooks[-1]
            self._packed = pack(tensor)
            return
        self._array = tensor.array
        self._writes = writes_to(tensor.array)
        self._count = self._writes.count

    def get(self, node: Node, name: str) -> Any:
        """The tensor as it was, with its place on the tape; a Written if it is gone."""
        if self._unpack is not None:
            made = self._unpack(self._packed)
        else:
            written = self._writes.count - self._count
            if written:
                assert self._array is not None
                message = _written_message(self._array, node, name, written)
                return Written(self._array, message)
            if self._leaf is not None:
                return self._leaf
            assert self._array is not None
            made = wrap(self._array)
        if self._wants and made.grad_fn is None:
            made.grad_fn = node if self._grad_fn is None else self._grad_fn
            made._output = self._output
            made._requires_grad = True
        return made


class Known:
    """What a derivative may ask of an argument that is not kept: its shape and dtype."""

    __slots__ = ("dtype", "shape")

    def __init__(self, array: np.ndarray) -> None:
        self.shape = array.shape
        self.dtype = dtype_of(array.dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def numel(self) -> int:
        return math.prod(self.shape)

    def size(self, dim: int) -> int:
        return int(self.shape[dim])

    def is_complex(self) -> bool:
        return self.dtype.category > FLOATING


class Written(Known):
    """Stands for a kept tensor that was written since: to use its elements raises."""

    __slots__ = ("message",)

    def __init__(self, array: np.ndarray, message: str) -> None:
        super().__init__(array)
        self.message = message

    def refuse(self, *ignored: Any) -> Any:
        """Raise the RuntimeError that tells what was written."""
        raise RuntimeError(self.message)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = refuse
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __neg__ = __getitem__ = refuse
    __matmul__ = __rmatmul__ = __lt__ = __le__ = __gt__ = __ge__ = __getattr__ = refuse


def _written_message(array: np.ndarray, node: Node, name: str, times: int) -> str:
    """Why a step of the tape cannot go back."""
    return (
        "one of the variables needed for gradient computation has been modified by an"
        f" inplace operation: `{name}` of {node.name()}, a tensor of shape"
        f" {list(array.shape)}, was written {times} time{'s'[: times > 1]} after it was"
        " kept. Use a copy (x = x + 1 in place of x += 1), or write it before it is used."
        " torch.autograd.set_detect_anomaly(True) shows where it was used."
    )
