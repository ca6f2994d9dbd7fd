"""New Arrays: zeros, arange, linspace ... with NumPy's defaults (float64)."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.runtime.ops import facts as F
from jit.runtime.ops.families import NumpyFunction, op
from jit.runtime.ops.numpy_reduction import numpy_dtype
from jit.runtime.ops.samples import boolean, case, f32, f64, i64


def listed(shape):
    """Sizes given as a list of facts."""
    if F.is_known(shape):
        return tuple(shape)
    if isinstance(shape, list):
        return tuple(s if F.is_known(s) else None for s in shape)
    return None


def dtype_or(dtype, default):
    """A dtype argument, or its default; of facts."""
    if dtype is None:
        return default
    return dtype if F.is_known(dtype) else None


def dtype_of_value(value):
    """NumPy's dtype of a Python number; None if unknown."""
    if not F.is_known(value):
        return None
    return dtypes.dtype_of(np.asarray(value).dtype)


SHAPES = [case([2, 3]), case(4), case([], f32), case([0, 2], i64)]


class Filled(NumpyFunction):
    """Base of the arrays with one value in all elements: `function` is NumPy's."""

    raises = True

    @classmethod
    def complete(cls):
        function = cls.function

        def kernel(shape, dtype):
            return function(tuple(shape), numpy_dtype(dtype) or np.float64)

        def sizes(shape, dtype):
            return listed(shape)

        def result(shape, dtype):
            return dtype_or(dtype, dtypes.float64)

        cls.kernel, cls.shape = staticmethod(kernel), staticmethod(sizes)
        cls.dtype = staticmethod(result)
        super().complete()


@op("np::zeros(int[1] shape, ScalarType? dtype=None) -> Array")
class zeros(Filled):
    """Zeros."""

    function = np.zeros
    samples = SHAPES


@op("np::ones(int[1] shape, ScalarType? dtype=None) -> Array")
class ones(Filled):
    """Ones."""

    function = np.ones
    samples = SHAPES


@op("np::empty(int[1] shape, ScalarType? dtype=None) -> Array")
class empty(Filled):
    """Elements that are not yet written: here zeros."""

    function = np.zeros
    samples = SHAPES


@op("np::full(int[1] shape, Scalar fill_value, ScalarType? dtype=None) -> Array")
class full(NumpyFunction):
    """One number in all elements."""

    samples = [case([2, 3], 1.5), case(4, 2), case(2, True), case(2, 1, f32)]

    def kernel(shape, fill_value, dtype):
        return np.full(tuple(shape), fill_value, numpy_dtype(dtype))

    def shape(shape, fill_value, dtype):
        return listed(shape)

    def dtype(shape, fill_value, dtype):
        return dtype_or(dtype, dtype_of_value(fill_value))


LIKE = [case(f64[2, 3]), case(i64[()]), case(f32[2], i64)]


class Like(NumpyFunction):
    """Base of the arrays with the shape of another one."""

    raises = False

    @classmethod
    def complete(cls):
        function = cls.function

        def kernel(a, dtype):
            return function(a, numpy_dtype(dtype))

        def sizes(a, dtype):
            return a.sizes

        def result(a, dtype):
            return dtype_or(dtype, a.dtype)

        cls.kernel, cls.shape = staticmethod(kernel), staticmethod(sizes)
        cls.dtype = staticmethod(result)
        super().complete()


@op("np::zeros_like(Array a, ScalarType? dtype=None) -> Array")
class zeros_like(Like):
    """Zeros, as many as another array has elements."""

    function = np.zeros_like
    samples = LIKE


@op("np::ones_like(Array a, ScalarType? dtype=None) -> Array")
class ones_like(Like):
    """Ones, as many as another array has elements."""

    function = np.ones_like
    samples = LIKE


@op("np::empty_like(Array prototype, ScalarType? dtype=None) -> Array")
class empty_like(Like):
    """Elements that are not yet written, as many as another array has: here zeros."""

    function = np.zeros_like
    samples = LIKE


@op("np::full_like(Array a, Scalar fill_value, ScalarType? dtype=None) -> Array")
class full_like(NumpyFunction):
    """One number, as many times as another array has elements."""

    samples = [case(f64[2, 3], 2), case(i64[2], 1.5), case(f32[2], 1, i64)]

    def kernel(a, fill_value, dtype):
        return np.full_like(a, fill_value, numpy_dtype(dtype))

    def shape(a, fill_value, dtype):
        return a.sizes

    def dtype(a, fill_value, dtype):
        return dtype_or(dtype, a.dtype)


def range_size(start, stop, step):
    """The number of elements of a range; None if unknown."""
    if not F.is_known(start, stop, step) or step == 0:
        return None
    return len(np.arange(start, stop, step))


