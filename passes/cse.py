"""Compute equal things once.

    %a : Tensor = aten::exp(%x)                %a : Tensor = aten::exp(%x)
    %b : Tensor = aten::exp(%x)                %c : Tensor = aten::mul(%a, %a)
    %c : Tensor = aten::mul(%a, %b)     →      return (%c)
    return (%c)

A node is replaced by an equal one that surely ran before: earlier in its block or in an
enclosing block. Nodes that read what is written anywhere stay, and so do results that
somebody changes or that leave the graph twice: they have to be two values. A node that
may raise can be shared: the first one did not raise, or the second is not reached.

Idempotent.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.constants import same_constant
from jit.ir.dtypes import DType
from jit.ir.graph import Block, Graph, Node
from jit.passes import allows
from jit.passes.analysis import effects
from jit.passes.analysis.aliases import (
    GIVE_WHAT_THEY_GOT,
    Aliases,
    aliases,
    is_mutable,
)
from jit.passes.analysis.facts import card_of

Key = tuple[Any, ...]


def run(graph: Graph) -> bool:
    """Return whether any node was replaced."""
    return _Sharing(aliases(graph)).visit(graph.block, {})


class _Sharing:
    def __init__(self, known: Aliases) -> None:
        self.aliases = known
        self.escaped: set[Node] = set()
        """Nodes whose results leave the graph in place of another's."""

    def visit(self, block: Block, outer: dict[Key, list[Node]]) -> bool:
        """Share within a block, with what enclosing blocks computed before it."""
        changed = False
        seen = dict(outer)
        for node in block.nodes:
            for inner in node.blocks:
                changed |= self.visit(inner, seen)
            if not self.is_candidate(node):
                continue
            key = _key(node)
            same = [n for n in seen.get(key, []) if _same_attributes(n, node)]
            first = next((n for n in same if self.may_share(n, node)), None)
            if first is None:
                seen[key] = [*seen.get(key, []), node]
                continue
            for old, new in zip(node.outputs, first.outputs, strict=True):
                new.name = new.name or old.name
                old.replace_all_uses_with(new)
            node.destroy()
            changed = True
        return changed

    def is_candidate(self, node: Node) -> bool:
        if not node.outputs or node.kind in (
            "prim::Uninitialized",
            "prim::CreateObject",
        ):
            return False
        known = effects.is_structural(node) or card_of(node) is not None
        return (
            known
            and effects.is_repeatable(node)
            and not self.aliases.reads_changing(node)
        )

    def may_share(self, first: Node, second: Node) -> bool:
        """Whether the results of one node may stand for those of another."""
        if second.kind in GIVE_WHAT_THEY_GOT:
            return True
        mutable = [i for i, v in enumerate(first.outputs) if is_mutable(v.type)]
        for i in mutable:
            ours, theirs = first.outputs[i], second.outputs[i]
            if self.aliases.may_change(ours) or self.aliases.may_change(theirs):
                return False
            if self.aliases.escapes(theirs) and (
                first in self.escaped or not self.aliases.may_escape_for(ours, theirs)
            ):
                return False
        if any(self.aliases.escapes(second.outputs[i]) for i in mutable):
            self.escaped.add(first)
        return True


def _key(node: Node) -> Key:
    """Equal for nodes that compute the same, up to their attributes."""
    inputs = [id(v) for v in node.inputs]
    if _commutes(node):
        inputs[:2] = sorted(inputs[:2])
    types = tuple(v.type for v in node.outputs)
    return (node.kind, node.overload, tuple(inputs), types, *_attribute_key(node))


def _attribute_key(node: Node) -> Key:
    return tuple(
        (name, _hashable(value)) for name, value in sorted(node.attributes.items())
    )


def _hashable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.shape)
    if isinstance(value, Graph):
        return id(value)
    if isinstance(value, tuple):
        return tuple(map(_hashable, value))
    return (type(value), repr(value) if isinstance(value, float | complex) else value)


def _same_attributes(a: Node, b: Node) -> bool:
    return all(
        isinstance(value, Graph | DType) or same_constant(value, b.attributes[name])
        for name, value in a.attributes.items()
    )


def _commutes(node: Node) -> bool:
    """Whether the first two inputs may change places without a change of any bit."""
    card = card_of(node)
    if card is None or not card.commutative or len(node.inputs) < 2:
        return False
    a, b = node.inputs[0].type, node.inputs[1].type
    if T.is_tensor_like(a):
        # of two NaNs the first is taken, and messages about sizes name them in order
        unscaled = all(v.constant == 1 for v in node.inputs[2:])
        return type(a) is type(b) and unscaled and allows("standard")
    return a == b and (a in (T.INT, T.BOOL) or allows("standard"))
