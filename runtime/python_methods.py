"""Methods of Tensor in Python's terms: functions of elements, questions about memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jit.runtime import dispatch
from jit.runtime.autograd.saved import note_write
from jit.runtime.binding import call_operator
from jit.runtime.grad_mode import flags
from jit.runtime.kernels.strides import root
from jit.runtime.legacy_tensors import TYPES
from jit.runtime.tensor import Tensor


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements, in order; optionally where they were, and how often."""
    if dim is None:
        found = call_operator(
            "aten::_unique2", (input, sorted, return_inverse, return_counts)
        )
    else:
        found = call_operator(
            "aten::unique_dim", (input, dim, sorted, return_inverse, return_counts)
        )
    return _asked(found, return_inverse, return_counts)


def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The elements that differ from the one before; optionally where each went."""
    found = call_operator(
        "aten::unique_consecutive", (input, return_inverse, return_counts, dim)
    )
    return _asked(found, return_inverse, return_counts)


def _asked(found: Any, return_inverse: bool, return_counts: bool) -> Any:
    wanted = (True, return_inverse, return_counts)
    results = tuple(f for f, w in zip(found, wanted, strict=True) if w)
    return results if len(results) > 1 else results[0]


def _refuse_write(self: Tensor) -> None:
    if flags.enabled and self._requires_grad:
        raise RuntimeError(
            "Can't call apply_() on Variable that requires grad. Use"
            " var.detach().apply_() instead."
        )


def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Each element replaced by what a Python function gives for it; slow."""
    return _mapped(self, callable)


def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """As `apply_`, with a function of this tensor's and another one's elements."""
    return _mapped(self, callable, tensor)


def map2_(
    self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]
) -> Tensor:
    """As `map_`, with the elements of two others."""
    return _mapped(self, callable, x, y)


def _mapped(self: Tensor, function: Callable[..., Any], *others: Tensor) -> Tensor:
    _refuse_write(self)
    for each in (self, *others):
        if dispatch.observer is not None:
            dispatch.observer.escape(each, "a Python function of the elements")
    arrays = [
        self.array, *(np.broadcast_to(o.array, self.array.shape) for o in others)
    ]  # fmt: skip
    rows = zip(*(a.reshape(-1).tolist() for a in arrays), strict=True)
    made = [function(*row) for row in rows]
    self.array[...] = np.array(made).astype(self.array.dtype).reshape(self.array.shape)
    note_write(self.array)
    return self


def no(self: Tensor) -> bool:
    """False: no tensor here is of that kind."""
    return False


def itself(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The tensor: all are dense, in memory that the process has."""
    return self


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether another tensor sees the same memory in the same way."""
    a, b = self.array, tensor.array
    return (
        a.__array_interface__["data"] == b.__array_interface__["data"]
        and a.shape == b.shape
        and a.strides == b.strides
        and root(a) is root(b)
    )


def dim_order(self: Tensor, **options: Any) -> tuple[int, ...]:
    """The dims from the slowest to the fastest in memory."""
    steps = self.stride()
    return tuple(sorted(range(len(steps)), key=lambda d: -steps[d]))


def const_data_ptr(self: Tensor) -> int:
    """The address of the first element."""
    return self.data_ptr()


def dense_dim(self: Tensor) -> int:
    """How many dims are stored densely: all."""
    return self.dim()


def sparse_dim(self: Tensor) -> int:
    """How many dims are stored sparsely: none."""
    return 0


def reversed_rows(self: Tensor) -> Tensor:
    """The rows from the last to the first."""
    made: Tensor = call_operator("aten::flip", (self, [0])) if self.dim() else self
    return made


def new(self: Tensor, *args: Any) -> Tensor:
    """A new tensor of the same dtype, from sizes or data."""
    made: Tensor = TYPES[f"{self.dtype.title}Tensor"](*args)
    return made


METHODS: dict[str, Any] = {
    "unique": unique,
    "unique_consecutive": unique_consecutive,
    "apply_": apply_,
    "map_": map_,
    "map2_": map2_,
    "is_conj": no,
    "is_neg": no,
    "is_shared": no,
    "is_distributed": no,
    "is_inference": no,
    "is_coalesced": no,
    "is_set_to": is_set_to,
    "to_dense": itself,
    "dense_dim": dense_dim,
    "sparse_dim": sparse_dim,
    "new": new,
    "__reversed__": reversed_rows,
    "output_nr": property(lambda self: self._output or 0),
    **dict.fromkeys(
        ("is_ipu", "is_maia", "is_mtia", "is_sparse_csr", "is_vulkan", "is_xla"), False
    ),
    "share_memory_": itself,
    "dim_order": dim_order,
    "const_data_ptr": const_data_ptr,
}
