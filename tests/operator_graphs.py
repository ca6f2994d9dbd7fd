"""Graphs of one operator, compiled, and their results beside those of the kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.dtypes import dtype_of
from jit.ir.graph import Graph
from jit.runtime.codegen.program import compile_graph
from jit.runtime.ops.samples import cases_of
from jit.runtime.tensor import Tensor, wrap


def graph_of(card: Any, arguments: list[Any]) -> Graph:
    """A graph of one operator: arrays are its inputs, all else is constant."""
    graph = Graph()
    build = Builder(graph)
    is_array = card.schema.kind.startswith("np::")
    kind = T.ArrayType if is_array else T.TensorType
    values, facts = [], []
    for given in arguments:
        if isinstance(given, np.ndarray):
            fact = kind(dtype_of(given.dtype), (None,) * given.ndim)
            values.append(graph.add_input(fact, f"x{len(values)}"))
        elif isinstance(given, list):
            items = [build.constant(i) for i in given]
            node = build.node("prim::ListConstruct", items, [T.ListType(T.INT)])
            values.append(node.output)
            fact = given
        else:
            values.append(build.constant(given))
            fact = given
        facts.append(fact)
    made = card.infer(*facts)
    types = list(made) if isinstance(made, tuple) else [made]
    schema = card.schema
    node = build.node(schema.kind, values, types, overload=schema.overload)
    one = len(types) == 1
    graph.block.add_return(node.output if one else build.tuple(list(node.outputs)))
    return graph


def outcome(function: Any, arguments: list[Any]) -> Any:
    """The results as arrays, or the exception."""
    try:
        with np.errstate(all="ignore"):
            found = function(*arguments)
    except Exception as error:
        return type(error), str(error)
    parts = found if isinstance(found, tuple) else (found,)
    return [np.asarray(p.array if isinstance(p, Tensor) else p) for p in parts]


def assert_agree(
    expected: Any, actual: Any, context: Any, tolerance: float = 1e-6
) -> None:
    """Equal exceptions, or results equal but for rounding."""
    if isinstance(expected, tuple) or isinstance(actual, tuple):
        assert expected == actual, context
        return
    assert len(expected) == len(actual)
    for want, got in zip(expected, actual, strict=True):
        assert (want.dtype, want.shape) == (got.dtype, got.shape), context
        near = 2e-3 if want.dtype.itemsize == 2 else tolerance
        exact = np.complex128 if np.iscomplexobj(want) else np.float64
        wide = want.astype(exact), got.astype(exact)
        assert np.allclose(*wide, rtol=near, atol=near, equal_nan=True), context


class NotCompiledError(Exception):
    """There is no machine code; the message says why."""


COMPILED: dict[str, Any] = {}


def native_of(graph: Graph) -> Any:
    """The machine code of a graph as a function; equal graphs are compiled once."""
    if str(graph) not in COMPILED:
        COMPILED[str(graph)] = compiled(graph)
    return COMPILED[str(graph)]


def compiled(graph: Graph) -> Any:
    """The machine code of a graph as a function."""
    made = compile_graph(graph, "graph", lambda name, types: graph)
    if isinstance(made, list):
        raise NotCompiledError(made[0].why)
    return made.function(lambda *args: "slow")


def check_samples(card: Any, may_decline: Any) -> None:
    """Compile the samples of a card and compare results, and arguments afterwards.

    Samples that differ in values only are compiled once. `may_decline(why)` says whether
    a reason is known.
    """
    is_array = card.schema.kind.startswith("np::")
    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        arrays = [a for a in arguments if isinstance(a, np.ndarray)]
        copies = [a.copy() for a in arrays]
        given = copies if is_array else list(map(wrap, copies))
        try:
            native = native_of(graph_of(card, arguments))
        except NotCompiledError as declined:
            is_complex = any(np.iscomplexobj(a) for a in arguments)
            known = is_complex or "complex" in str(declined)
            assert known or may_decline(str(declined)), (arguments, str(declined))
            continue
        expected = outcome(card.kernel, arguments)
        context = (card.schema.name, arguments)
        assert_agree(expected, outcome(native, given), context)
        assert_agree(arrays, copies, context)
