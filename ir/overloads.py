"""Choose the overload that a call means, and explain why none fits.

Three rounds, the first that fits wins: arguments as they are; with the implicit
conversions between numbers and tensors (`int` for `float` and `Scalar`, a number for a
Tensor, a one-element Tensor for a number); with one number for a sized list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.registry import overloads_of
from jit.ir.schema import Argument, FunctionSchema
from jit.ir.subtyping import is_subtype
from jit.ir.unification import match_variables, substitute

EXACT, CONVERTED = 0, 1


@dataclass(frozen=True, slots=True)
class Binding:
    """How a call meets a schema."""

    schema: FunctionSchema
    sources: tuple[int | str | None, ...]
    """For each argument of the schema: the position or keyword of the call that gives
    it, or None for its default."""
    types: tuple[T.Type, ...]
    """The types of the arguments, variables replaced. Where the given type is not a
    subtype, the caller converts."""
    returns: tuple[T.Type, ...]
    """The types of the results, variables replaced."""
    card: type[Card] | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a call does not meet a schema."""

    schema: FunctionSchema
    reason: str
    depth: int
    """How many arguments fitted: the nearest miss is the one with the most."""
    argument: int | str | None = None
    """The position or keyword of the argument at fault, if one is."""


def bind(
    schema: FunctionSchema,
    positional: Sequence[T.Type],
    keywords: Mapping[str, T.Type],
    *,
    level: int = CONVERTED,
) -> Binding | Mismatch:
    """Match the types of a call with one schema."""
    bound: dict[str, T.Type] = {}
    sources: list[int | str | None] = []
    types: list[T.Type] = []
    used = set()
    next_position = 0
    given: list[tuple[Argument, int | str | None, T.Type | None]] = []
    for argument in schema.arguments:
        if not argument.keyword_only and next_position < len(positional):
            if argument.name in keywords:
                return Mismatch(
                    schema, f"argument `{argument.name}` is given twice", len(given)
                )
            given.append((argument, next_position, positional[next_position]))
            next_position += 1
        elif argument.name in keywords:
            used.add(argument.name)
            given.append((argument, argument.name, keywords[argument.name]))
        elif argument.is_required:
            return Mismatch(
                schema, f"argument `{argument.name}` is missing", len(given)
            )
        else:
            given.append((argument, None, None))
    if next_position < len(positional) and not schema.is_vararg:
        most = sum(not a.keyword_only for a in schema.arguments)
        return Mismatch(
            schema,
            f"{len(positional)} positional arguments are given, it takes {most}",
            0,
        )
    for name in keywords:
        if name not in used:
            return Mismatch(schema, f"there is no argument `{name}`", 0, name)
    for depth, (argument, source, actual) in enumerate(given):
        sources.append(source)
        if actual is None:
            types.append(substitute(argument.type, bound))
            continue
        accepted = accepts(argument, actual, bound, level=level)
        if accepted is None:
            wanted = substitute(argument.type, bound) if bound else argument.type
            return Mismatch(
                schema,
                f"argument `{argument.name}` is `{actual}`, expected `{wanted}`",
                depth + 1,
                source,
            )
        types.append(accepted)
    if schema.is_vararg:
        rest = range(next_position, len(positional))
        sources += rest
        types += [positional[i] for i in rest]
    returns = tuple(substitute(r.type, bound) for r in schema.returns)
    return Binding(schema, tuple(sources), tuple(types), returns)


def accepts(
    argument: Argument, actual: T.Type, bound: dict[str, T.Type], *, level: int
) -> T.Type | None:
    """The type in which an argument takes a value, None if it does not."""
    wanted = match_variables(argument.type, actual, bound)
    if wanted is not None and is_subtype(actual, wanted):
        return wanted
    if level >= CONVERTED:
        plain = wanted if wanted is not None else argument.type
        if T.contains_variable(plain):
            return None
        if is_convertible(actual, plain):
            return plain
        element = plain.element if isinstance(plain, T.OptionalType) else plain
        if (
            argument.length is not None
            and isinstance(element, T.ListType)
            and (is_subtype(actual, element.element)
                 or is_convertible(actual, element.element))
        ):  # fmt: skip
            return plain
    return None


def is_convertible(actual: T.Type, wanted: T.Type) -> bool:
    """Whether a value may be given where another type is expected, by conversion.

    The front end inserts the conversion: `aten::Float`, `prim::NumToTensor`, a list
    from a tuple.
    """
    if isinstance(wanted, T.OptionalType):
        wanted = wanted.element
    if isinstance(actual, T.OptionalType):
        return False
    match actual, wanted:
        case T.SimpleType("bool"), T.SimpleType("int" | "float" | "Scalar" | "complex"):
            return True
        case T.SimpleType("int"), T.SimpleType("float" | "complex"):
            return True
        case T.SimpleType("float"), T.SimpleType("complex"):
            return True
        case T.SimpleType("int" | "float" | "bool" | "complex" | "Scalar"), (
            T.TensorType()
        ):
            return wanted == T.TENSOR
        case T.SimpleType("int" | "float" | "bool" | "complex" | "Scalar"), (
            T.ArrayType()
        ):
            return wanted == T.ARRAY
        case T.ArrayType(), T.TensorType():
            return wanted == T.TENSOR
        case (
            (T.TensorType() | T.ArrayType()),
            (T.SimpleType("int" | "float" | "Scalar" | "complex")),
        ):
            return True
        case ((T.TupleType() | T.NamedTupleType()), T.ListType(element)):
            return all(
                is_subtype(e, element) or is_convertible(e, element)
                for e in actual.elements
            )
        case T.SimpleType("str"), T.SimpleType("Device"):
            return True
    return False


def resolve(
    kind: str,
    positional: Sequence[T.Type],
    keywords: Mapping[str, T.Type] | None = None,
    overload: str | None = None,
) -> Binding | list[Mismatch]:
    """The overload of `kind` that a call means; none but `overload` if it is given.

    If none fits, all mismatches, nearest first. An unknown kind gives an empty list.
    """
    keywords = keywords or {}
    misses: list[Mismatch] = []
    cards = overloads_of(kind)
    if overload is not None:
        cards = [c for c in cards if c.schema.overload == overload]
    for level in (EXACT, CONVERTED):
        misses = []
        for card in cards:
            found = bind(card.schema, positional, keywords, level=level)
            if isinstance(found, Binding):
                return Binding(
                    found.schema, found.sources, found.types, found.returns, card
                )
            misses.append(found)
    return sorted(misses, key=lambda m: -m.depth)


def overload_by_types(kind: str, types: Sequence[T.Type]) -> str | None:
    """The overload whose schema a node's input types fit as they are; None if none.

    A node lists all arguments of the schema, defaults included.
    """
    for card in overloads_of(kind):
        schema = card.schema
        if len(types) < len(schema.arguments):
            continue
        if len(types) > len(schema.arguments) and not schema.is_vararg:
            continue
        bound: dict[str, T.Type] = {}
        if all(
            accepts(a, t, bound, level=EXACT) is not None
            for a, t in zip(schema.arguments, types, strict=False)
        ):
            return schema.overload
    return None
