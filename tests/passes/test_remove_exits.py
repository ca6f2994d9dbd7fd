"""Exits become values: compared with an evaluator that really leaves."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import jit.runtime.ops  # noqa: F401  registers the cards
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.graph import Block, Graph, Node, Value
from jit.ir.registry import find_card
from jit.ir.span import NOWHERE, Source, Span
from jit.ir.verifier import assert_valid
from jit.passes import pipeline, remove_exits
from jit.runtime.bytecode import run_graph

SPAN = Span(Source("generated.py"), 1, 0, 1, 4)


class LeaveError(BaseException):
    """Control leaves; not an exception that a `try` catches."""

    def __init__(self, kind: str, values: list[Any]) -> None:
        self.kind = kind
        self.values = values


def evaluate(graph: Graph, args: list[Any]) -> Any:
    """What a graph with exits gives."""
    values = dict(zip(graph.inputs, args, strict=True))
    try:
        return evaluate_block(graph.block, values)
    except LeaveError as left:
        assert left.kind == "prim::ReturnStmt"
        return left.values


def evaluate_block(block: Block, values: dict[Value, Any]) -> list[Any]:
    for node in block.nodes:
        given = [values.get(v) for v in node.inputs]
        results = evaluate_node(node, given, values)
        values.update(zip(node.outputs, results, strict=True))
    return [values.get(v) for v in block.returns]


def evaluate_node(node: Node, given: list[Any], values: dict[Value, Any]) -> list[Any]:
    match node.kind:
        case "prim::Constant":
            return [node.attributes.get("value")]
        case "prim::Uninitialized":
            return [None]
        case "prim::ReturnStmt" | "prim::BreakStmt" | "prim::ContinueStmt":
            raise LeaveError(node.kind, given)
        case "prim::RaiseException":
            raise ValueError(given[0])
        case "prim::If":
            return evaluate_block(node.blocks[0 if given[0] else 1], values)
        case "prim::Try":
            try:
                return evaluate_block(node.blocks[0], values)
            except Exception as error:
                values[node.blocks[1].params[0]] = error
                return evaluate_block(node.blocks[1], values)
        case "prim::Loop":
            return evaluate_loop(node, given, values)
    return [find_card(node.kind, node.overload).kernel(*given)]


def evaluate_loop(node: Node, given: list[Any], values: dict[Value, Any]) -> list[Any]:
    trips, again, *carried = given
    (body,) = node.blocks
    for trip in range(trips):
        if not again:
            break
        values.update(zip(body.params, [trip, *carried], strict=True))
        try:
            again, *carried = evaluate_block(body, values)
        except LeaveError as left:
            if left.kind == "prim::ReturnStmt":
                raise
            again, *carried = [True, *left.values][-len(body.params) :]
            if left.kind == "prim::BreakStmt":
                break
    return carried


class Maker:
    """Draws functions of integers that leave anywhere."""

    def __init__(self, draw: st.DrawFn, graph: Graph) -> None:
        self.draw = draw
        self.make = Builder(graph)
        self.make.span = SPAN
        self.visible = list(graph.inputs)
        self.loops: list[int] = []
        """How many values the loops around carry, the innermost last."""
        self.budget = 22

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def value(self) -> Value:
        return self.pick(*self.visible[-4:], *self.visible[:2])

    def condition(self) -> Value:
        return self.make.op("aten::lt", self.value(), self.value())

    @contextmanager
    def scope(self, node: Node, *params: T.Type) -> Any:
        block = node.add_block()
        kept = list(self.visible)
        self.visible += [p for p in map(block.add_param, params) if p.type == T.INT]
        with self.make.inside(block):
            yield block
        self.visible = kept

    def fill(self, node: Node, params: list[T.Type], returns: list[T.Type]) -> None:
        """A block that ends with its values or leaves."""
        with self.scope(node, *params) as block:
            self.statements()
            for type in returns:
                if type == T.BOOL:
                    made = self.pick(self.condition(), self.make.constant(True))
                else:
                    made = self.value()
                block.add_return(made)
            if self.draw(st.booleans()):
                self.leave()

    def leave(self) -> None:
        kind = self.pick("Return", "Return", "Break", "Continue", "Raise", "Go")
        if kind == "Return":
            self.make.node("prim::ReturnStmt", [self.value()])
        elif kind == "Raise":
            texts = [self.make.constant("left"), self.make.constant("ValueError")]
            self.make.node("prim::RaiseException", texts)
        elif kind != "Go" and self.loops:
            values = [self.value() for _ in range(self.loops[-1])]
            if kind == "Continue" and self.draw(st.booleans()):
                values.insert(0, self.condition())
            self.make.node(f"prim::{kind}Stmt", values)

    def statements(self) -> None:
        for _ in range(self.draw(st.integers(0, 4))):
            if self.budget <= 0:
                return
            self.budget -= 1
            self.pick(self.number, self.number, self.branch, self.loop, self.attempt)()

    def number(self) -> None:
        kind = self.pick("aten::add", "aten::sub", "aten::__xor__", "aten::floordiv")
        self.visible.append(self.make.op(kind, self.value(), self.value()))

    def branch(self) -> None:
        types = [T.INT] * self.draw(st.integers(0, 2))
        node = self.make.node("prim::If", [self.condition()], types)
        self.fill(node, [], types)
        self.fill(node, [], types)
        self.visible += node.outputs

    def attempt(self) -> None:
        types = [T.INT] * self.draw(st.integers(0, 2))
        node = self.make.node("prim::Try", [], types)
        self.fill(node, [], types)
        self.fill(node, [T.EXCEPTION], types)
        self.visible += node.outputs

    def loop(self) -> None:
        count = self.draw(st.integers(0, 2))
        types = [T.INT] * count
        trips = self.make.constant(self.draw(st.integers(0, 4)))
        start = self.make.constant(True)
        carried = [self.value() for _ in types]
        node = self.make.node("prim::Loop", [trips, start, *carried], types)
        self.loops.append(count)
        self.fill(node, [T.INT, *types], [T.BOOL, *types])
        self.loops.pop()
        self.visible += node.outputs


@st.composite
def leaving_graphs(draw: st.DrawFn) -> Graph:
    """Functions of two integers with exits in branches, loops and try bodies."""
    graph = Graph()
    for name in "ab":
        graph.add_input(T.INT, name)
    maker = Maker(draw, graph)
    maker.statements()
    maker.statements()
    nothing = maker.make.node("prim::Uninitialized", (), [T.INT]).output
    maker.make.node("prim::ReturnStmt", [maker.value()])
    graph.block.add_return(nothing)
    return graph


def outcome(run, graph, args):
    try:
        return run(graph, args)
    except Exception as error:
        return type(error), str(error)


@settings(max_examples=200)
@given(leaving_graphs(), st.integers(-2, 2), st.integers(-2, 2))
def test_exits_become_values(graph, a, b):
    assert_valid(graph)
    expected = outcome(lambda g, args: evaluate(g, args)[0], graph, [a, b])
    copy = graph.copy()

    remove_exits.run(copy)

    assert_valid(copy, specs=("no_exits",))
    assert expected == outcome(run_graph, copy, [a, b])
    assert all(node.span is not NOWHERE for node in copy.all_nodes)
    assert not remove_exits.run(copy)
    optimised = pipeline.optimize(graph)
    assert_valid(optimised)
    assert expected == outcome(run_graph, optimised, [a, b])


def test_several_hundred_early_returns_in_a_row_do_not_nest_too_deeply():
    graph = Graph()
    a = graph.add_input(T.INT, "a")
    make = Builder(graph)
    make.span = SPAN
    for i in range(150):
        node = make.node("prim::If", [make.op("aten::eq", a, i)])
        with make.inside(node.add_block()):
            make.node("prim::ReturnStmt", [make.constant(i + 1000)])
        node.add_block()
    graph.block.add_return(make.node("prim::Uninitialized", (), [T.INT]).output)
    make.node("prim::ReturnStmt", [a])

    remove_exits.run(graph)

    assert_valid(graph)
    assert [1000, 1149, -1] == [run_graph(graph, [n]) for n in (0, 149, -1)]
