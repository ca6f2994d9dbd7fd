"""Methods that give a tensor other sizes in place: `squeeze_`, `t_`, `resize_`.

No operator of a program does so: there, the sizes of a value never change. A traced
call of `x.squeeze_()` is recorded as `x.squeeze()`, which `x` stands for from then on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from jit.runtime import dispatch
from jit.runtime.binding import call_operator
from jit.runtime.grad_mode import flags
from jit.runtime.kernels import strides
from jit.runtime.kernels.sizes import shown
from jit.runtime.tensor import Tensor, wrap


def _become(self: Tensor, view: Tensor) -> Tensor:
    """Let a tensor be what a view of it is, on the tape and for the observer too."""
    if dispatch.observer is not None:
        dispatch.observer.replaced(self, view)
    self.array = view.array
    if view.grad_fn is not None:
        self.grad_fn, self._output = view.grad_fn, view._output
    if view._view is not None and view._view.base is not self:
        self._view = view._view
    return self


def _in_place(name: str) -> Callable[..., Tensor]:
    kind = f"aten::{name}"

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if flags.enabled and self._requires_grad and self.grad_fn is None:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place"
                " operation: write it within `with torch.no_grad():`"
            )
        return _become(self, call_operator(kind, (self, *args), kwargs))

    method.__name__ = f"{name}_"
    method.__qualname__ = f"Tensor.{name}_"
    method.__doc__ = f"`{name}`, which the tensor itself becomes."
    return method


def resize_(self: Tensor, *size: Any, memory_format: Any = None) -> Tensor:
    """Other sizes over the same memory, more of it if need be; what is new is zero."""
    sizes = _sizes(size)
    if any(n < 0 for n in sizes):
        raise RuntimeError(f"requested resize to {shown(sizes)}: negative sizes")
    if self._requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    if self.array.shape == sizes:
        return self
    return _become(self, wrap(resized(self.array, sizes)))


def _sizes(size: Sequence[Any]) -> tuple[int, ...]:
    if len(size) == 1 and isinstance(size[0], list | tuple):
        size = size[0]
    return tuple(int(n) for n in size)


def resized(x: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """The memory from the first element of `x` on, seen with other sizes."""
    count = math.prod(sizes)
    base = strides.root(x)
    stored = as_strided(
        base, (base.nbytes // max(base.itemsize, 1),), (base.itemsize,)
    ).view(x.dtype)
    start = x.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    rest = stored[start // x.itemsize :]
    if count <= rest.size:
        return rest[:count].reshape(sizes)
    grown = np.zeros(count, x.dtype)
    grown[: rest.size] = rest
    return grown.reshape(sizes)


def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Any:
    """The sizes of another tensor, as by `resize_`."""
    return resize_(self, the_template.array.shape)


def set_(self: Tensor, source: Tensor | None = None) -> Tensor:
    """The elements of another tensor, sharing its memory; without one, none."""
    if source is None:
        source = wrap(np.empty(0, self.array.dtype))
    if source.dtype is not self.dtype:
        raise RuntimeError(
            f"Could not set tensor of type {source.dtype!r} to a tensor of type"
            f" {self.dtype!r}"
        )
    return _become(self, source)


def addbmm_(
    self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    """`addbmm` written into the tensor, which takes the sizes of a larger sum."""
    args, factors = (self, batch1, batch2), {"beta": beta, "alpha": alpha}
    left, right = (np.shape(getattr(b, "array", b)) for b in (batch1, batch2))
    if self.array.shape == (*left[-2:-1], *right[-1:]):
        made: Tensor = call_operator("aten::addbmm_", args, factors)
        return made
    return _become(self, call_operator("aten::addbmm", args, factors))


IN_PLACE_VIEWS = (
    "as_strided",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
    "unsqueeze",
)
"""Views that have a form in place."""

METHODS: dict[str, Callable[..., Tensor]] = {
    **{f"{name}_": _in_place(name) for name in IN_PLACE_VIEWS},
    "resize_": resize_,
    "resize_as_": resize_as_,
    "set_": set_,
    "addbmm_": addbmm_,
}
