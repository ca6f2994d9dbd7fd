"""Recurrent layers and cells: LSTM, GRU, and those of one tanh or relu.

Torch's operators run all layers of a module. They are composed of `_recurrent_layer`,
one layer in one direction, whose way back is an operator too.
"""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import dtype_of, float64, int32, int64
from jit.runtime.kernels import recurrent as K
from jit.runtime.kernels.products import widened
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i32, i64
from jit.runtime.ops.shaped import VALUES, Shaped


def _counts(x, batch_sizes):
    """The rows of the input, and how many each step has."""
    if batch_sizes is not None:
        return x, batch_sizes.tolist()
    steps, batch, width = x.shape
    return x.reshape(steps * batch, width), [batch] * steps


def _bits(dtype):
    """The integers that are as wide as what a dtype is computed in."""
    return int64 if dtype is float64 else int32


def _weights(*arrays):
    return K.Weights(*(None if a is None else widened(a) for a in arrays))


def _check_layer(x, h0, w_ih, w_hh):
    if None not in (x[-1], w_ih[1]) and x[-1] != w_ih[1]:
        raise RuntimeError(
            f"input.size(-1) must be equal to input_size. Expected {w_ih[1]}, got"
            f" {x[-1]}"
        )
    if None not in (h0[-1], w_hh[1]) and h0[-1] != w_hh[1]:
        raise RuntimeError(
            f"Expected hidden size {w_hh[1]} in each row of a state, got {h0[-1]}"
        )


LAYER = (
    "Tensor h0, Tensor? c0, Tensor w_ih, Tensor w_hh, Tensor? b_ih, Tensor? b_hh,"
    " Tensor? w_hr, str cell, bool reverse"
)


@op(
    f"aten::_recurrent_layer(Tensor input, Tensor? batch_sizes, {LAYER})"
    " -> (Tensor, Tensor, Tensor, Tensor)"
)
class recurrent_layer(Shaped):
    """One recurrent layer in one direction over `input[T, N, I]` or packed rows.

    The results are the hidden states, the last of them, the last cells of an LSTM, and
    what the way back needs: numbers that have no gradient, as the bits of integers.
    """

    saves = ("input", "batch_sizes", "h0", "c0", "w_ih", "w_hh", "w_hr", "out")
    fails = VALUES

    def kernel(x, batch_sizes, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, cell, reverse):
        _check_layer(x.shape, h0.shape, w_ih.shape, w_hh.shape)
        rows, counts = _counts(widened(x), batch_sizes)
        cells = None if c0 is None else widened(c0)
        weights = _weights(w_ih, w_hh, b_ih, b_hh, w_hr)
        made = K.run(cell, rows, counts, widened(h0), cells, weights, reverse)
        out, h, c = (m.astype(x.dtype, copy=False) for m in made[:3])
        kept = made[3].view(_bits(dtype_of(x.dtype)).numpy)
        return out.reshape(*x.shape[:-1], h0.shape[1]), h, c, kept

    def dtypes(x, *rest):
        return x, x, x, None if x is None else _bits(x)

    def sizes(x, batch_sizes, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, cell, reverse):
        _check_layer(x, h0, w_ih, w_hh)
        if w_hh[0] is None:
            return None
        size = w_hh[0] // K.GATES[cell]
        rows = x[0]
        if batch_sizes is None:
            rows = None if None in x[:2] else x[0] * x[1]
        kept = (0, 0) if c0 is None and cell != "gru" else None
        if kept is None:
            kept = (rows, (K.GATES[cell] + 1) * size)
        return (*x[:-1], h0[-1]), h0, c0 or (h0[0], size), kept

    samples = [
        case(f32[3, 2, 4], None, f32[2, 5], f32[2, 5], f32[20, 4], f32[20, 5],
             f32[20], f32[20], None, "lstm", False),
        case(f64[2, 2, 1], None, f64[2, 1], f64[2, 2], f64[8, 1], f64[8, 1],
             f64[8], f64[8], f64[1, 2], "lstm", True),
        case(f64[4, 2], i64.of([2, 1, 1]), f64[2, 1], f64[2, 1], f64[4, 2], f64[4, 1],
             None, None, None, "lstm", True),
        case(f64[2, 2, 1], None, f64[2, 2], None, f64[6, 1], f64[6, 2], f64[6],
             f64[6], None, "gru", False),
        case(f64[3, 1], i64.of([2, 1]), f64[2, 2], None, f64[6, 1], f64[6, 2],
             None, None, None, "gru", True),
        case(f64[2, 2, 2], None, f64[2, 2], None, f64[2, 2], f64[2, 2], f64[2],
             f64[2], None, "tanh", True),
        case(f64[2, 2, 2], None, f64[2, 2], None, f64[2, 2], f64[2, 2], f64[2],
             f64[2], None, "relu", False),
    ]  # fmt: skip

    def grad(t, g, out, x, batch_sizes, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, cell,
             reverse):  # fmt: skip
        of_x, of_h, of_c, of_ih, of_hh, of_b, of_hb, of_hr = t._recurrent_layer_backward(
            g[0], g[1], g[2], x, batch_sizes, h0, c0, w_ih, w_hh, w_hr, out[0], out[3],
            cell, reverse,
        )  # fmt: skip
        return of_x, None, of_h, of_c, of_ih, of_hh, of_b, of_hb, of_hr


