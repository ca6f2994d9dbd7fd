"""Derivatives on cards mean in graphs what they mean in eager code."""

from __future__ import annotations

import numpy as np
import pytest

from jit import torch
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.graph import Graph
from jit.ir.verifier import assert_valid, check
from jit.passes.autodiff import differentiate
from jit.passes.gradient_vocabulary import NotDifferentiableError
from jit.runtime import bytecode, dispatch
from jit.runtime.tensor import Tensor
from tests.derivatives import DIFFERENTIABLE, calls_of

TAPED = {
    "aten::index_put",  # a mask selects as many elements as only the run knows
    "aten::embedding_dense_backward",
    "aten::_pad_packed_sequence",
}
"""Operators with calls that have no gradient in a graph; eager code has it."""

PURE = [
    c
    for c in DIFFERENTIABLE
    if not c.random
    and not any(a.alias and a.alias.is_write for a in c.schema.arguments)
]


def exact(tensor):
    return T.TensorType(tensor.dtype, tuple(tensor.array.shape))


def graph_of(card, args):
    """A graph of one operator whose inputs are the tensors, and those tensors."""
    graph = Graph()
    b = Builder(graph)
    tensors = []

    def value(given):
        if isinstance(given, Tensor):
            tensors.append(given)
            return graph.add_input(exact(given), f"x{len(tensors)}")
        if isinstance(given, list):
            items = [value(v) for v in given]
            tensor = any(isinstance(v, Tensor) for v in given)
            element = T.TENSOR if tensor else items[0].type if items else T.INT
            if tensor and None in given:
                element = T.OptionalType(T.TENSOR)
            return b.list(items, element)
        return b.value(given)

    inputs = [value(v) for v in args]
    with torch.no_grad():
        made = dispatch.call(card, args)
    schema = card.schema
    if isinstance(made, list):
        found = b.node(
            schema.kind, inputs, [T.ListType(T.TENSOR)], overload=schema.overload
        )
        parts = b.node("prim::ListUnpack", [found.output], [exact(m) for m in made])
    else:
        many = made if isinstance(made, tuple) else (made,)
        parts = b.node(
            schema.kind, inputs, [exact(m) for m in many], overload=schema.overload
        )
    graph.block.add_return(b.tuple(list(parts.outputs)))
    return graph, tensors


@pytest.mark.parametrize("card", PURE, ids=lambda c: c.schema.name)
def test_a_graph_of_the_derivative_gives_what_eager_code_gives(card):
    compared = 0
    for call in calls_of(card, most=40):
        expected = torch.autograd.grad(call.total(), call.leaves, allow_unused=True)
        graph, tensors = graph_of(card, call.args)
        if check(graph):
            continue  # an argument that no constant of a graph can be
        wanted = [i for i, x in enumerate(tensors) if x.requires_grad]
        try:
            gradient = differentiate(graph, wanted)
        except NotDifferentiableError as error:
            assert card.schema.name in TAPED or card.grad is None, str(error)
            continue
        assert_valid(gradient.forward)
        assert_valid(gradient.backward)
        with torch.no_grad():
            result, *kept = bytecode.run_graph(gradient.forward, tensors)
            floating = [r for r in result if r.is_floating_point()]
            weights = {id(r): w for r, w in zip(floating, call.weights, strict=True)}
            seeds = [weights[id(result[i])] for i in gradient.results]
            inputs = [tensors[i] for i in gradient.inputs]
            found = bytecode.run_graph(gradient.backward, [*inputs, *kept, *seeds])
        actual = dict(zip(gradient.reached, found, strict=True))
        for position, want in zip(wanted, expected, strict=True):
            got = actual.get(position)
            if want is None or got is None:
                assert (want is None or not want.numpy().any()) and got is None
                continue
            np.testing.assert_allclose(
                got.numpy(),
                want.numpy(),
                rtol=1e-9,
                atol=1e-12,
                err_msg=str(call.sample),
            )
            compared += 1
    if not compared:
        pytest.skip("no sample of real floating data is small enough")
