"""What cards have in common: the decorator `op` and the families of operators.

A family turns the few blanks that its cards fill in (`formula`, `reduce`) into the
blanks that others read (`kernel`, `infer`, `raises`), and declares what goes with an
operator: the in-place twin `aten::exp_`, the NumPy twin `np::exp`.

    Pointwise       formula on broadcast operands; integers stay integers
    FloatPointwise  integers become the default floating dtype
    Comparison      the result is bool
    InPlace         writes another operator's result into its first argument
    Reduction       some dims vanish
    Scan            one dim is walked along, sizes stay
    NumpyFunction   a NumPy function on Arrays

Cards and families have no instances and their functions take no `self`. A card that
belongs to no family derives from `Card` and fills in `kernel` and `infer` itself.
"""

from jit.ir.card import UNKNOWN, Card, ShapeError
from jit.runtime.ops.declare import Family, LazySamples, also_named, op
from jit.runtime.ops.inplace import InPlace, inplace_twin, store
from jit.runtime.ops.numpy_families import NumpyFunction
from jit.runtime.ops.pointwise_family import (
    Comparison,
    FloatPointwise,
    Pointwise,
    check_broadcast,
    compute_dtype,
)
from jit.runtime.ops.reduction_families import AlongDims, Reduction, Scan

__all__ = [
    "UNKNOWN",
    "AlongDims",
    "Card",
    "Comparison",
    "Family",
    "FloatPointwise",
    "InPlace",
    "LazySamples",
    "NumpyFunction",
    "Pointwise",
    "Reduction",
    "Scan",
    "ShapeError",
    "also_named",
    "check_broadcast",
    "compute_dtype",
    "inplace_twin",
    "op",
    "store",
]
