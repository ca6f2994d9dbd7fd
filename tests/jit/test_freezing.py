"""`jit.freeze`: parameters become constants, and what is changed stays state."""

from __future__ import annotations

import numpy as np
import pytest

import jit
from jit import torch
from jit.torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.norm = nn.BatchNorm2d(3)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(torch.relu(self.norm(self.conv(x))))


X = torch.arange(32.0).reshape(2, 1, 4, 4)


@pytest.fixture
def net():
    torch.manual_seed(5)
    made = Net()
    made(X)  # so that the running statistics are not those of the start
    return made.eval()


def close(a, b):
    np.testing.assert_allclose(
        a.numpy(force=True), b.numpy(force=True), rtol=1e-5, atol=1e-6
    )


def kinds(module):
    return {node.kind for node in module.graph.all_nodes}


@pytest.mark.parametrize("capture", [jit.script, lambda m: jit.trace(m, X)])
def test_a_frozen_module_has_no_parameters_and_does_the_same(net, capture):
    frozen = jit.freeze(capture(net))

    assert [] == list(frozen.named_parameters())
    assert "prim::GetAttr" not in kinds(frozen)
    assert not {"aten::batch_norm", "aten::dropout"} & kinds(frozen)
    close(net(X), frozen(X))


def test_without_numerics_batch_norm_stays(net):
    frozen = jit.freeze(jit.script(net), optimize_numerics=False)

    assert "aten::batch_norm" in kinds(frozen)
    close(net(X), frozen(X))


def test_later_changes_do_not_reach_a_frozen_module(net):
    module = jit.script(net)
    frozen = jit.freeze(module)
    before = frozen(X)
    with torch.no_grad():
        module.conv.weight.fill_(0)

    close(before, frozen(X))


def test_a_module_in_training_mode_is_refused(net):
    with pytest.raises(RuntimeError, match="training mode"):
        jit.freeze(jit.script(net.train()))


def test_only_what_was_captured_is_frozen(net):
    with pytest.raises(TypeError, match="`Net` cannot be frozen"):
        jit.freeze(net)
    with pytest.raises(TypeError, match="`Net` cannot be frozen"):
        jit.optimize_for_inference(net)


class Steps(nn.Module):
    count: int

    def __init__(self):
        super().__init__()
        self.count = 0
        self.scale = 2.0
        self.register_buffer("total", torch.zeros(1))

    def forward(self, x):
        self.count += 1
        self.total += x.sum()
        return self.total * self.scale

    @jit.export
    def twice(self, x):
        return x * self.scale * 2


def test_what_forward_changes_stays_state_of_the_copy():
    module = jit.script(Steps().eval())
    frozen = jit.freeze(module)

    assert frozen(torch.ones(3)).tolist() == [6]
    assert frozen(torch.ones(3)).tolist() == [12]
    assert (frozen.count, frozen.total.tolist()) == (2, [6])
    assert (module.count, module.total.tolist()) == (0, [0])
    assert not hasattr(frozen, "scale")
    assert not hasattr(frozen, "twice")


def test_preserved_attributes_and_methods_stay():
    frozen = jit.freeze(jit.script(Steps().eval()), preserved_attrs=["scale", "twice"])

    frozen.scale = 5.0

    assert frozen.twice(torch.ones(1)).tolist() == [10]
    with pytest.raises(AttributeError, match="no attribute `nothing`"):
        jit.freeze(frozen, preserved_attrs=["nothing"])


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)
        self.other = nn.Linear(2, 2)

    def forward(self, x):
        return self.other(self.inner(x))


def test_a_preserved_submodule_stays_whole():
    module = jit.script(Outer().eval())
    frozen = jit.freeze(module, preserved_attrs=["inner"])
    x = torch.ones(1, 2)

    close(module(x), frozen(x))
    close(module.inner(x), frozen.inner(x))
    assert ["inner.weight", "inner.bias"] == [n for n, _ in frozen.named_parameters()]


class Pair(nn.Module):
    def __init__(self, shared):
        super().__init__()
        self.a = shared
        self.b = shared

    def forward(self, x):
        self.a.count += 1
        return x * self.b.count


def test_a_shared_submodule_stays_state_on_all_paths():
    frozen = jit.freeze(jit.script(Pair(Steps()).eval()))

    assert [frozen(torch.ones(1)).item() for _ in range(3)] == [1, 2, 3]


def test_optimize_for_inference_freezes_a_copy_in_evaluation_mode(net):
    module = jit.script(net.train())
    fast = jit.optimize_for_inference(module)

    assert module.training
    assert [] == list(fast.named_parameters())
    close(net.eval()(X), fast(X))


def test_a_frozen_module_is_saved_and_loaded(net, tmp_path):
    frozen = jit.freeze(jit.script(net))
    frozen.save(tmp_path / "frozen.trs")

    close(frozen(X), jit.load(tmp_path / "frozen.trs")(X))


def test_freezing_twice_is_freezing_once(net):
    once = jit.freeze(jit.script(net))

    assert str(once.graph) == str(jit.freeze(once).graph)