def range_dtype(dtype, *bounds):
    """The dtype of a range; of facts."""
    if dtype is not None:
        return dtype_or(dtype, None)
    numbers = [_EXAMPLES.get(bound, bound) for bound in bounds]
    if not F.is_known(*numbers):
        return None
    return dtypes.dtype_of(np.result_type(*numbers, 0))


_EXAMPLES = {T.BOOL: False, T.INT: 0, T.FLOAT: 0.0}
"""A number of each type: what is known of one that is computed."""


@op("np::arange(Scalar stop, *, ScalarType? dtype=None) -> Array")
class arange(NumpyFunction):
    """The numbers from 0 up to stop."""

    samples = [case(4), case(2.5), case(3, dtype=f32), case(0)]

    def kernel(stop, dtype):
        return np.arange(stop, dtype=numpy_dtype(dtype))

    def shape(stop, dtype):
        return (range_size(0, stop, 1),)

    def dtype(stop, dtype):
        return range_dtype(dtype, stop)


@op(
    "np::arange.start(Scalar start, Scalar stop, Scalar step=1,"
    " ScalarType? dtype=None) -> Array"
)
class arange_start(NumpyFunction):
    """The numbers from start up to stop in steps."""

    samples = [case(1, 4), case(0, 1, 0.25), case(5, 0, -2), case(1, 4, 1, f32)]

    def kernel(start, stop, step, dtype):
        return np.arange(start, stop, step, numpy_dtype(dtype))

    def shape(start, stop, step, dtype):
        return (range_size(start, stop, step),)

    def dtype(start, stop, step, dtype):
        return range_dtype(dtype, start, stop, step)


@op(
    "np::linspace(Scalar start, Scalar stop, int num=50, bool endpoint=True, *,"
    " ScalarType? dtype=None) -> Array"
)
class linspace(NumpyFunction):
    """Numbers at equal distances from start to stop."""

    samples = [
        case(0, 1, 5),
        case(0, 1),
        case(0, 1, 4, False),
        case(0, 9, 3, dtype=i64),
    ]

    def kernel(start, stop, num, endpoint, dtype):
        return np.linspace(start, stop, num, endpoint, dtype=numpy_dtype(dtype))

    def shape(start, stop, num, endpoint, dtype):
        return (num if F.is_known(num) else None,)

    def dtype(start, stop, num, endpoint, dtype):
        if dtype is None and any(
            isinstance(x, complex) or not F.is_known(x) for x in (start, stop)
        ):
            return None
        return dtype_or(dtype, dtypes.float64)


@op("np::eye(int N, int? M=None, int k=0, ScalarType? dtype=None) -> Array",
    "np::identity(int N, ScalarType? dtype=None) -> Array")  # fmt: skip
class eye(NumpyFunction):
    """Ones on a diagonal, zeros elsewhere."""

    samples = [case(3)]

    def kernel(n, *rest):
        dtype = numpy_dtype(rest[-1]) or np.float64
        return np.eye(n, *rest[:-1], dtype=dtype)

    def shape(n, *rest):
        columns = rest[0] if len(rest) > 1 and rest[0] is not None else n
        return tuple(s if F.is_known(s) else None for s in (n, columns))

    def dtype(n, *rest):
        return dtype_or(rest[-1], dtypes.float64)


@op(
    "np::array(Array object, ScalarType? dtype=None) -> Array",
    "np::array.list(t[] object, ScalarType? dtype=None) -> Array",
    "np::array.Scalar(Scalar object, ScalarType? dtype=None) -> Array",
)
class array(NumpyFunction):
    """A new array of an array, a number, or lists of them."""

    samples = {
        "": [case(f64[2, 3]), case(f64[2], f32)],
        "list": [case([1, 2, 3]), case([1.5, 2.5]), case([[1, 2], [3, 4]], f32)],
        "Scalar": [case(2), case(2.5), case(True, i64)],
    }

    def kernel(value, dtype):
        return np.array(value, numpy_dtype(dtype))

    def infer(value, dtype):
        found = value.dtype if F.is_tensor(value) else None
        sizes = value.sizes if F.is_tensor(value) else None
        if F.is_known(value) and isinstance(value, bool | int | float | complex):
            found, sizes = dtype_of_value(value), ()
        return T.ArrayType(dtype_or(dtype, found), sizes)


@op("np::asarray(Array(a) a, ScalarType? dtype=None) -> Array(a)")
class asarray(NumpyFunction):
    """The array, converted if it has another dtype."""

    raises = False
    samples = [case(f64[2, 3]), case(f64[2], f32), case(boolean[()])]

    def kernel(a, dtype):
        return np.asarray(a, numpy_dtype(dtype))

    def shape(a, dtype):
        return a.sizes

    def dtype(a, dtype):
        return dtype_or(dtype, a.dtype)
