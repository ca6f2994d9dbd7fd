"""Operators of core ATen behind public ones: what torch expands `softmax` and others to.

They mean the same as the public operators, with torch's private names, and with the
further results that derivatives need.
"""

from __future__ import annotations

import numpy as np

from jit.ir.card import Card
from jit.ir.dtypes import DType, dtype_of
from jit.runtime.kernels import sizes as S
from jit.runtime.ops import normalization, scan
from jit.runtime.ops import normalization_gradients as G
from jit.runtime.ops.casting import as_dtype, converted_type
from jit.runtime.ops.creation import OPTIONS, check_place
from jit.runtime.ops.declare import op
from jit.runtime.ops.embedding import embedding_bag
from jit.runtime.ops.families import Scan
from jit.runtime.ops.refusals import refuse_integers
from jit.runtime.ops.samples import boolean, c64, case, f16, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped


def _refuse_half_to_float(half_to_float):
    if half_to_float is True:
        raise RuntimeError(
            "softmax with half to float conversion is not supported on CPU"
        )


@op("aten::_softmax(Tensor self, int dim, bool half_to_float) -> Tensor")
class _softmax(Scan):
    """exp(self), scaled to sum to one along dim."""

    saves = ("out",)
    accepts = "f"
    samples = [case(f32[2, 3], 1, False), case(f64[3], 0, False), case(f32[()], 0, False),
               case(f16[2, 3], -1, False), case(f32[0, 3], 1, False)]  # fmt: skip

    def check(dtype, sizes, dim, half_to_float):
        _refuse_half_to_float(half_to_float)

    def scan(x, axis, half_to_float):
        return scan.softmax.scan(x, axis)

    def grad(t, g, out, x, dim, half_to_float):
        return t._softmax_backward_data(g, out, dim, x.dtype)


@op("aten::_log_softmax(Tensor self, int dim, bool half_to_float) -> Tensor")
class _log_softmax(Scan):
    """log(softmax(self)), without rounding on the way."""

    saves = ("out",)
    accepts = "f"
    samples = _softmax.samples

    def check(dtype, sizes, dim, half_to_float):
        _refuse_half_to_float(half_to_float)

    def scan(x, axis, half_to_float):
        return scan.log_softmax.scan(x, axis)

    def grad(t, g, out, x, dim, half_to_float):
        return t._log_softmax_backward_data(g, out, dim, x.dtype)


class _SoftmaxGradient(Shaped):
    """Has the sizes of the result of the softmax."""

    def sizes(g, out, dim, input_dtype):
        S.wrap_dim(dim, len(out))
        return out

    def dtypes(g, out, dim, input_dtype):
        if g is not None and not g.is_floating_point:
            raise NotImplementedError(
                '"softmax_backward_lastdim_kernel_impl" not implemented for'
                f" '{g.title}'"
            )
        return input_dtype if isinstance(input_dtype, DType) else None

    samples = [
        case(f32[2, 3], f32[2, 3], 1, f32),
        case(f64[3], f64[3], 0, f64),
        case(f32[()], f32[()], 0, f32),
        case(f32[0, 3], f32[0, 3], 1, f32),
    ]


def _wide(x):
    return x.astype(np.float32) if x.itemsize < 4 else x


@op(
    "aten::_softmax_backward_data(Tensor grad_output, Tensor output, int dim,"
    " ScalarType input_dtype) -> Tensor"
)
class _softmax_backward_data(_SoftmaxGradient):
    """The gradient of `softmax`, from its result."""

    saves = ("grad_output", "output")

    def kernel(g, out, dim, input_dtype):
        _SoftmaxGradient.dtypes(dtype_of(g.dtype), None, dim, input_dtype)
        dim = S.wrap_dim(dim, out.ndim) if out.ndim else None
        shares = _wide(g) * _wide(out)
        made = shares - _wide(out) * shares.sum(dim, keepdims=True)
        return np.asarray(made).astype(as_dtype(input_dtype).numpy)

    def grad(t, gg, made, g, out, dim, input_dtype):
        dims = [dim] if out.ndim else []
        total = t.sum(g * out, dims, True)

        def of_result():
            level = t.sum(gg * out, dims, True)
            return gg * g - gg * total - g * level

        return lambda: t._softmax_backward_data(gg, out, dim, input_dtype), of_result


