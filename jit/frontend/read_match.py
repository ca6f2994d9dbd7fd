"""`match` -> `if` and `else` whose tests are patterns.

    match point:                  if <point matches (0, y)> and y > 0:
        case (0, y) if y > 0:         a
            a               →     else:
        case _:                       b
            b

The subject is evaluated once: a name stands for itself, anything else gets a hidden one.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from jit.frontend import tree as t

if TYPE_CHECKING:
    from jit.frontend.read import Reader


def read_match(reader: Reader, node: ast.Match) -> list[t.Stmt]:
    """The statements that a `match` stands for."""
    span = reader.source.span(node.subject)
    before: list[t.Stmt] = []
    subject = reader.expr(node.subject)
    if not isinstance(subject, t.Name):
        hidden = t.Name(span, reader.hidden_name("subject"))
        before = [t.Assign(span, (hidden,), subject)]
        subject = hidden
    following: tuple[t.Stmt, ...] = ()
    for case in reversed(node.cases):
        test = _test(reader, subject, case)
        body = reader.statements(case.body)
        place = reader.source.span(case.pattern)
        following = (t.If(place, test, body, following),)
    return [*before, *following]


def _test(reader: Reader, subject: t.Expr, case: ast.match_case) -> t.Expr:
    span = reader.source.span(case.pattern)
    test: t.Expr = t.PatternTest(span, subject, read_pattern(reader, case.pattern))
    if case.guard is not None:
        test = t.Logical(span, "and", (test, reader.expr(case.guard)))
    return test


def read_pattern(reader: Reader, node: ast.pattern) -> t.Pattern:
    """One pattern as ours."""
    span = reader.source.span(node)
    match node:
        case ast.MatchValue(value):
            return t.ValuePattern(span, reader.expr(value))
        case ast.MatchSingleton(value):
            return t.SamePattern(span, t.Constant(span, value))
        case ast.MatchAs(pattern, name):
            inner = None if pattern is None else read_pattern(reader, pattern)
            target = None if name is None else t.Name(span, name)
            return t.CapturePattern(span, inner, target)
        case ast.MatchOr(patterns):
            found = tuple(read_pattern(reader, p) for p in patterns)
            return t.OrPattern(span, found)
        case ast.MatchSequence(patterns):
            return _sequence(reader, node, patterns)
        case ast.MatchMapping(keys, patterns, rest):
            return t.MappingPattern(
                span,
                tuple(map(reader.expr, keys)),
                tuple(read_pattern(reader, p) for p in patterns),
                None if rest is None else t.Name(span, rest),
            )
        case ast.MatchClass(cls, patterns, names, keyword_patterns):
            keywords = zip(names, keyword_patterns, strict=True)
            return t.ClassPattern(
                span,
                reader.expr(cls),
                tuple(read_pattern(reader, p) for p in patterns),
                tuple((name, read_pattern(reader, p)) for name, p in keywords),
            )
    raise AssertionError(type(node))


def _sequence(
    reader: Reader, node: ast.pattern, patterns: list[ast.pattern]
) -> t.SequencePattern:
    span = reader.source.span(node)
    before: list[t.Pattern] = []
    after: list[t.Pattern] = []
    star: t.CapturePattern | None = None
    for pattern in patterns:
        if isinstance(pattern, ast.MatchStar):
            place = reader.source.span(pattern)
            name = None if pattern.name is None else t.Name(place, pattern.name)
            star = t.CapturePattern(place, None, name)
        else:
            (before if star is None else after).append(read_pattern(reader, pattern))
    return t.SequencePattern(span, tuple(before), star, tuple(after))
