"""Scripts take the forms of calls that torch's functions take, and give the same."""

from __future__ import annotations

import numpy as np
import pytest

import jit
from jit import torch

F = torch.nn.functional
X = torch.arange(24.0).reshape(2, 3, 4)
IMAGE = torch.arange(16.0).reshape(1, 1, 4, 4)
PLACES = torch.tensor([0, 7, 23])


def tensordot_over_a_number(x: torch.Tensor):
    return torch.tensordot(x, x.permute(2, 0, 1), 1), torch.tensordot(b=x, a=x, dims=0)


def tensordot_over_lists(x: torch.Tensor):
    return (
        torch.tensordot(x, x, dims=([0, 1], [0, 1])),
        torch.tensordot(x, x, [[2], [2]]),
        torch.tensordot(x[:1], x, ([0], [0])),
    )


def unravel(x: torch.Tensor):
    return torch.unravel_index(x, (2, 3, 4)), torch.unravel_index(x, 24)


def pool_that_keeps_sizes(x: torch.Tensor):
    return (
        F.adaptive_avg_pool2d(x, (None, 2)),
        F.adaptive_avg_pool2d(x, [2, None]),
        F.adaptive_avg_pool2d(x, output_size=2),
    )


def resample_by_a_number(x: torch.Tensor):
    return (
        F.interpolate(x, scale_factor=2),
        F.interpolate(x, 3),
        F.upsample_nearest(x, scale_factor=1.5),
        F.interpolate(x, scale_factor=(2, 1.5), mode="nearest"),
    )


def common_sizes(x: torch.Tensor):
    return torch.broadcast_shapes(x.shape, (1, 4), 4), torch.broadcast_shapes()


def operators_as_methods(x: torch.Tensor):
    return (
        x.__rsub__(2),
        x.__rdiv__(2),
        x.__rpow__(2.0),
        x.__rmod__(7),
        x.__rfloordiv__(7),
        x.__radd__(x),
        x.__sub__(x),
        x.__lt__(5),
        x.__rmatmul__(x.permute(0, 2, 1)),
    )


def results_into_tensors(x: torch.Tensor):
    sums = torch.zeros((2, 3, 4))
    values, places = torch.zeros((2, 4)), torch.zeros((2, 4), dtype=torch.int64)
    torch.add(x, 1, out=sums)
    torch.max(x, 1, out=(values, places))
    return sums, values, places, torch.ops.aten.mul.out(x, x, out=sums), sums


def lengths_as_a_list(x: torch.Tensor):
    logs = x.permute(2, 0, 1).log_softmax(2)
    targets = torch.tensor([[1, 2], [2, 1]])
    return F.ctc_loss(logs, targets, [4, 4], (2, 1))


def sizes_of_a_number(x: torch.Tensor):
    return (
        torch.zeros([]),
        torch.full(size=[], fill_value=2),
        x.sum([]),
        torch.ops.aten.max_pool3d_with_indices.default(x, [1, 2, 2], [])[0],
    )


def plain_new_tensors(x: torch.Tensor):
    return torch.eye(2, requires_grad=False), torch.zeros((), requires_grad=False)


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (tensordot_over_a_number, X),
        (tensordot_over_lists, X),
        (unravel, PLACES),
        (pool_that_keeps_sizes, IMAGE),
        (resample_by_a_number, IMAGE),
        (common_sizes, X),
        (operators_as_methods, X + 1),
        (results_into_tensors, X),
        (lengths_as_a_list, X),
        (plain_new_tensors, X),
        (sizes_of_a_number, X[None]),
    ],
)
def test_a_script_gives_what_the_call_gives(function, x):
    torch.testing.assert_close(jit.script(function)(x), function(x))


def test_out_of_other_sizes_or_dtype_is_refused_when_the_script_runs():
    def add(x: torch.Tensor, y: torch.Tensor):
        return torch.add(x, x, out=y)

    scripted = jit.script(add)
    with pytest.raises(RuntimeError, match=r"`out` has sizes \[3\], the result has"):
        scripted(torch.ones(2), torch.zeros(3))
    with pytest.raises(RuntimeError, match="can't be cast to the desired output type"):
        scripted(torch.ones(2), torch.zeros(2, dtype=torch.int64))


def test_out_must_be_tensors_like_the_result():
    def biggest(x: torch.Tensor, y: torch.Tensor):
        return torch.max(x, 0, out=y)

    with pytest.raises(jit.CompileError, match="`out` of `max` is a `Tensor`"):
        jit.script(biggest)


def test_functions_of_numpy_take_no_out():
    def add(x: np.ndarray, y: np.ndarray):
        return np.add(x, x, out=y)

    with pytest.raises(jit.CompileError, match=r"takes no `out` in compiled"):
        jit.script(add)


def test_a_new_tensor_in_a_script_may_require_gradients():
    def zeros(wanted: bool):
        return torch.zeros(2, requires_grad=wanted)

    made = jit.script(zeros)

    assert made(True).requires_grad
    assert not made(False).requires_grad


def test_sizes_that_do_not_broadcast_are_told():
    with pytest.raises(RuntimeError, match=r"sizes \[2\], \[3\] cannot be broadcast"):
        torch.broadcast_shapes((2,), 3)