@op(
    "aten::_recurrent_layer_backward(Tensor grad_output, Tensor grad_h, Tensor grad_c,"
    " Tensor input, Tensor? batch_sizes, Tensor h0, Tensor? c0, Tensor w_ih,"
    " Tensor w_hh, Tensor? w_hr, Tensor output, Tensor kept, str cell, bool reverse)"
    " -> (Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor)"
)
class recurrent_layer_backward(Shaped):
    """The gradients of `_recurrent_layer` to input, states, weights and biases."""

    fails = VALUES

    def kernel(g, g_h, g_c, x, batch_sizes, h0, c0, w_ih, w_hh, w_hr, out, kept, cell,
               reverse):  # fmt: skip
        rows, counts = _counts(widened(x), batch_sizes)
        made = K.run_back(
            cell,
            widened(g).reshape(len(rows), h0.shape[1]),
            widened(g_h),
            widened(g_c),
            rows,
            counts,
            widened(h0),
            None if c0 is None else widened(c0),
            _weights(w_ih, w_hh, None, None, w_hr),
            widened(out).reshape(len(rows), h0.shape[1]),
            kept.view(rows.dtype),
            reverse,
        )
        of_x, *rest = (m.astype(x.dtype, copy=False) for m in made)
        return of_x.reshape(x.shape), *rest

    def sizes(g, g_h, g_c, x, batch_sizes, h0, c0, w_ih, w_hh, w_hr, *rest):
        bias = (w_hh[0],)
        return x, h0, g_c, w_ih, w_hh, bias, bias, (0, 0) if w_hr is None else w_hr

    samples = [
        case(f64[1, 2, 1], f64[2, 1], f64[2, 1], f64[1, 2, 3], None, f64[2, 1],
             f64[2, 1], f64[4, 3], f64[4, 1], None, f64[1, 2, 1], i64[2, 5], "lstm",
             False),
        case(f32[1, 2, 1], f32[2, 1], f32[2, 1], f32[1, 2, 3], None, f32[2, 1],
             None, f32[3, 3], f32[3, 1], None, f32[1, 2, 1], i32[2, 4], "gru", False),
    ]  # fmt: skip


# all layers ---------------------------------------------------------------------------


def _layers(t, cell, x, batch_sizes, h0, c0, params, has_biases, num_layers, dropout,
            train, bidirectional):  # fmt: skip
    """The outputs and last states of all layers; `h0[layer * directions + d, N, H]`."""
    directions = 2 if bidirectional else 1
    projects = c0 is not None and c0.shape[-1] != h0.shape[-1]
    each = 2 + 2 * has_biases + projects
    if len(params) != each * num_layers * directions:
        raise RuntimeError(
            f"Expected {each * num_layers * directions} parameters of {num_layers}"
            f" layers, got {len(params)}"
        )
    hidden, cells = [], []
    for layer in range(num_layers):
        outputs = []
        for direction in range(directions):
            place = layer * directions + direction
            own = list(params[place * each : (place + 1) * each])
            w_hr = own.pop() if projects else None
            biases = own[2:] if has_biases else (None, None)
            out, h, c, _ = t._recurrent_layer(
                x, batch_sizes, t.select(h0, 0, place),
                None if c0 is None else t.select(c0, 0, place), own[0], own[1],
                *biases, w_hr, cell, direction == 1,
            )  # fmt: skip
            outputs.append(out)
            hidden.append(h)
            cells.append(c)
        x = outputs[0] if directions == 1 else t.cat(outputs, -1)
        if dropout and train and layer + 1 < num_layers:
            x = t.dropout(x, dropout, True)
    states = (t.stack(hidden, 0),)
    return (x, *states) if c0 is None else (x, *states, t.stack(cells, 0))


