"""Each kind of problem is found, said in words, and shown at its place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.diagnostic import GraphError
from jit.ir.graph import Graph, Node, Value
from jit.ir.parser import parse_graph, parse_program
from jit.ir.program import Program
from jit.ir.schema import parse_schema
from jit.ir.verifier import assert_valid, check, check_program
from tests import strategies


def messages(graph: Graph, **options) -> list[str]:
    return [problem.message for problem in check(graph, **options)]


def parsed(body: str, **options) -> Graph:
    """A graph of usual parameters and some nodes."""
    head = "%x : Tensor, %n : int, %c : bool, %s : str, %l : int[], %t : (int, str)"
    return parse_graph(f"graph({head}):\n{body}\n  return ()", **options)


def simple() -> Graph:
    """%y = relu(%x), returned."""
    return parse_graph(
        "graph(%x : Tensor):\n  %y : Tensor = aten::relu(%x)\n  return (%y)"
    )


# ownership, links, uses -----------------------------------------------------------


def test_a_valid_graph_has_no_problems(cards) -> None:
    assert [] == check(simple())


def test_a_node_that_its_neighbours_do_not_know(cards) -> None:
    graph = simple()
    (node,) = graph.nodes
    node._previous = node

    assert ["the neighbours of a node do not know it"] == messages(graph)


def test_a_node_that_does_not_know_its_block(cards) -> None:
    graph = simple()
    (node,) = graph.nodes
    node.block = Graph().block

    assert ["a node stands in a block that it does not know"] == messages(graph)


def test_a_block_that_two_nodes_share() -> None:
    graph = parsed(
        "prim::If(%c) block0(): -> () block1(): -> ()"
        "prim::If(%c) block0(): -> () block1(): -> ()"
    )
    first, second = graph.nodes
    second.blocks[1] = first.blocks[1]

    assert ["a block is owned by another node"] == messages(graph)


def test_an_output_that_belongs_to_another_node(cards) -> None:
    graph = simple()
    (node,) = graph.nodes
    node.outputs[0].index = 3

    assert ["output 0 of a node belongs to another node"] == messages(graph)


def test_an_input_that_does_not_list_its_use(cards) -> None:
    graph = simple()
    graph.inputs[0].uses.clear()

    assert ["input 0, `%x`, does not list this use"] == messages(graph)


def test_a_use_that_does_not_read_the_value(cards) -> None:
    graph = simple()
    (node,) = graph.nodes
    node.inputs.clear()

    assert "`%x` lists a use that does not read it" in messages(graph)


def test_a_use_by_a_node_outside_of_the_graph(cards) -> None:
    graph = simple()
    node = Node("prim::Print")
    node.add_input(graph.inputs[0])

    expected = ["`%x` is used by `prim::Print`, which is not in the graph"]
    assert expected == messages(graph)


# visibility -----------------------------------------------------------------------


def test_a_value_of_another_graph(cards) -> None:
    graph = simple()
    graph.block.result.set_input(0, Graph().add_input(T.TENSOR, "z"))

    assert ["`%z` is defined by no node of this graph"] == messages(graph)


def test_a_value_that_is_used_before_it_is_defined(cards) -> None:
    graph = simple()
    (node,) = graph.nodes
    other = Node("aten::relu")
    other.add_input(node.output)
    other.add_output(T.TENSOR)
    graph.block.prepend(other)

    assert ["`%y` is used before it is defined"] == messages(graph)


def test_a_value_of_a_block_that_is_not_around(cards) -> None:
    graph = parsed("""
  prim::If(%c)
    block0():
      %y : Tensor = aten::relu(%x)
      -> ()
    block1():
      -> ()""")
    graph.block.add_return(graph.find_nodes("aten::relu")[0].output)

    assert ["`%y` is defined in a block that is not around"] == messages(graph)


# operators ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("aten::rely(%x)", "there is no operator `aten::rely`"),
        ("aten::add.Foo(%x)", "`aten::add` has no overload `Foo`"),
        ("%y : Tensor = aten::relu(%x, %x)", "it has 2 inputs, expected 1"),
        ("%y : Tensor = aten::add.Tensor(%x, %x)", "it has 2 inputs, expected 3"),
        (
            "%y : Tensor = aten::relu(%n)",
            "argument `self` is `int`, expected `Tensor`",
        ),
        ("aten::relu(%x)", "it has 0 outputs, expected 1"),
        ("%y : int = aten::relu(%x)", "the result is `int`, expected `Tensor`"),
        (
            "%y : str[] = aten::append.t(%l, %n)",
            "the result is `str[]`, expected `int[]`",
        ),
        ("%y : int[] = aten::append.t(%l, %x)", "argument `el` is `Tensor`"),
        ("%y : Tensor = test::loses(%x)", "no argument of `test::loses` has the alias"),
    ],
)
def test_an_operator_that_does_not_fit_its_schema(cards, body, expected) -> None:
    graph = parsed(f"  {body}", allow_unknown=True)

    (message,) = messages(graph)
    assert message.startswith(expected)


def test_types_may_be_refined_and_forgotten(cards) -> None:
    graph = parse_graph("""
