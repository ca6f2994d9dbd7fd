"""NumPy's reductions and cumulative functions, with its defaults (`std` has ddof=0)."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import NumpyFunction, op
from jit.runtime.ops.reduction import spread
from jit.runtime.ops.samples import boolean, case, f16, f32, f64, i32, i64, nan


def axes_of(axis):
    """NumPy's axis argument, of a list; one axis is an int, which arrays without
    dimensions take where they refuse a tuple."""
    if isinstance(axis, list):
        return axis[0] if len(axis) == 1 else tuple(axis)
    return axis


def wrap_axis(axis, rank):
    """An axis counted from the front; NumPy's error if there is none."""
    if not -rank <= axis < rank:
        raise np.exceptions.AxisError(axis, rank)
    return axis % rank


def reduced(a, axis, keepdims):
    """The sizes after a reduction; None if the rank is unknown."""
    sizes = a.sizes
    if axis is None and keepdims is False:
        return ()
    if sizes is None or not F.is_known(axis, keepdims):
        return None
    if axis is None:
        wrapped = set(range(len(sizes)))
    elif not sizes and axis in ([0], [-1], 0, -1):
        return ()  # or it is refused, as NumPy does for means
    else:
        listed = axis if isinstance(axis, list) else [axis]
        wrapped = {wrap_axis(i, len(sizes)) for i in listed}
    if keepdims:
        return tuple(1 if i in wrapped else s for i, s in enumerate(sizes))
    return tuple(s for i, s in enumerate(sizes) if i not in wrapped)


def summed(dtype, wanted):
    """The dtype in which NumPy sums: int64 for small integers, uint64 for uint8."""
    if wanted is not None:
        return wanted if F.is_known(wanted) else None
    if dtype is None or dtype is dtypes.uint8:
        return None
    return dtype if dtype.category >= FLOATING else dtypes.int64


def averaged(dtype, wanted=None):
    """The dtype of a mean: float64 for integers."""
    if wanted is not None:
        return wanted if F.is_known(wanted) else None
    if dtype is None:
        return None
    return dtype if dtype.category >= FLOATING else dtypes.float64


def numpy_dtype(dtype):
    """NumPy's dtype argument."""
    return None if dtype is None else dtype.numpy


REDUCTIONS = [
    case(f64[2, 3]),
    case(f64[2, 3], 0),
    case(f64[2, 3], -1, keepdims=True),
    case(f64[2, 3, 4], [0, 2]),
    case(f64[2, 3], keepdims=True),
    case(f32[2, 3]),
    case(f16[3]),
    case(i64[2, 3], 1),
    case(i32[4]),
    case(boolean[4]),
    case(f64[()]),
    case(f64[1]),
]
EMPTY = [case(f64[0]), case(f64[0, 3], 0)]
DTYPED = [case(i64[2, 3], dtype=f32), case(f32[3], dtype=f64)]


def _of_extreme(t, g, out, a, axis, keepdims):
    """The gradient of the extremes of a; equal ones share it."""
    found = t.eq(a, spread(t, out, a, axis, keepdims))
    found = t.to(found, a.dtype)
    dims = None if axis is None else [axis] if isinstance(axis, int) else axis
    every = list(range(a.ndim)) if dims is None else dims
    count = t.sum(found, every, True)
    return spread(t, g, a, axis, keepdims) * (found / count)


class TypedReduction(NumpyFunction):
    """Base of the reductions with a dtype: `function` is NumPy's."""

    @classmethod
    def complete(cls):
        function, rule = cls.function, cls.rule

        def kernel(a, axis, dtype, keepdims):
            return function(
                a, axis=axes_of(axis), dtype=numpy_dtype(dtype), keepdims=keepdims
            )

        def shape(a, axis, dtype, keepdims):
            return reduced(a, axis, keepdims)

        def result(a, axis, dtype, keepdims):
            return rule(a.dtype, dtype)

        cls.kernel, cls.shape = staticmethod(kernel), staticmethod(shape)
        cls.dtype = staticmethod(result)
        super().complete()


@op(
    "np::sum(Array a, int[1]? axis=None, ScalarType? dtype=None, *,"
    " bool keepdims=False) -> Array"
)
class sum(TypedReduction):
    """The sum of the elements, or along axes."""

    function = np.sum
    rule = summed
    samples = [*REDUCTIONS, *EMPTY, *DTYPED]

    def grad(t, g, out, a, axis, dtype, keepdims):
        return spread(t, g, a, axis, keepdims)


