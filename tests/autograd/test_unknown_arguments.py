"""Compiled gradients of calls whose numbers the run decides."""

from __future__ import annotations

import numpy as np
import pytest

import jit
from jit import torch


def kept(x, keep: bool):
    return x.exp().sum([1], keep)


def power(x, n: float):
    return x.pow(n) * n


def row(x, i: int):
    return x[i] * 2


def loss(x, reduction: int):
    return torch.kl_div(x.log(), x * 2, reduction)


@pytest.mark.parametrize(
    ("function", "number"),
    [(kept, False), (kept, True), (power, 2.5), (row, 1), (loss, 0), (loss, 1)],
)
def test_gradients_are_those_of_eager_code(function, number):
    scripted = jit.script(function)
    x = torch.tensor(np.random.default_rng(0).uniform(0.5, 2, (2, 3)))
    x.requires_grad_()

    (expected,) = torch.autograd.grad(function(x, number).sum(), x)
    (actual,) = torch.autograd.grad(scripted(x, number).sum(), x)

    np.testing.assert_allclose(actual.numpy(), expected.numpy(), rtol=1e-12)
