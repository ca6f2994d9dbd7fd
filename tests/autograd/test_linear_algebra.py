"""Derivatives of matrix functions that take special matrices."""

from __future__ import annotations

import pytest

from jit import torch


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2), (1, 1)])
def test_the_triangle_of_a_positive_definite_matrix(shape, upper):
    torch.manual_seed(0)
    root = torch.randn(*shape, dtype=torch.float64, requires_grad=True)

    def triangle(x):
        eye = torch.eye(shape[-1], dtype=torch.float64)
        return torch.linalg.cholesky(x @ x.transpose(-1, -2) + eye, upper=upper)

    assert torch.autograd.gradcheck(triangle, (root,))


def test_second_derivatives_of_products():
    torch.manual_seed(0)
    a = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    b = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradgradcheck(lambda x, y: (x @ y) @ x, (a, b))
    assert torch.autograd.gradgradcheck(
        lambda x, y: torch.nn.functional.linear(x, y.t()), (a, b)
    )
    assert torch.autograd.gradgradcheck(lambda x, y: torch.linalg.inv(x @ y), (a, b))
