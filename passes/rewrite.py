"""Rules and the rewriter: algebra as tables.

    rule("neg(neg(x)) = x", op("aten::neg", op("aten::neg", X)), lambda m: m["x"])

Patterns are described in `jit.passes.patterns`.
A rule is named by its equation, says which level of mathematics it needs (see
`jit.passes.LEVELS`) and what its result may share with what it replaces. The rewriter
walks the graph, replaces what matches, and keeps statistics of each rule. A rule that
matches and declines gives its reason to `jit.passes.reasons`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import ShapeError
from jit.ir.dtypes import DType
from jit.ir.graph import Graph, Node, Use, Value
from jit.ir.subtyping import is_subtype
from jit.passes import allows
from jit.passes.analysis import effects
from jit.passes.analysis.aliases import (
    MAY_RETURN_ARGUMENT,
    Aliases,
    aliases,
    is_mutable,
)
from jit.passes.analysis.facts import card_of, facts_of, is_never_changed
from jit.passes.patterns import Bindings, Op
from jit.passes.reasons import decline

FRESH, VIEW, SAME = "fresh", "view", "same"
"""What the value that a rule replaces is, where another existing value takes its place:
new storage with equal contents; other shape on the same storage; the very same value."""


class _Declined:
    """What a rule returns that matches and still does not apply."""


DECLINED = _Declined()


@dataclass(slots=True)
class New:
    """A Python constant as the replacement."""

    value: Any


Replacement = Value | New | Sequence[Value] | _Declined


@dataclass(slots=True)
class Match:
    """What a rule sees: the node, the values that its pattern named, a builder."""

    rule: Rule
    node: Node
    found: Bindings
    make: Builder
    aliases: Callable[[], Aliases]
    """The alias classes of the graph as it is now."""

    def __getitem__(self, name: str) -> Value:
        return self.found[name]

    def constant(self, name: str) -> Any:
        """The Python value that a constant of the pattern has."""
        return self.found[name].constant

    def decline(self, reason: str) -> _Declined:
        """Say why the rule does not apply here."""
        decline(self.rule.name, self.node, reason)
        return DECLINED

    def dtype(self, name: str) -> DType | None:
        """The dtype of a tensor, if it is known."""
        type = self.found[name].type
        return type.dtype if isinstance(type, T.TensorType | T.ArrayType) else None

    def keeps_dtype(self, name: str) -> bool:
        """Whether the node's result surely has the type of one of its operands."""
        type = self.found[name].type
        if not T.is_tensor_like(type):
            return type == self.node.output.type
        result = inferred_type(self.node)
        dtype = self.dtype(name)
        return (
            dtype is not None
            and isinstance(result, T.TensorType | T.ArrayType)
            and result.dtype is dtype
        )

    def unchanged_list(self, name: str) -> list[Value] | None:
        """The elements of a list built in sight; None if somebody may change it."""
        value = self.found[name]
        if value.node.kind != "prim::ListConstruct" or not is_never_changed(value):
            return None
        return value.node.inputs


