"""Slots of modules are read once where nobody can change them."""

from __future__ import annotations

import jit.runtime.ops  # noqa: F401  registers the cards
from jit.ir.parser import parse_program
from jit.passes import cse, licm

PROGRAM = """
module Scale:
  parameter weight : Tensor
  attribute steps : int

def f(Module<Scale> m, Tensor x, int n) -> Tensor:
  graph(%m : Module<Scale>, %x : Tensor, %n : int):
    %true : bool = prim::Constant[value=True]()
    %v : Tensor = prim::GetAttr[name="weight"](%m)
    %z : Tensor = aten::relu(%v)
    %y : Tensor = prim::Loop(%n, %true, %z)
      block0(%i : int, %a : Tensor):
        %w : Tensor = prim::GetAttr[name="weight"](%m)
        %b : Tensor = aten::mul(%a, %w)
        {}
        -> (%true, %b)
    return (%y)
"""
SET = (
    '%s : int = prim::Constant[value=1]()\n        prim::SetAttr[name="steps"](%m, %s)'
)


def graph_with(line):
    return parse_program(PROGRAM.format(line)).functions["f"].graph


def test_a_slot_that_is_read_twice_is_read_once():
    graph = graph_with("")

    assert cse.run(graph)

    assert 1 == len(graph.find_nodes("prim::GetAttr"))


def test_reading_a_slot_moves_out_of_a_loop():
    graph = graph_with("")

    assert licm.run(graph)

    assert all(n.block is graph.block for n in graph.find_nodes("prim::GetAttr"))


def test_slots_are_read_again_where_somebody_sets_one():
    graph = graph_with(SET)

    assert not cse.run(graph)
    licm.run(graph)

    assert 1 == len([
        n for n in graph.find_nodes("prim::GetAttr") if n.block is not graph.block
    ])  # fmt: skip
