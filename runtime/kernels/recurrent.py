"""Recurrent layers over packed rows: steps of time, and the way back through them.

The rows of a layer are those of all its steps, one step behind the other; a step has as
many rows as sequences are still going on, the longest sequences first. A layer in reverse
takes the steps from the last to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

GATES = {"lstm": 4, "gru": 3, "tanh": 1, "relu": 1}
"""How many blocks of rows the weights of a cell have."""


class Weights(NamedTuple):
    """The parameters of one layer in one direction; some may be missing."""

    w_ih: Array
    w_hh: Array
    b_ih: Array | None
    b_hh: Array | None
    w_hr: Array | None


def _sigmoid(x: Array) -> Array:
    half = x.dtype.type(0.5)
    return half * np.tanh(half * x) + half


def _steps(counts: Sequence[int], reverse: bool) -> list[tuple[int, slice]]:
    """For each step, in the order of the walk: how many rows, and which."""
    ends = np.cumsum(counts).tolist()
    steps = [(n, slice(e - n, e)) for n, e in zip(counts, ends, strict=True)]
    return steps[::-1] if reverse else steps


def run(
    cell: str,
    x: Array,
    counts: Sequence[int],
    h0: Array,
    c0: Array | None,
    weights: Weights,
    reverse: bool,
) -> tuple[Array, Array, Array, Array]:
    """All hidden states, the last ones, the last cells, and what the way back needs.

    The last are the gates, of an LSTM with the cells, of a GRU with the hidden part
    of the new state.
    """
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    size = w_hh.shape[0] // GATES[cell]
    given = x @ w_ih.T
    if b_ih is not None:
        given += b_ih
    if b_hh is not None and cell != "gru":
        given += b_hh
    turned = np.ascontiguousarray(w_hh.T)
    h = h0.copy()
    c = np.zeros((len(h0), size), x.dtype) if c0 is None else c0.copy()
    out = np.empty((len(x), h.shape[1]), x.dtype)
    kept = np.empty((len(x), (GATES[cell] + 1) * size), x.dtype)
    for n, rows in _steps(counts, reverse):
        gates = h[:n] @ turned
        keep = kept[rows]
        if cell == "lstm":
            gates += given[rows]
            i, f, g, o = np.split(gates, 4, 1)
            i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
            state = f * c[:n] + i * g
            c[:n] = state
            made = o * np.tanh(state)
            if w_hr is not None:
                made = made @ w_hr.T
            np.concatenate((i, f, g, o, state), 1, out=keep)
        elif cell == "gru":
            if b_hh is not None:
                gates += b_hh
            inner = given[rows]
            both = _sigmoid(inner[:, : 2 * size] + gates[:, : 2 * size])
            r, z = both[:, :size], both[:, size:]
            hidden = gates[:, 2 * size :]
            new = np.tanh(inner[:, 2 * size :] + r * hidden)
            made = new + z * (h[:n] - new)
            np.concatenate((r, z, new, hidden), 1, out=keep)
        else:
            gates += given[rows]
            made = np.tanh(gates) if cell == "tanh" else np.maximum(gates, 0)
        h[:n] = made
        out[rows] = made
    if cell in ("tanh", "relu"):
        kept = np.empty((0, 0), x.dtype)
    return out, h, c, kept


def _before(steps: Sequence[tuple[int, slice]], start: Array, rows_of: Array) -> Array:
    """For each row the state that its step began with."""
    state = start.copy()
    found = np.empty((len(rows_of), start.shape[1]), start.dtype)
    for n, rows in steps:
        found[rows] = state[:n]
        state[:n] = rows_of[rows]
    return found


class Gradients(NamedTuple):
    """The gradients of a layer."""

    x: Array
    h0: Array
    c0: Array
    w_ih: Array
    w_hh: Array
    b_ih: Array
    b_hh: Array
    w_hr: Array


def run_back(
    cell: str,
    g_out: Array,
    g_h: Array,
    g_c: Array,
    x: Array,
    counts: Sequence[int],
    h0: Array,
    c0: Array | None,
    weights: Weights,
    out: Array,
    kept: Array,
    reverse: bool,
) -> Gradients:
    """The gradients of `run`, given those of its results."""
    w_ih, w_hh, _, _, w_hr = weights
    size = w_hh.shape[0] // GATES[cell]
    one = x.dtype.type(1)
    steps = _steps(counts, reverse)
    before = _before(steps, h0, out)
    dh = g_h.copy()
    dc = np.zeros((), x.dtype) + g_c  # a copy whose dtype object is that of the rest
    slopes = np.empty((len(x), GATES[cell] * size), x.dtype)
    """Gradients of the gates before their functions, on the side of the input."""
    hidden_slopes = slopes.copy() if cell == "gru" else slopes
    of_hr = np.zeros((0, 0) if w_hr is None else w_hr.shape, x.dtype)
    cells = np.empty((0, 0)) if c0 is None else _before(steps, c0, kept[:, 4 * size :])
    for n, rows in reversed(steps):
        d = dh[:n] + g_out[rows]
        slope = slopes[rows]
        if cell == "lstm":
            i, f, g, o, state = np.split(kept[rows], 5, 1)
            bent = np.tanh(state)
            if w_hr is not None:
                of_hr += d.T @ (o * bent)
                d = d @ w_hr
            of_state = dc[:n] + d * o * (one - bent * bent)
            parts = (
                of_state * g * i * (one - i),
                of_state * cells[rows] * f * (one - f),
                of_state * i * (one - g * g),
                d * bent * o * (one - o),
            )
            np.concatenate(parts, 1, out=slope)
            dc[:n] = of_state * f
            dh[:n] = slope @ w_hh
        elif cell == "gru":
            r, z, new, hidden = np.split(kept[rows], 4, 1)
            of_new = d * (one - z) * (one - new * new)
            of_z = d * (before[rows] - new) * z * (one - z)
            of_r = of_new * hidden * r * (one - r)
            np.concatenate((of_r, of_z, of_new), 1, out=slope)
            inner = hidden_slopes[rows]
            np.concatenate((of_r, of_z, of_new * r), 1, out=inner)
            dh[:n] = inner @ w_hh + d * z
        else:
            made = out[rows]
            slope[...] = d * (one - made * made) if cell == "tanh" else d * (made > 0)
            dh[:n] = slope @ w_hh
    return Gradients(
        slopes @ w_ih,
        dh,
        dc,
        slopes.T @ x,
        hidden_slopes.T @ before,
        slopes.sum(0),
        hidden_slopes.sum(0),
        of_hr,
    )
