"""Dtypes that torch's kernels do not know are refused, and what they know is not."""

from __future__ import annotations

import pytest

import jit
from jit import torch

F = torch.nn.functional
BOOLS = torch.tensor([True, False, True])
INTS = torch.ones(1, 1, 4, 4, dtype=torch.int64)
PLACES = torch.zeros(1, 1, 2, 2, dtype=torch.int64)


@pytest.mark.parametrize(
    "call",
    [
        lambda: 1 - BOOLS,
        lambda: torch.ones(3) - BOOLS,
        lambda: BOOLS - torch.ones(3),
        lambda: torch.ones(3) - True,
        lambda: torch.rsub(BOOLS, torch.ones(3)),
        lambda: F.tanhshrink(BOOLS),
        lambda: F.pairwise_distance(BOOLS, torch.ones(3)),
        lambda: torch.dist(BOOLS, torch.ones(3)),
    ],
)
def test_bools_are_no_terms_of_a_difference(call):
    with pytest.raises(
        RuntimeError, match="Subtraction, the `-` operator, with a bool"
    ):
        call()


@pytest.mark.parametrize("dtype", [torch.bool, torch.float32])
def test_a_compiled_difference_refuses_bools_too(dtype):
    def difference(x: torch.Tensor, y: torch.Tensor):
        return x - y

    scripted = jit.script(difference)
    x, y = torch.ones(3, dtype=dtype), torch.zeros(3)
    if dtype is torch.float32:
        assert [1.0, 1.0, 1.0] == scripted(x, y).tolist()
        return
    with pytest.raises(
        RuntimeError, match="Subtraction, the `-` operator, with a bool"
    ):
        scripted(x, y)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("max_unpool2d", lambda: F.max_unpool2d(INTS[..., :2, :2], PLACES, 2)),
        ("im2col_out_cpu", lambda: F.unfold(INTS, 2)),
        ("col2im_out_cpu", lambda: F.fold(INTS[0, :, :, :1], 2, 2)),
    ],
)
def test_integers_have_no_kernel(name, call):
    with pytest.raises(NotImplementedError, match=f'"{name}" not implemented for'):
        call()


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("reflection_pad1d", lambda: F.pad(BOOLS[None], (1, 1), "reflect")),
        ("replication_pad1d", lambda: F.pad(BOOLS[None], (1, 1), "replicate")),
        ("bmm", lambda: F.bilinear(BOOLS, BOOLS, BOOLS.expand(2, 3, 3))),
        (
            "scatter_gather_tensor_cpu_reduce_mean",
            lambda: BOOLS.scatter_reduce(0, torch.tensor([0]), BOOLS[:1], "mean"),
        ),
    ],
)
def test_bools_have_no_kernel(name, call):
    with pytest.raises(NotImplementedError, match=f'"{name}" not implemented for \'B'):
        call()


def test_bools_are_padded_with_constants_and_around():
    assert [[False, True, False, True]] == F.pad(BOOLS[None], (1, 0)).tolist()
    assert [[True, True, False, True]] == F.pad(
        BOOLS[None], (1, 0), "circular"
    ).tolist()


@pytest.mark.parametrize("sizes", [(0,), (4, 0), (0, 3, 2)])
def test_batch_norm_of_nothing_is_nothing(sizes):
    x = torch.zeros(sizes, requires_grad=True)
    made = F.batch_norm(x, None, None, training=True)
    made.sum().backward()
    assert sizes == made.shape == x.grad.shape


def test_one_value_a_channel_is_too_little_to_train():
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        F.batch_norm(torch.ones(1, 3), None, None, training=True)
    with pytest.raises(ValueError, match="Expected more than 1 spatial element"):
        F.instance_norm(torch.ones(2, 3, 1))


def test_addbmm_in_place_takes_the_sizes_of_the_sum():
    x = torch.ones(1)
    assert x is x.addbmm_(torch.ones(2, 3, 4), torch.ones(2, 4, 5), beta=2)
    assert (3, 5) == x.shape
    assert 10.0 == x[2, 4].item()


@pytest.mark.parametrize(
    ("function", "sizes"),
    [(lambda x, out: F.avg_pool2d(x, 2, out=out), (1, 2, 2)),
     (lambda x, out: F.normalize(x, dim=1, out=out), (1, 4, 4))],
)  # fmt: skip
def test_functions_of_images_write_into_out(function, sizes):
    x, out = torch.rand(1, 4, 4), torch.empty(sizes)
    assert out is function(x, out)
    torch.testing.assert_close(out, function(x, None))


def test_machine_code_refuses_what_an_eager_call_does():
    x = torch.zeros(1, 1, 4, 4)
    traced = jit.trace(lambda x: F.unfold(x, 2), x)
    torch.testing.assert_close(traced(x), F.unfold(x, 2))
    with pytest.raises(NotImplementedError, match="not implemented for 'Long'"):
        traced(INTS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: F.hardtanh(BOOLS), "Bool inputs not supported for hardtanh"),
        (lambda: F.relu6(BOOLS), "Bool inputs not supported for hardtanh"),
        (lambda: torch.nanmean(INTS), "floating point or complex dtype but got Long"),
        (lambda: F.cosine_similarity(INTS, INTS), "yet common dtype is Long"),
    ],
)
def test_some_refusals_have_words_of_their_own(call, message):
    with pytest.raises(RuntimeError, match=message):
        call()
