"""Expand operators into others, as their cards say.

    %y : Tensor = aten::softsign(%x)           %a : Tensor = aten::abs(%x)
                                         →     %b : Tensor = aten::add(%a, %one, %one)
                                               %y : Tensor = aten::div(%x, %b)

Only cards with the blank `decompose` are expanded: `decompose(make, *inputs)` builds
nodes with a `Builder` and returns what stands for the outputs, or None where it cannot,
before it builds anything. Random and writing operators stay.

Idempotent: what a card builds is expanded as well.
"""

from __future__ import annotations

from jit.ir.builder import Builder
from jit.ir.graph import Graph, Value
from jit.passes.analysis import effects
from jit.passes.analysis.facts import card_of

MOST_ROUNDS = 8
"""How deep expansions may hold others."""


def run(graph: Graph) -> bool:
    """Return whether any operator was expanded."""
    changed = False
    for _ in range(MOST_ROUNDS):
        if not _expand(graph):
            return changed
        changed = True
    return changed


def _expand(graph: Graph) -> bool:
    changed = False
    for node in graph.all_nodes:
        card = card_of(node)
        if card is None or card.decompose is None or not effects.is_pure(node):
            continue
        made = card.decompose(Builder(node), *node.inputs)
        if made is None:
            continue
        results = [made] if isinstance(made, Value) else made
        for old, new in zip(node.outputs, results, strict=True):
            old.replace_all_uses_with(new)
        node.destroy()
        changed = True
    return changed
