"""The operators that derivatives on cards are written in, read by eager code.

    def grad(t, g, out, self, other):
        return lambda: t.mul(g, other), lambda: t.mul(g, self)

`t.mul` is `aten::mul` with its overloads and defaults; operands have Python's operators,
`shape`, `ndim` and `dtype`. The graph pass `autodiff` gives another `t`, whose operands
are values of a graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jit.runtime.autograd.saved import Written
from jit.runtime.binding import call_operator
from jit.runtime.tensor import Tensor, wrap


class EagerVocabulary:
    """Calls operators on Tensors."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        kind = f"aten::{name}"

        def call(*args: Any, **kwargs: Any) -> Any:
            for value in args:
                if type(value) is Written:
                    value.refuse()
            return call_operator(kind, args, kwargs or None)

        call.__name__ = name
        setattr(self, name, call)
        return call

    def tensor(self, value: Any, like: Tensor) -> Tensor:
        """A number as a tensor without dimensions; a tensor as it is."""
        if isinstance(value, Tensor):
            return value
        return wrap(np.asarray(value, like.array.dtype))

    def sum_to(self, gradient: Any, shape: Any) -> Any:
        """The gradient of what was broadcast from `shape`."""
        if tuple(gradient.shape) == tuple(shape):
            return gradient
        extra = gradient.ndim - len(shape)
        dims = [
            d
            for d, size in enumerate(gradient.shape)
            if d < extra or (shape[d - extra] == 1 and size != 1)
        ]
        summed = self.sum(gradient, dims, True) if dims else gradient
        return self.view(summed, list(shape)) if extra else summed


EAGER = EagerVocabulary()