graph(%x : Float(2, 3), %l : Float[], %n : int, %d : Dict(str, int), %k : str):
  %y : Float(2, 3) = aten::relu(%x)
  %z : Tensor = aten::__getitem__(%l, %n)
  %v : int = aten::get(%d, %k, %n)
  %w : str = aten::format(%k, %n, %x, %d)
  return (%y)
""")

    assert [] == check(graph)


def test_unknown_operators_can_be_allowed(cards) -> None:
    graph = parsed("  test::unknown(%x)", allow_unknown=True)

    assert ["there is no operator `test::unknown`"] == messages(graph)
    assert [] == check(graph, allow_unknown=True)


def test_an_operator_with_blocks(cards) -> None:
    graph = simple()
    (node,) = graph.nodes
    node.add_block()

    assert ["only control flow has blocks"] == messages(graph)


def test_writing_to_a_constant(cards) -> None:
    graph = parsed("""
  %w : Float(1) = prim::Constant[value=float32[1.0]]()
  %y : Tensor = aten::add_(%w, %x, %n)""")

    expected = ["it writes to its argument `self`, which is a constant"]
    assert expected == messages(graph)


# structural kinds -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("%y : int = prim::Constant[value=1.0]()", "the constant 1.0 is not a `int`"),
        ("%y : int = prim::Constant()", "the constant None is not a `int`"),
        ("%y : bool = prim::Constant[value=1]()", "the constant 1 is not a `bool`"),
        (
            f"%y : int = prim::Constant[value={2**63}]()",
            f"the constant {2**63} is not a `int`",
        ),
        ("%y : int = prim::Constant[value=1](%n)", "it has 1 input, expected 0"),
        (
            "%y : int = prim::Constant[value=1, k=2]()",
            "a constant has no attribute `k`",
        ),
        (
            '%y : Function<f> = prim::Constant[value="f"]()',
            'the constant of `Function<f>` has the attribute `name="f"` alone',
        ),
        ("prim::If(%n) block0(): -> () block1(): -> ()", "the condition is `int`"),
        ("prim::If(%c) block0(): -> ()", "it has 1 block, expected 2"),
        (
            "prim::If(%c) block0(%i : int): -> () block1(): -> ()",
            "block0 of a `prim::If` has no parameters",
        ),
        (
            "%y : int = prim::If(%c) block0(): -> (%n) block1(): -> ()",
            "0 returns of block1, expected 1",
        ),
        (
            "%y : int = prim::If(%c) block0(): -> (%n) block1(): -> (%s)",
            "number 0 of the returns of block1 is `str`, expected `int`",
        ),
        ("prim::Loop(%n) block0(%i : int): -> (%c)", "it lacks the number of trips"),
        (
            "prim::Loop(%n, %n) block0(%i : int): -> (%c)",
            "the condition is `int`, expected `bool`",
        ),
        (
            "prim::Loop(%n, %c) block0(%i : str): -> (%c)",
            "the first parameter of the block is not the `int`",
        ),
        (
            "prim::Loop(%n, %c) block0(%i : int): -> ()",
            "the first return of the block is not the `bool`",
        ),
        (
            "%y : int = prim::Loop(%n, %c, %n) block0(%i : int, %a : int): -> (%c, %s)",
            "number 0 of the carried returns is `str`, expected `int`",
        ),
        ("prim::Try() block0(): -> ()", "it has 1 block, expected 2"),
        (
            "prim::Try() block0(): -> () block1(): -> ()",
            "block1 of a `prim::Try` has one parameter, the `Exception`",
        ),
        ("prim::ReturnStmt() prim::Print()", "it does not end its block"),
        ("prim::ReturnStmt(%n)", "1 returned values, expected 0"),
        ("prim::BreakStmt()", "it stands in no loop"),
        (
            "prim::Loop(%n, %c) block0(%i : int): prim::BreakStmt(%n) -> (%c)",
            "1 carried values, expected 0",
        ),
        (
            "%y : int = prim::TupleConstruct(%n)",
            "the result is `int`, expected a tuple",
        ),
        (
            "%y : (int, str) = prim::TupleConstruct(%n)",
            "it has 1 input, expected 2",
        ),
        (
            "%y : (str,) = prim::TupleConstruct(%n)",
            "element 0 is `int`, expected `str`",
        ),
        (
            "%y : (int,) = prim::NamedTupleConstruct(%n)",
            "the result is `(int,)`, expected a named tuple",
        ),
        (
            "%a : int, %b : int = prim::TupleUnpack(%t)",
            "element 1 is `str`, the output is `int`",
        ),
        ("%a : int = prim::TupleUnpack(%n)", "the input is `int`, expected a tuple"),
        (
            "%i : int = prim::Constant[value=2]() %a : int = prim::TupleIndex(%t, %i)",
            "there is no element 2 of 2",
        ),
        (
            "%i : int = prim::Constant[value=-1]() %a : int = prim::TupleIndex(%t, %i)",
            "element -1 is `str`, the output is `int`",
        ),
        ("%y : int = prim::ListConstruct(%n)", "the result is `int`, expected a list"),
        (
            "%y : int[] = prim::ListConstruct(%n, %s)",
            "element 1 is `str`, expected `int`",
        ),
        (
            "%a : str = prim::ListUnpack(%l)",
            "element 0 is `int`, the output is `str`",
        ),
        (
            "%y : Dict(str, int) = prim::DictConstruct(%s)",
            "it has a key without a value",
        ),
        (
            "%y : Dict(str, int) = prim::DictConstruct(%s, %s)",
            "value 0 is `str`, expected `int`",
        ),
        ("prim::RaiseException(%l, %s)", "its message is `int[]`"),
        ("prim::RaiseException(%s, %s, %n)", "what it is raised from is `int`"),
        ("%y : bool = prim::isinstance(%x)", "the attribute `types` is not a tuple"),
        ("%y : int = prim::Print(%x)", "it has 1 output, expected 0"),
        ("%y : Tensor = prim::NumToTensor(%s)", "argument `a` is `str`"),
        (
            "%y : int = prim::CreateObject()",
            "the result is `int`, expected an instance",
        ),
        ('%y : int = prim::GetAttr[name="a"](%n)', "`int` has no slots"),
        ('prim::CallMethod[name="a"](%n)', "`int` has no methods"),
        ("prim::CallFunction(%n)", "it calls `int`, expected a function"),
        ("prim::FusionGroup(%n)", "it has no graph `Subgraph`"),
        ("%y : t = prim::Uninitialized()", "`%y` is `t`, which is no type of a value"),
    ],
)
def test_a_structural_node_that_breaks_its_rule(body: str, expected: str) -> None:
    (message, *_) = messages(parsed(f"  {body}"))
    assert message.startswith(expected)


def test_the_graph_of_a_group_is_verified_too(cards) -> None:
    graph = parse_graph(
        "graph(%x : Tensor):"
        " %y : Tensor = prim::FusionGroup_0(%x) return (%y)"
        " with prim::FusionGroup_0 = graph(%a : int):"
        " %r : int = aten::relu(%a) return (%r)",
        allow_unknown=True,
    )

    assert [
        "number 0 of the inputs is `Tensor` and `int`",
        "number 0 of the outputs is `int` and `Tensor`",
    ] == sorted(m for m in messages(graph) if m.startswith("number"))
    assert any(m.startswith("argument `self` is `int`") for m in messages(graph))


def test_attributes_are_of_printable_kinds() -> None:
    graph = parsed("  prim::Print[a=1, b=2]()")
    (node,) = graph.nodes
    node.attributes["a"] = [1]
    node.attributes["b"] = (np.zeros(2),)

    assert [
        "the attribute `a` cannot hold a `list`",
        "the array of `b` can be written to",
    ] == messages(graph)


# stages ---------------------------------------------------------------------------


def test_a_spec_forbids_kinds() -> None:
    graph = parsed("  prim::ReturnStmt()")

    assert [] == messages(graph)
    assert ["`prim::ReturnStmt` stands where exits were replaced by values"] == (
        messages(graph, specs=("no_exits", "no_tuples"))
    )


def test_places_in_the_source_can_be_asked_for() -> None:
    graph = parsed("  prim::Print() # a.py:1:1\n  prim::Print()")

    assert ["it has no place in the source"] == messages(graph, spans=True)


# programs -------------------------------------------------------------------------

PROGRAM = """\
class A:
  attribute n : int
  method get

