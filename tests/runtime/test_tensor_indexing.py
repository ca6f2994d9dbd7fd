"""Indexing: views where torch has views, NumPy's elements, torch's errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit import torch
from jit.runtime import dispatch

sizes = st.lists(st.integers(0, 4), min_size=0, max_size=4).map(tuple)


def numbered(shape):
    return np.arange(float(np.prod(shape, dtype=int))).reshape(shape)


@st.composite
def slices(draw, size):
    bound = st.none() | st.integers(-size - 2, size + 2)
    return slice(draw(bound), draw(bound), draw(st.none() | st.integers(1, 3)))


@st.composite
def views(draw):
    """Sizes, and an index of ints, slices, None and `...` for them."""
    shape = draw(sizes)
    used = draw(st.integers(0, len(shape)))
    ellipsis = draw(st.none() | st.integers(0, used))
    rest = len(shape) - used
    index = []
    for place in range(used):
        if place == ellipsis:
            index.append(...)
        dim = place + (rest if ellipsis is not None and place >= ellipsis else 0)
        if draw(st.integers(0, 4)) == 0:
            index.append(None)
        size = shape[dim]
        if size and draw(st.booleans()):
            index.append(draw(st.integers(-size, size - 1)))
        else:
            index.append(draw(slices(size)))
    if ellipsis == used:
        index.append(...)
    return shape, tuple(index)


def seen(array, index):
    """`array[index]`, also where NumPy would make a scalar of it."""
    return array[index if ... in index else (*index, ...)]


@given(views())
def test_ints_slices_none_and_ellipsis_give_views_with_numpys_elements(case):
    shape, index = case
    array = numbered(shape)
    x = torch.from_numpy(array)

    found = x[index]

    expected = seen(array, index)
    assert expected.shape == found.array.shape
    assert expected.tolist() == found.tolist()
    assert not found.array.size or np.shares_memory(array, found.array)
    assert found is not x


@given(views(), st.integers(-5, 5))
def test_a_number_stored_changes_the_elements_that_numpy_changes(case, value):
    shape, index = case
    expected, array = numbered(shape), numbered(shape)

    expected[index] = value
    torch.from_numpy(array)[index] = value

    assert expected.tolist() == array.tolist()


@given(views())
def test_a_tensor_stored_is_broadcast(case):
    shape, index = case
    expected, array = numbered(shape), numbered(shape)
    target = seen(expected, index).shape
    value = -numbered(target[1:])

    expected[index] = value
    torch.from_numpy(array)[index] = torch.tensor(value)

    assert expected.tolist() == array.tolist()


@st.composite
def gathers(draw):
    """Sizes, and an index of tensors, masks and slices for them."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple))
    common = draw(st.sampled_from([(2,), (3,), (2, 2), (1,), (0,)]))
    index = []
    dim = 0
    while dim < len(shape):
        kind = draw(st.sampled_from(["tensor", "slice", "stop"]))
        if kind == "stop":
            break
        if kind == "slice":
            index.append(draw(slices(shape[dim])))
        else:
            count = int(np.prod(common))
            position = st.integers(-shape[dim], shape[dim] - 1)
            flat = draw(st.lists(position, min_size=count, max_size=count))
            index.append(np.array(flat, dtype=np.int64).reshape(common))
        dim += 1
    return shape, tuple(index)


def as_tensors(index):
    return tuple(torch.from_numpy(i) if isinstance(i, np.ndarray) else i for i in index)


@given(gathers())
def test_index_tensors_and_slices_give_numpys_elements(case):
    shape, index = case
    array = numbered(shape)

    found = torch.from_numpy(array)[as_tensors(index)]

    expected = array[index]
    assert expected.shape == found.array.shape
    assert expected.tolist() == found.tolist()
    if any(isinstance(i, np.ndarray) for i in index):
        assert not np.shares_memory(array, found.array)


@given(gathers())
def test_a_number_stored_at_index_tensors(case):
    shape, index = case
    expected, array = numbered(shape), numbered(shape)

    expected[index] = -1.0
    torch.from_numpy(array)[as_tensors(index)] = -1.0

    assert expected.tolist() == array.tolist()


@given(st.data())
def test_masks_select_and_store_as_numpy(data):
    shape = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple))
    covered = data.draw(st.integers(1, len(shape)))
    count = int(np.prod(shape[:covered]))
    flat = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    mask = np.array(flat, dtype=bool).reshape(shape[:covered])
    expected, array = numbered(shape), numbered(shape)
    x = torch.from_numpy(array)

    selected = x[torch.from_numpy(mask)]
    x[torch.from_numpy(mask)] = -1.0

    assert expected[mask].tolist() == selected.tolist()
    expected[mask] = -1.0
    assert expected.tolist() == array.tolist()


