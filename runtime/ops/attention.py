"""Attention: values mixed by how well their keys match a query."""

from __future__ import annotations

import math

import numpy as np

from jit.ir.dtypes import DType, bool_, dtype_of, float32
from jit.runtime import random as R
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import check_product_dtypes, widened
from jit.runtime.ops.declare import op
from jit.runtime.ops.dropout import check_probability
from jit.runtime.ops.normalization_gradients import wide
from jit.runtime.ops.samples import boolean, case, f16, f32, f64
from jit.runtime.ops.shaped import VALUES, Shaped


def _check(query, key, value, mask, is_causal, grouped):
    """The sizes of the scores and of the result."""
    for x in (query, key, value):
        if len(x) < 2:
            raise RuntimeError(
                "scaled_dot_product_attention: Expected query, key, and value to all be"
                f" at least 2 dimensional, but got {len(query)}D, {len(key)}D and"
                f" {len(value)}D"
            )
    if mask is not None and is_causal is True:
        raise RuntimeError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when"
            " is_causal=True"
        )
    if grouped:
        key, value = _with_heads(query, key), _with_heads(query, value)
    scores = S.matmul(query, (*key[:-2], key[-1], key[-2]))
    if mask is not None:
        S.expand(mask, scores)
    return scores, S.matmul(scores, value)


def _with_heads(query, x):
    """The sizes of keys or values repeated to as many heads as the query has."""
    if len(query) < 3 or len(x) < 3:
        raise RuntimeError("enable_gqa expects at least 3 dimensions")
    heads, own = query[-3], x[-3]
    if None not in (heads, own) and (own == 0 or heads % own):
        raise RuntimeError(
            "Number of heads in key and value must divide the number of heads in query"
            f" when enable_gqa=True, but got {own} and {heads}"
        )
    return (*x[:-3], heads, *x[-2:])


def _safe_softmax(scores):
    """The softmax of rows; zeros where everything is masked."""
    top = scores.max(-1, keepdims=True, initial=-np.inf)
    weights = np.exp(scores - np.where(np.isneginf(top), 0, top))
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(total == 0, 1, total)


@op(
    "aten::scaled_dot_product_attention(Tensor query, Tensor key, Tensor value,"
    " Tensor? attn_mask=None, float dropout_p=0., bool is_causal=False, *,"
    " float? scale=None, bool enable_gqa=False) -> Tensor"
)
class scaled_dot_product_attention(Shaped):
    """softmax(query @ key.T * scale + mask) @ value; scale is 1 / sqrt(E) by default."""

    random = True
    fails = VALUES
    unknown = ("dropout_p", "is_causal", "scale")

    def kernel(query, key, value, mask, dropout_p, is_causal, scale, enable_gqa):
        dtypes = [dtype_of(x.dtype) for x in (query, key, value)]
        scaled_dot_product_attention.dtypes(*dtypes)
        check_probability(dropout_p)
        mask_sizes = None if mask is None else mask.shape
        shapes = (query.shape, key.shape, value.shape)
        _check(*shapes, mask_sizes, is_causal, enable_gqa)
        q, k, v = widened(query), widened(key), widened(value)
        if enable_gqa:
            k = k.repeat(q.shape[-3] // k.shape[-3], -3)
            v = v.repeat(q.shape[-3] // v.shape[-3], -3)
        factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
        scores = (q * q.dtype.type(factor)) @ k.swapaxes(-1, -2)
        hidden = None
        if is_causal:
            hidden = ~np.tri(*scores.shape[-2:], dtype=bool)
        elif mask is not None and mask.dtype == np.bool_:
            hidden = ~mask
        elif mask is not None:
            scores = scores + widened(mask)
        if hidden is not None:
            scores = np.where(hidden, scores.dtype.type(-np.inf), scores)
        weights = _safe_softmax(scores).astype(scores.dtype, copy=False)
        if dropout_p > 0:
            kept = R.draw_uniform(weights.shape, float32) >= dropout_p
            weights = np.where(kept, weights / weights.dtype.type(1 - dropout_p), 0)
        return (weights @ v).astype(query.dtype, copy=False)

    def dtypes(query, key, value, *rest):
        check_product_dtypes(query, key)
        check_product_dtypes(query, value)
        known = [d for d in (query, key, value) if isinstance(d, DType)]
        return known[0] if known else None

    def sizes(query, key, value, mask, dropout_p, is_causal, scale, enable_gqa):
        return _check(query, key, value, mask, is_causal, enable_gqa)[1]

    samples = [
        case(f32[2, 3, 4], f32[2, 5, 4], f32[2, 5, 6]),
        case(f32[2, 3, 4], f32[2, 5, 4], f32[2, 5, 6], boolean[3, 5]),
        case(f64[2, 2, 3, 4], f64[2, 2, 5, 4], f64[2, 2, 5, 4], f64[3, 5]),
        case(f32[1, 3, 4], f32[1, 3, 4], f32[1, 3, 4], is_causal=True, scale=0.5),
        case(f32[4, 3, 2], f32[2, 3, 2], f32[2, 3, 2], enable_gqa=True),
        case(f16[1, 3, 4], f16[1, 3, 4], f16[1, 3, 4]),
    ]

    def composite(t, query, key, value, mask, dropout_p, is_causal, scale, enable_gqa):
        scaled_dot_product_attention.dtypes(query.dtype, key.dtype, value.dtype)
        _check(
            *(tuple(x.shape) for x in (query, key, value)),
            None if mask is None else tuple(mask.shape),
            is_causal,
            enable_gqa,
        )
        q, k, v = wide(t, query), wide(t, key), wide(t, value)
        if enable_gqa:
            k = t.repeat_interleave(k, q.shape[-3] // k.shape[-3], -3)
            v = t.repeat_interleave(v, q.shape[-3] // v.shape[-3], -3)
        factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
        scores = t.matmul(q * factor, t.transpose(k, -2, -1))
        if is_causal:
            mask = t.tril(t.ones(scores.shape[-2:], dtype=bool_))
        if mask is not None and mask.dtype is bool_:
            scores = t.where(mask, scores, -math.inf)
        elif mask is not None:
            scores = scores + wide(t, mask)
        weights = t._safe_softmax(scores, -1)
        if dropout_p > 0:
            weights = t.native_dropout(weights, dropout_p, True)[0]
        return t.to(t.matmul(weights, v), query.dtype)
