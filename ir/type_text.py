"""Types as text: `format_type` and `parse_type` are inverses.

type    = primary suffix*
suffix  = "?" | "[" int? "]"
primary = "Tensor" sizes? | Title sizes? | "Array" ("[" dtype "]")? sizes?
        | "(" type,* ")" | "Dict" "(" type "," type ")" | "Set" "(" type ")"
        | "Future" "(" type ")" | "Union" "[" type,* "]"
        | "NamedTuple" "[" name "]" "(" (name ":" type),* ")"
        | "Enum" "[" name "," type "]" "(" (name "=" literal),* ")"
        | ("Class" | "Module" | "Interface" | "Function") "<" name ">"
        | simple | variable
sizes   = "(" (int | "*"),* ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.lexer import Cursor


def format_type(type: T.Type) -> str:
    """The text of a type."""
    match type:
        case T.TensorType(dtype, sizes):
            return (dtype.title if dtype else "Tensor") + _format_sizes(sizes)
        case T.ArrayType(dtype, sizes):
            return "Array" + (f"[{dtype.name}]" if dtype else "") + _format_sizes(sizes)
        case T.SimpleType(name) | T.TypeVariable(name):
            return name
        case T.ListType(element):
            return f"{format_type(element)}[]"
        case T.OptionalType(element):
            return f"{format_type(element)}?"
        case T.TupleType(elements):
            inner = ", ".join(map(format_type, elements))
            return f"({inner},)" if len(elements) == 1 else f"({inner})"
        case T.DictType(key, value):
            return f"Dict({format_type(key)}, {format_type(value)})"
        case T.SetType(element):
            return f"Set({format_type(element)})"
        case T.FutureType(element):
            return f"Future({format_type(element)})"
        case T.UnionType(members):
            return f"Union[{', '.join(map(format_type, members))}]"
        case T.NamedTupleType(name, fields):
            inner = ", ".join(f"{format_name(n)} : {format_type(t)}" for n, t in fields)
            return f"NamedTuple[{format_name(name)}]({inner})"
        case T.EnumType(name, value_type, members):
            inner = ", ".join(
                f"{format_name(n)}={_format_literal(v)}" for n, v in members
            )
            return f"Enum[{format_name(name)}, {format_type(value_type)}]({inner})"
        case T.ClassType(name):
            return f"Class<{format_name(name)}>"
        case T.ModuleType(name):
            return f"Module<{format_name(name)}>"
        case T.InterfaceType(name):
            return f"Interface<{format_name(name)}>"
        case T.FunctionType(name):
            return f"Function<{format_name(name)}>"
    raise TypeError(f"not a type: {type!r}")


def _format_sizes(sizes: T.Sizes | None) -> str:
    if sizes is None:
        return ""
    return f"({', '.join('*' if s is None else str(s) for s in sizes)})"


def _format_literal(value: int | float | str) -> str:
    if isinstance(value, str):
        return format_string(value)
    return repr(value)


_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")


def format_name(name: str) -> str:
    """A name as it is if the lexer reads it as one, else in quotes."""
    return name if _PLAIN_NAME.fullmatch(name) else format_string(name)


def read_name(c: Cursor) -> str:
    """The name of a text by `format_name`."""
    if c.token.kind == "string":
        return read_string(c)
    return c.expect_kind("name").text


_QUOTED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def format_string(text: str) -> str:
    """A string literal in double quotes, on one line, with any character."""
    return f'"{"".join(map(_quote, text))}"'


def _quote(c: str) -> str:
    if c in _QUOTED:
        return _QUOTED[c]
    if c.isprintable():
        return c
    code = ord(c)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_ESCAPE = re.compile(
    r"""\\(?:([\\'"abfnrtv])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)"""
)
_UNQUOTED = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


def parse_string(text: str) -> str:
    """The string of a literal that the lexer found; ValueError at a bad escape."""
    return _ESCAPE.sub(_unquote, text[1:-1])


def _unquote(found: re.Match[str]) -> str:
    letter, *codes = found.groups()
    if letter:
        return _UNQUOTED.get(letter, letter)
    code = next(filter(None, codes), None)
    if code is None:
        raise ValueError("unknown escape in a string")
    return chr(int(code, 16))


def read_string(c: Cursor) -> str:
    """Take the token, which must be a string."""
    token = c.expect_kind("string")
    try:
        return parse_string(token.text)
    except (ValueError, OverflowError):
        raise c.error("unknown escape in a string", token) from None


def parse_type(text: str) -> T.Type:
    """The type of a text; GraphError E0601 where it is not one."""
    cursor = Cursor(text, name="<type>")
    result = read_type(cursor)
    if cursor.token.kind != "end":
        raise cursor.error(f"unexpected `{cursor.token.text}` after the type")
    return result


def read_type(c: Cursor) -> T.Type:
    """Parse one type at the cursor.

    The depth of the whole type is bounded, not only that of the recursion here, for
    comparing types and printing them recurs as well.
    """
    around, c.height = c.height, 0
    with c.nested():
        result = read_primary(c)
    while True:
        c.check_depth(c.height)
        if c.accept("?"):
            result = T.optional(result)
        elif c.token.text == "[" and c.peek().text == "]":
            c.advance()
            c.advance()
            result = T.ListType(result)
        else:
            break
        c.height += 1
    c.height = max(around, c.height + 1)
    return result


def read_primary(c: Cursor) -> T.Type:
    """Parse one type without suffixes."""
    if c.accept("("):
        elements = []
        while not c.accept(")"):
            elements.append(read_type(c))
            if c.token.text != ")":
                c.expect(",")
        return T.TupleType(tuple(elements))
    token = c.expect_kind("name")
    match token.text:
        case "Tensor":
            return T.TensorType(None, _read_sizes(c))
        case "Array":
            dtype = None
            if c.token.text == "[" and c.peek().text != "]":
                c.advance()
                dtype = read_dtype(c)
                c.expect("]")
            return T.ArrayType(dtype, _read_sizes(c))
        case "Dict":
            c.expect("(")
            key = read_type(c)
            c.expect(",")
            value = read_type(c)
            c.expect(")")
            return T.DictType(key, value)
        case "Set" | "Future":
            c.expect("(")
            element = read_type(c)
            c.expect(")")
            return T.SetType(element) if token.text == "Set" else T.FutureType(element)
        case "Union":
            c.expect("[")
            members = [read_type(c)]
            while c.accept(","):
                members.append(read_type(c))
            c.expect("]")
            return T.UnionType(tuple(members))
        case "NamedTuple":
            return _read_named_tuple(c)
        case "Enum":
            return _read_enum(c)
        case "Class" | "Module" | "Interface" | "Function":
            c.expect("<")
            name = read_name(c)
            c.expect(">")
            return _NAMED[token.text](name)
    if token.text in T.SIMPLE:
        return T.SIMPLE[token.text]
    try:
        return T.TensorType(dtypes.dtype_titled(token.text), _read_sizes(c))
    except KeyError:
        pass
    if _VARIABLE.fullmatch(token.text):
        return T.TypeVariable(token.text)
    raise c.error(f"unknown type `{token.text}`", token)


_VARIABLE = re.compile(r"[a-z][a-z0-9]?|[a-z][0-9]+|t[A-Z][a-z]*")

_NAMED: dict[str, Callable[[str], T.Type]] = {
    "Class": T.ClassType,
    "Module": T.ModuleType,
    "Interface": T.InterfaceType,
    "Function": T.FunctionType,
}


def read_dtype(c: Cursor) -> dtypes.DType:
    """Take the name of a dtype, `float32`."""
    token = c.expect_kind("name")
    try:
        return dtypes.dtype_named(token.text)
    except KeyError:
        raise c.error(f"unknown dtype `{token.text}`", token) from None


def _read_sizes(c: Cursor) -> T.Sizes | None:
    after = c.peek()
    if c.token.text != "(" or not (
        after.text in ("*", ")") or (after.kind == "number" and after.text.isdigit())
    ):
        return None
    c.advance()
    sizes: list[int | None] = []
    while not c.accept(")"):
        if c.accept("*"):
            sizes.append(None)
        else:
            sizes.append(c.integer())
        if c.token.text != ")":
            c.expect(",")
    return tuple(sizes)


def _read_named_tuple(c: Cursor) -> T.Type:
    c.expect("[")
    name = read_name(c)
    c.expect("]")
    c.expect("(")
    fields = []
    while not c.accept(")"):
        field = read_name(c)
        c.expect(":")
        fields.append((field, read_type(c)))
        if c.token.text != ")":
            c.expect(",")
    return T.NamedTupleType(name, tuple(fields))


def _read_enum(c: Cursor) -> T.Type:
    c.expect("[")
    name = read_name(c)
    c.expect(",")
    value_type = read_type(c)
    c.expect("]")
    c.expect("(")
    members: list[tuple[str, int | float | str]] = []
    while not c.accept(")"):
        member = read_name(c)
        c.expect("=")
        value = read_string(c) if c.token.kind == "string" else c.number()
        members.append((member, value))
        if c.token.text != ")":
            c.expect(",")
    return T.EnumType(name, value_type, tuple(members))
