"""`torch.no_grad()` in scripts: gradients go around what stands in it."""

from __future__ import annotations

import jit
from jit import torch


def triple(x):
    return x * 3


def inside_and_outside(x):
    with torch.no_grad():
        a = triple(x)
        parts = x.split(1)
        with torch.enable_grad():
            b = x * 5
        c = torch.cat([p * 2 for p in parts])
        largest = x.max(0)
    return (a * x + c * x + triple(x) + b).sum() + largest.values


def by_mode(x):
    with torch.set_grad_enabled(False):
        y = x * 2
    with torch.set_grad_enabled(True):
        z = x * 7
    return (y * x + z).sum()


def gradient(function):
    x = torch.arange(3.0).requires_grad_()
    y = function(x)
    y.backward()
    return y.item(), x.grad.tolist()


def test_what_stands_in_no_grad_has_no_gradient():
    for function in (inside_and_outside, by_mode):
        assert gradient(function) == gradient(jit.script(function))
