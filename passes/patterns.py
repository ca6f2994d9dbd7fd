"""Patterns over the nodes that make a value.

op("aten::neg", op("aten::neg", Anything("x")))     -(-x)
op("aten::mul.Scalar", X, Constant("c", is_two))    x * 2
build("prim::ListConstruct", "l")                   [a, b, c]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jit.ir import types as T
from jit.ir.constants import same_constant
from jit.ir.graph import NOT_CONSTANT, Node, Value

Bindings = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value, by name; the same value where the name comes again."""

    name: str
    type: Callable[[T.Type], bool] | None = None

    def match(self, value: Value, found: Bindings) -> bool:
        if self.type is not None and not self.type(value.type):
            return False
        return found.setdefault(self.name, value) is value


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant that passes a test; the same constant where the name comes again."""

    name: str
    test: Callable[[Any], bool] | None = None

    def match(self, value: Value, found: Bindings) -> bool:
        constant = value.constant
        if constant is NOT_CONSTANT or (self.test and not self.test(constant)):
            return False
        known = found.setdefault(self.name, value)
        return known is value or same_constant(known.constant, constant)


@dataclass(frozen=True, slots=True)
class Op:
    """The output of a node of a kind, with inputs that match; further inputs may be
    anything."""

    kind: str
    inputs: tuple[Pattern, ...]
    overloads: tuple[str, ...] = ()
    """Overloads that match; none: all."""
    variadic: bool = False
    """Whether `inputs` says nothing: `prim::ListConstruct`."""
    name: str = ""

    def match(self, value: Value, found: Bindings) -> bool:
        if not self.match_node(value.node, found):
            return False
        return not self.name or found.setdefault(self.name, value) is value

    def match_node(self, node: Node, found: Bindings) -> bool:
        if node.kind != self.kind:
            return False
        if self.overloads and node.overload not in self.overloads:
            return False
        if self.variadic:
            return True
        if len(node.inputs) < len(self.inputs):
            return False
        return all(
            p.match(v, found) for p, v in zip(self.inputs, node.inputs, strict=False)
        )


Pattern = Anything | Constant | Op


def op(kind: str, *inputs: Pattern, name: str = "") -> Op:
    """A pattern for `aten::add` or, with overloads, `aten::add.Tensor|Scalar`.

    The overload without a name is written `default`.
    """
    head, _, overloads = kind.partition(".")
    names = overloads.split("|") if overloads else []
    wanted = tuple("" if name == "default" else name for name in names)
    return Op(head, inputs, wanted, name=name)


def build(kind: str, name: str) -> Op:
    """A pattern for a node with any number of inputs."""
    return Op(kind, (), variadic=True, name=name)
