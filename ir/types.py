"""The types of values: frozen, compared by value, printed as TorchScript does.

    Tensor  Float(2, *)  Array  Array[float64](*, 3)  int  float  int[]  int?
    Dict(str, int)  Set(int)  (int, Tensor)  Union[int, str]  Future(Tensor)
    NamedTuple[Point](x : int, y : int)  Enum[Color, int](RED=1, BLUE=2)
    Class<model.Counter>  Module<model.MLP>  Interface<model.Op>  Function<model.f>

`jit.ir.type_text` parses this notation and prints it; `str(type)` prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jit.ir.dtypes import DType

Sizes = tuple[int | None, ...]
"""Sizes along each axis; None where it is known only when the program runs."""


@dataclass(frozen=True, slots=True)
class Type:
    """Base of all types."""

    def __str__(self) -> str:
        from jit.ir.type_text import format_type

        return format_type(self)

    def __call__(self) -> Type:
        """Itself: `value.type()` is `value.type`, see `spelling`."""
        return self


@dataclass(frozen=True, slots=True)
class TensorType(Type):
    """A torch tensor. Printed form: `Tensor`, `Float`, `Float(2, *)`."""

    dtype: DType | None = None
    sizes: Sizes | None = None

    @property
    def rank(self) -> int | None:
        return None if self.sizes is None else len(self.sizes)


@dataclass(frozen=True, slots=True)
class ArrayType(Type):
    """A NumPy array or NumPy scalar, with NumPy's rules.

    Printed form: `Array`, `Array[float64](2, *)`.
    """

    dtype: DType | None = None
    sizes: Sizes | None = None

    @property
    def rank(self) -> int | None:
        return None if self.sizes is None else len(self.sizes)


@dataclass(frozen=True, slots=True)
class SimpleType(Type):
    """A type with a name and no parts: `int`, `float`, `NoneType`."""

    name: str


@dataclass(frozen=True, slots=True)
class ListType(Type):
    """Printed form: `int[]`."""

    element: Type


@dataclass(frozen=True, slots=True)
class SetType(Type):
    """Printed form: `Set(int)`."""

    element: Type


@dataclass(frozen=True, slots=True)
class DictType(Type):
    """Printed form: `Dict(str, int)`."""

    key: Type
    value: Type


@dataclass(frozen=True, slots=True)
class TupleType(Type):
    """Printed form: `(int, Tensor)`."""

    elements: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class NamedTupleType(Type):
    """Printed form: `NamedTuple[Point](x : int, y : int)`."""

    name: str
    fields: tuple[tuple[str, Type], ...]

    @property
    def elements(self) -> tuple[Type, ...]:
        return tuple(t for _, t in self.fields)


@dataclass(frozen=True, slots=True)
class OptionalType(Type):
    """A value or None. Printed form: `int?`. Made by `optional`, never nested."""

    element: Type


@dataclass(frozen=True, slots=True, eq=False)
class UnionType(Type):
    """One of several types, without None. Printed form: `Union[int, str]`.

    The order of the members is that in which they were written, and means nothing.
    """

    members: tuple[Type, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnionType) and set(self.members) == set(other.members)

    def __hash__(self) -> int:
        return hash(frozenset(self.members))


@dataclass(frozen=True, slots=True)
class FutureType(Type):
    """Printed form: `Future(Tensor)`."""

    element: Type


@dataclass(frozen=True, slots=True)
class EnumType(Type):
    """Printed form: `Enum[Color, int](RED=1, BLUE=2)`."""

    name: str
    value_type: Type
    members: tuple[tuple[str, int | float | str], ...]


@dataclass(frozen=True, slots=True)
class ClassType(Type):
    """An instance of a scripted class, defined in the program.

    Printed form: `Class<model.Counter>`.
    """

    name: str


@dataclass(frozen=True, slots=True)
class ModuleType(Type):
    """A module, defined in the program. Printed form: `Module<model.MLP>`."""

    name: str


@dataclass(frozen=True, slots=True)
class InterfaceType(Type):
    """Anything with the methods of an interface of the program.

    Printed form: `Interface<model.Op>`.
    """

    name: str


@dataclass(frozen=True, slots=True)
class FunctionType(Type):
    """A function of the program. Printed form: `Function<model.f>`."""

    name: str


@dataclass(frozen=True, slots=True)
class TypeVariable(Type):
    """A type that a call fixes, only in schemas. Printed form: `t`."""

    name: str


TENSOR = TensorType()
ARRAY = ArrayType()
INT = SimpleType("int")
FLOAT = SimpleType("float")
BOOL = SimpleType("bool")
STR = SimpleType("str")
COMPLEX = SimpleType("complex")
NONE = SimpleType("NoneType")
DEVICE = SimpleType("Device")
DTYPE = SimpleType("ScalarType")
NUMBER = SimpleType("Scalar")
"""int, float, bool or complex."""
ANY = SimpleType("Any")
EXCEPTION = SimpleType("Exception")
"""An exception caught by a `prim::Try`."""
LAYOUT = SimpleType("Layout")
GENERATOR = SimpleType("Generator")
MEMORY_FORMAT = SimpleType("MemoryFormat")

SIMPLE = {
    t.name: t
    for t in (
        INT, FLOAT, BOOL, STR, COMPLEX, NONE, DEVICE, DTYPE, NUMBER, ANY, EXCEPTION,
        LAYOUT, GENERATOR, MEMORY_FORMAT,
    )
}  # fmt: skip
"""Simple types by name."""


def optional(element: Type) -> Type:
    """`element` or None, without nesting."""
    if isinstance(element, OptionalType) or element in (NONE, ANY):
        return element
    return OptionalType(element)


def union_of(members: Iterable[Type]) -> Type:
    """One of some types, which may be unions and Optionals themselves."""
    others: dict[Type, None] = {}
    has_none = False
    for member in members:
        inner = member.element if isinstance(member, OptionalType) else member
        has_none = has_none or inner is not member or inner == NONE
        if inner != NONE:
            parts = inner.members if isinstance(inner, UnionType) else (inner,)
            others.update(dict.fromkeys(parts))
    if not others:
        return NONE
    joined = UnionType(tuple(others)) if len(others) > 1 else next(iter(others))
    return optional(joined) if has_none else joined


def tuple_elements(type: Type) -> tuple[Type, ...] | None:
    """Types of the elements of a tuple or named tuple; None for other types."""
    if isinstance(type, TupleType | NamedTupleType):
        return type.elements
    return None


def children(type: Type) -> Iterator[Type]:
    """The types directly inside of a type."""
    match type:
        case ListType(e) | SetType(e) | OptionalType(e) | FutureType(e):
            yield e
        case DictType(k, v):
            yield k
            yield v
        case TupleType(elements):
            yield from elements
        case NamedTupleType(_, fields):
            yield from (t for _, t in fields)
        case UnionType(members):
            yield from members
        case EnumType(_, value, _):
            yield value


def rebuild(type: Type, change: Callable[[Type], Type]) -> Type:
    """`type` with each type directly inside of it replaced."""
    match type:
        case ListType(e) | SetType(e) | FutureType(e):
            return type.__class__(change(e))
        case OptionalType(e):
            return optional(change(e))
        case DictType(k, v):
            return DictType(change(k), change(v))
        case TupleType(elements):
            return TupleType(tuple(map(change, elements)))
        case NamedTupleType(name, fields):
            return NamedTupleType(name, tuple((n, change(t)) for n, t in fields))
        case UnionType(members):
            return UnionType(tuple(map(change, members)))
        case EnumType(name, value, members):
            return EnumType(name, change(value), members)
    return type


def contains_variable(type: Type) -> bool:
    """Whether a type variable occurs in it."""
    return isinstance(type, TypeVariable) or any(map(contains_variable, children(type)))


def is_tensor_like(type: Type) -> bool:
    """Whether it is a Tensor or an Array."""
    return isinstance(type, TensorType | ArrayType)
