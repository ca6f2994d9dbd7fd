"""The grammar of accepted Python: one class for each construct, each with its span.

`jit.frontend.read` makes these from Python's own tree and refuses everything else, so
whoever walks a tree meets nothing unknown. Trees are plain data and never change.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from jit.ir.span import Span


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """An expression."""

    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Name(Expr):
    id: str


@dataclass(frozen=True, slots=True, eq=False)
class Constant(Expr):
    """None, bool, int, float, complex, str or `...`."""

    value: object


@dataclass(frozen=True, slots=True, eq=False)
class Attribute(Expr):
    value: Expr
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Subscript(Expr):
    value: Expr
    index: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Slice(Expr):
    """`lower:upper:step`, only inside of a Subscript."""

    lower: Expr | None
    upper: Expr | None
    step: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Keyword:
    """`name=value`; an empty name stands for `**value`."""

    span: Span
    name: str
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Call(Expr):
    function: Expr
    args: tuple[Expr, ...]
    """Positional arguments; some may be Starred."""
    keywords: tuple[Keyword, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Binary(Expr):
    """`op` is Python's sign, `+`."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Unary(Expr):
    """`-`, `+`, `~` or `not`."""

    op: str
    operand: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Logical(Expr):
    """`and` or `or`, of two or more operands."""

    op: str
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Compare(Expr):
    """A chain: `operands[0] ops[0] operands[1] ops[1] operands[2]`."""

    ops: tuple[str, ...]
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IfExpr(Expr):
    test: Expr
    then: Expr
    orelse: Expr


@dataclass(frozen=True, slots=True, eq=False)
class TupleExpr(Expr):
    elements: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ListExpr(Expr):
    elements: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SetExpr(Expr):
    elements: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DictExpr(Expr):
    """Pairs of key and value; without a key, `**value`."""

    keys: tuple[Expr | None, ...]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Starred(Expr):
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Walrus(Expr):
    target: Name
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One `{value!r:spec}` of an f-string."""

    value: Expr
    conversion: str
    """`r`, `s`, `a` or empty."""
    spec: FString | None


@dataclass(frozen=True, slots=True, eq=False)
class FString(Expr):
    parts: tuple[str | Field, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Generator:
    """One `for target in iterable if conditions` of a comprehension."""

    span: Span
    target: Expr
    iterable: Expr
    conditions: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Comprehension(Expr):
    """`[element for ...]`, `(element for ...)`, `{key: element for ...}`."""

    kind: str
    """`list`, `generator`, `set` or `dict`."""
    key: Expr | None
    element: Expr
    generators: tuple[Generator, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lambda(Expr):
    """`lambda x, n=1: x + n`, as a function that returns."""

    function: FunctionTree
    defaults: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A pattern of `case`."""

    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class ValuePattern(Pattern):
    """`case 3`, `case "a"`, `case Color.RED`: equal to a value."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class SamePattern(Pattern):
    """`case None`, `case True`: the very object."""

    value: Constant


@dataclass(frozen=True, slots=True, eq=False)
class CapturePattern(Pattern):
    """`case name`, `case pattern as name`, `case _`."""

    pattern: Pattern | None
    target: Name | None
    """None for `_`."""


@dataclass(frozen=True, slots=True, eq=False)
class OrPattern(Pattern):
    """`case 1 | 2`."""

    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SequencePattern(Pattern):
    """`case [first, *rest]`: patterns before a star, its target, patterns after it."""

    before: tuple[Pattern, ...]
    star: CapturePattern | None
    after: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MappingPattern(Pattern):
    """`case {"kind": kind, **rest}`."""

    keys: tuple[Expr, ...]
    patterns: tuple[Pattern, ...]
    rest: Name | None


@dataclass(frozen=True, slots=True, eq=False)
class ClassPattern(Pattern):
    """`case int(n)`, `case Point(x=0, y=y)`."""

    cls: Expr
    patterns: tuple[Pattern, ...]
    keywords: tuple[tuple[str, Pattern], ...]


@dataclass(frozen=True, slots=True, eq=False)
class PatternTest(Expr):
    """Whether a value matches a pattern, whose names it defines if it does."""

    subject: Expr
    pattern: Pattern


@dataclass(frozen=True, slots=True, eq=False)
class Stmt:
    """A statement."""

    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Assign(Stmt):
    targets: tuple[Expr, ...]
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class AnnAssign(Stmt):
    """`target: annotation = value`; the value may be missing."""

    target: Expr
    annotation: Annotation
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class AugAssign(Stmt):
    target: Expr
    op: str
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class ExprStmt(Stmt):
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class If(Stmt):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True, eq=False)
class While(Stmt):
    test: Expr
    body: tuple[Stmt, ...]
    flag: str = ""
    """The name that is true after a `break`, where the loop has an `else`."""


@dataclass(frozen=True, slots=True, eq=False)
class For(Stmt):
    target: Expr
    iterable: Expr
    body: tuple[Stmt, ...]
    flag: str = ""
    """The name that is true after a `break`, where the loop has an `else`."""


@dataclass(frozen=True, slots=True, eq=False)
class Break(Stmt):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Continue(Stmt):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Pass(Stmt):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Return(Stmt):
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Raise(Stmt):
    """`raise exception from cause`; without an exception, the bare `raise` of a handler."""

    exception: Expr | None
    cause: Expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Assert(Stmt):
    test: Expr
    message: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """`except type as name: body`."""

    span: Span
    type: Expr | None
    name: str | None
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Try(Stmt):
    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Context(Expr):
    """`value as target`, only in a With."""

    value: Expr
    target: Expr


@dataclass(frozen=True, slots=True, eq=False)
class With(Stmt):
    contexts: tuple[Expr, ...]
    body: tuple[Stmt, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Delete(Stmt):
    targets: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Import(Stmt):
    """`import module as target`, `from module import member as target`."""

    module: str
    """Dots in front tell how far up a relative import looks."""
    member: str | None
    target: str


@dataclass(frozen=True, slots=True, eq=False)
class Define(Stmt):
    """A function inside of a function."""

    function: FunctionTree
    defaults: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Outside(Stmt):
    """`global names`, `nonlocal names`."""

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """A type hint: an expression that Python evaluates, or the text of a comment."""

    span: Span
    node: ast.expr


@dataclass(frozen=True, slots=True, eq=False)
class Param:
    span: Span
    name: str
    annotation: Annotation | None
    has_default: bool
    keyword_only: bool
    gathers: str = ""
    """`*` or `**` if it takes all further arguments."""


@dataclass(frozen=True, slots=True, eq=False)
class FunctionTree:
    """A function: its parameters, hints and statements."""

    span: Span
    name: str
    params: tuple[Param, ...]
    returns: Annotation | None
    body: tuple[Stmt, ...]
    doc: str
