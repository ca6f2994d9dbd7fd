"""What the text of graphs and programs looks like."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.constant_text import digest, format_constant, read_constant
from jit.ir.constants import same_constant
from jit.ir.graph import Graph
from jit.ir.lexer import Cursor
from jit.ir.naming import names_of
from jit.ir.parser import parse_graph, parse_program
from jit.ir.printer import (
    constants,
    format_block,
    format_graph,
    format_node,
    format_program,
)
from jit.ir.span import NOWHERE, Source, Span


def canonical(text: str, **options) -> None:
    """The text is what is printed of the graph that it means."""
    text = text.lstrip("\n")
    graph = parse_graph(text, **options)

    assert text == format_graph(graph)


def test_loops_branches_and_constants(cards) -> None:
    canonical("""
graph(%x : Tensor,
      %n : int,
      %c : bool):
  %true : bool = prim::Constant[value=True]()
  %one : int = prim::Constant[value=1]()
  %none : NoneType = prim::Constant()
  %y : Tensor = prim::Loop(%n, %true, %x)
    block0(%i : int, %acc : Tensor):
      %next : Tensor = prim::If(%c)
        block0():
          %sum : Tensor = aten::add(%acc, %x, %one)
          -> (%sum)
        block1():
          -> (%acc)
      -> (%true, %next)
  prim::Print(%y, %none)
  return (%y)
""")


def test_try_has_a_body_and_a_handler() -> None:
    canonical("""
graph(%x : Tensor):
  %y : str = prim::Try()
    block0():
      %fine : str = prim::Constant[value="fine"]()
      -> (%fine)
    block1(%e : Exception):
      %match : bool = prim::ExceptionMatches[names=("ValueError",)](%e)
      %text : str = prim::ExceptionMessage(%e)
      -> (%text)
  return (%y)
""")


def test_a_graph_inside_of_a_node_follows_the_graph(cards) -> None:
    canonical("""
graph(%x : Tensor):
  %y : Tensor = prim::FusionGroup_0(%x)
  %z : Tensor = prim::FusionGroup_1[kind="row"](%y)
  return (%z)
with prim::FusionGroup_0 = graph(%a : Tensor):
  %r : Tensor = aten::relu(%a)
  return (%r)
with prim::FusionGroup_1 = graph(%a : Tensor):
  %0 : Tensor = prim::FusionGroup_2(%a)
  return (%0)
with prim::FusionGroup_2 = graph(%a : Tensor):
  return (%a)
""")


def test_any_attribute_can_hold_graphs() -> None:
    canonical(
        """
graph():
  test::f[body=graph_0, both=(graph_1, 2)]()
  return ()
with graph_0 = graph():
  return ()
with graph_1 = graph():
  return ()
""",
        allow_unknown=True,
    )


def test_constants_of_all_kinds() -> None:
    canonical("""
