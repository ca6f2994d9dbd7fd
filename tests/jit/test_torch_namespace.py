"""The torch namespace: creation, dtypes, modes, limits, names that are there or not."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from jit import torch


@pytest.mark.parametrize(
    ("data", "dtype", "values"),
    [
        (3, torch.int64, 3),
        (2.5, torch.float32, 2.5),
        (True, torch.bool, True),
        (1 + 2j, torch.complex64, 1 + 2j),
        ([1, 2.5, True], torch.float32, [1.0, 2.5, 1.0]),
        ([True, 1], torch.int64, [1, 1]),
        ((1, 2), torch.int64, [1, 2]),
        (range(3), torch.int64, [0, 1, 2]),
        ([[1, 2], [3, 4]], torch.int64, [[1, 2], [3, 4]]),
        ([], torch.float32, []),
        ([[]], torch.float32, [[]]),
        (np.float64(1.5), torch.float64, 1.5),
        ([np.float64(1.5)], torch.float64, [1.5]),
        ([np.int32(1), np.int32(2)], torch.int32, [1, 2]),
        (np.arange(3, dtype=np.int16), torch.int16, [0, 1, 2]),
        ([np.ones(2), np.zeros(2)], torch.float64, [[1.0, 1.0], [0.0, 0.0]]),
    ],
)
def test_tensor_infers_the_dtype_that_torch_infers(data, dtype, values):
    x = torch.tensor(data)

    assert dtype is x.dtype
    assert values == x.tolist()


def test_tensor_takes_tensors_within_lists():
    x = torch.tensor([torch.tensor(1), 2.5])

    assert torch.float32 is x.dtype
    assert [1.0, 2.5] == x.tolist()


def test_tensor_converts_to_a_given_dtype():
    assert [1, -1] == torch.tensor([1.7, -1.7], dtype=torch.int64).tolist()
    assert [255] == torch.tensor([-1], dtype=torch.uint8).tolist()
    assert torch.tensor(1.5, dtype=torch.bool).item() is True
    assert torch.float64 is torch.tensor([1], dtype=float).dtype
    assert torch.tensor([1.0], requires_grad=True).requires_grad


@pytest.mark.parametrize(
    ("data", "dtype", "error", "message"),
    [
        ([[1, 2], [3]], None, ValueError, "expected sequence of length 2 at dim 1"),
        ([1, [2]], None, ValueError, "expected a number at dim 1"),
        ([[1], 2], None, TypeError, "expected a sequence of length 1 at dim 1"),
        ("a", None, TypeError, "invalid data type 'str'"),
        (["a"], None, ValueError, "too many dimensions 'str'"),
        (None, None, RuntimeError, "Could not infer dtype of NoneType"),
        ({1: 2}, None, RuntimeError, "Could not infer dtype of dict"),
        (2**63, None, ValueError, "Overflow when unpacking long long"),
        ([300], torch.uint8, RuntimeError, "uint8 without overflow"),
        ([1e20], torch.int64, RuntimeError, "int64 without overflow"),
        ([math.nan], torch.int64, RuntimeError, "int64 without overflow"),
        ([1j], torch.float32, TypeError, "must be real number, not complex"),
        ([1.0], "float32", TypeError, "expected a torch.dtype"),
    ],
)
def test_tensor_refuses_what_torch_refuses(data, dtype, error, message):
    with pytest.raises(error, match=message):
        torch.tensor(data, dtype=dtype)


def test_the_class_makes_tensors_of_sizes_and_of_data():
    assert (2, 3) == torch.Tensor(2, 3).shape
    assert [1.0, 2.0] == torch.Tensor([1, 2]).tolist()
    assert torch.float32 is torch.Tensor(np.ones(2)).dtype
    assert (0,) == torch.Tensor().shape
    with pytest.raises(TypeError, match="data must be a sequence"):
        torch.Tensor(1.5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.zeros(2, 3),
        lambda: torch.zeros((2, 3)),
        lambda: torch.zeros([2, 3]),
        lambda: torch.zeros(size=(2, 3)),
        lambda: torch.zeros(torch.Size([2, 3]), dtype=torch.float32),
        lambda: torch.zeros(2, 3, device="cpu", requires_grad=False),
        lambda: torch.zeros_like(torch.ones(2, 3)),
        lambda: torch.full((2, 3), 0.0),
        lambda: torch.ones(2, 3) - 1,
        lambda: torch.empty(2, 3).fill_(0),
    ],
)
def test_creation_takes_sizes_in_each_form(make):
    x = make()

    assert (2, 3) == x.shape
    assert torch.float32 is x.dtype
    assert [[0.0] * 3] * 2 == x.tolist()


def test_creation_takes_dtype_and_requires_grad():
    assert torch.int32 is torch.ones(2, dtype=torch.int32).dtype
    assert torch.ones(2, requires_grad=True).requires_grad
    assert torch.float64 is torch.zeros(2, dtype=float).dtype


def test_seeds_repeat_random_numbers():
    torch.manual_seed(0)
    first = torch.rand(3), torch.randn(2), torch.randint(0, 10, (4,)), torch.randperm(5)
    torch.manual_seed(0)
    again = torch.rand(3), torch.randn(2), torch.randint(0, 10, (4,)), torch.randperm(5)

    assert [a.tolist() for a in first] == [b.tolist() for b in again]
    assert [0, 1, 2, 3, 4] == sorted(first[3].tolist())
    assert 0 == torch.initial_seed()


def test_the_state_of_random_numbers_can_be_kept():
    state = torch.get_rng_state()
    first = torch.rand(3)

    torch.set_rng_state(state)

    assert first.tolist() == torch.rand(3).tolist()


def test_a_generator_of_its_own():
    generator = torch.Generator().manual_seed(7)

    first = torch.rand(3, generator=generator)

    assert first.tolist() != torch.rand(3, generator=generator).tolist()
    assert 7 == generator.initial_seed()
    assert torch.device("cpu") == generator.device


def test_names_of_dtypes():
    pairs = {
        "float": torch.float32, "double": torch.float64, "half": torch.float16,
        "short": torch.int16, "int": torch.int32, "long": torch.int64,
        "cfloat": torch.complex64, "cdouble": torch.complex128,
    }  # fmt: skip

    for name, dtype in pairs.items():
        assert dtype is getattr(torch, name)
    assert isinstance(torch.float32, torch.dtype)
    assert "torch.bool" == repr(torch.bool)


def test_questions_about_dtypes():
    assert torch.float32 is torch.promote_types(torch.int32, torch.float32)
    assert torch.float32 is torch.result_type(torch.tensor([1]), 1.5)
    assert torch.can_cast(torch.int64, torch.float32)
    assert not torch.can_cast(torch.float32, torch.int64)
    assert torch.is_tensor(torch.ones(1))
    assert not torch.is_tensor(np.ones(1))
    assert torch.is_floating_point(torch.ones(1))
    assert torch.is_complex(torch.tensor(1j))
    assert 6 == torch.numel(torch.ones(2, 3))
    assert "torch.FloatTensor" == torch.typename(torch.ones(1))


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        (
            torch.float32,
            "finfo(resolution=1e-06, min=-3.40282e+38, max=3.40282e+38,"
            " eps=1.19209e-07, smallest_normal=1.17549e-38, tiny=1.17549e-38,"
            " dtype=float32)",
        ),
        (
            torch.bfloat16,
            "finfo(resolution=0.01, min=-3.38953e+38, max=3.38953e+38, eps=0.0078125,"
            " smallest_normal=1.17549e-38, tiny=1.17549e-38, dtype=bfloat16)",
        ),
        (
            torch.float16,
            "finfo(resolution=0.001, min=-65504, max=65504, eps=0.000976562,"
            " smallest_normal=6.10352e-05, tiny=6.10352e-05, dtype=float16)",
        ),
    ],
)
def test_limits_of_floating_dtypes(dtype, text):
    assert text == repr(torch.finfo(dtype))


def test_limits_of_integers():
    assert "iinfo(min=-128, max=127, dtype=int8)" == repr(torch.iinfo(torch.int8))
    assert 2**63 - 1 == torch.iinfo(torch.int64).max
    assert "float32" == torch.finfo().dtype
    assert "float32" == torch.finfo(torch.complex64).dtype
    with pytest.raises(TypeError, match="floating point input type"):
        torch.finfo(torch.int8)
    with pytest.raises(TypeError, match="integer input type"):
        torch.iinfo(torch.float32)


# modes


def test_no_grad_is_a_context_and_a_decorator():
    @torch.no_grad()
    def with_parentheses():
        return torch.is_grad_enabled()

    @torch.no_grad
    def without():
        return torch.is_grad_enabled()

    assert torch.is_grad_enabled()
    with torch.no_grad():
        assert not torch.is_grad_enabled()
        with torch.enable_grad():
            assert torch.is_grad_enabled()
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
    assert not with_parentheses()
    assert not without()
    assert torch.is_grad_enabled()


def test_modes_end_with_an_exception():
    with pytest.raises(ValueError, match="inside"), torch.no_grad():
        raise ValueError("inside")

    assert torch.is_grad_enabled()


def test_inference_mode_and_set_grad_enabled():
    with torch.inference_mode():
        assert torch.is_inference_mode_enabled()
        assert not torch.is_grad_enabled()
    with torch.set_grad_enabled(False):
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    torch.set_grad_enabled(False)
    assert not torch.is_grad_enabled()
    torch.set_grad_enabled(True)
    assert torch.is_grad_enabled()


# names


def test_constants():
    assert math.pi == torch.pi
    assert math.e == torch.e
    assert math.inf == torch.inf
    assert math.isnan(torch.nan)


def test_there_is_no_cuda():
    assert not torch.cuda.is_available()
    assert 0 == torch.cuda.device_count()
    with pytest.raises(RuntimeError, match="is_available"):
        torch.cuda.synchronize()


def test_devices_have_types_and_indices():
    device = torch.device("cuda", 1)

    assert torch.device("cuda:1") == device
    assert ("cuda", 1) == (device.type, device.index)
    assert "cuda:1" == str(device)
    assert torch.device("cpu") != torch.device("cpu:0")
    assert 1 == len({torch.device("cpu"), torch.device("cpu")})
    with pytest.raises(
        RuntimeError, match="device type at start of device string: tpu"
    ):
        torch.device("tpu")
    with pytest.raises(AttributeError, match="not writable"):
        device.type = "cpu"


@pytest.mark.parametrize(
    ("name", "near"),
    [("expp", "torch.exp"), ("zeross", "torch.zeros"), ("matmull", "torch.matmul")],
)
def test_an_unknown_name_names_the_nearest(name, near):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'; near: .*{near}"):
        getattr(torch, name)


@pytest.mark.parametrize(
    "name",
    ["view", "expand", "add_", "gelu", "_softmax", "append", "Int", "len"],
)
def test_what_is_no_function_of_torch_is_not_there(name):
    assert not hasattr(torch, name)
    assert name not in dir(torch)


def test_dir_lists_operators_and_the_rest():
    names = dir(torch)

    assert {"add", "exp_", "zeros", "float32", "no_grad", "nn", "Tensor"} <= set(names)
    for name in names:
        assert getattr(torch, name, "missing") != "missing"


def test_functions_know_their_operator():
    assert "aten::exp" == torch.exp.operator_kind
    assert "exp" == torch.exp.__name__
    assert torch.exp.__doc__
    assert torch.exp is torch.exp


def test_an_overload_can_be_called_by_its_full_name():
    x = torch.tensor([1.0, 2.0])

    assert [3.0, 6.0] == torch.ops.aten.add.Tensor(x, x, alpha=2).tolist()
    assert [2.0, 4.0] == torch.ops.aten.add(x, x).tolist()
    assert "Scalar" in torch.ops.aten.add.overloads()
    assert torch.ops.aten.exp.default(x).tolist() == torch.exp(x).tolist()
    assert str(torch.ops.aten.exp.default.schema).startswith("aten::exp(Tensor self)")
    with pytest.raises(AttributeError, match="has no overload `Foo`; it has"):
        torch.ops.aten.add.Foo
    with pytest.raises(AttributeError, match="no operator `aten::addd`; near"):
        torch.ops.aten.addd
    with pytest.raises(TypeError, match=r"aten::exp\(\): argument `self` is `str`"):
        torch.ops.aten.exp.default("a")


def test_functions_of_several_tensors_take_them_one_by_one_or_listed():
    a, b = torch.ones(2, 1), torch.ones(3)

    for result in (torch.broadcast_tensors(a, b), torch.broadcast_tensors([a, b])):
        assert [(2, 3), (2, 3)] == [r.shape for r in result]
    assert (2, 3) == torch.broadcast_shapes((2, 1), (3,))
    assert isinstance(torch.broadcast_shapes((2, 1), 3), torch.Size)
    with pytest.raises(RuntimeError, match="cannot be broadcast"):
        torch.broadcast_shapes((2,), (3,))


def test_sizes_are_tuples_that_stay_sizes():
    size = torch.Size([2, 3])

    more = (1,)

    assert torch.Size is type(size + more) is type(more + size) is type(size[1:])
    assert torch.Size is type(size * 2)
    assert 6 == size.numel()
    assert (2, 3) == size
    assert 3 == size[-1]


def test_importing_torch_imports_no_torch_and_no_operators():
    code = (
        "import sys; from jit import torch;"
        "print('torch' in sys.modules, 'jit.runtime.ops' in sys.modules,"
        "'jit.torch.nn' in sys.modules)"
    )

    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "False False False" == shown.stdout.strip()


def test_no_backend_is_available():
    assert not torch.backends.mps.is_available()
    assert not torch.backends.cudnn.is_available()


def test_methods_are_found_on_the_class_too():
    code = "from jit import torch; print(torch.Tensor.exp(torch.zeros(1)).tolist())"

    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "[1.0]" == shown.stdout.strip()
    with pytest.raises(AttributeError, match="has no attribute 'foo'"):
        torch.Tensor.foo


def test_assert_is_a_function():
    torch._assert(True, "fine")
    with pytest.raises(AssertionError, match="not fine"):
        torch._assert(torch.tensor(False), "not fine")