@op(
    "aten::_log_softmax_backward_data(Tensor grad_output, Tensor output, int dim,"
    " ScalarType input_dtype) -> Tensor"
)
class _log_softmax_backward_data(_SoftmaxGradient):
    """The gradient of `log_softmax`, from its result."""

    saves = ("grad_output", "output")

    def kernel(g, out, dim, input_dtype):
        _SoftmaxGradient.dtypes(dtype_of(g.dtype), None, dim, input_dtype)
        dim = S.wrap_dim(dim, out.ndim) if out.ndim else None
        wide = _wide(g)
        made = wide - np.exp(_wide(out)) * wide.sum(dim, keepdims=True)
        return np.asarray(made).astype(as_dtype(input_dtype).numpy)

    def grad(t, gg, made, g, out, dim, input_dtype):
        dims = [dim] if out.ndim else []
        shares = t.exp(out)
        return (
            lambda: gg - t.sum(gg * shares, dims, True),
            lambda: -gg * shares * t.sum(g, dims, True),
        )


@op(
    f"aten::_to_copy(Tensor self, *, {OPTIONS}, bool non_blocking=False,"
    " MemoryFormat? memory_format=None) -> Tensor"
)
class _to_copy(Card):
    """A copy, in another dtype if one is given."""

    raises = False
    samples = [case(f32[2, 3]), case(f32[2, 3], dtype=f64), case(f32[3], dtype=i64),
               case(boolean[0], dtype=f32), case(i64[()], dtype=c64)]  # fmt: skip

    def kernel(x, dtype, layout, device, pin_memory, non_blocking, memory_format):
        check_place(device, pin_memory)
        wanted = x.dtype if dtype is None else as_dtype(dtype).numpy
        return x.astype(wanted, order="K", copy=True)

    def infer(x, dtype, *rest):
        return converted_type(x, dtype)

    def grad(t, g, out, x, *rest):
        return g


@op("aten::_local_scalar_dense(Tensor self) -> Scalar")
class _local_scalar_dense(Card):
    """The only element, as a Python number."""

    samples = [f32[()], i64[1], boolean[1, 1]]

    def kernel(x):
        if x.size != 1:
            raise RuntimeError(
                f"a Tensor with {x.size} elements cannot be converted to Scalar"
            )
        return x.item()


@op("aten::copy(Tensor self, Tensor src, bool non_blocking=False) -> Tensor")
class copy(Shaped):
    """The elements of `src` in the dtype and the sizes of `self`."""

    def kernel(x, source, non_blocking):
        copy.sizes(x.shape, source.shape, non_blocking)
        out = np.empty(x.shape, x.dtype)
        np.copyto(out, source, casting="unsafe")
        return out

    def sizes(x, source, non_blocking):
        if S.broadcast(x, source) != tuple(x) and None not in (*x, *source):
            raise RuntimeError(
                f"expand({S.shown(source)}, size={S.shown(x)}): the expanded size of"
                " the tensor must match the existing size"
            )
        return x

    def dtypes(x, source, non_blocking):
        return x

    samples = [case(f32[2, 3], f32[3]), case(i64[2], f64[()]), case(f64[0], f32[1])]

    def grad(t, g, out, x, source, non_blocking):
        return t.zeros_like(g), g


SUM, MEAN = 0, 1


def _has_short_way(dtype, padding_idx):
    """Whether torch adds up bags without noting which index is in which."""
    return dtype.itemsize <= 4 and padding_idx < 0


