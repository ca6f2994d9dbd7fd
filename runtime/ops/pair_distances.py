"""Distances of all rows of one matrix from all of another, or from each other."""

from __future__ import annotations

import math

import numpy as np

from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import widened
from jit.runtime.ops import matrices as M
from jit.runtime.ops.declare import op
from jit.runtime.ops.distance import p_norm
from jit.runtime.ops.loss import common_floating
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import Shaped
from jit.runtime.ops.vector_norms import norm_slope

_MOST = 1 << 20
"""So many differences are held at once."""
_MANY = 25
"""With more rows than these, Euclidean distances come from a product of matrices."""


def _check_pairs(a, b, p, mode):
    for name, x in (("X1", a), ("X2", b)):
        if len(x) < 2:
            raise RuntimeError(
                f"cdist only supports at least 2D tensors, {name} got: {len(x)}D"
            )
    if None not in (a[-1], b[-1]) and a[-1] != b[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {a[-1]} X2: {b[-1]}"
        )
    if M.is_given(p) and p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if M.is_given(mode) and mode not in (None, 0, 1, 2):
        raise RuntimeError(f"possible modes: 0, 1, 2, but was: {mode}")
    return (*S.broadcast(a[:-2], b[:-2]), a[-2], b[-2])


def _pair_dtype(a, b):
    for name, x in (("X1", a), ("X2", b)):
        if x is not None and not x.is_floating_point:
            raise RuntimeError(
                f"cdist only supports floating-point dtypes, {name} got: {x.title}"
            )
    return None if a is None or b is None else common_floating(a, b)


