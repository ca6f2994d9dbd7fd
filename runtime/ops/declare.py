"""The decorator `op` that declares cards, and `Family`, the base of the families."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from types import FunctionType
from typing import Any, ClassVar

from jit.ir.card import Card
from jit.ir.registry import find_card, register
from jit.ir.schema import Argument, FunctionSchema, parse_schema

_SIGNATURE = re.compile(r"(\w+::\w+)(?:\.(\w+))?\((.*)\) -> (.*)", re.DOTALL)
_INNER = r"\((?:[^()]|\([^()]*\))*\)"
_PART = re.compile(rf"""(?:[^,()\[\]"]|{_INNER}|\[[^\[\]]*\]|"(?:[^"\\]|\\.)*")+""")


def schema_of(text: str) -> FunctionSchema:
    """As `parse_schema`, several times as fast for the many schemas of the cards.

    They share most of their arguments, so each is parsed once.
    """
    found = _SIGNATURE.fullmatch(text)
    if found is None:
        return parse_schema(text)
    kind, overload, inside, returns = found.groups()
    arguments = []
    keyword_only = vararg = False
    for part in map(str.strip, _PART.findall(inside)):
        if part == "*":
            keyword_only = True
        elif part == "...":
            vararg = True
        else:
            arguments.append(_argument(part, keyword_only))
    results = _returns(returns)
    return FunctionSchema(kind, overload or "", tuple(arguments), results, vararg)


@cache
def _argument(text: str, keyword_only: bool) -> Argument:
    star = "*, " if keyword_only else ""
    return parse_schema(f"x::x({star}{text}) -> ()").arguments[0]


@cache
def _returns(text: str) -> tuple[Argument, ...]:
    return parse_schema(f"x::x() -> {text}").returns


def op(*schemas: str, names: Sequence[str] = ()) -> Callable[[type[Any]], type[Any]]:
    """Declare a card: `@op("aten::exp(Tensor self) -> Tensor")`.

    Functions of the class become static. Several schemas make several cards that share
    all blanks: overloads of one meaning; samples are then given by overload, if they
    differ: `samples = {"Tensor": [...], "Scalar": [...]}`. `names` are other kinds of
    the same operator, `aten::multiply` for `aten::mul`.
    """

    def declare(written: type[Any]) -> type[Any]:
        blanks = {
            k: staticmethod(v) if isinstance(v, FunctionType) else v
            for k, v in vars(written).items()
            if k not in ("__dict__", "__weakref__")
        }
        for name, value in blanks.items():
            if isinstance(value, staticmethod):
                setattr(written, name, value)
        # the NumPy twins belong to the first overload
        rest = {k: v for k, v in blanks.items() if k != "numpy"}
        cards = [written] + [
            type(written.__name__, written.__bases__, dict(rest)) for _ in schemas[1:]
        ]
        for card, text in zip(cards, schemas, strict=True):
            schema = schema_of(text)
            for name in ("samples", "extra_samples"):
                if isinstance(blanks.get(name), dict):
                    setattr(card, name, blanks[name].get(schema.overload, ()))
            _declare(card, schema)
        for kind in names:
            for card in cards:
                also_named(card, kind)
        return written

    return declare


def _declare(card: type[Card], schema: FunctionSchema) -> type[Card]:
    card.schema = schema
    complete = getattr(card, "complete", None)
    if complete is not None:
        complete()
    register(card)
    for twin in getattr(card, "twins", list)():
        register(twin)
    return card


def also_named(card: type[Card], kind: str, inplace: bool = True) -> None:
    """Declare another name of an operator, and of its in-place twin if there is one.

    `aten::max.other` also names the overload, `aten::special_xlogy.` gives it no name.
    """
    _register_alias(card, kind)
    if not inplace or getattr(card, "inplace", None) is not True:
        return
    twin = find_card(card.schema.kind + "_", card.schema.overload)
    if twin is not None:
        _register_alias(twin, inplace_kind(kind))


def _register_alias(original: type[Card], kind: str) -> None:
    kind, dot, overload = kind.partition(".")
    schema = original.schema
    blanks = {
        "schema": FunctionSchema(
            kind,
            overload if dot else schema.overload,
            schema.arguments,
            schema.returns,
            schema.is_vararg,
        ),
        "alias_of": original.schema.kind,
        "__doc__": original.__doc__,
    }
    register(type(kind.partition("::")[2], (original,), blanks))


def inplace_kind(kind: str) -> str:
    """The kind of the in-place twin: `aten::mul_`, `aten::__iand__`."""
    head, bars, tail = kind.partition("::__")
    return f"{head}::__i{tail}" if bars else f"{kind}_"


class Family(Card):
    """A card whose blanks are completed by its family."""

    alias_of: ClassVar[str | None] = None
    """The kind that this one is another name of."""

    def __init_subclass__(cls) -> None:
        for name, value in list(vars(cls).items()):
            if isinstance(value, FunctionType) and not name.startswith("__"):
                setattr(cls, name, staticmethod(value))

    @classmethod
    def complete(cls) -> None:
        """Fill in the blanks that follow from others."""

    @classmethod
    def twins(cls) -> list[type[Card]]:
        """Further cards that this one declares."""
        return []


class LazySamples(Sequence[Any]):
    """Samples that are made when a test asks for them, not at import."""

    def __init__(self, make: Callable[[], Sequence[Any]]) -> None:
        self._make = make
        self._made: Sequence[Any] | None = None

    def _samples(self) -> Sequence[Any]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __getitem__(self, index: Any) -> Any:
        return self._samples()[index]

    def __len__(self) -> int:
        return len(self._samples())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._samples())

    def __bool__(self) -> bool:
        return True
