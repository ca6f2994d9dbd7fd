"""Norms, dropout, embeddings, losses: meaning, statistics, edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jit.runtime.ops  # noqa: F401  (registers the cards)
from jit.ir import types as T
from jit.ir.card import UNKNOWN
from jit.ir.dtypes import float32
from jit.ir.registry import find_card
from jit.runtime import random

steady = settings(max_examples=40)


def card(name):
    kind, _, overload = f"aten::{name}".partition(".")
    found = find_card(kind, overload)
    assert found is not None, name
    return found


def normal(seed, shape, dtype=np.float64):
    return np.random.default_rng(seed).normal(2.0, 3.0, shape).astype(dtype)


@steady
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.lists(st.integers(1, 3), max_size=2),
    st.floats(0, 1),
)
def test_batch_norm_in_training_normalises_and_moves_the_statistics(
    batch, channels, space, momentum
):
    x = normal(1, (batch, channels, *space))
    mean, var = np.zeros(channels), np.ones(channels)
    axes = (0, *range(2, x.ndim))
    count = x.size // channels

    made = card("batch_norm").kernel(
        x, None, None, mean, var, True, momentum, 1e-5, True
    )

    assert np.allclose(0, made.mean(axes), atol=1e-7)
    if count > 1:
        expected = x.var(axes) / (x.var(axes) + 1e-5)
        assert np.allclose(expected, made.var(axes))
        unbiased = x.var(axes, ddof=1)
        assert np.allclose((1 - momentum) + momentum * unbiased, var)
    assert np.allclose(momentum * x.mean(axes), mean)


def test_batch_norm_in_evaluation_uses_the_statistics_and_writes_nothing():
    x = normal(1, (2, 3, 4))
    mean, var = np.array([1.0, 2.0, 3.0]), np.array([4.0, 1.0, 0.25])
    weight, bias = np.array([2.0, 1.0, 0.5]), np.array([0.0, 1.0, -1.0])
    shaped = (3, 1)
    expected = (x - mean.reshape(shaped)) / np.sqrt(var + 1e-5).reshape(shaped)
    expected = expected * weight.reshape(shaped) + bias.reshape(shaped)
    kept = mean.copy(), var.copy()

    made = card("batch_norm").kernel(x, weight, bias, mean, var, False, 0.1, 1e-5, True)

    assert np.allclose(expected, made, rtol=1e-12)
    assert np.array_equal(kept, (mean, var))


def test_batch_norm_tells_what_it_writes_only_where_it_may_train():
    facts = [T.TensorType(float32, (2, 3))] + [T.TensorType(float32, (3,))] * 4
    tail = (0.1, 1e-5, True)
    hidden = card("batch_norm").hidden_writes

    assert () == hidden(*facts, False, *tail)
    assert (3, 4) == hidden(*facts, True, *tail)
    assert (3, 4) == hidden(*facts, UNKNOWN, *tail)


@steady
@given(st.integers(1, 3), st.integers(1, 4), st.sampled_from([1, 2, 4]))
def test_group_norm_of_one_group_each_is_instance_norm(batch, width, groups):
    x = normal(2, (batch, 4, width))

    grouped = card("group_norm").kernel(x, 4, None, None, 1e-5, True)
    instance = card("instance_norm").kernel(
        x, None, None, None, None, True, 0.1, 1e-5, True
    )
    made = card("group_norm").kernel(x, groups, None, None, 1e-5, True)

    assert np.allclose(grouped, instance, rtol=1e-9, atol=1e-12)
    parts = made.reshape(batch, groups, -1)
    assert np.allclose(0, parts.mean(2), atol=1e-9)


def test_layer_norm_of_halves_computes_in_float32():
    x = normal(3, (4, 64)).astype(np.float16)
    wide = card("layer_norm").kernel(x.astype(np.float64), [64], None, None, 1e-5, True)

    made = card("layer_norm").kernel(x, [64], None, None, 1e-5, True)

    assert np.dtype(np.float16) == made.dtype
    assert np.allclose(wide, made, atol=1e-3)


def test_dropout_keeps_its_share_and_scales_the_rest():
    random.manual_seed(0)
    x = np.ones(20_000, np.float32)

    made = card("dropout").kernel(x, 0.25, True)

    assert {0.0, np.float32(4 / 3)} == set(made.tolist())
    assert abs((made == 0).mean() - 0.25) < 0.02


def test_dropout_in_evaluation_gives_a_tensor_of_its_own():
    x = np.ones(3)

    made = card("dropout").kernel(x, 0.5, False)

    assert np.array_equal(x, made)
    assert not np.may_share_memory(x, made)


def test_dropout_draws_the_same_after_the_same_seed():
    x = np.ones(100)
    random.manual_seed(3)
    first = card("dropout").kernel(x, 0.5, True)
    second = card("dropout").kernel(x, 0.5, True)
    random.manual_seed(3)

    again = card("dropout").kernel(x, 0.5, True)

    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)


def test_a_whole_channel_is_dropped_together():
    random.manual_seed(1)

    made = card("feature_dropout").kernel(np.ones((50, 4, 3, 3)), 0.5, True)

    per_channel = made.reshape(200, 9)
    assert np.all(per_channel == per_channel[:, :1])
    assert 0 < (per_channel[:, 0] == 0).sum() < 200


def test_embedding_looks_rows_up_and_refuses_what_is_not_there():
    table = np.arange(6.0).reshape(3, 2)

    made = card("embedding").kernel(table, np.array([[2, 0]]), -1, False, False)

    assert [[[4, 5], [0, 1]]] == made.tolist()
    for wrong in (3, -1):
        with pytest.raises(IndexError, match="index out of range in self"):
            card("embedding").kernel(table, np.array([wrong]), -1, False, False)


def slow_cross_entropy(x, target, weight, ignored):
    losses, weights = [], []
    for row, number in zip(x, target, strict=True):
        if number == ignored:
            continue
        total = np.log(np.sum(np.exp(row)))
        losses.append(weight[number] * (total - row[number]))
        weights.append(weight[number])
    return np.array(losses), np.array(weights)


@steady
@given(st.lists(st.sampled_from([0, 1, 2, -100]), min_size=1, max_size=5))
def test_cross_entropy_leaves_ignored_targets_out(numbers):
    x, weight = normal(4, (len(numbers), 3)), np.array([1.0, 2.0, 0.5])
    target = np.array(numbers)
    losses, weights = slow_cross_entropy(x, target, weight, -100)
    loss = card("cross_entropy_loss").kernel

    each = loss(x, target, weight, 0, -100, 0.0)
    total = loss(x, target, weight, 2, -100, 0.0)
    mean = loss(x, target, weight, 1, -100, 0.0)

    assert np.allclose(losses, each[target != -100])
    assert np.all(each[target == -100] == 0)
    assert np.allclose(losses.sum(), total)
    if len(losses):
        assert np.allclose(losses.sum() / weights.sum(), mean)
    else:
        assert np.isnan(mean)


@steady
@given(st.lists(st.integers(0, 2), min_size=1, max_size=4), st.floats(0, 1))
def test_smoothed_labels_are_probabilities_mixed_with_uniform_ones(numbers, smoothing):
    x, target = normal(5, (len(numbers), 3)), np.array(numbers)
    shares = np.eye(3)[target] * (1 - smoothing) + smoothing / 3
    loss = card("cross_entropy_loss").kernel

    by_number = loss(x, target, None, 1, -100, smoothing)
    by_share = loss(x, shares, None, 1, -100, 0.0)

    assert np.allclose(by_share, by_number)


def test_logits_do_not_overflow():
    x, y = np.array([1000.0, -1000.0]), np.array([0.0, 1.0])

    made = card("binary_cross_entropy_with_logits").kernel(x, y, None, None, 0)

    assert [1000, 1000] == made.tolist()


def test_a_class_out_of_bounds_is_named():
    with pytest.raises(IndexError, match=r"Target 5 is out of bounds\."):
        card("nll_loss").kernel(np.zeros((2, 3)), np.array([0, 5]), None, 1, -100)


def test_attention_mixes_values_and_never_what_is_masked():
    q, k, v = normal(6, (2, 3, 4)), normal(7, (2, 5, 4)), normal(8, (2, 5, 2))
    mask = np.ones((3, 5), bool)
    mask[0, 1:] = False
    mask[1] = False

    made = card("scaled_dot_product_attention").kernel(
        q, k, v, mask, 0.0, False, None, False
    )

    assert np.allclose(v[:, 0], made[:, 0])
    assert np.all(made[:, 1] == 0)
    scores = np.exp(q[:, 2:] @ k.swapaxes(1, 2) / 2)
    assert np.allclose((scores / scores.sum(-1, keepdims=True)) @ v, made[:, 2:])
