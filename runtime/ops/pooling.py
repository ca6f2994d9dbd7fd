"""Pooling, padding and resampling."""

from __future__ import annotations

from jit.ir import dtypes
from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import padding as A
from jit.runtime.kernels import pooling as P
from jit.runtime.ops.declare import op
from jit.runtime.ops.refusals import refuse_bool, refuse_integers
from jit.runtime.ops.samples import case, f16, f32, f64, i64
from jit.runtime.ops.shaped import Shaped


def _max_pool(axes):
    """Kernel, size rule and dtype rule of a maximum over windows."""
    name = f"max_pool{axes}d"

    def kernel(x, size, stride, padding, dilation, ceil):
        dtype_rule(dtype_of(x.dtype))
        window = P.make_window(axes, size, stride, padding, dilation, ceil)
        return P.max_pool(name, x, window)

    def sizes(x, size, stride, padding, dilation, ceil):
        if any(None in v for v in (size, stride, padding, dilation)):
            P.check_rank(name, x, axes)
            return (*x[:-axes], *(None,) * axes)
        window = P.make_window(axes, size, stride, padding, dilation, ceil)
        return P.pooled_sizes(name, x, window)

    def dtype_rule(x, *rest):
        if axes == 1:
            refuse_integers("max_pool1d_impl", x)
        refuse_bool(name, x)
        return x

    return kernel, sizes, dtype_rule


def _pool_schema(axes, suffix=""):
    zero, one = ("[0]", "[1]") if axes == 1 else ("0", "1")
    result = "(Tensor, Tensor)" if suffix else "Tensor"
    return (
        f"aten::max_pool{axes}d{suffix}(Tensor self, int[{axes}] kernel_size,"
        f" int[{axes}] stride=[], int[{axes}] padding={zero},"
        f" int[{axes}] dilation={one}, bool ceil_mode=False) -> {result}"
    )


def _one_row(size, stride, padding, *dilation):
    """The numbers of a window over one axis as those of one over two."""
    fillers = (1, 1, 0, 1)
    given = (size, stride, padding, *dilation)
    return [
        [filler, *numbers] if numbers else []
        for filler, numbers in zip(fillers, given, strict=False)
    ]


@op(_pool_schema(1))
class max_pool1d(Shaped):
    """The largest element of each window along the last dim."""

    saves = ("self",)
    kernel, sizes, dtypes = _max_pool(1)

    samples = [
        case(f32[2, 3, 8], 3),
        case(f64[2, 2, 8], 3),
        case(f32[3, 7], 3, 2, 1, 2, True),
        case(f64[1, 1, 1], 1),
    ]

    def grad(t, g, out, x, size, stride, padding, dilation, ceil):
        window = _one_row(size, stride, padding, dilation)
        made = t.max_pool2d_backward(
            t.unsqueeze(g, -2), t.unsqueeze(x, -2), *window, ceil
        )
        return t.squeeze(made, -2)


@op(_pool_schema(2))
class max_pool2d(Shaped):
    """The largest element of each window over the last two dims."""

    saves = ("self",)
    kernel, sizes, dtypes = _max_pool(2)

    samples = [
        case(f32[2, 3, 8, 6], 2),
        case(f32[3, 7, 5], [3, 2], 2, 1, [2, 1], True),
        case(f64[1, 7, 5], [3, 2], 2, 1, [2, 1], True),
        case(f64[1, 2, 4, 4], 2),
        case(i64[1, 1, 4, 4], 3, 1),
        case(f32[0, 3, 4, 4], 2),
        case(f16[1, 1, 3, 3], 2),
    ]

    def grad(t, g, out, x, *window):
        return t.max_pool2d_backward(g, x, *window)


@op(_pool_schema(3))
class max_pool3d(Shaped):
    """The largest element of each window over the last three dims."""

    saves = ("self",)
    kernel, sizes, dtypes = _max_pool(3)

    samples = [case(f32[1, 2, 4, 5, 6], 2), case(f32[2, 3, 3, 3], [2, 1, 3], 1),
               case(f64[1, 2, 4, 3], [1, 2, 2], [1, 2, 1], [0, 1, 0])]  # fmt: skip

    def grad(t, g, out, x, *window):
        indices = t.max_pool3d_with_indices(x, *window)[1]
        return t.max_pool3d_with_indices_backward(g, x, *window, indices)


