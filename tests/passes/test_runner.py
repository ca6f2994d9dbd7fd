"""Passes are run, verified, dumped and timed; the pipeline is a list of names."""

from __future__ import annotations

import sys

import pytest

import jit.runtime.ops  # noqa: F401  registers the cards
from jit import passes
from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.parser import parse_graph
from jit.passes import pipeline, reasons, rewrite, runner

DTYPE = "the result may have another dtype"
TEXT = """
graph(%x : Tensor):
  %one : int = prim::Constant[value=1]()
  %a : Tensor = aten::exp(%x)
  %b : Tensor = aten::exp(%x)
  %c : Tensor = aten::mul(%a, %b)
  %d : Tensor = aten::mul(%c, %one)
  %e : Tensor = aten::relu(%d)
  return (%e)
"""


def test_a_record_lists_what_ran_in_order():
    with runner.record() as record:
        runner.run_passes(("cse", "dce"), parse_graph(TEXT))

    assert [("cse", True, 5), ("dce", False, 5)] == [
        (r.name, r.changed, r.nodes) for r in record.runs
    ]
    assert "cse" in str(record)


def test_a_dump_shows_the_graph_after_a_pass(monkeypatch, capsys):
    monkeypatch.setenv("JIT_DEBUG", "loops,passes")

    runner.run_pass("cse", parse_graph(TEXT))

    assert "# after cse\ngraph(%x : Tensor)" in capsys.readouterr().err


def test_a_pass_that_breaks_the_graph_is_named(monkeypatch):
    def break_graph(graph):
        next(graph.nodes).attributes["value"] = "one"
        return True

    monkeypatch.setenv("JIT_CHECK", "1")
    monkeypatch.setattr(sys.modules["jit.passes.cse"], "run", break_graph)

    with pytest.raises(Exception) as caught:
        runner.run_pass("cse", parse_graph(TEXT))

    assert "after the pass `cse`" in caught.value.__notes__[0]


def test_all_names_are_passes():
    for name in passes.NAMES:
        assert callable(passes.find_pass(name))
    with pytest.raises(KeyError):
        passes.find_pass("runner")


def test_levels_of_mathematics_are_ordered():
    before = passes.set_math("strict")
    try:
        assert passes.allows("strict") and not passes.allows("standard")
        passes.set_math("fast")
        assert passes.allows("strict") and passes.allows("fast")
        with pytest.raises(ValueError, match="`loose` is no level"):
            passes.set_math("loose")
    finally:
        passes.set_math(before)


def test_optimising_uses_what_is_known_of_the_arguments():
    graph = parse_graph(TEXT)
    floats = T.TensorType(dtypes.float32, (None, None))

    plain, informed = pipeline.optimize(graph), pipeline.optimize(graph, [floats])

    assert 1 == len(plain.find_nodes("prim::FusionGroup"))
    inner = [
        g.find_nodes("prim::FusionGroup")[0].attributes["Subgraph"]
        for g in (plain, informed)
    ]
    assert [2, 1] == [len(g.find_nodes("aten::mul")) for g in inner]
    assert floats == informed.outputs[0].type
    assert TEXT.count("aten::exp") == len(graph.find_nodes("aten::exp"))


def test_the_number_of_argument_types_is_checked():
    with pytest.raises(ValueError):
        pipeline.optimize(parse_graph(TEXT), [])


def test_fixpoint_ends_though_passes_disagree(monkeypatch):
    monkeypatch.setattr(sys.modules["jit.passes.cse"], "run", lambda graph: True)

    assert pipeline.fixpoint(("cse",), parse_graph(TEXT), most=3)


def test_reasons_for_declining_are_collected():
    with reasons.why() as collected:
        runner.run_pass("peephole", parse_graph(TEXT))

    texts = [(r.subject, r.kind, r.text) for r in collected]
    assert ("x * 1 = x (tensor)", "aten::mul", DTYPE) in texts


def test_rules_count_how_they_fare():
    from jit.passes.peephole import RULES

    rewriter = rewrite.Rewriter(RULES)
    graph = parse_graph("""
graph(%a : int):
  %zero : int = prim::Constant[value=0]()
  %b : int = aten::add(%a, %zero)
  return (%b)
""")

    assert rewriter.run(graph)

    counts = rewriter.statistics["x + 0 = x"]
    assert (1, 1, 1) == (counts.tried, counts.matched, counts.applied)
    assert counts.seconds > 0
