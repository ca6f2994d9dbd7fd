"""Losses: machine code agrees with the kernels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit.runtime.ops  # noqa: F401, the cards
from jit.ir.registry import all_cards, find_card
from jit.runtime.codegen import lowering
from jit.runtime.codegen.nests import losses
from jit.runtime.tensor import wrap
from tests.operator_graphs import (
    assert_agree,
    check_samples,
    graph_of,
    native_of,
    outcome,
)

lowering._load_families()
CARDS = {
    card.schema.name: card
    for card in all_cards()
    if getattr(lowering._table.get(card.schema.name), "__module__", "")
    == losses.__name__
}
DECLINING = {"its targets are probabilities"}


@pytest.mark.parametrize("name", CARDS)
def test_samples_agree_with_the_kernel(name):
    check_samples(CARDS[name], DECLINING.__contains__)


@pytest.mark.parametrize("reduction", [0, 1, 2])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("sizes", [(40, 130), (3, 5, 600), (2, 7, 3, 5), (9,), (0, 4)])
@pytest.mark.parametrize("weighted", [False, True])
def test_classes_of_any_dims_are_picked(reduction, smoothing, sizes, weighted):
    card = find_card("aten::cross_entropy_loss")
    rng = np.random.default_rng(2)
    x = rng.normal(size=sizes).astype("f4") * 5
    axis = min(1, len(sizes) - 1)
    classes = sizes[axis]
    target = rng.integers(0, classes, sizes[:axis] + sizes[axis + 1 :])
    target = np.where(rng.random(target.shape) < 0.1, -100, target)
    weight = rng.random(classes).astype("f4") if weighted else None
    for layout in (x, np.asfortranarray(x)):
        arguments = [layout, target, weight, reduction, -100, smoothing]
        native = native_of(graph_of(card, arguments))
        given = [wrap(a) for a in arguments if isinstance(a, np.ndarray)]
        expected = outcome(card.kernel, arguments)
        assert_agree(expected, outcome(native, given), sizes, 1e-5)


def test_a_class_that_is_none_raises_what_the_kernel_raises():
    card = find_card("aten::cross_entropy_loss")
    x = np.ones((3, 4), "f4")
    for wrong in ([0, 4, 1], [-1, 0, 0]):
        arguments = [x, np.array(wrong), None, 1, -100, 0.0]
        native = native_of(graph_of(card, arguments))
        expected = outcome(card.kernel, arguments)
        got = outcome(native, [wrap(a) for a in arguments[:2]])
        assert expected[0] is IndexError
        assert expected == got
