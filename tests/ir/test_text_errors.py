"""Text that is no graph is refused with its place, however it is made."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit.ir.diagnostic import GraphError
from jit.ir.lexer import DEEPEST
from jit.ir.parser import parse_graph, parse_program
from jit.ir.printer import format_graph
from jit.ir.schema import parse_schema
from jit.ir.type_text import parse_type

GRAPH = """\
graph(%x : Tensor, %c : bool):
  %y : Tensor = prim::If(%c)
    block0():
      %z : Float(2, *) = test::f[a=1.5, b="s", w=float32[[1.0], [2.0]]](%x) # a.py:1:2
      -> (%z)
    block1():
      -> (%x)
  %g : Tensor = prim::FusionGroup_0(%y)
  return (%g)
with prim::FusionGroup_0 = graph(%a : Tensor):
  return (%a)
"""


def refused(text: str, message: str, *, read=parse_graph, **options) -> str:
    """The error that a text gives has the message; returns it whole."""
    with pytest.raises(GraphError, match=re.escape(message)) as caught:
        read(text, **options)
    assert "E0601" == caught.value.code
    return str(caught.value)


def test_the_place_is_shown_with_a_caret() -> None:
    message = refused(
        "graph(%x : Tensor):\n  return (%y)\n", "`%y` is not defined here"
    )

    assert (
        "error[E0601]: `%y` is not defined here\n"
        " --> <graph>:2:10\n"
        "  |\n"
        "2 |   return (%y)\n"
        "  |           ^^" == message
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("%x : int = prim::Constant[value=1]() return ()", "`%x` is defined twice"),
        ("%y : int = test::f(%y) return ()", "`%y` is not defined here"),
        ("prim::If(%c) block1(): -> () return ()", "expected `block0`"),
        ("prim::If(%c) block0(): -> (%x", "expected `,`, found the end"),
        ("test::f(", "expected a value, found the end"),
        ("%y : = test::f() return ()", "expected a name, found `=`"),
        ("%y : Tensr = test::f() return ()", "unknown type `Tensr`"),
        ("relu(%x) return ()", "expected an operator, found `relu`"),
        ("return () 1", "unexpected `1` after the graph"),
        ("test::f[a=1, a=2]() return ()", "`a` is given twice"),
        ("test::f[a=graph_0]() return ()", "no graph `graph_0` follows"),
        ("test::f[a=lambda]() return ()", "`lambda` is no constant"),
        ("test::f[a=1j]() return ()", "`1j` is not a real number"),
        ('test::f[a="\\q"]() return ()', "unknown escape in a string"),
        ('test::f[a="\\UFFFFFFFF"]() return ()', "unknown escape in a string"),
        ('test::f[a="x]() return ()', "unexpected character '\"'"),
        ("test::f[a=float32[[1.0], 2.0]]() return ()", "the rows of the array differ"),
        ("test::f[a=uint8[256]]() return ()", "`256` is no uint8"),
        ("test::f[a=float32(1, 2)]() return ()", "do not make an array of this size"),
        ("test::f[a=int64(3)[]]() return ()", "do not make an array of this size"),
        ("test::f[a=int64(0, -1)[]]() return ()", "do not make an array of this size"),
        ("return ; ", "unexpected character ';'"),
    ],
)
def test_a_graph_that_is_wrong_in_one_place(body: str, message: str) -> None:
    refused(f"graph(%x : Tensor, %c : bool): {body}", message, allow_unknown=True)


def test_a_value_is_not_visible_after_its_block() -> None:
    refused(
        """
graph(%c : bool):
  prim::If(%c)
    block0():
      %y : int = prim::Constant[value=1]()
      -> ()
    block1():
      -> ()
  return (%y)
