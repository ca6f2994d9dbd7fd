"""Pooling over windows and over adaptive bins, for any number of axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from jit.runtime.kernels import sizes
from jit.runtime.kernels.convolution import pad_ends
from jit.runtime.kernels.products import widened
from jit.runtime.kernels.sizes import Size, Sizes, concrete, shown

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """A window that moves over the last axes."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    ceil: bool


def make_window(
    axes: int,
    size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil: bool,
) -> Window:
    """The window of a call; RuntimeError for numbers that no pooling takes.

    An empty stride is the size of the window.
    """
    full: list[tuple[int, ...]] = []
    for name, values in (
        ("kernel_size", size),
        ("stride", stride or size),
        ("padding", padding),
        ("dilation", dilation),
    ):
        if len(values) not in (1, axes):
            raise RuntimeError(
                f"{name} must either be a single int, or a tuple of {axes} ints, but"
                f" got {list(values)}"
            )
        full.append(tuple(values) if len(values) == axes else tuple(values) * axes)
    window = Window(full[0], full[1], full[2], full[3], ceil)
    if any(s <= 0 for s in window.stride):
        raise RuntimeError("stride should not be zero")
    if any(s <= 0 for s in window.size):
        raise RuntimeError("kernel size should be greater than zero")
    if any(d <= 0 for d in window.dilation):
        raise RuntimeError(
            f"dilation should be greater than zero, but got {list(window.dilation)}"
        )
    for p, k, d in zip(window.padding, window.size, window.dilation, strict=True):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > (d * (k - 1) + 1) // 2:
            raise RuntimeError(
                "pad should be at most half of effective kernel size, but got"
                f" pad={p}, kernel_size={k} and dilation={d}"
            )
    return window


def check_rank(name: str, x: Sizes, axes: int) -> None:
    """Raise unless `x` is `[C, *space]` or `[N, C, *space]`, all but N not empty."""
    if len(x) in (axes + 1, axes + 2) and 0 not in x[-axes - 1 :]:
        return
    if axes == 1:
        raise RuntimeError(
            f"{name}: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch"
            f" size for input, but got:{shown(x)}"
        )
    if len(x) not in (axes + 1, axes + 2):
        raise RuntimeError(
            f"non-empty {axes + 1}D or {axes + 2}D (batch mode) tensor expected for"
            " input"
        )
    raise RuntimeError(
        f"Expected {axes + 1}D or {axes + 2}D (batch mode) tensor with optional 0 dim"
        f" batch size for input, but got:{shown(x)}"
    )


def pooled_sizes(name: str, x: Sizes, window: Window) -> Sizes:
    """The sizes of `x` after pooling."""
    axes = len(window.size)
    check_rank(name, x, axes)
    counts: list[Size] = [
        sizes.window_count(n, k, s, p, d, ceil=window.ceil)
        for n, k, s, p, d in zip(
            x[-axes:], window.size, window.stride, window.padding, window.dilation,
            strict=True,
        )
    ]  # fmt: skip
    if any(c is not None and c < 1 for c in counts):
        if name == "max_pool1d":
            raise RuntimeError(
                f"max_pool1d() Invalid computed output size: {counts[0]}"
            )
        given = "x".join("*" if n is None else str(n) for n in x[-axes - 1 :])
        found = "x".join("*" if n is None else str(n) for n in (x[-axes - 1], *counts))
        raise RuntimeError(
            f"Given input size: ({given}). Calculated output size: ({found}). Output"
            " size is too small"
        )
    return (*x[:-axes], *counts)


def padded(x: Array, window: Window, counts: Sequence[int], value: Any) -> Array:
    """`x` padded so that every window lies inside."""
    after = [
        max(0, (c - 1) * s + d * (k - 1) + 1 - n - p)
        for c, k, s, p, d, n in zip(
            counts, window.size, window.stride, window.padding, window.dilation,
            x.shape[-len(counts) :], strict=True,
        )
    ]  # fmt: skip
    return pad_ends(x, window.padding, after, value)


def places(
    window: Window, counts: Sequence[int]
) -> list[tuple[tuple[int, ...], tuple[Any, ...]]]:
    """For each element of the window: its place, and the index of it in all windows."""
    found = []
    for place in product(*(range(k) for k in window.size)):
        index = tuple(
            slice(i * d, i * d + (c - 1) * s + 1, s)
            for i, d, c, s in zip(
                place, window.dilation, counts, window.stride, strict=True
            )
        )
        found.append((place, (..., *index)))
    return found


def lowest(dtype: np.dtype[Any]) -> Any:
    """The value that a maximum starts from."""
    if dtype.kind in "iub":
        return np.iinfo(dtype).min if dtype.kind != "b" else False
    return -np.inf


def max_pool(name: str, x: Array, window: Window) -> Array:
    """The largest element of each window; nan if one is nan."""
    shape = concrete(pooled_sizes(name, x.shape, window))
    counts = shape[-len(window.size) :]
    filled = padded(x, window, counts, lowest(x.dtype))
    out: Array | None = None
    for _, index in places(window, counts):
        seen = filled[index]
        out = seen.copy() if out is None else np.maximum(out, seen, out=out)
    assert out is not None
    return out


