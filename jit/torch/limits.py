"""`torch.finfo` and `torch.iinfo`: what the numbers of a dtype can be."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from jit.ir.dtypes import FLOATING, INTEGER, DType
from jit.runtime.promotion import get_default_dtype
from jit.runtime.traced import settled


class finfo:  # noqa: N801  torch's name
    """The limits of a floating dtype."""

    def __init__(self, type: DType | None = None) -> None:
        dtype = settled(type) or get_default_dtype()
        if not isinstance(dtype, DType) or dtype.category < FLOATING:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to"
                f" handle '{dtype!r}'"
            )
        real = np.zeros((), dtype.numpy).real.dtype
        limits = ml_dtypes.finfo(real)
        self.bits = int(limits.bits)
        self.eps = float(limits.eps)
        self.max = float(limits.max)
        self.min = float(limits.min)
        self.smallest_normal = self.tiny = float(limits.smallest_normal)
        self.resolution = 10.0 ** -int(limits.precision)
        self.dtype = real.name

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:.6g}, min={self.min:.6g},"
            f" max={self.max:.6g}, eps={self.eps:.6g},"
            f" smallest_normal={self.smallest_normal:.6g}, tiny={self.tiny:.6g},"
            f" dtype={self.dtype})"
        )


class iinfo:  # noqa: N801  torch's name
    """The limits of an integer dtype."""

    def __init__(self, type: DType) -> None:
        if not isinstance(type, DType) or type.category != INTEGER:
            raise TypeError(
                "torch.iinfo() requires an integer input type. Use torch.finfo to"
                f" handle '{type!r}'"
            )
        limits = np.iinfo(type.numpy)
        self.bits = int(limits.bits)
        self.max = int(limits.max)
        self.min = int(limits.min)
        self.dtype = type.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:.6g}, max={self.max:.6g}, dtype={self.dtype})"
