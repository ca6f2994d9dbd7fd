"""Questions about dtypes: what two of them become, and which may be stored in which."""

from __future__ import annotations

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import Card
from jit.runtime import promotion
from jit.runtime.ops.casting import as_dtype
from jit.runtime.ops.families import op
from jit.runtime.ops.samples import case, f32, f64, i32, i64


class OfTwo(Card):
    """Base of the questions about two dtypes, tensors or numbers."""

    raises = False


class OfDTypes(OfTwo):
    """Base of those about two dtypes."""

    samples = [
        case(dtypes.int32, dtypes.float32),
        case(dtypes.float32, dtypes.int64),
        case(dtypes.uint8, dtypes.int8),
        case(dtypes.float16, dtypes.bfloat16),
        case(dtypes.bool_, dtypes.complex64),
        case(dtypes.complex64, dtypes.float64),
    ]


@op("aten::promote_types(ScalarType type1, ScalarType type2) -> ScalarType")
class promote_types(OfDTypes):
    """The smallest dtype that holds both."""

    def kernel(a, b):
        return promotion.promote_dtypes(as_dtype(a), as_dtype(b))

    def infer(a, b):
        return T.DTYPE


@op("aten::can_cast(ScalarType from_, ScalarType to) -> bool")
class can_cast(OfDTypes):
    """Whether values of a dtype may be stored in another by an in-place operator."""

    def kernel(a, b):
        return promotion.can_cast(as_dtype(a), as_dtype(b))

    def infer(a, b):
        return T.BOOL


class ResultType(OfTwo):
    """Base of the overloads of `result_type`."""

    def kernel(a, b):
        return promotion.result_dtype(a, b)

    def infer(a, b):
        return T.DTYPE


@op("aten::result_type.Tensor(Tensor tensor, Tensor other) -> ScalarType")
class result_type(ResultType):
    """The dtype of an arithmetic result of two tensors."""

    samples = [
        case(f32[2], i64[3]),
        case(i32[2], f64[()]),
        case(f32[()], f64[2, 1]),
        case(f64[()], f32[2]),
    ]


@op("aten::result_type.Scalar(Tensor tensor, Scalar other) -> ScalarType")
class result_type_scalar(ResultType):
    """The dtype of an arithmetic result of a tensor and a number."""

    samples = [case(i32[2], 2), case(i32[2], 2.5), case(f64[1], 1j), case(f32[()], 2.5)]


@op("aten::result_type.Scalar_Tensor(Scalar scalar, Tensor tensor) -> ScalarType")
class result_type_scalar_tensor(ResultType):
    """The dtype of an arithmetic result of a number and a tensor."""

    samples = [case(2, i32[2]), case(2.5, i32[2])]


@op("aten::result_type.Scalar_Scalar(Scalar scalar1, Scalar scalar2) -> ScalarType")
class result_type_scalar_scalar(ResultType):
    """The dtype of an arithmetic result of two numbers."""

    samples = [case(1, 2.5), case(True, 2)]
