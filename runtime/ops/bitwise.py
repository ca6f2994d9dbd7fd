"""Operators on the bits of integers, which are logic on bools."""

from __future__ import annotations

from jit.runtime.ops.families import Pointwise, op


@op(
    "aten::bitwise_and.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::bitwise_and.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::__and__"],
)
class bitwise_and(Pointwise):
    """The bits set in both operands."""

    accepts = "bi"
    numpy = "bitwise_and"
    numpy_inplace = True
    commutative = True
    associative = True
    idempotent = True

    def formula(m, x, y):
        return x & y


@op(
    "aten::bitwise_or.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::bitwise_or.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::__or__"],
)
class bitwise_or(Pointwise):
    """The bits set in one operand or both."""

    accepts = "bi"
    numpy = "bitwise_or"
    numpy_inplace = True
    commutative = True
    associative = True
    idempotent = True

    def formula(m, x, y):
        return x | y


@op(
    "aten::bitwise_xor.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::bitwise_xor.Scalar(Tensor self, Scalar other) -> Tensor",
    names=["aten::__xor__"],
)
class bitwise_xor(Pointwise):
    """The bits set in exactly one operand."""

    accepts = "bi"
    numpy = "bitwise_xor"
    numpy_inplace = True
    commutative = True
    associative = True

    def formula(m, x, y):
        return x ^ y


@op("aten::bitwise_and.Scalar_Tensor(Scalar self, Tensor other) -> Tensor")
class bitwise_and_scalar(Pointwise):
    """The bits set in both operands."""

    accepts = "bi"

    def formula(m, x, y):
        return x & y


@op("aten::bitwise_or.Scalar_Tensor(Scalar self, Tensor other) -> Tensor")
class bitwise_or_scalar(Pointwise):
    """The bits set in one operand or both."""

    accepts = "bi"

    def formula(m, x, y):
        return x | y


@op("aten::bitwise_xor.Scalar_Tensor(Scalar self, Tensor other) -> Tensor")
class bitwise_xor_scalar(Pointwise):
    """The bits set in exactly one operand."""

    accepts = "bi"

    def formula(m, x, y):
        return x ^ y


@op("aten::bitwise_not(Tensor self) -> Tensor")
class bitwise_not(Pointwise):
    """All bits inverted; the negation of a bool."""

    accepts = "bi"
    numpy = "invert"

    def formula(m, x):
        return m.bitwise_not(x)


@op(
    "aten::bitwise_left_shift.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::bitwise_left_shift.Tensor_Scalar(Tensor self, Scalar other) -> Tensor",
    "aten::bitwise_left_shift.Scalar_Tensor(Scalar self, Tensor other) -> Tensor",
)
class bitwise_left_shift(Pointwise):
    """self * 2 ** other in as many bits as self has."""

    accepts = "i"
    numpy = "left_shift"
    numpy_inplace = True
    domain = (0, 5)

    def formula(m, x, y):
        return m.shift_left(x, y)


@op(
    "aten::bitwise_right_shift.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::bitwise_right_shift.Tensor_Scalar(Tensor self, Scalar other) -> Tensor",
    "aten::bitwise_right_shift.Scalar_Tensor(Scalar self, Tensor other) -> Tensor",
)
class bitwise_right_shift(Pointwise):
    """self / 2 ** other, rounded down."""

    accepts = "i"
    numpy = "right_shift"
    numpy_inplace = True
    domain = (0, 5)

    def formula(m, x, y):
        return m.shift_right(x, y)


@op(
    "aten::__lshift__.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::__lshift__.Scalar(Tensor self, Scalar other) -> Tensor",
)
class lshift(Pointwise):
    """self << other."""

    accepts = "i"
    inplace = {
        "Tensor": "aten::__ilshift__.Tensor",
        "Scalar": "aten::__ilshift__.Scalar",
    }
    domain = (0, 5)

    def formula(m, x, y):
        return m.shift_left(x, y)


@op(
    "aten::__rshift__.Tensor(Tensor self, Tensor other) -> Tensor",
    "aten::__rshift__.Scalar(Tensor self, Scalar other) -> Tensor",
)
class rshift(Pointwise):
    """self >> other."""

    accepts = "i"
    inplace = {
        "Tensor": "aten::__irshift__.Tensor",
        "Scalar": "aten::__irshift__.Scalar",
    }
    domain = (0, 5)

    def formula(m, x, y):
        return m.shift_right(x, y)
