"""Parameter: a tensor that a module trains, `torch.nn.Parameter`."""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.runtime.promotion import get_default_dtype
from jit.runtime.tensor import Tensor, wrap_as


class Parameter(Tensor):
    """A tensor that joins the parameters of the module it is assigned to.

    It shares the memory of the tensor that it is made of. Its layout is Tensor's.
    """

    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Any:
        if data is None:
            array = np.empty(0, get_default_dtype().numpy)
        elif isinstance(data, Tensor):
            array = data.array
        else:
            raise TypeError(
                f"a Parameter is made of a Tensor, not of `{type(data).__name__}`"
            )
        return wrap_as(cls, array).requires_grad_(requires_grad)

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        pass  # made by __new__, as every Tensor

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"