""",
        "`%y` is defined in a block that has ended",
    )


def test_a_graph_section_is_held_once_and_by_a_graph_before_it() -> None:
    refused("graph(): return () with graph_0 = graph(): return ()", "no node holds")
    twice = "test::f[a=graph_0]() test::f[a=graph_0]()"
    refused(
        f"graph(): {twice} return () with graph_0 = graph(): return ()",
        "no graph `graph_0` follows",
        allow_unknown=True,
    )
    cycle = "with graph_0 = graph(): test::f[a=graph_0]() return ()"
    refused(
        f"graph(): return () {cycle}", "no graph `graph_0` follows", allow_unknown=True
    )


def test_an_array_that_the_table_lacks_is_named() -> None:
    digest = "ab" * 32
    text = f"graph(): test::f[w=<float32(3) sha256:{digest}>]() return ()"

    refused(text, f"no array with the digest {digest} was given", allow_unknown=True)
    refused(
        text,
        f"the array {digest} is float64(3,)",
        allow_unknown=True,
        constants={digest: np.zeros(3)},
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(int x) -> int: return (%x)", "expected `graph`"),
        ("def f(int) -> int: graph(): return ()", "expected the name of the argument"),
        ("class A: attribute x : int attribute x : int", "`x` is defined twice"),
        ("class A: class A:", "`A` is defined twice"),
        ("struct A:", "expected `def`, `class`, `module` or `interface`"),
        (
            "def f() -> (): graph(): return () def f() -> (): graph(): return ()",
            "`f` is defined twice",
        ),
    ],
)
def test_a_program_that_is_wrong_in_one_place(text: str, message: str) -> None:
    refused(text, message, read=parse_program)


def test_an_unknown_operator_is_refused_with_the_nearest(cards) -> None:
    with pytest.raises(GraphError) as caught:
        parse_graph("graph(%x : Tensor):\n  aten::rely(%x)\n  return ()")

    assert (
        "error[E0602]: there is no operator `aten::rely`\n"
        " --> <graph>:2:2\n"
        "  |\n"
        "2 |   aten::rely(%x)\n"
        "  |   ^^^^^^^^^^\n"
        "   = help: the nearest are `aten::relu`" == str(caught.value)
    )


def test_an_unknown_overload_is_refused_with_the_known_ones(cards) -> None:
    with pytest.raises(GraphError, match="has no overload `Foo`") as caught:
        parse_graph("graph(%x : Tensor): aten::add.Foo(%x) return ()")

    assert "E0602" == caught.value.code
    assert "`Tensor`, `Scalar`, `int`" in caught.value.diagnostics[0].help


def test_inputs_that_no_overload_takes_are_refused(cards) -> None:
    with pytest.raises(GraphError, match="no overload of `aten::add` takes `Tensor`"):
        parse_graph("graph(%x : Tensor): aten::add(%x) return ()")


def test_without_any_cards_the_error_says_so(monkeypatch) -> None:
    monkeypatch.setattr("jit.ir.registry._CARDS", {})

    with pytest.raises(GraphError, match="no operators are registered"):
        parse_graph("graph(%x : Tensor): aten::relu(%x) return ()")


DEEP = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "graph(%c : bool): " + "prim::If(%c) block0(): " * DEEP,
        f"graph(%c : {'(' * DEEP}",
        f"graph(%c : int{'[]' * DEEP}): return ()",
        f"graph(%c : int{'[]?' * DEEP}): return ()",
        f"graph(%c : {'Dict(int, ' * DEEP}",
        f"graph(): test::f[a={'(' * DEEP}",
        f"graph(): test::f[a=float32{'[' * DEEP}",
    ],
)
def test_deep_nesting_is_refused(text: str) -> None:
    refused(text, f"nested more than {DEEPEST} levels deep")


def test_a_type_of_many_levels_of_suffixes_is_refused() -> None:
    text = "int"
    for _ in range(3):
        text = f"({text}{'[]' * (DEEPEST // 2)},)"

    refused(text, "levels deep", read=parse_type)


def test_huge_integers_are_refused() -> None:
    digits = "9" * 100_000

    refused(f"graph(): test::f[a={digits}]() return ()", "too many digits")
    refused(f"graph(%x : Float({digits})): return ()", "too many digits")
    refused(f"f(int[{'9' * 99}] x=1) -> ()", "a sized list cannot", read=parse_schema)


@pytest.mark.parametrize(
    "text",
    [
        '"' + "\\a" * 50_000,
        "0x" + "1" * 100_000,
        "a" * 100_000,
        "%x:" * 50_000,
        "# comment\n" * 50_000,
        "graph(" + "%x : int, " * 20_000,
        "graph(): " + "test::f() # a.py:1:1\n" * 20_000 + "return",
    ],
)
def test_long_hostile_text_is_refused(text: str) -> None:
    # a reader of quadratic time would not come back
    with pytest.raises(GraphError):
        parse_graph(text, allow_unknown=True)


@settings(max_examples=300)
@given(
    st.integers(0, len(GRAPH) - 1),
    st.integers(0, 6),
    st.text("%()[]{}<>:=,.*?!#\"' \n0123456789abefgjnorx", max_size=6),
)
def test_altered_text_gives_a_graph_or_an_error(
    place: int, removed: int, added: str
) -> None:
    text = GRAPH[:place] + added + GRAPH[place + removed :]

    try:
        graph = parse_graph(text, allow_unknown=True)
    except GraphError as error:
        assert error.code in ("E0601", "E0602")
    else:
        again = parse_graph(format_graph(graph), allow_unknown=True)
        assert format_graph(again) == format_graph(graph)
