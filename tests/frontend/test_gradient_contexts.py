"""`torch.no_grad()` in scripts: gradients go around what stands in it."""

from __future__ import annotations

import io

import pytest

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


@torch.no_grad()
def constant(x):
    return x * 3


@torch.no_grad()
@torch.enable_grad()
def recorded_after_all(x):
    return x * 3


@torch.inference_mode()
def factorial(x, n: int) -> torch.Tensor:
    return x * n if n < 2 else x * n * factorial(x, n - 1)


def calls_decorated(x):
    return (constant(x) * x + factorial(x, 3) * triple(x)).sum()


def test_a_decorator_takes_the_gradients_of_a_function():
    x = torch.arange(3.0).requires_grad_()

    assert gradient(calls_decorated) == gradient(jit.script(calls_decorated))
    assert not constant(x).requires_grad
    assert not jit.script(constant)(x).requires_grad
    assert jit.script(triple)(x).requires_grad


def test_a_decorator_takes_the_gradients_of_a_method():
    class Scale(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.full((3,), 2.0))

        @torch.no_grad()
        def frozen(self, x):
            return x * self.weight

        def forward(self, x):
            return (self.frozen(x) * x + x * self.weight).sum()

    torch.manual_seed(0)
    module = Scale()

    assert gradient(module) == gradient(jit.script(module))


def test_a_decorator_that_records_is_refused():
    @torch.enable_grad()
    def recorded(x):
        return x * 2

    for function in (recorded, recorded_after_all):
        with pytest.raises(jit.CompileError, match=r"with torch\.enable_grad\(\):"):
            jit.script(function)


def test_traced_functions_have_no_gradients_in_no_grad():
    def two(x):
        return x * 2, [x * 3, x]

    traced = jit.trace(two, torch.arange(3.0), strict=False)

    def call(x):
        with torch.no_grad():
            a, (b, c) = traced(x)
        return (a * x + b * x + c * x).sum()

    assert gradient(call) == gradient(jit.script(call))


def test_contexts_are_left_as_they_were_entered():
    class Doubling:
        def __init__(self, x: torch.Tensor):
            self.x = x
            self.total = torch.zeros(3)

        def __enter__(self):
            return self

        def __exit__(self, kind, value, traceback):
            self.total = self.x * 2

    def leave(x, n: int):
        context = Doubling(x)
        for i in range(n):
            with context, torch.no_grad():
                if i == 1:
                    break
        return (context.total * x).sum()

    assert gradient(lambda x: leave(x, 3)) == gradient(
        lambda x: jit.script(leave)(x, 3)
    )


def test_a_traced_module_has_no_gradients_in_no_grad(tmp_path):
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(3, 3)

        def forward(self, x):
            return self.linear(x) * x

    class Both(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = jit.trace(Net(), torch.ones(3))

        def forward(self, x):
            with torch.no_grad():
                fixed = self.net(x)
            return (fixed * x + self.net(x)).sum()

    torch.manual_seed(0)
    module = Both()
    scripted = jit.script(module)
    jit.save(scripted, tmp_path / "both.trs")

    assert gradient(module) == gradient(scripted)
    assert gradient(module) == gradient(jit.load(tmp_path / "both.trs"))


def test_what_came_compiled_and_calls_itself_is_refused_in_no_grad():
    def power(x, n: int) -> torch.Tensor:
        return x if n == 0 else x * power(x, n - 1)

    buffer = io.BytesIO()
    jit.script(power).save(buffer)
    buffer.seek(0)
    loaded = jit.load(buffer)

    def call(x):
        with torch.no_grad():
            return loaded(x, 3)

    with pytest.raises(jit.CompileError, match="came compiled and calls functions"):
        jit.script(call)(torch.ones(3))


WEIGHT = torch.full((3,), 2.0, requires_grad=True)


def test_a_tensor_from_outside_that_requires_gradients_is_refused():
    def weighted(x):
        return x * WEIGHT

    def frozen(x):
        with torch.no_grad():
            scale = WEIGHT * 2
        return (x * scale).sum()

    with pytest.raises(jit.CompileError, match="a Tensor from outside, requires"):
        jit.script(weighted)(torch.ones(3))
    assert gradient(frozen) == gradient(jit.script(frozen))
