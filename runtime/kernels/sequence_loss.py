"""Connectionist temporal classification: sums over all alignments, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def extended(
    targets: Array, lengths: Sequence[int], blank: int, labels: int
) -> tuple[Array, Array]:
    """For each sequence its labels with blanks around each, and where one may skip.

    One may skip a blank between two labels that differ.
    """
    rows = np.full((len(lengths), 2 * labels + 1), blank, np.int64)
    start = 0
    for i, n in enumerate(lengths):
        if targets.ndim == 1:
            own = targets[start : start + n]
            start += n
        else:
            own = targets[i, :n]
        rows[i, 1 : 2 * n : 2] = own
    skips = np.zeros(rows.shape, np.bool_)
    skips[:, 2:] = (rows[:, 2:] != blank) & (rows[:, 2:] != rows[:, :-2])
    return rows, skips


def _log_sum(*parts: Array) -> Array:
    top = parts[0]
    for part in parts[1:]:
        top = np.maximum(top, part)
    base = np.where(np.isneginf(top), 0, top)
    total: Any = sum(np.exp(part - base) for part in parts)
    return np.where(np.isneginf(top), -np.inf, base + np.log(total))


def _later(x: Array, by: int) -> Array:
    """Moved to later places of the row."""
    made = np.full_like(x, -np.inf)
    made[:, by:] = x[:, : x.shape[1] - by]
    return made


def forward(
    log_probs: Array,
    rows: Array,
    skips: Array,
    input_lengths: Array,
    target_lengths: Array,
) -> tuple[Array, Array]:
    """Minus the logarithms of the probabilities, and those of the prefixes."""
    steps, batch, _ = log_probs.shape
    each = np.arange(batch)
    alpha = np.full((batch, steps, rows.shape[1]), -np.inf, log_probs.dtype)
    state = np.full(rows.shape, -np.inf, log_probs.dtype)
    for step in range(steps):
        emitted = np.take_along_axis(log_probs[step], rows, 1)
        if step == 0:
            state[:, :1] = emitted[:, :1]
            state[:, 1:2] = np.where(target_lengths[:, None] > 0, emitted[:, 1:2],
                                     -np.inf)  # fmt: skip
        else:
            jumped = np.where(skips, _later(state, 2), -np.inf)
            state = _log_sum(state, _later(state, 1), jumped) + emitted
        going = input_lengths > step
        alpha[going, step] = state[going]
    last = np.maximum(input_lengths - 1, 0)
    ends = 2 * target_lengths
    final = alpha[each, last, ends] if steps else np.full(batch, -np.inf)
    before = np.where(
        ends > 0, alpha[each, last, np.maximum(ends - 1, 0)] if steps else 0, -np.inf
    )
    nll = -_log_sum(final, before)
    nll = np.where(input_lengths == 0, np.where(target_lengths == 0, 0, np.inf), nll)
    return nll.astype(log_probs.dtype), alpha


def backward(
    g: Array,
    log_probs: Array,
    rows: Array,
    skips: Array,
    input_lengths: Array,
    target_lengths: Array,
    nll: Array,
    alpha: Array,
    *,
    zero_infinity: bool,
) -> Array:
    """The gradient to the logarithms, `exp(log_probs)` summing to one in each step."""
    steps, batch, classes = log_probs.shape
    width = rows.shape[1]
    made = np.zeros_like(log_probs)
    place = np.arange(width)[None, :]
    ends = 2 * target_lengths[:, None]
    inside = place <= ends
    state = np.full(rows.shape, -np.inf, log_probs.dtype)
    flipped = np.zeros_like(skips)
    flipped[:, :-2] = skips[:, 2:]
    each = np.broadcast_to(np.arange(batch)[:, None], rows.shape)
    for step in reversed(range(steps)):
        emitted = np.take_along_axis(log_probs[step], rows, 1)
        is_last = (input_lengths - 1 == step)[:, None]
        going = (input_lengths > step)[:, None]
        nearer = np.full_like(state, -np.inf)
        nearer[:, :-1] = state[:, 1:]
        farther = np.full_like(state, -np.inf)
        farther[:, :-2] = state[:, 2:]
        walked = _log_sum(state, nearer, np.where(flipped, farther, -np.inf)) + emitted
        start = np.where((place == ends) | (place == ends - 1), emitted, -np.inf)
        state = np.where(inside & going, np.where(is_last, start, walked), -np.inf)
        both = np.exp(alpha[:, step] + state - emitted + nll[:, None])
        both = np.where(np.isneginf(alpha[:, step]) | np.isneginf(state), 0, both)
        share = np.zeros((batch, classes), log_probs.dtype)
        np.add.at(share, (each, rows), both)
        slope = np.exp(log_probs[step]) - share
        made[step] = np.where(going, slope * g[:, None], 0)
    if zero_infinity:
        made = np.where(np.isinf(nll)[None, :, None], 0, made)
    return made
