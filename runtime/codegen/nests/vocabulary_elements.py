"""Operands of formulas as LLVM values, with the operators of Python."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import BOOL, FLOATING, DType, dtype_of

if TYPE_CHECKING:
    from jit.runtime.codegen.nests.vocabulary import LlvmVocabulary

Number = bool | int | float


class _Splat(ll.Constant):
    """A vector constant of equal lanes, in the short notation."""

    def _get_reference(self) -> str:
        first = self.constant[0]
        return f"splat ({first.type} {first.get_reference()})"


def constant(type: ll.Type, value: Any) -> ll.Constant:
    """A constant, in every lane of a vector type."""
    if isinstance(type, ll.VectorType):
        return _Splat(type, ll.Constant(type.element, value))
    return ll.Constant(type, value)


def with_lanes(type: ll.Type, lanes: int | None) -> ll.Type:
    """The type of `lanes` neighbouring values."""
    return type if lanes is None else ll.VectorType(type, lanes)


def overloaded(type: ll.Type) -> str:
    """A type as it is written in the name of an intrinsic: `v16f32`."""
    if isinstance(type, ll.VectorType):
        return f"v{type.count}{overloaded(type.element)}"
    if isinstance(type, ll.IntType):
        return f"i{type.width}"
    return {"half": "f16", "float": "f32", "double": "f64"}[str(type)]


def intrinsic(
    builder: ll.IRBuilder, name: str, *args: ll.Value, result: Any = None
) -> Any:
    """A call of an LLVM intrinsic that is overloaded on the type of its first operand."""
    first = args[0].type
    return call(builder, f"llvm.{name}.{overloaded(first)}", result or first, *args)


def call(builder: ll.IRBuilder, name: str, result: ll.Type, *args: ll.Value) -> Any:
    """A call of a function by name, declared where it is not yet."""
    module = builder.module
    function = module.globals.get(name)
    if function is None:
        kind = ll.FunctionType(result, [a.type for a in args])
        function = ll.Function(module, kind, name)
    return builder.call(function, args)


@functools.cache
def promoted_dtypes(a: DType, b: DType) -> DType:
    return dtype_of(np.promote_types(a.numpy, b.numpy))


def dtype_with_number(dtype: DType, number: Number) -> DType:
    """The dtype of a result of an element and a Python number, which is weak."""
    if isinstance(number, float):
        return dtype if dtype.category == FLOATING else dtypes.float64
    if isinstance(number, bool) or dtype.category != BOOL:
        return dtype
    return dtypes.int64


class Element:
    """An operand of a formula: LLVM value, dtype, and its number where it is constant."""

    __slots__ = ("constant", "dtype", "m", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        m: LlvmVocabulary,
        value: ll.Value,
        dtype: DType,
        constant: Number | None = None,
    ) -> None:
        self.m = m
        self.value = value
        self.dtype = dtype
        self.constant = constant

    def __bool__(self) -> bool:
        raise TypeError("a formula cannot branch on its operands: use m.where")

    def __neg__(self) -> Element:
        b = self.m.b
        if self.dtype.category == FLOATING:
            return self.m.element(b.fneg(self.value), self.dtype)
        zero = constant(self.value.type, 0)
        return self.m.element(b.sub(zero, self.value), self.dtype)

    def __invert__(self) -> Element:
        return self.m.element(self.m.b.not_(self.value), self.dtype)

    def __abs__(self) -> Element:
        return self.m.abs(self)


def _operator(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(x: Element, y: Any) -> Any:
        return getattr(x.m, name)(x, y)

    def reflected(x: Element, y: Any) -> Any:
        return getattr(x.m, name)(y, x)

    return forward, reflected


for _python, _name in (
    ("add", "add"), ("sub", "subtract"), ("mul", "multiply"), ("truediv", "divide"),
    ("and", "bit_and"), ("or", "bit_or"), ("xor", "bit_xor"), ("mod", "remainder"),
    ("floordiv", "floor_divide"), ("pow", "pow"),
):  # fmt: skip
    _forward, _reflected = _operator(_name)
    setattr(Element, f"__{_python}__", _forward)
    setattr(Element, f"__r{_python}__", _reflected)
for _python in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Element, f"__{_python}__", _operator(_python)[0])
