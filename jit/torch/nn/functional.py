"""`torch.nn.functional`: layers and losses as functions.

Functions that are operators are found by name when they are used: `F.linear`,
`F.conv2d`, `F.gelu`. The others are written in the language that `jit.script` compiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from jit.runtime.tensor import Tensor
from jit.torch.nn import operations
from jit.torch.nn.activation_functions import (
    alpha_dropout,
    celu,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    elu,
    feature_alpha_dropout,
    glu,
    gumbel_softmax,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    log_softmax,
    mish,
    relu,
    relu6,
    rrelu,
    rrelu_,
    selu,
    sigmoid,
    silu,
    softmax,
    softmin,
    softsign,
    tanh,
    tanhshrink,
    threshold,
)
from jit.torch.nn.attending import (
    multi_head_attention_forward,
)
from jit.torch.nn.linear_loss import linear_cross_entropy
from jit.torch.nn.loss_functions import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cosine_embedding_loss,
    cross_entropy,
    ctc_loss,
    gaussian_nll_loss,
    hinge_embedding_loss,
    huber_loss,
    kl_div,
    l1_loss,
    margin_ranking_loss,
    mse_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    nll_loss,
    poisson_nll_loss,
    smooth_l1_loss,
    soft_margin_loss,
    triplet_margin_loss,
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
    "alpha_dropout",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "elu",
    "feature_alpha_dropout",
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "gaussian_nll_loss",
    "glu",
    "grid_sample",
    "gumbel_softmax",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hinge_embedding_loss",
    "huber_loss",
    "interpolate",
    "kl_div",
    "l1_loss",
    "leaky_relu",
    "linear_cross_entropy",
    "log_softmax",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "mish",
    "mse_loss",
    "multi_head_attention_forward",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "relu",
    "relu6",
    "rrelu",
    "rrelu_",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "triplet_margin_loss",
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
