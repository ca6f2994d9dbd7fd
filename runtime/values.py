"""Which Python values the types of a schema take, and what a kernel then gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.ir.schema import Argument
from jit.runtime import dispatch
from jit.runtime.device import Device, Layout, MemoryFormat
from jit.runtime.promotion import dtype_of_number
from jit.runtime.random import Generator
from jit.runtime.tensor import Tensor, wrap
from jit.runtime.traced import Traced

REFUSED: Any = type("Refused", (), {"__repr__": lambda _: "REFUSED"})()
"""What an Accept returns for a value that it does not take."""

Accept = Callable[[Any], Any]
"""From a value to what the kernel gets, or REFUSED."""


def exact(argument: Argument) -> Accept:
    """Takes values that count as the argument's type as they are."""
    type = argument.type
    if isinstance(type, T.OptionalType):
        return _or_none(_exact(type.element, argument))
    return _exact(type, argument)


def _exact(type: T.Type, argument: Argument) -> Accept:
    if isinstance(type, T.ListType):
        if argument.alias is not None and argument.alias.is_write:
            return _same_list
        element = _element(type.element)
        if element is None:
            return _same_list
        return _make_list(element, argument.length)
    return _SIMPLE.get(str(type), _container(type))


def convertible(argument: Argument, numbers: bool = True) -> Accept:
    """Takes values that can be converted to the argument's type.

    Without `numbers`, they stand for no Tensor.
    """
    type = argument.type
    if isinstance(type, T.OptionalType):
        type = type.element
    if type == T.TENSOR and not numbers:
        return _tensor_of_array
    return _CONVERT.get(str(type), _refuse)


def describe(value: Any) -> str:
    """A value in a message: its type, for tensors with dtype and sizes."""
    if isinstance(value, Tensor):
        return f"`Tensor` ({value.dtype.name}{list(value.array.shape)})"
    if isinstance(value, list | tuple) and value and len(value) <= 4:
        inner = ", ".join(type(v).__name__ for v in value)
        return f"`[{inner}]`" if isinstance(value, list) else f"`({inner})`"
    return f"`{type(value).__name__}`"


def _refuse(value: Any) -> Any:
    return REFUSED


def _anything(value: Any) -> Any:
    return value


def _or_none(accept: Accept) -> Accept:
    return lambda value: None if value is None else accept(value)


def _tensor(value: Any) -> Any:
    return value if isinstance(value, Tensor) else REFUSED


