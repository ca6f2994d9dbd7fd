"""Kinds: how a value of the language is held by machine code.

A value is made of leaves, LLVM values that live in registers: an int has one, a tuple
those of its items, a tensor where its elements are, its sizes and its strides. What a
branch gives, what a loop carries and what a function takes are leaves.

    kind_of_type(T.INT)         Number(T.INT)                  i64
    kind_of_type(T.STR, True)   ObjectKind(T.STR)              the object's address
    kind_of(buffer)             TensorKind(float32, 2, ...)    data, sizes, strides, owner
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.runtime.codegen.values import ELEMENT, F64, I1, I64, POINTER, Buffer


class Declined(Exception):  # noqa: N818 - nothing went wrong
    """Machine code is not made of something; the message says why."""


class Kind:
    """Base of all kinds; frozen, compared by value."""

    def leaf_types(self) -> list[ll.Type]:
        """The LLVM types of the leaves."""
        raise NotImplementedError

    def build(self, leaves: Sequence[ll.Value]) -> Any:
        """The value that has these leaves."""
        raise NotImplementedError


_NUMBERS: dict[T.Type, ll.Type] = {T.INT: I64, T.FLOAT: F64, T.BOOL: I1}


@dataclass(frozen=True)
class Number(Kind):
    """An int, a float or a bool: one LLVM value."""

    type: T.Type

    def leaf_types(self) -> list[ll.Type]:
        return [_NUMBERS[self.type]]

    def build(self, leaves: Sequence[ll.Value]) -> ll.Value:
        (leaf,) = leaves
        return leaf

    def __str__(self) -> str:
        return str(self.type)


@dataclass(frozen=True)
class StaticKind(Kind):
    """A value that is the same in every run: None, a dtype, a text."""

    value: Any

    def leaf_types(self) -> list[ll.Type]:
        return []

    def build(self, leaves: Sequence[ll.Value]) -> Static:
        return Static(self.value)

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class TupleKind(Kind):
    """A tuple: the leaves of its items, one after the other."""

    items: tuple[Kind, ...]
    type: T.Type | None = None
    """The named tuple type, if it is one."""

    def leaf_types(self) -> list[ll.Type]:
        return [t for item in self.items for t in item.leaf_types()]

    def build(self, leaves: Sequence[ll.Value]) -> Tuple:
        values, start = [], 0
        for item in self.items:
            end = start + len(item.leaf_types())
            values.append(item.build(leaves[start:end]))
            start = end
        return Tuple(tuple(values), self.type)

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.items))})"


@dataclass(frozen=True)
class TensorKind(Kind):
    """A tensor or array: pointer to the first element, sizes, strides, owner."""

    dtype: DType
    rank: int
    is_array: bool = False

    def leaf_types(self) -> list[ll.Type]:
        return [POINTER, *[I64] * (2 * self.rank), POINTER]

    def build(self, leaves: Sequence[ll.Value]) -> Buffer:
        rank = self.rank
        return Buffer(
            self.dtype,
            leaves[0],
            tuple(leaves[1 : 1 + rank]),
            tuple(leaves[1 + rank : 1 + 2 * rank]),
            leaves[1 + 2 * rank],
        )

    def __str__(self) -> str:
        word = "Array" if self.is_array else "Tensor"
        return f"{word}[{self.dtype.name}, rank {self.rank}]"


@dataclass(frozen=True)
class ListKind(Kind):
    """A list of numbers in memory of the region: the address of its header."""

    element: Number

    def leaf_types(self) -> list[ll.Type]:
        return [POINTER]

    def build(self, leaves: Sequence[ll.Value]) -> ListValue:
        return ListValue(self.element, leaves[0])

    def __str__(self) -> str:
        return f"{self.element}[]"


@dataclass(frozen=True)
class ObjectKind(Kind):
    """A Python object: its address, with a reference of its own."""

    type: T.Type

    def leaf_types(self) -> list[ll.Type]:
        return [POINTER]

    def build(self, leaves: Sequence[ll.Value]) -> Handle:
        return Handle(leaves[0], self.type)

    def __str__(self) -> str:
        return f"object({self.type})"


@dataclass(frozen=True)
class Static:
    """A value that is known when code is made."""

    value: Any


@dataclass(frozen=True)
class Tuple:
    """A tuple of values."""

    items: tuple[Any, ...]
    type: T.Type | None = None


@dataclass(frozen=True)
class ListValue:
    """A list of numbers: `header` points to its data, length and capacity."""

    element: Number
    header: ll.Value


@dataclass(frozen=True)
class Handle:
    """A Python object: a string, a dict, an instance, anything."""

    word: ll.Value
    """The address of the object."""
    type: T.Type


@dataclass(frozen=True)
class Items:
    """A list that nobody changes or keeps, of items that are known one by one."""

    items: tuple[Any, ...]
    type: T.Type


@dataclass(frozen=True)
class Repeated:
    """A list of which only the length matters: that of parts that do not fit the
    variables they are unpacked into."""

    count: ll.Value


@dataclass(frozen=True)
class Cell:
    """A list that always has one number, in the frame of the function: a variable that
    the body of a `try` changes."""

    place: ll.Value


@dataclass(frozen=True)
class Lazy:
    """A text that is computed only if the region fails with it: the message of an
    exception. `node` gives it from the values `inputs`."""

    node: Any
    inputs: tuple[Any, ...]


@dataclass(frozen=True)
class Unset:
    """A variable on a path where it has no value, and where nobody reads it."""

    type: T.Type


def kind_of_type(type: T.Type, objects: bool = False) -> Kind:
    """How values of a type are held.

    What nothing else holds is a Python object where there are `objects`, otherwise
    Declined. Lists of numbers are memory of the region, unless somebody says more.
    """
    if type in _NUMBERS:
        return Number(type)
    match type:
        case T.SimpleType("NoneType"):
            return StaticKind(None)
        case T.TupleType(elements):
            return TupleKind(tuple(kind_of_type(e, objects) for e in elements))
        case T.NamedTupleType():
            items = tuple(kind_of_type(e, objects) for e in type.elements)
            return TupleKind(items, type)
        case T.TensorType(DType() as dtype, tuple() as sizes) if dtype in ELEMENT:
            return TensorKind(dtype, len(sizes))
        case T.ArrayType(DType() as dtype, tuple() as sizes) if dtype in ELEMENT and (
            sizes or not objects  # without sizes it may be a scalar of NumPy
        ):
            return TensorKind(dtype, len(sizes), True)
        case T.ListType(element) if element in _NUMBERS:
            return ListKind(Number(element))
    if objects:
        return ObjectKind(type)
    element_type: Any = getattr(type, "dtype", None)
    if element_type is not None and element_type not in ELEMENT:
        raise Declined(f"elements of {element_type.name} are not held by machine code")
    if T.is_tensor_like(type):
        raise Declined("the dtype or rank of a tensor is not known")
    raise Declined(f"values of type `{type}` are not held by machine code")


def is_array(type: T.Type | None) -> bool:
    """Whether tensors of a type are arrays; Optional or not."""
    inner = type.element if isinstance(type, T.OptionalType) else type
    return isinstance(inner, T.ArrayType)


def kind_of(value: Any, type: T.Type) -> Kind:
    """How a value, which has a type, is held."""
    match value:
        case ll.Value():
            return Number({I64: T.INT, F64: T.FLOAT, I1: T.BOOL}[value.type])
        case Static():
            return StaticKind(value.value)
        case Tuple(items):
            types = T.tuple_elements(type) or (T.ANY,) * len(items)
            parts = tuple(map(kind_of, items, types))
            return TupleKind(parts, value.type)
        case Buffer():
            return TensorKind(value.dtype, value.rank, is_array(type))
        case ListValue(element):
            return ListKind(element)
        case Handle():
            return ObjectKind(type)
        case Unset():
            return kind_of_type(value.type)
    raise Declined(f"a `{type}` is not handed on by machine code")


def leaves_of(value: Any, kind: Kind) -> list[ll.Value]:
    """The leaves of a value that is held as `kind`."""
    match value:
        case ll.Value():
            return [value]
        case Static():
            return []
        case Tuple(items):
            assert isinstance(kind, TupleKind)
            return [
                leaf
                for item, k in zip(items, kind.items, strict=True)
                for leaf in leaves_of(item, k)
            ]
        case Buffer():
            owner = (
                value.owner if value.owner is not None else ll.Constant(POINTER, None)
            )
            return [value.data, *value.sizes, *value.strides, owner]
        case ListValue():
            return [value.header]
        case Handle():
            return [value.word]
        case Unset():
            return [
                ll.Constant(t, None)
                if isinstance(t, ll.PointerType)
                else ll.Constant(t, 0)
                for t in kind.leaf_types()
            ]
    raise Declined(f"{value!r} has no leaves")
