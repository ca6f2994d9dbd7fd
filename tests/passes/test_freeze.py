"""Slots become constants, unless somebody changes them."""

from __future__ import annotations

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  registers the cards
from jit.ir import types as T
from jit.ir.parser import parse_graph, parse_program
from jit.ir.verifier import assert_valid, check_program
from jit.passes import fold_batch_norm
from jit.passes.freeze import freeze
from jit.runtime.bytecode import run_graph
from jit.runtime.objects import Object
from jit.runtime.tensor import wrap

PROGRAM = """
module Linear:
  parameter weight : Tensor
  attribute scale : int
  buffer count : Tensor

module Net:
  submodule linear : Module<Linear>
  attribute sizes : int[]
  attribute steps : int

def Linear.forward(Module<Linear> self, Tensor x) -> Tensor:
  graph(%self : Module<Linear>, %x : Tensor):
    %one : int = prim::Constant[value=1]()
    %w : Tensor = prim::GetAttr[name="weight"](%self)
    %s : int = prim::GetAttr[name="scale"](%self)
    %c : Tensor = prim::GetAttr[name="count"](%self)
    %n : Tensor = aten::add_(%c, %one, %one)
    %y : Tensor = aten::mul(%x, %w)
    %z : Tensor = aten::mul(%y, %s)
    return (%z)

def Net.forward(Module<Net> self, Tensor x) -> Tensor:
  graph(%self : Module<Net>, %x : Tensor):
    %one : int = prim::Constant[value=1]()
    %l : Module<Linear> = prim::GetAttr[name="linear"](%self)
    %y : Tensor = prim::CallMethod[name="forward"](%l, %x)
    %old : int = prim::GetAttr[name="steps"](%self)
    %new : int = aten::add(%old, %one)
    prim::SetAttr[name="steps"](%self, %new)
    %sizes : int[] = prim::GetAttr[name="sizes"](%self)
    %z : Tensor = aten::reshape(%y, %sizes)
    return (%z)
"""


@pytest.fixture
def instance():
    linear = {
        "weight": wrap(np.array([1.0, 2.0], np.float32)),
        "scale": 3,
        "count": wrap(np.zeros((), np.int64)),
    }
    inner = Object(T.ModuleType("Linear"), linear)
    return Object(T.ModuleType("Net"), {"linear": inner, "sizes": [2, 1], "steps": 0})


@pytest.fixture
def frozen(instance):
    program = parse_program(PROGRAM)
    for definition in program.classes.values():
        definition.methods = ["forward"]
    return freeze(program, instance.type, instance.slots)


def test_what_nobody_changes_becomes_constant(frozen):
    graph = frozen.functions["Net.forward"].graph
    names = [n.attributes["name"] for n in graph.find_nodes("prim::GetAttr")]
    assert ["linear", "count", "steps"] == names
    assert ["Net.forward"] == list(frozen.functions)
    assert {"count"} == set(frozen.classes["Linear"].attributes)
    assert {"linear", "steps"} == set(frozen.classes["Net"].attributes)
    assert [] == check_program(frozen)


def test_the_frozen_program_does_the_same_and_still_counts(frozen, instance):
    x = wrap(np.array([5.0, 7.0], np.float32))

    result = run_graph(frozen.functions["Net.forward"].graph, [instance, x])

    assert [[15.0], [42.0]] == result.array.tolist()
    assert 1 == instance.slots["steps"]
    assert 1 == instance.slots["linear"].slots["count"].array


def test_constants_are_copies(frozen, instance):
    x = wrap(np.ones(2, np.float32))

    instance.slots["linear"].slots["weight"].array[:] = 100
    result = run_graph(frozen.functions["Net.forward"].graph, [instance, x])

    assert [[3.0], [6.0]] == result.array.tolist()


CONVOLUTION = """
graph(%x : Tensor):
  %none : NoneType = prim::Constant()
  %w : Tensor = prim::Constant[value=<w>]()
  %b : {bias_type} = prim::Constant{bias}()
  %mean : Tensor = prim::Constant[value=float32[0.5, -1.0]]()
  %var : Tensor = prim::Constant[value=float32[2.0, 0.25]]()
  %gamma : Tensor = prim::Constant[value=float32[1.5, 2.0]]()
  %one : int = prim::Constant[value=1]()
  %zero : int = prim::Constant[value=0]()
  %ones : int[] = prim::ListConstruct(%one, %one)
  %zeros : int[] = prim::ListConstruct(%zero, %zero)
  %a : Tensor = aten::conv2d(%x, %w, %b, %ones, %zeros, %ones, %one)
  %train : bool = prim::Constant[value={train}]()
  %m : float = prim::Constant[value=0.1]()
  %eps : float = prim::Constant[value=1e-05]()
  %y : Tensor = aten::batch_norm(%a, %gamma, %none, %mean, %var, %train, %m, %eps, %train)
  return (%y)
"""
WEIGHT = "float32[[[[1.0, -2.0]]], [[[0.5, 3.0]]]]"


def convolution(bias="[value=float32[1.0, 2.0]]", train=False):
    text = CONVOLUTION.format(
        bias=bias, bias_type="Tensor" if bias else "NoneType", train=train
    )
    graph = parse_graph(text.replace("<w>", WEIGHT))
    assert_valid(graph)
    return graph


@pytest.mark.parametrize("bias", ["[value=float32[1.0, 2.0]]", ""])
def test_batch_norm_folds_into_the_convolution(bias):
    graph = convolution(bias)
    x = wrap(np.arange(12, dtype=np.float32).reshape(1, 1, 3, 4))
    expected = run_graph(graph, [x]).array

    assert fold_batch_norm.run(graph)

    assert_valid(graph)
    assert [] == graph.find_nodes("aten::batch_norm")
    np.testing.assert_allclose(run_graph(graph, [x]).array, expected, rtol=1e-5)


def test_batch_norm_in_training_stays():
    assert not fold_batch_norm.run(convolution(train=True))
