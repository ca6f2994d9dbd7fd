"""The operators that have machine code of their own when they are called eagerly.

They write nothing, draw no random numbers and give one tensor.
"""

from __future__ import annotations

WITH_NUMBERS = frozenset(
    f"aten::{name}"
    for name in (
        "add", "sub", "mul", "div", "rsub", "pow", "remainder", "floor_divide", "eq",
        "ne", "lt", "le", "gt", "ge", "clamp", "clamp_min", "clamp_max",
    )
)  # fmt: skip
"""Numbers given to these are inputs of their code, and no part of it."""

_POINTWISE = (
    "abs", "neg", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt",
    "rsqrt", "square", "reciprocal", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "sigmoid",
    "relu", "relu6", "gelu", "silu", "mish", "elu", "selu", "celu", "leaky_relu",
    "hardtanh", "hardsigmoid", "hardswish", "softplus", "softsign", "logsigmoid",
    "log_sigmoid", "floor", "ceil", "trunc", "round", "frac", "sign", "isnan",
    "isinf", "isfinite", "logical_not", "logical_and", "logical_or", "logical_xor",
    "bitwise_not", "bitwise_and", "bitwise_or", "bitwise_xor", "__and__", "__or__",
    "__xor__", "maximum", "minimum", "fmin", "fmax", "atan2", "hypot", "where",
    "lerp", "addcmul", "addcdiv",
)  # fmt: skip
_OTHERS = (
    "sum", "mean", "amax", "amin", "prod", "var", "std", "max", "min", "argmax",
    "argmin", "all", "any", "logsumexp", "norm", "softmax", "log_softmax", "cumsum",
    "layer_norm", "group_norm", "rms_norm", "batch_norm", "matmul", "mm", "bmm", "mv",
    "dot", "addmm", "baddbmm", "linear", "outer", "conv1d", "conv2d", "conv3d",
    "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "mse_loss", "l1_loss",
    "binary_cross_entropy_with_logits", "cross_entropy", "nll_loss", "nll_loss_nd",
    "scaled_dot_product_attention", "embedding", "index_select", "gather", "tril",
    "triu", "clone", "flip", "roll", "repeat", "constant_pad_nd", "cumprod",
)  # fmt: skip
_VIEWS = (
    "reshape", "view", "flatten", "permute", "transpose", "t", "squeeze", "unsqueeze",
    "expand", "select", "narrow", "numpy_T", "movedim", "unflatten",
)  # fmt: skip

_OF_LISTS = ("cat", "stack", "concat")

GET_ITEM = "Tensor.__getitem__"
"""Stands for `x[i]` of an int, which selects; the int is an input."""

KINDS = WITH_NUMBERS.union(
    f"aten::{n}" for n in (*_POINTWISE, *_OTHERS, *_VIEWS, *_OF_LISTS)
)

SIZED = frozenset(("aten::convolution_backward", "aten::_nll_loss_nd_backward"))
"""Operators whose code is made for the very sizes of their tensors."""
