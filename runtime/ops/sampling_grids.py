"""Images sampled where a grid says, and the grids of affine maps."""

from __future__ import annotations

from jit.ir.dtypes import int64
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import VALUES

BILINEAR, NEAREST, BICUBIC = range(3)
ZEROS, BORDER, REFLECTION = range(3)


def _check(x, grid, mode):
    axes = len(x) - 2
    if axes not in (2, 3) or len(grid) != len(x):
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of"
            f" dimensions, but got input with sizes {S.shown(x)} and grid with sizes"
            f" {S.shown(grid)}"
        )
    if None not in (x[0], grid[0]) and x[0] != grid[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got"
            f" input with sizes {S.shown(x)} and grid with sizes {S.shown(grid)}"
        )
    if grid[-1] not in (None, axes):
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {axes} in last dimension, but"
            f" got grid with sizes {S.shown(grid)}"
        )
    for dim in range(2, len(x)):
        if x[dim] == 0:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions,"
                f" but input has sizes {S.shown(x)} with dimension {dim} being empty"
            )
    if mode == BICUBIC and axes == 3:
        raise RuntimeError(
            "grid_sampler(): bicubic interpolation only supports 4D input"
        )
    return (*x[:2], *grid[1:-1])


def _into_pixels(t, place, size, align_corners):
    """From -1 … 1 to the numbers of pixels."""
    if align_corners:
        return (place + 1) * ((size - 1) / 2)
    return ((place + 1) * size - 1) / 2


def _reflected(t, place, size, align_corners):
    """Places mirrored at the borders until they are inside."""
    low, high = (0.0, size - 1.0) if align_corners else (-0.5, size - 0.5)
    span = high - low
    if span <= 0:
        return place * 0
    place = t.abs(place - low)
    turns = t.floor(place / span)
    extra = place - turns * span
    is_even = t.eq(turns - 2 * t.floor(turns / 2), 0)
    return t.where(is_even, extra + low, span - extra + low)


def _kept_inside(t, place, size, padding, align_corners):
    if padding == REFLECTION:
        place = _reflected(t, place, size, align_corners)
    if padding in (BORDER, REFLECTION):
        place = t.clamp(place, 0, size - 1)
    return place


def _picked(t, x, places):
    """The pixels at whole places, zero outside."""
    n, channels, *space = list(x.shape)
    flat, inside = None, None
    for place, size in zip(places, space, strict=True):
        fits = t.logical_and(t.ge(place, 0), t.le(place, size - 1))
        number = t.to(t.where(fits, place, 0.0), int64)
        flat = number if flat is None else flat * size + number
        inside = fits if inside is None else t.logical_and(inside, fits)
    out = list(inside.shape)[1:]
    count = S.product(out)
    index = t.expand(t.reshape(flat, [n, 1, count]), [n, channels, count])
    found = t.gather(t.reshape(x, [n, channels, S.product(space)]), 2, index)
    found = t.reshape(found, [n, channels, *out])
    return t.where(t.unsqueeze(inside, 1), found, 0.0)


def cubic_weights(far):
    """Of the pixels at -1, 0, 1 and 2, for a place between 0 and 1."""
    a = -0.75

    def near(d):
        return ((a + 2) * d - (a + 3)) * d * d + 1

    def distant(d):
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    return [distant(far + 1), near(far), near(1 - far), distant(2 - far)]


def _sampled(t, x, grid, mode, padding, align_corners):
    _check(tuple(x.shape), tuple(grid.shape), mode)
    if x.dtype is not grid.dtype:
        raise RuntimeError(
            "grid_sampler(): expected input and grid to have same dtype, but input has"
            f" {x.dtype} and grid has {grid.dtype}"
        )
    if not x.dtype.is_floating_point:
        raise NotImplementedError(
            f"\"grid_sampler_2d_cpu_kernel_impl\" not implemented for '{x.dtype.title}'"
        )
    space = list(x.shape)[2:]
    axes = len(space)
    places = [
        _into_pixels(t, t.select(grid, -1, axes - 1 - a), size, align_corners)
        for a, size in enumerate(space)
    ]

    def kept(place, axis):
        return _kept_inside(t, place, space[axis], padding, align_corners)

    if mode == BICUBIC:
        starts = [t.floor(p) for p in places]
        rows, columns = (
            cubic_weights(p - s) for p, s in zip(places, starts, strict=True)
        )
        total = None
        for i in range(4):
            for j in range(4):
                at = [kept(starts[0] + (i - 1), 0), kept(starts[1] + (j - 1), 1)]
                part = _picked(t, x, at) * t.unsqueeze(rows[i] * columns[j], 1)
                total = part if total is None else total + part
        return total
    places = [kept(p, a) for a, p in enumerate(places)]
    if mode == NEAREST:
        return _picked(t, x, [t.round(p) for p in places])
    starts = [t.floor(p) for p in places]
    total = None
    for corner in range(2**axes):
        at, weight = [], None
        for a in range(axes):
            far = corner >> a & 1
            gap = places[a] - starts[a]
            share = gap if far else 1 - gap
            weight = share if weight is None else weight * share
            at.append(starts[a] + far)
        part = _picked(t, x, at) * t.unsqueeze(weight, 1)
        total = part if total is None else total + part
    return total


