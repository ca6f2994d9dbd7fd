"""Factors, solvers and functions of matrices: by the equations that define them."""

from __future__ import annotations

import numpy as np
import pytest

from jit import torch

linalg = torch.linalg
SHAPES = [
    (4, 4),
    (2, 3, 3),
    (5, 3),
    (3, 5),
    (2, 40, 40),
    (30, 50),
    (0, 3, 3),
    (2, 0, 3),
]


def drawn(*shape, seed=0, imaginary=False):
    source = np.random.default_rng(seed)
    made = source.standard_normal(shape)
    if imaginary:
        made = made + 1j * source.standard_normal(shape)
    return torch.from_numpy(made)


def close(expected, actual, tolerance=1e-9):
    return np.allclose(expected.numpy(), actual.numpy(), atol=tolerance, rtol=1e-7)


def adjoint(x):
    return torch.from_numpy(x.numpy().conj().swapaxes(-1, -2).copy())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("imaginary", [False, True])
def test_p_l_u_is_the_matrix(shape, imaginary):
    x = drawn(*shape, imaginary=imaginary)

    p, lower, upper = linalg.lu(x)
    factors, pivots = linalg.lu_factor(x)

    assert close(x, p @ lower @ upper)
    for expected, actual in zip(
        (p, lower, upper), torch.lu_unpack(factors, pivots), strict=True
    ):
        assert close(expected, actual)
    assert np.abs(lower.numpy()).max(initial=0) <= 1


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_factors_solve_for_both_sides_and_the_adjoint(left, turned):
    x = drawn(2, 20, 20, imaginary=True)
    wanted = drawn(2, 20, 3, seed=1, imaginary=True)
    wanted = wanted if left else adjoint(wanted)
    matrix = adjoint(x) if turned else x
    b = matrix @ wanted if left else wanted @ matrix

    found = linalg.lu_solve(*linalg.lu_factor(x), b, left=left, adjoint=turned)

    assert close(wanted, found)


@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_blocks_of_symmetric_matrices_solve(size, hermitian):
    x = drawn(3, size, size, imaginary=True)
    x = x + (adjoint(x) if hermitian else x.mT)
    if size > 1 and not hermitian:
        x[0].fill_diagonal_(0)
    wanted = drawn(3, size, 2, seed=1, imaginary=True)

    factors, pivots = linalg.ldl_factor(x, hermitian=hermitian)
    found = linalg.ldl_solve(factors, pivots, x @ wanted, hermitian=hermitian)

    assert close(wanted, found, 1e-6)
    assert torch.int32 is pivots.dtype


