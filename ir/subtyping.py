"""Is a value of one type usable where another is expected, without conversion?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from jit.ir import types as T

_BASES: dict[str, tuple[str, ...]] = {}
"""What classes derive from, and the interfaces that they implement, by name: those of
Python classes, whose names are theirs alone."""

CLASSES: set[str] = set()
"""Those of them that are classes."""

_within: ContextVar[Mapping[str, tuple[str, ...]]] = ContextVar("within")
"""The same for the classes of the program that is looked at."""


@contextmanager
def within(bases: Mapping[str, tuple[str, ...]]) -> Iterator[None]:
    """Take classes to derive from what a program says."""
    token = _within.set(bases)
    try:
        yield
    finally:
        _within.reset(token)


def declare_bases(name: str, bases: tuple[str, ...]) -> None:
    """Let the instances of a class or module be instances of others."""
    known = _BASES.get(name, ())
    _BASES[name] = (*known, *(b for b in bases if b not in known))


def ancestors(name: str) -> list[str]:
    """A class and all that it derives from, nearest first."""
    here = _within.get(_BASES)
    found = [name]
    for current in found:
        bases = here.get(current) or _BASES.get(current, ())
        found += [b for b in bases if b not in found]
    return found


def is_subtype(a: T.Type, b: T.Type) -> bool:
    """Whether every value of `a` is a value of `b`.

    Containers that can be changed are invariant; tuples are covariant. Sizes,
    rank and dtype refine: `Float(2, 3)` is a subtype of `Float` and of `Tensor`.
    """
    if a == b or b == T.ANY:
        return True
    match a, b:
        case T.OptionalType(x), T.OptionalType(y):
            return is_subtype(x, y)
        case T.SimpleType("NoneType"), T.OptionalType():
            return True
        case _, T.OptionalType(y):
            return is_subtype(a, y)
        case T.UnionType(members), _:
            return all(is_subtype(m, b) for m in members)
        case _, T.UnionType(members):
            return any(is_subtype(a, m) for m in members)
        case (T.TensorType(), T.TensorType()) | (T.ArrayType(), T.ArrayType()):
            return _refines(a, b)  # type: ignore[arg-type]
        case T.SimpleType("int" | "float" | "complex" | "bool"), T.SimpleType("Scalar"):
            return True
        case T.ListType(x), T.ListType(y):
            # the elements of a tensor list may be refined: nothing checks them
            return T.is_tensor_like(x) and is_subtype(x, y)
        case T.FutureType(x), T.FutureType(y):
            return is_subtype(x, y)
        case (
            T.ClassType(derived) | T.ModuleType(derived) | T.InterfaceType(derived),
            T.ClassType(base) | T.InterfaceType(base),
        ):
            return base in ancestors(derived)
        case ((T.NamedTupleType() as p), (T.NamedTupleType() as q)):
            same = p.name == q.name and [n for n, _ in p.fields] == [
                n for n, _ in q.fields
            ]
            return same and all(map(is_subtype, p.elements, q.elements))
        case (T.TupleType() | T.NamedTupleType()) as given, T.TupleType(wanted):
            same = len(given.elements) == len(wanted)
            return same and all(map(is_subtype, given.elements, wanted))
    return False


def _refines(a: T.TensorType | T.ArrayType, b: T.TensorType | T.ArrayType) -> bool:
    if b.dtype is not None and a.dtype is not b.dtype:
        return False
    if b.sizes is None:
        return True
    if a.sizes is None or len(a.sizes) != len(b.sizes):
        return False
    return all(y is None or x == y for x, y in zip(a.sizes, b.sizes, strict=True))