@op(
    "aten::_embedding_bag(Tensor weight, Tensor indices, Tensor offsets,"
    " bool scale_grad_by_freq=False, int mode=0, bool sparse=False,"
    " Tensor? per_sample_weights=None, bool include_last_offset=False,"
    " int padding_idx=-1) -> (Tensor, Tensor, Tensor, Tensor)"
)
class _embedding_bag(Shaped):
    """As `embedding_bag`; one index may be told to count for nothing."""

    fails = VALUES

    def kernel(weight, indices, offsets, by_frequency, mode, sparse, shares,
               include_last_offset, padding_idx):  # fmt: skip
        rows = len(weight)
        padding_idx = padding_idx + rows if padding_idx < -1 else padding_idx
        if indices.dtype != offsets.dtype:
            wide = np.result_type(indices.dtype, offsets.dtype)
            indices, offsets = indices.astype(wide), offsets.astype(wide)
        found = embedding_bag.kernel(
            weight, indices, offsets, by_frequency, mode, sparse, shares,
            include_last_offset,
        )  # fmt: skip
        bags = found[1]
        kept = indices != padding_idx
        if padding_idx >= 0 and not kept.all():
            before = np.concatenate([[0], np.cumsum(~kept)])
            shifted = offsets - before[np.minimum(offsets, len(indices))]
            found = embedding_bag.kernel(
                weight, indices[kept], shifted.astype(offsets.dtype), by_frequency,
                mode, sparse, None if shares is None else shares[kept],
                include_last_offset,
            )  # fmt: skip
        out, _, sizes, best = found
        if mode == SUM:
            if _has_short_way(dtype_of(weight.dtype), padding_idx):
                bags = bags[:0]
            return out, bags, np.zeros_like(sizes), np.zeros_like(sizes)
        return out, bags, sizes, sizes.copy() if mode == MEAN else np.maximum(best, 0)

    def sizes(weight, indices, offsets, by_frequency, mode, sparse, shares,
              include_last_offset, padding_idx):  # fmt: skip
        found = embedding_bag.sizes(
            weight, indices, offsets, by_frequency, mode, sparse, shares,
            include_last_offset,
        )  # fmt: skip
        best = found[3] if mode not in (SUM, MEAN) else found[2]
        return found[0], (None,), found[2], best

    def dtypes(weight, indices, offsets, *rest):
        return embedding_bag.dtypes(weight, indices, offsets, *rest)

    samples = [
        case(f32[5, 3], i64.of([0, 4, 2, 2]), i64.of([0, 1]), mode=mode)
        for mode in (0, 1, 2)
    ] + [
        case(f64[5, 3], i64.of([0, 4, 1]), i64.of([0, 2]), padding_idx=4, mode=mode)
        for mode in (0, 1)
    ]


# batch, group and layer norm with what their derivatives need ---------------------------


def _wide_dtype(x):
    return None if x is None or x.itemsize < 4 else x


class _Statistics(Shaped):
    """Three results: the normalised tensor, means, reciprocal deviations."""

    fails = VALUES
    unknown = ("training", "momentum", "eps")

    def dtypes(x, *rest):
        refuse_integers("batch_norm", x)
        wide = _wide_dtype(x)
        return x, wide, wide


@op(
    "aten::_native_batch_norm_legit(Tensor input, Tensor? weight, Tensor? bias,"
    " Tensor(a!) running_mean, Tensor(b!) running_var, bool training, float momentum,"
    " float eps) -> (Tensor, Tensor, Tensor)"
)
class _native_batch_norm_legit(_Statistics):
    """`native_batch_norm`, whose schema says that the running statistics are written."""

    def kernel(x, weight, bias, mean, var, training, momentum, eps):
        return normalization._batch_norm(
            x, weight, bias, mean, var, training, momentum, eps
        )

    def sizes(x, weight, bias, mean, var, training, *rest):
        return normalization.native_batch_norm.sizes(
            x, weight, bias, mean, var, training
        )

    samples = [
        case(f32[2, 3, 4], f32[3], f32[3], f32[3], f32[3].within(1, 2), training,
             0.1, 1e-5)
        for training in (True, False)
    ]  # fmt: skip


