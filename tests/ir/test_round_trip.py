"""Printing and parsing are inverses, for every type, schema, graph and program."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from jit.ir.clone import clone_graph, clone_program
from jit.ir.equality import difference
from jit.ir.graph import Graph
from jit.ir.parser import parse_graph, parse_program
from jit.ir.printer import constants, format_graph, format_program
from jit.ir.program import Program
from jit.ir.schema import FunctionSchema, parse_schema
from jit.ir.type_text import parse_type
from jit.ir.types import Type
from jit.ir.verifier import check, check_program
from tests import strategies

thorough = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@thorough
@given(strategies.types)
def test_a_type_is_read_back_from_its_text(type: Type) -> None:
    assert type == parse_type(str(type))


@thorough
@given(strategies.schemas())
def test_a_schema_is_read_back_from_its_text(schema: FunctionSchema) -> None:
    text = str(schema)

    # nan is unequal to itself, so the texts are compared
    assert text == str(parse_schema(text))


@thorough
@given(strategies.graphs())
def test_a_graph_is_read_back_from_its_text(graph: Graph) -> None:
    text = format_graph(graph)

    again = parse_graph(text, constants=constants(graph), allow_unknown=True)

    assert difference(graph, again, names=True) is None
    assert text == format_graph(again)


@thorough
@given(strategies.graphs())
def test_spans_and_stacks_are_read_back_from_comments(graph: Graph) -> None:
    text = format_graph(graph, spans=True)

    again = parse_graph(text, constants=constants(graph), allow_unknown=True)

    assert difference(graph, again, spans=True) is None
    assert text == format_graph(again, spans=True)


@thorough
@given(strategies.graphs())
def test_a_graph_equals_its_copy_and_is_valid(graph: Graph) -> None:
    copy = clone_graph(graph)

    assert difference(graph, copy, names=True, spans=True) is None
    assert [] == check(graph, allow_unknown=True)
    assert [] == check(copy, allow_unknown=True)


@thorough
@given(strategies.programs())
def test_a_program_is_read_back_from_its_text(program: Program) -> None:
    text = format_program(program, spans=True)

    again = parse_program(text, constants=constants(program), allow_unknown=True)

    assert difference(program, again, names=True, spans=True) is None
    assert text == format_program(again, spans=True)


@thorough
@given(strategies.programs())
def test_a_program_equals_its_copy_and_is_valid(program: Program) -> None:
    copy = clone_program(program)

    assert difference(program, copy, names=True, spans=True) is None
    assert [] == check_program(program, allow_unknown=True)
    assert [] == check_program(copy, allow_unknown=True)
