"""Activations and dropout as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jit.ir.dtypes import DType
from jit.runtime.tensor import Tensor
from jit.torch.nn import operations

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0)."""
    if inplace:
        return torch.relu_(input)
    return torch.relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6)."""
    if inplace:
        return operations.relu6_(input)
    return operations.relu6(input)


def leaky_relu(
    input: Tensor, negative_slope: float = 0.01, inplace: bool = False
) -> Tensor:
    """x where x > 0, otherwise negative_slope * x."""
    if inplace:
        return operations.leaky_relu_(input, negative_slope)
    return operations.leaky_relu(input, negative_slope)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x * sigmoid(x)."""
    if inplace:
        return operations.silu_(input)
    return operations.silu(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * tanh(softplus(x))."""
    if inplace:
        return operations.mish_(input)
    return operations.mish(input)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, otherwise alpha * (exp(x) - 1)."""
    if inplace:
        return operations.elu_(input, alpha)
    return operations.elu(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` with the scale and alpha that keep mean 0 and variance 1."""
    if inplace:
        return operations.selu_(input)
    return torch.selu(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`elu` that is smooth at 0 for every alpha."""
    if inplace:
        return operations.celu_(input, alpha)
    return torch.celu(input, alpha)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x between min_val and max_val."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if inplace:
        return operations.hardtanh_(input, min_val, max_val)
    return operations.hardtanh(input, min_val, max_val)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """relu6(x + 3) / 6."""
    if inplace:
        return operations.hardsigmoid_(input)
    return operations.hardsigmoid(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * hardsigmoid(x)."""
    if inplace:
        return operations.hardswish_(input)
    return operations.hardswish(input)


def threshold(
    input: Tensor, threshold: float, value: float, inplace: bool = False
) -> Tensor:
    """x where x > threshold, otherwise value."""
    if inplace:
        return torch.threshold_(input, threshold, value)
    return torch.threshold(input, threshold, value)


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """x where x > 0, else x times a slope: drawn in training, the middle otherwise."""
    made = torch.rrelu(input, lower, upper, training)
    if inplace:
        return input.copy_(made)
    return made


def rrelu_(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
) -> Tensor:
    """`rrelu` in place."""
    return rrelu(input, lower, upper, training, True)


def gumbel_softmax(
    logits: Tensor,
    tau: float = 1.0,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
) -> Tensor:
    """Samples of classes that have a gradient; as one-hot if `hard`."""
    drawn = -torch.log(-torch.log(torch.rand_like(logits).clamp_min(1e-30)))
    soft = ((logits + drawn) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    chosen = torch.zeros_like(logits).scatter_(dim, index, 1.0)
    return chosen - soft.detach() + soft


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along a dim times the sigmoid of the second."""
    if input.dim() == 0:
        raise RuntimeError(
            "glu does not support scalars because halving size must be even"
        )
    return operations.glu(input, dim)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return torch.sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return torch.tanh(input)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return input / (torch.abs(input) + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return input - torch.tanh(input)


def _softmax_dim(rank: int) -> int:
    """The dim that softmax takes when none is given."""
    if rank == 0 or rank == 1 or rank == 3:
        return 0
    return 1


def softmax(
    input: Tensor,
    dim: int | None = None,
    _stacklevel: int = 3,
    dtype: DType | None = None,
) -> Tensor:
    """exp(x) scaled to sum to one along a dim."""
    along = _softmax_dim(input.dim()) if dim is None else dim
    return torch.softmax(input, along, dtype)


def softmin(
    input: Tensor,
    dim: int | None = None,
    _stacklevel: int = 3,
    dtype: DType | None = None,
) -> Tensor:
    """The softmax of -x."""
    along = _softmax_dim(input.dim()) if dim is None else dim
    return torch.softmax(torch.neg(input), along, dtype)


def log_softmax(
    input: Tensor,
    dim: int | None = None,
    _stacklevel: int = 3,
    dtype: DType | None = None,
) -> Tensor:
    """The logarithm of the softmax, without overflow."""
    along = _softmax_dim(input.dim()) if dim is None else dim
    return torch.log_softmax(input, along, dtype)


# dropout ------------------------------------------------------------------------------


def _check_probability(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def dropout(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Each element 0 with probability p, else divided by 1 - p; only in training."""
    _check_probability(p)
    if inplace:
        return torch.dropout_(input, p, training)
    return torch.dropout(input, p, training)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """As `dropout`, for whole channels of `[N, C, L]` or `[C, L]`."""
    _check_probability(p)
    rank = input.dim()
    if rank != 2 and rank != 3:
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {rank}D input."
        )
    batched = input if rank == 3 else input.unsqueeze(0)
    if inplace:
        result = operations.feature_dropout_(batched, p, training)
    else:
        result = torch.feature_dropout(batched, p, training)
    return result if rank == 3 else result.squeeze(0)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """As `dropout`, for whole channels of `[N, C, H, W]`."""
    _check_probability(p)
    if inplace:
        return operations.feature_dropout_(input, p, training)
    return torch.feature_dropout(input, p, training)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """As `dropout`, for whole channels of `[N, C, D, H, W]`."""
    _check_probability(p)
    if inplace:
        return operations.feature_dropout_(input, p, training)
    return torch.feature_dropout(input, p, training)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """As `alpha_dropout`, for whole channels."""
    _check_probability(p)
    if inplace:
        return operations.feature_alpha_dropout_(input, p, training)
    return torch.feature_alpha_dropout(input, p, training)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """As `dropout`, keeping mean 0 and variance 1 behind selu."""
    _check_probability(p)
    if inplace:
        return operations.alpha_dropout_(input, p, training)
    return torch.alpha_dropout(input, p, training)
