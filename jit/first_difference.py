"""Where two runs of a graph part: the first value that differs, its node and line.

The values that the nodes of a graph give become its result, so that they can be compared
one by one. What is inside of branches and loops counts as their node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any

from jit.comparison import compare
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.graph import Graph, Value

_SILENT = ("prim::Constant", "prim::Uninitialized")

Run = Callable[[Graph], Any]
"""Runs a graph on fresh arguments."""


def first_difference(
    before: Graph, after: Graph, run_before: Run, run_after: Run, tolerance: float
) -> str:
    """The node of `after` that first gives something else than the same expression gives
    in `before`, which may be the same graph.

    Empty if no node does, or if one of the runs fails.
    """
    try:
        left, right = run_before(_exposing(before)), run_after(_exposing(after))
    except Exception:
        return ""  # the graphs as they are did run: nothing can be told
    reference = _by_expression(before, left)
    for value, (key, found) in zip(
        _values(after), _by_expression(after, right).items(), strict=False
    ):
        if key not in reference:
            continue
        if told := compare(reference[key], found, tolerance, "it", "the second"):
            return f"{_described(value)}: {told}"
    return ""


def _values(graph: Graph) -> list[Value]:
    """All values that can be told apart by their expressions."""
    found = [
        value
        for node in graph.block.nodes
        if node.kind not in _SILENT
        for value in node.outputs
    ]
    counts = Counter(map(_expression, found))
    return [v for v in found if counts[_expression(v)] == 1]


def _expression(value: Value) -> Hashable:
    """What passes keep of a value: the place in the source where it is computed."""
    return value.node.span, value.node.stack, value.name, value.index


def _by_expression(graph: Graph, found: Any) -> dict[Hashable, Any]:
    return dict(zip(map(_expression, _values(graph)), found, strict=True))


def _exposing(graph: Graph) -> Graph:
    """A copy that returns all its values as a tuple."""
    copy = graph.copy()
    values = _values(copy)
    whole = T.TupleType(tuple(v.type for v in values))
    made = Builder(copy).node("prim::TupleConstruct", values, [whole])
    copy.block.result.set_input(0, made.output)
    return copy


def _described(value: Value) -> str:
    span = value.node.span
    line = f" in line {span.line} of {span.source.file}" if span.text else ""
    return f"`{value.node.full_name}`{line}"
