"""Reading and writing by index tensors, against loops over the elements."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir import types as T
from jit.ir.dtypes import dtype_of
from jit.ir.registry import find_card

steady = settings(max_examples=60)


def card(name):
    kind, _, overload = f"aten::{name}".partition(".")
    found = find_card(kind, overload)
    assert found is not None, name
    return found


def base(sizes, dtype=np.float64):
    return np.arange(int(np.prod(sizes)), dtype=dtype).reshape(sizes)


@st.composite
def gathers(draw):
    """A tensor, a dim and an index tensor that fits."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    dim = draw(st.integers(0, len(sizes) - 1))
    wanted = [draw(st.integers(0, n)) for n in sizes]
    wanted[dim] = draw(st.integers(0, 5))
    count = int(np.prod(wanted))
    numbers = st.integers(0, sizes[dim] - 1)
    flat = draw(st.lists(numbers, min_size=count, max_size=count))
    return base(sizes), dim, np.array(flat, np.int64).reshape(wanted)


def at(place, dim, number):
    """A place with another number along a dim."""
    return (*place[:dim], number, *place[dim + 1 :])


@steady
@given(gathers())
def test_gather_takes_each_element_from_where_the_index_says(call):
    x, dim, index = call
    expected = np.empty(index.shape)
    for place in np.ndindex(*index.shape):
        expected[place] = x[at(place, dim, index[place])]

    assert np.array_equal(expected, card("gather").kernel(x, dim, index, False))


@steady
@given(gathers())
def test_scatter_writes_each_element_to_where_the_index_says(call):
    x, dim, index = call
    src = base(index.shape) + 100
    expected, added = x.copy(), x.copy()
    for place in np.ndindex(*index.shape):
        expected[at(place, dim, index[place])] = src[place]
        added[at(place, dim, index[place])] += src[place]

    made = card("scatter.src").kernel(x, dim, index, src)

    assert np.array_equal(expected, made)
    assert np.array_equal(added, card("scatter_add").kernel(x, dim, index, src))
    assert np.array_equal(base(x.shape), x)
    assert x is card("scatter_.src").kernel(x, dim, index, src)
    assert np.array_equal(expected, x)


@steady
@given(
    gathers(), st.sampled_from(["sum", "prod", "amax", "amin", "mean"]), st.booleans()
)
def test_scatter_reduce_reduces_what_goes_to_one_place(call, reduce, include_self):
    x, dim, index = call
    src = base(index.shape) - 3.0
    groups = {place: [] for place in np.ndindex(*x.shape)}
    for place in np.ndindex(*index.shape):
        groups[at(place, dim, index[place])].append(src[place])
    functions = {"sum": sum, "prod": np.prod, "amax": max, "amin": min, "mean": np.mean}
    expected = x.copy()
    for place, values in groups.items():
        if values:
            all_values = [x[place], *values] if include_self else values
            expected[place] = functions[reduce](all_values)

    made = card("scatter_reduce.two").kernel(x, dim, index, src, reduce, include_self)

    assert np.allclose(expected, made, rtol=1e-12)


