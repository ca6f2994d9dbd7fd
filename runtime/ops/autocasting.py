"""Casts that stand before operators inside of `torch.autocast` in compiled code."""

from __future__ import annotations

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.dtypes import dtype_of
from jit.runtime.autocast import CAST
from jit.runtime.ops import facts as F
from jit.runtime.ops.casting import Conversion, as_dtype, converted
from jit.runtime.ops.families import op
from jit.runtime.ops.samples import bf16, case, f16, f32, f64, i64


def _cast(x, dtype):
    return converted(x, dtype, False) if dtype_of(x.dtype) in CAST else x


def _cast_type(x, dtype):
    if not F.is_known(dtype) or x.dtype is None:
        return T.TensorType(None, x.sizes)
    return T.TensorType(as_dtype(dtype) if x.dtype in CAST else x.dtype, x.sizes)


@op(
    "aten::_autocast_to_reduced_precision(Tensor(a) self, bool cuda_enabled,"
    " bool cpu_enabled, ScalarType cuda_dtype, ScalarType cpu_dtype) -> Tensor(a)"
)
class autocast_to_reduced_precision(Conversion):
    """A tensor of floats in the dtype for the CPU; of float64, ints and bools as it is."""

    samples = [
        case(f32[2, 3], False, True, f16, bf16),
        case(f32[2, 3], False, True, f16, f16),
        case(bf16[3], False, True, f16, bf16),
        case(f64[3], False, True, f16, bf16),
        case(i64[3], False, True, f16, bf16),
        case(f32[3], False, False, f16, bf16),
    ]

    def kernel(x, cuda_enabled, cpu_enabled, cuda_dtype, cpu_dtype):
        return _cast(x, cpu_dtype) if cpu_enabled else x

    def infer(x, cuda_enabled, cpu_enabled, cuda_dtype, cpu_dtype):
        if not F.is_known(cpu_enabled):
            return T.TensorType(None, x.sizes)
        return _cast_type(x, cpu_dtype) if cpu_enabled else x


@op(
    "aten::_autocast_to_full_precision(Tensor(a) self, bool cuda_enabled,"
    " bool cpu_enabled) -> Tensor(a)"
)
class autocast_to_full_precision(Conversion):
    """A tensor of floats as float32; of float64, ints and bools as it is."""

    samples = [
        case(f16[2, 3], False, True),
        case(bf16[3], False, True),
        case(f32[3], False, True),
        case(f64[3], False, True),
        case(i64[3], False, True),
        case(f16[3], False, False),
    ]

    def kernel(x, cuda_enabled, cpu_enabled):
        return _cast(x, dtypes.float32) if cpu_enabled else x

    def infer(x, cuda_enabled, cpu_enabled):
        if not F.is_known(cpu_enabled):
            return T.TensorType(None, x.sizes)
        return _cast_type(x, dtypes.float32) if cpu_enabled else x
