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


def symmetric(*shape):
    """Symmetric positive-definite matrices that depend on any matrices."""
    torch.manual_seed(0)
    root = torch.randn(*shape, dtype=torch.float64, requires_grad=True)
    eye = torch.eye(shape[-1], dtype=torch.float64)
    return root, lambda x: x @ x.mT + eye


SYMMETRIC = {
    "cholesky": torch.cholesky,
    "cholesky_ex": lambda x: torch.linalg.cholesky_ex(x, upper=True).L,
    "eigh": lambda x: torch.linalg.eigh(x)[0],
    "vectors": lambda x: torch.linalg.eigh(x, UPLO="U")[1].abs(),
    "eigvalsh": torch.linalg.eigvalsh,
    "singular": lambda x: torch.linalg.svd(x).S,
    "logdet": torch.logdet,
    "cond": lambda x: torch.linalg.cond(x, 1),
}


@pytest.mark.parametrize("name", SYMMETRIC)
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2)])
def test_functions_of_symmetric_matrices(name, shape):
    root, made = symmetric(*shape)

    assert torch.autograd.gradcheck(lambda x: SYMMETRIC[name](made(x)), (root,))


@pytest.mark.parametrize("upper", [False, True])
def test_what_is_solved_with_a_triangle(upper):
    root, made = symmetric(3, 3)
    b = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)

    def solved(x, b):
        triangle = torch.linalg.cholesky(made(x), upper=upper)
        return torch.cholesky_solve(b, triangle, upper), torch.cholesky_inverse(
            triangle, upper
        )

    assert torch.autograd.gradcheck(solved, (root, b))


COMPLEX = {
    "inv": torch.linalg.inv,
    "solve": lambda x: torch.linalg.solve(x, x[..., 0]),
    "triangle": lambda x: torch.linalg.solve_triangular(x, x, upper=True, left=False),
    "exp": torch.linalg.matrix_exp,
    "power": lambda x: torch.linalg.matrix_power(x, -2),
    "lu": lambda x: torch.linalg.lu(x)[1] @ torch.linalg.lu(x)[2],
    "factors": lambda x: torch.linalg.lu_factor(x)[0],
    "logdet": torch.logdet,
    "eigvals": torch.linalg.eigvals,
    "eig": lambda x: torch.linalg.eig(x)[1].abs(),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_functions_of_complex_matrices(name):
    torch.manual_seed(0)
    parts = [
        torch.randn(2, 2, dtype=torch.float64, requires_grad=True) for _ in range(2)
    ]

    def both(a, b):
        made = COMPLEX[name](torch.complex(a, b))
        return (made.real, made.imag) if made.is_complex() else made

    assert torch.autograd.gradcheck(both, parts)


def test_eigenvalues_of_real_matrices():
    x = torch.tensor(
        [[1.0, 3, 0], [-2, 1, 1], [0.5, 0, 2]], dtype=torch.float64, requires_grad=True
    )

    assert torch.autograd.gradcheck(lambda x: torch.linalg.eigvals(x).abs(), (x,))
    assert torch.autograd.gradcheck(lambda x: torch.linalg.eig(x)[1].abs(), (x,))


def test_equal_singular_values_have_a_gradient():
    x = torch.eye(3, dtype=torch.float64, requires_grad=True)

    for total in (
        torch.linalg.svd(x).S.sum(),
        torch.linalg.svdvals(x).sum(),
        torch.linalg.matrix_norm(x, "nuc"),
        torch.linalg.eigh(x).eigenvalues.sum(),
    ):
        (found,) = torch.autograd.grad(total, x)
        assert torch.eye(3).tolist() == found.round(decimals=9).tolist()


def test_a_singular_matrix_has_a_gradient_of_its_determinant():
    x = torch.tensor([[1.0, 2], [2, 4]], dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(torch.det, (x,))


def test_second_derivatives_of_products():
    torch.manual_seed(0)
    a = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    b = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradgradcheck(lambda x, y: (x @ y) @ x, (a, b))
    assert torch.autograd.gradgradcheck(
        lambda x, y: torch.nn.functional.linear(x, y.t()), (a, b)
    )
    assert torch.autograd.gradgradcheck(lambda x, y: torch.linalg.inv(x @ y), (a, b))
