"""`torch.autocast`: which operators compute in another dtype, and which in float32.

Products, convolutions and attention are given float tensors in the chosen dtype; losses,
transforms and what else needs precision gets float32. Tensors of float64 and operators
in place stay as they are. All others compute in the dtypes that they are given. The
lists are those of torch 2.13 on processors, read off the dtypes of its results.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jit.ir import dtypes
from jit.ir.card import Card
from jit.ir.dtypes import DType, dtype_of
from jit.ir.schema import FunctionSchema
from jit.runtime import conditions, dispatch
from jit.runtime.tensor import Tensor

DTYPES = (dtypes.bfloat16, dtypes.float16)
"""What can be chosen; the first is chosen by default."""

CAST = (dtypes.float16, dtypes.bfloat16, dtypes.float32)
"""The dtypes of tensors that are cast."""

_CHOSEN = frozenset(
    f"aten::{name}"
    for name in (
        "addbmm", "addmm", "baddbmm", "bmm", "chain_matmul", "conv1d", "conv2d", "conv3d",
        "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
        "convolution", "corrcoef", "cov", "einsum", "inner", "linalg_matrix_power",
        "linalg_matmul", "linalg_multi_dot", "linalg_pinv", "linalg_vecdot", "linear",
        "lstm", "matmul", "matrix_power", "mm", "prelu", "rnn_relu", "rnn_tanh",
        "scaled_dot_product_attention", "tensordot",
    )
)  # fmt: skip

_SINGLE = frozenset(
    f"aten::{name}"
    for name in (
        "adaptive_avg_pool3d", "adaptive_max_pool3d", "avg_pool3d",
        "binary_cross_entropy", "binary_cross_entropy_with_logits", "cdist", "cholesky",
        "cosine_embedding_loss", "cross_entropy_loss", "ctc_loss",
        "fractional_max_pool2d", "fractional_max_pool3d", "grid_sampler",
        "grid_sampler_2d", "grid_sampler_3d", "hinge_embedding_loss", "huber_loss",
        "kl_div", "l1_loss", "linalg_cholesky", "linalg_cholesky_ex", "linalg_cond",
        "linalg_householder_product", "linalg_svdvals", "linalg_tensorsolve",
        "margin_ranking_loss", "max_pool3d", "max_unpool2d", "max_unpool3d", "mse_loss",
        "multi_margin_loss", "multilabel_margin_loss", "nanquantile", "nll_loss",
        "nll_loss2d", "nll_loss_nd", "poisson_nll_loss", "polar", "prod", "quantile",
        "smooth_l1_loss", "soft_margin_loss", "stft", "trace", "triplet_margin_loss",
        "view_as_complex",
    )
)  # fmt: skip


def dtype_for(schema: FunctionSchema, chosen: DType) -> DType | None:
    """The dtype that an operator's tensors are cast to; None if they stay."""
    if schema.writes:
        return None
    if schema.kind in _CHOSEN:
        return chosen
    is_single = schema.kind in _SINGLE or schema.kind.startswith("aten::fft_")
    return dtypes.float32 if is_single else None


# eager code ---------------------------------------------------------------------------


class _Mode(threading.local):
    dtype: DType | None = None


_mode = _Mode()
_lock = threading.Lock()
_users = 0
"""How many contexts are entered, in all threads."""


def chosen() -> DType | None:
    """The dtype of the context that this thread is in; None in none."""
    return _mode.dtype


@contextmanager
def casting(dtype: DType | None) -> Iterator[None]:
    """Operators of this thread compute in a dtype; None: as without a context."""
    before = _mode.dtype
    _count(dtype is not None)
    _mode.dtype = dtype
    try:
        yield
    finally:
        _mode.dtype = before
        _count(-(dtype is not None))


def _count(change: int) -> None:
    global _users
    with _lock:
        _users += change
        dispatch.caster = _cast_arguments if _users else None
        conditions.note("autocast", _users > 0)


def _cast_arguments(card: type[Card], args: Sequence[Any]) -> Sequence[Any]:
    if _mode.dtype is None:
        return args
    dtype = dtype_for(card.schema, _mode.dtype)
    return args if dtype is None else [_cast(x, dtype) for x in args]


def _cast(x: Any, dtype: DType) -> Any:
    if isinstance(x, Tensor):
        actual = dtype_of(x.array.dtype)
        return x.to(dtype) if actual in CAST and actual is not dtype else x
    if isinstance(x, list | tuple) and any(isinstance(item, Tensor) for item in x):
        return [_cast(item, dtype) for item in x]
    return x


def refuse_compiled() -> None:
    """RuntimeError where compiled code would not see the context of its caller."""
    if _mode.dtype is not None:
        raise RuntimeError(
            "compiled code does not see the `torch.autocast` of its caller: write the"
            " `with` inside of what is compiled"
        )
