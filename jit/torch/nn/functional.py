"""`torch.nn.functional`: layers and losses as functions.

Functions that are operators are found by name when they are used: `F.linear`,
`F.conv2d`, `F.gelu`. The others are written in the language that `jit.script` compiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jit.ir.dtypes import DType
from jit.runtime.tensor import Tensor
from jit.torch.nn import operations
from jit.torch.nn.pools import (
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
)
from jit.torch.nn.resample import interpolate, upsample

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "interpolate",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "upsample",
]

_SAME_NAME = (
    "adaptive_avg_pool1d",
    "bilinear",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cosine_similarity",
    "gelu",
    "hardshrink",
    "linear",
    "max_pool1d_with_indices",
    "max_pool2d_with_indices",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "prelu",
    "scaled_dot_product_attention",
    "softplus",
    "softshrink",
)
_OPERATORS = {name: name for name in _SAME_NAME} | {
    "adaptive_max_pool1d_with_indices": "adaptive_max_pool1d",
    "adaptive_max_pool2d_with_indices": "adaptive_max_pool2d",
    "logsigmoid": "log_sigmoid",
}
"""Functions that are operators, and the operators' names."""


if TYPE_CHECKING:
    from collections.abc import Callable

    adaptive_avg_pool1d: Callable[..., Any]
    adaptive_max_pool1d_with_indices: Callable[..., Any]
    adaptive_max_pool2d_with_indices: Callable[..., Any]
    bilinear: Callable[..., Any]
    conv1d: Callable[..., Any]
    conv2d: Callable[..., Any]
    conv3d: Callable[..., Any]
    conv_transpose1d: Callable[..., Any]
    conv_transpose2d: Callable[..., Any]
    cosine_similarity: Callable[..., Any]
    gelu: Callable[..., Any]
    hardshrink: Callable[..., Any]
    linear: Callable[..., Any]
    logsigmoid: Callable[..., Any]
    max_pool1d_with_indices: Callable[..., Any]
    max_pool2d_with_indices: Callable[..., Any]
    one_hot: Callable[..., Any]
    pad: Callable[..., Any]
    pairwise_distance: Callable[..., Any]
    pixel_shuffle: Callable[..., Any]
    pixel_unshuffle: Callable[..., Any]
    prelu: Callable[..., Any]
    scaled_dot_product_attention: Callable[..., Any]
    softplus: Callable[..., Any]
    softshrink: Callable[..., Any]


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
        raise NotImplementedError("embedding does not support max_norm")
    return torch.embedding(weight, input, row, scale_grad_by_freq, sparse)


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
    if training and not torch.jit.is_tracing() and input.numel() == input.size(1):
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
    if checked and input.numel() == input.size(0) * input.size(1):
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
    input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12
) -> Tensor:
    """Divided by the p-norm along a dim."""
    size = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
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


unfold.operator_kind = "aten::im2col"  # type: ignore[attr-defined]
fold.operator_kind = "aten::col2im"  # type: ignore[attr-defined]


# losses -------------------------------------------------------------------------------


def reduction_number(
    reduction: str, size_average: bool | None = None, reduce: bool | None = None
) -> int:
    """Torch's number for a reduction; the two old flags win if they are given."""
    if size_average is not None or reduce is not None:
        if reduce is not None and not reduce:
            return 0
        if size_average is not None and not size_average:
            return 2
        return 1
    if reduction == "none":
        return 0
    if reduction == "mean":
        return 1
    if reduction == "sum":
        return 2
    raise ValueError(f"{reduction} is not a valid value for reduction")


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


def _reduce(loss: Tensor, reduction: int) -> Tensor:
    if reduction == 1:
        return loss.mean()
    if reduction == 2:
        return loss.sum()
    return loss


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
    cosine = torch.cosine_similarity(input1, input2, -1)
    near = torch.where(torch.eq(target, 1), 1 - cosine, torch.zeros_like(cosine))
    far = torch.where(
        torch.eq(target, -1), (cosine - margin).clamp_min(0), torch.zeros_like(cosine)
    )
    return _reduce(near + far, number)


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
    return _reduce((torch.sub(input2, input1) * target + margin).clamp_min(0), number)


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
    zero = torch.zeros_like(input)
    far = torch.where(torch.ne(target, 1), torch.rsub(input, margin).clamp_min(0), zero)
    near = torch.where(torch.ne(target, -1), input, zero)
    return _reduce(far + near, number)


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
    near = torch.pairwise_distance(anchor, positive, p, eps)
    far = torch.pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = torch.minimum(far, torch.pairwise_distance(positive, negative, p, eps))
    return _reduce((near - far + margin).clamp_min(0), number)
