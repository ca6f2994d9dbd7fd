"""Operators that write the tape go into machine code too, and stay what they are."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import jit
from jit import torch
from jit.runtime import codegen
from jit.runtime.autograd import recording
from jit.runtime.eager import cards, linking
from jit.runtime.eager.operator import PATIENCE
from jit.runtime.executor import background

pytestmark = pytest.mark.skipif(not codegen.is_available(), reason="needs llvmlite")
F = torch.nn.functional


@pytest.fixture
def made(monkeypatch):
    """The calls of cards that a test makes, with room for code of their own."""
    found = {}
    monkeypatch.setattr(linking, "_made", 0)
    monkeypatch.setattr(recording, "_recorders", {})
    plain = cards.runner_of

    def runner_of(card):
        run = plain(card)
        calls = getattr(run, "__self__", None)
        if calls is not None:
            found[card.schema.name] = calls
        return run

    monkeypatch.setattr(cards, "runner_of", runner_of)
    return found


def hits(calls):
    all_calls = [calls._all, *(calls._by_sizes or {}).values()]
    return sum(native.hits for c in all_calls for native in c.natives)


def use_often(step):
    """The result of a step in Python, and the last one, after code was linked."""
    first = step()
    for _ in range(2):
        for _ in range(PATIENCE + 2):
            step()
        background.wait()
    return first, step()


def drawn(*shape):
    rng = np.random.default_rng(len(shape))
    data = rng.standard_normal(shape).astype(np.float32)
    return torch.tensor(data, requires_grad=True)


CASES = {
    "aten::convolution_backward": (
        lambda x, w, b: F.conv2d(x, w, b, 2, 1),
        [(2, 3, 7, 6), (4, 3, 3, 2), (4,)],
    ),
    "aten::conv2d": (
        lambda x, w, b: F.conv2d(x, w, b),
        [(2, 3, 5, 5), (4, 3, 3, 3), (4,)],
    ),
    "aten::max_pool2d_backward": (lambda x: F.max_pool2d(x, 2), [(2, 3, 4, 6)]),
    "aten::_nll_loss_nd_backward": (
        lambda x: F.nll_loss(x, torch.tensor([1, 0, 2])),
        [(3, 3)],
    ),
    "aten::linear": (F.linear, [(3, 4), (5, 4), (5,)]),
    "aten::threshold_backward": (torch.relu, [(4, 5)]),
    "aten::log_softmax.int": (lambda x: F.log_softmax(x, 1), [(4, 5)]),
    "aten::mul.Tensor": (lambda x, y: x * y, [(4, 5), (5,)]),
}


@pytest.mark.parametrize("name", CASES)
def test_gradients_of_calls_in_machine_code(made, name):
    function, shapes = CASES[name]
    leaves = [drawn(*shape) for shape in shapes]

    def step():
        result = function(*leaves)
        weights = torch.arange(result.numel(), dtype=torch.float32).reshape(
            result.shape
        )
        found = torch.autograd.grad((result * weights.cos()).sum(), leaves)
        return [t.detach().numpy() for t in (result, *found)]

    first, last = use_often(step)
    before = hits(made[name])

    def refuse(*args):
        raise AssertionError(f"{name} ran in Python")

    made[name]._plain = refuse
    step()

    assert before < hits(made[name])
    for expected, actual in zip(first, last, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-5, strict=True)


def test_calls_in_machine_code_are_differentiated_twice(made):
    x = drawn(3, 4)

    def step():
        (first,) = torch.autograd.grad((x.exp() * x).sum(), x, create_graph=True)
        return torch.autograd.grad(first.sum(), x)[0].numpy()

    first, last = use_often(step)

    assert hits(made["aten::exp"]) > 0
    np.testing.assert_allclose(last, first, rtol=1e-6)
    values = x.detach().numpy()
    np.testing.assert_allclose(last, (values + 2) * np.exp(values), rtol=1e-5)


def test_sizes_that_are_new_have_code_of_their_own(made):
    images = [drawn(1, 2, n, 6) for n in (4, 6, 8)]

    def step():
        for x in images:
            x.grad = None
            F.max_pool2d(x, 2).sum().backward()
        return [x.grad.numpy() for x in images]

    first, last = use_often(step)

    for expected, actual in zip(first, last, strict=True):
        np.testing.assert_array_equal(expected, actual)
    assert hits(made["aten::max_pool2d_backward"]) > 3


def test_a_call_that_fails_tells_what_python_tells(made):
    x, w = drawn(3, 4), drawn(5, 4)
    use_often(lambda: F.linear(x, w))

    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        F.linear(x, drawn(5, 3))


def test_a_compiled_function_goes_both_ways_without_the_interpreter():
    def function(x, w):
        return (x * w + 1).tanh().sum()

    scripted = jit.script(function)
    x, w = drawn(2, 3), drawn(3)
    scripted(x, w).backward()
    files = set()
    sys.setprofile(lambda frame, *rest: files.add(Path(frame.f_code.co_filename).name))
    try:
        scripted(x, w).backward()
    finally:
        sys.setprofile(None)

    assert "differentiable.py" in files
    assert "interpreter.py" not in files
