"""`on_bake="compile"`: the function that decides is scripted, the rest is traced."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import jit
from jit import torch
from jit.torch import nn

ONES = torch.ones(3)


def signed(x: torch.Tensor) -> torch.Tensor:
    if x.sum() > 0:
        return x + 1
    return x - 1


def repeated(x: torch.Tensor) -> torch.Tensor:
    for _ in range(x.shape[0]):
        x = x * 2
    return x


def outer(x: Any) -> Any:
    return signed(x * 2) + repeated(x)


def through_a_comprehension(x: Any) -> Any:
    return sum([signed(x * i) for i in range(3)])


def with_keyword(x: torch.Tensor, *, least: float = 2.0) -> torch.Tensor:
    if x.sum() > least:
        return x
    return -x


def calls_with_keyword(x: Any) -> Any:
    return with_keyword(x + 0, least=1.0)


@functools.cache
def unrelated() -> int:
    return 3


@pytest.mark.parametrize(
    "f", [signed, repeated, outer, through_a_comprehension, calls_with_keyword]
)
@pytest.mark.parametrize("x", [ONES, -ONES, torch.ones(5), torch.ones(0)], ids=str)
def test_the_trace_is_right_for_every_path(f: Any, x: Any) -> None:
    traced = jit.trace(f, ONES, on_bake="compile")

    assert f(x).tolist() == traced(x).tolist() == traced.interpret(x).tolist()


def test_only_the_function_that_decides_is_compiled() -> None:
    traced = jit.trace(outer, ONES, on_bake="compile")
    kinds = [n.kind for n in traced.graph.nodes]

    assert 2 == kinds.count("prim::CallFunction")
    assert "aten::add" in kinds
    assert "prim::If" not in kinds


def test_functions_are_as_before_afterwards() -> None:
    code = signed.__code__
    jit.trace(outer, ONES, on_bake="compile")

    assert code is signed.__code__
    assert [2.0, 2.0, 2.0] == signed(ONES).tolist()


def test_closures_are_compiled() -> None:
    scale = 3.0

    def inner(x: torch.Tensor) -> torch.Tensor:
        if x.sum() > 0:
            return x * scale
        return x

    traced = jit.trace(lambda x: inner(x) + 1, ONES, on_bake="compile")

    assert [4.0, 4.0, 4.0] == traced(ONES).tolist()
    assert [0.0, 0.0, 0.0] == traced(-ONES).tolist()


def test_functions_of_arrays_are_compiled() -> None:
    def inner(x):  # type: ignore[no-untyped-def]
        if x.sum() > 0:
            return x + 1
        return x - 1

    traced = jit.trace(lambda x: inner(x) * 2, np.ones(3), on_bake="compile")

    assert [4.0] * 3 == traced(np.ones(3)).tolist()
    assert [-4.0] * 3 == traced(-np.ones(3)).tolist()


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() > 0:
            return x * self.weight
        return x


class Around(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()

    def forward(self, x: Any) -> Any:
        return self.gate(x) + 1


@pytest.mark.parametrize("make", [Gate, Around])
def test_a_module_that_decides_is_compiled_whole(make: Any) -> None:
    module = make()
    traced = jit.trace(module, ONES, on_bake="compile")
    module.state_dict()[next(iter(module.state_dict()))].fill_(5.0)

    for x in (ONES, -ONES):
        assert module(x).tolist() == traced(x).tolist()
    assert isinstance(getattr(module, "gate", module), Gate)
    assert list(module.state_dict()) == list(traced.state_dict())


def test_a_decision_that_cannot_be_compiled_is_refused_with_the_reason() -> None:
    def f(x: Any) -> Any:
        lines = open(__file__)  # noqa: SIM115
        lines.close()
        return x if x.sum() > 0 else -x

    with pytest.raises(jit.TracingError, match="cannot be compiled") as caught:
        jit.trace(f, ONES, on_bake="compile")

    assert "E0501" == caught.value.code
    assert "x.sum() > 0" in str(caught.value)