@st.composite
def indexings(draw):
    """A tensor and a list of index tensors, masks and Nones that fit."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    common = draw(st.lists(st.integers(1, 3), max_size=2))
    indices, dim = [], 0
    has_mask = False
    while dim < len(sizes) and draw(st.integers(0, 3)):
        kind = draw(st.sampled_from(["none", "numbers", "numbers", "mask"]))
        if kind == "mask" and not has_mask and not common:
            has_mask = True
            count = draw(st.integers(1, len(sizes) - dim))
            shape = sizes[dim : dim + count]
            bits = draw(
                st.lists(
                    st.booleans(),
                    min_size=int(np.prod(shape)),
                    max_size=int(np.prod(shape)),
                )
            )
            indices.append(np.array(bits).reshape(shape))
            dim += count
            continue
        if kind == "none":
            indices.append(None)
        else:
            own = [draw(st.sampled_from([1, n])) for n in common]
            numbers = st.integers(-sizes[dim], sizes[dim] - 1)
            count = int(np.prod(own))
            flat = draw(st.lists(numbers, min_size=count, max_size=count))
            indices.append(np.array(flat, np.int64).reshape(own))
        dim += 1
    if not any(i is not None for i in indices):
        indices = [np.zeros([1], np.int64)]
    return base(sizes), indices


def as_numpy(indices):
    return tuple(slice(None) if i is None else i for i in indices)


@steady
@given(indexings())
def test_index_reads_what_numpy_reads_and_infers_its_sizes(call):
    x, indices = call
    expected = x[as_numpy(indices)]

    made = card("index.Tensor").kernel(x, indices)
    facts = [
        None if i is None else T.TensorType(dtype_of(i.dtype), i.shape) for i in indices
    ]
    inferred = card("index.Tensor").infer(T.TensorType(None, x.shape), facts)

    assert np.array_equal(expected, made)
    assert not np.may_share_memory(x, made) or not made.size
    assert len(made.shape) == len(inferred.sizes)
    assert all(b in (None, a) for a, b in zip(made.shape, inferred.sizes, strict=True))


@steady
@given(indexings())
def test_index_put_writes_where_index_reads(call):
    x, indices = call
    values = np.asarray(-1.0)

    made = card("index_put").kernel(x, indices, values, False)

    read = card("index.Tensor").kernel(made, indices)
    assert np.all(read == -1)
    untouched = np.ones(x.shape, bool)
    untouched[as_numpy(indices)] = False
    assert np.array_equal(x[untouched], made[untouched])


def test_index_put_adds_repeated_places_with_accumulate():
    index = np.array([1, 1, 2])

    made = card("index_put").kernel(np.zeros(3), [index], np.ones(3), True)

    assert [0, 2, 1] == made.tolist()


def test_writing_a_view_of_itself_reads_it_first():
    x = base([4])

    card("index_put_").kernel(x, [np.array([1, 2, 3])], x[:3], False)

    assert [0, 0, 1, 2] == x.tolist()


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([np.array([5])], "index 5 is out of bounds for dimension 0 with size 3"),
        (
            [None, np.array([-5])],
            "index -5 is out of bounds for dimension 1 with size 4",
        ),
        ([np.array([1.0])], "tensors used as indices must be long, int, byte or bool"),
        ([np.array([True])], "The shape of the mask [1] at index 0 does not match"),
        ([np.array([0])] * 3, "too many indices for tensor of dimension 2 (got 3)"),
        (
            [np.array([0, 1]), np.array([0, 1, 2])],
            "indexing tensors could not be broadcast together with shapes [2], [3]",
        ),
    ],
)
def test_indices_that_do_not_fit_are_told_with_both_sizes(indices, message):
    with pytest.raises(IndexError) as caught:
        card("index.Tensor").kernel(base([3, 4]), indices)

    assert message in str(caught.value)


@steady
@given(st.lists(st.integers(-3, 3), max_size=8))
def test_nonzero_lists_the_places_that_index_reads_back(values):
    x = np.array(values, np.int64)

    places = card("nonzero").kernel(x)
    columns = card("nonzero_numpy").kernel(x)

    assert [v for v in values if v] == x[places[:, 0]].tolist()
    assert np.array_equal(places[:, 0], columns[0])


def test_masked_fill_broadcasts_the_mask_only():
    x = base([2, 3])
    mask = np.array([True, False, True])

    made = card("masked_fill.Scalar").kernel(x, mask, -1)

    assert [[-1, 1, -1], [-1, 4, -1]] == made.tolist()
    with pytest.raises(RuntimeError, match="only supports boolean masks"):
        card("masked_fill.Scalar").kernel(x, mask.astype(np.int64), -1)


@steady
@given(gathers(), st.integers(-2, 2))
def test_index_add_adds_whole_slices(call, alpha):
    x, dim, index = call
    places = index.reshape(-1)[:5] % x.shape[dim]
    shape = list(x.shape)
    shape[dim] = len(places)
    source = base(shape)
    expected = np.moveaxis(x.copy(), dim, 0)
    for row, place in zip(np.moveaxis(source, dim, 0), places, strict=True):
        expected[place] += alpha * row

    made = card("index_add").kernel(x, dim, places, source, alpha)

    assert np.array_equal(np.moveaxis(expected, 0, dim), made)


def test_searchsorted_follows_the_side():
    sequence, values = np.array([1, 2, 2, 4]), np.array([2, 5, 0])
    search = card("searchsorted.Tensor").kernel

    assert [1, 4, 0] == search(sequence, values, False, False, None, None).tolist()
    assert [3, 4, 0] == search(sequence, values, False, True, None, None).tolist()
    assert [3, 4, 0] == search(sequence, values, True, False, "right", None).tolist()
