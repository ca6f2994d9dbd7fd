"""Hypothesis strategies for graphs that run: real operators, aliasing, exceptions.

Data are small integers, also in float tensors, so that results are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import numpy as np
from hypothesis import strategies as st

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.clone import clone_node
from jit.ir.graph import Graph, Node, Value
from jit.ir.span import Source, Span
from jit.passes import infer_shapes

FLOATS = T.TensorType(dtypes.float32, (2, 2))
INTEGERS = T.TensorType(dtypes.int64, (2, 2))
INTS, TENSORS = T.ListType(T.INT), T.ListType(T.TENSOR)

INPUTS: tuple[tuple[T.Type, str], ...] = (
    (T.TENSOR, "x"),
    (FLOATS, "y"),
    (INTEGERS, "z"),
    (T.INT, "n"),
    (T.INT, "m"),
    (T.FLOAT, "f"),
    (T.BOOL, "c"),
    (INTS, "l"),
    (TENSORS, "ts"),
)
"""Types and names of the arguments of every generated graph."""

SCALARS = (T.INT, T.FLOAT, T.BOOL)
SOURCE = Source("generated.py")


class ProgramMaker:
    """Draws nodes of real operators into a graph."""

    def __init__(self, draw: st.DrawFn, graph: Graph, budget: int) -> None:
        self.draw = draw
        self.graph = graph
        self.make = Builder(graph)
        self.budget = budget
        self.line = 0
        self.visible: list[Value] = list(graph.inputs)
        self.writes = draw(st.booleans())
        """Whether anything that may be an argument is written."""

    # values -----------------------------------------------------------------------

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def int(self) -> Value:
        return self.value(T.INT)

    def value(self, type: T.Type) -> Value:
        """A visible value of a type, or a constant."""
        fits = [v for v in self.visible if _is_kind(v.type, type)]
        if type in SCALARS and (not fits or self.draw(st.integers(0, 3)) == 0):
            constants = {
                T.INT: (0, 1, 2, 3, -1),
                T.FLOAT: (0.0, 1.0, 2.0, -0.5),
                T.BOOL: (True, False),
            }
            return self.make.constant(self.pick(*constants[type]))
        # what was made last is read most, so that nodes depend on each other
        return self.pick(*(fits[-2:] if self.draw(st.integers(0, 3)) else fits))

    def keep(self, value: Any) -> None:
        if isinstance(value, Value):
            self.visible.append(value)

    # statements -------------------------------------------------------------------

    def statements(self, most: int = 6) -> None:
        for _ in range(self.draw(st.integers(1, most))):
            if self.budget <= 0:
                return
            self.budget -= 1
            self.line += 1
            self.make.span = Span(SOURCE, self.line, 0, self.line, 4)
            choices: list[Callable[[], None]] = [
                self.number,
                self.number,
                self.truth,
                self.tensor,
                self.tensor,
                self.tensor,
                self.view,
                self.write if self.writes else self.tensor,
                self.write_new,
                self.repeat,
                self.sandwich,
                self.chain,
                self.list_operator,
                self.tuple,
                self.branch,
                self.loop,
                self.attempt,
                self.fail,
            ]
            self.pick(*choices)()

    def number(self) -> None:
        op = self.make.op
        kind = self.pick("add", "sub", "mul", "floordiv", "remainder", "div", "__xor__")
        if kind in ("floordiv", "remainder", "__xor__") or self.draw(st.booleans()):
            if kind == "div":
                kind = "add"
            self.keep(op(f"aten::{kind}", self.value(T.INT), self.value(T.INT)))
        else:
            self.keep(op(f"aten::{kind}", self.value(T.FLOAT), self.value(T.FLOAT)))

    def truth(self) -> None:
        op = self.make.op
        if self.draw(st.booleans()):
            self.keep(op("aten::__not__", self.value(T.BOOL)))
            return
        type = self.pick(T.INT, T.FLOAT)
        kind = self.pick("lt", "ge", "eq")
        self.keep(op(f"aten::{kind}", self.value(type), self.value(type)))

    def tensor(self) -> None:
        op, x = self.make.op, self.value(T.TENSOR)
        match self.pick("unary", "binary", "scalar", "same", "stack", "number"):
            case "unary":
                self.keep(op(self.pick("aten::neg", "aten::relu", "aten::abs"), x))
            case "binary":
                kind = self.pick("aten::add", "aten::mul", "aten::sub")
                self.keep(op(kind, x, self.value(T.TENSOR)))
            case "scalar":
                kind = self.pick("aten::add", "aten::mul", "aten::sub")
                self.keep(op(kind, x, self.value(self.pick(T.INT, T.FLOAT))))
            case "same":
                self.keep(op("aten::add", x, x))
            case "stack":
                self.keep(op("aten::stack", self.value(TENSORS), 0))
            case "number":
                self.keep(op("aten::dim", x))

    def view(self) -> None:
        op, x = self.make.op, self.value(T.TENSOR)
        match self.pick("t", "select", "reshape", "to"):
            case "t":
                self.keep(op("aten::t", x))
            case "select":
                self.keep(op("aten::select", x, 0, self.value(T.INT)))
            case "reshape":
                self.keep(op("aten::reshape", x, [self.pick(4, 2, -1)]))
            case "to":
                dtype = self.pick(dtypes.float32, dtypes.int64)
                self.keep(op("aten::to", x, dtype))

    def write(self) -> None:
        op, x = self.make.op, self.value(T.TENSOR)
        match self.pick("add", "mul", "relu"):
            case "add":
                self.keep(op("aten::add_", x, self.value(T.TENSOR)))
            case "mul":
                self.keep(op("aten::mul_", x, self.value(T.INT)))
            case "relu":
                self.keep(op("aten::relu_", x))

    def repeat(self) -> None:
        """An operator again, with the same inputs."""
        nodes = [
            v.node
            for v in self.visible[len(INPUTS) :]
            if v.node.kind.startswith("aten::") and not v.node.kind.endswith("_")
        ]
        if nodes:
            copy = clone_node(self.pick(*nodes[-3:]), {})
            copy.span = self.make.span
            self.make.insert(copy)
            self.visible += copy.outputs

    def sandwich(self) -> None:
        """The same operator before and after something else, and the difference."""
        op, kind = self.make.op, self.pick("aten::neg", "aten::relu")
        x = self.value(T.TENSOR)
        first = op(kind, x)
        self.visible.append(x)
        self.pick(self.write, self.list_operator, self.view)()
        self.keep(op("aten::sub", first, op(kind, x)))

    def chain(self) -> None:
        """Pointwise operators with something else between them."""
        op, x = self.make.op, self.value(T.TENSOR)
        x = op("aten::mul", x, self.value(T.TENSOR))
        self.pick(self.list_operator, self.fail, self.number, lambda: None)()
        x = op("aten::neg", x)
        self.pick(self.list_operator, self.fail, self.number, lambda: None)()
        self.keep(op("aten::add", x, self.value(T.TENSOR)))

    def write_new(self) -> None:
        """A write to a tensor that was just made."""
        op = self.make.op
        x = op("aten::relu", self.value(self.pick(FLOATS, T.TENSOR)))
        self.keep(x)
        if self.draw(st.booleans()):
            self.view()
        match self.pick("scalar", "tensor", "unary"):
            case "scalar":
                op("aten::add_", x, self.value(T.INT))
            case "tensor":
                op("aten::mul_", x, self.value(T.TENSOR))
            case "unary":
                self.keep(op("aten::neg_", x))

    def list_operator(self) -> None:
        op = self.make.op
        type = self.pick(INTS, TENSORS)
        element = T.INT if type == INTS else T.TENSOR
        match self.pick("new", "append", "get", "len", "set", "add"):
            case "new":
                count = self.draw(st.integers(0, 3))
                items = [self.value(element) for _ in range(count)]
                self.keep(self.make.list(items, element))
            case "append" if type == INTS or self.writes:
                op("aten::append", self.value(type), self.value(element))
            case "get":
                self.keep(op("aten::__getitem__", self.value(type), self.value(T.INT)))
            case "len":
                self.keep(op("aten::len", self.value(type)))
            case "set" if type == INTS or self.writes:
                args = self.value(type), self.value(T.INT), self.value(element)
                op("aten::_set_item", *args)
            case "add":
                self.keep(op("aten::add", self.value(type), self.value(type)))

    def tuple(self) -> None:
        items = [self.value(self.pick(T.INT, T.TENSOR)) for _ in range(2)]
        built = self.make.tuple(items)
        if self.draw(st.booleans()):
            for value in self.make.unpack(built):
                self.keep(value)
        else:
            self.keep(built)

    def fail(self) -> None:
        """Raise if a condition holds."""
        node = self.make.node("prim::If", [self.value(T.BOOL)])
        with self.make.inside(node.add_block()):
            cls = self.pick("ValueError", "RuntimeError")
            args = [self.make.constant(f"line {self.line}"), self.make.constant(cls)]
            self.make.node("prim::RaiseException", args)
        node.add_block()

    # blocks -----------------------------------------------------------------------

    @contextmanager
    def scope(self, node: Node, *params: T.Type) -> Any:
        """A block of a node; what it makes is not visible afterwards."""
        block = node.add_block()
        kept = list(self.visible)
        self.visible += [block.add_param(type) for type in params]
        with self.make.inside(block):
            yield block
        self.visible = kept

    def types(self) -> list[T.Type]:
        pair = T.TupleType((T.INT, T.TENSOR))
        options = (T.INT, T.FLOAT, T.BOOL, T.TENSOR, T.TENSOR, INTS, pair)
        return self.draw(st.lists(st.sampled_from(options), max_size=2))

    def result(self, type: T.Type) -> Value:
        if T.tuple_elements(type):
            return self.make.tuple([self.value(T.INT), self.value(T.TENSOR)])
        return self.value(type)

    def branch(self) -> None:
        types = self.types()
        node = self.make.node("prim::If", [self.value(T.BOOL)], types)
        for _ in range(2):
            with self.scope(node) as block:
                self.statements(3)
                for type in types:
                    block.add_return(self.result(type))
        self.visible += node.outputs

    def loop(self) -> None:
        types = self.types()
        trips = self.make.constant(self.pick(0, 1, 2, 3))
        if self.draw(st.booleans()):
            four = self.make.constant(4)
            trips = self.make.op("aten::remainder", self.value(T.INT), four)
        start = self.pick(self.make.constant(True), self.value(T.BOOL))
        node = self.make.node(
            "prim::Loop", [trips, start, *map(self.result, types)], types
        )
        with self.scope(node, T.INT, *types) as block:
            self.statements(4)
            again = self.make.constant(self.pick(True, True, False))
            if self.draw(st.integers(0, 3)) == 0:
                again = self.value(T.BOOL)
            block.add_return(again)
            for type in types:
                block.add_return(self.result(type))
        self.visible += node.outputs

    def attempt(self) -> None:
        types = self.types()
        node = self.make.node("prim::Try", [], types)
        with self.scope(node) as block:
            self.statements(4)
            for type in types:
                block.add_return(self.result(type))
        with self.scope(node, T.EXCEPTION) as block:
            self.statements(2)
            for type in types:
                block.add_return(self.result(type))
        self.visible += node.outputs


def _is_kind(actual: T.Type, wanted: T.Type) -> bool:
    if wanted == T.TENSOR:
        return isinstance(actual, T.TensorType)
    return actual == wanted


@st.composite
def runnable_graphs(draw: st.DrawFn, budget: int = 18) -> Graph:
    """Graphs over `INPUTS` that give a tuple, or raise."""
    graph = Graph()
    for type, name in INPUTS:
        graph.add_input(type, name)
    maker = ProgramMaker(draw, graph, budget)
    maker.statements(8)
    count = draw(st.integers(1, 4))
    tail = maker.visible[len(INPUTS) :] or maker.visible
    results = [draw(st.sampled_from(tail)) for _ in range(count)]
    graph.block.add_return(maker.make.tuple([*results, *tail[-3:]]))
    if draw(st.booleans()):
        # passes find more to do where types are known
        infer_shapes.run(graph)
    return graph


@st.composite
def arguments(draw: st.DrawFn) -> Callable[[], list[Any]]:
    """Makes arguments for `INPUTS`, the same each time, some of which overlap."""
    elements = st.lists(st.integers(-3, 3), min_size=4, max_size=4)
    a, b, c = (np.array(draw(elements)).reshape(2, 2) for _ in range(3))
    numbers = [draw(st.integers(-2, 3)) for _ in range(2)]
    fraction = draw(st.sampled_from([0.0, 0.5, -1.0, 2.0]))
    truth = draw(st.booleans())
    overlap = draw(st.sampled_from(["none", "same", "transposed", "list"]))

    def make() -> list[Any]:
        from jit.runtime.tensor import wrap

        x, y = a.astype(np.float32), b.astype(np.float32)
        if overlap == "same":
            y = x
        elif overlap == "transposed":
            y = x.T
        tensors = [wrap(x), wrap(y), wrap(c.astype(np.int64))]
        listed = [tensors[0]] if overlap == "list" else [wrap(y.copy())]
        return [*tensors, *numbers, fraction, truth, [1, 2], listed]

    return make
