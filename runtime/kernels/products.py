"""Matrix products on arrays, with torch's checks of dtypes and sizes.

Half types multiply and add in float32 and round once at the end.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from jit.ir.dtypes import DType, dtype_of
from jit.runtime.kernels import sizes

Array = np.ndarray[Any, Any]

_C_NAMES = {
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short int",
    "int32": "int",
    "int64": "long int",
    "float16": "c10::Half",
    "float32": "float",
    "float64": "double",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
    "bool": "bool",
    "bfloat16": "c10::BFloat16",
}


def c_name(dtype: DType) -> str:
    """The C++ name by which some of torch's messages call a dtype."""
    return _C_NAMES[dtype.name]


def check_same_dtype(a: Array, b: Array) -> None:
    """Raise unless the operands of a product have one dtype, and not bool."""
    check_product_dtypes(dtype_of(a.dtype), dtype_of(b.dtype), a.ndim, b.ndim)


def check_product_dtypes(
    a: DType | None, b: DType | None, a_rank: int = 2, b_rank: int = 2
) -> None:
    """As `check_same_dtype`, for dtypes of which one may be unknown."""
    if a is None or b is None:
        return
    if a is not b:
        if a_rank == b_rank == 1:
            raise RuntimeError(
                "dot : expected both vectors to have same dtype, but found"
                f" {a.title} and {b.title}"
            )
        raise RuntimeError(
            "expected m1 and m2 to have the same dtype, but got:"
            f" {c_name(a)} != {c_name(b)}"
        )
    if a.name == "bool":
        kernel = "dot" if a_rank == b_rank == 1 else "addmm_impl_cpu_"
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


_HALVES = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))


def widened(x: Array) -> Array:
    """`x` in the dtype that sums are kept in: float32 for the half types."""
    return x.astype(np.float32) if x.dtype in _HALVES else x


def multiply(a: Array, b: Array) -> Array:
    """`a @ b` of arrays whose dtypes and sizes fit."""
    if a.dtype in _HALVES:
        return (widened(a) @ widened(b)).astype(a.dtype)
    return a @ b


def matmul(a: Array, b: Array) -> Array:
    """`torch.matmul`: vectors, matrices and batches of them."""
    sizes.matmul(a.shape, b.shape)
    check_same_dtype(a, b)
    return multiply(a, b)


def linear(x: Array, weight: Array, bias: Array | None) -> Array:
    """`x @ weight.T + bias`."""
    linear_sizes(x.shape, weight.shape, None if bias is None else bias.shape)
    check_same_dtype(x, weight)
    if x.ndim > 2 and x.size and x.flags.c_contiguous:
        # one large product is faster than a batch of small ones
        flat = multiply(x.reshape(-1, x.shape[-1]), weight.T)
        out = flat.reshape(*x.shape[:-1], *weight.shape[:-1])
    else:
        out = multiply(x, weight.T)
    if bias is None:
        return out
    if bias.dtype != out.dtype:
        raise RuntimeError(
            "self and mat2 must have the same dtype, but got"
            f" {dtype_of(bias.dtype).title} and {dtype_of(out.dtype).title}"
        )
    if out.ndim and isinstance(out, np.ndarray):
        out += bias
        return out
    return out + bias


def linear_sizes(
    x: sizes.Sizes, weight: sizes.Sizes, bias: sizes.Sizes | None
) -> sizes.Sizes:
    """The sizes of `linear`."""
    if len(weight) > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {len(weight)}D"
        )
    out = sizes.matmul(x, weight[::-1])
    if bias is None:
        return out
    return sizes.expand(bias, out) and out
