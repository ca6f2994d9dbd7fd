"""Where values are read for the last time."""

from __future__ import annotations

import jit.runtime.ops  # noqa: F401  registers the cards
from jit.ir.parser import parse_graph
from jit.passes import decompose
from jit.passes.analysis.liveness import last_uses, live_out

TEXT = """
graph(%a : int, %b : int, %c : bool):
  %p : int = aten::__xor__(%a, %b)
  %q : int = prim::If(%c)
    block0():
      %r : int = aten::__xor__(%p, %b)
      -> (%r)
    block1():
      -> (%b)
  %s : int = aten::__xor__(%q, %q)
  %t : int = aten::__xor__(%s, %a)
  return (%s)
"""


def names(values):
    return sorted(v.name for v in values)


def test_values_live_until_their_last_reader_in_a_block_or_inside_of_one():
    graph = parse_graph(TEXT)

    alive = [names(values) for values in live_out(graph.block).values()]

    first, branch, third, last = reversed(alive)
    assert ["a", "b", "c", "p"] == first
    assert ["a", "q"] == branch
    assert ["a", "s"] == third
    assert ["s"] == last


def test_what_nobody_reads_dies_where_it_is_made():
    graph = parse_graph(TEXT)

    dying = [names(values) for values in last_uses(graph.block).values()]

    assert [[], ["b", "c", "p"], ["q"], ["a", "t"]] == dying


def test_cards_say_what_an_operator_is_made_of(monkeypatch):
    from jit.ir.registry import find_card

    card = find_card("aten::square")
    expand = staticmethod(lambda make, x: make.op("aten::mul", x, x))
    monkeypatch.setattr(card, "decompose", expand, raising=False)
    graph = parse_graph("""
graph(%x : Tensor):
  %y : Tensor = aten::square(%x)
  return (%y)
""")

    assert decompose.run(graph)

    assert ["aten::mul"] == [node.kind for node in graph.nodes]
    assert not decompose.run(graph)
