"""Writes into fresh tensors go where the sizes are surely the same."""

from __future__ import annotations

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  registers the cards
from jit.ir import types as T
from jit.ir.parser import parse_graph
from jit.ir.verifier import assert_valid
from jit.passes import remove_mutation
from jit.passes.analysis.sizes import sizes_of
from jit.passes.infer_shapes import run as infer_shapes
from jit.runtime.bytecode import run_graph
from jit.runtime.tensor import wrap

TEXT = """
graph(%x : Float(*, 3, *, *), %y : Float(*, 5, *, *), %w : Float(5, 3, 3, 3),
      %v : Float(5, 3, {k}, {k})):
  %none : NoneType = prim::Constant()
  %one : int = prim::Constant[value=1]()
  %zero : int = prim::Constant[value=0]()
  %p : int = prim::Constant[value={p}]()
  %s : int = prim::Constant[value={s}]()
  %ones : int[] = prim::ListConstruct(%one, %one)
  %steps : int[] = prim::ListConstruct(%s, %s)
  %pads : int[] = prim::ListConstruct(%p, %p)
  %a : Tensor = aten::conv2d(%x, %w, %none, %steps, %ones, %ones, %one)
  %b : Tensor = aten::conv2d(%x, %v, %none, %steps, %pads, %ones, %one)
  %r : Tensor = aten::relu(%b)
  %c : Tensor = aten::add_(%a, {other}, %one)
  return (%a)
"""


def graph_of(k=1, p=0, s=1, other="%r"):
    graph = parse_graph(TEXT.format(k=k, p=p, s=s, other=other))
    assert_valid(graph)
    infer_shapes(graph)
    return graph


@pytest.mark.parametrize(("k", "p", "s"), [(1, 0, 1), (3, 1, 1), (1, 0, 2), (5, 2, 2)])
def test_sizes_of_convolutions_of_one_tensor_are_compared(k, p, s):
    graph = graph_of(k, p, s)
    rng = np.random.default_rng(0)
    args = [
        wrap(rng.normal(size=shape).astype(np.float32))
        for shape in ((2, 3, 7, 8), (1, 5, 1, 1), (5, 3, 3, 3), (5, 3, k, k))
    ]
    expected = run_graph(graph, args).array

    assert remove_mutation.run(graph)

    assert_valid(graph)
    assert [] == graph.find_nodes("aten::add_")
    np.testing.assert_array_equal(expected, run_graph(graph, args).array)


@pytest.mark.parametrize(("k", "p", "s"), [(3, 0, 1), (1, 1, 2), (5, 1, 1)])
def test_other_windows_may_give_other_sizes(k, p, s):
    graph = graph_of(k, p, s)

    assert not remove_mutation.run(graph)


def test_a_tensor_of_unknown_sizes_may_make_the_result_larger():
    assert not remove_mutation.run(graph_of(other="%y"))


def test_a_size_that_is_a_number_grows_by_no_other():
    text = """
graph(%x : Float(*, 4), %w : Float(5, 4), %y : Float(*)):
  %none : NoneType = prim::Constant()
  %one : int = prim::Constant[value=1]()
  %a : Tensor = aten::linear(%x, %w, %none)
  %c : Tensor = aten::mul_(%a, %y)
  return (%c)
"""
    graph = parse_graph(text)
    infer_shapes(graph)

    assert remove_mutation.run(graph)


def test_sizes_are_equal_where_nothing_changes_them():
    graph = graph_of(3, 1, 1)
    known = sizes_of(graph)
    x, _, _, _ = graph.inputs
    relu = graph.find_nodes("aten::relu")[0].output

    assert (known[x][0], 5, *known[x][2:]) == known[relu]
    assert all(isinstance(v.type, T.TensorType) for v in known)
