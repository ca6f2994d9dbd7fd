"""Plain Python whose ints have 64 bits: what generated programs are compared with.

`narrowed(source)` is the code of a module in which an operator or a call that gives an int
of more bits raises OverflowError, as in compiled code, and a nan in a tuple equals nothing.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

LOW, HIGH = -(1 << 63), (1 << 63) - 1
MAKE_INTS = ("sum", "abs", "int", "round")
HOLD_INTS = ("l", "r", "d")
"""First letters of the names of containers of ints."""
SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//",
    ast.Mod: "%", ast.LShift: "<<", ast.Pow: "**",
}  # fmt: skip
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow,
}  # fmt: skip


def fits(value: Any, expression: str = "the result") -> Any:
    """A value, unless it is an int of more than 64 bits."""
    if type(value) is int and not LOW <= value <= HIGH:
        raise OverflowError(f"{expression} does not fit into an int of 64 bits")
    return value


def binary(sign: str, a: Any, b: Any) -> Any:
    """`a sign b`."""
    if sign == "<<":
        return shifted(a, b)
    value = OPERATORS[sign](a, b)
    return fits(value, f"{a} {sign} {b}") if type(value) is int else value


def equal(a: Any, b: Any) -> Any:
    """`a == b`, where Python takes an item as equal to itself."""
    if type(a) is tuple and type(b) is tuple and len(a) == len(b):
        return all(equal(x, y) for x, y in zip(a, b, strict=True))
    return a == b


def unequal(a: Any, b: Any) -> Any:
    """`a != b`, in the same way."""
    return not equal(a, b) if type(a) is tuple else a != b


def summed(values: Any) -> Any:
    """`sum`, in which all sums on the way fit."""
    total: Any = 0
    for value in values:
        total = fits(total + value)
    return total


def shifted(a: int, b: int) -> int:
    """`a << b`, without making a number of a billion bits."""
    if b > 64 and a != 0:
        fits(HIGH + 1, f"{a} << {b}")
    return int(fits(a << b, f"{a} << {b}")) if a != 0 or b < 0 else 0


class _Narrow(ast.NodeTransformer):
    """Puts a check around all that may give a larger int."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return _binary(node.left, node.op, node.right)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Compare(left, [ast.Eq()], [right]):
                return _call("__equal", left, right)
            case ast.Compare(left, [ast.NotEq()], [right]):
                return _call("__unequal", left, right)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        is_literal = isinstance(node.operand, ast.Constant)
        return node if is_literal else _call("__fits", node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = ast.unparse(node.func)
        if name == "sum":
            return _call("__summed", *node.args)
        checked = name in MAKE_INTS or name.startswith("math.")
        return _call("__fits", node) if checked else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """`name op= value` of an int, and one that is an item of a list or dict."""
        self.generic_visit(node)
        if isinstance(node.target, ast.Name) and node.target.id.startswith("i"):
            held = ast.Name(node.target.id, ast.Load())
            made = _binary(held, node.op, node.value)
            return ast.Assign([node.target], made)
        if ast.unparse(node.target).startswith(HOLD_INTS) and isinstance(
            node.target, ast.Subscript
        ):
            step = ast.Lambda(
                ast.arguments([], [ast.arg("__a")], None, [], [], None, []),
                _binary(ast.Name("__a", ast.Load()), node.op, node.value),
            )
            place = node.target.slice
            return ast.Expr(_call("__changed", node.target.value, place, step))
        return node


def changed(holder: Any, place: Any, step: Any) -> None:
    """`holder[place] op= value`."""
    holder[place] = step(holder[place])


def _binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    sign = SIGNS.get(type(op))
    if sign is None:
        return ast.BinOp(left, op, right)
    return _call("__binary", ast.Constant(sign), left, right)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def narrowed(source: str, file: str) -> Any:
    """The code of a module with ints of 64 bits."""
    tree = _Narrow().visit(ast.parse(source, file))
    return compile(ast.fix_missing_locations(tree), file, "exec")


NAMES = {
    "__fits": fits,
    "__equal": equal,
    "__unequal": unequal,
    "__summed": summed,
    "__binary": binary,
    "__changed": changed,
}
"""What the code of such a module calls."""
