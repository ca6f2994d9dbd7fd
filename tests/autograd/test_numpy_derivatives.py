"""The derivatives of NumPy's operators, which compiled gradients of arrays read, agree
with difference quotients on the samples of their cards."""

from __future__ import annotations

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.dtypes import dtype_of
from jit.ir.graph import Graph
from jit.ir.program import Program
from jit.ir.registry import all_cards
from jit.passes.autodiff import differentiate
from jit.passes.infer_shapes import run as infer_shapes
from jit.runtime.executor import Executor, Specialisation
from jit.runtime.ops.samples import cases_of
from jit.runtime.tensor import wrap

STEP = 1e-6
CARDS = sorted(
    (
        c
        for c in all_cards()
        if c.schema.kind.startswith("np::")
        and not c.schema.kind.endswith("_")
        and getattr(c, "pure", c).grad is not None
    ),
    key=lambda c: c.schema.name,
)


def drawn(value, domain, rng):
    """Sample data anew, in float64 where it is floating."""
    if isinstance(value, list):
        return [drawn(v, domain, rng) for v in value]
    if not isinstance(value, np.ndarray) or value.dtype.kind in "biu":
        return value
    low, high = domain
    data = rng.uniform(low, high, value.shape)
    near = np.abs(data - np.round(data)) < 0.02
    return np.where(near, data + np.sign((low + high) / 2 - data) * 0.0417, data)


def arrays_of(values):
    for value in values:
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, list):
            yield from arrays_of(value)


def graph_of(card, args):
    """A graph of the one operator; its inputs are the arrays."""
    graph = Graph()
    builder = Builder(graph)
    wanted = []

    def value_of(given):
        if isinstance(given, np.ndarray):
            if given.dtype.kind == "f":
                wanted.append(len(graph.inputs))
            type = T.ArrayType(dtype_of(given.dtype), given.shape)
            return graph.add_input(type, "x")
        if isinstance(given, list):
            items = [value_of(v) for v in given]
            is_arrays = bool(items) and isinstance(items[0].type, T.ArrayType)
            return builder.list(items, T.ARRAY if is_arrays else T.INT)
        return builder.constant(given)

    inputs = [value_of(v) for v in args]
    returns = [a.type for a in card.schema.returns]
    node = builder.node(
        card.schema.kind, inputs, returns, overload=card.schema.overload
    )
    graph.block.add_return(node.output)
    infer_shapes(graph)
    return graph, wanted


def samples_of(card):
    rng = np.random.default_rng(0)
    domain = getattr(getattr(card, "pure", card), "domain", (-1.5, 1.5))
    for sample in cases_of(card.samples):
        given = sample.arguments(card.schema)
        if any(a.dtype.kind == "c" for a in arrays_of(given)):
            continue
        args = [
            np.asarray(v)
            if isinstance(a.type, T.ArrayType) and not isinstance(v, np.ndarray)
            else v
            for v, a in zip(given, card.schema.arguments, strict=True)
        ]
        args = [drawn(v, domain, rng) for v in args]
        floating = [a for a in arrays_of(args) if a.dtype.kind == "f"]
        if floating and sum(a.size for a in floating) <= 40:
            yield sample, args


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.schema.name)
def test_the_derivative_is_the_difference_quotient(card):
    compared = 0
    for sample, args in samples_of(card):
        graph, wanted = graph_of(card, args)
        with np.errstate(all="ignore"):
            made = np.asarray(card.kernel(*args))
        if made.dtype != np.float64:
            continue
        if None in (graph.outputs[0].type.sizes or (None,)):
            continue
        gradient = differentiate(graph, wanted)
        executor = Executor(Program())
        runs = [
            executor.compile_graph(
                Specialisation("f", tuple(v.type for v in part.inputs)), part
            ).run
            for part in (gradient.forward, gradient.backward)
        ]
        arrays = list(arrays_of(args))
        _, *kept = runs[0](arrays)
        weights = np.random.default_rng(1).standard_normal(made.shape)
        back = [*(arrays[i] for i in gradient.inputs), *kept, wrap(weights)]
        found = dict(zip(gradient.reached, runs[1](back), strict=True))
        for position in wanted:
            numeric = quotient(card, args, arrays[position], weights)
            actual = found.get(position)
            actual = np.zeros_like(numeric) if actual is None else np.asarray(actual)
            np.testing.assert_allclose(
                actual, numeric, rtol=2e-4, atol=2e-6, err_msg=str(sample)
            )
            compared += 1
    if not compared:
        pytest.skip("no sample of real floating data is small enough")


def quotient(card, args, array, weights):
    numeric = np.zeros(array.shape)
    flat = array.reshape(-1)
    with np.errstate(all="ignore"):
        for i in range(flat.size):
            before = flat[i]
            sides = []
            for step in (STEP, -STEP):
                flat[i] = before + step
                sides.append(float((np.asarray(card.kernel(*args)) * weights).sum()))
            flat[i] = before
            numeric.reshape(-1)[i] = (sides[0] - sides[1]) / (2 * STEP)
    return numeric