def _max_pool_places(axes):
    """The blanks of a maximum over windows that also says where it is."""
    _, sizes, dtype_rule = _max_pool(axes)

    def kernel(x, size, stride, padding, dilation, ceil):
        dtype_rule(dtype_of(x.dtype))
        window = P.make_window(axes, size, stride, padding, dilation, ceil)
        return P.max_pool_with_indices(f"max_pool{axes}d", x, window)

    def both(*arguments):
        found = sizes(*arguments)
        return found, found

    def dtype(x, *rest):
        return dtype_rule(x), dtypes.int64

    return kernel, both, dtype


@op(_pool_schema(1, "_with_indices"))
class max_pool1d_with_indices(Shaped):
    """As `max_pool1d`, and the place of each maximum along the last dim."""

    saves = ("self", "out")
    kernel, sizes, dtypes = _max_pool_places(1)

    samples = max_pool1d.samples

    def grad(t, g, out, x, size, stride, padding, dilation, ceil):
        window = _one_row(size, stride, padding, dilation)
        g, x, places = (t.unsqueeze(v, -2) for v in (g[0], x, out[1]))
        made = t.max_pool2d_with_indices_backward(g, x, *window, ceil, places)
        return t.squeeze(made, -2)


@op(_pool_schema(2, "_with_indices"))
class max_pool2d_with_indices(Shaped):
    """As `max_pool2d`, and the place of each maximum in its flattened image."""

    saves = ("self", "out")
    kernel, sizes, dtypes = _max_pool_places(2)

    samples = max_pool2d.samples

    def grad(t, g, out, x, *window):
        return t.max_pool2d_with_indices_backward(g[0], x, *window, out[1])


@op(_pool_schema(3, "_with_indices"))
class max_pool3d_with_indices(Shaped):
    """As `max_pool3d`, and the place of each maximum in its flattened volume."""

    saves = ("self", "out")
    kernel, sizes, dtypes = _max_pool_places(3)

    samples = max_pool3d.samples

    def grad(t, g, out, x, *window):
        return t.max_pool3d_with_indices_backward(g[0], x, *window, out[1])


def _avg_pool(axes):
    """Kernel, size rule and dtype rule of a mean over windows."""

    def kernel(x, size, stride, padding, ceil, count_padding, divisor=None):
        dtype_rule(dtype_of(x.dtype))
        _check_divisor(divisor)
        window = P.make_window(axes, size, stride, padding, [1], ceil)
        return P.average_pool(x, window, count_padding=count_padding, divisor=divisor)

    def sizes(x, size, stride, padding, ceil, count_padding, divisor=None):
        if any(None in v for v in (size, stride, padding)):
            P.check_rank("avg_pool", x, axes)
            return (*x[:-axes], *(None,) * axes)
        _check_divisor(divisor)
        window = P.make_window(axes, size, stride, padding, [1], ceil)
        return P.pooled_sizes("avg_pool", x, window)

    def dtype_rule(x, *rest):
        if x is not dtypes.int64:
            refuse_integers(f"avg_pool{axes}d", x)
        return x

    return kernel, sizes, dtype_rule


def _check_divisor(divisor):
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")


@op(
    "aten::avg_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[],"
    " int[1] padding=[0], bool ceil_mode=False, bool count_include_pad=True) -> Tensor"
)
class avg_pool1d(Shaped):
    """The mean of each window along the last dim."""

    kernel, sizes, dtypes = _avg_pool(1)

    samples = [case(f32[2, 3, 8], 3), case(f32[3, 7], 3, 2, 1, True, False),
               case(f64[2, 2, 5], 2, 1)]  # fmt: skip

    def composite(t, x, size, stride, padding, ceil, count_padding):
        window = _one_row(size, stride, padding)
        return t.squeeze(
            t.avg_pool2d(t.unsqueeze(x, -2), *window, ceil, count_padding), -2
        )


@op(
    "aten::avg_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[],"
    " int[2] padding=0, bool ceil_mode=False, bool count_include_pad=True,"
    " int? divisor_override=None) -> Tensor"
)
class avg_pool2d(Shaped):
    """The mean of each window over the last two dims."""

    saves = ("self",)
    kernel, sizes, dtypes = _avg_pool(2)

    samples = [
        case(f32[2, 3, 8, 6], 2),
        case(f32[3, 7, 5], [3, 2], 2, 1, True),
        case(f32[3, 7, 5], [3, 2], 2, 1, True, False),
        case(f64[1, 7, 5], [3, 2], 2, 1, True, False),
        case(f64[1, 7, 5], [3, 2], [1, 2], 1, True, True),
        case(f64[1, 1, 4, 4], 3, 1, divisor_override=2),
        case(f32[0, 3, 4, 4], 2),
    ]

    def grad(t, g, out, x, *window):
        return t.avg_pool2d_backward(g, x, *window)