def _check_states(x, h0, num_layers, bidirectional):
    if len(h0) != 3:
        raise RuntimeError(f"Expected states with 3 dimensions, got {len(h0)}")
    wanted = num_layers * (2 if bidirectional else 1)
    if h0[0] is not None and h0[0] != wanted:
        raise RuntimeError(
            f"Expected {wanted} rows of states, one for each layer and direction, got"
            f" {h0[0]}"
        )


def _all_layers(cell):
    """Derivable form and size rule of all layers over padded sequences."""

    def composite(t, x, h0, params, has_biases, num_layers, dropout, train,
                  bidirectional, batch_first):  # fmt: skip
        c0 = None
        if cell == "lstm":
            h0, c0 = h0
        _check_states(x.shape, h0.shape, num_layers, bidirectional)
        if batch_first:
            x = t.transpose(x, 0, 1)
        out, *states = _layers(t, cell, x, None, h0, c0, params, has_biases,
                               num_layers, dropout, train, bidirectional)  # fmt: skip
        return (t.transpose(out, 0, 1) if batch_first else out), *states

    def sizes(x, h0, params, has_biases, num_layers, dropout, train, bidirectional,
              batch_first):  # fmt: skip
        states = h0 if cell == "lstm" else [h0]
        if any(s is None or not isinstance(s, tuple) for s in states):
            return None
        width = states[0][-1]
        if width is not None and bidirectional:
            width *= 2
        return (*x[:-1], width), *states

    return composite, sizes


def _all_packed(cell):
    """Derivable form and size rule of all layers over packed sequences."""

    def composite(t, x, batch_sizes, h0, params, has_biases, num_layers, dropout, train,
                  bidirectional):  # fmt: skip
        c0 = None
        if cell == "lstm":
            h0, c0 = h0
        _check_states(x.shape, h0.shape, num_layers, bidirectional)
        return _layers(t, cell, x, batch_sizes, h0, c0, params, has_biases, num_layers,
                       dropout, train, bidirectional)  # fmt: skip

    def sizes(x, batch_sizes, h0, params, has_biases, num_layers, dropout, train,
              bidirectional):  # fmt: skip
        return _all_layers(cell)[1](
            x, h0, params, has_biases, num_layers, dropout, train, bidirectional, False
        )

    return composite, sizes


def _layer_schema(name, packed):
    lstm = name == "lstm"
    start = "data(Tensor data, Tensor batch_sizes" if packed else "input(Tensor input"
    end = "" if packed else ", bool batch_first"
    return (
        f"aten::{name}.{start}, Tensor{'[]' if lstm else ''} hx, Tensor[] params,"
        " bool has_biases, int num_layers, float dropout, bool train,"
        f" bool bidirectional{end}) -> (Tensor, Tensor{', Tensor' if lstm else ''})"
    )


class Layers(Composed):
    """All layers of a recurrent module; draws where it drops between layers."""

    random = True
    fails = VALUES
    unknown = ("dropout", "train", "has_biases")

    def dtypes(x, *rest):
        return x


def _parameters(gates, width, size, layers, directions, dtype, biases=True):
    made = []
    for layer in range(layers):
        wide = width if layer == 0 else size * directions
        for _ in range(directions):
            made += [dtype[gates * size, wide], dtype[gates * size, size]]
            made += [dtype[gates * size]] * 2 * biases
    return made


def _padded_samples(gates):
    def states(*sizes):
        return [f64[sizes], f64[sizes]] if gates == 4 else f64[sizes]

    return [
        case(f64[2, 1, 2], states(1, 1, 1), _parameters(gates, 2, 1, 1, 1, f64), True,
             1, 0.0, False, False, False),
        case(f64[2, 2, 1], states(4, 2, 1),
             _parameters(gates, 1, 1, 2, 2, f64, False), False, 2, 0.0, True, True,
             True),
    ]  # fmt: skip


def _packed_samples(gates):
    states = [f64[1, 2, 1], f64[1, 2, 1]] if gates == 4 else f64[1, 2, 1]
    return [
        case(f64[3, 2], i64.of([2, 1]), states, _parameters(gates, 2, 1, 1, 1, f64),
             True, 1, 0.0, False, False),
    ]  # fmt: skip


@op(_layer_schema("lstm", False))
class lstm(Layers):
    """Layers of long short-term memory: hidden states, last states, last cells."""

    composite, sizes = _all_layers("lstm")

    samples = _padded_samples(4)


