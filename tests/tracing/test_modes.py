"""Training and evaluation of traced modules: `train()` and `eval()` have their effect."""

from __future__ import annotations

from typing import Any

import pytest

import jit
from jit import torch
from jit.torch import nn


def network() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2)
    )


def outputs(module: Any, x: Any) -> Any:
    torch.manual_seed(3)
    return module(x).detach().numpy()


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_of_a_traced_module_can_be_changed(training: bool) -> None:
    module, twin = network(), network()
    traced = jit.trace(module.train(training), torch.randn(5, 4), on_bake="error")

    for mode in (True, False, True):
        x = torch.randn(7, 4)
        expected = outputs(twin.train(mode), x)
        assert pytest.approx(expected, abs=1e-5) == outputs(traced.train(mode), x)
    for name, value in twin.state_dict().items():
        assert (
            pytest.approx(value.numpy(), abs=1e-6) == traced.state_dict()[name].numpy()
        )


def test_the_mode_is_kept_in_a_file(tmp_path: Any) -> None:
    module = network().eval()
    jit.trace(module, torch.randn(5, 4)).save(tmp_path / "network.trs")
    loaded = jit.load(tmp_path / "network.trs")
    x = torch.randn(3, 4)

    assert not loaded.training
    assert pytest.approx(outputs(module, x), abs=1e-6) == outputs(loaded, x)
    loaded.train()
    assert pytest.approx(outputs(module.train(), x), abs=1e-5) == outputs(loaded, x)


def test_a_branch_on_the_mode_is_no_decision_that_is_baked_in() -> None:
    class Noisy(nn.Module):
        def forward(self, x: Any) -> Any:
            if self.training:
                return x + torch.ones(x.shape)
            return x

    traced = jit.trace(Noisy(), torch.zeros(2), on_bake="error")

    assert [1.0, 1.0] == traced(torch.zeros(2)).tolist()
    assert [0.0, 0.0] == traced.eval()(torch.zeros(2)).tolist()


def test_a_module_that_asks_for_no_mode_has_one_graph() -> None:
    traced = jit.trace(nn.Linear(2, 3), torch.ones(1, 2))

    assert not traced.graph.find_nodes("prim::If")


def test_modes_that_were_not_recorded_are_refused() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Dropout(0.5), nn.Dropout(0.5)

        def forward(self, x: Any) -> Any:
            return self.second(self.first(x))

    traced = jit.trace(Two(), torch.ones(3))
    traced.first.eval()
    with pytest.raises(RuntimeError, match="recorded with other modes"):
        traced(torch.ones(3))

    mixed = Two()
    mixed.first.eval()
    traced = jit.trace(mixed, torch.ones(3))
    torch.manual_seed(1)
    expected = mixed(torch.ones(3)).tolist()
    torch.manual_seed(1)
    assert expected == traced(torch.ones(3)).tolist()
    assert [1.0] * 3 == traced.eval()(torch.ones(3)).tolist()


def test_freezing_leaves_the_mode_of_the_moment() -> None:
    frozen = jit.freeze(jit.trace(network().eval(), torch.randn(5, 4)))

    kinds = [n.kind for n in frozen.graph.all_nodes]
    assert "aten::dropout" not in kinds
    assert 1 == kinds.count("aten::batch_norm")
