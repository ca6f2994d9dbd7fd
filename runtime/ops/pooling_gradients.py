"""The backward operators of pooling, padding and resampling.

Derivatives on cards call them; each is linear in the gradient, so that its own derivative
is an operator on the way forward.
"""

from __future__ import annotations

from jit.runtime.kernels import padding_gradients as B
from jit.runtime.kernels import pooling as P
from jit.runtime.kernels import pooling_gradients as K
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped


class OfInput(Shaped):
    """The result has the sizes of `self`, the input on the way forward."""

    def sizes(g, x, *rest):
        return x


def taken(t, gg, indices, axes):
    """The elements of images that indices into their flattened space name."""
    start = gg.ndim - axes
    flat = t.gather(t.flatten(gg, start), -1, t.flatten(indices, start))
    return t.reshape(flat, list(indices.shape))


@op(
    "aten::max_pool2d_backward(Tensor grad_output, Tensor self, int[2] kernel_size,"
    " int[2] stride=[], int[2] padding=0, int[2] dilation=1, bool ceil_mode=False)"
    " -> Tensor"
)
class max_pool2d_backward(OfInput):
    """The gradient of `max_pool2d`: each goes to the first of the largest elements."""

    saves = ("self",)

    def kernel(g, x, size, stride, padding, dilation, ceil):
        window = P.make_window(2, size, stride, padding, dilation, ceil)
        return K.max_pool_gradient("max_pool2d", g, x, window)

    samples = [
        case(f32[2, 2, 2, 1], f32[2, 2, 4, 3], 2),
        case(f64[1, 3, 2], f64[1, 5, 4], [3, 2], 2, 1, [1, 2]),
        case(f64[1, 1, 1, 2], f64.of([[[[1, 1, 0, float("nan")], [1, 1, 2, 3]]]]), 2),
    ]

    def grad(t, gg, out, g, x, *window):
        return lambda: taken(t, gg, t.max_pool2d_with_indices(x, *window)[1], 2)


def _places_schema(axes):
    return (
        f"aten::max_pool{axes}d_with_indices_backward(Tensor grad_output, Tensor self,"
        f" int[{axes}] kernel_size, int[{axes}] stride, int[{axes}] padding,"
        f" int[{axes}] dilation, bool ceil_mode, Tensor indices) -> Tensor"
    )


def _at_places(axes):
    """Kernel and derivative of what puts gradients where indices say."""

    def kernel(g, x, *rest):
        return K.at_places(g, rest[-1], x.shape, axes)

    def grad(t, gg, out, g, x, *rest):
        return lambda: taken(t, gg, rest[-1], axes)

    return kernel, grad


@op(_places_schema(2))
class max_pool2d_with_indices_backward(OfInput):
    """The gradient of `max_pool2d_with_indices`, whose second result it takes."""

    fails = VALUES
    saves = ("indices",)
    kernel, grad = _at_places(2)

    samples = [
        case(f32[1, 2, 1, 2], f32[1, 2, 2, 3], 2, 1, 0, 1, False,
             i64.of([[[[1, 1]], [[3, 2]]]])),
    ]  # fmt: skip


@op(_places_schema(3))
class max_pool3d_with_indices_backward(OfInput):
    """The gradient of `max_pool3d_with_indices`, whose second result it takes."""

    fails = VALUES
    saves = ("indices",)
    kernel, grad = _at_places(3)

    samples = [
        case(f32[1, 1, 1, 2], f32[1, 2, 2, 3], 2, 1, 0, 1, False,
             i64.of([[[[7, 2]]]])),
    ]  # fmt: skip


def _average_schema(axes):
    return (
        f"aten::avg_pool{axes}d_backward(Tensor grad_output, Tensor self,"
        f" int[{axes}] kernel_size, int[{axes}] stride, int[{axes}] padding,"
        " bool ceil_mode, bool count_include_pad, int? divisor_override) -> Tensor"
    )


def _average(axes):
    """Kernel and derivative of the gradient of a mean over windows."""

    def kernel(g, x, size, stride, padding, ceil, count_padding, divisor):
        window = P.make_window(axes, size, stride, padding, [1], ceil)
        return K.average_pool_gradient(
            g, x.shape, window, count_padding=count_padding, divisor=divisor
        )

    def grad(t, gg, out, g, x, *window):
        return lambda: getattr(t, f"avg_pool{axes}d")(gg, *window)

    return kernel, grad