def test_blocks_of_two_are_told_by_equal_negative_pivots():
    factors, pivots = linalg.ldl_factor(
        torch.tensor([[1.0, 2, 3], [2, 1, 5], [3, 5, 1]])
    )

    assert [-3, -3, 3] == pivots.tolist()
    expected = torch.tensor([[1.0, 0, 0], [3, 1, 0], [1.625, 0.125, -2.875]])
    assert close(expected, factors, 1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_reflectors_make_q(shape):
    x = drawn(*shape)
    packed, tau = torch.geqrf(x)
    q, r = linalg.qr(x)
    rows, columns = shape[-2:]

    assert close(x, q @ r)
    assert close(r, torch.triu(packed[..., : min(rows, columns), :]))
    if rows >= columns:
        assert close(q, linalg.householder_product(packed, tau))
        other = drawn(*shape[:-1], 2, seed=1)
        whole, _ = linalg.qr(x, mode="complete")
        assert close(whole @ other, torch.ormqr(packed, tau, other))
        assert close(whole.mT @ other, torch.ormqr(packed, tau, other, transpose=True))


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("left", [True, False])
def test_triangles_are_solved_with_and_only_they_are_read(upper, left):
    x = drawn(2, 1, 25, 25) + 25 * torch.eye(25, dtype=torch.float64)
    triangle = torch.triu(x) if upper else torch.tril(x)
    wanted = drawn(3, 25, 25, seed=1)
    b = triangle @ wanted if left else wanted @ triangle

    found = linalg.solve_triangular(x, b, upper=upper, left=left)

    assert (2, 3, 25, 25) == tuple(found.shape)
    assert close(wanted.expand(2, 3, 25, 25), found)


def test_the_least_squares_have_the_residuals_and_ranks_that_the_driver_gives():
    a, b = drawn(2, 5, 3), drawn(2, 5, 2, seed=1)
    for driver in ("gels", "gelsy", "gelsd", "gelss"):
        found = linalg.lstsq(a, b, driver=driver)

        assert close(linalg.pinv(a) @ b, found.solution)
        expected = torch.square(a @ found.solution - b).sum(-2)
        if driver == "gelsy":
            assert 0 == found.residuals.numel()
        else:
            assert close(expected, found.residuals)
        assert ([] if driver == "gels" else [3, 3]) == found.rank.tolist()
        shown = driver in ("gelsd", "gelss")
        assert ((2, 3) if shown else (0,)) == tuple(found.singular_values.shape)


def test_a_vector_for_each_matrix_is_solved_as_one():
    a = drawn(2, 3, 3)
    x = drawn(2, 3, seed=1)
    b = (a @ x.unsqueeze(-1)).squeeze(-1)

    assert close(x, linalg.solve(a, b))
    with pytest.raises(RuntimeError, match="Vector broadcasting of the left hand side"):
        linalg.solve(a, b, left=False)


@pytest.mark.parametrize("scale", [0.1, 3, 40])
def test_the_exponential_is_that_of_the_eigenvalues(scale):
    root = drawn(2, 4, 4)
    x = scale * (root + root.mT) / 4
    values, vectors = linalg.eigh(x)

    expected = (vectors * torch.exp(values).unsqueeze(-2)) @ vectors.mT
    found = linalg.matrix_exp(x)

    assert np.allclose(
        (found / expected.abs().max()).numpy(),
        (expected / expected.abs().max()).numpy(),
        atol=1e-12,
    )


def test_tolerances_decide_about_ranks_and_inverses():
    x = torch.diag(torch.tensor([1.0, 1e-3, 1e-9]))

    assert 2 == linalg.matrix_rank(x)
    assert 1 == linalg.matrix_rank(x, rtol=1e-2)
    assert 3 == linalg.matrix_rank(x, atol=1e-10)
    assert 1 == linalg.matrix_rank(x, 0.5)
    assert [0, 1, 2, 3] == linalg.matrix_rank(
        x.expand(4, 3, 3), atol=torch.tensor([2, 1e-2, 1e-4, 1e-12])
    ).tolist()
    assert 1000 == pytest.approx(linalg.pinv(x)[1, 1].item())
    assert 0 == linalg.pinv(x, rtol=1e-2)[1, 1]


def test_named_results():
    x = torch.tensor([[2.0, 0], [0, 3]])

    assert [2, 3] == linalg.eigh(x).eigenvalues.tolist()
    assert [3, 2] == linalg.svd(x).S.tolist()
    assert 0 == linalg.inv_ex(x).info
    assert ("Q", "R") == linalg.qr(x)._fields
    assert ("LU", "pivots", "info") == linalg.lu_factor_ex(x)._fields
    assert ("sign", "logabsdet") == linalg.slogdet(x)._fields


REFUSED = [
    (lambda x: linalg.inv(x), "linalg.inv: The diagonal element 1 is zero"),
    (lambda x: linalg.inv(x.expand(3, 2, 2)), r"linalg.inv: \(Batch element 0\): The"),
    (lambda x: linalg.solve(x, x), "torch.linalg.solve: The solver failed because"),
    (lambda x: linalg.cholesky(x), "the leading minor of order 1 is not positive"),
    (lambda x: linalg.matrix_power(x, -1), "linalg.inv: The diagonal element 1"),
    (lambda x: torch.cholesky_inverse(x), "cholesky_inverse: The diagonal element 1"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_singular_matrices_are_a_linear_algebra_error(call, message):
    with pytest.raises(linalg.LinAlgError, match=message):
        call(torch.zeros(2, 2))


def test_infos_tell_what_is_singular():
    x = torch.stack([torch.eye(2), torch.ones(2, 2)])

    assert [0, 2] == linalg.inv_ex(x).info.tolist()
    assert [0, 2] == linalg.lu_factor_ex(x).info.tolist()
    assert [0, 2] == linalg.cholesky_ex(x).info.tolist()
    assert [0, 2] == linalg.solve_ex(x, torch.ones(2, 2, 1)).info.tolist()


MISFITS = [
    (lambda: linalg.det(torch.ones(2, 3)), "linalg.det: A must be batches of square"),
    (lambda: linalg.svd(torch.ones(3)), "must have at least 2 dimensions"),
    (lambda: linalg.eigh(torch.eye(2), UPLO="x"), "Expected UPLO argument to be 'L'"),
    (lambda: linalg.qr(torch.eye(2), mode="x"), "qr received unrecognized mode 'x'"),
    (lambda: linalg.lu(torch.eye(2), pivot=False), "LU without pivoting"),
    (lambda: linalg.cond(torch.eye(2), 3), "linalg.cond got an invalid norm type: 3"),
    (lambda: linalg.multi_dot([torch.eye(2)]), "expected at least 2 tensors but got 1"),
    (lambda: linalg.matrix_norm(torch.eye(2), 3), "Order 3 not supported"),
    (lambda: linalg.tensorinv(torch.eye(2), 0), "Expected a strictly positive integer"),
    (lambda: torch.cdist(torch.eye(2), torch.eye(2), p=-1), "non-negative p values"),
    (lambda: torch.renorm(torch.eye(2), -1, 0, 1), "non-positive-norm not supported"),
]


@pytest.mark.parametrize(("call", "message"), MISFITS)
def test_calls_that_do_not_fit_are_refused(call, message):
    with pytest.raises(RuntimeError, match=message):
        call()


def test_distances_by_products_are_those_by_differences():
    a, b = drawn(2, 30, 4), drawn(40, 4, seed=1)

    direct = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")

    assert close(direct, torch.cdist(a, b))
    assert close(torch.sqrt(torch.square(a[:, :, None] - b).sum(-1)), direct)
    with pytest.raises(ValueError, match="x is not a valid value for compute_mode"):
        torch.cdist(a, b, compute_mode="x")


def test_distances_of_rows_from_each_other_are_the_upper_triangle():
    x = drawn(5, 3)
    rows, columns = torch.triu_indices(5, 5, 1)

    for p in (0.0, 1.0, 2.0, 3.5, torch.inf):
        assert close(torch.cdist(x, x, p)[rows, columns], torch.pdist(x, p))


def test_slices_of_large_norm_are_scaled_down():
    x = drawn(3, 4)

    made = torch.renorm(x, 2, 0, 0.5)

    norms = linalg.vector_norm(x, 2, 1)
    assert close(torch.clamp(norms, max=0.5), linalg.vector_norm(made, 2, 1), 1e-6)
    assert x.renorm_(2, 0, 0.5) is x
    assert close(made, x)


def test_matrices_of_low_rank_are_found_from_random_columns():
    torch.manual_seed(0)
    x = drawn(8, 2) @ drawn(2, 5, seed=1)

    for made in (torch.svd_lowrank(x, 3), torch.pca_lowrank(x, 3, center=False)):
        u, s, v = made
        assert close(x, u * s @ v.mT)
        assert close(linalg.svdvals(x)[:3], s, 1e-7)
    with pytest.raises(
        ValueError, match="must be non-negative integer and not greater"
    ):
        torch.pca_lowrank(x, 6)


def test_norms_of_matrices_by_name():
    x = drawn(2, 3, 4)

    singular = linalg.svdvals(x)

    assert close(singular.sum(-1), torch.norm(x, "nuc", dim=(1, 2)))
    assert close(singular.sum(-1), torch.nuclear_norm(x))
    assert close(singular[:, 0], linalg.matrix_norm(x, 2))
    assert close(singular[:, 0] / singular[:, -1], linalg.cond(x))
    assert close(torch.norm(x), torch.sqrt(torch.square(singular).sum()))
