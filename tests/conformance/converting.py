"""Values of torch as ours, and both as NumPy's, to be compared.

Strides are kept, and so is what two arguments share: each storage is copied once.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import torch

from jit import torch as ours
from jit.ir.dtypes import DType
from jit.runtime.tensor import Tensor
from tests.conformance import finding

MOST_DIMS = 64
"""NumPy has no arrays of more."""


class UnconvertibleError(Exception):
    """A value of torch that has no counterpart here: the sample does not count."""


class Copies:
    """Copies of the tensors of one call; tensors that share memory do so afterwards."""

    def __init__(self) -> None:
        self._storages: dict[Any, Any] = {}
        self._tensors: dict[int, Any] = {}
        self._kept: list[Any] = []

    def torch(self, value: Any) -> Any:
        """The value with copied tensors."""
        return mapped(value, self._copy)

    def ours(self, value: Any) -> Any:
        """The value with our tensors, dtypes and functions."""
        return mapped(value, self._convert, convert_leaf)

    def _copy(self, tensor: torch.Tensor) -> torch.Tensor:
        key = id(tensor)
        if key in self._tensors:
            return self._tensors[key]
        self._kept.append(tensor)
        if tensor.layout is not torch.strided or tensor.is_quantized:
            raise UnconvertibleError(f"a {tensor.layout} tensor")
        if tensor.device.type != "cpu":
            raise UnconvertibleError(f"a tensor on {tensor.device}")
        if tensor.ndim > MOST_DIMS:
            raise UnconvertibleError(f"{tensor.ndim} dims")
        if tensor.is_conj() or tensor.is_neg():
            tensor = tensor.resolve_conj().resolve_neg()
        storage = tensor.untyped_storage()
        copied = self._storages.get(storage._cdata)
        if copied is None:
            copied = self._storages[storage._cdata] = storage.clone()
        made = torch.empty(0, dtype=tensor.dtype).set_(
            copied, tensor.storage_offset(), tensor.shape, tensor.stride()
        )
        self._tensors[key] = made
        return made

    def _convert(self, tensor: torch.Tensor) -> Tensor:
        key = -id(tensor)
        if key not in self._tensors:
            self._tensors[key] = ours.from_numpy(self._array(self._copy(tensor)))
        return self._tensors[key]

    def _array(self, tensor: torch.Tensor) -> np.ndarray:
        """The tensor as a view of one array for its whole storage."""
        storage = tensor.untyped_storage()
        whole = torch.empty(0, dtype=tensor.dtype).set_(storage)
        base = self._storages.setdefault(
            (storage._cdata, tensor.dtype), view_as_array(whole)
        )
        steps = tuple(s * base.itemsize for s in tensor.stride())
        offset = tensor.storage_offset() * base.itemsize
        return np.ndarray(tuple(tensor.shape), base.dtype, base, offset, steps)


def mapped(
    value: Any, tensor: Callable[[Any], Any], leaf: Callable[[Any], Any] = lambda v: v
) -> Any:
    """The value with `tensor` of its tensors and `leaf` of what is no container."""
    if isinstance(value, torch.Tensor | Tensor):
        return tensor(value)
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, list | tuple):
        made = [mapped(v, tensor, leaf) for v in value]
        return made if isinstance(value, list) else tuple(made)
    if isinstance(value, dict):
        return {k: mapped(v, tensor, leaf) for k, v in value.items()}
    if isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
        return slice(*(mapped(p, tensor, leaf) for p in parts))
    return leaf(value)


def convert_leaf(value: Any) -> Any:
    """Our dtype, function or other constant for torch's; Python's values are both's."""
    if isinstance(value, torch.dtype | torch.layout | torch.memory_format):
        found = getattr(ours, str(value).removeprefix("torch."), None)
        if found is None:
            raise UnconvertibleError(str(value))
        return found
    if isinstance(value, torch.device):
        return ours.device(str(value))
    if isinstance(value, torch.Generator):
        return ours.Generator().manual_seed(value.initial_seed())
    if isinstance(value, torch.nn.LinearCrossEntropyOptions):
        fields = mapped(dataclasses.asdict(value), lambda x: x, convert_leaf)
        return ours.nn.LinearCrossEntropyOptions(**fields)
    if isinstance(value, torch.nn.Module):
        return _module(value)
    if isinstance(value, types.FunctionType | types.BuiltinFunctionType):
        return finding.counterpart(value, "")
    return value


def _module(module: torch.nn.Module) -> Any:
    """Our layer for one of torch's that has no state but numbers."""
    cls = getattr(ours.nn, type(module).__name__, None)
    if cls is None or any(True for _ in module.state_dict()):
        raise UnconvertibleError(f"a {type(module).__name__}")
    made = cls()
    for name, value in vars(module).items():
        if isinstance(value, bool | int | float) and not name.startswith("_"):
            setattr(made, name, value)
    return made


def view_as_array(tensor: torch.Tensor) -> np.ndarray:
    """The elements, in the same memory."""
    if tensor.dtype is torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    if tensor.dtype is torch.complex32:
        raise UnconvertibleError("complex32")
    return tensor.numpy()


def plain(value: Any) -> Any:
    """A result of either library as arrays, Python's values and names of dtypes."""
    return mapped(value, _array, _plain_leaf)


def tensors_of(value: Any) -> Any:
    """The tensors of arguments as arrays, None in place of all else."""
    return mapped(value, _array, lambda leaf: None)


def _array(tensor: Any) -> Any:
    if isinstance(tensor, Tensor):
        return np.asarray(tensor.array)
    if tensor.layout is not torch.strided:
        raise UnconvertibleError(f"a {tensor.layout} tensor")
    return view_as_array(tensor.detach().resolve_conj().resolve_neg())


def _plain_leaf(value: Any) -> Any:
    if isinstance(value, DType | torch.dtype):
        return f"dtype {str(value).removeprefix('torch.')}"
    if isinstance(value, torch.device | ours.device):
        return f"device {value}"
    return value
