"""`out=`: results of operators copied into tensors that the caller gives.

Most operators compute in the dtype that their operands promote to, and `out` may be of
any dtype of the same category or a higher one. The others want the very dtype.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from jit.ir.card import Card
from jit.ir.dtypes import DType
from jit.runtime import dispatch
from jit.runtime.grad_mode import flags
from jit.runtime.kernels.products import c_name
from jit.runtime.tensor import Tensor


def _kinds(names: str) -> frozenset[str]:
    return frozenset(f"aten::{name}" for name in names.split())


SAME_DTYPE = _kinds(
    """
    abs addbmm addmm addmv alias_copy amax amin aminmax arange as_strided_copy avg_pool2d
    avg_pool3d baddbmm bmm ceil complex conj_physical cross det diag diagonal_copy diff
    dot empty expand_copy eye floor frac full gather gelu hardshrink heaviside index_add
    index_copy index_select inner inverse linalg_cholesky linalg_cross linalg_det
    linalg_eigvalsh linalg_inv linalg_ldl_solve linalg_lu_solve linalg_matrix_norm
    linalg_multi_dot linalg_norm linalg_solve linalg_solve_triangular linalg_svdvals
    linalg_vecdot linalg_vector_norm linear linspace log_sigmoid log_softmax
    logcumsumexp logspace lu_solve masked_select matmul mm msort multinomial mv nan_to_num
    narrow_copy neg norm ones ormqr permute_copy polar quantile nanquantile randn renorm
    round scatter scatter_add sgn sign slice_scatter softmax softplus softshrink
    squeeze_copy t_copy take take_along_dim tensordot transpose_copy tril triu trunc
    unfold_copy unsqueeze_copy vdot view_copy where zeros
    """
)
"""Operators whose `out` must have the dtype of the result."""


def store_result(kind: str, out: Any, result: Any) -> Any:
    """Copy the result of an operator, or its several results, into `out`; returns it."""
    if not isinstance(result, tuple | list):
        _store(kind, out, result)
        return out
    if not isinstance(out, tuple | list) or len(out) != len(result):
        raise TypeError(
            f"{_short(kind)}(): argument 'out' must be tuple of Tensors, not"
            f" {type(out).__name__}"
        )
    for target, value in zip(out, result, strict=True):
        _store(kind, target, value)
    return out


def refuse_gradients(kind: str, args: Sequence[Any], out: Any) -> None:
    """RuntimeError for `out=` where gradients would be wanted."""
    if not flags.enabled:
        return
    outs = out if isinstance(out, tuple | list) else [out]
    for value in [*args, *outs]:
        if isinstance(value, Tensor) and value._requires_grad:
            raise RuntimeError(
                f"{_short(kind)}(): functions with out=... arguments don't support"
                " automatic differentiation, but one of the arguments requires grad."
            )


def take_dtype(card: type[Card], args: list[Any], out: Any) -> None:
    """Let `out` say the dtype where the operator takes one and none is given."""
    schema = card.schema
    position = schema.index_of.get("dtype")
    if position is None or args[position] is not None or not isinstance(out, Tensor):
        return
    if schema.kind not in _OF_THEIR_INPUT:
        args[position] = out.dtype


_OF_THEIR_INPUT = _kinds("linalg_norm linalg_vector_norm log_softmax mean norm softmax")
"""Operators with a `dtype` that `out` does not stand for."""

NO_OVERLAP = _kinds(
    "cat gather index_add index_copy index_select kthvalue masked_select scatter"
    " scatter_add take"
)
"""Operators that refuse an `out` that is one of their arguments."""


def refuse_overlap(kind: str, args: Sequence[Any], out: Any) -> None:
    """RuntimeError for an `out` whose elements share places, or lie in arguments."""
    if isinstance(out, tuple | list):
        for each in out:
            refuse_overlap(kind, args, each)
    if not isinstance(out, Tensor):
        return
    target = out.array
    steps = zip(target.shape, target.strides, strict=True)
    if target.size and any(n > 1 and not s for n, s in steps):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor"
            " refers to a single memory location. Please clone() the tensor before"
            " performing the operation."
        )
    listed = [v for a in args if isinstance(a, tuple | list) for v in a]
    for value in (*args, *listed):
        if isinstance(value, Tensor) and _overlaps(kind, value.array, target):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the"
                " written-to tensor refer to a single memory location. Please clone()"
                " the tensor before performing the operation."
            )


def _overlaps(kind: str, x: np.ndarray, target: np.ndarray) -> bool:
    dense = x.flags.c_contiguous and target.flags.c_contiguous
    if not dense or not np.may_share_memory(x, target):
        return False
    first = [a.__array_interface__["data"][0] for a in (x, target)]
    is_same = first[0] == first[1] and x.nbytes == target.nbytes
    return kind in NO_OVERLAP or not is_same


def _short(kind: str) -> str:
    return kind.rpartition("::")[2]


def _store(kind: str, target: Any, value: Tensor) -> None:
    if not isinstance(target, Tensor):
        raise TypeError(
            f"{_short(kind)}(): argument 'out' must be Tensor, not"
            f" {type(target).__name__}"
        )
    _check_dtype(kind, target.dtype, value.dtype)
    if target.array.shape != value.array.shape:
        _resize(kind, target, value)
    target.copy_(value)


def _check_dtype(kind: str, target: DType, made: DType) -> None:
    if target is made:
        return
    if kind in SAME_DTYPE:
        wanted, given = (c_name(d) for d in (made, target))
        raise RuntimeError(
            f"Expected out tensor to have dtype {wanted}, but got {given} instead"
        )
    if made.category > target.category:
        raise RuntimeError(
            f"result type {made.title} can't be cast to the desired output type"
            f" {target.title}"
        )


def _resize(kind: str, target: Tensor, value: Tensor) -> None:
    """Give `out` the sizes of the result, with torch's warning if it had elements."""
    wanted = value.array.shape
    if dispatch.observer is not None:
        raise RuntimeError(
            f"`out` of `{kind}` has sizes {list(target.array.shape)}, the result has"
            f" {list(wanted)}; give a tensor of these sizes"
        )
    if target.array.size:
        warnings.warn(
            "An output with one or more elements was resized since it had shape"
            f" {list(target.array.shape)}, which does not match the required output"
            f" shape {list(wanted)}. This behavior is deprecated, and in a future"
            " PyTorch release outputs will not be resized unless they have zero"
            " elements. You can explicitly reuse an out tensor t by resizing it,"
            " inplace, to zero elements with t.resize_(0).",
            UserWarning,
            stacklevel=6,
        )
    target.resize_(wanted)
