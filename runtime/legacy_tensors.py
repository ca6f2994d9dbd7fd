"""`torch.FloatTensor` and its kin: constructors named after a dtype, as older code has.

They are no types of their own: `isinstance(x, torch.FloatTensor)` asks for the dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.runtime.creation import make_tensor
from jit.runtime.size import Size
from jit.runtime.tensor import Tensor, wrap


class _OfOneDtype(type):
    """Makes tensors of one dtype, and recognises them."""

    dtype: DType

    def __call__(cls, *args: Any) -> Tensor:
        if not args:
            return wrap(np.empty(0, cls.dtype.numpy))
        first = args[0]
        if len(args) == 1 and isinstance(first, Tensor):
            if first.dtype is not cls.dtype:
                raise TypeError(
                    f"expected {cls.__name__} (got torch.{first.dtype.title}Tensor)"
                )
            return wrap(first.array)
        if len(args) == 1 and isinstance(first, Size):
            return wrap(np.zeros(tuple(first), cls.dtype.numpy))
        if len(args) == 1 and isinstance(first, list | tuple | np.ndarray):
            return make_tensor(first, cls.dtype)
        if all(isinstance(a, int | np.integer) for a in args):
            return wrap(np.zeros([int(a) for a in args], cls.dtype.numpy))
        raise TypeError(
            f"new(): data must be a sequence (got {type(first).__name__}); use"
            " torch.tensor(...)"
        )

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype


def _declare(title: str, dtype: DType) -> _OfOneDtype:
    blanks = {
        "dtype": dtype,
        "__module__": "torch",
        "__doc__": f"New tensors of dtype {dtype!r}, from sizes or data.",
    }
    return _OfOneDtype(f"{title}Tensor", (), blanks)


TYPES: dict[str, Any] = {
    f"{dtype.title}Tensor": _declare(dtype.title, dtype)
    for dtype in (
        dtypes.float16,
        dtypes.bfloat16,
        dtypes.float32,
        dtypes.float64,
        dtypes.uint8,
        dtypes.int8,
        dtypes.int16,
        dtypes.int32,
        dtypes.int64,
        dtypes.bool_,
    )
}
