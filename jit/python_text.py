"""Functions as Python-like source, for people: `fn.code`.

    def f(x: Tensor, n: int) -> Tensor:
        y = x
        for i in range(n):
            y = torch.relu(y) + 1
        return y

The text always parses as Python. It is a view: names such as `torch` stand for the
library that the program came from, and constants that are arrays are `CONSTANTS.c0`:
`fn.code_with_constants` gives these too. `jit.python_tree` makes Python's syntax tree of
a graph; here it is printed.
"""

from __future__ import annotations

import ast
import io
import types
from typing import Any

import astunparse

from jit.ir import types as T
from jit.ir.graph import Graph
from jit.ir.program import Function
from jit.runtime.tensor import wrap


class Constants(types.SimpleNamespace):
    """The constants of a source, as its name `CONSTANTS` has them: `c0`, `c1`, ..."""

    @property
    def const_mapping(self) -> dict[str, Any]:
        """The constants by name."""
        return dict(vars(self))


def code(source: Function | Graph) -> str:
    """The source of a function or graph."""
    return code_with_constants(source)[0]


def code_with_constants(source: Function | Graph) -> tuple[str, Constants]:
    """The source of a function or graph, and its constants: Tensors, and arrays where
    the program has arrays."""
    from jit.python_tree import function_tree

    tree, values = function_tree(source)
    made = Constants()
    for number, value in enumerate(values):
        array = value.constant
        is_tensor = isinstance(value.type, T.TensorType)
        setattr(made, f"c{number}", wrap(array) if is_tensor else array)
    return format_tree(tree), made


def format_tree(node: ast.AST) -> str:
    """The text of a Python syntax tree."""
    out = io.StringIO()
    _Unparser(node, out)
    lines = [line.rstrip() for line in out.getvalue().strip("\n").split("\n")]
    return "\n".join(lines) + "\n"


class _Unparser(astunparse.Unparser):  # type: ignore[misc]
    """astunparse, mended where its text is not Python or has needless parentheses."""

    f: io.StringIO

    def _Subscript(self, t: ast.Subscript) -> None:  # noqa: N802
        # astunparse writes x[(1:2, ...)], which does not parse
        self.dispatch(t.value)
        self.write("[")
        if isinstance(t.slice, ast.Tuple) and t.slice.elts:
            for i, part in enumerate(t.slice.elts):
                if i:
                    self.write(", ")
                self._bare(part)
            if len(t.slice.elts) == 1:
                self.write(",")
        else:
            self._bare(t.slice)
        self.write("]")

    def _Constant(self, t: ast.Constant) -> None:  # noqa: N802
        # the same on all versions of Python, some of which lack `ast.Num`
        if t.value is Ellipsis:
            self.write("...")
        else:
            self.write(repr(t.value))

    def _Attribute(self, t: ast.Attribute) -> None:  # noqa: N802
        # `1.real` is no attribute of a number
        number = isinstance(t.value, ast.Constant) and isinstance(t.value.value, int)
        if number:
            self.write("(")
        self.dispatch(t.value)
        self.write(")" if number else "")
        self.write(f".{t.attr}")

    def _Assign(self, t: ast.Assign) -> None:  # noqa: N802
        self.fill()
        for target in t.targets:
            self._bare(target)
            self.write(" = ")
        self._bare(t.value)

    def _Return(self, t: ast.Return) -> None:  # noqa: N802
        self.fill("return ")
        assert t.value is not None
        self._bare(t.value)

    def _Expr(self, t: ast.Expr) -> None:  # noqa: N802
        self.fill()
        self._bare(t.value)

    def _Call(self, t: ast.Call) -> None:  # noqa: N802
        self.dispatch(t.func)
        self.write("(")
        for i, arg in enumerate([*t.args, *t.keywords]):
            if i:
                self.write(", ")
            if isinstance(arg, ast.keyword):
                self.write(f"{arg.arg}=")
                self._bare(arg.value)
            else:
                self._bare(arg)
        self.write(")")

    def _If(self, t: ast.If) -> None:  # noqa: N802
        self._branch("if ", t)
        rest = t.orelse
        while len(rest) == 1 and isinstance(rest[0], ast.If):
            self._branch("elif ", rest[0])
            rest = rest[0].orelse
        if rest:
            self.fill("else")
            self.enter()
            self.dispatch(rest)
            self.leave()

    def _branch(self, keyword: str, t: ast.If) -> None:
        self.fill(keyword)
        self._bare(t.test)
        self.enter()
        self.dispatch(t.body)
        self.leave()

    def _While(self, t: ast.While) -> None:  # noqa: N802
        self.fill("while ")
        self._bare(t.test)
        self.enter()
        self.dispatch(t.body)
        self.leave()

    def _UnaryOp(self, t: ast.UnaryOp) -> None:  # noqa: N802
        signs = {ast.USub: "-", ast.Invert: "~", ast.Not: "not ", ast.UAdd: "+"}
        self.write("(" + signs[type(t.op)])
        self.dispatch(t.operand)
        self.write(")")

    def _bare(self, t: ast.AST) -> None:
        """An expression without the parentheses that nothing around it needs."""
        inner = io.StringIO()
        whole = self.f
        self.f = inner
        self.dispatch(t)
        self.f = whole
        text = inner.getvalue()
        wrapped = isinstance(
            t, ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp
        )
        self.write(text[1:-1] if wrapped else text)