def test_unravelling_needs_a_known_number_of_sizes():
    def unravelled(x: torch.Tensor, sizes: list[int]):
        return torch.unravel_index(x, sizes)

    with pytest.raises(jit.CompileError, match="sizes whose number is known"):
        jit.script(unravelled)


def distinct(x: torch.Tensor):
    return (
        torch.unique(x),
        torch.unique(x, True, False, True),
        torch.unique(x, return_inverse=True, return_counts=True),
        torch.unique(x.reshape(-1, 1), True, True, False, 0),
        torch.unique(input=x, sorted=False, dim=0),
        torch.unique_consecutive(x, True),
        torch.unique_consecutive(x, False, True, 0),
        x.unique(return_counts=True),
        x.unique_consecutive(),
    )


def pooled_with_places(x: torch.Tensor):
    return (
        F.max_pool2d(x, 2, return_indices=True),
        F.adaptive_max_pool3d(x, 2, return_indices=True),
        F.adaptive_max_pool3d(x, 2),
    )


@pytest.mark.parametrize(
    ("function", "x"),
    [(distinct, torch.tensor([1, 2, 2, 3, 1])), (pooled_with_places, IMAGE)],
)
def test_literal_flags_say_how_many_results_there_are(function, x):
    torch.testing.assert_close(jit.script(function)(x), function(x))


def test_flags_that_say_how_many_results_there_are_must_be_literal():
    def counted(x: torch.Tensor, counts: bool):
        return torch.unique(x, return_counts=counts)

    with pytest.raises(jit.CompileError, match="`return_counts` of `unique` must be"):
        jit.script(counted)


def test_pools_are_undone_in_scripts():
    def undone(x: torch.Tensor, places: torch.Tensor):
        return (
            F.max_unpool2d(x, places, 2),
            F.max_unpool2d(x, places, (2, 2), stride=2, output_size=[1, 1, 5, 5]),
        )

    pooled = F.max_pool2d(IMAGE, 2, return_indices=True)
    torch.testing.assert_close(jit.script(undone)(*pooled), undone(*pooled))
    layer = torch.nn.MaxUnpool2d(2)
    torch.testing.assert_close(jit.script(layer)(*pooled), layer(*pooled))
    with pytest.raises(ValueError, match="dim 0 must be between 2 and 6"):
        jit.script(layer)(*pooled, output_size=[9, 4])


def norms_of_windows(x: torch.Tensor):
    return (
        F.lp_pool2d(x, 2.0, 1),
        F.lp_pool2d(x, norm_type=2, kernel_size=(2, 1), stride=1),
        F.lp_pool1d(x[0], 3, 2, ceil_mode=True),
        F.adaptive_max_pool2d(x, (None, 1), True),
        F.max_pool2d(x, 2, None, 1),
        F.avg_pool2d(x, kernel_size=(2, 1), stride=None),
    )


def places_and_slopes(x: torch.Tensor):
    return (
        torch.nonzero(x, as_tuple=False),
        x.nonzero(as_tuple=True)[0],
        torch.gradient(x, spacing=[2.0, 0.5], dim=[2, 3]),
    )


def windows_as_columns(x: torch.Tensor):
    columns = F.unfold(x, 2, stride=(2, 1))
    return columns, F.fold(columns, (4, 4), (2, 2), 1, 0, (2, 1)), F.unfold(x, (1, 2))


def windows_at_random_places(x: torch.Tensor):
    draws = torch.full((1, 1, 2), 0.5)
    return (
        F.fractional_max_pool2d(x, 2, 3, _random_samples=draws),
        F.fractional_max_pool2d(x, (2, 2), None, 0.5, True, _random_samples=draws),
        F.fractional_max_pool2d(x, 2, output_size=(2, 3)).shape,
    )


def other_names(x: torch.Tensor):
    return (
        torch.as_tensor(x),
        torch.as_tensor(x, dtype=torch.int64),
        torch.as_tensor([1.0, 2.0]),
        torch.as_tensor(3),
        torch.is_same_size(x, x[0]),
        torch.norm_except_dim(x, 2, 3),
        torch.norm_except_dim(x, 2, -1),
        x.nelement() + x.ndimension(),
    )


@pytest.mark.parametrize(
    "function",
    [norms_of_windows, places_and_slopes, windows_as_columns, windows_at_random_places,
     other_names],
)  # fmt: skip
def test_further_forms_give_what_the_call_gives(function):
    torch.testing.assert_close(jit.script(function)(IMAGE), function(IMAGE))


def test_a_copy_may_name_a_device():
    def copied(x: torch.Tensor):
        return torch.ops.aten._to_copy.default(
            x, dtype=torch.float64, device="cpu", memory_format=torch.preserve_format
        )

    torch.testing.assert_close(jit.script(copied)(X), copied(X))


def test_gradients_that_nobody_asks_for_are_none():
    def gradients(x: torch.Tensor, mean: torch.Tensor, rstd: torch.Tensor):
        return torch.ops.aten.native_layer_norm_backward.default(
            x, x, [4], mean, rstd, x[0, 0], None, [True, True, False]
        )

    x = X + 1
    found = jit.script(gradients)(x, x.mean(-1, True), x[..., :1])
    assert found[2] is None
    torch.testing.assert_close(found, gradients(x, x.mean(-1, True), x[..., :1]))