@op(
    "aten::avg_pool3d(Tensor self, int[3] kernel_size, int[3] stride=[],"
    " int[3] padding=0, bool ceil_mode=False, bool count_include_pad=True,"
    " int? divisor_override=None) -> Tensor"
)
class avg_pool3d(Shaped):
    """The mean of each window over the last three dims."""

    saves = ("self",)
    kernel, sizes, dtypes = _avg_pool(3)

    samples = [case(f32[1, 2, 4, 5, 6], 2), case(f32[2, 3, 3, 3], [2, 1, 3], 1),
               case(f64[1, 2, 4, 3], [1, 2, 2], [1, 2, 1], [0, 1, 0])]  # fmt: skip

    def grad(t, g, out, x, *window):
        return t.avg_pool3d_backward(g, x, *window)


def _adaptive(axes, kind):
    """Kernel, size rule and dtype rule of pooling to a given size."""
    name = f"adaptive_{kind}_pool{axes}d"
    run = P.adaptive_average_pool if kind == "avg" else P.adaptive_max_pool

    def kernel(x, wanted):
        dtype_rule(dtype_of(x.dtype))
        return run(name, x, wanted)

    def sizes(x, wanted):
        found = P.adaptive_sizes(name, x, wanted)
        return found if kind == "avg" else (found, found)

    def dtype_rule(x, *rest):
        refuse_integers(name, x)
        return x if kind == "avg" else (x, dtypes.int64)

    return kernel, sizes, dtype_rule


@op("aten::adaptive_avg_pool1d(Tensor self, int[1] output_size) -> Tensor")
class adaptive_avg_pool1d(Shaped):
    """The means of bins that divide the last dim as evenly as they can."""

    kernel, sizes, dtypes = _adaptive(1, "avg")

    samples = [case(f32[2, 3, 7], 3), case(f32[3, 2], 5)]

    def composite(t, x, wanted):
        return t.squeeze(t.adaptive_avg_pool2d(t.unsqueeze(x, -2), [1, *wanted]), -2)


@op("aten::adaptive_avg_pool2d(Tensor self, SymInt[2] output_size) -> Tensor")
class adaptive_avg_pool2d(Shaped):
    """The means of bins that divide the last two dims as evenly as they can."""

    saves = ("self",)
    kernel, sizes, dtypes = _adaptive(2, "avg")

    samples = [
        case(f32[2, 3, 7, 5], 1),
        case(f32[3, 7, 5], [3, 2]),
        case(f64[1, 7, 5], [3, 2]),
        case(f64[1, 1, 2, 2], [0, 4]),
        case(f32[0, 3, 4, 4], 2),
    ]

    def grad(t, g, out, x, wanted):
        return t._adaptive_avg_pool2d_backward(g, x)


@op("aten::adaptive_max_pool1d(Tensor self, int[1] output_size) -> (Tensor, Tensor)")
class adaptive_max_pool1d(Shaped):
    """The maxima of bins along the last dim, and where they are."""

    saves = ("self", "out")
    kernel, sizes, dtypes = _adaptive(1, "max")

    samples = [case(f32[2, 3, 7], 3), case(f32[3, 2], 5)]

    def grad(t, g, out, x, wanted):
        g, x, places = (t.unsqueeze(v, -2) for v in (g[0], x, out[1]))
        return t.squeeze(t.adaptive_max_pool2d_backward(g, x, places), -2)


@op("aten::adaptive_max_pool2d(Tensor self, int[2] output_size) -> (Tensor, Tensor)")
class adaptive_max_pool2d(Shaped):
    """The maxima of bins over the last two dims, and where they are."""

    saves = ("self", "out")
    kernel, sizes, dtypes = _adaptive(2, "max")

    samples = [case(f32[2, 3, 7, 5], 1), case(f32[3, 7, 5], [3, 2]),
               case(f64[1, 7, 5], [3, 2])]  # fmt: skip

    def grad(t, g, out, x, wanted):
        return t.adaptive_max_pool2d_backward(g[0], x, out[1])


