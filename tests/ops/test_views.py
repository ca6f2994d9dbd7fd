"""Views see the storage of their argument; cuts, joins and rearrangements agree with
NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir import types as T
from jit.ir.card import ShapeError
from jit.ir.dtypes import dtype_of
from jit.ir.registry import find_card

steady = settings(max_examples=60)


def card(name):
    kind, _, overload = f"aten::{name}".partition(".")
    found = find_card(kind, overload)
    assert found is not None, name
    return found


def base(sizes):
    return np.arange(int(np.prod(sizes)), dtype=np.float64).reshape(sizes)


@st.composite
def view_calls(draw):
    """A base, the name of a view operator and arguments that fit."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    x = base(sizes)
    rank = x.ndim
    dim = draw(st.integers(-rank, rank - 1))
    other = draw(st.integers(-rank, rank - 1))
    size = x.shape[dim]
    index = draw(st.integers(-size, size - 1))
    start = draw(st.none() | st.integers(-6, 6))
    end = draw(st.none() | st.integers(-6, 6))
    order = draw(st.permutations(range(rank)))
    width = draw(st.integers(1, size))
    return x, draw(
        st.sampled_from(
            [
                ("view", [[x.size]]),
                ("reshape", [[-1, 1]]),
                ("permute", [list(order)]),
                ("transpose.int", [dim, other]),
                ("numpy_T", []),
                ("unsqueeze", [dim]),
                ("squeeze", []),
                ("squeeze.dim", [dim]),
                ("select.int", [dim, index]),
                ("slice.Tensor", [dim, start, end, draw(st.integers(1, 3))]),
                ("narrow", [dim, 0, width]),
                ("flatten.using_ints", [0, -1]),
                ("expand", [[2, *sizes], False]),
                ("unfold", [dim, width, draw(st.integers(1, 3))]),
                ("movedim.int", [dim, other]),
                ("as_strided", [[1, 2], [0, 0], None]),
                ("alias", []),
            ]
        )
    )


@steady
@given(view_calls())
def test_what_is_written_to_the_base_is_seen_in_the_view(call):
    x, (name, arguments) = call
    seen = card(name).kernel(x, *arguments)

    expected = np.array(seen) + 100
    x += 100

    assert np.array_equal(expected, seen)


@steady
@given(view_calls())
def test_what_is_written_to_a_view_is_seen_in_the_base(call):
    x, (name, arguments) = call
    seen = card(name).kernel(x, *arguments)
    if not seen.size:
        return

    seen[...] = -7.0

    assert -7.0 in x
    assert np.all(seen == -7.0)


@steady
@given(view_calls())
def test_inferred_sizes_are_those_of_the_view(call):
    x, (name, arguments) = call
    seen = card(name).kernel(x, *arguments)

    made = card(name).infer(T.TensorType(dtype_of(x.dtype), x.shape), *arguments)

    assert T.TensorType(dtype_of(x.dtype), seen.shape) == made


@steady
@given(
    st.lists(st.integers(0, 3), max_size=4),
    st.lists(st.integers(-2, 6), max_size=4),
)
def test_view_infers_a_misfit_exactly_where_the_kernel_raises(sizes, wanted):
    x = base(sizes)
    view = card("view")
    try:
        seen = view.kernel(x, wanted)
    except RuntimeError as e:
        with pytest.raises(ShapeError) as caught:
            view.infer(T.TensorType(dtype_of(x.dtype), x.shape), wanted)
        assert str(e) == str(caught.value)
        return

    made = view.infer(T.TensorType(dtype_of(x.dtype), x.shape), wanted)

    assert seen.shape == made.sizes


@steady
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
    st.integers(0, 4),
    st.integers(1, 4),
    st.data(),
)
def test_pieces_put_together_again_are_the_whole(sizes, length, count, data):
    x = base(sizes)
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    cat = card("cat").kernel
    calls = {
        "chunk": [count],
        "tensor_split.sections": [count],
        "tensor_split.indices": [[length]],
    }
    if length or not x.shape[dim]:
        calls["split.Tensor"] = [length]

    for name, arguments in calls.items():
        parts = card(name).kernel(x, *arguments, dim)

        assert all(np.may_share_memory(p, x) for p in parts if p.size)
        whole = np.concatenate(parts, dim)
        assert np.array_equal(x, whole), name
        if x.ndim > 1:
            assert np.array_equal(x, cat(parts, dim)), name


