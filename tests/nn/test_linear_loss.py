"""`linear_cross_entropy`: a linear map and the cross entropy of what it gives."""

from __future__ import annotations

import pytest

import jit
from jit import torch

F = torch.nn.functional
Options = torch.nn.LinearCrossEntropyOptions


@pytest.fixture
def rows():
    torch.manual_seed(0)
    return torch.randn(5, 3), torch.randn(4, 3), torch.tensor([0, 3, -100, 1, 2])


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("options", [None, Options(batch_chunk_size=2), Options()])
def test_it_is_the_cross_entropy_of_the_linear_map(rows, reduction, options):
    x, weight, target = rows
    shares, bias = torch.tensor([1.0, 2.0, 0.5, 1.5]), torch.randn(4)
    expected = F.cross_entropy(
        F.linear(x, weight, bias), target, weight=shares, reduction=reduction
    )
    actual = F.linear_cross_entropy(
        x, weight, target, linear_bias=bias, weight=shares, reduction=reduction,
        options=options,
    )  # fmt: skip
    torch.testing.assert_close(actual, expected)


def test_pieces_give_the_gradients_of_the_whole(rows):
    x, weight, target = rows
    found = []
    for options in (None, Options(batch_chunk_size=2)):
        inputs = [t.clone().requires_grad_() for t in (x, weight)]
        F.linear_cross_entropy(*inputs, target, options=options).backward()
        found.append([t.grad for t in inputs])
    torch.testing.assert_close(found[1], found[0])


def test_one_row_needs_no_batch(rows):
    x, weight, target = (t[0] if t is not rows[1] else t for t in rows)
    expected = F.linear_cross_entropy(x, weight, target, reduction="none")
    actual = F.linear_cross_entropy(
        x, weight, target, reduction="none", options=Options()
    )
    torch.testing.assert_close(actual, expected)
    assert () == actual.shape


def test_a_weight_with_more_dims_has_a_target_with_more():
    x, weight = torch.randn(2, 3), torch.randn(4, 5, 3)
    target = torch.zeros(2, 5, dtype=torch.int64)
    expected = F.cross_entropy((x @ weight.reshape(20, 3).t()).reshape(2, 4, 5), target)
    torch.testing.assert_close(F.linear_cross_entropy(x, weight, target), expected)


def test_a_script_takes_it(rows):
    def loss(x: torch.Tensor, weight: torch.Tensor, target: torch.Tensor):
        return F.linear_cross_entropy(x, weight, target, label_smoothing=0.1)

    torch.testing.assert_close(jit.script(loss)(*rows), loss(*rows))


@pytest.mark.parametrize(
    ("count", "classes", "options", "expected"),
    [
        (8, 4, Options(batch_chunk_size=3), 3),
        (8, 4, Options(chunking_method=None), 8),
        (8, 4, Options(chunking_method="aspect_ratio"), 4),
        (8, 4, Options(), 2),
    ],
)
def test_rows_of_a_piece(count, classes, options, expected):
    assert expected == options.rows(count, 2, classes)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (((2, 2, 3), (4, 3)), "dimensionality 1 or 2, got 3"),
        (((2, 3), (3,)), "dimensionality at least 2, got 1"),
        (((2, 3), (4, 2)), "got 3 and 2, respectively"),
        (((3,), (4, 5, 3)), "requires batched input"),
    ],
)
def test_sizes_that_do_not_fit_are_told(sizes, message):
    x, weight = (torch.ones(s) for s in sizes)
    with pytest.raises(RuntimeError, match=message):
        F.linear_cross_entropy(x, weight, torch.zeros(2, dtype=torch.int64))


@pytest.mark.parametrize(
    "options",
    [{"acc_policy": "best"}, {"batch_chunk_size": 0}, {"chunking_method": "rows"}],
)
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(ValueError, match=r"acc_policy|batch_chunk|chunking"):
        Options(**options)