@op(
    "aten::_native_batch_norm_legit.no_stats(Tensor input, Tensor? weight,"
    " Tensor? bias, bool training, float momentum, float eps)"
    " -> (Tensor, Tensor, Tensor)"
)
class _native_batch_norm_no_stats(_Statistics):
    """`native_batch_norm` without running statistics."""

    saves = ("input", "weight", "out")

    def kernel(x, weight, bias, training, momentum, eps):
        return normalization._batch_norm(
            x, weight, bias, None, None, training, momentum, eps
        )

    def sizes(x, weight, bias, training, *rest):
        return normalization.native_batch_norm.sizes(
            x, weight, bias, None, None, training
        )

    samples = [case(f32[2, 3, 4], f32[3], f32[3], True, 0.1, 1e-5),
               case(f64[4, 3], None, None, True, 0.1, 1e-5)]  # fmt: skip

    def grad(t, g, out, x, weight, bias, training, momentum, eps):
        of_x, of_weight, of_bias, *_ = normalization.native_batch_norm.grad(
            t, g, out, x, weight, bias, None, None, True, momentum, eps
        )
        return of_x, of_weight, of_bias


@op(
    "aten::_native_batch_norm_legit_no_training(Tensor input, Tensor? weight,"
    " Tensor? bias, Tensor running_mean, Tensor running_var, float momentum,"
    " float eps) -> (Tensor, Tensor, Tensor)"
)
class _native_batch_norm_no_training(_Statistics):
    """`native_batch_norm` in evaluation, by the running statistics."""

    saves = ("input", "weight", "running_mean", "running_var")

    def kernel(x, weight, bias, mean, var, momentum, eps):
        return normalization._batch_norm(
            x, weight, bias, mean, var, False, momentum, eps
        )

    def sizes(x, weight, bias, mean, var, *rest):
        return normalization.native_batch_norm.sizes(x, weight, bias, mean, var, False)

    samples = [
        case(f32[2, 3, 4], f32[3], f32[3], f32[3], f32[3].within(1, 2), 0.1, 1e-5),
        case(f64[2, 3], None, None, f64[3], f64[3].within(1, 2), 0.1, 1e-5),
    ]

    def grad(t, g, out, x, weight, bias, mean, var, momentum, eps):
        return G.batch_slopes(t, g[0], x, weight, mean, var, False, eps)


