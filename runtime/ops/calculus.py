"""Integrals and slopes of functions that are given by their values at points."""

from __future__ import annotations

from jit.ir import types as T
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES


class Integral(Composed):
    """The area below a curve by trapezoids."""

    fails = VALUES

    def infer(*facts):
        return T.TensorType()


def _widths(t, x, y, dim):
    """The widths of trapezoids, so that they broadcast with `y`."""
    if x.ndim == 1:
        size = y.shape[dim]
        if x.shape[0] != size:
            raise RuntimeError(
                "trapezoid: There must be one `x` value for each sample point"
            )
        shape = [1] * y.ndim
        shape[dim] = -1
        return t.reshape(t.diff(x, 1, 0), shape)
    if x.ndim < y.ndim:
        x = t.reshape(x, [1] * (y.ndim - x.ndim) + list(x.shape))
    elif x.ndim > y.ndim:
        dim = x.ndim - y.ndim + S.wrap_dim(dim, y.ndim)
    return t.narrow(x, dim, 1, x.shape[dim] - 1) - t.narrow(x, dim, 0, x.shape[dim] - 1)


def _heights(t, y, dim):
    """Twice the mean heights of trapezoids."""
    count = y.shape[dim] - 1
    return t.narrow(y, dim, 1, count) + t.narrow(y, dim, 0, count)


def _check_curve(y, dim):
    dim = S.wrap_dim(dim, y.ndim)
    if not y.ndim:
        raise IndexError(
            "Dimension out of range (expected to be in range of [-1, 0], but got 0)"
        )
    return dim


def _refuse_bools(x, y=None):
    for each in (x, y):
        if each is not None and each.dtype.category == 0:
            raise RuntimeError(
                "trapezoid: received a bool input for `x` or `y`, but bool is not"
                " supported"
            )


@op(
    "aten::trapezoid.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor",
    "aten::trapz.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor",
)
class trapezoid_x(Integral):
    """The integral along a dim of values at the points `x`, by trapezoids."""

    samples = [
        case(f64[2, 4], f64[4]),
        case(f64[3], f64[3]),
        case(f32[4, 2], f32[4], dim=0),
    ]

    def composite(t, y, x, dim):
        dim = _check_curve(y, dim)
        _refuse_bools(x, y)
        if y.shape[dim] == 0:
            return t.sum(y, [dim])
        return t.sum(_widths(t, x, y, dim) * _heights(t, y, dim), [dim]) / 2.0


@op(
    "aten::trapezoid.dx(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor",
    "aten::trapz.dx(Tensor y, *, float dx=1., int dim=-1) -> Tensor",
)
class trapezoid_dx(Integral):
    """The integral along a dim of values at points `dx` apart, by trapezoids."""

    samples = [f64[2, 4], case(f64[3], dx=0.5), case(i64[4, 2], dim=0)]

    def composite(t, y, dx, dim):
        dim = _check_curve(y, dim)
        _refuse_bools(y)
        if y.shape[dim] == 0:
            return t.sum(y, [dim])
        return t.sum(_heights(t, y, dim), [dim]) * (dx / 2.0)


@op("aten::cumulative_trapezoid.x(Tensor y, Tensor x, *, int dim=-1) -> Tensor")
class cumulative_trapezoid_x(Integral):
    """The integrals so far along a dim of values at the points `x`, by trapezoids."""

    samples = trapezoid_x.samples

    def composite(t, y, x, dim):
        dim = _check_curve(y, dim)
        _refuse_bools(x, y)
        return t.cumsum(_widths(t, x, y, dim) * _heights(t, y, dim), dim) / 2.0


@op("aten::cumulative_trapezoid.dx(Tensor y, *, Scalar dx=1, int dim=-1) -> Tensor")
class cumulative_trapezoid_dx(Integral):
    """The integrals so far along a dim of values `dx` apart, by trapezoids."""

    samples = trapezoid_dx.samples

    def composite(t, y, dx, dim):
        dim = _check_curve(y, dim)
        _refuse_bools(y)
        return t.cumsum(_heights(t, y, dim), dim) * (dx / 2.0)


class Slope(Composed):
    """The slopes of values along dims, one tensor for each."""

    fails = VALUES

    def infer(*facts):
        return T.ListType(T.TensorType())


def _slopes(t, x, spacing, dims, order):
    """The slopes along each of the dims; spacing is a number or a tensor for each."""
    if order not in (1, 2):
        raise RuntimeError(
            "torch.gradient only supports edge_order=1 and edge_order=2."
        )
    dims = (
        list(range(x.ndim)) if dims is None else [S.wrap_dim(d, x.ndim) for d in dims]
    )
    S.wrap_dims(dims, x.ndim)
    if not isinstance(spacing, list):
        spacing = [spacing] * len(dims)
    if len(spacing) != len(dims):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or a list of"
            f" length equal to 'self.dim() = {x.ndim}', since dim argument was not"
            f" given, but got a list of length {len(spacing)}"
        )
    for dim in dims:
        if x.shape[dim] < order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )
    return [_slope(t, x, s, d, order) for s, d in zip(spacing, dims, strict=True)]


def _slope(t, x, spacing, dim, order):
    if isinstance(spacing, bool | int | float | complex):
        return _even_slope(t, x, spacing, dim, order)
    return _uneven_slope(t, x, spacing, dim, order)


