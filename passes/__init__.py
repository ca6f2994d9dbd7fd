"""Graph to graph, one file each; the orders are lists in `pipeline`.

find_pass("cse")(graph)               one pass: whether it changed anything
pipeline.optimize(graph, arg_types)   an optimised copy
set_math("strict")                    how much algebra may assume
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from jit.ir.graph import Graph

Pass = Callable[[Graph], bool]
"""Changes a graph and returns whether it did."""

NAMES = (
    "cse",
    "dce",
    "decompose",
    "detach_results",
    "fold_batch_norm",
    "fold_constants",
    "fuse",
    "fuse_epilogues",
    "infer_shapes",
    "inline",
    "licm",
    "lower_tuples",
    "peephole",
    "remove_exits",
    "remove_mutation",
    "scalar_objects",
    "simplify_if",
    "unroll",
)
"""All passes from graph to graph: names of their files, on the command line, in dumps."""

LEVELS = ("strict", "standard", "fast")
"""How much algebra may assume, least first.

strict changes no bit; standard ignores the sign of zero and what a NaN carries; fast
reassociates.
"""

_level = "standard"

WATCHERS: list[Callable[[], None]] = []
"""Called when the level has changed."""


def find_pass(name: str) -> Pass:
    """The pass of a name; KeyError if there is none."""
    if name not in NAMES:
        raise KeyError(name)
    found: Pass = importlib.import_module(f"jit.passes.{name}").run
    return found


def math_level() -> str:
    """What algebra may assume now: strict, standard or fast."""
    return _level


def set_math(level: str) -> str:
    """Choose what algebra may assume; returns the level before."""
    global _level
    if level not in LEVELS:
        raise ValueError(f"`{level}` is no level; it is one of {', '.join(LEVELS)}")
    before, _level = _level, level
    for told in WATCHERS:
        told()
    return before


def allows(level: str) -> bool:
    """Whether algebra of a level may be used now."""
    return LEVELS.index(level) <= LEVELS.index(_level)
