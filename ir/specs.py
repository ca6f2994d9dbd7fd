"""What stages of compilation leave behind: named sets of kinds that may not occur.

A pass names the spec that holds after it, and `check(graph, specs=("no_exits",))`
tests it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spec:
    """Kinds that a graph of some stage does not have."""

    name: str
    forbidden: frozenset[str]
    why: str
    """What took them away."""


def _spec(name: str, why: str, *kinds: str) -> tuple[str, Spec]:
    return name, Spec(name, frozenset(f"prim::{k}" for k in kinds), why)


SPECS = dict(
    (
        _spec(
            "no_exits",
            "exits were replaced by values",
            "ReturnStmt",
            "BreakStmt",
            "ContinueStmt",
        ),
        _spec("inlined", "calls were inlined", "CallFunction", "CallMethod"),
        _spec(
            "no_tuples",
            "tuples were replaced by their elements",
            "TupleConstruct",
            "TupleUnpack",
            "TupleIndex",
            "TupleSlice",
            "NamedTupleConstruct",
        ),
        _spec("frozen", "attributes of modules became constants", "GetAttr", "SetAttr"),
    )
)
"""The specs by name."""