@op(
    "np::prod(Array a, int[1]? axis=None, ScalarType? dtype=None, *,"
    " bool keepdims=False) -> Array"
)
class prod(TypedReduction):
    """The product of the elements, or along axes."""

    saves = ("a", "out")
    function = np.prod
    rule = summed
    samples = [*REDUCTIONS, *EMPTY, *DTYPED]

    def grad(t, g, out, a, axis, dtype, keepdims):
        return spread(t, g * out, a, axis, keepdims) / a


@op(
    "np::mean(Array a, int[1]? axis=None, ScalarType? dtype=None, *,"
    " bool keepdims=False) -> Array"
)
class mean(TypedReduction):
    """The mean of the elements, or along axes."""

    function = np.mean
    rule = averaged
    samples = [*REDUCTIONS, *DTYPED]

    def grad(t, g, out, a, axis, dtype, keepdims):
        return spread(t, g, a, axis, keepdims) * (out.numel() / (a.numel() or 1))


@op(
    "np::nansum(Array a, int[1]? axis=None, ScalarType? dtype=None, *,"
    " bool keepdims=False) -> Array"
)
class nansum(TypedReduction):
    """The sum of the elements, nan counted as 0."""

    saves = ("a",)
    function = np.nansum
    rule = summed
    samples = [*REDUCTIONS, case(f64.of([1, nan]))]

    def grad(t, g, out, a, axis, dtype, keepdims):
        return t.where(t.isnan(a), 0.0, spread(t, g, a, axis, keepdims))


@op(
    "np::nanmean(Array a, int[1]? axis=None, ScalarType? dtype=None, *,"
    " bool keepdims=False) -> Array"
)
class nanmean(TypedReduction):
    """The mean of the elements that are not nan."""

    function = np.nanmean
    rule = averaged
    samples = [*REDUCTIONS, case(f64.of([1, nan]))]


class Spread(NumpyFunction):
    """Base of std and var."""

    @classmethod
    def complete(cls):
        function = cls.function

        def kernel(a, axis, dtype, ddof, keepdims):
            return function(
                a,
                axis=axes_of(axis),
                dtype=numpy_dtype(dtype),
                ddof=ddof,
                keepdims=keepdims,
            )

        def shape(a, axis, dtype, ddof, keepdims):
            return reduced(a, axis, keepdims)

        def result(a, axis, dtype, ddof, keepdims):
            found = averaged(a.dtype, dtype)
            return REAL.get(found, found)

        cls.kernel, cls.shape = staticmethod(kernel), staticmethod(shape)
        cls.dtype = staticmethod(result)
        super().complete()


REAL = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}


@op(
    "np::std(Array a, int[1]? axis=None, ScalarType? dtype=None, *, Scalar ddof=0,"
    " bool keepdims=False) -> Array"
)
class std(Spread):
    """The standard deviation, with `ddof` fewer elements than there are."""

    function = np.std
    samples = [*REDUCTIONS, case(f64[2, 3], 1, ddof=1)]


@op(
    "np::var(Array a, int[1]? axis=None, ScalarType? dtype=None, *, Scalar ddof=0,"
    " bool keepdims=False) -> Array"
)
class var(Spread):
    """The variance, with `ddof` fewer elements than there are."""

    function = np.var
    samples = [*REDUCTIONS, case(f64[2, 3], 1, ddof=1)]


class PlainReduction(NumpyFunction):
    """Base of the reductions without a dtype: `function` is NumPy's."""

    result = None

    @classmethod
    def complete(cls):
        function, result = cls.function, cls.result

        def kernel(a, axis, keepdims):
            return function(a, axis=axes_of(axis), keepdims=keepdims)

        def shape(a, axis, keepdims):
            return reduced(a, axis, keepdims)

        def dtype(a, axis, keepdims):
            return a.dtype if result is None else result

        cls.kernel, cls.shape = staticmethod(kernel), staticmethod(shape)
        cls.dtype = staticmethod(dtype)
        super().complete()


@op(
    "np::max(Array a, int[1]? axis=None, *, bool keepdims=False) -> Array",
    names=["np::amax"],
)
class max(PlainReduction):
    """The largest element, or along axes; nan if there is one."""

    saves = ("a", "out")
    function = np.max
    samples = [*REDUCTIONS, case(f64.of([1, nan]))]

    def grad(t, g, out, a, axis, keepdims):
        return _of_extreme(t, g, out, a, axis, keepdims)


@op(
    "np::min(Array a, int[1]? axis=None, *, bool keepdims=False) -> Array",
    names=["np::amin"],
)
class min(PlainReduction):
    """The smallest element, or along axes; nan if there is one."""

    saves = ("a", "out")
    function = np.min
    samples = [*REDUCTIONS, case(f64.of([1, nan]))]

    def grad(t, g, out, a, axis, keepdims):
        return _of_extreme(t, g, out, a, axis, keepdims)


