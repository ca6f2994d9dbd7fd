"""Editing graphs: uses stay right, walks survive, copies share nothing."""

from __future__ import annotations

import numpy as np
import pytest

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.clone import clone_node, clone_nodes
from jit.ir.constants import (
    NotConstantError,
    constant_fits,
    make_constant,
    same_constant,
)
from jit.ir.equality import difference, equal
from jit.ir.graph import Graph, Node, Use, outer_values
from jit.ir.parser import parse_graph, parse_program
from jit.ir.printer import format_graph
from jit.ir.program import Program
from jit.ir.type_text import parse_type
from jit.ir.verifier import check

LOOP = """\
graph(%x : Tensor,
      %n : int,
      %c : bool):
  %y : Tensor = prim::Loop(%n, %c, %x)
    block0(%i : int, %acc : Tensor):
      %z : Tensor = test::f[w=float32[1.0]](%acc, %x)
      -> (%c, %z)
  %g : Tensor = prim::FusionGroup_0(%y)
  return (%g)
with prim::FusionGroup_0 = graph(%a : Tensor):
  return (%a)
"""


def loop() -> Graph:
    return parse_graph(LOOP, allow_unknown=True)


def chain(length: int) -> Graph:
    """Nodes that each read the one before."""
    graph = Graph()
    value = graph.add_input(T.INT, "x")
    for _ in range(length):
        value = Builder(graph).node("test::f", [value], [T.INT]).output
    graph.block.add_return(value)
    return graph


# inputs and uses ------------------------------------------------------------------


def test_uses_follow_every_change_of_inputs() -> None:
    graph = Graph()
    a, b = graph.add_input(T.INT, "a"), graph.add_input(T.INT, "b")
    node = Builder(graph).node("prim::Print", [a, a])

    node.set_input(0, b)
    node.insert_input(1, b)
    node.remove_input(0)

    assert [b, a] == node.inputs
    assert [Use(node, 1)] == a.uses
    assert [Use(node, 0)] == b.uses
    assert [] == check(graph)


def test_all_uses_can_be_replaced() -> None:
    graph = loop()
    x = graph.inputs[0]
    other = graph.add_input(T.TENSOR, "other")

    x.replace_all_uses_with(other)

    assert [] == x.uses
    assert 2 == len(other.uses)
    assert [] == check(graph, allow_unknown=True)


def test_a_used_node_cannot_be_destroyed() -> None:
    graph = chain(2)
    first, second = graph.nodes

    with pytest.raises(ValueError, match="is still used by"):
        first.destroy()
    with pytest.raises(ValueError, match="is still used"):
        first.remove_output(0)
    assert [first, second] == list(graph.nodes)


def test_a_destroyed_node_takes_its_blocks_and_uses_along() -> None:
    graph = loop()
    (node, group) = graph.nodes
    group.set_input(0, graph.inputs[0])
    node.destroy()

    assert [group] == list(graph.nodes)
    assert [] == graph.inputs[1].uses
    assert [] == check(graph, allow_unknown=True)


# order ----------------------------------------------------------------------------


def test_a_walk_survives_the_removal_of_what_it_stands_on() -> None:
    graph = chain(5)
    graph.block.result.set_input(0, graph.inputs[0])
    seen = 0

    for node in graph.block.reversed_nodes:
        node.destroy()
        seen += 1

    assert 5 == seen
    assert [] == list(graph.nodes)


def test_a_walk_survives_the_removal_of_what_comes_next() -> None:
    graph = chain(4)
    nodes = list(graph.nodes)
    graph.block.result.set_input(0, graph.inputs[0])
    nodes[3].set_input(0, graph.inputs[0])
    seen = []

    for node in graph.nodes:
        seen.append(node)
        if node is nodes[0]:
            nodes[2].set_input(0, graph.inputs[0])
            nodes[2].destroy()
            nodes[1].destroy()

    assert [nodes[0], nodes[3]] == seen


def test_a_walk_sees_nodes_that_are_inserted_ahead() -> None:
    graph = chain(2)
    seen = []

    for node in graph.nodes:
        seen.append(node.kind)
        if node.kind == "test::f":
            Node("prim::Print").insert_after(node)

    assert ["test::f", "prim::Print"] * 2 == seen


def test_which_of_two_nodes_runs_first() -> None:
    graph = loop()
    node, group = graph.nodes
    (inner,) = node.blocks[0].nodes

    assert node.is_before(group)
    assert node.is_before(graph.block.result)
    assert not group.is_before(node)
    assert inner.is_inside(node.blocks[0])
    assert node.is_before(inner)
    assert not inner.is_before(node)
    assert inner.is_before(node.blocks[0].result)
    assert inner.is_before(group)
    assert not group.is_before(inner)
    assert not node.is_before(node)