def inferred_type(node: Node) -> T.Type | None:
    """What the card infers for the only output of a node; None if it cannot tell."""
    card = card_of(node)
    if card is None or card.infer is None:
        return None
    try:
        found = card.infer(*facts_of(node))
    except ShapeError:
        return None
    return found if isinstance(found, T.Type) else None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table."""

    name: str
    """The equation: `x + 0 = x`."""
    pattern: Op
    replace: Callable[[Match], Replacement]
    level: str = "strict"
    sharing: str = FRESH
    covers_raising: bool = False
    """Whether both sides raise alike; otherwise nodes that may raise stay."""


def rule(
    name: str,
    pattern: Op,
    replace: Callable[[Match], Replacement],
    level: str = "strict",
    *,
    sharing: str = FRESH,
    covers_raising: bool = False,
) -> Rule:
    """A row of a table."""
    return Rule(name, pattern, replace, level, sharing, covers_raising)


@dataclass(slots=True)
class Statistics:
    """How a rule fared."""

    tried: int = 0
    matched: int = 0
    applied: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Rewriter:
    """Applies a table of rules to a graph until none applies."""

    rules: Sequence[Rule]
    statistics: dict[str, Statistics] = field(default_factory=dict)
    """By the names of the rules."""
    sweeps: int = 8
    """How often the graph is walked at most."""
    _by_kind: dict[str, list[Rule]] = field(default_factory=dict)
    _aliases: Aliases | None = None

    def __post_init__(self) -> None:
        for row in self.rules:
            self.statistics[row.name] = Statistics()
            self._by_kind.setdefault(row.pattern.kind, []).append(row)

    def run(self, graph: Graph) -> bool:
        """Rewrite; return whether anything changed."""
        changed = False
        for _ in range(self.sweeps):
            again = False
            self._aliases = None
            for node in graph.all_nodes:
                if node.kind in self._by_kind and self.rewrite(graph, node):
                    again = True
            if not again:
                break
            changed = True
        self._aliases = None
        return changed

    def rewrite(self, graph: Graph, node: Node) -> bool:
        """Apply the first rule that fits a node."""
        for row in self._by_kind[node.kind]:
            if not allows(row.level):
                continue
            counts = self.statistics[row.name]
            start = time.perf_counter()
            counts.tried += 1
            found: Bindings = {}
            done = False
            if row.pattern.match_node(node, found):
                counts.matched += 1
                known = partial(self.aliases_of, graph)
                done = self.apply(Match(row, node, found, Builder(node), known))
                counts.applied += done
            counts.seconds += time.perf_counter() - start
            if done:
                return True
        return False

    def apply(self, match: Match) -> bool:
        """Replace the node of a match by what the rule says."""
        node = match.node
        if not match.rule.covers_raising and effects.may_raise(node):
            match.decline("the node may raise")
            return False
        if match.rule.sharing == FRESH and self.sees_older_state(match):
            match.decline("an operand is written in place, perhaps in between")
            return False
        before = node.previous
        replacement = match.rule.replace(match)
        values: Sequence[Value] | None
        match replacement:
            case _Declined():
                values = None
            case New(value):
                values = [match.make.constant(value)]
            case Value():
                values = [replacement]
            case _:
                values = replacement
        made = _nodes_between(before, node)
        if self._aliases is not None:
            for new_node in reversed(made):
                self._aliases.add(new_node)
        if values is None or not self.may_replace(match, values, made):
            for new_node in made:
                new_node.destroy()
            return False
        for old, new in zip(node.outputs, values, strict=True):
            if old.name and not new.name:
                new.name = old.name
            old.replace_all_uses_with(new)
            if self._aliases is not None:
                self._aliases.replace(old, new)
        node.destroy()
        return True

    def sees_older_state(self, match: Match) -> bool:
        """Whether an inner node of the pattern may have seen, or given, other contents
        than the outer one would find now."""
        inner = [
            v
            for v in _inner_values(match.rule.pattern, match.node)
            if is_mutable(v.type)
        ]
        return bool(inner) and any(map(match.aliases().may_change, inner))

    def may_replace(
        self, match: Match, values: Sequence[Value], made: Sequence[Node]
    ) -> bool:
        """Whether other values may take the place of what a node gives."""
        sharing = match.rule.sharing
        for old, new in zip(match.node.outputs, values, strict=True):
            if new.node in made and is_subtype(old.type, new.type):
                # both sides are equal, so what is known of one holds for the other
                new.type = old.type
            if not is_subtype(new.type, old.type):
                match.decline(f"`{new.type}` is not a `{old.type}`")
                return False
            if sharing == SAME or not is_mutable(old.type) or new.node in made:
                continue
            if sharing == VIEW:
                if not all(map(_only_reads, old.uses)):
                    match.decline("the view is more than read")
                    return False
                continue
            known = match.aliases()
            if known.escapes(old) and not known.may_escape_for(new, old):
                match.decline("the result leaves the graph as a value of its own")
                return False
            if known.may_change(old) or known.may_change(new):
                match.decline("one of the two is written in place")
                return False
        return True

    def aliases_of(self, graph: Graph) -> Aliases:
        """The alias classes of the graph as it is now."""
        if self._aliases is None:
            self._aliases = aliases(graph)
        return self._aliases


def _inner_values(pattern: Op, node: Node) -> Iterator[Value]:
    """What the nodes below the outermost one of a match read and give.

    Lists built in sight are left out: rules ask `unchanged_list` about them.
    """
    for inner, value in zip(pattern.inputs, node.inputs, strict=False):
        if isinstance(inner, Op) and not inner.variadic:
            yield value
            yield from value.node.inputs
            yield from _inner_values(inner, value.node)


def _only_reads(use: Use) -> bool:
    """Whether an operator reads a tensor and neither changes, keeps nor returns it."""
    card = card_of(use.node)
    if card is None or card.schema.kind in MAY_RETURN_ARGUMENT:
        return False
    if card.schema.is_generic or use.index >= len(card.schema.arguments):
        return False
    return card.schema.arguments[use.index].alias is None


def _nodes_between(before: Node | None, node: Node) -> list[Node]:
    """The nodes after `before` and before `node`, last first."""
    found = []
    place = node.previous
    while place is not before:
        assert place is not None
        found.append(place)
        place = place.previous
    return found
