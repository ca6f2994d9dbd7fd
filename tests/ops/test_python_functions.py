"""Functions and methods of tensors in Python's terms."""

from __future__ import annotations

import pytest

from jit import torch


def test_tensordot_takes_a_count_or_lists_of_dims():
    x, y = torch.arange(6.0).reshape(2, 3), torch.arange(12.0).reshape(3, 4)

    assert (x @ y).tolist() == torch.tensordot(x, y, 1).tolist()
    assert (x @ y).tolist() == torch.tensordot(x, y, ([1], [0])).tolist()


def test_tensordot_refuses_more_dims_than_there_are():
    with pytest.raises(RuntimeError, match="expects dims < ndim_a or ndim_b"):
        torch.tensordot(torch.ones(2), torch.ones(2), 2)


def test_places_of_the_flattened_tensor_become_positions():
    rows, columns = torch.unravel_index(torch.tensor([0, 4, 5]), (2, 3))

    assert [0, 1, 1] == rows.tolist()
    assert [0, 1, 2] == columns.tolist()


def test_unravel_index_refuses_floats():
    with pytest.raises(TypeError, match="expected 'indices' to be integer dtype"):
        torch.unravel_index(torch.ones(2), (2, 3))


def test_unique_gives_what_is_asked_for():
    x = torch.tensor([3, 1, 3])
    values, inverse, counts = x.unique(return_inverse=True, return_counts=True)

    assert [1, 3] == values.tolist() == torch.unique(x).tolist()
    assert [1, 0, 1] == inverse.tolist()
    assert [1, 2] == counts.tolist()


def test_neighbours_that_are_equal_become_one():
    values, counts = torch.unique_consecutive(
        torch.tensor([1, 1, 2, 1]), return_counts=True
    )

    assert [1, 2, 1] == values.tolist()
    assert [2, 1, 1] == counts.tolist()


def test_a_python_function_is_applied_to_each_element():
    x = torch.tensor([1.0, 2.0])
    x.apply_(lambda v: v * 10)
    x.map_(torch.tensor([1.0, 2.0]), lambda a, b: a + b)

    assert [11.0, 22.0] == x.tolist()


def test_constructors_are_named_after_dtypes():
    assert torch.int64 == torch.LongTensor([1, 2]).dtype
    assert (2, 3) == torch.FloatTensor(2, 3).shape
    assert isinstance(torch.ones(2).double(), torch.DoubleTensor)
    assert not isinstance(torch.ones(2), torch.DoubleTensor)


def test_a_constructor_refuses_a_tensor_of_another_dtype():
    with pytest.raises(TypeError, match="expected LongTensor"):
        torch.LongTensor(torch.ones(2))


def test_the_default_dtype_is_set_by_the_name_of_a_constructor():
    torch.set_default_tensor_type("torch.DoubleTensor")
    try:
        assert torch.float64 == torch.ones(1).dtype
    finally:
        torch.set_default_dtype(torch.float32)


def test_the_cpu_is_the_only_default_device():
    torch.set_default_device("cpu")

    assert "cpu" == torch.get_default_device().type
    with pytest.raises(RuntimeError):
        torch.set_default_device("cuda")


def test_a_range_holds_its_end():
    assert [1.0, 2.0, 3.0] == torch.range(1, 3).tolist()


def test_powers_of_a_vector_stand_with_the_highest_first():
    assert [[4.0, 2.0, 1.0]] == torch.vander(torch.tensor([2.0]), 3).tolist()
    assert [[1.0, 2.0]] == torch.vander(torch.tensor([2.0]), 2, True).tolist()


def test_a_buffer_is_seen_as_a_vector():
    memory = bytearray(b"\x01\x00\x02\x00")
    x = torch.frombuffer(memory, dtype=torch.int16)
    memory[0] = 7

    assert [7, 2] == x.tolist()


def test_the_rows_of_a_tensor_are_reversed():
    assert [3, 2, 1] == [v.item() for v in reversed(torch.tensor([1, 2, 3]))]