def test_nodes_of_different_branches_are_in_no_order() -> None:
    graph = parse_graph(
        "graph(%c : bool): prim::If(%c)"
        " block0(): prim::Print() -> () block1(): prim::Print() -> () return ()"
    )
    first, second = graph.find_nodes("prim::Print")

    assert not first.is_before(second)
    assert not second.is_before(first)


def test_nodes_of_different_graphs_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="share no block"):
        next(chain(1).nodes).is_before(next(chain(1).nodes))


def test_a_node_can_move_with_its_blocks_to_another_graph() -> None:
    source, target = loop(), Graph()
    node, group = source.nodes
    for value in source.inputs:
        value.replace_all_uses_with(target.add_input(value.type, value.name))
    source.block.result.remove_all_inputs()
    group.destroy()
    target.block.add_return(node.output)

    node.move_before(target.block.result)

    assert target is node.blocks[0].graph
    assert [] == check(target, allow_unknown=True)
    assert [] == list(source.nodes)


def test_walks_visit_nested_nodes_in_order() -> None:
    graph = loop()

    kinds = [node.kind for node in graph.all_nodes]

    assert ["prim::Loop", "test::f", "prim::FusionGroup"] == kinds


def test_what_blocks_read_from_outside() -> None:
    graph = loop()
    x, _, c = graph.inputs
    node = next(graph.nodes)

    assert [x, c] == outer_values(node.blocks)


# copies ---------------------------------------------------------------------------


def test_a_copy_of_a_graph_can_change_alone() -> None:
    graph = loop()
    copy = graph.copy()
    (group,) = copy.find_nodes("prim::FusionGroup")
    inner = group.attributes["Subgraph"]
    inner.block.prepend(Node("prim::Print"))

    assert LOOP == format_graph(graph)
    assert [1, 0] == [len(g.find_nodes("prim::Print")) for g in (inner, graph)]


def test_a_copy_shares_constants_and_keeps_spans() -> None:
    graph = parse_graph(
        "graph(): test::f[w=float32[1.0]]() # a.py:1:2 in f < b.py:3:4\n return ()",
        allow_unknown=True,
    )
    (old,) = graph.nodes
    (new,) = graph.copy().nodes

    assert old is not new
    assert old.attributes["w"] is new.attributes["w"]
    assert (old.span, old.stack) == (new.span, new.stack)


def test_nodes_can_be_copied_twice_through_one_mapping() -> None:
    graph = loop()
    node = next(graph.nodes)
    for _ in range(2):
        mapping = {graph.inputs[1]: graph.inputs[1]}
        clone_node(node, mapping).insert_before(node)
        clone_node(node, mapping).insert_before(node)

    assert [] == check(graph, allow_unknown=True)
    assert 5 == len(graph.find_nodes("test::f"))


def test_a_body_is_inlined_by_copying_its_nodes() -> None:
    callee = parse_graph(
        "graph(%a : int): %b : int = test::g(%a) return (%b)", allow_unknown=True
    )
    graph = chain(1)
    (node,) = graph.nodes

    (result,) = clone_nodes(callee.block, node, {callee.inputs[0]: graph.inputs[0]})
    node.output.replace_all_uses_with(result)
    node.destroy()

    assert (
        "graph(%x : int):\n  %b : int = test::g(%x)\n  return (%b)\n"
        == format_graph(graph)
    )


def test_the_copy_of_a_program_owns_its_graphs() -> None:
    text = """\
class A:
  attribute x : int

def f() -> int:
  graph():
    %y : int = prim::FusionGroup_0()
    return (%y)
  with prim::FusionGroup_0 = graph():
    %y : int = prim::Constant[value=1]()
    return (%y)
"""
    program = parse_program(text)
    copy = program.copy()
    copy.classes["A"].add("y", T.INT)
    graph = copy.functions["f"].graph
    (group,) = graph.nodes

    assert text == str(program)
    assert copy is graph.program
    assert copy is group.attributes["Subgraph"].program


# equality -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("test::f", "test::h", "the kinds differ: `%z : Tensor = test::f["),
        ("test::f", "test::f.out", "the overloads differ, `` and `out`"),
        ("[1.0]", "[2.0]", "the attribute `w` differs"),
        ("w=", "v=", "only one has `v`"),
        ("(%acc, %x)", "(%acc, %acc)", "`%x` and `%acc` do not correspond"),
        ("(%acc, %x)", "(%acc)", "2 and 1 inputs"),
        ("%z : Tensor", "%z : Float", "`%z` is `Tensor` and `Float` among the outputs"),
        ("-> (%c, %z)", "-> (%c, %acc)", "`%z` and `%acc` do not correspond"),
        (
            "  return (%y)",
            "  prim::Print() return (%y)",
            "only the second has `prim::P",
        ),
        ("%y : Tensor =", "%y : Tensor, %q : int =", "1 and 2 outputs"),
    ],
)
def test_the_first_difference_in_words(old: str, new: str, expected: str) -> None:
    text = LOOP.split("  %g")[0] + "  return (%y)\n"
    assert old in text

    a = parse_graph(text, allow_unknown=True)
    b = parse_graph(text.replace(old, new, 1), allow_unknown=True)

    found = difference(a, b)
    assert found is not None
    assert found.startswith(expected)
    assert not equal(b, a)


