"""Tensors that take other sizes in place."""

from __future__ import annotations

import pytest

from jit import torch


def test_a_view_in_place_is_the_tensor_itself():
    x = torch.arange(6).reshape(1, 2, 3)
    made = x.squeeze_(0).t_()

    assert made is x
    assert [[0, 3], [1, 4], [2, 5]] == x.tolist()


def test_a_view_in_place_shares_the_memory_as_before():
    base = torch.zeros(2, 3)
    x = base[0]
    x.unsqueeze_(1)
    x[0, 0] = 7

    assert 7.0 == base[0, 0].item()


def test_gradients_go_through_views_in_place():
    x = torch.ones(1, 3, requires_grad=True)
    y = x * 2
    y.squeeze_(0)
    (y * torch.tensor([1.0, 2.0, 3.0])).sum().backward()

    assert [[2.0, 4.0, 6.0]] == x.grad.tolist()


def test_a_leaf_that_requires_gradients_keeps_its_sizes():
    x = torch.ones(1, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        x.squeeze_()
    with pytest.raises(RuntimeError, match="cannot resize variables"):
        x.resize_(2)


def test_resize_keeps_the_elements_and_shrinks_within_the_memory():
    x = torch.arange(6)
    x.resize_(2, 2)
    x.resize_(6)

    assert [0, 1, 2, 3, 4, 5] == x.tolist()


def test_resize_grows_with_zeros():
    x = torch.ones(2)
    x.resize_(3)

    assert [1.0, 1.0, 0.0] == x.tolist()


def test_resize_as_takes_the_sizes_of_another():
    x = torch.arange(4)
    torch.resize_as_(x, torch.ones(2, 2))

    assert [[0, 1], [2, 3]] == x.tolist()


def test_a_tensor_is_set_to_another():
    x, y = torch.ones(2), torch.zeros(3)
    x.set_(y)
    y[0] = 5

    assert x.is_set_to(y)
    assert [5.0, 0.0, 0.0] == x.tolist()


def test_a_traced_view_in_place_is_a_view_from_then_on():
    def f(x):
        y = x * 2
        y.unsqueeze_(0)
        return y + 1

    traced = torch.jit.trace(f, torch.ones(3))

    assert [[3.0, 5.0]] == traced(torch.tensor([1.0, 2.0])).tolist()
