"""Convolution of any number of axes: windows gathered into columns, then one product.

Each function has a twin on sizes alone, which checks the arguments as torch does.
Half types multiply and add in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from jit.runtime.kernels import sizes
from jit.runtime.kernels.products import widened
from jit.runtime.kernels.sizes import Size, Sizes, concrete, shown
from jit.runtime.kernels.strides import windows

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a kernel moves over the axes behind the channels."""

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int = 1
    output_padding: tuple[int, ...] = ()
    """Elements added at the end of a transposed convolution's result."""


def make_geometry(
    axes: int,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    output_padding: Sequence[int] = (),
) -> Geometry:
    """The geometry of a call; RuntimeError for numbers that no convolution takes."""
    given = {"stride": stride, "padding": padding, "dilation": dilation}
    if output_padding:
        given["output_padding"] = output_padding
    full = {}
    for name, values in given.items():
        if len(values) not in (1, axes):
            raise RuntimeError(
                f"expected {name} to be a single integer value or a list of {axes}"
                f" values to match the convolution dimensions, but got"
                f" {name}={list(values)}"
            )
        full[name] = tuple(values) if len(values) == axes else tuple(values) * axes
    if any(p < 0 for p in full["padding"]):
        raise RuntimeError("negative padding is not supported")
    if any(s <= 0 for s in full["stride"]):
        raise RuntimeError("non-positive stride is not supported")
    if any(d <= 0 for d in full["dilation"]):
        raise RuntimeError(
            f"dilation should be greater than zero, but got {list(full['dilation'])}"
        )
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    return Geometry(
        full["stride"],
        full["padding"],
        full["dilation"],
        groups,
        full.get("output_padding", (0,) * axes),
    )


def same_padding(kernel: Sequence[int], dilation: Sequence[int]) -> list[int]:
    """Elements that `padding="same"` adds along each axis, both ends together."""
    dilations = list(dilation) * len(kernel) if len(dilation) == 1 else dilation
    return [d * (k - 1) for k, d in zip(kernel, dilations, strict=True)]


def check_named_padding(padding: str, stride: Sequence[int]) -> None:
    """Raise unless `padding` is a name that a convolution with this stride takes."""
    if padding not in ("same", "valid"):
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if padding == "same" and any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")


def _check_operands(
    x: Sizes, weight: Sizes, bias: Sizes | None, g: Geometry, *, transposed: bool
) -> None:
    given = f"Given {'transposed=1' if transposed else f'groups={g.groups}'}"
    lead = weight[0]
    if lead is not None:
        if not transposed and lead < g.groups:
            raise RuntimeError(
                f"{given}, expected weight to be at least {g.groups} at dimension 0,"
                f" but got weight of size {shown(weight)} instead"
            )
        if lead % g.groups:
            raise RuntimeError(
                f"{given}, expected weight to be divisible by {g.groups} at dimension"
                f" 0, but got weight of size [{shown(weight)}] instead"
            )
    inner, channels = weight[1], x[1]
    wanted = lead if transposed else None if inner is None else inner * g.groups
    if channels is not None and wanted is not None and channels != wanted:
        raise RuntimeError(
            f"{given}, weight of size {shown(weight)}, expected input{shown(x)} to"
            f" have {wanted} channels, but got {channels} channels instead"
        )
    outer: Size = None if inner is None else inner * g.groups
    outer = outer if transposed else lead
    if bias is None:
        return
    if len(bias) != 1 or (None not in (bias[0], outer) and bias[0] != outer):
        lead_text = "Given transposed=1," if transposed else "Given"
        raise RuntimeError(
            f"{lead_text} weight of size {shown(weight)}, expected bias to be"
            f" 1-dimensional with {outer} elements, but got bias of size"
            f" {shown(bias)} instead"
        )


def with_batch(name: str, x: Sizes, axes: int) -> tuple[Sizes, bool]:
    """`x` with a batch of one if it has none, and whether that was added."""
    if len(x) == axes + 1:
        return (1, *x), True
    if len(x) != axes + 2:
        raise RuntimeError(
            f"Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input to"
            f" {name}, but got input of size: {shown(x)}"
        )
    return x, False


def convolution_sizes(
    x: Sizes, weight: Sizes, bias: Sizes | None, g: Geometry
) -> Sizes:
    """The sizes of `convolve`, for `x` with a batch."""
    _check_operands(x, weight, bias, g, transposed=False)
    space = x[2:]
    kernel = weight[2:]
    counts: list[Size] = []
    for n, k, s, p, d in zip(
        space, kernel, g.stride, g.padding, g.dilation, strict=True
    ):
        if n is None or k is None:
            counts.append(None)
            continue
        count = sizes.window_count(n, k, s, p, d, ceil=False)
        if d * (k - 1) + 1 > n + 2 * p:
            padded = [
                None if n is None else n + 2 * p
                for n, p in zip(space, g.padding, strict=True)
            ]
            reach = [
                None if k is None else d * (k - 1) + 1
                for k, d in zip(kernel, g.dilation, strict=True)
            ]
            raise RuntimeError(
                f"Calculated padded input size per channel: {_times(padded)}. Kernel"
                f" size: {_times(reach)}. Kernel size can't be greater than actual"
                " input size"
            )
        counts.append(count)
    return (x[0], weight[0], *counts)


