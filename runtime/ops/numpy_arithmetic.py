"""NumPy's ufuncs whose meaning differs from torch's, or that torch lacks."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import UNKNOWN
from jit.runtime.ops import facts as F
from jit.runtime.ops.clamping import clamp
from jit.runtime.ops.families import NumpyFunction, op
from jit.runtime.ops.numpy_families import numpy_broadcast, numpy_ufunc, ufunc_dtype
from jit.runtime.ops.samples import boolean, c128, case, f32, f64, i64, inf, nan


@numpy_ufunc
class sign:
    """-1, 0 or 1; nan for nan."""

    numpy = "sign"
    idempotent = True

    def formula(m, x):
        return m.sign(x)


@numpy_ufunc
class positive:
    """+x."""

    numpy = "positive"

    def formula(m, x):
        return m.scaled(x, 1)


@numpy_ufunc
class fabs:
    """The distance from zero, as a floating-point number."""

    numpy = "fabs"
    idempotent = True

    def formula(m, x):
        return m.abs(x)


@numpy_ufunc
class rint:
    """The nearest integer; halves go to the even one."""

    numpy = "rint"
    idempotent = True

    def formula(m, x):
        return m.round(x)


@numpy_ufunc
class conjugate:
    """The complex conjugate."""

    numpy = "conjugate"

    def formula(m, x):
        return m.conj(x)


@numpy_ufunc
class float_power:
    """x to the power of y, always in double precision."""

    numpy = "float_power"
    domain = (0.25, 3.0)

    def formula(m, x, y):
        return m.pow(x, y)


@numpy_ufunc
class heaviside:
    """0 below zero, 1 above, y at zero; nan for nan."""

    numpy = "heaviside"

    def formula(m, x, y):
        step = m.where(x == 0, y, m.where(x > 0, 1, 0))
        return m.where(m.isnan(x), x, step)


@op("np::reciprocal(Array x) -> Array")
class reciprocal(NumpyFunction):
    """1 / x; of integers rounded towards zero."""

    samples = [
        case(f64[3].within(1, 3)),
        case(f32[2, 3].within(1, 3)),
        case(i64.of([1, 2])),
    ]

    def kernel(x):
        return np.reciprocal(x)

    def shape(x):
        return x.sizes

    def dtype(x):
        return ufunc_dtype(np.reciprocal, [x])


@op("np::cbrt(Array x) -> Array")
class cbrt(NumpyFunction):
    """The cube root."""

    samples = [case(f64[3]), case(f32[2, 3]), case(i64[3])]

    def kernel(x):
        return np.cbrt(x)

    def shape(x):
        return x.sizes

    def dtype(x):
        return ufunc_dtype(np.cbrt, [x])


@op("np::round(Array a, int decimals=0) -> Array", names=["np::around"])
class round(NumpyFunction):
    """The array rounded to a number of decimals; halves go to the even digit."""

    samples = [
        case(f64[3]),
        case(f64[2, 3], 1),
        case(i64[3]),
        case(f32.of([125.0]), -1),
    ]

    def kernel(a, decimals):
        return np.round(a, decimals)

    def shape(a, decimals):
        return a.sizes

    def dtype(a, decimals):
        return None if a.dtype is dtypes.bool_ else a.dtype


@op(
    "np::clip(Array a, Array? a_min=None, Array? a_max=None) -> Array",
    "np::clip.Scalar(Array a, Scalar? a_min=None, Scalar? a_max=None) -> Array",
)
class clip(NumpyFunction):
    """The array moved into [a_min, a_max]; the upper bound wins where they cross."""

    saves = ("a", "a_min", "a_max")
    samples = {
        "": [case(f64[2, 3], f64[3].within(-1, 0), f64[()]), case(i64[3], i64[3])],
        "Scalar": [
            case(f64[2, 3], -1, 1),
            case(f32[3], 0.5),
            case(i64[3], a_max=2),
            case(f64.of([nan, inf]), 0, 1),
        ],
    }

    def kernel(a, low, high):
        return np.clip(a, low, high)

    def shape(a, low, high):
        given = [x for x in (a, low, high) if F.is_tensor(x)]
        return numpy_broadcast(*[x.sizes for x in given])

    def dtype(a, low, high):
        found = a
        for bound, ufunc in ((low, np.maximum), (high, np.minimum)):
            if bound is not None:
                found = ufunc_dtype(ufunc, [found, bound])
                if found is None:
                    return None
                found = T.ArrayType(found)
        return found.dtype

    def grad(t, g, out, a, low, high):
        return clamp.grad(t, g, out, a, low, high)


@op(
    "np::where(Array condition, Array x, Array y) -> Array",
    "np::where.ScalarX(Array condition, Scalar x, Array y) -> Array",
    "np::where.ScalarY(Array condition, Array x, Scalar y) -> Array",
    "np::where.Scalar(Array condition, Scalar x, Scalar y) -> Array",
)
class where(NumpyFunction):
    """x where condition is true, otherwise y."""

    saves = ("condition",)
    samples = {
        "": [
            case(boolean[2, 3], f64[2, 3], f64[3]),
            case(boolean[3], i64[3], f32[3]),
            case(boolean[()], f64[2], f64[2]),
        ],
        "ScalarX": [case(boolean[3], 1.5, f32[3]), case(boolean[3], 1, f64[3])],
        "ScalarY": [case(boolean[3], f32[3], 1.5), case(boolean[3], i64[3], 0)],
        "Scalar": [case(boolean[3], 1, 2.5), case(boolean[2, 2], 1, 0)],
    }

    def kernel(condition, x, y):
        return np.where(condition, x, y)

    def shape(condition, x, y):
        given = [f for f in (condition, x, y) if F.is_tensor(f)]
        return numpy_broadcast(*[f.sizes for f in given])

    def dtype(condition, x, y):
        return promoted(x, y)

    def grad(t, g, out, condition, x, y):
        nothing = t.zeros_like(g)
        return (
            None,
            lambda: t.where(condition, g, nothing),
            lambda: t.where(condition, nothing, g),
        )


def promoted(*facts):
    """The dtype that NumPy promotes arrays and Python numbers to; None if unknown."""
    if any(f is UNKNOWN for f in facts):
        return None
    stand_ins = []
    for f in facts:
        if F.is_tensor(f):
            if f.dtype is None:
                return None
            stand_ins.append(np.empty(0, f.dtype.numpy))
        elif isinstance(f, T.Type):
            return None
        else:
            stand_ins.append(f)
    try:
        return dtypes.dtype_of(np.result_type(*stand_ins))
    except TypeError:
        return None


@op("np::nan_to_num(Array x, *, Scalar? nan=0.0) -> Array")
class nan_to_num(NumpyFunction):
    """The array with nan replaced, and infinities by the largest numbers."""

    samples = [
        case(f64.of([nan, inf, -inf, 1.0])),
        case(i64[3]),
        case(f32.of([nan]), nan=2.0),
    ]

    def kernel(x, nan):
        return np.nan_to_num(x, nan=nan)

    def shape(x, nan):
        return x.sizes

    def dtype(x, nan):
        return x.dtype


@op(
    "np::isclose(Array a, Array b, float rtol=1e-05, float atol=1e-08,"
    " bool equal_nan=False) -> Array"
)
class isclose(NumpyFunction):
    """Whether elements are equal up to atol + rtol * abs(b)."""

    samples = [
        case(f64[3], f64[3]),
        case(f64.of([1, nan]), f64.of([1.05, nan]), 0.1, 0.0, True),
    ]

    def kernel(a, b, rtol, atol, equal_nan):
        return np.isclose(a, b, rtol, atol, equal_nan)

    def shape(a, b, rtol, atol, equal_nan):
        return numpy_broadcast(a.sizes, b.sizes)

    def dtype(*facts):
        return dtypes.bool_


@op(
    "np::allclose(Array a, Array b, float rtol=1e-05, float atol=1e-08,"
    " bool equal_nan=False) -> bool"
)
class allclose(NumpyFunction):
    """Whether all elements are equal up to atol + rtol * abs(b)."""

    samples = [case(f64[3], f64[3]), case(f64.of([1]), f64.of([1]))]

    def kernel(a, b, rtol, atol, equal_nan):
        return bool(np.allclose(a, b, rtol, atol, equal_nan))

    def infer(*facts):
        return T.BOOL


@op("np::array_equal(Array a1, Array a2) -> bool")
class array_equal(NumpyFunction):
    """Whether both arrays have the same shape and equal elements."""

    raises = False
    samples = [case(f64[3], f64[3]), case(f64.of([1]), f64.of([1]))]

    def kernel(a1, a2):
        return bool(np.array_equal(a1, a2))

    def infer(a1, a2):
        return T.BOOL


@op("np::real(Array(a) val) -> Array(a)")
class real(NumpyFunction):
    """The real parts."""

    raises = False
    samples = [case(c128[3]), case(f64[3])]

    def kernel(x):
        return np.real(x)

    def shape(x):
        return x.sizes

    def dtype(x):
        return REAL.get(x.dtype, x.dtype)


@op("np::imag(Array(a) val) -> Array(a)")
class imag(NumpyFunction):
    """The imaginary parts."""

    raises = False
    samples = [case(c128[3]), case(f64[3])]

    def kernel(x):
        return np.imag(x)

    def shape(x):
        return x.sizes

    def dtype(x):
        return REAL.get(x.dtype, x.dtype)


REAL = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}
