"""Optimizers and schedulers: trainings recorded from torch, state, hooks, errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jit import torch
from tests.optim.trajectories import all_trainings, problem, train

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())
EXPECTED = {(t["optimizer"], t["scheduler"]): t for t in RECORDED["trainings"]}
TRAININGS = all_trainings()


@pytest.mark.parametrize(
    ("optimizer", "scheduler"), TRAININGS, ids=[f"{o}-{s}" for o, s in TRAININGS]
)
def test_a_training_goes_as_torch_does(optimizer, scheduler):
    expected = EXPECTED[optimizer, scheduler]
    actual = train(torch, optimizer, scheduler)

    # the directions of LBFGS are quotients of small differences
    tolerance = 1e-5 if optimizer.startswith("lbfgs") else 1e-9
    for e, a in zip(expected["parameters"], actual["parameters"], strict=True):
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(actual["rates"], expected["rates"], rtol=1e-9)
    if not optimizer.startswith("lbfgs"):
        assert expected["state"] == actual["state"]


@pytest.mark.parametrize("name", ["sgd momentum", "adamw", "rmsprop centered"])
def test_a_training_goes_on_from_its_state(name):
    from tests.optim.trajectories import OPTIMIZERS

    def steps(optimizer, loss, count):
        for _ in range(count):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()

    parameters, loss = problem(torch)
    whole = OPTIMIZERS[name](torch.optim, parameters)
    steps(whole, loss, 3)
    state = whole.state_dict()
    copies, other_loss = problem(torch)
    with torch.no_grad():
        for copy, parameter in zip(copies, parameters, strict=True):
            copy.copy_(parameter)
    resumed = OPTIMIZERS[name](torch.optim, copies)
    resumed.load_state_dict(state)
    steps(whole, loss, 3)
    steps(resumed, other_loss, 3)

    for copy, parameter in zip(copies, parameters, strict=True):
        np.testing.assert_array_equal(copy.detach().numpy(), parameter.detach().numpy())


def test_a_scheduler_goes_on_from_its_state():
    schedulers = torch.optim.lr_scheduler
    made = []
    for _ in range(2):
        optimizer = torch.optim.SGD(problem(torch)[0], 0.1)
        made.append((optimizer, schedulers.StepLR(optimizer, 2)))
    (first, schedule), (second, resumed) = made
    for _ in range(3):
        schedule.step()
    resumed.load_state_dict(schedule.state_dict())
    second.load_state_dict(first.state_dict())
    schedule.step()
    resumed.step()

    assert schedule.get_last_lr() == resumed.get_last_lr()


def test_hooks_see_each_step():
    parameters, loss = problem(torch)
    optimizer = torch.optim.SGD(parameters, 0.1)
    seen = []
    optimizer.register_step_pre_hook(lambda *args: seen.append("before"))
    handle = optimizer.register_step_post_hook(lambda *args: seen.append("after"))
    loss().backward()
    optimizer.step()
    handle.remove()
    optimizer.step()

    assert ["before", "after", "before"] == seen


def test_parameters_without_a_gradient_stay():
    parameters, _ = problem(torch)
    before = [p.detach().numpy().copy() for p in parameters]
    torch.optim.Adam(parameters).step()

    for b, p in zip(before, parameters, strict=True):
        np.testing.assert_array_equal(b, p.detach().numpy())


def test_gradients_are_forgotten_or_set_to_zero():
    parameters, loss = problem(torch)
    optimizer = torch.optim.SGD(parameters, 0.1)
    loss().backward()
    optimizer.zero_grad(set_to_none=False)
    assert all(not p.grad.numpy().any() for p in parameters)
    optimizer.zero_grad()
    assert all(p.grad is None for p in parameters)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: torch.optim.SGD(p, -1.0), ValueError, "Invalid learning rate"),
        (lambda p: torch.optim.SGD(p[0], 0.1), TypeError, "iterable of Tensors"),
        (lambda p: torch.optim.SGD([], 0.1), ValueError, "empty parameter list"),
        (lambda p: torch.optim.SGD([1], 0.1), TypeError, "can only optimize Tensors"),
        (lambda p: torch.optim.SGD([p[0] * 2], 0.1), ValueError, "non-leaf"),
        (
            lambda p: torch.optim.SGD([{"params": p}, {"params": p[:1]}], 0.1),
            ValueError,
            "more than one",
        ),
        (lambda p: torch.optim.Adam(p, betas=(1.0, 0.9)), ValueError, "beta parameter"),
        (
            lambda p: torch.optim.SGD(p, 0.1, nesterov=True),
            ValueError,
            "Nesterov momentum requires",
        ),
    ],
)
def test_wrong_options_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make(problem(torch)[0])


@pytest.mark.parametrize("count", [1, 4, 5, 11])
def test_parameters_are_changed_together_as_one_by_one(count):
    """A compiled update changes several parameters; each is changed as if alone."""
    rng = np.random.default_rng(0)
    shapes = [(), (3,), (2, 3), (0, 2), (1, 2, 2)]
    values = [rng.standard_normal(shapes[i % 5]) for i in range(count)]
    slopes = [rng.standard_normal(v.shape) for v in values]

    def stepped(numbers):
        parameters = [torch.tensor(values[i], requires_grad=True) for i in numbers]
        for p, i in zip(parameters, numbers, strict=True):
            p.grad = torch.tensor(slopes[i])
        optimizer = torch.optim.AdamW(parameters, 0.1)
        optimizer.step()
        optimizer.step()
        return [p.detach().numpy() for p in parameters]

    together = stepped(range(count))
    for i, actual in enumerate(together):
        (alone,) = stepped([i])
        np.testing.assert_allclose(actual, alone, rtol=1e-14, strict=True)


def test_parameters_of_other_layouts_and_dtypes():
    def made():
        whole = torch.arange(6.0).reshape(2, 3)
        turned = whole.t().detach().requires_grad_()
        wide = torch.ones(2, dtype=torch.float64, requires_grad=True)
        return whole, [turned, wide, torch.ones(2, requires_grad=True)]

    whole, parameters = made()
    for p in parameters:
        p.grad = torch.ones_like(p)
    optimizer = torch.optim.SGD(parameters, 0.5, momentum=0.9)
    optimizer.step()
    optimizer.step()

    # 0.5 * (1 + 1.9) below what it was, and in the memory of whoever shares it
    expected = np.arange(6.0).reshape(2, 3) - 1.45
    np.testing.assert_allclose(whole.numpy(), expected, rtol=1e-6)
    assert [torch.float32, torch.float64, torch.float32] == [
        p.dtype for p in parameters
    ]
    for p in parameters[1:]:
        np.testing.assert_allclose(p.detach().numpy(), [-0.45, -0.45], rtol=1e-6)


def test_a_step_is_a_write_that_the_tape_sees():
    p = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([p], 0.1)
    p.grad = torch.ones(3)
    loss = (p * p).sum()
    optimizer.step()

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