def _array(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value
    if isinstance(value, Traced) and isinstance(value.type, T.ArrayType):
        return value
    return REFUSED


def _int(value: Any) -> Any:
    if type(value) is int:
        return value
    if isinstance(value, bool):
        return REFUSED
    if isinstance(value, int | np.integer):
        return int(value)
    return _traced(value, "int")


def _float(value: Any) -> Any:
    if type(value) is float:
        return value
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(
        value, bool
    ):
        return float(value)
    return _traced(value, "float")


def _bool(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return _traced(value, "bool")


def _complex(value: Any) -> Any:
    if isinstance(value, complex | float | int | np.number):
        return complex(value)
    return REFUSED


def _number(value: Any) -> Any:
    if type(value) in (int, float, bool, complex):
        return value
    if isinstance(value, np.number | np.bool_):
        return value.item()
    if isinstance(value, int | float | complex):
        return value
    return _traced(value, "Scalar")


_TRACED = {
    "int": (T.INT,),
    "float": (T.FLOAT, T.INT),
    "bool": (T.BOOL,),
    "Scalar": (T.FLOAT, T.INT, T.BOOL, T.COMPLEX, T.NUMBER),
}


def _traced(value: Any, wanted: str) -> Any:
    """A value that stands for one of this type while a function is traced."""
    if isinstance(value, Traced) and value.type in _TRACED[wanted]:
        return value
    return REFUSED


_PYTHON_DTYPES = {
    float: dtypes.float64,
    int: dtypes.int64,
    bool: dtypes.bool_,
    complex: dtypes.complex128,
}


def accept_dtype(value: Any) -> Any:
    """A dtype, also where a type of Python stands for one; otherwise REFUSED."""
    if isinstance(value, DType):
        return value
    if isinstance(value, type):
        return _PYTHON_DTYPES.get(value, REFUSED)
    if isinstance(value, Traced) and value.type == T.DTYPE:
        return value
    return REFUSED


def _device(value: Any) -> Any:
    if isinstance(value, Device):
        return value
    return Device(value) if isinstance(value, str) else REFUSED


def _instance(*classes: type) -> Accept:
    return lambda value: value if isinstance(value, classes) else REFUSED


def _container(type: T.Type) -> Accept:
    match type:
        case T.DictType():
            return _instance(dict)
        case T.SetType():
            return _instance(set)
        case T.TupleType() | T.NamedTupleType():
            return _instance(tuple)
    return _anything


def _same_list(value: Any) -> Any:
    return value if isinstance(value, list) else REFUSED


def _element(type: T.Type) -> Accept | None:
    """What takes the elements of a list; None if the list itself is passed on."""
    if isinstance(type, T.OptionalType):
        inner = _element(type.element)
        return None if inner is None else _or_none(inner)
    if str(type) == "int":
        return _list_int
    return _SIMPLE.get(str(type))


def _list_int(value: Any) -> Any:
    """An int in a list of sizes; one-element integer tensors count, as in torch."""
    if type(value) is int:
        return value
    if isinstance(value, Tensor) and value.array.size == 1:
        if value.dtype.category != 1:
            return REFUSED
        if dispatch.observer is not None:
            return dispatch.observer.index(value)
        return value.__index__()
    return _int(value)


def _make_list(element: Accept, length: int | None) -> Accept:
    def accept(value: Any) -> Any:
        if isinstance(value, list | tuple):
            taken = [element(v) for v in value]
            return REFUSED if any(t is REFUSED for t in taken) else taken
        if length is not None:
            one = element(value)
            return REFUSED if one is REFUSED else [one] * length
        return REFUSED

    return accept


_SIMPLE: dict[str, Accept] = {
    "Tensor": _tensor,
    "Array": _array,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "complex": _complex,
    "Scalar": _number,
    "str": _instance(str),
    "ScalarType": accept_dtype,
    "Device": _device,
    "Layout": _instance(Layout),
    "MemoryFormat": _instance(MemoryFormat),
    "Generator": _instance(Generator),
    "NoneType": lambda value: None if value is None else REFUSED,
    "Any": _anything,
}


def tensor_of(value: Any) -> Any:
    """A number or array as a Tensor; REFUSED for other values."""
    if isinstance(value, _PYTHON_NUMBERS):
        return wrap(np.asarray(value, dtype_of_number(value).numpy))
    if isinstance(value, np.ndarray):
        dtypes.dtype_of(value.dtype)
        return wrap(value)
    if isinstance(value, np.generic):
        return wrap(np.asarray(value))
    # the observer converts it
    return value if isinstance(value, Traced) else REFUSED


def _tensor_of_array(value: Any) -> Any:
    return REFUSED if isinstance(value, _PYTHON_NUMBERS) else tensor_of(value)


_PYTHON_NUMBERS = (bool, int, float, complex)


def _number_of_tensor(value: Any) -> Any:
    if isinstance(value, Tensor) and value.array.size == 1:
        return value.item()
    return REFUSED


def _convert_int(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Tensor) and value.array.size == 1:
        return value.__index__() if value.dtype.category <= 1 else REFUSED
    return REFUSED


def _convert_float(value: Any) -> Any:
    if isinstance(value, bool):
        return float(value)
    found = _number_of_tensor(value)
    return REFUSED if isinstance(found, complex) or found is REFUSED else float(found)


_CONVERT: dict[str, Accept] = {
    "Tensor": tensor_of,
    "Scalar": _number_of_tensor,
    "int": _convert_int,
    "float": _convert_float,
}
