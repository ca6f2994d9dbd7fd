"""Tensor: memory shared with NumPy, questions, conversions, copies, operators."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from jit import torch
from jit.runtime.tensor import Tensor, wrap

DTYPES = [
    torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16,
    torch.float32, torch.float64, torch.complex64, torch.complex128, torch.bool,
    torch.bfloat16,
]  # fmt: skip


# memory


def test_from_numpy_and_numpy_share_memory():
    array = np.arange(3.0)

    x = torch.from_numpy(array)
    array[0] = 7.0
    x[1] = 8.0

    assert [7.0, 8.0, 2.0] == x.tolist() == array.tolist()
    assert x.numpy() is not None
    assert np.shares_memory(array, x.numpy())


def test_from_numpy_takes_what_is_not_contiguous_and_read_only():
    array = np.arange(12).reshape(3, 4).T[::2]
    array.setflags(write=False)

    x = torch.from_numpy(array)

    assert array.tolist() == x.tolist()
    assert (x + 1).tolist() == (array + 1).tolist()
    with pytest.raises(ValueError, match="read-only"):
        x[0, 0] = 1


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        ([1], TypeError, "expected np.ndarray"),
        (np.array(["a"]), TypeError, "no tensor dtype"),
        (np.array([1], np.uint32), TypeError, "no tensor dtype"),
        (np.ones(2, ">f4"), ValueError, "byte order"),
    ],
)
def test_from_numpy_refuses_what_no_tensor_can_hold(array, error, message):
    with pytest.raises(error, match=message):
        torch.from_numpy(array)


def test_as_tensor_shares_and_tensor_copies():
    array = np.zeros(2)

    shared, copied = torch.as_tensor(array), torch.tensor(array)
    array[0] = 1.0

    assert [1.0, 0.0] == shared.tolist()
    assert [0.0, 0.0] == copied.tolist()
    assert shared is torch.as_tensor(shared)


def test_dlpack_shares_memory_both_ways():
    x = torch.arange(6.0).reshape(2, 3)

    array = np.from_dlpack(x)
    back = torch.from_dlpack(x)
    x[0, 0] = 9.0

    assert 9.0 == array[0, 0] == back[0, 0].item()


def test_dlpack_refuses_tensors_that_require_gradients():
    with pytest.raises(BufferError, match="detach"):
        np.from_dlpack(torch.ones(2, requires_grad=True))


def test_numpy_refuses_tensors_that_require_gradients():
    x = torch.ones(2, requires_grad=True)

    with pytest.raises(RuntimeError, match=r"tensor\.detach\(\)\.numpy\(\)"):
        x.numpy()
    assert [1.0, 1.0] == x.numpy(force=True).tolist()
    assert [1.0, 1.0] == x.detach().numpy().tolist()


def test_numpy_functions_of_tensors_give_tensors():
    result = np.sqrt(torch.tensor([4.0, 9.0]))

    assert isinstance(result, Tensor)
    assert [2.0, 3.0] == result.tolist()
    assert isinstance(np.asarray(torch.ones(2)), np.ndarray)
    assert "float64" == np.asarray(torch.ones(2), dtype=np.float64).dtype.name


# questions


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_each_dtype_is_known_again(dtype):
    x = torch.zeros(2, dtype=dtype)

    assert dtype is x.dtype
    assert dtype.itemsize == x.element_size() == x.itemsize
    assert 2 * dtype.itemsize == x.nbytes
    assert dtype.is_floating_point is x.is_floating_point()
    assert dtype.is_complex is x.is_complex()


def test_sizes_and_strides():
    x = torch.zeros(2, 3, 4)

    assert (2, 3, 4) == x.shape == x.size()
    assert isinstance(x.shape, torch.Size)
    assert 4 == x.size(-1)
    assert 3 == x.dim() == x.ndim == x.ndimension()
    assert 24 == x.numel() == x.nelement()
    assert (12, 4, 1) == x.stride()
    assert 4 == x.stride(1)
    assert 2 == len(x)
    assert x.is_contiguous()
    assert not x.transpose(0, 1).is_contiguous()
    assert (4, 12, 1) == x.transpose(0, 1).stride()
    assert 5 == x[0, 1:, 1:].storage_offset()
    assert (6, 3, 1) == torch.zeros(2, 3)[None].stride()
    assert (3, 1, 3) == torch.zeros(2, 3).t()[None].stride()


def test_a_dimension_that_is_not_there_is_an_index_error():
    with pytest.raises(IndexError, match=r"expected to be in range of \[-1, 0\]"):
        torch.zeros(2).size(1)


def test_devices_are_the_cpu_alone():
    x = torch.zeros(1)

    assert torch.device("cpu") == x.device
    assert x.cpu() is x
    assert x.to("cpu") is x
    assert not x.is_cuda
    for move in (x.cuda, lambda: x.to("cuda"), lambda: torch.zeros(1, device="cuda:0")):
        with pytest.raises(
            RuntimeError, match=r"torch\.cuda\.is_available\(\) is False"
        ):
            move()


# numbers


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_item_gives_python_numbers(dtype):
    item = torch.ones(1, 1, dtype=dtype).item()

    assert 1 == item
    kind = {0: bool, 1: int, 2: float, 3: complex}[dtype.category]
    assert kind is type(item)
    assert [[item]] == torch.ones(1, 1, dtype=dtype).tolist()


def test_numbers_of_one_element():
    assert 2 == int(torch.tensor([2.7]))
    assert 2.5 == float(torch.tensor(2.5))
    assert 2 + 1j == complex(torch.tensor(2 + 1j))
    assert bool(torch.tensor([3]))
    assert not torch.tensor(0.0)
    assert "c" == "abc"[torch.tensor(2)]
    assert "2.50" == f"{torch.tensor(2.5):.2f}"


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda x: x.item(), RuntimeError, "2 elements cannot be converted to Scalar"),
        (bool, RuntimeError, "more than one value is ambiguous"),
        (lambda x: bool(x[:0]), RuntimeError, "no values is ambiguous"),
        (int, ValueError, "only one element tensors"),
        (float, ValueError, "only one element tensors"),
        (lambda x: "ab"[x[0]], TypeError, "only integer tensors"),
        (lambda x: len(x[0]), TypeError, "0-d tensor"),
        (lambda x: list(x[0]), TypeError, "iteration over a 0-d tensor"),
    ],
)
def test_what_has_no_number_says_so(act, error, message):
    with pytest.raises(error, match=message):
        act(torch.tensor([1.5, 2.5]))


# gradients


def test_requires_grad_is_a_flag_of_floating_tensors():
    x = torch.ones(2).requires_grad_()

    assert x.requires_grad
    assert x.is_leaf
    assert x.grad is None
    x.requires_grad = False
    assert not x.requires_grad
    with pytest.raises(RuntimeError, match="floating point"):
        torch.ones(2, dtype=torch.int64).requires_grad_()


def test_detach_and_data_share_memory_without_gradients():
    x = torch.ones(2, requires_grad=True)

    for other in (x.detach(), x.data):
        assert other is not x
        assert not other.requires_grad
        other[0] = 5.0
        assert 5.0 == x[0].item()


# copies


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_pickle_and_copies_keep_dtype_and_values(dtype):
    x = torch.ones(2, 3, dtype=dtype).t()

    for again in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x), copy.copy(x)):
        assert dtype is again.dtype
        assert x.tolist() == again.tolist()
    assert np.shares_memory(x.array, copy.copy(x).array)
    assert not np.shares_memory(x.array, copy.deepcopy(x).array)


def test_deepcopy_keeps_sharing_within_a_structure():
    x = torch.ones(2, requires_grad=True)

    first, second = copy.deepcopy([x, x])

    assert first is second
    assert first.requires_grad


def test_subclasses_survive_copies():
    class Special(Tensor):
        __slots__ = ()

    x = Special([1.0, 2.0])

    assert Special is type(copy.deepcopy(x)) is type(copy.copy(x))
    assert Tensor is type(x + 1)
    assert "Special([1., 2.])" == repr(x)


# operators of Python


def test_numbers_stand_on_both_sides():
    x = torch.tensor([1.0, 2.0])

    assert [3.0, 4.0] == (2 + x).tolist() == (x + 2).tolist()
    assert [1.0, 0.0] == (2 - x).tolist()
    assert [2.0, 1.0] == (2 / x).tolist()
    assert [2.0, 4.0] == (2**x).tolist() == (2 * x).tolist()
    assert [1.0, 0.0] == (3 % torch.tensor([2.0, 3.0])).tolist()
    assert [2, 1] == (2 // torch.tensor([1, 2])).tolist()
    assert [2, 4] == (1 << torch.tensor([1, 2])).tolist()
    assert [1, 0] == (1 & torch.tensor([1, 2])).tolist()
    assert [-1.0, -2.0] == (-x).tolist()
    assert [-2, -3] == (~torch.tensor([1, 2])).tolist()


def test_arrays_stand_on_both_sides():
    x, a = torch.tensor([1.0, 2.0]), np.array([3.0, 5.0])

    for result in (x + a, a + x):
        assert isinstance(result, Tensor)
        assert torch.float64 is result.dtype
        assert [4.0, 7.0] == result.tolist()
    assert [2.0, 3.0] == (a - x).tolist()
    assert [-2.0, -3.0] == (x - a).tolist()
    assert [3.0, 2.5] == (a / x).tolist()


def test_augmented_assignment_changes_the_tensor_and_its_views():
    x = torch.zeros(3)
    view = x[1:]
    same = x

    x += 1
    x *= 3
    view -= 1

    assert same is x
    assert [3.0, 2.0, 2.0] == x.tolist()


def test_an_in_place_result_must_fit():
    x = torch.tensor([1, 2])

    with pytest.raises(RuntimeError, match=r"Float can't be cast .* Long"):
        x += 1.5
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        x += torch.ones(2, 2, dtype=torch.int64)


def test_comparisons_give_tensors_and_identity_decides_hashes():
    x = torch.tensor([1.0, 2.0])

    assert [True, False] == (x < 2).tolist() == (2 > x).tolist()
    assert [False, True] == (x == 2).tolist()
    assert (x == None) is False  # noqa: E711
    assert (x == "a") is False
    assert {x: 1}[x] == 1
    assert hash(x) != hash(torch.tensor([1.0, 2.0]))


@pytest.mark.parametrize("other", ["a", None, [1.0], object()])
def test_other_operands_are_pythons_type_error(other):
    with pytest.raises(TypeError, match="unsupported operand"):
        torch.ones(1) + other


def test_in_looks_for_elements():
    assert 2 in torch.tensor([1, 2])
    assert 3 not in torch.tensor([1, 2])
    with pytest.raises(RuntimeError, match="only supports Tensor or scalar"):
        "a" in torch.tensor([1])


def test_iteration_gives_views_of_the_rows():
    x = torch.zeros(2, 2)

    for i, row in enumerate(x):
        row += i

    assert [[0.0, 0.0], [1.0, 1.0]] == x.tolist()


# conversions


def test_to_gives_the_tensor_itself_where_nothing_changes():
    x = torch.tensor([1.7, -2.0])

    assert x.to(torch.float32) is x
    assert x.to(x) is x
    assert x.float() is x
    assert x.to(torch.float32, copy=True) is not x
    assert torch.int64 is x.to(torch.int64).dtype
    assert [1, -2] == x.long().tolist()
    assert torch.float64 is x.to("cpu", torch.float64).dtype
    assert torch.int32 is x.to(torch.zeros(1, dtype=torch.int32)).dtype
    assert "torch.FloatTensor" == x.type()
    assert torch.bool is x.type("torch.BoolTensor").dtype


@pytest.mark.parametrize(
    ("method", "dtype"),
    [
        ("float", torch.float32), ("double", torch.float64), ("half", torch.float16),
        ("bfloat16", torch.bfloat16), ("byte", torch.uint8), ("char", torch.int8),
        ("short", torch.int16), ("int", torch.int32), ("long", torch.int64),
        ("bool", torch.bool), ("cfloat", torch.complex64), ("cdouble", torch.complex128),
    ],
)  # fmt: skip
def test_each_conversion_has_a_method(method, dtype):
    assert dtype is getattr(torch.tensor([1, 0]), method)().dtype


def test_unknown_attributes_name_the_nearest():
    with pytest.raises(AttributeError, match="no attribute 'reshap'; near: reshape"):
        torch.ones(1).reshap
    assert not hasattr(torch.ones(1), "_repr_html_")


def test_tensors_have_slots_and_nothing_else():
    x = wrap(np.ones(1))

    assert not hasattr(x, "__dict__")
    with pytest.raises(AttributeError):
        x.color = "red"
