"""`torch.compile` of functions and modules, and `torch.compiler`."""

from __future__ import annotations

import os

import pytest

from jit import torch
from jit.ir.diagnostic import CompileError
from jit.torch import nn


def reads_pid(x):
    return x, os.getpid()


def test_a_function_is_compiled_when_it_is_called():
    @torch.compile
    def twice(x, n: int = 2):
        """Twice."""
        return x * n

    assert twice.scripted is None
    assert [2.0, 2.0] == twice(torch.ones(2)).tolist()
    assert "aten::mul" in str(twice.scripted.graph)
    assert [3.0] == twice(torch.ones(1), n=3).tolist()
    assert ("twice", "Twice.") == (twice.__name__, twice.__doc__)


def test_compiled_code_knows_that_it_is():
    def told(x):
        if torch.compiler.is_compiling():
            return x + 1
        return x

    assert 0.0 == told(torch.zeros(())).item()
    assert 1.0 == torch.compile(told)(torch.zeros(())).item()


def test_a_function_may_call_what_is_defined_later():
    @torch.compile(fullgraph=True)
    def first(x):
        return second(x)

    def second(x):
        return x + 1

    assert 1.0 == first(torch.zeros(())).item()


def test_a_compiled_module_is_trained_with_the_original():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    compiled = torch.compile(model)
    optimizer = torch.optim.SGD(compiled.parameters(), 0.1)
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(compiled(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    assert losses[-1] < losses[0] * 0.7
    assert torch.allclose(model(x), compiled(x))
    assert compiled.scripted is not None
    assert "_orig_mod.0.weight" in compiled.state_dict()


def test_training_follows_the_original():
    model = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(2))
    compiled = torch.compile(model)
    x = torch.ones(4, 2)
    compiled(x)
    assert 1 == model[1].num_batches_tracked.item()
    model.eval()
    compiled(x)
    assert 1 == model[1].num_batches_tracked.item()
    assert torch.equal(model(x), compiled(x))
    compiled.train()
    assert model.training


def test_what_cannot_be_compiled_is_told_and_runs():
    compiled = torch.compile(reads_pid)
    with pytest.warns(UserWarning, match="`reads_pid` is not compiled") as told:
        assert os.getpid() == compiled(torch.ones(1))[1]
    assert "getpid" in str(told[0].message)
    assert "help:" in str(told[0].message)
    compiled(torch.ones(1))  # it is told once

    with pytest.raises(CompileError, match="getpid"):
        torch.compile(reads_pid, fullgraph=True)(torch.ones(1))


def test_compiling_may_be_turned_off():
    model = nn.Linear(2, 2)
    assert model is torch.compile(model, disable=True)
    assert model is torch.compile(model, backend="eager")
    assert "tracescript" in torch.compiler.list_backends()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "nonsense"}, "Invalid backend: 'nonsense'"),
        ({"backend": print}, "graphs of torch.fx"),
        ({"mode": "fast"}, "Unrecognized mode=fast"),
        ({"mode": "default", "options": {}}, "can't be specified at the same time"),
        ({"options": {"epilogue_fusion": True}}, "Unexpected optimization option"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(RuntimeError, match=message):
        torch.compile(reads_pid, **options)


def test_what_is_not_called_is_refused():
    with pytest.raises(RuntimeError, match="a function or a module, not a `int`"):
        torch.compile(3)
