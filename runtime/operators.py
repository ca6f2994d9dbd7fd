"""Python's operators on tensors, each as the operator that TorchScript calls for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jit.runtime import binding, indexing
from jit.runtime.binding import NoOverloadError
from jit.runtime.eager.kinds import GET_ITEM
from jit.runtime.eager.operator import EagerOperator
from jit.runtime.tensor import Tensor
from jit.runtime.traced import Traced

Method = Callable[..., Any]

_BINARY = {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "truediv": "div",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "matmul": "matmul",
    "and": "__and__",
    "or": "__or__",
    "xor": "__xor__",
    "lshift": "__lshift__",
    "rshift": "__rshift__",
    "eq": "eq",
    "ne": "ne",
    "lt": "lt",
    "le": "le",
    "gt": "gt",
    "ge": "ge",
}
_IN_PLACE = {
    "add": "add_",
    "sub": "sub_",
    "mul": "mul_",
    "truediv": "div_",
    "floordiv": "floor_divide_",
    "mod": "remainder_",
    "pow": "pow_",
    "and": "__iand__",
    "or": "__ior__",
    "xor": "__ixor__",
    "lshift": "__ilshift__",
    "rshift": "__irshift__",
}
_SAME_EITHER_WAY = ("add", "mul", "and", "or", "xor")
_UNARY = {"neg": "neg", "abs": "abs", "invert": "bitwise_not"}


_OPERANDS = (Tensor, int, float, complex, np.ndarray, np.number, np.bool_, Traced)


def _is_operand(value: Any) -> bool:
    return isinstance(value, _OPERANDS)


def _binary(kind: str) -> Method:
    call = binding.resolver_of(kind).call

    def method(self: Any, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        return call((self, other), None)

    return method


def _reflected(kind: str) -> Method:
    def method(self: Any, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        return binding.call_operator(kind, (other, self))

    return method


def _commuted(kind: str) -> Method:
    """`2 + x` is `x + 2`, which has an overload for numbers; arrays keep their side."""

    call = binding.resolver_of(kind).call

    def method(self: Any, other: Any) -> Any:
        if not _is_operand(other):
            return NotImplemented
        if isinstance(other, np.ndarray):
            return call((other, self), None)
        if isinstance(self, int | float | complex):
            raise TypeError(f"a method of Tensor does not apply to {self!r}")
        return call((self, other), None)

    return method


def _unary(kind: str) -> Method:
    return lambda self: binding.call_operator(kind, (self,))


def _rsub(self: Any, other: Any) -> Any:
    if not _is_operand(other):
        return NotImplemented
    return binding.call_operator("aten::rsub", (self, other))


def _rtruediv(self: Any, other: Any) -> Any:
    if not _is_operand(other):
        return NotImplemented
    if isinstance(other, np.ndarray):
        return binding.call_operator("aten::div", (other, self))
    # as torch and TorchScript compute it, so that the bits agree
    inverse = binding.call_operator("aten::reciprocal", (self,))
    return binding.call_operator("aten::mul", (inverse, other))


def _contains(self: Any, element: Any) -> bool:
    if not _is_operand(element):
        raise RuntimeError(
            "Tensor.__contains__ only supports Tensor or scalar, but you passed in a"
            f" {type(element)}."
        )
    equal = binding.call_operator("aten::eq", (self, element))
    return bool(binding.call_operator("aten::any", (equal,)))


def _matmul(self: Any, other: Any) -> Any:
    try:
        return binding.call_operator("aten::matmul", (self, other))
    except NoOverloadError:
        return NotImplemented


def install(tensor: type) -> None:
    """Give a class the operators."""
    methods: dict[str, Method] = {}
    for name, kind in _BINARY.items():
        methods[f"__{name}__"] = _binary(f"aten::{kind}")
    for name in _SAME_EITHER_WAY:
        methods[f"__r{name}__"] = _commuted(f"aten::{_BINARY[name]}")
    for name in ("floordiv", "mod", "pow", "matmul", "lshift", "rshift"):
        methods[f"__r{name}__"] = _reflected(f"aten::{_BINARY[name]}")
    for name, kind in _IN_PLACE.items():
        methods[f"__i{name}__"] = _binary(f"aten::{kind}")
    for name, kind in _UNARY.items():
        methods[f"__{name}__"] = _unary(f"aten::{kind}")
    methods["__rsub__"] = _rsub
    methods["__rtruediv__"] = methods["__rdiv__"] = _rtruediv
    methods["__matmul__"] = _matmul
    methods["__pos__"] = lambda self: self
    kinds: dict[str, str] = {}
    for name in _BINARY:
        kinds[f"__{name}__"] = f"aten::{_BINARY[name]}"
    for name in _SAME_EITHER_WAY:
        kinds[f"__r{name}__"] = f"aten::{_BINARY[name]}"
    for name, kind in _UNARY.items():
        kinds[f"__{name}__"] = f"aten::{kind}"
    kinds["__rsub__"] = "aten::rsub"
    kinds["__getitem__"] = GET_ITEM
    methods["__contains__"] = _contains
    methods["__getitem__"] = indexing.get_item
    methods["__setitem__"] = indexing.set_item
    for name, method in methods.items():
        method.__name__ = name
        method.__qualname__ = f"Tensor.{name}"
        if name in kinds:
            method = EagerOperator(kinds[name], method, name, method.__qualname__)
        setattr(tensor, name, method)