X = torch.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("index", "shape", "first"),
    [
        # an int beside a tensor is taken first: other sizes than NumPy's
        (lambda: (0, slice(None), [0, 1]), (3, 2), 0.0),
        (lambda: ([0, 1], slice(None), [0, 1]), (2, 3), 0.0),
        (lambda: [0, 1], (2, 3, 4), 0.0),
        (lambda: [[0, 1], [1, 0]], (2, 2, 3, 4), 0.0),
        (lambda: ([0, 1], [1, 2]), (2, 4), 4.0),
        (lambda: True, (1, 2, 3, 4), 0.0),
        (lambda: (True, 1), (1, 3, 4), 12.0),
        (lambda: False, (0, 2, 3, 4), None),
        (lambda: torch.tensor(1), (3, 4), 12.0),
        (lambda: (slice(None), torch.tensor(1)), (2, 4), 4.0),
        (lambda: torch.tensor([1], dtype=torch.int32), (1, 3, 4), 12.0),
        (lambda: [True, False], (1, 3, 4), 0.0),
        (lambda: (..., None), (2, 3, 4, 1), 0.0),
        (lambda: (), (2, 3, 4), 0.0),
        (lambda: np.array([1, 0]), (2, 3, 4), 12.0),
        (lambda: (np.int64(1), 2), (4,), 20.0),
        (lambda: slice(torch.tensor(1), None), (1, 3, 4), 12.0),
    ],
)
def test_what_torch_makes_of_an_index(index, shape, first):
    found = X[index()]

    assert shape == found.array.shape
    assert first is None or first == found.array.ravel()[0]


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda x: x[0, 1, 2, 3], IndexError, "too many indices for tensor of dim"),
        (lambda x: x[2], IndexError, "index 2 is out of bounds for dimension 0 with"),
        (lambda x: x[-3], IndexError, "index -3 is out of bounds for dimension 0"),
        (lambda x: x[::-1], ValueError, "step must be greater than zero"),
        (lambda x: x[::0], ValueError, "step cannot be zero"),
        (lambda x: x["a"], IndexError, "only integers, slices"),
        (lambda x: x[1.0], IndexError, "only integers, slices"),
        (
            lambda x: x[torch.tensor([0.5])],
            IndexError,
            "must be long, int, byte or bool",
        ),
        (lambda x: x[torch.tensor([5])], IndexError, "index 5 is out of bounds"),
        (lambda x: x[0, 0, 0][0], IndexError, "invalid index of a 0-dim tensor"),
        (
            lambda x: x[torch.ones(2, 2, dtype=torch.bool)],
            IndexError,
            r"shape of the mask \[2, 2\] at index 0 does not match",
        ),
    ],
)
def test_reading_outside_is_torchs_error(act, error, message):
    with pytest.raises(error, match=message):
        act(X)


@pytest.mark.parametrize(
    ("index", "value", "error", "message"),
    [
        (0, [1.0, 2.0], TypeError, r"can't assign a list to a torch\.FloatTensor"),
        (0, "a", TypeError, "can't assign a str"),
        (0, None, TypeError, "can't assign a NoneType"),
        (0, torch.ones(5), RuntimeError, r"must match|broadcast"),
        (0, torch.ones(2, 3, 4), RuntimeError, "match the broadcast shape"),
        ([0], torch.ones(1, dtype=torch.int64), RuntimeError, "dtypes match"),
        (5, 1.0, IndexError, "index 5 is out of bounds"),
    ],
)
def test_storing_what_does_not_fit_is_torchs_error(index, value, error, message):
    with pytest.raises(error, match=message):
        X.clone()[index] = value


def test_values_are_converted_where_a_view_is_stored_to():
    x = torch.zeros(2, 2, dtype=torch.int64)

    x[0] = 2.7
    x[1] = torch.tensor([3.5, 4.5])

    assert [[2, 2], [3, 4]] == x.tolist()


def test_leading_sizes_of_one_do_not_count_in_a_stored_value():
    x = torch.zeros(2, 3)

    x[0] = torch.ones(1, 1, 3)

    assert [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]] == x.tolist()


def test_a_stored_value_may_overlap_its_target():
    x = torch.arange(5.0)

    x[1:] = x[:-1]

    assert [0.0, 0.0, 1.0, 2.0, 3.0] == x.tolist()


def test_an_element_of_a_tensor_is_a_view():
    x = torch.zeros(2, 2)

    x[1, 0].add_(5.0)
    x[0][1] = 7.0

    assert [[0.0, 7.0], [5.0, 0.0]] == x.tolist()


class Listener:
    """Notes the names of the operators that run."""

    def __init__(self):
        self.names = []

    def operator(self, card, args):
        self.names.append(card.schema.name)
        return dispatch.run(card, args)


@pytest.mark.parametrize(
    ("act", "names"),
    [
        (lambda x: x[0], ["aten::select.int"]),
        (lambda x: x[1:, None], ["aten::slice.Tensor", "aten::unsqueeze"]),
        (lambda x: x[..., 0], ["aten::select.int"]),
        (lambda x: x[torch.Tensor.__new__], None),
        (lambda x: x[:], ["aten::alias"]),
    ],
)
def test_an_index_is_the_operators_that_it_consists_of(monkeypatch, act, names):
    listener = Listener()
    monkeypatch.setattr(dispatch, "observer", listener)

    if names is None:
        with pytest.raises(IndexError):
            act(X)
    else:
        act(X)
        assert names == listener.names


def test_stores_are_operators_too(monkeypatch):
    x, i, y = X.clone(), torch.tensor([0]), torch.ones(4)
    listener = Listener()
    monkeypatch.setattr(dispatch, "observer", listener)

    x[0, 1] = 2.5
    x[:, 0] = y
    x[i] = 0.0

    assert [
        "aten::select.int", "aten::select.int", "aten::fill_.Scalar",
        "aten::select.int", "aten::copy_",
        "aten::index_put_",
    ] == listener.names  # fmt: skip