def max_pool_with_indices(name: str, x: Array, window: Window) -> tuple[Array, Array]:
    """As `max_pool`, and where each maximum is: its place in the flattened space."""
    shape = concrete(pooled_sizes(name, x.shape, window))
    axes = len(window.size)
    counts, space = shape[-axes:], x.shape[-axes:]
    filled = padded(x, window, counts, lowest(x.dtype))
    out: Array = np.full(shape, lowest(x.dtype), x.dtype)
    where: Array = np.zeros(shape, np.int64)
    # an element equal to the start of the maximum still counts as found
    started: Array = np.zeros(shape, np.bool_)
    for place, index in places(window, counts):
        seen = filled[index]
        # the place in the input, outside of it in the padding
        at: Any = np.zeros((), np.int64)
        inside: Any = np.ones((), bool)
        for axis in range(axes):
            along = (
                np.arange(counts[axis]) * window.stride[axis]
                + place[axis] * window.dilation[axis]
                - window.padding[axis]
            )
            along = along.reshape(-1, *(1,) * (axes - 1 - axis))
            at = at * space[axis] + along
            inside = inside & (along >= 0) & (along < space[axis])
        better = inside & ((seen > out) | (seen != seen) | ~started)
        started |= inside
        out = np.where(better, seen, out)
        where = np.where(better, at, where)
    return out, where


def average_pool(
    x: Array, window: Window, *, count_padding: bool, divisor: int | None
) -> Array:
    """The mean of each window."""
    shape = concrete(pooled_sizes("avg_pool", x.shape, window))
    axes = len(window.size)
    counts = shape[-axes:]
    wide = widened(x)
    filled = padded(wide, window, counts, 0)
    total = np.zeros(shape, wide.dtype)
    for _, index in places(window, counts):
        total += filled[index]
    if divisor is None:
        divisor = 0  # none
    if x.dtype.kind == "i":
        elements = element_counts(x.shape[-axes:], counts, window, count_padding)
        # C++ rounds towards zero
        return np.trunc(total / (divisor or elements)).astype(x.dtype)
    if divisor:
        return (total / total.dtype.type(divisor)).astype(x.dtype, copy=False)
    elements = element_counts(x.shape[-axes:], counts, window, count_padding)
    return (total / elements.astype(total.dtype)).astype(x.dtype, copy=False)


def element_counts(
    space: Sequence[int], counts: Sequence[int], window: Window, count_padding: bool
) -> Array:
    """How many elements each window has."""
    elements: Any = np.ones((), np.int64)
    for axis, (n, count) in enumerate(zip(space, counts, strict=True)):
        p = window.padding[axis]
        start = np.arange(count) * window.stride[axis] - p
        end = np.minimum(start + window.size[axis], n + p)
        if not count_padding:
            start, end = np.maximum(start, 0), np.minimum(end, n)
        elements = elements * (end - start).reshape(-1, *(1,) * (len(space) - 1 - axis))
    return np.asarray(elements)


def bins(size: int, count: int) -> list[slice]:
    """Where the bins of adaptive pooling lie along one axis."""
    return [slice(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def adaptive_sizes(name: str, x: Sizes, wanted: Sequence[Size]) -> Sizes:
    """The sizes of `x` after adaptive pooling."""
    axes = len(wanted)
    if len(x) not in (axes + 1, axes + 2):
        raise RuntimeError(
            f"{name}(): Expected {axes + 1}D or {axes + 2}D tensor, but got {shown(x)}"
        )
    for dim in range(len(x) - axes, len(x)):
        if x[dim] == 0:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch"
                f" dimensions, but input has sizes {shown(x)} with dimension {dim}"
                " being empty"
            )
    if any(n is not None and n < 0 for n in wanted):
        listed = ", ".join(map(str, wanted))
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but"
            f" received {{{listed}}}"
        )
    return (*x[:-axes], *wanted)


def adaptive_average_pool(name: str, x: Array, wanted: Sequence[int]) -> Array:
    """The mean of each bin; along one axis after the other, all bins being boxes."""
    adaptive_sizes(name, x.shape, wanted)
    out = widened(x)
    for axis, count in zip(range(-len(wanted), 0), wanted, strict=True):
        out = _by_bins(out, axis, count, np.mean)
    return out.astype(x.dtype, copy=False)


def _by_bins(x: Array, axis: int, count: int, reduce: Callable[..., Array]) -> Array:
    rest: Any = (slice(None),) * (-axis - 1)
    parts = [
        reduce(x[(..., part, *rest)], axis=axis, keepdims=True)
        for part in bins(x.shape[axis], count)
    ]
    if not parts:
        shape = list(x.shape)
        shape[axis] = 0
        return np.empty(shape, x.dtype)
    return np.concatenate(parts, axis)


def adaptive_max_pool(
    name: str, x: Array, wanted: Sequence[int]
) -> tuple[Array, Array]:
    """The maximum of each bin, and its place in the flattened space."""
    shape = concrete(adaptive_sizes(name, x.shape, wanted))
    axes = len(wanted)
    space = x.shape[-axes:]
    out: Array = np.empty(shape, x.dtype)
    where: Array = np.empty(shape, np.int64)
    numbers = np.arange(int(np.prod(space))).reshape(space)
    all_bins = [bins(n, c) for n, c in zip(space, wanted, strict=True)]
    for place in product(*(range(c) for c in wanted)):
        box: Any = tuple(b[i] for b, i in zip(all_bins, place, strict=True))
        at: Any = (..., *place)
        part = x[(..., *box)]
        # -1 would not do for an empty batch
        count = int(np.prod(part.shape[-axes:]))
        flat = part.reshape(*x.shape[:-axes], count)
        best = flat.argmax(-1)  # NumPy takes the first nan for the maximum, as torch
        out[at] = np.take_along_axis(flat, best[..., None], -1)[..., 0]
        where[at] = numbers[box].reshape(-1)[best]
    return out, where
