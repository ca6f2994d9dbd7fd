"""`torch.nn.init`: the first values of parameters, written in place.

The schemes are torch's; the random numbers come from our generator.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from jit.runtime.random import Generator
from jit.runtime.tensor import Tensor
from jit.torch.modes import no_grad

X = TypeVar("X", bound=Tensor)

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much weights grow to make up for a nonlinearity behind them."""
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


def fans(sizes: Sequence[int]) -> tuple[int, int]:
    """How many inputs an output has, and outputs an input, for a weight's sizes."""
    if len(sizes) < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2"
            " dimensions"
        )
    field = math.prod(sizes[2:])
    return sizes[1] * field, sizes[0] * field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    modes = ("fan_in", "fan_out")
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {list(modes)}")
    return fans(tensor.array.shape)[modes.index(mode.lower())]


def uniform_(
    tensor: X, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> X:
    """Uniform between a and b."""
    with no_grad():
        tensor.uniform_(a, b, generator=generator)
    return tensor


def normal_(
    tensor: X, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> X:
    """Normal with a mean and a standard deviation."""
    with no_grad():
        tensor.normal_(mean, std, generator=generator)
    return tensor


def trunc_normal_(
    tensor: X,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> X:
    """Normal, and drawn again where outside of a and b."""
    with no_grad():
        # the inverse of the distribution function, of a uniform draw between two values
        low = _normal_below((a - mean) / std)
        high = _normal_below((b - mean) / std)
        tensor.uniform_(2 * low - 1, 2 * high - 1, generator=generator)
        tensor.erfinv_()
        tensor.mul_(std * math.sqrt(2.0))
        tensor.add_(mean)
        tensor.clamp_(min=a, max=b)
    return tensor


def _normal_below(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def constant_(tensor: X, val: float) -> X:
    """One number everywhere."""
    with no_grad():
        tensor.fill_(val)
    return tensor


def ones_(tensor: X) -> X:
    """Ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: X) -> X:
    """Zeros."""
    return constant_(tensor, 0.0)


def eye_(tensor: X) -> X:
    """The identity matrix."""
    import numpy as np

    if tensor.array.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    tensor.array[...] = np.eye(*tensor.array.shape)
    return tensor


def xavier_uniform_(
    tensor: X, gain: float = 1.0, generator: Generator | None = None
) -> X:
    """Uniform, as wide as keeps the variance of signals both ways."""
    fan_in, fan_out = fans(tensor.array.shape)
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / (fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(
    tensor: X, gain: float = 1.0, generator: Generator | None = None
) -> X:
    """Normal, as wide as keeps the variance of signals both ways."""
    fan_in, fan_out = fans(tensor.array.shape)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (fan_in + fan_out)), generator)


def kaiming_uniform_(
    tensor: X,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> X:
    """Uniform, as wide as keeps the variance of signals one way."""
    if 0 in tensor.array.shape:
        return tensor
    fan = _calculate_correct_fan(tensor, mode)
    bound = math.sqrt(3.0) * calculate_gain(nonlinearity, a) / math.sqrt(fan)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: X,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> X:
    """Normal, as wide as keeps the variance of signals one way."""
    if 0 in tensor.array.shape:
        return tensor
    fan = _calculate_correct_fan(tensor, mode)
    std = calculate_gain(nonlinearity, a) / math.sqrt(fan)
    return normal_(tensor, 0.0, std, generator)
