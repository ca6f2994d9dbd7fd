"""Traces that go between NumPy arrays and Tensors, and through compiled callees."""

from __future__ import annotations

import numpy as np
import pytest

import jit
from jit import torch
from jit.torch import nn


@jit.script
def flipped(x, least: float):
    if x.sum() > least:
        return x
    return -x


@jit.script
def flipped_tensor(x: torch.Tensor) -> torch.Tensor:
    if x.sum() > 1:
        return x
    return -x


@jit.script
def joined(parts: list[torch.Tensor]) -> torch.Tensor:
    return torch.cat(parts)


@pytest.mark.parametrize("callee", [lambda x: flipped(x, 1.0), flipped_tensor])
def test_an_array_trace_keeps_the_control_flow_of_compiled_functions(callee):
    traced = jit.trace(lambda x: callee(x * 2) + 1, np.ones(4))

    for x in (np.ones(3), -np.ones(3)):
        np.testing.assert_array_equal(callee(x * 2) + 1, traced(x))
        assert isinstance(traced(x), np.ndarray)
    assert traced.graph.find_nodes("prim::CallFunction")


def test_arrays_in_a_list_enter_a_compiled_function_as_tensors():
    traced = jit.trace(lambda x: joined([x, x * 2]), np.ones(2))

    assert traced(np.ones(3)).tolist() == [1, 1, 1, 2, 2, 2]


def test_an_array_trace_calls_a_compiled_submodule():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = jit.script(nn.Linear(4, 2))

        def forward(self, x):
            return self.inner(x / 2) + 1

    outer = Outer()
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    traced = jit.trace(outer, np.ones((1, 4), np.float32))

    np.testing.assert_array_equal(outer(x), traced(x))


def test_arrays_and_tensors_change_into_each_other_in_a_trace(tmp_path):
    model = nn.Linear(4, 2).requires_grad_(False)

    def classify(x):
        x = ((x - x.mean()) / 255).astype(np.float32)
        return model(torch.from_numpy(x)).detach().numpy().argmax(axis=1)

    traced = jit.trace(classify, np.arange(8.0).reshape(2, 4))
    traced.save(tmp_path / "classify.trs")
    loaded = jit.load(tmp_path / "classify.trs")

    x = np.random.default_rng(0).normal(size=(20, 4)) * 1000
    np.testing.assert_array_equal(classify(x), traced(x))
    np.testing.assert_array_equal(classify(x), loaded(x))


@pytest.mark.parametrize(
    "f",
    [
        lambda x, w: x @ w,
        lambda x, w: w * x + 1 - x,
        lambda x, w: (x > w) & (w == x),
        lambda x, w: torch.as_tensor(x) ** w - torch.tensor(x, dtype=torch.float64),
    ],
)
def test_an_array_with_a_tensor_gives_a_tensor_also_in_a_trace(f):
    x, w = np.ones((2, 2)), torch.arange(4.0, dtype=torch.float64).reshape(2, 2)
    traced = jit.trace(f, (x, w))

    result = traced(x * 3, w)
    assert isinstance(result, torch.Tensor)
    torch.testing.assert_close(result, f(x * 3, w))


@pytest.mark.parametrize("dtype", [np.float32, "float32", np.dtype("f4"), float])
def test_numpy_dtypes_are_taken_in_a_trace(dtype):
    def f(x):
        return x.astype(dtype) + x.sum(dtype=dtype)

    traced = jit.trace(f, np.ones(3, np.int64))

    assert np.dtype(dtype) == traced(np.arange(3)).dtype


def test_a_decision_in_code_without_source_is_told_without_a_line():
    scope = {}
    exec("def f(x):\n    return x if x.sum() > 0 else -x\n", scope)

    with pytest.warns(jit.TracerWarning) as told:
        jit.trace(scope["f"], torch.ones(2))

    assert "--> <string>:2:0\n   = help" in str(told[0].message)
