"""`torch.nn.functional`: layers and losses as functions.

Functions that are operators are found by name when they are used: `F.linear`,
`F.conv2d`, `F.gelu`. The others are written in the language that `jit.script` compiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from jit.ir.dtypes import DType
from jit.runtime.tensor import Tensor
from jit.torch.nn import operations
from jit.torch.nn.attending import (
    multi_head_attention_forward,
)
from jit.torch.nn.linear_loss import linear_cross_entropy
from jit.torch.nn.loss_functions import (
    ctc_loss,
    gaussian_nll_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    poisson_nll_loss,
    triplet_margin_with_distance_loss,
)
from jit.torch.nn.pools import (
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    fractional_max_pool2d,
    fractional_max_pool2d_with_indices,
    fractional_max_pool3d,
    fractional_max_pool3d_with_indices,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)
from jit.torch.nn.reductions import (
    reduction_number,
)
from jit.torch.nn.resample import (
    affine_grid,
    grid_sample,
    interpolate,
    upsample,
    upsample_bilinear,
    upsample_nearest,
)

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "affine_grid",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "ctc_loss",
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "gaussian_nll_loss",
    "grid_sample",
    "interpolate",
    "linear_cross_entropy",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "multi_head_attention_forward",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "poisson_nll_loss",
    "triplet_margin_with_distance_loss",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

_SAME_NAME = (
    "adaptive_avg_pool1d",
    "bilinear",
    "celu_",
    "channel_shuffle",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_tbc",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_similarity",
    "elu_",
    "gelu",
    "hardshrink",
    "hardtanh_",
    "leaky_relu_",
    "linear",
    "max_pool1d_with_indices",
    "max_pool2d_with_indices",
    "max_pool3d_with_indices",
    "native_channel_shuffle",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pdist",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "prelu",
    "relu_",
    "scaled_dot_product_attention",
    "selu_",
    "softplus",
    "softshrink",
    "threshold_",
)
_OPERATORS = {name: name for name in _SAME_NAME} | {
    "adaptive_max_pool1d_with_indices": "adaptive_max_pool1d",
    "adaptive_max_pool2d_with_indices": "adaptive_max_pool2d",
    "adaptive_max_pool3d_with_indices": "adaptive_max_pool3d",
    "logsigmoid": "log_sigmoid",
}
"""Functions that are operators, and the operators' names."""


if TYPE_CHECKING:
    from collections.abc import Callable

    adaptive_avg_pool1d: Callable[..., Any]
    adaptive_max_pool1d_with_indices: Callable[..., Any]
    adaptive_max_pool2d_with_indices: Callable[..., Any]
    adaptive_max_pool3d_with_indices: Callable[..., Any]
    bilinear: Callable[..., Any]
    celu_: Callable[..., Any]
    channel_shuffle: Callable[..., Any]
    conv1d: Callable[..., Any]
    conv2d: Callable[..., Any]
    conv3d: Callable[..., Any]
    conv_tbc: Callable[..., Any]
    conv_transpose1d: Callable[..., Any]
    conv_transpose2d: Callable[..., Any]
    conv_transpose3d: Callable[..., Any]
    cosine_similarity: Callable[..., Any]
    elu_: Callable[..., Any]
    gelu: Callable[..., Any]
    hardshrink: Callable[..., Any]
    hardtanh_: Callable[..., Any]
    leaky_relu_: Callable[..., Any]
    linear: Callable[..., Any]
    logsigmoid: Callable[..., Any]
    max_pool1d_with_indices: Callable[..., Any]
    max_pool2d_with_indices: Callable[..., Any]
    max_pool3d_with_indices: Callable[..., Any]
    native_channel_shuffle: Callable[..., Any]
    one_hot: Callable[..., Any]
    pad: Callable[..., Any]
    pairwise_distance: Callable[..., Any]
    pdist: Callable[..., Any]
    pixel_shuffle: Callable[..., Any]
    pixel_unshuffle: Callable[..., Any]
    prelu: Callable[..., Any]
    relu_: Callable[..., Any]
    scaled_dot_product_attention: Callable[..., Any]
    selu_: Callable[..., Any]
    softplus: Callable[..., Any]
    softshrink: Callable[..., Any]
    threshold_: Callable[..., Any]