def test_view_of_a_transposed_matrix_says_to_reshape():
    with pytest.raises(RuntimeError, match=r"Use \.reshape\(\.\.\.\) instead"):
        card("view").kernel(base([3, 4]).T, [12])


def test_reshape_copies_where_no_view_is_possible():
    x = base([3, 4]).T

    made = card("reshape").kernel(x, [12])

    assert not np.may_share_memory(x, made)
    assert [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11] == made.tolist()


def test_as_strided_stays_inside_of_the_storage():
    x = base([12])[2:]

    with pytest.raises(RuntimeError, match="out of bounds for storage of size 96"):
        card("as_strided").kernel(x, [11], [1], None)
    assert 1.0 == card("as_strided").kernel(x, [2], [1], 1)[0]


def test_diagonal_can_be_written():
    x = base([3, 3])

    card("diagonal").kernel(x, 0, 0, 1)[...] = 0

    assert [0, 1, 2, 3, 0, 5, 6, 7, 0] == x.reshape(-1).tolist()


def test_views_of_zero_dim_results_share_storage():
    x = base([3])

    element = card("select.int").kernel(x, 0, 1)
    element[...] = 9

    assert isinstance(element, np.ndarray)
    assert [0, 9, 2] == x.tolist()


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("expand", [[2, 4], False], "must match the existing size (3)"),
        ("select.int", [0, 5], "index 5 is out of bounds for dimension 0 with size 3"),
        ("narrow", [0, 1, 5], "start (1) + length (5) exceeds dimension size (3)."),
        ("permute", [[0, 0]], "duplicate dims are not allowed"),
        ("unfold", [0, 5, 1], "maximum size for tensor at dimension 0 is 3"),
        ("split_with_sizes", [[1, 1], 0], "to sum exactly to 3"),
    ],
)
def test_misfits_are_told_with_the_sizes_of_both(name, arguments, message):
    x = base([3, 4])
    fact = T.TensorType(dtype_of(x.dtype), x.shape)

    with pytest.raises((RuntimeError, IndexError)) as caught:
        card(name).kernel(x, *arguments)
    with pytest.raises(ShapeError) as inferred:
        card(name).infer(fact, *arguments)

    assert message in str(caught.value)
    assert str(caught.value) == str(inferred.value)


@steady
@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
    st.lists(st.integers(0, 2), min_size=3, max_size=3),
    st.integers(-4, 4),
)
def test_rearrangements_agree_with_numpy(sizes, repeats, shift):
    x = base(sizes)

    assert np.array_equal(np.flip(x, 0), card("flip").kernel(x, [0]))
    assert np.array_equal(np.roll(x, shift, 0), card("roll").kernel(x, [shift], [0]))
    assert np.array_equal(np.roll(x, shift), card("roll").kernel(x, [shift], []))
    assert np.array_equal(np.tile(x, repeats), card("repeat").kernel(x, repeats))
    assert np.array_equal(
        np.repeat(x, repeats[0], 0),
        card("repeat_interleave.self_int").kernel(x, repeats[0], 0, None),
    )


@steady
@given(st.integers(0, 4), st.integers(0, 4), st.integers(-5, 5))
def test_triangles_keep_the_elements_on_their_side(rows, columns, diagonal):
    x = base([rows, columns]) + 1

    assert np.array_equal(np.tril(x, diagonal), card("tril").kernel(x, diagonal))
    assert np.array_equal(np.triu(x, diagonal), card("triu").kernel(x, diagonal))


def test_the_storage_of_a_view_by_strides_is_that_of_its_base():
    x = base([6])
    middle = card("expand").kernel(x[2:3], [3], False)
    again = card("as_strided").kernel(middle, [3], [1], 1)

    assert [1.0, 2.0, 3.0] == again.tolist()