@op(_average_schema(2))
class avg_pool2d_backward(OfInput):
    """The gradient of `avg_pool2d`."""

    kernel, grad = _average(2)

    samples = [
        case(f32[1, 2, 1, 2], f32[1, 2, 3, 4], 2, [], 0, False, True, None),
        case(f32[2, 2, 3], f32[2, 3, 4], 2, 2, 1, False, False, None),
        case(f64[1, 2, 2], f64[1, 4, 3], [2, 3], 2, [0, 1], True, False, 5),
    ]


@op(_average_schema(3))
class avg_pool3d_backward(OfInput):
    """The gradient of `avg_pool3d`."""

    kernel, grad = _average(3)

    samples = [case(f32[1, 1, 1, 2], f32[1, 2, 2, 4], 2, 2, 0, False, True, None)]


@op("aten::_adaptive_avg_pool2d_backward(Tensor grad_output, Tensor self) -> Tensor")
class _adaptive_avg_pool2d_backward(OfInput):
    """The gradient of `adaptive_avg_pool2d`."""

    def kernel(g, x):
        return K.adaptive_average_pool_gradient(g, x.shape[-2:])

    samples = [
        case(f32[1, 2, 1, 1], f32[1, 2, 3, 2]),
        case(f32[2, 3, 2], f32[2, 5, 3]),
    ]

    def grad(t, gg, out, g, x):
        return lambda: t.adaptive_avg_pool2d(gg, list(g.shape[-2:]))


@op(
    "aten::adaptive_max_pool2d_backward(Tensor grad_output, Tensor self, Tensor indices)"
    " -> Tensor"
)
class adaptive_max_pool2d_backward(OfInput):
    """The gradient of `adaptive_max_pool2d`, whose second result it takes."""

    fails = VALUES
    saves = ("indices",)
    kernel, grad = _at_places(2)

    samples = [case(f32[1, 1, 2], f32[1, 2, 3], i64.of([[[4, 2]]]))]


def _mode_pad(axes, mode):
    """Kernel and derivative of the gradient of padding with elements of the tensor."""
    forward = f"{'reflection' if mode == 'reflect' else 'replication'}_pad{axes}d"

    def kernel(g, x, pad):
        return B.mode_pad_gradient(g, x.shape, pad, mode)

    def grad(t, gg, out, g, x, pad):
        return lambda: getattr(t, forward)(gg, pad)

    return kernel, grad


def _pad_schema(name, axes):
    return (
        f"aten::{name}_pad{axes}d_backward(Tensor grad_output, Tensor self,"
        f" SymInt[{2 * axes}] padding) -> Tensor"
    )


@op(_pad_schema("reflection", 1))
class reflection_pad1d_backward(OfInput):
    """The gradient of `reflection_pad1d`."""

    kernel, grad = _mode_pad(1, "reflect")

    samples = [case(f32[2, 6], f32[2, 3], [2, 1])]


@op(_pad_schema("reflection", 2))
class reflection_pad2d_backward(OfInput):
    """The gradient of `reflection_pad2d`."""

    kernel, grad = _mode_pad(2, "reflect")

    samples = [case(f32[1, 4, 4], f32[1, 3, 3], [2, -1, 1, 0])]


@op(_pad_schema("reflection", 3))
class reflection_pad3d_backward(OfInput):
    """The gradient of `reflection_pad3d`."""

    kernel, grad = _mode_pad(3, "reflect")

    samples = [case(f32[1, 2, 3, 3], f32[1, 2, 2, 2], [1, 0, 0, 1, 0, 0])]


@op(_pad_schema("replication", 1))
class replication_pad1d_backward(OfInput):
    """The gradient of `replication_pad1d`."""

    kernel, grad = _mode_pad(1, "replicate")

    samples = [case(f32[2, 6], f32[2, 2], [3, 1])]


@op(_pad_schema("replication", 2))
class replication_pad2d_backward(OfInput):
    """The gradient of `replication_pad2d`."""

    kernel, grad = _mode_pad(2, "replicate")

    samples = [case(f32[1, 4, 4], f32[1, 3, 3], [2, -1, 1, 0])]


@op(_pad_schema("replication", 3))
class replication_pad3d_backward(OfInput):
    """The gradient of `replication_pad3d`."""

    kernel, grad = _mode_pad(3, "replicate")

    samples = [case(f32[1, 2, 3, 3], f32[1, 2, 2, 2], [1, 0, 0, 1, 0, 0])]
