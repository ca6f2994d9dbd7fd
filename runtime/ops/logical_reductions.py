"""Whether any or all elements are true, and how many are."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.runtime.ops.families import Reduction, op
from jit.runtime.ops.samples import (
    case,
    f32,
)  # fmt: skip


def truth(dtype):
    """bool, but uint8 for uint8."""
    return dtypes.uint8 if dtype is dtypes.uint8 else dtypes.bool_


@op(
    "aten::any(Tensor self) -> Tensor",
    "aten::any.dim(Tensor self, int dim, bool keepdim=False) -> Tensor",
)
class any(Reduction):
    """Whether an element is nonzero."""

    accepts = "bifc"
    result = truth

    def reduce(x, axes, keepdim):
        return np.any(x, axis=axes, keepdims=keepdim)


@op(
    "aten::all(Tensor self) -> Tensor",
    "aten::all.dim(Tensor self, int dim, bool keepdim=False) -> Tensor",
)
class all(Reduction):
    """Whether all elements are nonzero."""

    accepts = "bifc"
    result = truth

    def reduce(x, axes, keepdim):
        return np.all(x, axis=axes, keepdims=keepdim)


def no_dims_stay(card):
    """Give a card the rule that an empty list of dims reduces none of them."""
    kernel, infer = card.kernel, card.infer

    def elementwise(x, dims, keepdim):
        if dims is not None and len(dims) == 0:
            return (x != 0).astype(truth(dtypes.dtype_of(x.dtype)).numpy)
        return kernel(x, dims, keepdim)

    def inferred(x, dims, keepdim):
        if isinstance(dims, list) and not dims:
            dtype = None if x.dtype is None else truth(x.dtype)
            return T.TensorType(dtype, x.sizes)
        return infer(x, dims, keepdim)

    card.kernel, card.infer = staticmethod(elementwise), staticmethod(inferred)


@op("aten::any.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor")
class any_dims(Reduction):
    """Whether an element along dims is nonzero; no dims leave the elements apart."""

    accepts = "bifc"
    result = truth
    extra_samples = [case(f32[2, 3], [])]

    def reduce(x, axes, keepdim):
        return np.any(x, axis=axes, keepdims=keepdim)


@op("aten::all.dims(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor")
class all_dims(Reduction):
    """Whether all elements along dims are nonzero; no dims leave the elements apart."""

    accepts = "bifc"
    result = truth
    extra_samples = [case(f32[2, 3], [])]

    def reduce(x, axes, keepdim):
        return np.all(x, axis=axes, keepdims=keepdim)


no_dims_stay(any_dims)
no_dims_stay(all_dims)


@op(
    "aten::count_nonzero(Tensor self, int? dim=None) -> Tensor",
    "aten::count_nonzero.dim_IntList(Tensor self, int[] dim) -> Tensor",
)
class count_nonzero(Reduction):
    """The number of nonzero elements."""

    accepts = "bifc"
    results = (dtypes.int64,)

    def reduce(x, axes, keepdim):
        return np.count_nonzero(x, axis=axes, keepdims=keepdim)
