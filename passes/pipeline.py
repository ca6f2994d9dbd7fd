"""The order of the passes.

    optimize(graph, arg_types)     what the executor runs before it assembles a graph

The tuples below are the orders; nothing registers itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jit.ir import types as T
from jit.ir.graph import Graph
from jit.ir.subtyping import is_subtype
from jit.passes.runner import run_pass, run_passes

FRONT = ("remove_exits",)
"""What every graph goes through before anybody sees it."""

OPEN = ("inline", "scalar_objects", "lower_tuples")
"""Bring calls and tuples into sight."""

SIMPLIFY = (
    "infer_shapes",
    "peephole",
    "fold_constants",
    "simplify_if",
    "unroll",
    "scalar_objects",
    "lower_tuples",
    "remove_mutation",
    "cse",
    "dce",
)
"""Repeated until nothing changes."""

LATE = (
    "decompose",
    "licm",
    "cse",
    "dce",
    "infer_shapes",
    "fuse_epilogues",
    "fuse",
    "dce",
)
"""Once, at the end."""

MOST_ROUNDS = 6


def fixpoint(names: tuple[str, ...], graph: Graph, *, most: int = MOST_ROUNDS) -> bool:
    """Run passes in order, again and again until none changes the graph.

    After `most` rounds it ends in any case. Returns whether anything changed.
    """
    changed = False
    for _ in range(most):
        if not run_passes(names, graph):
            break
        changed = True
    return changed


def optimize(graph: Graph, arg_types: Sequence[T.Type] | None = None) -> Graph:
    """An optimised copy of a graph.

    `arg_types` says more about the arguments than the graph does; types that are no
    kind of the declared ones are left out. Raises ValueError if their number is wrong.
    """
    copy = graph.copy()
    for _ in optimizing(copy, arg_types):
        pass
    return copy


def optimizing(
    graph: Graph, arg_types: Sequence[T.Type] | None = None
) -> Iterator[str]:
    """As `optimize`, in place; gives the name of each pass that changed the graph."""
    if arg_types is not None:
        for value, type in zip(graph.inputs, arg_types, strict=True):
            if is_subtype(type, value.type):
                value.type = type
    yield from _changing((*FRONT, *OPEN), graph)
    for _ in range(MOST_ROUNDS):
        changes = list[str]()
        for name in _changing(SIMPLIFY, graph):
            changes.append(name)
            yield name
        if not changes:
            break
    yield from _changing(LATE, graph)


def _changing(names: tuple[str, ...], graph: Graph) -> Iterator[str]:
    for name in names:
        if run_pass(name, graph):
            yield name


def clean(graph: Graph) -> bool:
    """Make a graph smaller in place without taking it apart: calls stay."""
    return fixpoint(("peephole", "fold_constants", "simplify_if", "cse", "dce"), graph)
