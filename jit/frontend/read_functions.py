"""Functions inside of functions, and lambdas, as trees of their own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.read import Reader


def read_definition(reader: Reader, node: ast.FunctionDef) -> list[t.Stmt]:
    """A `def` inside of a function."""
    if node.decorator_list:
        reader.refuse(
            node.decorator_list[0],
            "a decorator of a function inside of a function is not accepted",
            "leave it out, or move the function out",
        )
    span = reader.source.span(node)
    end = len(reader.source.source.line(span.line) or "")
    head = Span(span.source, span.line, span.column, span.line, end, span.function)
    returns = None if node.returns is None else reader.annotation(node.returns)
    tree = t.FunctionTree(
        head,
        node.name,
        reader.params(node.args),
        returns,
        reader.statements(node.body),
        ast.get_docstring(node) or "",
    )
    return [t.Define(span, tree, _defaults(reader, node.args))]


def read_lambda(reader: Reader, node: ast.Lambda) -> t.Lambda:
    """A lambda as a function that returns its expression."""
    span = reader.source.span(node)
    body = t.Return(reader.source.span(node.body), reader.expr(node.body))
    params = reader.params(node.args)
    tree = t.FunctionTree(span, "<lambda>", params, None, (body,), "")
    return t.Lambda(span, tree, _defaults(reader, node.args))


def _defaults(reader: Reader, args: ast.arguments) -> tuple[tuple[str, t.Expr], ...]:
    positional = [*args.posonlyargs, *args.args]
    names = [a.arg for a in positional[len(positional) - len(args.defaults) :]]
    found = list(zip(names, map(reader.expr, args.defaults), strict=True))
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if default is not None:
            found.append((arg.arg, reader.expr(default)))
    return tuple(found)