@op("aten::constant_pad_nd(Tensor self, SymInt[] pad, Scalar value=0) -> Tensor")
class constant_pad_nd(Shaped):
    """A constant around the last dims; negative numbers cut off."""

    unknown = ("value",)

    def kernel(x, pad, value):
        return A.constant_pad(x, pad, value)

    def sizes(x, pad, value):
        return A.padded_sizes(x, pad)

    samples = [
        case(f32[2, 3], [1, 2]),
        case(f32[2, 3], [1, -1, 0, 2], 1.5),
        case(i64[1, 2], [0, 0], 7),
        case(f32[0], [1, 1]),
    ]

    def grad(t, g, out, x, pad, value):
        return t.constant_pad_nd(g, [-n for n in pad])


def _mode_pad(axes, mode):
    """Kernel and size rule of padding with elements of the tensor."""

    name = f"{_PADS[mode]}{axes}d"

    def kernel(x, pad):
        refuse_bool(name, dtype_of(x.dtype))
        return A.mode_pad(x, pad, mode, axes)

    def dtypes(x, *rest):
        refuse_bool(name, x)
        return x

    def sizes(x, pad):
        return A.mode_padded_sizes(x, pad, mode, axes)

    def grad(t, g, out, x, pad):
        return getattr(t, f"{name}_backward")(g, x, pad)

    return kernel, sizes, dtypes, grad


_PADS = {"reflect": "reflection_pad", "replicate": "replication_pad"}
"""The operators of the modes, without the number of axes."""


@op("aten::reflection_pad1d(Tensor self, SymInt[2] padding) -> Tensor")
class reflection_pad1d(Shaped):
    """Elements mirrored at the ends of the last dim."""

    saves = ("self",)
    kernel, sizes, dtypes, grad = _mode_pad(1, "reflect")

    samples = [case(f32[2, 3], [2, 1]), case(f32[2, 2, 4], [0, 3]),
               case(f32[2, 4], [-1, 2])]  # fmt: skip


@op("aten::reflection_pad2d(Tensor self, SymInt[4] padding) -> Tensor")
class reflection_pad2d(Shaped):
    """Elements mirrored at the ends of the last two dims."""

    saves = ("self",)
    kernel, sizes, dtypes, grad = _mode_pad(2, "reflect")

    samples = [case(f32[2, 3, 4], [2, 1, 1, 0])]


@op("aten::reflection_pad3d(Tensor self, SymInt[6] padding) -> Tensor")
class reflection_pad3d(Shaped):
    """Elements mirrored at the ends of the last three dims."""

    saves = ("self",)
    kernel, sizes, dtypes, grad = _mode_pad(3, "reflect")

    samples = [case(f32[1, 2, 3, 4], [2, 1, 1, 0, 0, 1])]


@op("aten::replication_pad1d(Tensor self, SymInt[2] padding) -> Tensor")
class replication_pad1d(Shaped):
    """The first and last elements repeated along the last dim."""

    saves = ("self",)
    kernel, sizes, dtypes, grad = _mode_pad(1, "replicate")

    samples = [case(f32[2, 3], [2, 5])]


@op("aten::replication_pad2d(Tensor self, SymInt[4] padding) -> Tensor")
class replication_pad2d(Shaped):
    """The first and last elements repeated along the last two dims."""

    saves = ("self",)
    kernel, sizes, dtypes, grad = _mode_pad(2, "replicate")

    samples = [case(f32[2, 3, 4], [2, 5, 1, 0])]


@op("aten::replication_pad3d(Tensor self, SymInt[6] padding) -> Tensor")
class replication_pad3d(Shaped):
    """The first and last elements repeated along the last three dims."""

    saves = ("self",)
    kernel, sizes, dtypes, grad = _mode_pad(3, "replicate")

    samples = [case(f32[1, 2, 3, 4], [2, 1, 1, 0, 0, 1])]


def _wrapped(t, x, dim, before, after):
    """`x` with its end before it and its start behind it; negative numbers cut off."""
    start, end = max(-before, 0), max(-after, 0)
    x = t.narrow(x, dim, start, x.shape[dim] - start - end)
    parts = [x]
    if before > 0:
        parts.insert(0, t.narrow(x, dim, x.shape[dim] - before, before))
    if after > 0:
        parts.append(t.narrow(x, dim, 0, after))
    return t.cat(parts, dim)


