"""The update rules of the optimizers: new parameters and state from the old ones.

Each is scripted when an optimizer first steps, and runs for all parameters as the same
machine code: parameters come flat, so that rank and sizes make no difference. Rules have
no branches, so that all of an update is one loop over the elements; forms that differ are
rules of their own. Sources: the papers that the optimizers name.
"""

from __future__ import annotations

from jit.runtime.tensor import Tensor


def sgd(p: Tensor, g: Tensor, lr: float, decay: float) -> Tensor:
    """p - lr * (g + decay * p)."""
    return p - (g + p * decay) * lr


def sgd_first(
    p: Tensor, g: Tensor, lr: float, decay: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """The first step with momentum; the buffer begins with the gradient."""
    step = g + p * decay
    return p - step * lr, step


def sgd_first_nesterov(
    p: Tensor, g: Tensor, lr: float, decay: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """The first step in Nesterov's form."""
    step = g + p * decay
    return p - (step + step * momentum) * lr, step


def sgd_momentum(
    p: Tensor, g: Tensor, buffer: Tensor, lr: float, decay: float, momentum: float,
    rest: float,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """A later step with momentum; `rest` is one less the dampening."""
    made = buffer * momentum + (g + p * decay) * rest
    return p - made * lr, made


def sgd_nesterov(
    p: Tensor, g: Tensor, buffer: Tensor, lr: float, decay: float, momentum: float,
    rest: float,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """A later step in Nesterov's form."""
    step = g + p * decay
    made = buffer * momentum + step * rest
    return p - (step + made * momentum) * lr, made


def adam(
    p: Tensor, g: Tensor, first: Tensor, second: Tensor, beta1: float, beta2: float,
    eps: float, coupled: float, kept: float, rate: float, root2: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Adam and AdamW. `coupled` is the decay in the gradient, `kept` what decoupled
    decay leaves; `rate` and `root2` hold the corrections of the bias."""
    slope = g + p * coupled
    mean = first + (slope - first) * (1.0 - beta1)
    square = second * beta2 + slope * slope * (1.0 - beta2)
    size = square.sqrt() / root2 + eps
    return p * kept - mean / size * rate, mean, square


def amsgrad(
    p: Tensor, g: Tensor, first: Tensor, second: Tensor, largest: Tensor, beta1: float,
    beta2: float, eps: float, coupled: float, kept: float, rate: float, root2: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """Adam by the largest mean square so far."""
    slope = g + p * coupled
    mean = first + (slope - first) * (1.0 - beta1)
    square = second * beta2 + slope * slope * (1.0 - beta2)
    most = largest.maximum(square)
    size = most.sqrt() / root2 + eps
    return p * kept - mean / size * rate, mean, square, most


def rmsprop(
    p: Tensor, g: Tensor, square: Tensor, lr: float, alpha: float, eps: float,
    decay: float,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """p less lr * g over the root of the running mean of squares."""
    slope = g + p * decay
    made = square * alpha + slope * slope * (1.0 - alpha)
    return p - slope / (made.sqrt() + eps) * lr, made


def rmsprop_momentum(
    p: Tensor, g: Tensor, square: Tensor, buffer: Tensor, lr: float, alpha: float,
    eps: float, decay: float, momentum: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """The same with momentum."""
    slope = g + p * decay
    made = square * alpha + slope * slope * (1.0 - alpha)
    moved = buffer * momentum + slope / (made.sqrt() + eps)
    return p - moved * lr, made, moved


def rmsprop_centered(
    p: Tensor, g: Tensor, square: Tensor, mean: Tensor, buffer: Tensor, lr: float,
    alpha: float, eps: float, decay: float, momentum: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """The same by the variance of the gradients; momentum may be 0."""
    slope = g + p * decay
    made = square * alpha + slope * slope * (1.0 - alpha)
    middle = mean + (slope - mean) * (1.0 - alpha)
    size = (made - middle * middle).sqrt() + eps
    moved = buffer * momentum + slope / size
    return p - moved * lr, made, middle, moved


def adagrad(
    p: Tensor, g: Tensor, total: Tensor, lr: float, eps: float, decay: float
) -> tuple[Tensor, Tensor]:
    """p less lr * g over the root of the sum of squares."""
    slope = g + p * decay
    made = total + slope * slope
    return p - slope / (made.sqrt() + eps) * lr, made


def adadelta(
    p: Tensor, g: Tensor, square: Tensor, moved: Tensor, lr: float, rho: float,
    eps: float, decay: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """p less lr * g times the root of mean squared steps over that of gradients."""
    slope = g + p * decay
    made = square * rho + slope * slope * (1.0 - rho)
    step = (moved + eps).sqrt() / (made + eps).sqrt() * slope
    return p - step * lr, made, moved * rho + step * step * (1.0 - rho)


def adamax(
    p: Tensor, g: Tensor, first: Tensor, norm: Tensor, rate: float, beta1: float,
    beta2: float, eps: float, decay: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Adam with the largest gradient in place of the mean square."""
    slope = g + p * decay
    mean = first + (slope - first) * (1.0 - beta1)
    most = (norm * beta2).maximum(slope.abs() + eps)
    return p - mean / most * rate, mean, most