@op(_layer_schema("lstm", True))
class lstm_packed(Layers):
    """`lstm` over packed sequences."""

    composite, sizes = _all_packed("lstm")

    samples = _packed_samples(4)


@op(_layer_schema("gru", False))
class gru(Layers):
    """Layers of gated recurrent units: hidden states and the last of them."""

    composite, sizes = _all_layers("gru")

    samples = _padded_samples(3)


@op(_layer_schema("gru", True))
class gru_packed(Layers):
    """`gru` over packed sequences."""

    composite, sizes = _all_packed("gru")

    samples = _packed_samples(3)


@op(_layer_schema("rnn_tanh", False))
class rnn_tanh(Layers):
    """Recurrent layers with tanh: hidden states and the last of them."""

    composite, sizes = _all_layers("tanh")

    samples = _padded_samples(1)


@op(_layer_schema("rnn_tanh", True))
class rnn_tanh_packed(Layers):
    """`rnn_tanh` over packed sequences."""

    composite, sizes = _all_packed("tanh")

    samples = _packed_samples(1)


@op(_layer_schema("rnn_relu", False))
class rnn_relu(Layers):
    """Recurrent layers with relu: hidden states and the last of them."""

    composite, sizes = _all_layers("relu")

    samples = _padded_samples(1)


@op(_layer_schema("rnn_relu", True))
class rnn_relu_packed(Layers):
    """`rnn_relu` over packed sequences."""

    composite, sizes = _all_packed("relu")

    samples = _packed_samples(1)


# cells --------------------------------------------------------------------------------

CELL = "Tensor w_ih, Tensor w_hh, Tensor? b_ih=None, Tensor? b_hh=None"


class Cell(Composed):
    """One step of a recurrent layer, `input[N, I]` and `hx[N, H]`."""

    fails = VALUES

    def sizes(x, h, *rest):
        return h


def _gates(t, x, h, w_ih, w_hh, b_ih, b_hh):
    return t.linear(x, w_ih, b_ih) + t.linear(h, w_hh, b_hh)


def _parts(t, x, count):
    """Rows of gates cut into those of each gate."""
    size = x.shape[-1] // count
    return [t.narrow(x, -1, i * size, size) for i in range(count)]


def _cell_samples(gates):
    hidden = [f64[2, 2], f64[2, 2]] if gates == 4 else f64[2, 2]
    return [
        case(f64[2, 3], hidden, f64[gates * 2, 3], f64[gates * 2, 2], f64[gates * 2],
             f64[gates * 2]),
        case(f64[2, 3], hidden, f64[gates * 2, 3], f64[gates * 2, 2]),
    ]  # fmt: skip


@op(f"aten::lstm_cell(Tensor input, Tensor[] hx, {CELL}) -> (Tensor, Tensor)")
class lstm_cell(Cell):
    """One step of an LSTM: the next hidden state and the next cell."""

    def composite(t, x, states, w_ih, w_hh, b_ih, b_hh):
        h, c = states
        i, f, g, o = _parts(t, _gates(t, x, h, w_ih, w_hh, b_ih, b_hh), 4)
        c = t.sigmoid(f) * c + t.sigmoid(i) * t.tanh(g)
        return t.sigmoid(o) * t.tanh(c), c

    def sizes(x, states, *rest):
        return tuple(states)

    samples = _cell_samples(4)


@op(f"aten::gru_cell(Tensor input, Tensor hx, {CELL}) -> Tensor")
class gru_cell(Cell):
    """One step of a GRU."""

    def composite(t, x, h, w_ih, w_hh, b_ih, b_hh):
        r, z, n = _parts(t, t.linear(x, w_ih, b_ih), 3)
        hr, hz, hn = _parts(t, t.linear(h, w_hh, b_hh), 3)
        r, z = t.sigmoid(r + hr), t.sigmoid(z + hz)
        n = t.tanh(n + r * hn)
        return n + z * (h - n)

    samples = _cell_samples(3)


@op(f"aten::rnn_tanh_cell(Tensor input, Tensor hx, {CELL}) -> Tensor")
class rnn_tanh_cell(Cell):
    """One step of a recurrent layer with tanh."""

    def composite(t, *args):
        return t.tanh(_gates(t, *args))

    samples = _cell_samples(1)


@op(f"aten::rnn_relu_cell(Tensor input, Tensor hx, {CELL}) -> Tensor")
class rnn_relu_cell(Cell):
    """One step of a recurrent layer with relu."""

    def composite(t, *args):
        return t.relu(_gates(t, *args))

    samples = _cell_samples(1)


# packed sequences ---------------------------------------------------------------------


