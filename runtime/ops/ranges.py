"""Operators that count: ranges, evenly spaced numbers, grids, identity matrices."""

from __future__ import annotations

import math

import numpy as np

from jit.ir import dtypes
from jit.ir.card import UNKNOWN
from jit.ir.dtypes import FLOATING
from jit.runtime.kernels import sizes as S
from jit.runtime.ops import facts as F
from jit.runtime.ops.creation import (
    OPTIONS,
    Creation,
    check_place,
    given_dtype,
    known_dtype,
    number_dtype,
)
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES
from jit.runtime.promotion import get_default_dtype


def _range_count(start, end, step):
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if any(isinstance(v, float) and not math.isfinite(v) for v in (start, end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if all(isinstance(v, int) for v in (start, end, step)):
        return len(range(start, end, step))
    return math.ceil((end - start) / step)


def _range_dtype(*numbers):
    found = [number_dtype(n) for n in numbers]
    if any(d is not None and d.is_floating_point for d in found):
        return get_default_dtype()
    return None if None in found else dtypes.int64


def _arange(start, end, step, dtype, device, pin_memory):
    check_place(device, pin_memory)
    dtype = given_dtype(dtype) or _range_dtype(start, end, step)
    if not dtype.is_floating_point:
        start, end, step = int(start), int(end), int(step)
    count = _range_count(start, end, step)
    places = np.arange(count, dtype=np.float64 if dtype.is_floating_point else np.int64)
    return (start + places * step).astype(dtype.numpy)


def _arange_sizes(start, end, step, dtype):
    if not F.is_known(start, end, step):
        return (None,)
    if dtype is UNKNOWN:
        return (None,)
    dtype = given_dtype(dtype) or _range_dtype(start, end, step)
    if not dtype.is_floating_point:
        start, end, step = int(start), int(end), int(step)
    return (_range_count(start, end, step),)


@op(f"aten::arange(Scalar end, *, {OPTIONS}) -> Tensor")
class arange(Creation):
    """The numbers from 0 to before `end`."""

    unknown = ("end", "dtype")

    def kernel(end, dtype, layout, device, pin_memory):
        return _arange(0, end, 1, dtype, device, pin_memory)

    def sizes(end, dtype, *rest):
        return _arange_sizes(0, end, 1, dtype)

    def dtypes(end, dtype, *rest):
        return known_dtype(dtype, _range_dtype(end))

    samples = [case(5), case(2.5), case(0), case(3, dtype=f64)]


@op(f"aten::arange.start(Scalar start, Scalar end, *, {OPTIONS}) -> Tensor")
class arange_start(Creation):
    """The numbers from `start` to before `end`."""

    unknown = ("start", "end", "dtype")

    def kernel(start, end, dtype, layout, device, pin_memory):
        return _arange(start, end, 1, dtype, device, pin_memory)

    def sizes(start, end, dtype, *rest):
        return _arange_sizes(start, end, 1, dtype)

    def dtypes(start, end, dtype, *rest):
        return known_dtype(dtype, _range_dtype(start, end))

    samples = [case(2, 5), case(-1.5, 2), case(3, 3)]


@op(
    "aten::arange.start_step(Scalar start, Scalar end, Scalar step=1, *,"
    f" {OPTIONS}) -> Tensor"
)
class arange_step(Creation):
    """The numbers from `start` to before `end`, `step` apart."""

    unknown = ("start", "end", "step", "dtype")

    def kernel(start, end, step, dtype, layout, device, pin_memory):
        return _arange(start, end, step, dtype, device, pin_memory)

    def sizes(start, end, step, dtype, *rest):
        return _arange_sizes(start, end, step, dtype)

    def dtypes(start, end, step, dtype, *rest):
        return known_dtype(dtype, _range_dtype(start, end, step))

    samples = [case(2, 9, 3), case(9, 2, -2), case(0, 1, 0.25), case(1, 1, 2)]


def _check_steps(steps):
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return (steps,)


def _linspace(start, end, steps, dtype):
    """Evenly spaced from both ends, so that the last is exactly `end`."""
    wanted = dtype.numpy
    work = wanted if wanted.kind in "fc" and wanted.itemsize > 2 else np.float64
    if steps == 1:
        return np.full(1, start).astype(wanted)
    first, last = np.asarray(start, work), np.asarray(end, work)
    if not dtype.is_floating_point and not dtype.is_complex:
        first, last = np.trunc(first), np.trunc(last)
    step = (last - first) / np.asarray(max(steps - 1, 1), work)
    i = np.arange(steps, dtype=work)
    made = np.where(i < steps // 2, first + step * i, last - step * (steps - 1 - i))
    return made.astype(wanted)


@op(f"aten::linspace(Scalar start, Scalar end, int steps, *, {OPTIONS}) -> Tensor")
class linspace(Creation):
    """`steps` numbers from `start` to `end`, evenly spaced."""

    unknown = ("start", "end")

    def kernel(start, end, steps, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        _check_steps(steps)
        dtype = given_dtype(dtype) or get_default_dtype()
        return _linspace(start, end, steps, dtype)

    def sizes(start, end, steps, *rest):
        return _check_steps(steps)

    def dtypes(start, end, steps, dtype, *rest):
        if isinstance(start, complex) or isinstance(end, complex):
            return None
        return known_dtype(dtype, get_default_dtype())

    samples = [
        case(0, 1, 5),
        case(-1.5, 2, 4, dtype=f64),
        case(3, 7, 1),
        case(0, 1, 0),
        case(0, 9, 4, dtype=i64),
    ]


@op(
    "aten::logspace(Scalar start, Scalar end, int steps, float base=10., *,"
    f" {OPTIONS}) -> Tensor"
)
class logspace(Creation):
    """Powers of `base` with evenly spaced exponents."""

    unknown = ("start", "end", "base")

    def kernel(start, end, steps, base, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        _check_steps(steps)
        dtype = given_dtype(dtype) or get_default_dtype()
        if dtype.category < FLOATING:
            start, end = int(start), int(end)
        exponents = _linspace(start, end, steps, dtypes.float64)
        return np.power(base, exponents).astype(dtype.numpy)

    def sizes(start, end, steps, *rest):
        return _check_steps(steps)

    def dtypes(start, end, steps, base, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [
        case(0, 2, 5),
        case(0, 3, 4, base=2.0, dtype=f64),
        case(1, 2, 0),
        case(0, 1.2, 2, dtype=i64),
    ]


@op(
    f"aten::range.step(Scalar start, Scalar end, Scalar step=1, *, {OPTIONS}) -> Tensor",
    f"aten::range(Scalar start, Scalar end, *, {OPTIONS}) -> Tensor",
)
class range_(Creation):
    """Numbers from `start` on, `step` apart, `end` among them; `arange` leaves it out."""

    fails = VALUES

    def kernel(start, end, *rest):
        *step, dtype, _, device, pin_memory = rest
        check_place(device, pin_memory)
        step = step[0] if step else 1
        if step == 0:
            raise RuntimeError("step must be nonzero")
        if (end - start) * step < 0:
            raise RuntimeError(
                "upper bound and lower bound inconsistent with step sign"
            )
        dtype = given_dtype(dtype) or get_default_dtype()
        count = math.floor((end - start) / step) + 1
        return (start + step * np.arange(count)).astype(dtype.numpy)

    def sizes(*rest):
        return (None,)

    def dtypes(start, end, *rest):
        return known_dtype(rest[-4], get_default_dtype())

    samples = [case(1, 4), case(0.5, 2)]


def _with_tensors(name, more=""):
    """The schemas of a range whose ends, or one of them, are 0-dim tensors."""
    kinds = (("Tensor", "Tensor"), ("Tensor", "Scalar"), ("Scalar", "Tensor"))
    return [
        f"aten::{name}.{a}_{b}({a} start, {b} end, int steps{more}, *, {OPTIONS})"
        " -> Tensor"
        for a, b in kinds
    ]


def _end(name, start, end):
    """The ends as numbers; RuntimeError for tensors with dims."""
    told = [f"{np.ndim(v)} dimension(s)" for v in (start, end)]
    if np.ndim(start) or np.ndim(end):
        raise RuntimeError(
            f"{name} only supports 0-dimensional start and end tensors, but got start"
            f" with {told[0]} and end with {told[1]}."
        )
    return np.asarray(start).item(), np.asarray(end).item()


class TensorRange(Creation):
    """Neither gradients nor facts about the ends go through."""

    detached = True
    fails = VALUES


@op(*_with_tensors("linspace"))
class linspace_tensor(TensorRange):
    """`steps` numbers from `start` to `end`, which are tensors of one element."""

    def kernel(start, end, *rest):
        return linspace.kernel(*_end("linspace", start, end), *rest)

    def sizes(start, end, steps, *rest):
        return _check_steps(steps)

    def dtypes(start, end, steps, dtype, *rest):
        return known_dtype(dtype, None)

    samples = {
        "Tensor_Tensor": [case(f32.of(0), f32.of(2), 5)],
        "Tensor_Scalar": [case(i64.of(0), 2, 5, dtype=f64)],
        "Scalar_Tensor": [case(0, f64.of(2), 5)],
    }


@op(*_with_tensors("logspace", ", float base=10."))
class logspace_tensor(TensorRange):
    """Powers of `base` with evenly spaced exponents between tensors of one element."""

    def kernel(start, end, *rest):
        return logspace.kernel(*_end("logspace", start, end), *rest)

    def sizes(start, end, steps, *rest):
        return _check_steps(steps)

    def dtypes(start, end, steps, base, dtype, *rest):
        return known_dtype(dtype, None)

    samples = {
        "Tensor_Tensor": [case(f32.of(0), f32.of(2), 5)],
        "Tensor_Scalar": [case(i64.of(0), 2, 5, dtype=f64)],
        "Scalar_Tensor": [case(0, f64.of(2), 5, base=2.0)],
    }


def _check_eye(name, n):
    if n is not None and n is not UNKNOWN and n < 0:
        raise RuntimeError(f"{name} must be greater or equal to 0, got {n}")
    return None if n is UNKNOWN else n


@op(f"aten::eye(SymInt n, *, {OPTIONS}) -> Tensor")
class eye(Creation):
    """The identity matrix."""

    unknown = ("n",)

    def kernel(n, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or get_default_dtype()
        return np.eye(_check_eye("n", n), dtype=dtype.numpy)

    def sizes(n, *rest):
        return (_check_eye("n", n),) * 2

    def dtypes(n, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [case(3), case(0), case(1, dtype=i64)]


@op(f"aten::eye.m(SymInt n, SymInt m, *, {OPTIONS}) -> Tensor")
class eye_m(Creation):
    """The first rows and columns of an identity matrix."""

    unknown = ("n", "m")

    def kernel(n, m, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or get_default_dtype()
        return np.eye(_check_eye("n", n), _check_eye("m", m), dtype=dtype.numpy)

    def sizes(n, m, *rest):
        return (_check_eye("n", n), _check_eye("m", m))

    def dtypes(n, m, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [case(3, 2), case(0, 2), case(1, 4, dtype=i64)]


TRIANGLE = (
    "int row, int col, int offset=0, *, ScalarType? dtype=4, Layout? layout=None,"
    " Device? device=None, bool? pin_memory=None"
)


@op(f"aten::tril_indices({TRIANGLE}) -> Tensor")
class tril_indices(Creation):
    """The places on and below a diagonal of a matrix, row by row."""

    def kernel(row, col, offset, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or dtypes.int64
        return np.stack(np.tril_indices(row, offset, col)).astype(dtype.numpy)

    def sizes(row, col, offset, *rest):
        return (2, int(np.tri(row, col, offset, dtype=bool).sum()))

    def dtypes(row, col, offset, dtype, *rest):
        return known_dtype(dtype, dtypes.int64)

    samples = [case(3, 3), case(2, 4, -1), case(0, 2)]


@op(f"aten::triu_indices({TRIANGLE}) -> Tensor")
class triu_indices(Creation):
    """The places on and above a diagonal of a matrix, row by row."""

    def kernel(row, col, offset, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        dtype = given_dtype(dtype) or dtypes.int64
        return np.stack(np.triu_indices(row, offset, col)).astype(dtype.numpy)

    def sizes(row, col, offset, *rest):
        return (2, row * col - int(np.tri(row, col, offset - 1, dtype=bool).sum()))

    def dtypes(row, col, offset, dtype, *rest):
        return known_dtype(dtype, dtypes.int64)

    samples = tril_indices.samples


def _grid_sizes(tensors, indexing):
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing not in ("xy", "ij"):
        raise RuntimeError(
            'torch.meshgrid: indexing must be one of "xy" or "ij", but received:'
            f" {indexing}"
        )
    shape = []
    for x in tensors:
        if len(x) > 1:
            raise RuntimeError(
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got:"
                f" {S.shown(x)}"
            )
        shape.append(x[0] if x else 1)
    if indexing == "xy" and len(shape) > 1:
        shape[0], shape[1] = shape[1], shape[0]
    return [tuple(shape)] * len(tensors)


def _summed_to_axes(t, g, tensors, indexing):
    """The gradients of coordinates, summed over the other dims of the grid."""
    swapped = indexing == "xy" and len(tensors) > 1
    found = []
    for i, (part, x) in enumerate(zip(g, tensors, strict=True)):
        axis = 1 - i if swapped and i < 2 else i
        others = [d for d in range(len(tensors)) if d != axis]
        total = t.sum(part, others) if others else part
        found.append(t.reshape(total, list(x.shape)))
    return (found,)


class Grid(Creation):
    """One tensor for each axis of a grid."""

    def dtypes(tensors, *rest):
        if not isinstance(tensors, list | tuple) or not tensors:
            return None
        if len(set(tensors) - {None}) > 1:
            raise RuntimeError(
                "torch.meshgrid expects all tensors to have the same dtype"
            )
        return tensors[0]


@op("aten::meshgrid(Tensor[] tensors) -> Tensor[]")
class meshgrid(Grid):
    """The coordinates of the points of a grid, the first axis along dim 0."""

    def kernel(tensors):
        return meshgrid_indexing.kernel(tensors, "ij")

    def sizes(tensors):
        return _grid_sizes(tensors, "ij")

    def grad(t, g, out, tensors):
        return _summed_to_axes(t, g, tensors, "ij")

    samples = [case([f32[2], f32[3]]), case([f32[()]]), case([f64[2], f64[()], f64[3]])]


@op("aten::meshgrid.indexing(Tensor[] tensors, *, str indexing) -> Tensor[]")
class meshgrid_indexing(Grid):
    """The coordinates of the points of a grid; "xy" exchanges the first two dims."""

    def kernel(tensors, indexing):
        _grid_sizes([x.shape for x in tensors], indexing)
        if len({x.dtype for x in tensors}) > 1:
            raise RuntimeError(
                "torch.meshgrid expects all tensors to have the same dtype"
            )
        flat = [x.reshape(-1) for x in tensors]
        return list(np.meshgrid(*flat, indexing=indexing))

    def sizes(tensors, indexing):
        return _grid_sizes(tensors, indexing)

    def grad(t, g, out, tensors, indexing):
        return _summed_to_axes(t, g, tensors, indexing)

    samples = [
        case([f32[2], f32[3], f32[1]], indexing="xy"),
        case([f64[2]], indexing="xy"),
        case([i64[2], i64[0]], indexing="ij"),
    ]


@op("aten::cartesian_prod(Tensor[] tensors) -> Tensor")
class cartesian_prod(Grid):
    """All combinations of the elements of vectors, one row each."""

    def kernel(tensors):
        cartesian_prod.sizes([x.shape for x in tensors])
        if len(tensors) == 1:
            return tensors[0].copy()
        return np.stack(np.meshgrid(*tensors, indexing="ij"), -1).reshape(
            -1, len(tensors)
        )

    def sizes(tensors):
        for x in tensors:
            if len(x) != 1:
                raise RuntimeError(f"Expect a 1D vector, but got shape {S.shown(x)}")
        if len(tensors) == 1:
            return tensors[0]
        return (S.product([x[0] for x in tensors]), len(tensors))

    def grad(t, g, out, tensors):
        if len(tensors) == 1:
            return ([g],)
        grid = t.reshape(g, [*(x.shape[0] for x in tensors), len(tensors)])
        parts = [t.select(grid, -1, i) for i in range(len(tensors))]
        return _summed_to_axes(t, parts, tensors, "ij")

    samples = [case([i64[2], i64[3]]), case([f32[2]]), case([f64[2], f64[3], f64[1]])]
