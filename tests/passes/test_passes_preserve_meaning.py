"""Each pass, and all of them, keep results, aliasing, effects and exceptions."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from jit.ir.span import NOWHERE
from jit.ir.verifier import assert_valid
from jit.passes import NAMES, find_pass, pipeline, set_math
from tests.program_strategies import arguments, runnable_graphs

MANY = settings(
    max_examples=60,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def exact():
    before = set_math("strict")
    yield
    set_math(before)


def spans(graph):
    return all(node.span is not NOWHERE for node in graph.all_nodes)


@pytest.mark.parametrize("name", NAMES)
def test_a_pass_keeps_what_a_program_does(name, outcome):
    @MANY
    @given(graph=runnable_graphs(), make=arguments())
    def check(graph, make):
        assert_valid(graph)
        expected = outcome(graph, make())
        copy = graph.copy()

        changed = find_pass(name)(copy)

        assert_valid(copy)
        assert expected == outcome(copy, make())
        assert changed == (str(copy) != str(graph))
        assert spans(copy)
        again = str(copy)
        assert not find_pass(name)(copy)
        assert again == str(copy)

    check()


@pytest.mark.parametrize("level", ["strict", "standard"])
def test_the_pipeline_keeps_what_a_program_does(level, outcome):
    @settings(MANY, max_examples=300)
    @given(graph=runnable_graphs(), make=arguments())
    def check(graph, make):
        set_math(level)
        text = str(graph)
        expected = outcome(graph, make())

        optimised = pipeline.optimize(graph)

        assert_valid(optimised)
        assert text == str(graph), "the graph itself was changed"
        assert expected == outcome(optimised, make())
        assert spans(optimised)

    check()