@op(
    "aten::native_group_norm(Tensor input, Tensor? weight, Tensor? bias, SymInt N,"
    " SymInt C, SymInt HxW, int group, float eps) -> (Tensor, Tensor, Tensor)"
)
class native_group_norm(_Statistics):
    """As `group_norm`, with the means and the reciprocal standard deviations."""

    saves = ("input", "weight", "out")
    unknown = ("HxW", "eps")

    def kernel(x, weight, bias, n, c, inner, group, eps):
        refuse_integers("GroupNormKernelImpl", dtype_of(x.dtype))
        shape = x.shape
        normalization._check_groups(
            (n, c, *shape[2:]), group, *map(_shape_of, (weight, bias))
        )
        parts = x.reshape(n, group, c // group * inner)
        made, mean, rstd = normalization._normalized(parts, (2,), eps)
        each = made.reshape(n, c, -1) if x.size else made.reshape(n, c, inner)
        each = normalization._affine(each, *(_column(v) for v in (weight, bias)))
        made = each.reshape(shape).astype(x.dtype, copy=False)
        return made, mean.reshape(n, group), rstd.reshape(n, group)

    def sizes(x, weight, bias, n, c, inner, group, eps):
        return x, (n, group), (n, group)

    samples = [
        case(f32[2, 4, 3], f32[4], f32[4], 2, 4, 3, 2, 1e-5),
        case(f64[2, 4], None, None, 2, 4, 1, 2, 1e-5),
    ]

    def grad(t, g, out, x, weight, bias, n, c, inner, group, eps):
        of_x, of_weight, of_bias = G.group_slopes(t, g[0], x, group, weight, eps)

        def of_input():
            sizes = [n, group, 1]
            mean, rstd = (t.reshape(v, sizes) for v in out[1:])
            of_mean, of_rstd = (t.reshape(v, sizes) for v in g[1:])
            parts = t.reshape(G.wide(t, x), [n, group, c // group * inner])
            of_deviation = of_rstd * rstd * rstd * rstd * (mean - parts)
            more = (of_mean + of_deviation) / (c // group * inner)
            return of_x() + t.reshape(more, list(x.shape))

        return of_input, of_weight, of_bias


def _shape_of(x):
    return None if x is None else x.shape


def _column(x):
    return None if x is None else x.reshape(-1, 1)


def _through(g, made, rstd, axes):
    """The gradient through mean 0 and variance 1 over axes."""
    level = g.mean(axes, keepdims=True)
    tilt = (g * made).mean(axes, keepdims=True)
    return rstd * (g - level - made * tilt)


MASKED = "bool[3] output_mask"


@op(
    "aten::native_layer_norm_backward(Tensor grad_out, Tensor input,"
    " SymInt[] normalized_shape, Tensor mean, Tensor rstd, Tensor? weight,"
    f" Tensor? bias, {MASKED}) -> (Tensor, Tensor, Tensor)"
)
class native_layer_norm_backward(Shaped):
    """The gradients of `layer_norm` to input, weight and bias.

    Those that the mask does not ask for are empty.
    """

    fails = VALUES

    def kernel(g, x, shape, mean, rstd, weight, bias, mask):
        g_, x_ = _wide(g), _wide(x)
        lead = x.ndim - len(shape)
        axes = tuple(range(lead, x.ndim))
        outer = tuple(range(lead))
        made = (x_ - mean) * rstd
        inner = g_ if weight is None else g_ * _wide(weight)
        of_x = _through(inner, made, rstd, axes) if x.size else np.zeros_like(x_)
        found = (of_x, (g_ * made).sum(outer), g_.sum(outer))
        return _asked(found, mask, x.dtype)

    def sizes(g, x, shape, mean, rstd, weight, bias, mask):
        return _asked_sizes((x, tuple(shape), tuple(shape)), mask)

    def dtypes(g, x, *rest):
        return x, x, x

    samples = [
        case(f32[2, 3], f32[2, 3], [3], f32[2, 1], f32[2, 1], f32[3], f32[3],
             [True, True, True]),
        case(f64[2, 3, 2], f64[2, 3, 2], [3, 2], f64[2, 1, 1], f64[2, 1, 1], None, None,
             [True, False, False]),
    ]  # fmt: skip


@op(
    "aten::native_group_norm_backward(Tensor grad_out, Tensor input, Tensor mean,"
    " Tensor rstd, Tensor? weight, SymInt N, SymInt C, SymInt HxW, int group,"
    f" {MASKED}) -> (Tensor, Tensor, Tensor)"
)
class native_group_norm_backward(Shaped):
    """The gradients of `group_norm` to input, weight and bias.

    Those that the mask does not ask for are empty.
    """

    fails = VALUES
    unknown = ("N", "HxW")

    def kernel(g, x, mean, rstd, weight, n, c, inner, group, mask):
        parts = (n, group, c // group, inner)
        g_, x_ = _wide(g).reshape(parts), _wide(x).reshape(parts)
        mean, rstd = (_wide(v).reshape(n, group, 1, 1) for v in (mean, rstd))
        made = (x_ - mean) * rstd
        by_channel = g_
        if weight is not None:
            by_channel = g_ * _wide(weight).reshape(1, group, c // group, 1)
        of_x = _through(by_channel, made, rstd, (2, 3)) if x.size else x_
        found = (
            of_x.reshape(x.shape),
            (g_ * made).sum((0, 3)).reshape(c),
            g_.sum((0, 3)).reshape(c),
        )
        return _asked(found, mask, x.dtype)

    def sizes(g, x, mean, rstd, weight, n, c, inner, group, mask):
        return _asked_sizes((x, (c,), (c,)), mask)

    def dtypes(g, x, *rest):
        return x, x, x

    samples = [
        case(f32[2, 4, 3], f32[2, 4, 3], f32[2, 2], f32[2, 2], f32[4], 2, 4, 3, 2,
             [True, True, True]),
    ]  # fmt: skip


def _asked(found, mask, dtype):
    return tuple(
        np.asarray(f).astype(dtype, copy=False) if wanted else np.empty(0, dtype)
        for f, wanted in zip(found, mask, strict=True)
    )


def _asked_sizes(sizes, mask):
    return tuple(s if wanted else (0,) for s, wanted in zip(sizes, mask, strict=True))
