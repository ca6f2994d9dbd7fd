"""Operators that hold programs together: None tests, ranges, numbers and tensors.

What `for i in range(start, stop, step)` becomes is a `prim::Loop` of
`aten::__range_length` iterations, whose variable is `aten::__derive_index`.
"""

from __future__ import annotations

import operator
import warnings

import numpy as np

from jit.ir import types as T
from jit.ir.card import UNKNOWN
from jit.ir.dtypes import dtype_of
from jit.runtime.device import CPU, Device
from jit.runtime.ops.declare import op
from jit.runtime.ops.python_operators import (
    PythonOperator,
    check_int,
    declare,
    overflow,
)
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.promotion import dtype_of_number

# None and identity ------------------------------------------------------------------

declare(
    "aten::__is__(t1 self, t2 obj) -> bool",
    operator.is_,
    "Whether two names are the same object; mostly whether a value is None.",
    samples=[case(None, None), case(3, None)],
)
declare(
    "aten::__isnot__(t1 self, t2 obj) -> bool",
    operator.is_not,
    "Whether two names are different objects.",
    samples=[case(None, None), case(3, None)],
)


def _unwrap_optional(value):
    if value is None:
        raise AssertionError("Unwrapping null optional")
    return value


declare(
    "aten::_unwrap_optional(t(a)? optional) -> t(a)",
    _unwrap_optional,
    "The value, which must not be None.",
    raises=True,
    samples=[case(3)],
)

# ranges -----------------------------------------------------------------------------


@op("aten::__range_length(int lo, int hi, int step) -> int")
class range_length(PythonOperator):
    """How many numbers `range(lo, hi, step)` gives."""

    def kernel(lo, hi, step):
        if step > 0:
            length = (hi - lo + step - 1) // step
        elif step < 0:
            length = (lo - hi - step - 1) // -step
        else:
            raise ValueError("range() arg 3 must not be zero")
        return check_int(max(length, 0))

    raises = True
    samples = [case(0, 5, 1), case(5, 0, -2), case(3, 3, 1), case(0, 5, -1)]


@op("aten::__derive_index(int index, int start, int step) -> int")
class derive_index(PythonOperator):
    """The number at a position of a range."""

    def kernel(index, start, step):
        n = start + index * step
        return n if -(2**63) <= n < 2**63 else overflow(f"{start} + {index} * {step}")

    raises = True
    samples = [case(2, 10, -3), case(0, 4, 1)]


# numbers, arrays and tensors --------------------------------------------------------


@op("prim::NumToTensor(Scalar a) -> Tensor")
class num_to_tensor(PythonOperator):
    """A 0-dim Tensor of a number, in the dtype that torch gives such a number."""

    def kernel(a):
        return np.asarray(a, dtype_of_number(a).numpy)

    def infer(a):
        known = not isinstance(a, T.Type) and a is not UNKNOWN
        return T.TensorType(dtype_of_number(a) if known else None, ())

    raises = True
    samples = [case(3), case(2.5), case(True)]


@op("prim::NumToArray(Scalar a) -> Array")
class num_to_array(PythonOperator):
    """A 0-dim array of a number, in NumPy's dtype."""

    def kernel(a):
        return np.asarray(a)

    def infer(a):
        known = not isinstance(a, T.Type) and a is not UNKNOWN
        return T.ArrayType(dtype_of(np.asarray(a).dtype) if known else None, ())

    raises = True
    samples = [case(3), case(2.5), case(True)]


@op("prim::ArrayToTensor(Array(a) a) -> Tensor(a)")
class array_to_tensor(PythonOperator):
    """A Tensor on the memory of an array."""

    def kernel(a):
        dtype_of(a.dtype)
        return np.asarray(a)

    def infer(a):
        return T.TensorType(a.dtype, a.sizes)

    samples = [case(f64[2, 3])]


@op("prim::TensorToArray(Tensor(a) t) -> Array(a)")
class tensor_to_array(PythonOperator):
    """The array that holds the elements of a Tensor."""

    def kernel(t):
        return t

    def infer(t):
        return T.ArrayType(t.dtype, t.sizes)

    samples = [case(f32[2, 3]), case(i64[()])]


@op("aten::len.Tensor(Tensor t) -> int")
class len_tensor(PythonOperator):
    """The size of the first dim."""

    def kernel(t):
        if t.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return t.shape[0]

    def raises(t):
        return t.sizes is None or len(t.sizes) == 0

    samples = [case(f32[4, 2])]


@op("aten::len.Array(Array t) -> int")
class len_array(PythonOperator):
    """The size of the first axis."""

    def kernel(t):
        return len(t)

    def raises(t):
        return t.sizes is None or len(t.sizes) == 0

    samples = [case(f32[4, 2])]


# devices, warnings ------------------------------------------------------------------

declare(
    "prim::device(t a) -> Device",
    lambda a: Device(a) if isinstance(a, str) else CPU,
    "The device of a tensor, or that of a name.",
    raises=True,
    samples=[case("cpu")],
)
declare(
    ["aten::device(str a) -> Device"],
    Device,
    "The device of a name.",
    raises=True,
    samples=[case("cpu")],
)
declare(
    ["aten::device.with_index(str type, int index) -> Device"],
    Device,
    "One of several devices of a kind.",
    raises=True,
    samples=[case("cuda", 1)],
)
declare(
    "prim::type(Device self) -> str",
    lambda device: device.type,
    "The kind of a device, `cpu`.",
    samples=[case(CPU)],
)
declare(
    "prim::index(Device self) -> int?",
    lambda device: device.index,
    "Which of several devices it is, if it is told.",
    samples=[case(CPU)],
)


def _warn(message, stacklevel):
    warnings.warn(message, stacklevel=max(stacklevel, 1))


declare(
    "aten::warn(str message, int stacklevel=2) -> ()",
    _warn,
    "Warn as Python's warnings.warn does.",
    raises=True,
    effect=True,
)
