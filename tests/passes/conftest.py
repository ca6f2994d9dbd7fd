"""What tests of passes share: cards loaded, and ways to run graphs and compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  registers the cards
from jit.ir.graph import Graph
from jit.ir.parser import parse_graph
from jit.ir.verifier import assert_valid
from jit.passes import allows, find_pass
from jit.runtime.bytecode import run_graph
from jit.runtime.tensor import Tensor


@pytest.fixture
def check() -> Callable[..., None]:
    """`check(pass, before, after)`: graphs as text; the result is valid, and final."""

    def check_pass(name: str, before: str, after: str, *, program: Any = None) -> None:
        graph = parse_graph(before, program=program)
        assert_valid(graph)
        start = str(graph)

        changed = find_pass(name)(graph)

        assert after == str(graph)
        assert (start != after) == changed
        assert_valid(graph)
        assert not find_pass(name)(graph), "the pass is not idempotent"
        assert after == str(graph)

    return check_pass


def describe(value: Any, seen: list[Any]) -> Any:
    """A value as plain data: contents, dtypes, and which arrays share storage.

    Under standard mathematics the sign of zero does not count.
    """
    if isinstance(value, Tensor):
        return describe(value.array, seen)
    if isinstance(value, np.ndarray):
        shared = [i for i, other in enumerate(seen) if np.shares_memory(value, other)]
        seen.append(value)
        return ("array", str(value.dtype), value.shape, contents(value), shared)
    if isinstance(value, list | tuple):
        return (type(value).__name__, *[describe(v, seen) for v in value])
    return (type(value).__name__, contents(value))


def contents(value: Any) -> str:
    if allows("standard") and isinstance(value, float | np.ndarray):
        value = np.where(value == 0, np.abs(value), value)
    return repr(value.tolist() if isinstance(value, np.ndarray) else value)


@pytest.fixture
def outcome() -> Callable[[Graph, list[Any]], Any]:
    """What a run of a graph gives or raises, and what it does to its arguments."""

    def run(graph: Graph, args: list[Any]) -> Any:
        seen: list[Any] = []
        try:
            result = run_graph(graph, args)
        except Exception as error:
            left = describe(args, seen)
            return ("raises", type(error).__name__, str(error), left)
        left = describe(args, seen)
        return ("gives", describe(result, seen), left)

    return run
