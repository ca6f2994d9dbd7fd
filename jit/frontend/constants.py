"""Constants of a function, each once, at its top.

%one : int = prim::Constant[value=1]()     shared by all that write 1
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.constants import make_constant, type_of_constant
from jit.ir.graph import Graph, Node, Value

TUPLES = ("prim::TupleConstruct", "prim::NamedTupleConstruct")


class PoolingBuilder(Builder):
    """A builder that makes equal constants once, before everything else."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._pool: dict[tuple[Any, ...], Value] = {}
        self._last: Node | None = None
        self._graph = graph

    def constant(self, value: Any, type: T.Type | None = None) -> Value:
        """The constant of this value and type, new or made before."""
        found = type if type is not None else type_of_constant(value)
        key = (found, _identity(value))
        if key not in self._pool:
            self._pool[key] = self._add(make_constant(value, found))
        return self._pool[key]

    def function(self, name: str) -> Value:
        """The constant that stands for a function of the program."""
        key = ("function", name)
        if key not in self._pool:
            node = Node("prim::Constant")
            node.attributes["name"] = name
            node.add_output(T.FunctionType(name))
            self._pool[key] = self._add(node)
        return self._pool[key]

    def shared(self, key: object, make: Callable[[], Value]) -> Value:
        """What `make` gives, once in a function."""
        found = ("shared", key)
        if found not in self._pool:
            self._pool[found] = make()
        return self._pool[found]

    def early(
        self, kind: str, inputs: Sequence[Value], type: T.Type, overload: str = ""
    ) -> Value:
        """The output of a node that stands before everything else."""
        node = Node(kind, overload)
        for value in inputs:
            node.add_input(value)
        node.add_output(type)
        return self._add(node)

    def _add(self, node: Node) -> Value:
        node.span, node.stack = self.span, self.stack
        if self._last is None:
            self._graph.block.prepend(node)
        else:
            node.insert_after(self._last)
        self._last = node
        return node.output

    def unpack(self, value: Value) -> list[Value]:
        """The elements of a tuple; those it was made of, if that is in sight."""
        if value.node.kind in TUPLES:
            return list(value.node.inputs)
        return super().unpack(value)

    def remove_unused(self) -> None:
        """Remove tuples that were taken apart at once, and constants nobody reads."""
        for node in reversed(list(self._graph.all_nodes)):
            if node.kind in TUPLES and not node.output.uses:
                node.destroy()
        for key, value in reversed(list(self._pool.items())):
            if not value.uses:
                value.node.destroy()
                del self._pool[key]
        self._last = None


def _identity(value: Any) -> Any:
    """What tells constants apart: 1, 1.0, True, 0.0 and -0.0 all differ."""
    if isinstance(value, np.ndarray):
        return id(value)
    if isinstance(value, tuple):
        return tuple(map(_identity, value))
    return (type(value).__name__, repr(value))