class GridSampler(Composed):
    """Values of `input[N, C, *space]` at the places of `grid[N, *out, axes]`."""

    fails = VALUES
    composite = _sampled

    def sizes(x, grid, mode, padding, align_corners):
        return _check(x, grid, mode)


_SCHEMA = (
    "aten::{}(Tensor input, Tensor grid, int interpolation_mode, int padding_mode,"
    " bool align_corners) -> Tensor"
)
_FLAT = [
    case(f64[1, 2, 3, 4], f64[1, 2, 2, 2], mode, padding, align)
    for mode, padding, align in ((0, 0, False), (0, 1, True), (0, 2, False),
                                 (1, 0, True), (2, 0, False), (2, 2, True))
]  # fmt: skip
_DEEP = [
    case(f32[1, 1, 2, 3, 2], f32[1, 1, 2, 2, 3], 0, 0, False),
    case(f64[1, 1, 2, 1, 3], f64[1, 1, 1, 2, 3], 1, 2, True),
]


@op(_SCHEMA.format("grid_sampler_2d"))
class grid_sampler_2d(GridSampler):
    """Images sampled where a grid says, from -1 at one border to 1 at the other."""

    samples = _FLAT


@op(_SCHEMA.format("grid_sampler_3d"))
class grid_sampler_3d(GridSampler):
    """Volumes sampled where a grid says."""

    samples = _DEEP


@op(_SCHEMA.format("grid_sampler"))
class grid_sampler(GridSampler):
    """Images or volumes sampled where a grid says."""

    samples = [_FLAT[0], _DEEP[0]]


@op(
    "aten::affine_grid_generator(Tensor theta, SymInt[] size, bool align_corners)"
    " -> Tensor"
)
class affine_grid_generator(Composed):
    """The grid of an affine map, `theta[N, 2, 3]` or `theta[N, 3, 4]`."""

    fails = VALUES

    def composite(t, theta, size, align_corners):
        affine_grid_generator.sizes(tuple(theta.shape), size, align_corners)
        axes = len(size) - 2
        columns = []
        for axis in reversed(range(axes)):
            count = size[2 + axis]
            ends = t.linspace(-1, 1, count, dtype=theta.dtype)
            if count == 1:
                ends = ends * 0
            elif not align_corners:
                ends = ends * ((count - 1) / count)
            shape = [1] * axes
            shape[axis] = count
            columns.append(t.expand(t.reshape(ends, shape), list(size[2:])))
        columns.append(t.ones(list(size[2:]), dtype=theta.dtype))
        base = t.reshape(t.stack(columns, -1), [1, -1, axes + 1])
        base = t.expand(base, [size[0], -1, axes + 1])
        made = t.bmm(base, t.transpose(theta, 1, 2))
        return t.reshape(made, [size[0], *size[2:], axes])

    def sizes(theta, size, align_corners):
        if len(size) not in (4, 5):
            raise NotImplementedError(
                "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine"
                f" transforms, respectively. Got size {tuple(size)}."
            )
        axes = len(size) - 2
        wanted = (size[0], axes, axes + 1)
        if len(theta) != 3 or any(
            None not in (a, b) and a != b for a, b in zip(theta, wanted, strict=True)
        ):
            raise ValueError(
                f"Expected a batch of {axes}D affine matrices of shape"
                f" Nx{axes}x{axes + 1} for size {tuple(size)}. Got {S.shown(theta)}."
            )
        return (size[0], *size[2:], axes)

    samples = [
        case(f64[1, 2, 3], [1, 1, 2, 3], True),
        case(f64[2, 2, 3], [2, 1, 2, 3], False),
        case(f32[1, 3, 4], [1, 1, 2, 1, 2], False),
    ]
