"""`x[index]` and `x[index] = value` on tensors, as the operators they consist of.

From left to right, as TorchScript compiles it: an int is `aten::select`, a slice
`aten::slice`, None `aten::unsqueeze`; tensors, masks and lists are gathered for one
`aten::index` (or `aten::index_put_`) at the end. What has no tensor in it is a view.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.runtime import binding, dispatch
from jit.runtime.binding import call_operator
from jit.runtime.promotion import dtype_of_number
from jit.runtime.tensor import Tensor, following_dtype, wrap
from jit.runtime.traced import Traced

LAST = 9223372036854775807
"""The end of a slice without one."""


def get_item(tensor: Tensor, index: Any) -> Tensor:
    """`tensor[index]`."""
    view, indices = apply_views(tensor, index)
    if indices:
        return call_operator("aten::index", (view, indices))  # type: ignore[no-any-return]
    if view is tensor:
        return call_operator("aten::alias", (tensor,))  # type: ignore[no-any-return]
    return view


def set_item(tensor: Tensor, index: Any, value: Any) -> None:
    """`tensor[index] = value`."""
    if not isinstance(value, Tensor | Traced | np.ndarray) and not binding.is_number(
        value
    ):
        raise TypeError(
            f"can't assign a {type(value).__name__} to a torch.{tensor.dtype.title}Tensor"
        )
    if isinstance(value, np.ndarray):
        value = wrap(value)
    view, indices = apply_views(tensor, index)
    if not indices:
        if isinstance(value, Tensor):
            value = _without_leading_ones(value, view)
            call_operator("aten::copy_", (view, value))
        else:
            call_operator("aten::fill_", (view, value))
        return
    if not isinstance(value, Tensor):
        value = _number_like(value, tensor)
    call_operator("aten::index_put_", (view, indices, value))


def apply_views(tensor: Tensor, index: Any) -> tuple[Tensor, list[Tensor | None]]:
    """The view that ints, slices, None and `...` select, and the index tensors left."""
    items = _items(index)
    rank = tensor.array.ndim
    covered = sum(map(_dimensions, items))
    if covered > rank:
        if rank == 0 and not isinstance(index, tuple | slice):
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or"
                " `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
            )
        if isinstance(index, slice):
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        raise IndexError(f"too many indices for tensor of dimension {rank}")
    gather = _Gather(tensor, rank - covered)
    for item in items:
        gather.take(item)
    return gather.view, gather.indices


def _items(index: Any) -> list[Any]:
    """The parts of an index, lists and arrays as tensors."""
    parts = index if isinstance(index, tuple) else (index,)
    return [_item(p) for p in parts]


def _item(part: Any) -> Any:
    if isinstance(part, bool | np.bool_):
        return bool(part)
    if part is None or part is Ellipsis or isinstance(part, int | slice | Tensor):
        return part
    if isinstance(part, Traced):
        return part
    if isinstance(part, np.integer):
        return int(part)
    if isinstance(part, list | tuple | range | np.ndarray):
        return _tensor_of_list(part)
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables"
        f" are valid indices (got {type(part).__name__})"
    )


def _tensor_of_list(part: Any) -> Tensor:
    if isinstance(part, list | tuple) and any(isinstance(p, Tensor) for p in part):
        part = [p.item() if isinstance(p, Tensor) else p for p in part]
    array = np.asarray(part)
    if array.size == 0 and not isinstance(part, np.ndarray):
        array = array.astype(np.int64)
    if array.dtype.kind not in "biu":
        raise IndexError(
            "tensors used as indices must be long, int, byte or bool tensors"
        )
    return wrap(array.astype(np.int64) if array.dtype.kind == "u" else array)


def _dimensions(item: Any) -> int:
    """How many dimensions of the tensor an item stands for."""
    if item is None or item is Ellipsis or isinstance(item, bool):
        return 0
    if isinstance(item, Tensor) and item.array.dtype in (np.bool_, np.uint8):
        return item.array.ndim
    return 1


class _Gather:
    """The state of going through an index from left to right."""

    def __init__(self, tensor: Tensor, ellipsis: int) -> None:
        self.view = tensor
        self.indices: list[Tensor | None] = []
        self.dim = 0
        """The dimension of the view that comes next."""
        self.place = 0
        """The same dimension of the tensor, for messages."""
        self.ellipsis = ellipsis
        """How many dimensions the next `...` stands for."""
        self.covered = 0
        """How many dimensions of the view the index tensors stand for."""

    def take(self, item: Any) -> None:
        if item is None:
            self.view = call_operator("aten::unsqueeze", (self.view, self.dim))
            self.dim += 1
        elif item is Ellipsis:
            self.dim += self.ellipsis
            self.place += self.ellipsis
            self.ellipsis = 0
        elif isinstance(item, bool):
            self.truth(item)
        elif isinstance(item, slice):
            self.slice(item)
        elif isinstance(item, Tensor):
            if item.array.ndim == 0:
                self.zero_dim(item)
            else:
                self.tensor(item)
        else:
            self.select(item)

    def select(self, position: Any) -> None:
        size = self.view.array.shape[self.dim]
        if isinstance(position, int) and not -size <= position < size:
            raise IndexError(
                f"index {position} is out of bounds for dimension {self.place} with size"
                f" {size}"
            )
        self.place += 1
        self.view = call_operator("aten::select", (self.view, self.dim, position))

    def slice(self, part: slice) -> None:
        self.place += 1
        start, stop = _bound(part.start), _bound(part.stop)
        step = 1 if part.step is None else _bound(part.step)
        if isinstance(step, int) and step <= 0:
            raise ValueError(
                "step must be greater than zero"
                if step
                else "slice step cannot be zero"
            )
        if start is None and stop is None and isinstance(step, int) and step == 1:
            self.dim += 1
            return
        start = 0 if start is None else start
        stop = LAST if stop is None else stop
        self.view = call_operator(
            "aten::slice", (self.view, self.dim, start, stop, step)
        )
        self.dim += 1

    def zero_dim(self, item: Tensor) -> None:
        if item.array.dtype == np.bool_ or item.array.dtype == np.uint8:
            self.truth(bool(item))
        elif dispatch.observer is None and item.array.dtype.kind in "iu":
            self.select(int(item.array))
        else:
            # the position may be another one in the next run: it stays a tensor
            self.tensor(item)

    def truth(self, item: bool) -> None:
        """A bool adds a dimension of one element, or of none."""
        self.view = call_operator("aten::unsqueeze", (self.view, self.dim))
        self.tensor(wrap(np.asarray([item])))
        self.place -= 1

    def tensor(self, item: Tensor) -> None:
        self.indices += [None] * (self.dim - self.covered)
        self.indices.append(item)
        mask = item.array.dtype in (np.bool_, np.uint8)
        self.dim += item.array.ndim if mask else 1
        self.place += item.array.ndim if mask else 1
        self.covered = self.dim


def _bound(value: Any) -> Any:
    """A bound of a slice: None, an int, or what stands for one."""
    if value is None or isinstance(value, int | Traced):
        return value
    if isinstance(value, Tensor) and dispatch.observer is not None:
        return dispatch.observer.index(value)
    return value.__index__()


def _without_leading_ones(value: Tensor, target: Tensor) -> Tensor:
    """As NumPy and torch, sizes of one in front of those of the target do not count."""
    extra = value.array.ndim - target.array.ndim
    if extra <= 0 or any(n != 1 for n in value.array.shape[:extra]):
        return value
    for _ in range(extra):
        # sizes do not occur: a trace stays right for others
        value = call_operator("aten::squeeze", (value, 0))
    return value


def _number_like(value: Any, tensor: Tensor) -> Tensor:
    """A 0-dim tensor of a number, in the dtype of another tensor."""
    if isinstance(value, Traced):
        return call_operator(  # type: ignore[no-any-return]
            "aten::full", ([], value), {"dtype": following_dtype(tensor)}
        )
    if isinstance(value, np.generic):
        value = value.item()
    if dtype_of_number(value).is_complex and not tensor.is_complex():
        raise RuntimeError("value cannot be converted to type without overflow")
    return wrap(np.asarray(value).astype(tensor.array.dtype))
