"""Calls become the bodies of what they call."""

from __future__ import annotations

import jit.runtime.ops  # noqa: F401  registers the cards
from jit.ir.parser import parse_program
from jit.ir.span import NOWHERE, Source, Span
from jit.ir.verifier import assert_valid
from jit.passes import inline

PROGRAM = """
module model.Scale:
  parameter weight : Tensor

def model.twice(int x) -> int:
  graph(%x : int):
    %two : int = prim::Constant[value=2]()
    %y : int = aten::mul(%x, %two)
    return (%y)

def model.outer(int a) -> int:
  graph(%a : int):
    %f : Function<model.twice> = prim::Constant[name="model.twice"]()
    %b : int = prim::CallFunction(%f, %a)
    %c : int = prim::CallFunction(%f, %b)
    return (%c)

def model.top(int n) -> int:
  graph(%n : int):
    %g : Function<model.outer> = prim::Constant[name="model.outer"]()
    %m : int = prim::CallFunction(%g, %n)
    return (%m)

def model.forever(int n) -> int:
  graph(%n : int):
    %g : Function<model.forever> = prim::Constant[name="model.forever"]()
    %m : int = prim::CallFunction(%g, %n)
    return (%m)

def model.Scale.forward(Module<model.Scale> self, Tensor x) -> Tensor:
  graph(%self : Module<model.Scale>, %x : Tensor):
    %w : Tensor = prim::GetAttr[name="weight"](%self)
    %y : Tensor = aten::mul(%x, %w)
    return (%y)

def model.use(Module<model.Scale> m, Tensor x) -> Tensor:
  graph(%m : Module<model.Scale>, %x : Tensor):
    %y : Tensor = prim::CallMethod[name="forward"](%m, %x)
    return (%y)
"""


def graph_of(name):
    return parse_program(PROGRAM).functions[f"model.{name}"].graph


def test_calls_inside_of_what_was_inlined_are_inlined_as_well():
    graph = graph_of("top")

    assert inline.run(graph)

    assert_valid(graph, specs=("inlined",))
    assert 2 == len(graph.find_nodes("aten::mul"))
    assert not inline.run(graph)


def test_methods_are_found_through_the_type_of_self():
    graph = graph_of("use")

    assert inline.run(graph)

    assert ["prim::GetAttr", "aten::mul"] == [n.kind for n in graph.nodes]


def test_recursion_stays_a_call():
    graph = graph_of("forever")

    assert not inline.run(graph)

    assert 1 == len(graph.find_nodes("prim::CallFunction"))


def test_the_program_keeps_its_functions_as_they_are():
    program = parse_program(PROGRAM)
    before = str(program.functions["model.outer"].graph)

    inline.run(program.functions["model.top"].graph)

    assert before == str(program.functions["model.outer"].graph)


def test_the_stack_names_the_calls_innermost_first():
    program = parse_program(PROGRAM)
    source = Source("model.py")
    places = {
        name: Span(source, line, 0, line, 9)
        for line, name in enumerate(("top", "outer", "twice"), 10)
    }
    for name, span in places.items():
        for node in program.functions[f"model.{name}"].graph.all_nodes:
            node.span = span
    graph = program.functions["model.top"].graph

    inline.run(graph)

    product = graph.find_nodes("aten::mul")[0]
    assert places["twice"] == product.span
    assert (places["outer"], places["top"]) == product.stack
    assert all(node.span is not NOWHERE for node in graph.all_nodes)
