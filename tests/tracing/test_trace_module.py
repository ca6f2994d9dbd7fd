"""`trace_module`, and what a traced module does to its state."""

from __future__ import annotations

from typing import Any

import pytest

import jit
from jit import torch
from jit.torch import nn


class Coder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([2.0, 4.0]))
        self.register_buffer("seen", torch.zeros(()))

    def encode(self, x: Any) -> Any:
        self.seen.add_(1)
        return x * self.scale

    def decode(self, x: Any, *, shift: Any) -> Any:
        return x / self.scale + shift

    def forward(self, x: Any) -> Any:
        return self.decode(self.encode(x), shift=torch.zeros(2))


@pytest.fixture
def traced() -> Any:
    examples = {"encode": torch.ones(3, 2), "forward": torch.ones(3, 2)}
    return jit.trace_module(Coder(), examples)


def test_every_method_is_traced(traced: Any) -> None:
    assert [[2.0, 4.0]] == traced.encode(torch.ones(1, 2)).tolist()
    assert [[1.0, 1.0]] == traced(torch.ones(1, 2)).tolist()
    with pytest.raises(AttributeError, match="decode"):
        traced.decode


def test_methods_share_the_state(traced: Any, tmp_path: Any) -> None:
    traced.encode(torch.ones(1, 2))
    traced(torch.ones(1, 2))
    traced.save(tmp_path / "coder.trs")

    assert 2.0 == traced.seen.item() == jit.load(tmp_path / "coder.trs").seen.item()


def test_examples_may_be_given_by_keyword() -> None:
    examples = {"decode": {"x": torch.ones(2), "shift": torch.ones(2)}}
    traced = jit.trace_module(Coder(), examples, example_inputs_is_kwarg=True)

    assert [2.0, 1.5] == traced.decode(
        torch.tensor([2.0, 2.0]), shift=torch.ones(2)
    ).tolist()


def test_further_inputs_are_checked_for_each_method() -> None:
    class Deciding(nn.Module):
        def sign(self, x: Any) -> Any:
            return x if x.sum() > 0 else -x

    with pytest.warns(jit.TracerWarning), pytest.raises(jit.TracingError) as caught:
        jit.trace_module(
            Deciding(), {"sign": torch.ones(2)}, check_inputs=[{"sign": -torch.ones(2)}]
        )

    assert "E0504" == caught.value.code


def test_only_modules_have_methods_to_trace() -> None:
    with pytest.raises(TypeError, match="takes a module, not `function`"):
        jit.trace_module(lambda x: x, {"forward": torch.ones(1)})


def test_keyword_only_parameters_are_traced() -> None:
    def f(x: Any, *, scale: Any) -> Any:
        return x * scale

    traced = jit.trace(f, torch.ones(2), example_kwarg_inputs={"scale": torch.ones(2)})

    assert [6.0] == traced(torch.tensor([2.0]), scale=torch.tensor([3.0])).tolist()


class Averaging(nn.Module):
    """A module that assigns its buffer, and one inside that does."""

    def __init__(self, inner: Any = None) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(2))
        self.inner = inner

    def forward(self, x: Any) -> Any:
        self.mean = self.mean * 0.5 + x.mean(0) * 0.5
        return x - self.mean if self.inner is None else self.inner(x - self.mean)


def test_assigned_buffers_are_assigned_by_the_trace() -> None:
    module, twin = Averaging(Averaging()), Averaging(Averaging())
    before = module.mean
    traced = jit.trace(module, torch.ones(3, 2), on_bake="error")

    assert before is module.mean
    for rows in (1, 4, 2):
        x = torch.arange(rows * 2.0).view(rows, 2)
        assert twin(x).tolist() == traced(x).tolist()
    assert twin.mean.tolist() == traced.mean.tolist()
    assert twin.inner.mean.tolist() == traced.inner.mean.tolist()


def test_other_attributes_that_are_assigned_are_told_and_given_back() -> None:
    class Counting(nn.Module):
        calls = 0

        def forward(self, x: Any) -> Any:
            self.calls = self.calls + 1
            self.last = x * 2
            return self.last

    module = Counting()
    with pytest.warns(jit.TracerWarning) as told:
        jit.trace(module, torch.ones(2), check_trace=False)

    assert {"calls", "last"} == {str(w.message).split("`")[3] for w in told}
    assert 0 == module.calls
    assert not hasattr(module, "last")