def _distances(a, b, p, mode):
    """The distances in the dtype that differences are computed in."""
    rows, others, width = a.shape[-2], b.shape[-2], a.shape[-1]
    if p == 2 and mode != 2 and max(rows, others) > _MANY:
        return _by_product(a, b)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    made = np.zeros((*batch, rows, others), a.dtype)
    if not width:
        return made
    step = max(1, _MOST // max(1, math.prod(batch) * others * width))
    for start in range(0, rows, step):
        part = a[..., start : start + step, None, :]
        made[..., start : start + step, :] = p_norm(
            np.abs(part - b[..., None, :, :]), p, -1, False
        )
    return made


def _by_product(a, b):
    """Euclidean distances from squares and products."""
    squares = np.square(a).sum(-1)[..., :, None] + np.square(b).sum(-1)[..., None, :]
    return np.sqrt(np.maximum(squares - 2 * (a @ b.swapaxes(-1, -2)), 0))


@op(
    "aten::cdist(Tensor x1, Tensor x2, float p=2., int? compute_mode=None) -> Tensor",
    "aten::_cdist_forward(Tensor x1, Tensor x2, float p, int? compute_mode) -> Tensor",
)
class cdist(Shaped):
    """The p-norms of the differences between all rows of one and all of the other."""

    saves = ("x1", "x2", "out")
    unknown = ("p", "compute_mode")

    def kernel(a, b, p, mode):
        M.check(cdist, a, b, p, mode)
        dtype = common_floating(dtype_of(a.dtype), dtype_of(b.dtype)).numpy
        x, y = widened(a.astype(dtype)), widened(b.astype(dtype))
        return _distances(x, y, p, mode).astype(dtype)

    def sizes(a, b, p, mode):
        return _check_pairs(a, b, p, mode)

    def dtypes(a, b, *rest):
        return _pair_dtype(a, b)

    samples = [
        case(f32[2, 3], f32[4, 3], 2.0, None),
        case(f64[5, 1, 3], f64[2, 3], 1.0, None),
        case(f64[2, 3], f64[1, 3], 3.0, None),
        case(f64[2, 3], f64[1, 3], math.inf, None),
        case(f64[2, 3], f64[2, 3], 0.0, None),
        case(f64[3, 2], f64[2, 2], 2.0, 1),
        case(f32[26, 1], f32[0, 1], 2.0, None),
    ]

    def grad(t, g, out, a, b, p, mode):
        gaps = t.unsqueeze(a, -2) - t.unsqueeze(b, -3)
        slope = norm_slope(t, g, out, gaps, p, [-1], False)
        return lambda: t.sum(slope, [-2]), lambda: -t.sum(slope, [-3])


def _slope(gap, distance, g, p):
    """The gradient of differences, from that of their norms."""
    distance, g = distance[..., None], g[..., None]
    size, sign = np.abs(gap), np.sign(gap)
    if p == 0:
        return np.zeros_like(gap)
    if p == 1:
        return sign * g
    if p == math.inf:
        return sign * (size == distance) * g
    steep = np.power(size, p - 1) * g / np.power(distance, p - 1)
    return np.where((distance == 0) | (size == 0), 0, sign * steep)


@op(
    "aten::_cdist_backward(Tensor grad, Tensor x1, Tensor x2, float p, Tensor cdist)"
    " -> Tensor"
)
class _cdist_backward(Shaped):
    """The gradient of `cdist` to its first argument."""

    unknown = ("p",)

    def kernel(g, a, b, p, distance):
        gap = a[..., :, None, :] - b[..., None, :, :]
        return _slope(gap, distance, g, p).sum(-2).astype(a.dtype)

    def sizes(g, a, b, p, distance):
        return (*S.broadcast(a[:-2], b[:-2]), *a[-2:])

    samples = [
        case(f64[2, 3], f64[2, 2], f64[3, 2], 2.0, f64[2, 3].within(1, 3)),
        case(f32[4, 2, 3], f32[4, 2, 2], f32[4, 3, 2], 1.0, f32[4, 2, 3].within(1, 3)),
    ]


def _check_rows(x, p):
    if len(x) != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {len(x)}D")
    if M.is_given(p) and p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    return (None if x[0] is None else x[0] * (x[0] - 1) // 2,)


@op(
    "aten::pdist(Tensor self, float p=2.) -> Tensor",
    "aten::_pdist_forward(Tensor self, float p=2.) -> Tensor",
)
class pdist(Shaped):
    """The p-norms of the differences between each two rows, the earlier first."""

    saves = ("self", "out")
    unknown = ("p",)

    def kernel(x, p):
        M.check(pdist, x, p)
        wide = widened(x)
        first, second = np.triu_indices(len(x), 1)
        if not x.shape[1]:
            return np.zeros(len(first), x.dtype)
        return p_norm(np.abs(wide[first] - wide[second]), p, -1, False).astype(x.dtype)

    def dtypes(x, p):
        if x is not None and not x.is_floating_point:
            raise RuntimeError("pdist only supports floating-point dtypes")
        return x

    def sizes(x, p):
        return _check_rows(x, p)

    samples = [case(f64[4, 2]), case(f64[3, 3], 1.0), case(f64[3, 2], math.inf),
               case(f64[3, 2], 3.0), case(f64[3, 2], 0.0), case(f32[1, 2])]  # fmt: skip

    def grad(t, g, out, x, p):
        count = x.shape[0]
        pairs = t.triu_indices(count, count, 1)
        first, second = t.select(pairs, 0, 0), t.select(pairs, 0, 1)
        gaps = t.index_select(x, 0, first) - t.index_select(x, 0, second)
        slope = norm_slope(t, g, out, gaps, p, [-1], False)
        made = t.index_add(t.zeros(list(x.shape), dtype=x.dtype), 0, first, slope)
        return t.index_add(made, 0, second, -slope)


@op("aten::_pdist_backward(Tensor grad, Tensor self, float p, Tensor pdist) -> Tensor")
class _pdist_backward(Shaped):
    """The gradient of `pdist`."""

    unknown = ("p",)

    def kernel(g, x, p, distance):
        first, second = np.triu_indices(len(x), 1)
        slope = _slope(x[first] - x[second], distance, g, p)
        made = np.zeros_like(x)
        np.add.at(made, first, slope)
        np.add.at(made, second, -slope)
        return made

    def dtypes(g, x, *rest):
        return x

    def sizes(g, x, p, distance):
        return x

    samples = [case(f64[3], f64[3, 2], 2.0, f64[3].within(1, 3)),
               case(f32[1], f32[2, 2], math.inf, f32[1].within(1, 3))]  # fmt: skip