def _times(values: Sequence[Size]) -> str:
    return f"({' x '.join('*' if v is None else str(v) for v in values)})"


def transposed_sizes(x: Sizes, weight: Sizes, bias: Sizes | None, g: Geometry) -> Sizes:
    """The sizes of `convolve_transposed`, for `x` with a batch."""
    for o, s, d in zip(g.output_padding, g.stride, g.dilation, strict=True):
        if o >= s and o >= d:
            axes = ("depth", "height", "width")[-len(g.stride) :]
            parts = [
                f"{name}_{axis}: {value}"
                for name, values in (
                    ("output_padding", g.output_padding),
                    ("stride", g.stride),
                    ("dilation", g.dilation),
                )
                for axis, value in zip(axes, values, strict=True)
            ]
            raise RuntimeError(
                "output padding must be smaller than either stride or dilation, but"
                f" got {' '.join(parts)}"
            )
    _check_operands(x, weight, bias, g, transposed=True)
    out: list[Size] = []
    for n, k, s, p, d, o in zip(
        x[2:], weight[2:], g.stride, g.padding, g.dilation, g.output_padding,
        strict=True,
    ):  # fmt: skip
        known = n is not None and k is not None
        out.append((n - 1) * s - 2 * p + d * (k - 1) + o + 1 if known else None)
    if any(n is not None and n <= 0 for n in out):
        raise RuntimeError(
            f"Given input size per channel: {_times(x[2:])}. Calculated output size"
            f" per channel: {_times(out)}. Output size is too small"
        )
    channels = None if weight[1] is None else weight[1] * g.groups
    return (x[0], channels, *out)


def pad_ends(
    x: Array, before: Sequence[int], after: Sequence[int], value: Any = 0
) -> Array:
    """`x` with constant elements around its last axes."""
    if not any(before) and not any(after):
        return x
    lead = x.ndim - len(before)
    space = [a + n + b for a, n, b in zip(before, x.shape[lead:], after, strict=True)]
    padded = np.full((*x.shape[:lead], *space), value, x.dtype)
    ends = zip(before, x.shape[lead:], strict=True)
    inner: Any = (..., *(slice(a, a + n) for a, n in ends))
    padded[inner] = x
    return padded


def convolve(x: Array, weight: Array, bias: Array | None, g: Geometry) -> Array:
    """`x[N, C, *space]` with `weight[O, C/groups, *kernel]`."""
    bias_sizes = None if bias is None else bias.shape
    shape = concrete(convolution_sizes(x.shape, weight.shape, bias_sizes, g))
    dtype = x.dtype
    x, weight = widened(x), widened(weight)
    kernel, counts = weight.shape[2:], shape[2:]
    batch, groups = x.shape[0], g.groups
    padded = pad_ends(x, g.padding, g.padding)
    seen = windows(padded, kernel, g.stride, g.dilation, counts)
    axes = len(kernel)
    space = range(2, 2 + axes)
    columns = seen.transpose(0, 1, *(d + axes for d in space), *space)
    rows = weight.shape[1] * int(np.prod(kernel))
    positions = int(np.prod(counts))
    columns = columns.reshape(batch, groups, rows, positions)
    filters = weight.reshape(groups, weight.shape[0] // groups, rows)
    out = np.matmul(filters, columns).reshape(shape)
    return _finish(out, bias, dtype)


def convolve_transposed(
    x: Array, weight: Array, bias: Array | None, g: Geometry
) -> Array:
    """The gradient of `convolve`: each element of `x` adds a kernel to the result."""
    bias_sizes = None if bias is None else bias.shape
    shape = concrete(transposed_sizes(x.shape, weight.shape, bias_sizes, g))
    dtype = x.dtype
    x, weight = widened(x), widened(weight)
    kernel, space = weight.shape[2:], x.shape[2:]
    batch, groups = x.shape[0], g.groups
    inner, outer = weight.shape[0] // groups, weight.shape[1]
    rows = outer * int(np.prod(kernel))
    filters = weight.reshape(groups, inner, rows).swapaxes(1, 2)
    points = x.reshape(batch, groups, inner, int(np.prod(space)))
    columns = np.matmul(filters, points)
    columns = columns.reshape(batch, groups * outer, *kernel, *space)
    # the padding is cut off at the end
    full = [n + 2 * p for n, p in zip(shape[2:], g.padding, strict=True)]
    out = np.zeros((*shape[:2], *full), columns.dtype)
    for place in product(*(range(k) for k in kernel)):
        steps = zip(place, g.dilation, space, g.stride, strict=True)
        target: Any = (
            ...,
            *(slice(i * d, i * d + (n - 1) * s + 1, s) for i, d, n, s in steps),
        )
        out[target] += columns[(slice(None), slice(None), *place)]
    ends = zip(g.padding, shape[2:], strict=True)
    cut: Any = (..., *(slice(p, p + n) for p, n in ends))
    return _finish(np.ascontiguousarray(out[cut]), bias, dtype)


def _finish(out: Array, bias: Array | None, dtype: np.dtype[Any]) -> Array:
    if bias is not None:
        out += widened(bias).reshape(-1, *(1,) * (out.ndim - 2))
    return out.astype(dtype, copy=False)
