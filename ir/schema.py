"""Declared signatures of operators and functions, in TorchScript's notation.

    aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
    aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)
    aten::split.Tensor(Tensor(a) self, int split_size, int dim=0) -> Tensor(a)[]
    prim::ListConstruct(...) -> t[]

`parse_schema(str(schema)) == schema`. A sized list, `int[2] stride=1`, accepts one
number for all its elements. `SymInt` is read as `int`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from jit.ir import types as T
from jit.ir.lexer import Cursor
from jit.ir.type_text import (
    format_name,
    format_string,
    format_type,
    read_dtype,
    read_name,
    read_primary,
    read_string,
)

LONGEST_SIZED_LIST = 64
"""How many elements the default of a sized list may stand for."""

REQUIRED: Any = type("Required", (), {"__repr__": lambda _: "REQUIRED"})()
"""The default of an argument that has none."""


@dataclass(frozen=True, slots=True)
class Alias:
    """Storage that an argument or result may share: `(a)`, written to: `(a!)`.

    `*` is any storage, `a|b` that of one of several.
    """

    name: str
    is_write: bool = False

    def __str__(self) -> str:
        return f"({self.name}{'!' if self.is_write else ''})"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument or result of a schema."""

    name: str
    type: T.Type
    default: Any = REQUIRED
    keyword_only: bool = False
    alias: Alias | None = None
    length: int | None = None
    """The 2 of `int[2]`: one number then stands for a list of that length."""

    @property
    def is_required(self) -> bool:
        return self.default is REQUIRED

    def __str__(self) -> str:
        # an alias stands with the element, a length with the innermost list: it is
        # `Tensor(a)[]` and `int[2]?`
        type, suffix = self.type, ""
        while isinstance(type, T.ListType | T.OptionalType):
            suffix = ("[]" if isinstance(type, T.ListType) else "?") + suffix
            type = type.element
        if self.length is not None:
            suffix = suffix.replace("[]", f"[{self.length}]", 1)
        alias = str(self.alias or "")
        # `Tensor(*)` would be a Tensor with one axis
        inside = alias + suffix if alias != "(*)" else suffix + alias
        text = f"{format_type(type)}{inside}"
        if self.name:
            text += f" {format_name(self.name)}"
        if self.default is not REQUIRED:
            text += f"={format_default(self.default)}"
        return text


@dataclass(frozen=True)
class FunctionSchema:
    """The signature of an operator or function."""

    kind: str
    """Qualified name, `aten::add`; for functions `model.f`."""
    overload: str
    """`Tensor` in `aten::add.Tensor`; often empty."""
    arguments: tuple[Argument, ...]
    returns: tuple[Argument, ...]
    is_vararg: bool = field(default=False)
    """Whether any number of further arguments of any type may follow: `...`."""

    @property
    def name(self) -> str:
        """Kind and overload, `aten::add.Tensor`."""
        return f"{self.kind}.{self.overload}" if self.overload else self.kind

    @cached_property
    def index_of(self) -> dict[str, int]:
        """Positions of the arguments by name."""
        return {a.name: i for i, a in enumerate(self.arguments)}

    @cached_property
    def writes(self) -> tuple[int, ...]:
        """Positions of the arguments that a call changes."""
        return tuple(
            i for i, a in enumerate(self.arguments) if a.alias and a.alias.is_write
        )

    @cached_property
    def is_generic(self) -> bool:
        """Whether it takes or gives values of any type: `t[]`, `Any`, `...`."""
        return self.is_vararg or any(
            T.contains_variable(x.type) or x.type == T.ANY
            for x in (*self.arguments, *self.returns)
        )

    @cached_property
    def has_alias(self) -> bool:
        """Whether a result may share storage with an argument."""
        return any(r.alias for r in self.returns)

    def __str__(self) -> str:
        return f"{self.name}{self.format_signature()}"

    def format_signature(self) -> str:
        """The text behind the name: `(Tensor x, int n=2) -> Tensor`."""
        parts = []
        star = False
        for a in self.arguments:
            if a.keyword_only and not star:
                parts.append("*")
                star = True
            parts.append(str(a))
        if self.is_vararg:
            parts.append("...")
        result = ", ".join(map(str, self.returns))
        # a tuple stands in parentheses of its own: `-> ((int, int))` is one result
        if len(self.returns) != 1 or self.returns[0].name or result.startswith("("):
            result = f"({result})"
        return f"({', '.join(parts)}) -> {result}"


def format_default(value: Any) -> str:
    """The text of a default value."""
    if isinstance(value, str):
        return format_string(value)
    if isinstance(value, list | tuple):
        inner = ", ".join(map(format_default, value))
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, complex):
        return f"complex({value.real!r}, {value.imag!r})"
    return repr(value).removeprefix("torch.")


