"""Pooling of volumes to given sizes, fractional pooling, and pooling undone."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import pooling as P
from jit.runtime.kernels import pooling_gradients as K
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.declare import op
from jit.runtime.ops.pooling_gradients import OfInput, taken
from jit.runtime.ops.refusals import refuse_integers
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped


def _average(axes):
    """Kernel, size rule, dtype rule and derivative of means of bins."""
    name = f"adaptive_avg_pool{axes}d"

    def kernel(x, wanted):
        refuse_integers(name, dtype_of(x.dtype))
        return P.adaptive_average_pool(name, x, wanted)

    def sizes(x, wanted):
        return P.adaptive_sizes(name, x, wanted)

    def dtype(x, *rest):
        refuse_integers(name, x)
        return x

    def grad(t, g, out, x, wanted):
        return getattr(t, f"_{name}_backward")(g, x)

    return kernel, sizes, dtype, grad


@op(
    "aten::adaptive_avg_pool3d(Tensor self, SymInt[3] output_size) -> Tensor",
    "aten::_adaptive_avg_pool3d(Tensor self, SymInt[3] output_size) -> Tensor",
)
class adaptive_avg_pool3d(Shaped):
    """The means of bins that divide the last three dims as evenly as they can."""

    saves = ("self",)
    kernel, sizes, dtypes, grad = _average(3)

    samples = [case(f32[1, 2, 3, 4, 5], 2), case(f64[1, 2, 3, 2], [1, 2, 3])]


@op("aten::_adaptive_avg_pool2d(Tensor self, SymInt[2] output_size) -> Tensor")
class _adaptive_avg_pool2d(Shaped):
    """The means of bins over the last two dims."""

    saves = ("self",)
    kernel, sizes, dtypes, grad = _average(2)

    samples = [case(f32[1, 2, 3, 4], 2), case(f64[1, 5, 2], [3, 2])]


@op("aten::_adaptive_avg_pool3d_backward(Tensor grad_output, Tensor self) -> Tensor")
class _adaptive_avg_pool3d_backward(OfInput):
    """The gradient of `adaptive_avg_pool3d`."""

    def kernel(g, x):
        return K.adaptive_average_pool_gradient(g, x.shape[-3:])

    samples = [case(f64[1, 1, 1, 2], f64[1, 2, 2, 3])]

    def grad(t, gg, out, g, x):
        return lambda: t.adaptive_avg_pool3d(gg, list(g.shape[-3:]))


@op("aten::adaptive_max_pool3d(Tensor self, int[3] output_size) -> (Tensor, Tensor)")
class adaptive_max_pool3d(Shaped):
    """The maxima of bins over the last three dims, and where they are."""

    saves = ("self", "out")

    def kernel(x, wanted):
        refuse_integers("adaptive_max_pool3d_cpu", dtype_of(x.dtype))
        return P.adaptive_max_pool("adaptive_max_pool3d", x, wanted)

    def sizes(x, wanted):
        found = P.adaptive_sizes("adaptive_max_pool3d", x, wanted)
        return found, found

    def dtypes(x, *rest):
        refuse_integers("adaptive_max_pool3d_cpu", x)
        return x, dtypes.int64

    samples = [case(f32[1, 2, 3, 4, 3], 2), case(f64[1, 2, 3, 2], [1, 2, 1])]

    def grad(t, g, out, x, wanted):
        return t.adaptive_max_pool3d_backward(g[0], x, out[1])


def _at_places(axes):
    def kernel(g, x, *rest):
        return K.at_places(g, rest[-1], x.shape, axes)

    def grad(t, gg, out, g, x, *rest):
        return lambda: taken(t, gg, rest[-1], axes)

    return kernel, grad


@op(
    "aten::adaptive_max_pool3d_backward(Tensor grad_output, Tensor self, Tensor indices)"
    " -> Tensor"
)
class adaptive_max_pool3d_backward(OfInput):
    """The gradient of `adaptive_max_pool3d`, whose second result it takes."""

    fails = VALUES
    saves = ("indices",)
    kernel, grad = _at_places(3)

    samples = [case(f64[1, 1, 1, 2], f64[1, 2, 1, 3], i64.of([[[[4, 2]]]]))]


# fractional pooling -------------------------------------------------------------------


def _check_fractional(x, size, wanted, axes):
    if len(x) not in (axes + 1, axes + 2) or 0 in x[-axes - 1 :]:
        raise RuntimeError(
            f"fractional_max_pool{axes}d(): Expected {axes + 1}D or {axes + 2}D tensor"
            f" with non-empty dimensions, but got {S.shown(x)}"
        )
    for n, k, w in zip(x[-axes:], size, wanted, strict=True):
        # torch asks for one more of volumes
        if None not in (n, k, w) and w + k - 1 + (axes == 3) > n:
            raise RuntimeError(
                f"fractional_max_pool{axes}d(): pool size {k} too large relative to"
                f" input size {n}"
            )
    return (*x[:-axes], *wanted)


def _starts(samples, size, count, window):
    """Where windows begin along an axis, for each draw: `[*draws, count]`."""
    if count == 1:
        return np.full((*samples.shape, 1), size - window)
    alpha = samples.dtype.type(size - window) / samples.dtype.type(count - 1)
    steps = np.arange(count, dtype=samples.dtype)
    draws = samples[..., None]
    made = ((steps + draws) * alpha).astype(np.int64) - (draws * alpha).astype(np.int64)
    made[..., -1] = size - window
    return made


def _fractional(axes):
    name = f"fractional_max_pool{axes}d"

    def kernel(x, size, wanted, draws):
        shape = _check_fractional(x.shape, size, wanted, axes)
        refuse_integers(name, dtype_of(x.dtype))
        space = x.shape[-axes:]
        rows = (x.shape[0] if x.ndim == axes + 2 else 1, x.shape[-axes - 1])
        batch = x.reshape(*rows, *space)
        if not x.size:
            return np.empty(shape, x.dtype), np.empty(shape, np.int64)
        if draws.shape != (*rows, axes):
            raise RuntimeError(
                f"Expect _random_samples to have shape ({rows[0]}, {rows[1]}, {axes})"
            )
        flat = np.zeros((*rows, *(1,) * (2 * axes)), np.int64)
        for axis in range(axes):
            # the first draw is that of the last axis
            draw = draws[..., axes - 1 - axis] if axes == 2 else draws[..., axis]
            starts = _starts(draw, space[axis], wanted[axis], size[axis])
            at = starts[..., None] + np.arange(size[axis])
            at = at.reshape(
                *rows,
                *(wanted[a] if a == axis else 1 for a in range(axes)),
                *(size[a] if a == axis else 1 for a in range(axes)),
            )
            flat = flat * space[axis] + at
        flat = flat.reshape(*rows, *wanted, -1)
        taken = np.take_along_axis(
            batch.reshape(*rows, -1), flat.reshape(*rows, -1), -1
        ).reshape(flat.shape)
        best = taken.argmax(-1)[..., None]
        out = np.take_along_axis(taken, best, -1)[..., 0]
        places = np.take_along_axis(flat, best, -1)[..., 0]
        return out.reshape(shape), places.reshape(shape)

    def sizes(x, size, wanted, draws):
        found = _check_fractional(x, size, wanted, axes)
        return found, found

    def dtype(x, *rest):
        refuse_integers(name, x)
        return x, dtypes.int64

    def grad(t, g, out, x, size, wanted, draws):
        back = getattr(t, f"{name}_backward")
        return back(g[0], x, size, wanted, out[1])

    return kernel, sizes, dtype, grad


def _fractional_schema(axes, back=False):
    window = f"Tensor self, int[{axes}] kernel_size, int[{axes}] output_size"
    if back:
        return (
            f"aten::fractional_max_pool{axes}d_backward(Tensor grad_output, {window},"
            " Tensor indices) -> Tensor"
        )
    return (
        f"aten::fractional_max_pool{axes}d({window}, Tensor random_samples)"
        " -> (Tensor, Tensor)"
    )


@op(_fractional_schema(2))
class fractional_max_pool2d(Shaped):
    """The maxima of windows at random places, and where they are."""

    fails = VALUES
    saves = ("self", "out")
    kernel, sizes, dtypes, grad = _fractional(2)

    samples = [case(f32[1, 2, 5, 6], 2, [3, 2], f32[1, 2, 2].within(0, 0.9)),
               case(f64[1, 4, 3], [2, 1], [2, 2], f64[1, 1, 2].within(0, 0))]  # fmt: skip


@op(_fractional_schema(3))
class fractional_max_pool3d(Shaped):
    """The maxima of windows at random places of volumes, and where they are."""

    fails = VALUES
    saves = ("self", "out")
    kernel, sizes, dtypes, grad = _fractional(3)

    samples = [case(f32[1, 2, 4, 5, 5], 2, [2, 3, 2], f32[1, 2, 3].within(0, 0.9))]


@op(_fractional_schema(2, True))
class fractional_max_pool2d_backward(OfInput):
    """The gradient of `fractional_max_pool2d`."""

    fails = VALUES
    saves = ("indices",)
    kernel, grad = _at_places(2)

    samples = [case(f64[1, 1, 2], f64[1, 2, 3], 1, [1, 2], i64.of([[[4, 2]]]))]


@op(_fractional_schema(3, True))
class fractional_max_pool3d_backward(OfInput):
    """The gradient of `fractional_max_pool3d`."""

    fails = VALUES
    saves = ("indices",)
    kernel, grad = _at_places(3)

    samples = [case(f64[1, 1, 1, 2], f64[1, 1, 2, 3], 1, [1, 1, 2],
                    i64.of([[[[4, 2]]]]))]  # fmt: skip


# pooling undone -----------------------------------------------------------------------


def _check_unpool(x, indices, wanted, axes):
    if len(x) not in (axes + 1, axes + 2):
        raise RuntimeError(
            f"Input to max_unpooling{axes}d should be a {axes + 1}d or {axes + 2}d"
            f" Tensor, but got a tensor with {len(x)} dimensions"
        )
    if len(wanted) != axes:
        raise RuntimeError(
            f"There should be exactly {axes} elements in output_size, but got"
            f" {len(wanted)} elements."
        )
    if None not in (*x, *indices) and x != indices:
        raise RuntimeError(
            "Expected shape of indices to be same as that of the input tensor"
            f" ({S.shown(x)}) but got indices tensor with shape: {S.shown(indices)}"
        )
    return (*x[:-axes], *wanted)


def _unpool(axes):
    name = f"max_unpool{axes}d"

    def kernel(x, indices, wanted, *rest):
        refuse_integers(name, dtype_of(x.dtype))
        if indices.dtype != np.int64:
            raise RuntimeError(
                "elements in indices should be type int64 but got:"
                f" {dtype_of(indices.dtype).title}"
            )
        shape = _check_unpool(x.shape, indices.shape, wanted, axes)
        made = np.zeros((*x.shape[:-axes], int(np.prod(wanted))), x.dtype)
        flat = indices.reshape(*x.shape[:-axes], -1)
        if flat.size and not 0 <= flat.min() <= flat.max() < made.shape[-1]:
            wrong = flat[(flat < 0) | (flat >= made.shape[-1])][0]
            raise RuntimeError(
                f"Found an invalid max index: {wrong} (output volumes are of size"
                f" {'x'.join(map(str, wanted))}"
            )
        np.put_along_axis(made, flat, x.reshape(flat.shape), -1)
        return made.reshape(shape)

    def sizes(x, indices, wanted, *rest):
        return _check_unpool(x, indices, wanted, axes)

    def dtypes(x, *rest):
        refuse_integers(name, x)
        return x

    def grad(t, g, out, x, indices, *rest):
        return taken(t, g, indices, axes)

    return kernel, sizes, dtypes, grad


@op("aten::max_unpool2d(Tensor self, Tensor indices, SymInt[2] output_size) -> Tensor")
class max_unpool2d(Shaped):
    """Elements put back to the places that `max_pool2d` took them from, else zero."""

    fails = VALUES
    saves = ("indices",)
    kernel, sizes, dtypes, grad = _unpool(2)

    samples = [case(f64[1, 1, 1, 2], i64.of([[[[5, 0]]]]), [2, 4])]


@op(
    "aten::max_unpool3d(Tensor self, Tensor indices, SymInt[3] output_size,"
    " int[3] stride, int[3] padding) -> Tensor"
)
class max_unpool3d(Shaped):
    """Elements put back to the places that `max_pool3d` took them from, else zero."""

    fails = VALUES
    saves = ("indices",)
    kernel, sizes, dtypes, grad = _unpool(3)

    samples = [case(f64[1, 1, 1, 2], i64.of([[[[5, 0]]]]), [1, 2, 4], 1, 0)]


# channels -----------------------------------------------------------------------------


@op(
    "aten::channel_shuffle(Tensor self, SymInt groups) -> Tensor",
    "aten::native_channel_shuffle(Tensor self, SymInt groups) -> Tensor",
)
class channel_shuffle(Composed):
    """Channels dealt out to groups in turn: `[N, C, *]`."""

    def sizes(x, groups):
        if len(x) < 3:
            raise RuntimeError(
                "channel_shuffle expects input with > 2 dims, but got input with sizes"
                f" {S.shown(x)}"
            )
        if groups <= 0:
            raise RuntimeError(
                "Number of groups to divide channels in must be positive. Value of"
                f" groups:{groups}"
            )
        if x[1] is not None and x[1] % groups:
            raise RuntimeError(
                "Number of channels must be divisible by groups. Got"
                f" {x[1]} channels and {groups} groups."
            )
        return x

    def composite(t, x, groups):
        shape = list(x.shape)
        channel_shuffle.sizes(tuple(shape), groups)
        parts = [shape[0], groups, shape[1] // groups, *shape[2:]]
        return t.reshape(t.transpose(t.reshape(x, parts), 1, 2), shape)

    samples = [case(f32[1, 4, 2], 2), case(f64[2, 6, 1, 2], 3)]
