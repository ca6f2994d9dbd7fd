"""Gradients of compiled functions: those of the same source run by eager code."""

from __future__ import annotations

import numpy as np
import pytest

import jit
from jit import torch


def pointwise(x, w):
    return (x * w + 1).tanh().exp()


def saturated(x, w):
    return (x * w + 1).exp().tanh()


def branches(x, w):
    y = x * w
    if bool(y.sum() > 0):
        y = y.exp() * w
    else:
        y = y - x
    return y * x


def loop(x, w, n: int):
    y = x
    for i in range(n):
        y = y * w + float(i)
        if i % 2 == 0:
            y = y * x
    return y


def while_loop(x, w):
    y = x * w
    while bool(y.abs().sum() < 20):
        y = y * 1.5 + x
    return y


def several(x, w):
    y = x * w
    return y, (y + x).sum(), w.exp()


def nested(x, w):
    y = x
    for i in range(2):
        for _ in range(i + 1):
            y = y * w
        y = y + x
    return y


def written(x, w):
    y = x * 1
    y[0] = w * 2
    return y * y


CASES = [
    (pointwise, ()),
    (branches, ()),
    (loop, (0,)),
    (loop, (4,)),
    (while_loop, ()),
    (several, ()),
    (nested, ()),
    (written, ()),
]


def inputs(seed):
    rng = np.random.default_rng(seed)
    return [
        torch.tensor(rng.standard_normal(s), requires_grad=True) for s in ((2, 3), (3,))
    ]


def outputs(result):
    return list(result) if isinstance(result, tuple) else [result]


def gradients(function, args, extra):
    made = [o for o in outputs(function(*args, *extra)) if o.requires_grad]
    total = sum((o * o).sum() for o in made)
    return torch.autograd.grad(total, args, allow_unused=True)


@pytest.mark.parametrize("mode", ["eager", "off"])
def test_gradients_where_tanh_is_nearly_one_are_as_exact_as_its_last_digit(mode):
    before = jit.get_compile_mode()
    jit.set_compile_mode(mode)
    try:
        for seed in range(3):
            args = inputs(seed)
            found = gradients(jit.script(saturated), args, ())[0].numpy()
            x, w = (a.detach().numpy().astype(np.longdouble) for a in args)
            z = np.exp(x * w + 1)
            exact = 2 * np.tanh(z) / np.cosh(z) ** 2 * z * w
            # 1 - tanh ** 2 is off by twice what tanh is, which is two last digits of 1
            error = 2 * np.abs(z * w) * 4 * 2.0**-53 + 1e-12 * np.abs(exact)
            assert (np.abs(found - exact) <= error).all()
    finally:
        jit.set_compile_mode(before)


@pytest.mark.parametrize("mode", ["eager", "off"])
@pytest.mark.parametrize(
    ("function", "extra"), CASES, ids=[f"{f.__name__}{e}" for f, e in CASES]
)
def test_a_scripted_function_has_the_gradient_of_its_source(function, extra, mode):
    scripted = jit.script(function)
    before = jit.get_compile_mode()
    jit.set_compile_mode(mode)
    try:
        for seed in range(3):
            args = inputs(seed)
            expected = gradients(function, args, extra)
            actual = gradients(scripted, args, extra)
            for e, a in zip(expected, actual, strict=True):
                # a loop without trips does not use what its body uses
                assert a is None or e is not None or not a.numpy().any()
                if e is not None:
                    np.testing.assert_allclose(a.numpy(), e.numpy(), rtol=1e-12)
    finally:
        jit.set_compile_mode(before)


def test_a_traced_function_has_a_gradient():
    args = inputs(0)
    traced = jit.trace(pointwise, tuple(a.detach() for a in args))

    for e, a in zip(
        gradients(pointwise, args, ()), gradients(traced, args, ()), strict=True
    ):
        np.testing.assert_allclose(a.numpy(), e.numpy(), rtol=1e-12)


def test_a_call_is_one_step_of_the_tape():
    scripted = jit.script(pointwise)
    y = scripted(*inputs(0))

    assert "PointwiseBackward" == y.grad_fn.name()


def test_the_same_function_runs_without_a_tape_where_none_is_wanted():
    scripted = jit.script(pointwise)
    x, w = inputs(0)

    assert scripted(x, w).requires_grad
    with torch.no_grad():
        assert not scripted(x, w).requires_grad
    assert not scripted(x.detach(), w.detach()).requires_grad
    assert scripted(x, w.detach()).requires_grad


def test_compiled_gradients_can_be_differentiated_again():
    scripted = jit.script(pointwise)
    found = []
    for function in (pointwise, scripted):
        x, w = inputs(0)
        first = torch.autograd.grad(function(x, w).sum(), [x, w], create_graph=True)
        found.append(torch.autograd.grad(first[0].sum(), [x, w]))

    for e, a in zip(*found, strict=True):
        np.testing.assert_allclose(a.numpy(), e.numpy(), rtol=1e-12)


def test_a_scripted_module_trains():
    class Scale(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(3))

        def forward(self, x):
            return (x * self.weight).exp()

    module = Scale()
    scripted = jit.script(module)
    x = torch.ones(2, 3)
    for _ in range(3):
        scripted(x).sum().backward()
        with torch.no_grad():
            module.weight -= 0.1 * module.weight.grad
        module.weight.grad = None

    eager = Scale()
    for _ in range(3):
        eager(x).sum().backward()
        with torch.no_grad():
            eager.weight -= 0.1 * eager.weight.grad
        eager.weight.grad = None
    np.testing.assert_allclose(
        module.weight.detach().numpy(), eager.weight.detach().numpy(), rtol=1e-6
    )