def test_names_and_places_are_compared_on_demand() -> None:
    a = parse_graph("graph(%x : int): prim::Print(%x) # a.py:1:1\n return ()")
    b = parse_graph("graph(%y : int): prim::Print(%y) # a.py:2:1\n return ()")

    assert equal(a, b)
    assert "`%x` is named `%y`" in str(difference(a, b, names=True))
    assert "the places differ, a.py:1:1 and a.py:2:1" in str(
        difference(a, b, spans=True)
    )


PROGRAM = """\
class A:
  attribute x : int
  method f

def A.f(Class<A> self, int n=1) -> int:
  graph(%self : Class<A>, %n : int):
    return (%n)
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("class A:", "module A:", "class `A`: it is a class and a module"),
        ("class A:", "class A(B):", "class `A`: the bases are () and ('B',)"),
        ("x : int", "x : str", "class `A`: the slots differ: `x`"),
        ("  method f\n", "", "class `A`: the methods are ['f'] and []"),
        ("n=1", "n=2", "function `A.f`: the signatures are"),
        ("(%n)\n", "(%self)\n", "function `A.f`: `%n` and `%self` do not correspond"),
        ("def A.f", "def A.g", "only one program has the function `A.f`"),
        ("class A:", "class B:", "only one program has the class `A`"),
    ],
)
def test_the_first_difference_of_programs(old: str, new: str, expected: str) -> None:
    found = difference(parse_program(PROGRAM), parse_program(PROGRAM.replace(old, new)))

    assert found is not None
    assert found.startswith(expected)


def test_a_graph_is_no_program() -> None:
    assert "a Graph is no Program" == difference(Graph(), Program())


# constants ------------------------------------------------------------------------


def test_constants_are_compared_to_the_bit() -> None:
    assert not same_constant(0.0, -0.0)
    assert not same_constant(1, True)
    assert not same_constant(np.float32([0.0]), np.float32([-0.0]))
    assert not same_constant(np.zeros((2, 3)), np.zeros((3, 2)))
    assert same_constant(float("nan"), float("nan"))
    assert same_constant((1, np.zeros(2)), (1, np.zeros(2)))


def test_arrays_become_constants_that_nobody_can_change() -> None:
    array = np.zeros(3, ">f4")
    made = make_constant(array).output
    array[0] = 1

    assert parse_type("Float(3)") == made.type
    assert not made.constant.any()
    assert made.constant.dtype.isnative
    assert not made.constant.flags.writeable


@pytest.mark.parametrize("value", [[1], {}, object()])
def test_what_can_change_is_no_constant(value: object) -> None:
    with pytest.raises(NotConstantError):
        make_constant(value)


@pytest.mark.parametrize(
    ("value", "type", "fits"),
    [
        (1, "int", True),
        (True, "int", False),
        (2**63, "int", False),
        (1, "int?", True),
        (None, "int?", True),
        (None, "int", False),
        (1, "Scalar", True),
        ("x", "Union[int, str]", True),
        ("cpu", "Device", True),
        ((1, "x"), "(int, str)", True),
        ((1,), "(int, str)", False),
        ((1,), "NamedTuple[P](x : int)", True),
        ("r", 'Enum[C, str](RED="r")', True),
        ("RED", 'Enum[C, str](RED="r")', True),
        ("q", 'Enum[C, str](RED="r")', False),
        (np.zeros((2, 3), np.float32), "Float(2, *)", True),
        (np.zeros((2, 3), np.float32), "Double", False),
        (np.zeros((2, 3), np.float32), "Array(3, *)", False),
        (1, "int[]", False),
        ("text", "Any", True),
    ],
)
def test_which_constants_are_of_a_type(value: object, type: str, fits: bool) -> None:
    assert fits == constant_fits(value, parse_type(type))


def test_a_graph_is_walked_by_calls_as_torchscript_users_write_them():
    graph = chain(2)
    first = next(iter(graph.nodes()))

    assert [n.kind for n in graph.nodes] == [n.kind() for n in graph.nodes()]
    assert first.kind() == first.kind and isinstance(first.kind(), str)
    assert list(first.inputs()) == first.inputs
    assert [v.type() for v in graph.outputs()] == [v.type for v in graph.outputs]
    assert graph.inputs() is graph.inputs
    assert [] == first.blocks()


@pytest.mark.parametrize("given", ["float64", ">f8", "int16", ">i4"])
def test_constant_arrays_have_the_dtype_object_of_the_machine(given: str) -> None:
    node = make_constant(np.ones(2, given))
    dtype = node.attributes["value"].dtype

    assert dtype is np.dtype(np.dtype(given).type)
