"""The update rules of the optimizers, each one function of a parameter and its state.

They are scripted when an optimizer first steps, and run for all parameters as the same
machine code: parameters come flat, so that rank and sizes make no difference. State is
written in place. Where a rule has several forms, flags choose; they are constants of a
call. Sources: the papers that the optimizers name.
"""

# mypy: disable-error-code="operator,attr-defined,assignment"
from __future__ import annotations

from jit.runtime.tensor import Tensor


def sgd(
    p: Tensor, g: Tensor, buffer: Tensor, lr: float, momentum: float, dampening: float,
    decay: float, nesterov: bool, is_first: bool,
) -> None:  # fmt: skip
    """p -= lr * (momentum applied to g + decay * p)."""
    step = g + p * decay
    if momentum != 0.0:
        if is_first:
            buffer.copy_(step)
        else:
            buffer.copy_(buffer * momentum + step * (1.0 - dampening))
        if nesterov:
            step = step + buffer * momentum
        else:
            step = buffer
    p.copy_(p - step * lr)


def adam(
    p: Tensor, g: Tensor, first: Tensor, second: Tensor, largest: Tensor, lr: float,
    beta1: float, beta2: float, eps: float, decay: float, is_decoupled: bool,
    amsgrad: bool, correction1: float, root2: float,
) -> None:  # fmt: skip
    """Adam and AdamW; corrections are 1 - beta1**t, and the root of 1 - beta2**t."""
    if is_decoupled:
        start = p * (1.0 - lr * decay)
        slope = g
    else:
        start = p
        slope = g + p * decay
    first.copy_(first + (slope - first) * (1.0 - beta1))
    second.copy_(second * beta2 + slope * slope * (1.0 - beta2))
    if amsgrad:
        largest.copy_(largest.maximum(second))
        size = largest.sqrt() / root2 + eps
    else:
        size = second.sqrt() / root2 + eps
    p.copy_(start - first / size * (lr / correction1))


def rmsprop(
    p: Tensor, g: Tensor, square: Tensor, mean: Tensor, buffer: Tensor, lr: float,
    alpha: float, eps: float, decay: float, momentum: float, centered: bool,
) -> None:  # fmt: skip
    """p -= lr * g / root of the running mean of squares."""
    slope = g + p * decay
    square.copy_(square * alpha + slope * slope * (1.0 - alpha))
    if centered:
        mean.copy_(mean + (slope - mean) * (1.0 - alpha))
        size = (square - mean * mean).sqrt() + eps
    else:
        size = square.sqrt() + eps
    if momentum > 0.0:
        buffer.copy_(buffer * momentum + slope / size)
        p.copy_(p - buffer * lr)
    else:
        p.copy_(p - slope / size * lr)


def adagrad(
    p: Tensor, g: Tensor, total: Tensor, lr: float, eps: float, decay: float
) -> None:
    """p -= lr * g / root of the sum of squares."""
    slope = g + p * decay
    total.copy_(total + slope * slope)
    p.copy_(p - slope / (total.sqrt() + eps) * lr)


def adadelta(
    p: Tensor, g: Tensor, square: Tensor, moved: Tensor, lr: float, rho: float,
    eps: float, decay: float,
) -> None:  # fmt: skip
    """p -= lr * g * root of mean squared step / root of mean squared gradient."""
    slope = g + p * decay
    square.copy_(square * rho + slope * slope * (1.0 - rho))
    step = (moved + eps).sqrt() / (square + eps).sqrt() * slope
    moved.copy_(moved * rho + step * step * (1.0 - rho))
    p.copy_(p - step * lr)


def adamax(
    p: Tensor, g: Tensor, first: Tensor, norm: Tensor, rate: float, beta1: float,
    beta2: float, eps: float, decay: float,
) -> None:  # fmt: skip
    """Adam with the largest gradient in place of the mean square."""
    slope = g + p * decay
    first.copy_(first + (slope - first) * (1.0 - beta1))
    norm.copy_((norm * beta2).maximum(slope.abs() + eps))
    p.copy_(p - first / norm * rate)
