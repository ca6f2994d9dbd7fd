"""Schemas, the overload that a call means, and nodes that fit their schema."""

from __future__ import annotations

import numpy as np
import pytest

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.diagnostic import GraphError
from jit.ir.graph import Graph
from jit.ir.overloads import Binding, overload_by_types, resolve
from jit.ir.parser import parse_graph
from jit.ir.printer import format_graph
from jit.ir.registry import nearest_kinds, register
from jit.ir.schema import parse_schema
from jit.ir.span import NOWHERE, Source, Span
from jit.ir.type_text import parse_type
from jit.ir.verifier import check

SCHEMAS = [
    "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
    "aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)",
    "aten::split.Tensor(Tensor(a) self, int split_size, int dim=0) -> Tensor(a)[]",
    "aten::view_as(Tensor(a)? self, int[]? dim=None) -> Tensor(a)?",
    "aten::__getitem__.t(t(a)[] list, int idx) -> t(*)",
    "aten::keys.str(Dict(str, t) self) -> str[](*)",
    "aten::max.dim(Tensor self, int dim) -> (Tensor values, Tensor indices)",
    "aten::f(float p=0.5, float q=inf, bool b=True, str s=\"a'b\") -> ()",
    "aten::g(ScalarType? d=None, ScalarType e=float32, int[] l=[1, -2]) -> ()",
    "aten::h(complex c=complex(1.0, -0.0), (int, str) t=(1, \"x\"), () u=()) -> int",
    "prim::ListConstruct(...) -> t[]",
    "aten::format(str self, ...) -> str",
    "model.f(Float(2, *) x, *, int n=2) -> ((int, Tensor))",
    "model.g(Tensor \"two words\") -> Tensor",
]  # fmt: skip


@pytest.mark.parametrize("text", SCHEMAS)
def test_the_text_of_a_schema(text: str) -> None:
    assert text == str(parse_schema(text))


def test_sized_lists_take_one_number_for_all_elements() -> None:
    schema = parse_schema("aten::f(int[2] stride=3, SymInt[] size=[]) -> Tensor")
    stride, size = schema.arguments

    assert [3, 3] == stride.default
    assert 2 == stride.length
    assert T.ListType(T.INT) == size.type