def _edges(t, middle, first, last, dim):
    return t.cat([first, middle, last], dim)


def _parts(t, x, dim):
    """A function for consecutive places along a dim: from the front or the end."""
    count = x.shape[dim]

    def part(start, length):
        start = start if start >= 0 else count + start
        return t.narrow(x, dim, start, length)

    return part, count


def _even_slope(t, x, step, dim, order):
    part, count = _parts(t, x, dim)
    middle = (part(2, count - 2) - part(0, count - 2)) / (step * 2)
    if order == 1:
        first = (part(1, 1) - part(0, 1)) / step
        last = (part(-1, 1) - part(-2, 1)) / step
    else:
        first = (part(1, 1) * 4 - part(0, 1) * 3 - part(2, 1)) / (step * 2)
        last = (part(-1, 1) * 3 - part(-2, 1) * 4 + part(-3, 1)) / (step * 2)
    return _edges(t, middle, first, last, dim)


def _uneven_slope(t, x, points, dim, order):
    part, count = _parts(t, x, dim)
    if points.ndim != 1 or points.shape[0] != count:
        raise RuntimeError(
            "torch.gradient expected each tensor in spacing to have the same length as"
            " the corresponding dimension"
        )
    shape = [1] * x.ndim
    shape[dim] = -1
    gaps = t.reshape(t.diff(points, 1, 0), shape)
    before = t.narrow(gaps, dim, 0, count - 2)
    after = t.narrow(gaps, dim, 1, count - 2)
    both = before + after
    middle = (
        part(0, count - 2) * (-after / (before * both))
        + part(1, count - 2) * ((after - before) / (before * after))
        + part(2, count - 2) * (before / (after * both))
    )

    def gap(i):
        return t.narrow(gaps, dim, i if i >= 0 else count - 1 + i, 1)

    if order == 1:
        first = (part(1, 1) - part(0, 1)) / gap(0)
        last = (part(-1, 1) - part(-2, 1)) / gap(-1)
        return _edges(t, middle, first, last, dim)
    a, b = gap(0), gap(1)
    first = (
        part(0, 1) * (-(a * 2 + b) / (a * (a + b)))
        + part(1, 1) * ((a + b) / (a * b))
        - part(2, 1) * (a / (b * (a + b)))
    )
    a, b = gap(-2), gap(-1)
    last = (
        part(-3, 1) * (b / (a * (a + b)))
        - part(-2, 1) * ((a + b) / (a * b))
        + part(-1, 1) * ((a + b * 2) / (b * (a + b)))
    )
    return _edges(t, middle, first, last, dim)


@op(
    "aten::gradient.scalarint(Tensor self, *, Scalar? spacing=None, int? dim=None,"
    " int edge_order=1) -> Tensor[]",
    "aten::gradient.scalarrayint(Tensor self, *, Scalar[] spacing, int? dim=None,"
    " int edge_order=1) -> Tensor[]",
    "aten::gradient.tensorarrayint(Tensor self, *, Tensor[] spacing, int? dim=None,"
    " int edge_order=1) -> Tensor[]",
)
class gradient(Slope):
    """The slopes along one dim, or along each."""

    samples = {
        "scalarint": [case(f64[3, 4]), case(f64[5], spacing=0.5, dim=0, edge_order=2)],
        "scalarrayint": [case(f64[3, 4], spacing=[1.0, 0.5])],
        "tensorarrayint": [
            case(f64[3, 4], spacing=[f64.of([0, 1, 3, 4.5])], dim=1, edge_order=2)
        ],
    }

    def composite(t, x, spacing, dim, edge_order):
        dims = None if dim is None else [dim]
        return _slopes(t, x, 1 if spacing is None else spacing, dims, edge_order)


@op(
    "aten::gradient.scalararray(Tensor self, *, Scalar spacing, int[] dim,"
    " int edge_order=1) -> Tensor[]",
    "aten::gradient.scalarrayarray(Tensor self, *, Scalar[] spacing, int[] dim,"
    " int edge_order=1) -> Tensor[]",
    "aten::gradient.tensorarray(Tensor self, *, Tensor[] spacing, int[] dim,"
    " int edge_order=1) -> Tensor[]",
)
class gradient_dims(Slope):
    """The slopes along some dims."""

    samples = {
        "scalararray": [case(f64[3, 4], spacing=2.0, dim=[1, 0])],
        "scalarrayarray": [case(f64[3, 4], spacing=[1.0, 0.5], dim=[1, 0])],
        "tensorarray": [
            case(f64[3, 4], spacing=[f64.of([0, 1, 3, 4.5])], dim=[-1], edge_order=1)
        ],
    }

    def composite(t, x, spacing, dim, edge_order):
        return _slopes(t, x, spacing, dim, edge_order)


@op("aten::gradient.array(Tensor self, *, int[] dim, int edge_order=1) -> Tensor[]")
class gradient_unit(Slope):
    """The slopes along some dims of values one apart."""

    samples = [case(f64[3, 4], dim=[1, 0]), case(f64[3, 4], dim=[0], edge_order=2)]

    def composite(t, x, dim, edge_order):
        return _slopes(t, x, 1, dim, edge_order)
