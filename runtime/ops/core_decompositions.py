"""Operators of core ATen in terms of those that machine code knows.

Where all dtypes and ranks are known, and sizes where it takes them, the pass `decompose`
puts these in their place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.ir.registry import find_card
from jit.passes.autodiff import argument
from jit.passes.gradient_vocabulary import (
    GraphVocabulary,
    NotDifferentiableError,
    Operand,
    Unknown,
)
from jit.runtime.kernels import pooling as P

Expansion = Callable[..., Any]
"""`expansion(t, *arguments)`: operands, or None where the operator is to stay."""


def expands(*names: str, sizes: bool = True) -> Callable[[Expansion], Expansion]:
    """Declare how operators are expanded: `@expands("aten::_softmax", sizes=False)`.

    Without `sizes` ranks and dtypes have to be known, no more; numbers that are not are
    handed on.
    """

    def declare(expansion: Expansion) -> Expansion:
        for name in names:
            kind, _, overload = name.partition(".")
            card = find_card(kind, overload)
            assert card is not None, name
            card.decompose = staticmethod(_with_operands(expansion, sizes=sizes))
        return expansion

    return declare


def _with_operands(expansion: Expansion, *, sizes: bool) -> Callable[..., Any]:
    def decompose(make: Any, *inputs: Any) -> Any:
        t = GraphVocabulary(make)
        try:
            args = [argument(t, v) for v in inputs]
            if not all(_is_known(a, sizes=sizes) for a in args):
                return None
            made = expansion(t, *args)
        except NotDifferentiableError:  # it asks for what only the run knows
            return None
        if made is None:
            return None
        if isinstance(made, tuple):
            return [m.value if isinstance(m, Operand) else m for m in made]
        return made.value if isinstance(made, Operand) else made

    return decompose


def _is_known(value: Any, *, sizes: bool) -> bool:
    if isinstance(value, Operand):
        return value.is_sized() if sizes else value.is_ranked()
    if isinstance(value, list | tuple):
        return all(_is_known(v, sizes=sizes) for v in value)
    return not (sizes and isinstance(value, Unknown))


def _is_wide(x: Operand) -> bool:
    """Whether sums may be kept in the dtype: float32 or float64."""
    return x.dtype in (dtypes.float32, dtypes.float64)


@expands("aten::_softmax", sizes=False)
def _softmax(t, x, dim, half_to_float):
    return None if half_to_float is not False else t.softmax(x, dim)


@expands("aten::_log_softmax", sizes=False)
def _log_softmax(t, x, dim, half_to_float):
    return None if half_to_float is not False else t.log_softmax(x, dim)


@expands("aten::_softmax_backward_data")
def _softmax_backward_data(t, g, out, dim, dtype):
    if not (_is_wide(g) and g.dtype is out.dtype is dtype and out.ndim):
        return None
    shares = g * out
    return shares - out * t.sum(shares, [dim], True)


@expands("aten::_log_softmax_backward_data")
def _log_softmax_backward_data(t, g, out, dim, dtype):
    if not (_is_wide(g) and g.dtype is out.dtype is dtype and out.ndim):
        return None
    return g - t.exp(out) * t.sum(g, [dim], True)


@expands("aten::_adaptive_avg_pool2d", sizes=False)
def _adaptive_avg_pool2d(t, x, sizes):
    return t.adaptive_avg_pool2d(x, sizes)


@expands("aten::_adaptive_avg_pool3d", sizes=False)
def _adaptive_avg_pool3d(t, x, sizes):
    return t.adaptive_avg_pool3d(x, sizes)


@expands("aten::_to_copy", sizes=False)
def _to_copy(t, x, dtype, layout, device, pin_memory, non_blocking, memory_format):
    given = (layout, device, pin_memory, memory_format)
    asked = any(v is not None and v is not False for v in given)
    if asked or isinstance(dtype, Unknown):
        return None
    return t.clone(x) if dtype is None else t.to(x, dtype, False, True)


@expands("aten::fill.Scalar", sizes=False)
def _fill(t, x, value):
    return t.full_like(x, value)


@expands("aten::_local_scalar_dense", sizes=False)
def _local_scalar_dense(t, x):
    return t.item(x)


@expands("aten::sym_size.int", sizes=False)
def _sym_size(t, x, dim):
    if isinstance(dim, Unknown):
        return None
    return t.size(x, dim) if -x.ndim <= dim < x.ndim else None


@expands("aten::sym_numel", sizes=False)
def _sym_numel(t, x):
    return t.numel(x)


@expands("aten::scatter.value", sizes=False)
def _scatter_value(t, x, dim, index, value):
    if isinstance(value, complex | Unknown):
        return None
    filled = t.full_like(index, value, dtype=x.dtype)
    return t.scatter(x, dim, index, filled)


@expands("aten::scatter_reduce.two", sizes=False)
def _scatter_reduce(t, x, dim, index, source, reduce, include_self):
    if isinstance(reduce, Unknown) or reduce != "sum":
        return None
    if not isinstance(include_self, bool):
        return None
    if not include_self:
        x = t.scatter(x, dim, index, t.zeros_like(index, dtype=x.dtype))
    return t.scatter_add(x, dim, index, source)


@expands("aten::embedding_dense_backward")
def _embedding_dense_backward(t, g, indices, count, padding_idx, by_frequency):
    if by_frequency or not _is_wide(g) or 0 in g.shape:
        return None
    if padding_idx >= 0:
        kept = t.unsqueeze(t.ne(indices, padding_idx), -1)
        g = t.where(kept, g, t.zeros([], dtype=g.dtype))
    width = g.shape[-1]
    rows = t.reshape(g, [-1, width])
    zeros = t.zeros([count, width], dtype=g.dtype)
    return t.index_add(zeros, 0, t.reshape(indices, [-1]), rows)


def _backward_of_places(t, g, x, places, axes):
    """Gradients of the largest elements put where these were."""
    if not _is_wide(x) or 0 in g.shape:
        return None
    image = math.prod(x.shape[-axes:])
    flat = t.zeros([*x.shape[:-axes], image], dtype=x.dtype)
    made = t.scatter_add(flat, -1, t.flatten(places, -axes), t.flatten(g, -axes))
    return t.reshape(made, list(x.shape))


if find_card("aten::max_pool2d_with_indices_backward", "").decompose is None:

    @expands("aten::max_pool2d_with_indices_backward")
    def _max_pool2d_backward(t, g, x, *rest):
        return _backward_of_places(t, g, x, rest[-1], 2)


def _dealt_out(t, g, dim, size, windows):
    """Along a dim, counted from the end, the sum of what the windows over each place
    have; these are slices."""
    over = [[i for i, w in enumerate(windows) if w.start <= p < w.stop]
            for p in range(size)]  # fmt: skip
    most = max(map(len, over), default=0)
    if any(len(found) < most for found in over) or not most:
        # where there are fewer windows, zeros are added
        g = t.constant_pad_nd(g, [0, 0] * (-dim - 1) + [0, 1])
    total = None
    for number in range(max(most, 1)):
        places = [found[number] if number < len(found) else len(windows)
                  for found in over]  # fmt: skip
        part = t.index_select(g, dim, np.array(places, np.int64))
        total = part if total is None else total + part
    return total


def _average_backward(axes):
    def expansion(t, g, x, size, stride, padding, ceil, count_padding, divisor):
        if not _plain(g, x) or divisor == 0:
            return None
        try:
            window = P.make_window(axes, size, stride, padding, [1], ceil)
            wanted = P.pooled_sizes("avg_pool", x.shape, window)
        except RuntimeError:
            return None
        if g.shape != wanted:
            return None
        space, counts = x.shape[-axes:], g.shape[-axes:]
        if divisor is None:
            elements = P.element_counts(space, counts, window, count_padding)
            g = g / np.asarray(elements, x.dtype.numpy)
        else:
            g = g / divisor
        for axis in range(axes):
            starts = [i * window.stride[axis] - window.padding[axis]
                      for i in range(counts[axis])]  # fmt: skip
            windows = [slice(s, s + window.size[axis]) for s in starts]
            g = _dealt_out(t, g, axis - axes, space[axis], windows)
        return g

    return expansion


for _axes in (2, 3):
    expands(f"aten::avg_pool{_axes}d_backward")(_average_backward(_axes))


@expands("aten::_adaptive_avg_pool2d_backward")
def _adaptive_avg_pool2d_backward(t, g, x):
    if not _plain(g, x) or g.ndim != x.ndim or g.shape[:-2] != x.shape[:-2]:
        return None
    for axis in (-2, -1):
        bins = P.bins(x.shape[axis], g.shape[axis])
        counts = np.array([b.stop - b.start for b in bins], x.dtype.numpy)
        g = g / (counts if axis == -1 else counts[:, None])
        g = _dealt_out(t, g, axis, x.shape[axis], bins)
    return g


def _statistics(t, x, dims, eps):
    centred = x - t.mean(x, dims, True)
    rstd = t.rsqrt(t.mean(centred * centred, dims, True) + eps)
    return centred, rstd


def _affine(x, weight, bias):
    if weight is not None:
        x = x * weight
    return x if bias is None else x + bias


def _plain(*tensors):
    """Whether those that are there are of one wide dtype and have elements."""
    there = [x for x in tensors if x is not None]
    return all(
        _is_wide(x) and x.dtype is there[0].dtype and 0 not in x.shape for x in there
    )


@expands("aten::native_layer_norm", sizes=False)
def _native_layer_norm(t, x, shape, weight, bias, eps):
    given = [v for v in (x, weight, bias) if v is not None]
    if not all(_is_wide(v) and v.dtype is x.dtype for v in given):
        return None
    if not 0 < len(shape) <= x.ndim:
        return None
    made = t.layer_norm(x, shape, weight, bias, eps)
    dims = list(range(-len(shape), 0))
    _, rstd = _statistics(t, x, dims, eps)
    return made, t.mean(x, dims, True), rstd


@expands("aten::native_group_norm")
def _native_group_norm(t, x, weight, bias, n, c, inner, group, eps):
    if not _plain(x, weight, bias) or c % group:
        return None
    parts = t.reshape(x, [n, group, c // group * inner])
    mean = t.mean(parts, [2], True)
    centred, rstd = _statistics(t, parts, [2], eps)
    each = t.reshape(centred * rstd, [n, c, inner])
    columns = [None if v is None else t.reshape(v, [1, c, 1]) for v in (weight, bias)]
    made = t.reshape(_affine(each, *columns), list(x.shape))
    return made, t.reshape(mean, [n, group]), t.reshape(rstd, [n, group])


def _through(t, g, made, rstd, dims):
    level, tilt = t.mean(g, dims, True), t.mean(g * made, dims, True)
    return rstd * (g - level - made * tilt)


def _asked(t, found, mask, like):
    """Those of some gradients that are asked for, else empty tensors."""
    return tuple(
        make() if wanted else t.zeros([0], dtype=like.dtype)
        for make, wanted in zip(found, mask, strict=True)
    )


@expands("aten::native_layer_norm_backward")
def _native_layer_norm_backward(t, g, x, shape, mean, rstd, weight, bias, mask):
    if not _plain(g, x, mean, rstd, weight, bias):
        return None
    lead = x.ndim - len(shape)
    dims, outer = list(range(lead, x.ndim)), list(range(lead))
    made = (x - mean) * rstd
    inner = g if weight is None else g * weight

    def total(y):
        return t.sum(y, outer) if outer else t.clone(y)

    found = (
        lambda: _through(t, inner, made, rstd, dims),
        lambda: total(g * made),
        lambda: total(g),
    )
    return _asked(t, found, mask, x)


@expands("aten::native_group_norm_backward")
def _native_group_norm_backward(t, g, x, mean, rstd, weight, n, c, inner, group, mask):
    if not _plain(g, x, mean, rstd, weight):
        return None
    parts = [n, group, c // group, inner]
    g, wide = t.reshape(g, parts), t.reshape(x, parts)
    mean, rstd = (t.reshape(v, [n, group, 1, 1]) for v in (mean, rstd))
    made = (wide - mean) * rstd
    weighed = g
    if weight is not None:
        weighed = g * t.reshape(weight, [1, group, c // group, 1])
    found = (
        lambda: t.reshape(_through(t, weighed, made, rstd, [2, 3]), list(x.shape)),
        lambda: t.reshape(t.sum(g * made, [0, 3]), [c]),
        lambda: t.reshape(t.sum(g, [0, 3]), [c]),
    )
    return _asked(t, found, mask, x)


@expands("aten::_native_batch_norm_legit_no_training", sizes=False)
def _batch_norm_no_training(t, x, weight, bias, mean, var, momentum, eps):
    given = [v for v in (x, weight, bias, mean, var) if v is not None]
    if not all(_is_wide(v) and v.dtype is x.dtype for v in given):
        return None
    made = t.batch_norm(x, weight, bias, mean, var, False, momentum, eps, False)
    return made, t.zeros([0], dtype=x.dtype), t.zeros([0], dtype=x.dtype)


@expands("aten::_native_batch_norm_legit.no_stats")
def _batch_norm_no_stats(t, x, weight, bias, training, momentum, eps):
    if not training or not _plain(x, weight, bias) or x.ndim < 2:
        return None
    dims = [d for d in range(x.ndim) if d != 1]
    shape = [1, x.shape[1], *[1] * (x.ndim - 2)]
    centred, rstd = _statistics(t, x, dims, eps)
    vectors = [None if v is None else t.reshape(v, shape) for v in (weight, bias)]
    made = _affine(centred * rstd, *vectors)
    flat = [x.shape[1]]
    return made, t.reshape(t.mean(x, dims, True), flat), t.reshape(rstd, flat)


@expands("aten::_cdist_forward")
def _cdist_forward(t, a, b, p, compute_mode):
    if not _plain(a, b):
        return None
    gaps = t.unsqueeze(a, -2) - t.unsqueeze(b, -3)
    return t.linalg_vector_norm(gaps, p, [-1])


@expands("aten::pdist", "aten::_pdist_forward")
def _pdist(t, x, p):
    if not _plain(x) or x.ndim != 2 or x.shape[0] < 2 or p < 0:
        return None
    first, second = np.triu_indices(x.shape[0], 1)
    gaps = t.index_select(x, 0, first) - t.index_select(x, 0, second)
    return t.linalg_vector_norm(gaps, p, [-1])