@op(
    'aten::pad(Tensor self, SymInt[] pad, str mode="constant", float? value=None)'
    " -> Tensor"
)
class pad(Shaped):
    """Elements added around the last dims: constant, reflect, replicate, circular."""

    def kernel(x, pad, mode, value):
        A.check_mode(mode, value)
        if mode == "constant":
            return A.constant_pad(x, pad, 0 if value is None else value)
        axes = A.mode_axes(x.shape, pad)
        if mode != "circular":
            refuse_bool(f"{_PADS[mode]}{axes}d", dtype_of(x.dtype))
        return A.mode_pad(x, pad, mode, axes)

    def sizes(x, pad, mode, value):
        A.check_mode(mode, value)
        if mode == "constant":
            return A.padded_sizes(x, pad)
        return A.mode_padded_sizes(x, pad, mode, A.mode_axes(x, pad))

    samples = [
        case(f32[2, 3], [1, 2]),
        case(f32[2, 3], [1, 0], value=2.5),
        case(f32[1, 2, 3], [1, 2], "reflect"),
        case(f32[1, 2, 3], [1, 2], "replicate"),
        case(f32[1, 2, 3], [1, 2], "circular"),
        case(f32[1, 1, 3, 3], [1, 2, -1, 1], "circular"),
        case(f32[1, 1, 2, 3, 2], [1, 0, 1, 1, 0, 1], "reflect"),
        case(f32[1, 1, 2, 3, 2], [1, 0, 1, 1, 0, 1], "replicate"),
    ]

    def composite(t, x, pad, mode, value):
        A.check_mode(mode, value)
        if mode == "constant":
            return t.constant_pad_nd(x, pad, 0 if value is None else value)
        axes = A.mode_axes(tuple(x.shape), pad)
        if mode != "circular":
            return getattr(t, f"{_PADS[mode]}{axes}d")(x, pad)
        A.mode_padded_sizes(tuple(x.shape), pad, mode, axes)
        for i in range(axes):
            x = _wrapped(t, x, x.ndim - 1 - i, pad[2 * i], pad[2 * i + 1])
        return x


def _shuffled(x, factor):
    if len(x) < 3:
        raise RuntimeError(
            "pixel_shuffle expects input to have at least 3 dimensions, but got input"
            f" with {len(x)} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(
            f"pixel_shuffle expects a positive upscale_factor, but got {factor}"
        )
    *lead, channels, height, width = x
    if channels is not None and channels % factor**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by"
            f" the square of upscale_factor, but input.size(-3)={channels} is not"
            f" divisible by {factor**2}"
        )
    return (
        *lead,
        None if channels is None else channels // factor**2,
        None if height is None else height * factor,
        None if width is None else width * factor,
    )


@op("aten::pixel_shuffle(Tensor self, int upscale_factor) -> Tensor")
class pixel_shuffle(Shaped):
    """Channels spread over squares of pixels."""

    def kernel(x, factor):
        shape = _shuffled(x.shape, factor)
        *lead, _, height, width = x.shape
        split = x.reshape(*lead, shape[-3], factor, factor, height, width)
        n = len(lead)
        order = (*range(n + 1), n + 3, n + 1, n + 4, n + 2)
        return split.transpose(order).copy("C").reshape(shape)

    def sizes(x, factor):
        return _shuffled(x, factor)

    samples = [case(f32[2, 8, 3, 2], 2), case(f32[9, 1, 1], 3)]

    def grad(t, g, out, x, factor):
        return t.pixel_unshuffle(g, factor)


def _unshuffled(x, factor):
    if len(x) < 3:
        raise RuntimeError(
            "pixel_unshuffle expects input to have at least 3 dimensions, but got input"
            f" with {len(x)} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(
            f"pixel_unshuffle expects a positive downscale_factor, but got {factor}"
        )
    for name, size in (("height", x[-2]), ("width", x[-1])):
        if size is not None and size % factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor,"
                f" but input.size({-2 if name == 'height' else -1})={size} is not"
                f" divisible by {factor}"
            )
    *lead, channels, height, width = x
    return (
        *lead,
        None if channels is None else channels * factor**2,
        None if height is None else height // factor,
        None if width is None else width // factor,
    )


@op("aten::pixel_unshuffle(Tensor self, int downscale_factor) -> Tensor")
class pixel_unshuffle(Shaped):
    """Squares of pixels gathered as channels."""

    def kernel(x, factor):
        shape = _unshuffled(x.shape, factor)
        *lead, channels, _, _ = x.shape
        split = x.reshape(*lead, channels, shape[-2], factor, shape[-1], factor)
        n = len(lead)
        order = (*range(n + 1), n + 2, n + 4, n + 1, n + 3)
        return split.transpose(order).copy("C").reshape(shape)

    def sizes(x, factor):
        return _unshuffled(x, factor)

    samples = [case(f32[2, 2, 6, 4], 2), case(f32[1, 3, 3], 3)]

    def grad(t, g, out, x, factor):
        return t.pixel_shuffle(g, factor)
