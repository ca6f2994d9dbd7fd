"""Floating point numbers taken apart, and their neighbours."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING, dtype_of
from jit.runtime.ops.declare import op
from jit.runtime.ops.families import Pointwise
from jit.runtime.ops.pointwise_family import check_broadcast
from jit.runtime.ops.samples import case, f16, f32, f64, inf, nan
from jit.runtime.ops.shaped import Shaped
from jit.runtime.promotion import result_dtype


@op("aten::frexp.Tensor(Tensor self) -> (Tensor mantissa, Tensor exponent)")
class frexp(Shaped):
    """Numbers between 1/2 and 1, and the powers of two that they are multiplied by."""

    saves = ("out",)

    def kernel(x):
        frexp.dtypes(dtype_of(x.dtype))
        wide = x.astype(np.float32) if x.itemsize < 4 else x
        mantissa, exponent = np.frexp(wide)
        return np.asarray(mantissa).astype(x.dtype), np.asarray(exponent, np.int32)

    def sizes(x):
        return x, x

    def dtypes(x):
        if x is not None and x.category != FLOATING:
            raise RuntimeError("torch.frexp() only supports floating-point dtypes")
        return x, dtypes.int32

    samples = [f32[2, 3], f64[()], f16[3], f32[0], f32.of([nan, inf, 0, -8])]

    def grad(t, g, out, x):
        return g[0] / t.pow(2, t.to(out[1], x.dtype))


@op("aten::nextafter(Tensor self, Tensor other) -> Tensor")
class nextafter(Pointwise):
    """The next number after `self` towards `other`."""

    saves = ("self", "other")
    accepts = "f"
    samples = [
        case(f32[2, 3], f32[3]),
        case(f64[()], f64[2]),
        case(f32.of([0, nan, inf, 1]), f32.of([-1, 1, 0, 1])),
        case(f32[0], f32[1]),
    ]

    def kernel(x, other):
        dtype = result_dtype(x, other)
        if dtype not in (dtypes.float32, dtypes.float64):
            raise NotImplementedError(
                f"\"nextafter_cpu\" not implemented for '{dtype.title}'"
            )
        check_broadcast((x, other))
        return np.nextafter(x.astype(dtype.numpy), other.astype(dtype.numpy))

    def grad(t, g, out, x, other):
        return t.where(t.eq(x, other), 0.0, g), lambda: t.zeros_like(g)