def parse_schema(text: str) -> FunctionSchema:
    """The schema of a text; GraphError E0601 where it is not one."""
    c = Cursor(text, name="<schema>")
    token = c.token
    if token.kind not in ("kind", "name", "string"):
        raise c.error("expected the name of an operator", token)
    if token.kind != "kind":
        kind, overload = read_name(c), ""
    else:
        kind, overload = c.advance().text, read_overload(c)
    arguments, returns, vararg = read_signature(c)
    if c.token.kind != "end":
        raise c.error(f"unexpected `{c.token.text}` after the schema")
    return FunctionSchema(kind, overload, arguments, returns, vararg)


def read_overload(c: Cursor) -> str:
    """The overload behind the kind of an operator, empty if there is none."""
    return c.expect_kind("name").text if c.accept(".") else ""


Signature = tuple[tuple[Argument, ...], tuple[Argument, ...], bool]


def read_signature(c: Cursor) -> Signature:
    """Arguments, results and whether any others may follow: `(Tensor x) -> Tensor`."""
    c.expect("(")
    arguments: list[Argument] = []
    keyword_only = vararg = False
    while not c.accept(")"):
        if c.accept("*"):
            keyword_only = True
        elif c.accept("..."):
            vararg = True
        else:
            arguments.append(_read_argument(c, keyword_only=keyword_only))
        if c.token.text != ")":
            c.expect(",")
    c.expect("->")
    return tuple(arguments), tuple(_read_returns(c)), vararg


def _read_returns(c: Cursor) -> list[Argument]:
    if not c.accept("("):
        return [_read_argument(c, is_return=True)]
    returns = []
    while not c.accept(")"):
        returns.append(_read_argument(c, is_return=True))
        if c.token.text != ")":
            c.expect(",")
    return returns


def _read_argument(
    c: Cursor, *, keyword_only: bool = False, is_return: bool = False
) -> Argument:
    type, alias, length = _read_annotated_type(c)
    name = ""
    if c.token.kind in ("name", "string"):
        name = read_name(c)
    elif not is_return:
        raise c.error("expected the name of the argument")
    default = REQUIRED
    if c.accept("="):
        default = _read_default(c, type, length)
    return Argument(name, type, default, keyword_only, alias, length)


def _read_annotated_type(c: Cursor) -> tuple[T.Type, Alias | None, int | None]:
    """A type whose alias set and list length stand inside: `Tensor(a!)[]`."""
    if c.token.text == "SymInt":
        c.advance()
        result: T.Type = T.INT
    else:
        result = read_primary(c)
    alias = None
    length = None
    while True:
        if c.token.text == "(":
            c.advance()
            name = c.advance().text
            while c.accept("|"):
                name += f"|{c.advance().text}"
            write = c.accept("!")
            if c.accept("->"):
                c.advance()
            c.expect(")")
            alias = Alias(name, write)
        elif c.accept("?"):
            result = T.optional(result)
        elif c.token.text == "[":
            c.advance()
            if c.token.kind == "number":
                length = _read_length(c)
            c.expect("]")
            result = T.ListType(result)
        else:
            return result, alias, length


def _read_length(c: Cursor) -> int:
    token = c.token
    length = c.integer()
    if not 0 < length <= LONGEST_SIZED_LIST:
        raise c.error(f"a sized list cannot have {length} elements", token)
    return length


def _read_default(c: Cursor, type: T.Type, length: int | None) -> Any:
    token = c.token
    if token.text in ("[", "("):
        c.advance()
        values = _read_defaults(c, type, "]" if token.text == "[" else ")")
        return values if token.text == "[" else tuple(values)
    if token.kind == "string":
        return read_string(c)
    if token.kind == "number" or token.text in ("inf", "nan"):
        number = c.number()
        if length is not None:
            return [number] * length
        element = type.element if isinstance(type, T.OptionalType) else type
        return float(number) if element == T.FLOAT else number
    if token.text in _CONSTANTS:
        c.advance()
        return _CONSTANTS[token.text]
    if token.text == "complex":
        c.advance()
        real, imag = _read_pair(c)
        return complex(real, imag)
    return read_dtype(c)


_CONSTANTS = {"None": None, "True": True, "False": False}


def _read_pair(c: Cursor) -> tuple[float, float]:
    c.expect("(")
    real = c.number()
    c.expect(",")
    imag = c.number()
    c.expect(")")
    return real, imag


def _read_defaults(c: Cursor, type: T.Type, end: str) -> list[Any]:
    values = []
    with c.nested():
        while not c.accept(end):
            values.append(_read_default(c, type, None))
            if c.token.text != end:
                c.expect(",")
    return values
