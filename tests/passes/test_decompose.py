"""Operators that expand into others give what their kernels give."""

from __future__ import annotations

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.dtypes import dtype_of
from jit.ir.graph import Graph
from jit.ir.registry import all_cards
from jit.passes import decompose
from jit.passes.infer_shapes import run as infer_shapes
from jit.runtime import bytecode
from jit.runtime.ops.samples import cases_of
from jit.runtime.tensor import wrap

CARDS = sorted(
    (c for c in all_cards() if c.decompose is not None), key=lambda c: c.schema.name
)


def graph_of(card, arguments):
    """A graph of the one operator; arrays are inputs, with their sizes."""
    graph = Graph()
    builder = Builder(graph)
    values = []
    for given, declared in zip(arguments, card.schema.arguments, strict=True):
        if isinstance(given, np.ndarray):
            type = T.TensorType(dtype_of(given.dtype), given.shape)
            values.append(graph.add_input(type, f"x{len(values)}"))
        elif isinstance(given, list):
            element = declared.type
            while isinstance(element, T.OptionalType | T.ListType):
                element = element.element
            items = [builder.constant(v) for v in given]
            values.append(builder.list(items, element))
        else:
            values.append(builder.constant(given))
    returns = [a.type for a in card.schema.returns]
    node = builder.node(
        card.schema.kind, values, returns, overload=card.schema.overload
    )
    one = len(returns) == 1
    graph.block.add_return(node.output if one else builder.tuple(list(node.outputs)))
    infer_shapes(graph)
    return graph


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.schema.name)
def test_an_expansion_means_what_the_kernel_means(card):
    expanded = 0
    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        graph = graph_of(card, arguments)
        if not decompose.run(graph):
            continue
        expanded += 1
        inputs = [wrap(a.copy()) for a in arguments if isinstance(a, np.ndarray)]
        actual = bytecode.run_graph(graph, inputs)
        actual = actual if isinstance(actual, tuple) else (actual,)
        expected = card.kernel(*arguments)
        expected = expected if isinstance(expected, tuple) else (expected,)
        for e, a in zip(expected, actual, strict=True):
            if not isinstance(e, np.ndarray):
                assert e == a, sample
                continue
            assert (e.dtype, e.shape) == (a.array.dtype, a.array.shape), sample
            np.testing.assert_allclose(
                a.array, e, rtol=1e-5, atol=1e-6, err_msg=str(sample)
            )
    assert expanded