def _packing(lengths):
    """How many sequences each step has; RuntimeError unless the lengths can be packed."""
    if lengths.ndim != 1 or not len(lengths):
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found none"
        )
    if lengths.min() <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in"
            " 'lengths' that is <= 0"
        )
    if (np.diff(lengths) > 0).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when"
            " `enforce_sorted` is True. You can pass `enforce_sorted=False` to"
            " pack_padded_sequence and/or pack_sequence to sidestep this requirement"
            " if you do not need ONNX exportability."
        )
    return (np.arange(lengths[0])[:, None] < lengths[None, :]).sum(1).astype(np.int64)


@op(
    "aten::_pack_padded_sequence(Tensor input, Tensor lengths, bool batch_first)"
    " -> (Tensor, Tensor)"
)
class pack_padded_sequence(Shaped):
    """The steps of sorted sequences one behind the other, and the rows of each step."""

    saves = ("out",)
    fails = VALUES

    def kernel(x, lengths, batch_first):
        if batch_first:
            x = x.swapaxes(0, 1)
        if x.shape[1] != len(lengths):
            raise RuntimeError(
                f"Expected `len(lengths)` to be equal to batch_size, but got"
                f" {len(lengths)} (batch_size={x.shape[1]})"
            )
        counts = _packing(lengths)
        if len(counts) > len(x):
            raise RuntimeError(
                f"Expected lengths of at most {len(x)} steps, but got {len(counts)}"
            )
        parts = [x[step, :n] for step, n in enumerate(counts)]
        return np.concatenate(parts, 0), counts

    def sizes(x, lengths, batch_first):
        return (None, *x[2:]), (None,)

    def dtypes(x, lengths, *rest):
        return x, int64

    samples = [
        case(f32[3, 2, 2], i64.of([3, 1]), False),
        case(f64[2, 3], i64.of([2, 2]), True),
    ]

    def grad(t, g, out, x, lengths, batch_first):
        return t._pack_padded_sequence_backward(
            g[0], list(x.shape), out[1], batch_first
        )


@op(
    "aten::_pack_padded_sequence_backward(Tensor grad, SymInt[] input_size,"
    " Tensor batch_sizes, bool batch_first) -> Tensor"
)
class pack_padded_sequence_backward(Shaped):
    """The gradient of `_pack_padded_sequence`: rows put where they were taken."""

    fails = VALUES

    def kernel(g, shape, counts, batch_first):
        made = np.zeros(shape, g.dtype)
        steps = made.swapaxes(0, 1) if batch_first else made
        start = 0
        for step, n in enumerate(counts.tolist()):
            steps[step, :n] = g[start : start + n]
            start += n
        return made

    def sizes(g, shape, counts, batch_first):
        return tuple(shape)

    samples = [
        case(f32[4, 2], [3, 2, 2], i64.of([2, 1, 1]), False),
        case(f64[3], [2, 3], i64.of([2, 1]), True),
    ]


@op(
    "aten::_pad_packed_sequence(Tensor data, Tensor batch_sizes, bool batch_first,"
    " Scalar padding_value, int total_length) -> (Tensor, Tensor)"
)
class pad_packed_sequence(Shaped):
    """Packed sequences as a padded tensor, and their lengths."""

    saves = ("out",)
    fails = VALUES

    def kernel(data, counts, batch_first, value, total_length):
        if total_length > 0 and total_length < len(counts):
            raise RuntimeError(
                "Expected total_length to be at least the length of the longest"
                f" sequence in input, but got total_length={total_length} and max"
                f" sequence length being {len(counts)}"
            )
        steps = max(total_length, len(counts))
        batch = int(counts[0])
        made = np.full((steps, batch, *data.shape[1:]), value, data.dtype)
        start = 0
        for step, n in enumerate(counts.tolist()):
            made[step, :n] = data[start : start + n]
            start += n
        lengths = (counts[:, None] > np.arange(batch)[None, :]).sum(0).astype(np.int64)
        return (made.swapaxes(0, 1).copy() if batch_first else made), lengths

    def sizes(data, counts, *rest):
        return (None, None, *data[1:]), (None,)

    def dtypes(data, counts, *rest):
        return data, int64

    samples = [
        case(f32[4, 2], i64.of([2, 1, 1]), False, 0.0, -1),
        case(f64[3], i64.of([2, 1]), True, 1.5, 4),
    ]

    def grad(t, g, out, data, counts, batch_first, value, total_length):
        return t._pack_padded_sequence(g[0], out[1], batch_first)[0]
