"""Operators of core ATen that are expanded into others are machine code whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.ir.registry import find_card
from jit.passes import decompose
from jit.passes.infer_shapes import run as infer_shapes
from jit.runtime.ops.samples import cases_of
from jit.runtime.tensor import wrap
from tests.native.agreement import Both, numbers
from tests.operator_graphs import assert_agree, native_of, outcome
from tests.passes.test_decompose import graph_of

F = torch.nn.functional
aten = torch.ops.aten


def shares(x):
    return aten._softmax(x, -1, False) + aten._log_softmax(x, 0, False)


def in_bins(x, n: int):
    return aten._adaptive_avg_pool2d(x, [n, 3])


def in_boxes(x, n: int):
    return aten._adaptive_avg_pool3d(x, [n, 3, 2])


def copied(x):
    return aten._to_copy(x, dtype=torch.float64) + aten._to_copy(x)


def filled(x, n: int):
    return aten.fill(x, n) + aten.sym_size(x, 0) * aten.sym_numel(x)


def numbered(x, i):
    return torch.scatter(x, 1, i, 2.5)


def added(x, i, y):
    kept = torch.scatter_reduce(x, 1, i, y, "sum")
    return kept * torch.scatter_reduce(x, 1, i, y, "sum", include_self=False)


def normal_rows(x, n: int):
    made, mean, rstd = torch.native_layer_norm(x, [n], None, None, 1e-5)
    return made + mean * rstd


def normal_channels(x, mean, var):
    made, _, none = aten._native_batch_norm_legit_no_training(
        x, mean, None, mean, var, 0.1, 1e-5
    )
    return made + none.sum()


def test_norms_with_their_statistics() -> None:
    rows, channels = Both(normal_rows), Both(normal_channels)
    for x in (numbers(4, 7), numbers(300, 2).T, numbers(0, 3)):
        for n in (x.shape[1], 5):
            rows.check(x, n, relative=1e-5, absolute=1e-5)
    mean, var = numbers(3), numbers(3, seed=1) ** 2
    for x in (numbers(2, 3, 4), numbers(0, 3, 4), numbers(2, 2, 4)):
        channels.check(x, mean, var, relative=1e-5, absolute=1e-5)


@pytest.mark.parametrize("function", [shares, copied])
def test_any_sizes(function: Any) -> None:
    both = Both(function)
    for x in (numbers(4, 7), numbers(300, 2).T, numbers(0, 3), numbers(1, 1)):
        both.check(x, relative=1e-5, absolute=1e-6)


def test_any_number_of_bins() -> None:
    both, boxes = Both(in_bins), Both(in_boxes)
    for n in (1, 4, 0, -1):
        for x in (numbers(2, 3, 8, 9), numbers(3, 1, 5), numbers(0, 1, 5, 5)):
            both.check(x, n, relative=1e-5, absolute=1e-6)
        boxes.check(numbers(2, 2, 4, 5, 3), n, relative=1e-5, absolute=1e-6)


def test_numbers_are_told_by_the_run() -> None:
    both, written = Both(filled), Both(numbered)
    for x in (numbers(3, 5), numbers(0, 2), numbers(3, 5).T):
        both.check(x, 3, relative=0, absolute=0)
        index = np.arange(x.shape[0])[:, None] % max(x.shape[1], 1)
        written.check(x, index, relative=0, absolute=0)
        Both(added).check(x, index, x[:, ::-1], relative=1e-6, absolute=0)
    written.check(numbers(2, 3), np.array([[3]]), relative=0, absolute=0)


OF_KNOWN_SIZES = [
    "aten::avg_pool2d_backward", "aten::avg_pool3d_backward",
    "aten::_adaptive_avg_pool2d_backward", "aten::_pdist_forward", "aten::pdist",
]  # fmt: skip


@pytest.mark.parametrize("name", OF_KNOWN_SIZES)
def test_expansions_of_known_sizes(name: str) -> None:
    card = find_card(name)
    expanded = 0
    for sample in cases_of(card.samples):
        arguments = sample.arguments(card.schema)
        graph = graph_of(card, arguments)
        if not decompose.run(graph):
            continue
        expanded += 1
        infer_shapes(graph)
        assert name not in {n.kind for n in graph.all_nodes}
        arrays = [wrap(a) for a in arguments if isinstance(a, np.ndarray)]
        found = outcome(native_of(graph), arrays)
        assert_agree(outcome(card.kernel, arguments), found, sample, 1e-5)
    assert expanded


@pytest.mark.parametrize(
    "window",
    [
        lambda x: F.avg_pool2d(x, 2),
        lambda x: F.avg_pool2d(x, 3, 1, 1),
        lambda x: F.avg_pool2d(x, [3, 2], [2, 3], [1, 0], True, False),
        lambda x: F.avg_pool2d(x, 2, 3, 0, False, True, 5),
        lambda x: F.adaptive_avg_pool2d(x, [3, 5]),
        lambda x: F.adaptive_avg_pool2d(x, 1),
        lambda x: F.adaptive_avg_pool2d(x, [9, 2]),
    ],
)
def test_gradients_of_means_are_those_of_the_tape(window: Any) -> None:
    for shape in ((2, 3, 7, 8), (3, 6, 5)):
        weights = numbers(*window(torch.from_numpy(numbers(*shape))).shape, seed=3)
        eager, traced = (torch.from_numpy(numbers(*shape)) for _ in range(2))
        eager.requires_grad_()
        traced.requires_grad_()
        program = jit.trace(window, (traced.detach(),))

        (window(eager) * torch.from_numpy(weights)).sum().backward()
        (program(traced) * torch.from_numpy(weights)).sum().backward()

        np.testing.assert_allclose(
            traced.grad.numpy(), eager.grad.numpy(), rtol=1e-5, atol=1e-6
        )