@op("np::nanmax(Array a, int[1]? axis=None, *, bool keepdims=False) -> Array")
class nanmax(PlainReduction):
    """The largest element that is not nan."""

    function = np.nanmax
    samples = [*REDUCTIONS, case(f64.of([1, nan]))]


@op("np::nanmin(Array a, int[1]? axis=None, *, bool keepdims=False) -> Array")
class nanmin(PlainReduction):
    """The smallest element that is not nan."""

    function = np.nanmin
    samples = [*REDUCTIONS, case(f64.of([1, nan]))]


@op("np::any(Array a, int[1]? axis=None, *, bool keepdims=False) -> Array")
class any(PlainReduction):
    """Whether an element is nonzero."""

    function = np.any
    result = dtypes.bool_
    samples = [*REDUCTIONS, *EMPTY]


@op("np::all(Array a, int[1]? axis=None, *, bool keepdims=False) -> Array")
class all(PlainReduction):
    """Whether all elements are nonzero."""

    function = np.all
    result = dtypes.bool_
    samples = [*REDUCTIONS, *EMPTY]


@op("np::median(Array a, int[1]? axis=None, *, bool keepdims=False) -> Array")
class median(PlainReduction):
    """The middle element, the mean of the middle two if their number is even."""

    function = np.median
    samples = [c for c in REDUCTIONS if c.positional[0].dtype is not dtypes.bool_]

    def infer(a, axis, keepdims):
        return F.T.ArrayType(averaged(a.dtype), reduced(a, axis, keepdims))


SINGLE_AXIS = [c for c in REDUCTIONS if [0, 2] not in c.positional]


@op("np::argmax(Array a, int? axis=None, *, bool keepdims=False) -> Array")
class argmax(PlainReduction):
    """Where the largest element is, the first of equals."""

    function = np.argmax
    result = dtypes.int64
    samples = [*SINGLE_AXIS, case(f64.of([1, nan, 2]))]


@op("np::argmin(Array a, int? axis=None, *, bool keepdims=False) -> Array")
class argmin(PlainReduction):
    """Where the smallest element is, the first of equals."""

    function = np.argmin
    result = dtypes.int64
    samples = [*SINGLE_AXIS, case(f64.of([1, nan, 2]))]


@op("np::count_nonzero(Array a, int[1]? axis=None, *, bool keepdims=False) -> Array")
class count_nonzero(PlainReduction):
    """The number of nonzero elements."""

    function = np.count_nonzero
    result = dtypes.int64
    samples = [*REDUCTIONS, *EMPTY]

    def kernel(a, axis, keepdims):
        return np.int64(np.count_nonzero(a, axis=axes_of(axis), keepdims=keepdims))


class Cumulative(NumpyFunction):
    """Base of the cumulative functions; without an axis the array is flattened."""

    @classmethod
    def complete(cls):
        function = cls.function

        def kernel(a, axis, dtype):
            return function(a, axis=axis, dtype=numpy_dtype(dtype))

        def shape(a, axis, dtype):
            if axis is None:
                return (F.numel(a.sizes),)
            if a.sizes is not None and F.is_known(axis):
                wrap_axis(axis, len(a.sizes))
            return a.sizes if F.is_known(axis) else None

        def result(a, axis, dtype):
            return summed(a.dtype, dtype)

        cls.kernel, cls.shape = staticmethod(kernel), staticmethod(shape)
        cls.dtype = staticmethod(result)
        super().complete()


CUMULATIVE = [case(f64[2, 3]), case(f64[2, 3], 0), case(i32[4]), case(f64[()]),
              case(i64[2, 3], -1, f32), case(f64[0])]  # fmt: skip


@op("np::cumsum(Array a, int? axis=None, ScalarType? dtype=None) -> Array")
class cumsum(Cumulative):
    """The sums of the elements so far."""

    function = np.cumsum
    samples = CUMULATIVE

    def grad(t, g, out, a, axis, dtype):
        if axis is None:
            back = t.flip(t.cumsum(t.flip(g, [0]), 0), [0])
            return t.reshape(back, a.shape)
        return t.flip(t.cumsum(t.flip(g, [axis]), axis), [axis])


@op("np::cumprod(Array a, int? axis=None, ScalarType? dtype=None) -> Array")
class cumprod(Cumulative):
    """The products of the elements so far."""

    function = np.cumprod
    samples = CUMULATIVE