def __getattr__(name: str) -> Any:
    kind = _OPERATORS.get(name)
    if kind is None:
        raise AttributeError(
            f"module 'torch.nn.functional' has no attribute {name!r}", name=name
        )
    found = globals()[name] = getattr(operations, kind)
    return found


def __dir__() -> list[str]:
    return sorted({n for n in globals() if not n.startswith("_")} | set(_OPERATORS))


# activations --------------------------------------------------------------------------


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


# tables and norms ---------------------------------------------------------------------


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` that `input` names."""
    row = -1
    if padding_idx is not None:
        count = weight.size(0)
        inside = torch.jit.is_tracing() or -count <= padding_idx < count
        if not inside:
            raise AssertionError("Padding_idx must be within num_embeddings")
        row = padding_idx if padding_idx >= 0 else count + padding_idx
    if max_norm is not None:
        # the rows are scaled for good, past the tape
        operations.embedding_renorm_(weight.detach(), input, max_norm, norm_type)
    return torch.embedding(weight, input, row, scale_grad_by_freq, sparse)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Optional[Tensor] = None,  # noqa: UP045
    max_norm: Optional[float] = None,  # noqa: UP045
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Optional[Tensor] = None,  # noqa: UP045
    include_last_offset: bool = False,
    padding_idx: Optional[int] = None,  # noqa: UP045
) -> Tensor:
    """Sums, means or maxima of bags of rows of `weight`.

    A bag is a row of `input`, or begins at one of the `offsets`.
    """
    if per_sample_weights is not None and input.size() != per_sample_weights.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.size()}) is not"
            f" None, then it must have the same shape as the input ({input.size()})"
        )
    if weight.dim() != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension"
                         f" {weight.dim()}")  # fmt: skip
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a"
                " mini-batch of fixed length sequences. However, found offsets of type"
                " Tensor"
            )
        starts = torch.arange(
            0, input.numel(), max(input.size(1), 1), dtype=input.dtype
        )
        input = input.reshape(-1)
        if per_sample_weights is not None:
            per_sample_weights = per_sample_weights.reshape(-1)
    elif input.dim() == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.dim() != 1:
            raise ValueError("offsets has to be a 1D Tensor")
        starts = offsets
    else:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}"
        )
    number = 0
    if mode == "mean":
        number = 1
    elif mode == "max":
        number = 2
        if scale_grad_by_freq:
            raise ValueError(
                "max mode does not support scaling the gradient by the frequency"
            )
    elif mode != "sum":
        raise ValueError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only"
            f" supported for mode='sum' (got mode='{mode}'). Please open a feature"
            " request on GitHub."
        )
    if max_norm is not None:
        operations.embedding_renorm_(weight.detach(), input, max_norm, norm_type)
    found = torch.embedding_bag(
        weight, input, starts, scale_grad_by_freq, number, sparse, per_sample_weights,
        include_last_offset, padding_idx,
    )  # fmt: skip
    return found[0]


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Divided by a power of the mean square over neighbouring channels."""
    rank = input.dim()
    if rank < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality                          input"
            f" (got {rank} dimensions)"
        )
    if input.numel() == 0:
        return input
    squares = (input * input).unsqueeze(1)
    shape = input.size()
    flat = squares.reshape(shape[0], 1, shape[1], -1, 1).squeeze(-1)
    flat = operations.constant_pad_nd(flat, [0, 0, size // 2, (size - 1) // 2])
    means = operations.avg_pool2d(flat, [size, 1], [1, 1]).reshape(shape)
    return input / (means * alpha + k).pow(beta)


def layer_norm(
    input: Tensor,
    normalized_shape: list[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Mean 0 and variance 1 over the last dims, then `* weight + bias`."""
    return torch.layer_norm(input, normalized_shape, weight, bias, eps, True)


def rms_norm(
    input: Tensor,
    normalized_shape: list[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Divided by the root of the mean square over the last dims, then `* weight`."""
    return torch.rms_norm(input, normalized_shape, weight, eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Mean 0 and variance 1 over groups of channels, then `* weight + bias`."""
    return torch.group_norm(input, num_groups, weight, bias, eps, True)


def _places(x: Tensor) -> int:
    """The number of places behind batch and channels."""
    count = 1
    for i in range(2, x.dim()):
        count *= x.size(i)
    return count


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Mean 0 and variance 1 for each channel, then `* weight + bias`."""
    # a trace would keep the answer: checks of sizes are for plain and scripted calls
    checked = training and not torch.jit.is_tracing()
    if checked and input.size(0) * _places(input) == 1:
        raise ValueError(
            "Expected more than 1 value per channel when training, got input size"
            f" {input.size()}"
        )
    return torch.batch_norm(
        input, weight, bias, running_mean, running_var, training, momentum, eps, True
    )


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Mean 0 and variance 1 for each channel of each element of the batch."""
    checked = use_input_stats and not torch.jit.is_tracing()
    if checked and _places(input) == 1:
        raise ValueError(
            "Expected more than 1 spatial element when training, got input size"
            f" {input.size()}"
        )
    return torch.instance_norm(
        input,
        weight,
        bias,
        running_mean,
        running_var,
        use_input_stats,
        momentum,
        eps,
        True,
    )


def normalize(
    input: Tensor,
    p: float = 2.0,
    dim: int = 1,
    eps: float = 1e-12,
    out: Optional[Tensor] = None,  # noqa: UP045
) -> Tensor:
    """Divided by the p-norm along a dim."""
    size = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    if out is not None:
        return torch.div(input, size, out=out)
    return input / size


# windows ------------------------------------------------------------------------------


def unfold(
    input: Tensor,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """The windows of images as columns."""
    return operations.im2col(input, kernel_size, dilation, padding, stride)


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Columns added up where their windows lie."""
    return operations.col2im(input, output_size, kernel_size, dilation, padding, stride)


# losses -------------------------------------------------------------------------------


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The squares of the differences."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.mse_loss(input, target, number)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The absolute differences."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.l1_loss(input, target, number)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Squared below `beta`, absolute above, joined smoothly."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.smooth_l1_loss(input, target, number, beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0
) -> Tensor:
    """Squared below `delta`, absolute above, joined smoothly."""
    return operations.huber_loss(input, target, reduction_number(reduction), delta)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(-target * input)), for targets of -1 and 1."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.soft_margin_loss(input, target, number)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target * (log target - input), for inputs that are logarithms."""
    if reduction == "batchmean":
        total = torch.kl_div(input, target, 2, log_target=log_target)
        return total / input.size(0)
    number = reduction_number(reduction, size_average, reduce)
    return torch.kl_div(input, target, number, log_target=log_target)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the logarithm of the probability of the target's class."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.nll_loss_nd(input, target, weight, number, ignore_index)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """`nll_loss` of the logarithm of the softmax; targets are numbers or shares."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.cross_entropy_loss(
        input, target, weight, number, ignore_index, label_smoothing
    )


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-(target log input + (1 - target) log(1 - input))."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.binary_cross_entropy(input, target, weight, number)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of the sigmoid of the input, without overflow."""
    number = reduction_number(reduction, size_average, reduce)
    if not torch.jit.is_tracing() and target.size() != input.size():
        raise ValueError(
            f"Target size ({target.size()}) must be the same as input size"
            f" ({input.size()})"
        )
    return torch.binary_cross_entropy_with_logits(
        input, target, weight, pos_weight, number
    )


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cosine for targets of 1, the cosine above a margin for targets of -1."""
    number = reduction_number(reduction, size_average, reduce)
    return torch.cosine_embedding_loss(input1, input2, target, margin, number)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How far pairs are from the order that the target, 1 or -1, gives them."""
    number = reduction_number(reduction, size_average, reduce)
    if not torch.jit.is_tracing() and (
        input1.dim() != input2.dim() or input1.dim() != target.dim()
    ):
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got"
            f" sizes: input1: {input1.size()}, input2: {input2.size()}, target:"
            f" {target.size()} "
        )
    return torch.margin_ranking_loss(input1, input2, target, margin, number)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """x for targets of 1, max(0, margin - x) for targets of -1."""
    number = reduction_number(reduction, size_average, reduce)
    return torch.hinge_embedding_loss(input, target, margin, number)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How much nearer the negative is than the positive, plus a margin."""
    number = reduction_number(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return torch.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, number
    )
