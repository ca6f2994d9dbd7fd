"""The loss of sequences whose alignment is not known: `ctc_loss`."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import dtype_of, int64
from jit.runtime.kernels import sequence_loss as K
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.declare import op
from jit.runtime.ops.loss import MEAN
from jit.runtime.ops.margin_loss import reduced
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped


def _check(log_probs, targets, input_lengths, target_lengths, blank):
    if not dtype_of(log_probs.dtype).is_floating_point:
        raise NotImplementedError(
            f"\"ctc_loss_cpu\" not implemented for '{dtype_of(log_probs.dtype).title}'"
        )
    if targets.dtype.kind not in "iu":
        raise RuntimeError("targets must be integer tensors")
    steps, batch, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    for name, lengths in (("input", input_lengths), ("target", target_lengths)):
        if len(lengths) != batch:
            raise RuntimeError(f"{name}_lengths must be of size batch_size")
        if (lengths < 0).any():
            raise RuntimeError(f"{name}_lengths must be non-negative")
    if len(input_lengths) and input_lengths.max() > steps:
        raise RuntimeError(
            f"Expected input_lengths to have value at most {steps}, but got value"
            f" {input_lengths.max()} (while checking arguments for ctc_loss_cpu)"
        )
    longest = int(target_lengths.max(initial=0))
    if targets.ndim == 2 and targets.shape[1] < longest:
        raise RuntimeError(
            f"Expected tensor to have size at least {longest} at dimension 1, but got"
            f" size {targets.shape[1]} for argument 'targets'"
        )
    return longest


def _lengths(given):
    return np.asarray(given, np.int64)


def _paths(log_probs, targets, input_lengths, target_lengths, blank):
    lengths = _lengths(input_lengths), _lengths(target_lengths)
    longest = _check(log_probs, targets, *lengths, blank)
    rows, skips = K.extended(targets, lengths[1].tolist(), blank, longest)
    return rows, skips, *lengths


def _schemas(text):
    """With lengths as lists, and as tensors."""
    return (
        text.format("", "int[]", "int[]"),
        text.format(".Tensor", "Tensor", "Tensor"),
    )


PROBS = f64[4, 2, 3].within(-2, 0)
LABELS = i64.of([[1, 2], [2, 2]])


@op(
    *_schemas(
        "aten::_ctc_loss{}(Tensor log_probs, Tensor targets, {} input_lengths,"
        " {} target_lengths, int blank=0, bool zero_infinity=False) -> (Tensor, Tensor)"
    )
)
class _ctc_loss(Shaped):
    """Minus the log probability of each sequence of labels, and of its prefixes."""

    fails = VALUES

    def kernel(log_probs, targets, input_lengths, target_lengths, blank, zero_infinity):
        paths = _paths(log_probs, targets, input_lengths, target_lengths, blank)
        return K.forward(log_probs, *paths)

    def sizes(*arguments):
        return None

    samples = {
        "": [case(PROBS, LABELS, [4, 4], [2, 1])],
        "Tensor": [case(PROBS, LABELS, i64.of([4, 3]), i64.of([2, 1]))],
    }


@op(
    *_schemas(
        "aten::_ctc_loss_backward{}(Tensor grad, Tensor log_probs, Tensor targets,"
        " {} input_lengths, {} target_lengths, Tensor neg_log_likelihood,"
        " Tensor log_alpha, int blank, bool zero_infinity=False) -> Tensor"
    )
)
class _ctc_loss_backward(Shaped):
    """The gradient of `_ctc_loss`, where the probabilities of each step sum to one."""

    fails = VALUES

    def kernel(g, log_probs, targets, input_lengths, target_lengths, nll, alpha, blank,
               zero_infinity):  # fmt: skip
        paths = _paths(log_probs, targets, input_lengths, target_lengths, blank)
        return K.backward(g, log_probs, *paths, nll, alpha, zero_infinity=zero_infinity)

    def sizes(g, log_probs, *rest):
        return log_probs

    samples = {
        "": [case(f64[2], PROBS, LABELS, [4, 4], [2, 1], f64[2], f64[2, 4, 5], 0)],
        "Tensor": [case(f64[2], PROBS, LABELS, i64.of([4, 4]), i64.of([2, 1]), f64[2],
                        f64[2, 4, 5], 0)],
    }  # fmt: skip


@op(
    "aten::_ctc_loss_each(Tensor log_probs, Tensor targets, Tensor input_lengths,"
    " Tensor target_lengths, int blank, bool zero_infinity) -> Tensor"
)
class _ctc_loss_each(Shaped):
    """The loss of each sequence; infinite ones as zero, if that is wanted."""

    fails = VALUES
    saves = ("log_probs", "targets", "input_lengths", "target_lengths")

    def kernel(log_probs, targets, input_lengths, target_lengths, blank, zero_infinity):
        paths = _paths(log_probs, targets, input_lengths, target_lengths, blank)
        nll, _ = K.forward(log_probs, *paths)
        return np.where(np.isinf(nll), 0, nll) if zero_infinity else nll

    def sizes(log_probs, *rest):
        return (log_probs[1],)

    samples = [case(f32[3, 2, 3].within(-2, 0), LABELS, i64.of([3, 3]), i64.of([2, 1]),
                    0, True)]  # fmt: skip

    def grad(t, g, out, log_probs, targets, input_lengths, target_lengths, blank,
             zero_infinity):  # fmt: skip
        given = (log_probs, targets, input_lengths, target_lengths)
        nll, alpha = t._ctc_loss(*given, blank, zero_infinity)
        return t._ctc_loss_backward(g, *given, nll, alpha, blank, zero_infinity)


@op(
    "aten::ctc_loss.IntList(Tensor log_probs, Tensor targets, int[] input_lengths,"
    " int[] target_lengths, int blank=0, int reduction=1, bool zero_infinity=False)"
    " -> Tensor",
    "aten::ctc_loss.Tensor(Tensor log_probs, Tensor targets, Tensor input_lengths,"
    " Tensor target_lengths, int blank=0, int reduction=1, bool zero_infinity=False)"
    " -> Tensor",
)
class ctc_loss(Composed):
    """Minus the log probability of sequences of labels over all alignments."""

    fails = VALUES

    def composite(t, log_probs, targets, input_lengths, target_lengths, blank,
                  reduction, zero_infinity):  # fmt: skip
        if isinstance(input_lengths, list):
            input_lengths, target_lengths = (
                t.stack([t.full([], n, dtype=int64) for n in lengths], 0)
                for lengths in (input_lengths, target_lengths)
            )
        lone = log_probs.ndim == 2
        if lone:
            log_probs = t.unsqueeze(log_probs, 1)
            targets = t.unsqueeze(targets, 0) if targets.ndim == 1 else targets
            input_lengths = t.reshape(input_lengths, [1])
            target_lengths = t.reshape(target_lengths, [1])
        loss = t._ctc_loss_each(
            log_probs, targets, t.to(input_lengths, int64), t.to(target_lengths, int64),
            blank, zero_infinity,
        )  # fmt: skip
        if reduction == MEAN:
            return t.mean(loss / t.clamp_min(t.to(target_lengths, loss.dtype), 1))
        loss = reduced(t, loss, reduction)
        return t.squeeze(loss, 0) if lone and loss.ndim else loss

    def sizes(*arguments):
        return None

    samples = {
        "IntList": [case(f32[3, 2, 3].within(-2, 0), LABELS, [3, 2], [2, 1])],
        "Tensor": [case(f32[3, 2, 3].within(-2, 0), i64.of([1, 2, 1]),
                        i64.of([3, 3]), i64.of([2, 1]), 0, 0, True)],
    }  # fmt: skip
