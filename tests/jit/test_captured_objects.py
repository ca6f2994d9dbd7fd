"""Captured functions and modules as Python objects: items, copies, pickles, refusals."""

from __future__ import annotations

import copy
import pickle

import pytest

import jit
from jit import torch
from jit.torch import nn


@jit.script
def doubled(x):
    return x * 2


def test_a_compiled_sequential_is_indexed_counted_and_walked(tmp_path):
    scripted = jit.script(nn.Sequential(nn.Linear(2, 3), nn.ReLU()))
    scripted.save(tmp_path / "m.trs")

    for module in (scripted, jit.load(tmp_path / "m.trs")):
        assert 2 == len(module)
        assert ["Linear", "ReLU"] == [m.original_name for m in module]
        assert "ReLU" == module[-1].original_name
        assert module[0] is module["0"]
        assert [module[0]] == module[:1]
        assert "1" in module
        assert (3, 2) == tuple(module[0].weight.shape)


def test_a_module_without_items_is_true_and_refuses_to_be_counted():
    scripted = jit.script(nn.ReLU())

    assert scripted
    with pytest.raises(TypeError, match="`ReLU` is no Sequential or ModuleList"):
        len(scripted)


def test_a_submodule_of_a_trace_says_that_it_has_no_forward():
    traced = jit.trace(nn.Sequential(nn.Linear(2, 3)), torch.ones(1, 2))

    with pytest.raises(AttributeError, match="traced as part of a larger module"):
        traced[0](torch.ones(1, 2))


def test_compiled_functions_are_pickled_by_name_and_copied_as_themselves():
    assert pickle.loads(pickle.dumps(doubled)) is doubled
    assert copy.deepcopy(doubled) is doubled
    assert copy.copy(doubled) is doubled


def test_traced_functions_and_modules_are_pickled_as_archives():
    traced = jit.trace(lambda x: x + 1, torch.ones(1))
    module = jit.script(nn.Linear(2, 3))
    x = torch.ones(4, 2)

    torch.testing.assert_close(traced(x), pickle.loads(pickle.dumps(traced))(x))
    torch.testing.assert_close(module(x), pickle.loads(pickle.dumps(module))(x))


class Scale:
    factor = 2

    def apply(self, x):
        return x * self.factor


@pytest.mark.parametrize(
    ("method", "advice"),
    [
        (Scale().apply, "pass what it needs of the object"),
        (nn.ReLU().forward, "script the module itself"),
    ],
)
def test_a_bound_method_is_refused_with_advice(method, advice):
    with pytest.raises(jit.CompileError, match=advice) as error:
        jit.script(method)

    assert "E0105" == error.value.code


def untypable(x: int) -> str:
    return x


class Untypable(nn.Module):
    def forward(self, x: int) -> str:
        return x


@pytest.mark.parametrize("obj", [untypable, Untypable()])
def test_a_refusal_shows_no_frames_of_the_compiler(obj):
    with pytest.raises(jit.CompileError) as error:
        jit.script(obj)

    files = [str(entry.path) for entry in error.traceback]
    assert not any("frontend" in file for file in files)


@jit.script
def negated(x: float, depth: int) -> float:
    if depth > 0:
        return negated(x, depth - 1)
    return -(x + 0.0)


def test_a_change_of_the_level_of_algebra_reaches_called_functions():
    before = jit.set_math("strict")
    try:
        strict = negated(-0.0, 3)
        jit.set_math("standard")
        standard = negated(-0.0, 3)
    finally:
        jit.set_math(before)

    assert ("-0.0", "0.0") == (str(strict), str(standard))