graph():
  %0 : int = prim::Constant[value=-9223372036854775808]()
  %1 : float = prim::Constant[value=1e-07]()
  %2 : float = prim::Constant[value=-inf]()
  %3 : float = prim::Constant[value=nan]()
  %4 : complex = prim::Constant[value=complex(0.0, -0.0)]()
  %5 : str = prim::Constant[value="tab\\t quote\\" \\\\ é \\u2028"]()
  %6 : ScalarType = prim::Constant[value=torch.bfloat16]()
  %7 : Device = prim::Constant[value="cpu"]()
  %8 : (int, (str,), ()) = prim::Constant[value=(1, ("two",), ())]()
  %9 : Float(2, 2) = prim::Constant[value=float32[[1.0, 2.5], [-0.0, 0.1]]]()
  %10 : Long() = prim::Constant[value=int64(7)]()
  %11 : Array[bool](0) = prim::Constant[value=bool[]]()
  %12 : Double(0, 3) = prim::Constant[value=float64(0, 3)[]]()
  %13 : Tensor = prim::Constant[value=complex64[complex(1.0, -nan)]]()
  return ()
""")


def test_a_long_array_stands_as_its_digest_in_the_text() -> None:
    weight = np.arange(17, dtype=np.float32)
    graph = Graph()
    value = Builder(graph).constant(weight)
    graph.block.add_return(value)
    table = constants(graph)

    text = format_graph(graph)

    assert [digest(weight)] == list(table)
    assert f"value=<float32(17) sha256:{digest(weight)}>" in text
    again = parse_graph(text, constants=table)
    assert same_constant(value.constant, again.outputs[0].constant)


def test_the_digest_tells_sizes_and_dtypes_apart() -> None:
    zeros = np.zeros(24, np.float32)

    assert digest(zeros) == digest(zeros.copy())
    assert digest(zeros) != digest(zeros.reshape(2, 12))
    assert digest(zeros) != digest(zeros.view(np.int32))


def test_a_nan_with_a_payload_goes_to_the_table() -> None:
    odd = np.frombuffer(b"\x01\x00\xc0\x7f", np.float32)

    assert format_constant(odd).startswith("<float32(1) sha256:")
    assert "float32[nan, -nan]" == format_constant(np.float32([np.nan, -np.nan]))


@pytest.mark.parametrize(
    "array",
    [
        np.float32([0.1, 1e-45, 3.4028235e38, 16777217, 1 / 3]),
        np.float16([0.1, 65504, 6e-8]),
        np.array([0.1, 300, 1e-40, 3.3e38], ml_dtypes.bfloat16),
        np.float64([0.1, 5e-324, 1.7976931348623157e308]),
        np.complex64([complex(0.1, -0.0), complex(np.inf, np.nan)]),
        np.array([[[-128, 127]]], np.int8),
        np.array(255, np.uint8),
    ],
)
def test_short_arrays_are_exact_to_the_bit(array: np.ndarray) -> None:
    text = format_constant(array)

    again = read_constant(Cursor(text), {})

    assert same_constant(array, again)


def test_arrays_that_were_read_cannot_be_written() -> None:
    assert not read_constant(Cursor("float32[1.0]"), {}).flags.writeable


def test_the_overload_is_printed_where_types_do_not_tell_it(cards) -> None:
    canonical("""
graph(%x : Tensor,
      %n : int):
  %0 : Tensor = aten::add(%x, %x, %n)
  %1 : Tensor = aten::add(%x, %n, %n)
  %2 : int = aten::add(%n, %n)
  %3 : Tensor = test::twice(%x)
  %4 : Tensor = test::twice.again(%x)
  return (%0)
""")


def test_all_overloads_are_printed_on_demand(cards) -> None:
    graph = parse_graph(
        "graph(%x : Tensor, %n : int):"
        " %0 : Tensor = aten::add(%x, %x, %n) %1 : Tensor = aten::relu(%x) return (%0)"
    )

    text = format_graph(graph, overloads=True)

    assert "aten::add.Tensor(%x, %x, %n)" in text
    assert "aten::relu(%x)" in text


def test_the_overload_without_a_name_can_be_told_from_others() -> None:
    canonical(
        """
graph(%x : Tensor):
  test::f(%x)
  test::f.Tensor(%x)
  return ()
""",
        allow_unknown=True,
    )


def test_an_unnamed_overload_behind_another_is_called_default(cards) -> None:
    text = "graph(%x : Tensor): aten::add.default(%x) return ()"
    graph = parse_graph(text, allow_unknown=True)
    (node,) = graph.nodes

    assert "" == node.overload
    assert "aten::add(%x)" == format_node(node)


def test_names_are_kept_and_made_unique() -> None:
    graph = Graph()
    hints = ["x", "x", "x.1", "", "two words", "7", "x", "é"]
    values = [graph.add_input(T.INT, hint) for hint in hints]

    names = names_of(graph)

    expected = ["x", "x.1", "x.2", "0", "two_words", "1", "x.3", "_"]
    assert expected == [names[v] for v in values]


def test_spans_are_comments_with_the_calls_that_led_to_a_node() -> None:
    model = Source("model.py", "x = 1\ny = f(x)\n")
    text = (
        "graph():\n"
        "  test::f() # model.py:2:4-8\n"
        "  test::g() # model.py:1:0-2:3 in f < model.py:2:4 in Model.forward\n"
        '  test::h() # "<cell 3>":7:0 in "two words"\n'
        "  return ()\n"
    )

    graph = parse_graph(text, allow_unknown=True, sources={"model.py": model})

    first, second, third = graph.nodes
    assert Span(model, 2, 4, 2, 8) == first.span
    assert "y = f(x)" == first.span.text
    assert Span(model, 1, 0, 2, 3, "f") == second.span
    assert (Span(model, 2, 4, 2, 4, "Model.forward"),) == second.stack
    assert Span(Source("<cell 3>"), 7, 0, 7, 0, "two words") == third.span
    assert text == format_graph(graph, spans=True)


def test_other_comments_are_not_read() -> None:
    graph = parse_graph(
        "# model.py:1:1\ngraph(): # model.py:1:1\n"
        "  test::f() # it is 12:30:00 o'clock\n"
        "  # model.py:1:1\n"
        "  return () # model.py:1:1\n",
        allow_unknown=True,
    )

    assert [NOWHERE] == [node.span for node in graph.nodes]


def test_a_node_and_a_block_print_with_the_names_of_their_graph(cards) -> None:
    graph = parse_graph("""
graph(%0 : bool, %x : Tensor):
  %1 : Tensor = prim::If(%0)
    block0():
      %2 : Tensor = aten::relu(%x)
      -> (%2)
    block1():
      -> (%x)
  return (%1)
""")
    (branch,) = graph.nodes

    expected = "block0():\n  %2 : Tensor = aten::relu(%x)\n  -> (%2)"
    assert expected == format_block(branch.blocks[0])
    assert "%2 : Tensor = aten::relu(%x)" == str(graph.find_nodes("aten::relu")[0])
    assert format_node(branch).startswith("%1 : Tensor = prim::If(%0)\n  block0():\n")


def test_a_node_that_stands_nowhere_can_be_printed(cards) -> None:
    graph = parse_graph("graph(%x : Tensor): %y : Tensor = aten::relu(%x) return (%x)")
    (node,) = graph.nodes
    node.detach()

    assert "%y : Tensor = aten::relu(%x)" == str(node)


PROGRAM = """\
interface model.Op:
  method run

class model.Base:
  attribute count : int

class model.Counter(model.Base):
  attribute names : str[]
  method bump

module model.MLP:
  parameter weight : Float(2, 3)
  buffer mean : Tensor
  attribute eps : float
  submodule "0" : Module<model.MLP>
  method forward

def model.f(Tensor x, int n=2, *, str mode="sum") -> ((int, Tensor)):
  graph(%x : Tensor,
        %n : int,
        %mode : str):
    %t : (int, Tensor) = prim::TupleConstruct(%n, %x)
    return (%t)

def model.Counter.bump(Class<model.Counter> self) -> int:
  graph(%self : Class<model.Counter>):
    %count : int = prim::GetAttr[name="count"](%self)
    return (%count)

def model.MLP.forward(Module<model.MLP> self, Tensor x) -> Tensor:
  graph(%self : Module<model.MLP>,
        %x : Tensor):
    %n : int = prim::Constant[value=2]()
    %mode : str = prim::Constant[value="sum"]()
    %f : Function<model.f> = prim::Constant[name="model.f"]()
    %both : (int, Tensor) = prim::CallFunction(%f, %x, %n, %mode)
    %first : int, %y : Tensor = prim::TupleUnpack(%both)
    %z : Tensor = prim::CallMethod[name="forward"](%self, %y)
    return (%z)
"""


def test_a_program_is_classes_then_functions() -> None:
    program = parse_program(PROGRAM)

    assert PROGRAM == format_program(program)
    assert ["model.Op", "model.Base", "model.Counter", "model.MLP"] == list(
        program.classes
    )
    assert ("model.Base",) == program.classes["model.Counter"].bases
    assert T.TensorType(dtypes.float32, (2, 3)) == (
        program.classes["model.MLP"].attributes["weight"].type
    )
    assert 2 == program.functions["model.f"].schema.arguments[1].default
    assert all(graph.program is program for graph in program.graphs())