class B(A):
  attribute m : int

interface I:
  method run

def A.get(Class<A> self) -> int:
  graph(%self : Class<A>):
    %n : int = prim::GetAttr[name="n"](%self)
    return (%n)

def f(int x, Interface<I> i) -> int:
  graph(%x : int, %i : Interface<I>):
    %b : Class<B> = prim::CreateObject()
    prim::SetAttr[name="m"](%b, %x)
    %n : int = prim::GetAttr[name="n"](%b)
    %g : int = prim::CallMethod[name="get"](%b)
    %r : int = prim::CallMethod[name="run"](%i, %n)
    %f : Function<f> = prim::Constant[name="f"]()
    %again : int = prim::CallFunction(%f, %x, %i)
    return (%again)
"""


def program_messages(text: str) -> list[str]:
    return [problem.message for problem in check_program(parse_program(text))]


def test_calls_slots_and_methods_of_bases_are_found() -> None:
    assert [] == program_messages(PROGRAM)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"m"](%b', '"q"](%b', "`Class<B>` has no slot `q`"),
        ("(%b, %x)", "(%b, %i)", "`m` is `Interface<I>`, expected `int`"),
        (
            '%n : int = prim::GetAttr[name="n"](%b)',
            '%n : str = prim::GetAttr[name="n"](%b)',
            "`n` is `int`, the output is `str`",
        ),
        ('"get"', '"got"', "`Class<B>` has no method `got`"),
        ('"run"', '"go"', "`Interface<I>` has no method `go`"),
        ("(%f, %x, %i)", "(%f, %x)", "it has 1 input, expected 2"),
        ("(%f, %x, %i)", "(%f, %i, %x)", "argument `x` is `Interface<I>`"),
        (
            'Function<f> = prim::Constant[name="f"]',
            'Function<g> = prim::Constant[name="g"]',
            "`%f` is `Function<g>`, which the program does not define",
        ),
        ("def f(int x,", "def f(str x,", "argument `x` is `str` and `int`"),
        ("%again)\n", "%b)\n", "it returns `Class<B>`, the schema says `int`"),
        ("return (%again)", "return (%again, %n)", "the graph has 2 outputs"),
        ("def f(int x, ", "def f(", "the graph has 2 inputs, the schema 1 arguments"),
        ("class B(A)", "class B(C)", "the program has no base `C`"),
        ("class A:", "class A(B):", "it is a base of its base `B`"),
        ("  method get", "  method put", "the method `put` has no function `A.put`"),
        ("attribute m : int", "submodule m : int", "the submodule `m` is `int`"),
        ("attribute m : int", "attribute m : Class<Q>", "slot `m` is `Class<Q>`"),
        (
            "A.get(Class<A> self) -> int:\n  graph(%self : Class<A>)",
            "A.get(Class<B> self) -> int:\n  graph(%self : Class<B>)",
            "the first argument of the method `get` is not `Class<A>`",
        ),
    ],
)
def test_a_program_that_is_wrong(old: str, new: str, expected: str) -> None:
    assert old in PROGRAM

    found = program_messages(PROGRAM.replace(old, new, 1))
    assert any(message.startswith(expected) for message in found), found


def test_names_and_owners_of_functions_and_classes() -> None:
    program = parse_program(PROGRAM)
    program.functions["g"] = program.functions["f"]
    program.classes["C"] = program.classes["A"]
    program.functions["f"].schema = parse_schema("h(int x, Interface<I> i) -> int")
    program.functions["A.get"].graph.program = Program()

    found = [problem.message for problem in check_program(program)]

    assert "it is named `A`" in found
    assert "it is named `f` and its schema `h`" in found
    assert "its graph belongs to another program" in found


# the error ------------------------------------------------------------------------


def test_the_error_shows_the_graph_with_carets_under_the_bad_nodes(cards) -> None:
    graph = simple()
    (node,) = graph.nodes
    node.kind = "aten::rely"
    graph.block.result.set_input(0, Graph().add_input(T.TENSOR, "z"))

    with pytest.raises(GraphError) as caught:
        assert_valid(graph, when="after `cse`")

    assert (
        "error[E0603]: the graph is not valid after `cse`:"
        " there is no operator `aten::rely` (and 1 more)\n"
        "   = note: in the graph:\n"
        "graph(%x : Tensor):\n"
        "  %y : Tensor = aten::rely(%x)\n"
        "  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ there is no operator `aten::rely`\n"
        "  return (%z)\n"
        "  ^^^^^^^^^^^ `%z` is defined by no node of this graph" == str(caught.value)
    )


def test_of_a_long_graph_the_error_shows_what_is_near() -> None:
    graph = Graph()
    builder = Builder(graph)
    for i in range(200):
        builder.constant(i)
    graph.find_nodes("prim::Constant")[150].attributes["value"] = "text"

    with pytest.raises(GraphError) as caught:
        assert_valid(graph)

    lines = str(caught.value).splitlines()
    assert len(lines) < 20
    assert 2 == lines.count("…")


def test_the_error_of_a_program_names_the_function() -> None:
    program = parse_program(PROGRAM.replace('"get"](%b)', '"got"](%b)'))

    with pytest.raises(GraphError, match="in `f`:") as caught:
        assert_valid(program)

    assert "the program is not valid: `Class<B>` has no method" in str(caught.value)


def test_a_graph_that_cannot_be_printed_is_still_an_error(cards) -> None:
    graph = simple()
    (node,) = graph.nodes
    node._previous = node

    with pytest.raises(GraphError, match="the neighbours of a node do not know it"):
        assert_valid(graph)


def _break(graph: Graph, data: st.DataObject) -> None:
    """Change one thing, whatever comes of it."""
    nodes = list(graph.all_nodes)
    if not nodes:
        return
    node = data.draw(st.sampled_from(nodes))
    values: list[Value] = [*graph.inputs, *(v for n in nodes for v in n.outputs)]
    match data.draw(st.integers(0, 6)):
        case 0 if node.inputs:
            node.remove_input(0)
        case 1 if values:
            node.add_input(data.draw(st.sampled_from(values)))
        case 2:
            kinds = ["prim::If", "prim::Loop", "prim::Try", "prim::BreakStmt"]
            kinds += ["prim::TupleIndex", "prim::TupleSlice", "prim::CallMethod"]
            kinds += ["prim::SetAttr", "prim::Constant", "prim::FusionGroup"]
            kinds += ["prim::ContinueStmt", "prim::DictConstruct", "prim::CallFunction"]
            node.kind = data.draw(st.sampled_from(kinds))
        case 3 if node.blocks:
            node.blocks.pop()
        case 4:
            node.add_output(data.draw(strategies.types))
        case 5 if values:
            data.draw(st.sampled_from(values)).type = data.draw(strategies.types)
        case 6:
            node.attributes.clear()


@settings(max_examples=100)
@given(strategies.graphs(), st.data())
def test_whatever_is_broken_is_reported_and_not_raised(
    graph: Graph, data: st.DataObject
) -> None:
    for _ in range(3):
        _break(graph, data)

    problems = check(graph, allow_unknown=True)

    if problems:
        with pytest.raises(GraphError, match="E0603"):
            assert_valid(graph, allow_unknown=True)
    else:
        assert_valid(graph, allow_unknown=True)
