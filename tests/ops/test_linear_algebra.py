"""Products, einsum, solving: against NumPy and by their defining equations."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir import types as T
from jit.ir.card import ShapeError
from jit.ir.dtypes import dtype_of, float32, float64
from jit.ir.registry import find_card

steady = settings(max_examples=60)


def card(name):
    kind, _, overload = f"aten::{name}".partition(".")
    found = find_card(kind, overload)
    assert found is not None, name
    return found


def whole_numbers(seed, shape):
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float64)


def fact(x):
    return T.TensorType(dtype_of(x.dtype), x.shape)


SIZES = st.lists(st.integers(0, 3), min_size=0, max_size=4)


@steady
@given(SIZES, SIZES)
def test_matmul_infers_a_misfit_exactly_where_the_kernel_raises(a, b):
    x, y = whole_numbers(1, a), whole_numbers(2, b)
    matmul = card("matmul")
    try:
        made = matmul.kernel(x, y)
    except RuntimeError as e:
        with pytest.raises(ShapeError) as caught:
            matmul.infer(fact(x), fact(y))
        assert str(e) == str(caught.value)
        assert matmul.raises(fact(x), fact(y))
        return

    assert np.array_equal(np.matmul(x, y), made)
    assert matmul.infer(fact(x), fact(y)).sizes == np.shape(made)
    assert not matmul.raises(fact(x), fact(y))


@pytest.mark.parametrize("half", [np.float16, ml_dtypes.bfloat16])
def test_products_of_halves_round_once(half):
    x = np.full((1, 3000), 1.0).astype(half)

    made = card("mm").kernel(x, x.T)

    assert np.dtype(half) == made.dtype
    assert np.asarray(3000).astype(half) == made[0, 0]


def test_operands_of_two_dtypes_do_not_multiply():
    x, y = np.ones((2, 3), np.float32), np.ones((3, 2))

    with pytest.raises(RuntimeError, match="same dtype, but got: float != double"):
        card("mm").kernel(x, y)
    with pytest.raises(ShapeError, match="same dtype, but got: float != double"):
        card("mm").infer(T.TensorType(float32), T.TensorType(float64))


@steady
@given(
    st.integers(1, 3), st.integers(0, 3), st.integers(1, 3), st.integers(0, 2),
    st.integers(-2, 2), st.integers(-2, 2),
)  # fmt: skip
def test_linear_and_addmm_are_products_and_sums(
    rows, inner, columns, batch, beta, alpha
):
    x, w = whole_numbers(1, (rows, inner)), whole_numbers(2, (columns, inner))
    bias = whole_numbers(3, (columns,))
    batched = whole_numbers(4, (batch, rows, inner))

    assert np.array_equal(x @ w.T + bias, card("linear").kernel(x, w, bias))
    assert np.array_equal(batched @ w.T + bias, card("linear").kernel(batched, w, bias))
    assert np.array_equal(
        beta * bias + alpha * (x @ w.T),
        card("addmm").kernel(bias, x, w.T, beta, alpha),
    )


def test_beta_zero_forgets_even_nan():
    bias = np.array([np.nan, np.inf])

    made = card("addmm").kernel(bias, np.ones((1, 1)), np.ones((1, 2)), 0, 1)

    assert [[1, 1]] == made.tolist()


EQUATIONS = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ba", [(2, 3)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 1)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("...ij,...jk->...ik", [(2, 1, 3, 4), (5, 4, 2)]),
    ("i,i,i->", [(3,), (3,), (3,)]),
    ("ij->ji", [(2, 3)]),
    ("Ab,bA->A", [(2, 3), (3, 2)]),
    ("i,j->ij", [(2,), (0,)]),
]


@pytest.mark.parametrize(("equation", "shapes"), EQUATIONS)
def test_einsum_reads_equations_as_numpy(equation, shapes):
    operands = [whole_numbers(i, s) for i, s in enumerate(shapes)]
    expected = np.einsum(equation, *operands)
    einsum = card("einsum")

    made = einsum.kernel(equation, operands, None)

    assert np.array_equal(expected, made)
    assert (
        expected.shape
        == einsum.infer(equation, [fact(x) for x in operands], None).sizes
    )


def test_einsum_broadcasts_ones():
    x, y = np.ones((2, 1)), whole_numbers(1, (4, 5))

    made = card("einsum").kernel("ij,jk->ik", [x, y], None)

    assert np.array_equal(np.repeat(y.sum(0)[None], 2, 0), made)


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("ij,jk->ik", [(2, 3), (4, 5)], "subscript j has size 4 for operand 1"),
        ("ijk->i", [(2, 3)], "subscripts in the equation (3) does not match"),
        ("ij->ii", [(2, 3)], "output subscript i appears more than once"),
        ("ij->k", [(2, 3)], "output subscript k does not appear"),
        ("i1->i", [(2, 3)], "invalid subscript given at index 1"),
        ("ij,jk", [(2, 3)], "fewer operands were provided"),
        ("ij", [(2, 3), (2, 3)], "more operands were provided"),
    ],
)
def test_equations_that_do_not_fit_are_told(equation, shapes, message):
    operands = [np.ones(s) for s in shapes]

    with pytest.raises(RuntimeError) as caught:
        card("einsum").kernel(equation, operands, None)

    assert message in str(caught.value)


@steady
@given(st.integers(1, 4), st.integers(0, 3), st.booleans())
def test_solving_and_inverting_undo_the_product(size, columns, left):
    a = whole_numbers(1, (2, size, size)) + 20 * np.eye(size)
    x = whole_numbers(2, (2, size, columns) if left else (2, columns, size))
    b = a @ x if left else x @ a

    assert np.allclose(x, card("linalg_solve").kernel(a, b, left))
    assert np.allclose(np.eye(size), a @ card("linalg_inv").kernel(a))
    assert np.allclose(np.linalg.det(a), card("det").kernel(a))


def test_a_singular_matrix_has_no_inverse():
    with pytest.raises(
        RuntimeError, match=r"\(Batch element 1\): The diagonal element 2"
    ):
        card("linalg_inv").kernel(np.stack([np.eye(2), np.ones((2, 2))]))


def test_sizes_that_cannot_be_multiplied_are_both_told():
    with pytest.raises(RuntimeError) as caught:
        card("matmul").kernel(np.ones((2, 3)), np.ones((4, 5)))

    assert "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)" == str(
        caught.value
    )
