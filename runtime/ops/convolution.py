"""Convolutions, and the operators that gather and scatter their windows."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import INTEGER, DType, dtype_of
from jit.runtime.kernels import convolution as C
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import c_name
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.convolution_gradients import slopes
from jit.runtime.ops.declare import op
from jit.runtime.ops.refusals import not_implemented
from jit.runtime.ops.samples import bf16, case, f16, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped


class Convolution(Shaped):
    """Input, weight and bias have one dtype, which the result has too."""

    def dtypes(x, weight, bias, *rest):
        if x is not None and weight is not None and x is not weight:
            raise RuntimeError(
                f"Input type ({c_name(x)}) and weight type ({c_name(weight)}) should be"
                " the same"
            )
        if x is not None and isinstance(bias, DType) and bias is not x:
            raise RuntimeError(
                f"Input type ({c_name(x)}) and bias type ({c_name(bias)}) should be the"
                " same"
            )
        if x is not None and x.name == "bool":
            raise NotImplementedError("\"convolution\" not implemented for 'Bool'")
        return x or weight


def _check_dtypes(x, weight, bias):
    Convolution.dtypes(
        dtype_of(x.dtype),
        dtype_of(weight.dtype),
        None if bias is None else dtype_of(bias.dtype),
    )


def _check_kernel_rank(weight, axes, stride):
    if len(weight) != axes + 2:
        raise RuntimeError(
            "expected stride to be a single integer value or a list of"
            f" {len(weight) - 2} values to match the convolution dimensions, but got"
            f" stride={list(stride)}"
        )


def _convolve(name, axes, x, weight, bias, geometry):
    _check_dtypes(x, weight, bias)
    stride, padding, dilation, groups = geometry
    shape, lone = C.with_batch(name, x.shape, axes)
    _check_kernel_rank(weight.shape, axes, stride)
    g = C.make_geometry(axes, stride, padding, dilation, groups)
    out = C.convolve(x.reshape(shape), weight, bias, g)
    return out[0] if lone else out


def _sizes(name, axes, x, weight, bias, geometry):
    stride, padding, dilation, groups = geometry
    if any(None in v for v in (stride, padding, dilation)):
        return None
    shape, lone = C.with_batch(name, x, axes)
    _check_kernel_rank(weight, axes, stride)
    g = C.make_geometry(axes, stride, padding, dilation, groups)
    out = C.convolution_sizes(shape, weight, bias, g)
    return out[1:] if lone else out


def _numbered(axes):
    """Kernel and size rule of a convolution whose padding is numbers."""
    name = f"conv{axes}d"

    def kernel(x, weight, bias, stride, padding, dilation, groups):
        geometry = (stride, padding, dilation, groups)
        return _convolve(name, axes, x, weight, bias, geometry)

    def sizes(x, weight, bias, stride, padding, dilation, groups):
        geometry = (stride, padding, dilation, groups)
        return _sizes(name, axes, x, weight, bias, geometry)

    def grad(t, g, out, x, weight, bias, *geometry):
        return slopes(t, g, x, weight, geometry, False, [0] * axes, axes)

    return kernel, sizes, grad


def _named(axes):
    """Kernel and size rule of a convolution whose padding is "same" or "valid"."""
    name = f"conv{axes}d"

    def kernel(x, weight, bias, stride, padding, dilation, groups):
        C.check_named_padding(padding, stride)
        _check_kernel_rank(weight.shape, axes, stride)
        if padding == "same":
            total = C.same_padding(weight.shape[2:], dilation)
            before = [n // 2 for n in total]
            after = [n - n // 2 for n in total]
            x = C.pad_ends(x, before, after)
        geometry = (stride, [0], dilation, groups)
        return _convolve(name, axes, x, weight, bias, geometry)

    def sizes(x, weight, bias, stride, padding, dilation, groups):
        C.check_named_padding(padding, stride)
        _check_kernel_rank(weight, axes, stride)
        if None in stride or None in dilation:
            return None
        if padding == "same":
            if None in weight[2:]:
                return (*x[: len(x) - axes - 1], weight[0], *x[len(x) - axes :])
            total = C.same_padding(weight[2:], dilation)
            space = [
                None if n is None else n + t
                for n, t in zip(x[len(x) - axes :], total, strict=True)
            ]
            x = (*x[: len(x) - axes], *space)
        geometry = (stride, [0], dilation, groups)
        return _sizes(name, axes, x, weight, bias, geometry)

    def composite(t, x, weight, bias, stride, padding, dilation, groups):
        C.check_named_padding(padding, stride)
        if padding == "same":
            total = C.same_padding(weight.shape[2:], dilation)
            ends = [e for n in reversed(total) for e in (n // 2, n - n // 2)]
            x = t.constant_pad_nd(x, ends)
        plain = getattr(t, name)
        return plain(x, weight, bias, stride, [0] * axes, dilation, groups)

    return kernel, sizes, composite


def _schema(axes, padding):
    one, zero = str([1] * axes), str([0] * axes)
    around = 'str padding="valid"' if padding else f"SymInt[{axes}] padding={zero}"
    overload = ".padding" if padding else ""
    return (
        f"aten::conv{axes}d{overload}(Tensor input, Tensor weight, Tensor? bias=None,"
        f" SymInt[{axes}] stride={one},"
        f" {around},"
        f" SymInt[{axes}] dilation={one}, SymInt groups=1) -> Tensor"
    )


@op(_schema(1, False))
class conv1d(Convolution):
    """`input[N, C, L]` with `weight[O, C / groups, K]`."""

    saves = ("input", "weight")
    kernel, sizes, grad = _numbered(1)

    samples = [
        case(f32[2, 3, 8], f32[4, 3, 3], f32[4]),
        case(f32[3, 8], f32[4, 3, 3], None, 2, 1, 2),
        case(f64[1, 4, 5], f64[4, 1, 2], f64[4], groups=4),
        case(f32[0, 3, 8], f32[4, 3, 1]),
        case(f64[2, 2, 5], f64[2, 2, 2], f64[2], 2, 1),
    ]


@op(_schema(1, True))
class conv1d_padding(Convolution):
    """`conv1d` with padding such that the length stays, or none."""

    kernel, sizes, composite = _named(1)

    samples = [
        case(f32[2, 3, 8], f32[4, 3, 4], f32[4], padding="same"),
        case(f32[2, 3, 8], f32[4, 3, 4]),
        case(f64[2, 5], f64[2, 2, 4], f64[2], padding="same"),
    ]


@op(_schema(2, False))
class conv2d(Convolution):
    """`input[N, C, H, W]` with `weight[O, C / groups, K, L]`."""

    saves = ("input", "weight")
    kernel, sizes, grad = _numbered(2)

    samples = [
        case(f32[2, 3, 6, 5], f32[4, 3, 3, 3], f32[4]),
        case(f32[2, 4, 6, 5], f32[6, 2, 3, 2], None, 2, 1, [2, 1], 2),
        case(f32[1, 3, 1, 1], f32[2, 3, 1, 1], f32[2]),
        case(f64[3, 6, 5], f64[4, 3, 6, 5]),
        case(i64[1, 1, 3, 3], i64[1, 1, 2, 2]),
        case(f32[0, 3, 6, 5], f32[4, 3, 3, 3]),
        case(f64[1, 2, 3, 4], f64[2, 1, 2, 2], f64[2], [1, 2], [1, 0], 1, 2),
        case(f64[1, 4, 5], f64[2, 1, 2, 2], None, 3, 1, [1, 2]),
        case(f16[1, 2, 4, 4], f16[2, 2, 3, 3], f16[2]),
        case(bf16[1, 2, 4, 4], bf16[2, 2, 3, 3]),
    ]


@op(_schema(2, True))
class conv2d_padding(Convolution):
    """`conv2d` with padding such that the sizes stay, or none."""

    kernel, sizes, composite = _named(2)

    samples = [
        case(f32[2, 3, 6, 5], f32[4, 3, 3, 2], f32[4], padding="same", dilation=2),
        case(f32[2, 3, 6, 5], f32[4, 3, 3, 2], padding="valid", stride=2),
        case(f64[1, 1, 3, 4], f64[1, 1, 3, 2], padding="same"),
        case(f64[1, 1, 3, 4], f64[1, 1, 3, 2], padding="valid", stride=2),
    ]


@op(_schema(3, False))
class conv3d(Convolution):
    """`input[N, C, D, H, W]` with `weight[O, C / groups, J, K, L]`."""

    saves = ("input", "weight")
    kernel, sizes, grad = _numbered(3)

    samples = [
        case(f32[1, 2, 4, 5, 3], f32[3, 2, 2, 3, 1], f32[3], 1, [1, 0, 0]),
        case(f64[1, 1, 2, 3, 3], f64[1, 1, 2, 2, 1], f64[1], 1, [1, 0, 0]),
    ]


@op(_schema(3, True))
class conv3d_padding(Convolution):
    """`conv3d` with padding such that the sizes stay, or none."""

    kernel, sizes, composite = _named(3)

    samples = [
        case(f32[1, 2, 4, 5, 3], f32[3, 2, 2, 3, 1], padding="same"),
        case(f64[1, 2, 2, 3], f64[1, 1, 2, 2, 1], padding="same"),
    ]


def _transposed(axes):
    """Kernel and size rule of a transposed convolution."""
    name = f"conv_transpose{axes}d"

    def kernel(x, weight, bias, stride, padding, output_padding, groups, dilation):
        _check_dtypes(x, weight, bias)
        shape, lone = C.with_batch(name, x.shape, axes)
        _check_kernel_rank(weight.shape, axes, stride)
        g = C.make_geometry(axes, stride, padding, dilation, groups, output_padding)
        out = C.convolve_transposed(x.reshape(shape), weight, bias, g)
        return out[0] if lone else out

    def sizes(x, weight, bias, stride, padding, output_padding, groups, dilation):
        if any(None in v for v in (stride, padding, output_padding, dilation)):
            return None
        shape, lone = C.with_batch(name, x, axes)
        _check_kernel_rank(weight, axes, stride)
        g = C.make_geometry(axes, stride, padding, dilation, groups, output_padding)
        out = C.transposed_sizes(shape, weight, bias, g)
        return out[1:] if lone else out

    def grad(t, g, out, x, weight, bias, stride, padding, extra, groups, dilation):
        geometry = (stride, padding, dilation, groups)
        return slopes(t, g, x, weight, geometry, True, extra, axes)

    return kernel, sizes, grad


@op(
    "aten::conv_transpose1d(Tensor input, Tensor weight, Tensor? bias=None,"
    " SymInt[1] stride=[1], SymInt[1] padding=[0], SymInt[1] output_padding=[0],"
    " SymInt groups=1, SymInt[1] dilation=[1]) -> Tensor"
)
class conv_transpose1d(Convolution):
    """The gradient of `conv1d` to its input, as an operator of its own."""

    saves = ("input", "weight")
    kernel, sizes, grad = _transposed(1)

    samples = [
        case(f32[2, 3, 5], f32[3, 2, 3], f32[2], 2, 1, 1),
        case(f32[3, 1], f32[3, 1, 2]),
        case(f64[2, 2, 3], f64[2, 1, 3], f64[1], 1, 1, 1, 1, 2),
    ]


@op(
    "aten::conv_transpose2d.input(Tensor input, Tensor weight, Tensor? bias=None,"
    " SymInt[2] stride=[1, 1], SymInt[2] padding=[0, 0],"
    " SymInt[2] output_padding=[0, 0], SymInt groups=1,"
    " SymInt[2] dilation=[1, 1]) -> Tensor"
)
class conv_transpose2d(Convolution):
    """The gradient of `conv2d` to its input, as an operator of its own."""

    saves = ("input", "weight")
    kernel, sizes, grad = _transposed(2)

    samples = [
        case(f32[2, 4, 3, 4], f32[4, 3, 3, 2], f32[6], 2, 1, [1, 0], 2),
        case(f64[3, 2, 2], f64[3, 1, 2, 2], dilation=2),
        case(f32[0, 3, 2, 2], f32[3, 1, 2, 2]),
        case(f64[1, 2, 2, 3], f64[2, 1, 2, 2], f64[2], 2, [1, 0], [1, 0], 2),
    ]


@op(
    "aten::conv_transpose3d.input(Tensor input, Tensor weight, Tensor? bias=None,"
    " SymInt[3] stride=[1, 1, 1], SymInt[3] padding=[0, 0, 0],"
    " SymInt[3] output_padding=[0, 0, 0], SymInt groups=1,"
    " SymInt[3] dilation=[1, 1, 1]) -> Tensor"
)
class conv_transpose3d(Convolution):
    """The gradient of `conv3d` to its input, as an operator of its own."""

    saves = ("input", "weight")
    kernel, sizes, grad = _transposed(3)

    samples = [
        case(f32[1, 2, 2, 3, 2], f32[2, 1, 2, 2, 1], f32[2], 2, [1, 0, 0], 1, 2),
        case(f64[1, 1, 2, 2], f64[1, 1, 1, 2, 2], dilation=2),
    ]


def _general(x, weight, bias, geometry, transposed, output_padding, of_sizes):
    """The convolution of any number of axes, on arrays or on sizes."""
    stride, padding, dilation, groups = geometry
    shape = x if of_sizes else x.shape
    axes = len(shape) - 2
    full = weight if of_sizes else weight.shape
    _check_kernel_rank(full, axes, stride)
    extra = output_padding if transposed else ()
    g = C.make_geometry(axes, stride, padding, dilation, groups, extra)
    if of_sizes:
        rule = C.transposed_sizes if transposed else C.convolution_sizes
    else:
        _check_dtypes(x, weight, bias)
        rule = C.convolve_transposed if transposed else C.convolve
    return rule(x, weight, bias, g)


GEOMETRY = (
    "Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, SymInt[] padding,"
    " SymInt[] dilation, bool transposed, {} output_padding, SymInt groups"
)
CUDNN = ", bool benchmark, bool deterministic, bool cudnn_enabled"


@op(
    f"aten::_convolution({GEOMETRY.format('SymInt[]')}{CUDNN}, bool allow_tf32)"
    " -> Tensor",
    f"aten::_convolution.deprecated({GEOMETRY.format('int[]')}{CUDNN}) -> Tensor",
    f"aten::convolution({GEOMETRY.format('SymInt[]')}) -> Tensor",
)
class convolution(Convolution):
    """A convolution of any number of axes, transposed or not; `input` has a batch."""

    saves = ("input", "weight")

    def kernel(x, weight, bias, stride, padding, dilation, transposed, extra, groups,
               *rest):  # fmt: skip
        geometry = (stride, padding, dilation, groups)
        return _general(x, weight, bias, geometry, transposed, extra, False)

    def sizes(x, weight, bias, stride, padding, dilation, transposed, extra, groups,
              *rest):  # fmt: skip
        if any(None in v for v in (stride, padding, dilation, extra)):
            return None
        geometry = (stride, padding, dilation, groups)
        return _general(x, weight, bias, geometry, transposed, extra, True)

    samples = [
        case(
            f32[2, 4, 6, 5], f32[4, 2, 3, 2], f32[channels], [1, 2], [1, 0], [1, 1],
            turned, [0, 0], 2, benchmark=False, deterministic=False,
            cudnn_enabled=False, allow_tf32=False,
        )
        for turned, channels in ((False, 4), (True, 4))
    ] + [
        case(f64[1, 2, 4], f64[2, 1, 2], f64[2], [2], [0], [1], turned, [0], 2,
             benchmark=False, deterministic=False, cudnn_enabled=False,
             allow_tf32=False)
        for turned in (False, True)
    ]  # fmt: skip

    def grad(t, g, out, x, weight, bias, stride, padding, dilation, transposed, extra,
             groups, *rest):  # fmt: skip
        geometry = (stride, padding, dilation, groups)
        return slopes(t, g, x, weight, geometry, transposed, extra, x.ndim - 2)


def _refuse_whole(name, dtype):
    """Integers have no windows as columns; bools have."""
    if dtype is not None and dtype.category == INTEGER:
        raise not_implemented(name, dtype)


def _column_counts(space, kernel, dilation, padding, stride):
    counts = [
        S.window_count(n, k, s, p, d, ceil=False)
        for n, k, s, p, d in zip(space, kernel, stride, padding, dilation, strict=True)
    ]
    if any(c is not None and c < 1 for c in counts):
        raise RuntimeError(
            f"Given input with spatial size {S.shown(space)}, kernel_size="
            f"{S.shown(kernel)}, dilation={S.shown(dilation)}, padding="
            f"{S.shown(padding)}, calculated shape of the array of sliding blocks as"
            f" {S.shown(counts)}, but its components must be at least one."
        )
    return counts


@op(
    "aten::im2col(Tensor self, int[2] kernel_size, int[2] dilation, int[2] padding,"
    " int[2] stride) -> Tensor"
)
class im2col(Shaped):
    """The windows of images as columns: `[N, C * K * L, positions]`."""

    def kernel(x, kernel, dilation, padding, stride):
        shape = im2col.sizes(x.shape, kernel, dilation, padding, stride)
        im2col.dtypes(dtype_of(x.dtype))
        counts = _column_counts(x.shape[-2:], kernel, dilation, padding, stride)
        padded = C.pad_ends(x, padding, padding)
        seen = C.windows(padded, kernel, stride, dilation, counts)
        lead = x.ndim - 2
        order = (*range(lead), lead + 2, lead + 3, lead, lead + 1)
        return seen.transpose(order).reshape(shape)

    def dtypes(x, *rest):
        _refuse_whole("im2col_out_cpu", x)
        return x

    def sizes(x, kernel, dilation, padding, stride):
        if len(x) not in (3, 4):
            raise RuntimeError(
                "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and"
                f" non-zero dimensions for input, but got: {S.shown(x)}"
            )
        if any(None in v for v in (kernel, dilation, padding, stride)):
            return (*x[:-3], None, None)
        counts = _column_counts(x[-2:], kernel, dilation, padding, stride)
        rows = S.product((x[-3], *kernel))
        return (*x[:-3], rows, S.product(counts))

    samples = [
        case(f32[2, 3, 5, 4], [2, 3], [1, 1], [1, 0], [2, 1]),
        case(f32[1, 4, 4], [2, 2], [2, 1], [0, 0], [1, 1]),
        case(f64[1, 2, 3, 4], [2, 2], [1, 1], [1, 0], [2, 1]),
    ]

    def grad(t, g, out, x, kernel, dilation, padding, stride):
        return t.col2im(g, list(x.shape[-2:]), kernel, dilation, padding, stride)


@op(
    "aten::col2im(Tensor self, SymInt[2] output_size, int[2] kernel_size,"
    " int[2] dilation, int[2] padding, int[2] stride) -> Tensor"
)
class col2im(Shaped):
    """Columns added up where their windows lie: the gradient of `im2col`."""

    def kernel(x, space, kernel, dilation, padding, stride):
        shape = col2im.sizes(x.shape, space, kernel, dilation, padding, stride)
        col2im.dtypes(dtype_of(x.dtype))
        counts = _column_counts(space, kernel, dilation, padding, stride)
        columns = x.reshape(*shape[:-2], *kernel, *counts)
        full = [n + 2 * p for n, p in zip(space, padding, strict=True)]
        out = np.zeros((*shape[:-2], *full), x.dtype)
        for i, j in np.ndindex(*kernel):
            rows = i * dilation[0] + stride[0] * np.arange(counts[0])
            places = j * dilation[1] + stride[1] * np.arange(counts[1])
            out[..., rows[:, None], places] += columns[..., i, j, :, :]
        inner = tuple(slice(p, p + n) for p, n in zip(padding, space, strict=True))
        return np.ascontiguousarray(out[(..., *inner)])

    def dtypes(x, *rest):
        _refuse_whole("col2im_out_cpu", x)
        return x

    def sizes(x, space, kernel, dilation, padding, stride):
        if len(x) not in (2, 3):
            raise RuntimeError(
                "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch"
                f" size and non-zero dimensions for input, but got: {S.shown(x)}"
            )
        if any(None in v for v in (space, kernel, dilation, padding, stride)):
            return (*x[:-2], None, *space)
        block = S.product(kernel)
        if x[-2] is not None and x[-2] % block:
            raise RuntimeError(
                "Expected size of input's dimension 1 to be divisible by the product of"
                f" kernel_size, but got input.size(1)={x[-2]} and"
                f" kernel_size={S.shown(kernel)}."
            )
        counts = _column_counts(space, kernel, dilation, padding, stride)
        if x[-1] is not None and x[-1] != S.product(counts):
            raise RuntimeError(
                f"Given output_size={S.shown(space)}, kernel_size={S.shown(kernel)},"
                f" dilation={S.shown(dilation)}, padding={S.shown(padding)},"
                f" stride={S.shown(stride)}, expected size of input's dimension 2 to"
                f" match the calculated number of sliding blocks"
                f" {' * '.join(map(str, counts))} = {S.product(counts)}, but got"
                f" input.size(2)={x[-1]}."
            )
        channels = None if x[-2] is None else x[-2] // block
        return (*x[:-2], channels, *space)

    samples = [
        case(f32[2, 12, 6], [4, 5], [2, 2], [1, 1], [0, 1], [2, 2]),
        case(f32[4, 9], [4, 4], [2, 2], [1, 1], [0, 0], [1, 1]),
    ]

    def grad(t, g, out, x, space, kernel, dilation, padding, stride):
        return t.im2col(g, kernel, dilation, padding, stride)


@op("aten::conv_tbc(Tensor self, Tensor weight, Tensor bias, int pad=0) -> Tensor")
class conv_tbc(Composed):
    """`conv1d` of `input[T, B, C]` with `weight[K, C, O]`."""

    fails = VALUES

    def composite(t, x, weight, bias, pad):
        if x.ndim != 3 or weight.ndim != 3:
            raise RuntimeError("Input must have 3 dims: time, batch, in_channel")
        moved = t.permute(x, [1, 2, 0])
        made = t.conv1d(moved, t.permute(weight, [2, 1, 0]), bias, [1], [pad])
        return t.permute(made, [2, 0, 1])

    def sizes(x, weight, bias, pad):
        return None

    samples = [case(f64[4, 2, 2], f64[2, 2, 3], f64[3], 1), case(f32[3, 1, 2],
               f32[1, 2, 2], f32[2])]  # fmt: skip