def test_what_a_schema_writes_and_shares() -> None:
    schema = parse_schema("aten::f(Tensor a, Tensor(b!) out, Tensor(c) d) -> Tensor(c)")

    assert (1,) == schema.writes
    assert schema.has_alias
    assert {"a": 0, "out": 1, "d": 2} == schema.index_of


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("aten::f(int) -> int", "expected the name of the argument"),
        ("aten::f(int x=y) -> int", "unknown dtype `y`"),
        ("aten::f(int x)", "expected `->`, found the end"),
        ("aten::f() -> int) ", "unexpected `)` after the schema"),
        ("(int x) -> int", "expected the name of an operator"),
        ("aten::f(int[0] x=1) -> int", "a sized list cannot have 0 elements"),
        ("aten::f(int[] x=" + "[" * 500, "nested more than 100 levels deep"),
    ],
)
def test_a_text_that_is_no_schema(text: str, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        parse_schema(text)

    assert message == caught.value.diagnostics[0].headline


def types(*texts: str) -> list[T.Type]:
    return [parse_type(text) for text in texts]


@pytest.mark.parametrize(
    ("given", "overload"),
    [
        (("Tensor", "Tensor"), "Tensor"),
        (("Float(2)", "Double"), "Tensor"),
        (("Tensor", "int"), "Scalar"),
        (("int", "int"), "int"),
        (("float", "Tensor"), "Tensor"),
    ],
)
def test_the_overload_follows_from_the_types(cards, given, overload) -> None:
    found = resolve("aten::add", types(*given))

    assert isinstance(found, Binding)
    assert overload == found.schema.overload


def test_defaults_and_keywords_are_matched_by_name(cards) -> None:
    found = resolve("aten::sum", types("Tensor", "int[]"), {"dtype": T.DTYPE})

    assert isinstance(found, Binding)
    assert (0, 1, None, "dtype") == found.sources


@pytest.mark.parametrize(
    ("given", "keywords", "reason"),
    [
        (("Tensor", "str"), {}, "argument `other` is `str`, expected `Tensor`"),
        (("Tensor",), {}, "argument `other` is missing"),
        (("Tensor", "Tensor"), {"beta": T.INT}, "there is no argument `beta`"),
        (("Tensor", "Tensor"), {"other": T.INT}, "argument `other` is given twice"),
    ],
)
def test_the_nearest_miss_says_what_is_wrong(cards, given, keywords, reason) -> None:
    misses = resolve("aten::add", types(*given), keywords)

    assert isinstance(misses, list)
    assert reason == misses[0].reason


def test_too_many_arguments_are_counted(cards) -> None:
    misses = resolve("aten::relu", types("Tensor", "Tensor"))

    assert isinstance(misses, list)
    assert "2 positional arguments are given, it takes 1" == misses[0].reason


def test_an_unknown_kind_has_no_misses(cards) -> None:
    assert [] == resolve("aten::unknown", [])


def test_the_overload_of_a_node_follows_from_all_its_inputs(cards) -> None:
    assert "Tensor" == overload_by_types("aten::add", types("Tensor", "Tensor", "int"))
    assert "int" == overload_by_types("aten::add", types("int", "int"))
    assert overload_by_types("aten::add", types("Tensor", "Tensor")) is None
    assert "" == overload_by_types("aten::format", types("str", "int", "Tensor"))


def test_a_name_is_registered_once(cards) -> None:
    from jit.ir.card import Card

    card = type("relu", (Card,), {"schema": parse_schema("aten::relu() -> ()")})
    with pytest.raises(ValueError, match="`aten::relu` is declared twice"):
        register(card)


def test_near_names_of_the_same_namespace_come_first(cards) -> None:
    assert ["np::sin"] == nearest_kinds("aten::sin")
    assert ["aten::add", "aten::add_"] == nearest_kinds("aten::addd")
    assert [] == nearest_kinds("aten::zzzz")


# the builder ----------------------------------------------------------------------


def built(make) -> str:
    """What is printed of nodes made of a Tensor, an Array and an int."""
    graph = Graph()
    x = graph.add_input(T.TENSOR, "x")
    a = graph.add_input(T.ARRAY, "a")
    n = graph.add_input(T.INT, "n")
    make(Builder(graph), x, a, n)

    assert [] == check(graph)
    return "\n".join(str(node) for node in graph.nodes)


def test_defaults_become_constants(cards) -> None:
    text = built(lambda b, x, a, n: b.op("aten::add", x, x))

    assert (
        "%0 : int = prim::Constant[value=1]()\n"
        "%1 : Tensor = aten::add(%x, %x, %0)" == text
    )


def test_numbers_become_tensors_and_back(cards) -> None:
    text = built(
        lambda b, x, a, n: (b.op("aten::relu", n), b.op("aten::dropout", x, x, True))
    )

    assert (
        "%0 : Tensor = prim::NumToTensor(%n)\n"
        "%1 : Tensor = aten::relu(%0)\n"
        "%2 : bool = prim::Constant[value=True]()\n"
        "%3 : float = aten::Float(%x)\n"
        "%4 : Tensor = aten::dropout(%x, %3, %2)" == text
    )


def test_arrays_become_tensors_where_a_tensor_is_wanted(cards) -> None:
    text = built(lambda b, x, a, n: b.op("aten::relu", b.op("np::sin", a)))

    assert (
        "%0 : Array = np::sin(%a)\n"
        "%1 : Tensor = prim::ArrayToTensor(%0)\n"
        "%2 : Tensor = aten::relu(%1)" == text
    )


def test_one_number_stands_for_a_sized_list(cards) -> None:
    text = built(lambda b, x, a, n: b.op("aten::max_pool2d", x, n))

    assert (
        "%0 : int[] = prim::ListConstruct(%n, %n)\n"
        "%1 : int[] = prim::ListConstruct()\n"
        "%2 : Tensor = aten::max_pool2d(%x, %0, %1)" == text
    )


def test_a_tuple_becomes_a_list_where_one_is_wanted(cards) -> None:
    text = built(lambda b, x, a, n: b.op("aten::cat", b.tuple([x, x]), n))

    assert (
        "%0 : (Tensor, Tensor) = prim::TupleConstruct(%x, %x)\n"
        "%1 : Tensor, %2 : Tensor = prim::TupleUnpack(%0)\n"
        "%3 : Tensor[] = prim::ListConstruct(%1, %2)\n"
        "%4 : Tensor = aten::cat(%3, %n)" == text
    )


def test_several_results_are_a_list_of_values(cards) -> None:
    graph = Graph()
    x = graph.add_input(T.TENSOR, "x")

    values, indices = Builder(graph).op("aten::max", x, 0)

    assert values.node is indices.node


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("aten::rely", "there is no operator `aten::rely`"),
        ("aten::sum", "no overload of `aten::sum` takes these arguments"),
    ],
)
def test_an_operator_that_does_not_exist_is_an_error(cards, kind, message) -> None:
    graph = Graph()

    with pytest.raises(GraphError, match=message) as caught:
        Builder(graph).op(kind, graph.add_input(T.STR, "s"))

    assert "E0602" == caught.value.code


def test_nodes_get_the_span_of_the_place_they_are_made_for(cards) -> None:
    graph = parse_graph(
        "graph(%x : Tensor): %y : Tensor = aten::relu(%x) # m.py:3:4\n return (%y)"
    )
    (old,) = graph.nodes
    builder = Builder(old)
    builder.op("aten::relu", graph.inputs[0])
    place = Span(Source("n.py"), 1, 2, 1, 3)
    with builder.at(place):
        builder.constant(1)

    spans = [node.span for node in graph.nodes]
    assert [old.span, place, old.span] == spans
    assert NOWHERE is not old.span


def test_a_builder_can_work_inside_of_a_block(cards) -> None:
    graph = Graph()
    c = graph.add_input(T.BOOL, "c")
    builder = Builder(graph)
    node = builder.node("prim::If", [c])
    for _ in range(2):
        with builder.inside(node.add_block()):
            builder.constant(np.float32(1.5))
    builder.constant("after")

    assert (
        "graph(%c : bool):\n"
        "  prim::If(%c)\n"
        "    block0():\n"
        "      %0 : Float() = prim::Constant[value=float32(1.5)]()\n"
        "      -> ()\n"
        "    block1():\n"
        "      %1 : Float() = prim::Constant[value=float32(1.5)]()\n"
        "      -> ()\n"
        '  %2 : str = prim::Constant[value="after"]()\n'
        "  return ()\n" == format_graph(graph)
    )
