"""Which operators torch shows under which name: `torch.exp`, `Tensor.view`.

Every operator card on tensors is public under its own name, unless it is listed here.
"""

from __future__ import annotations

from jit.ir.schema import FunctionSchema


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


METHOD_ONLY = _names(
    """
    alias contiguous copy cauchy data dim element_size expand expand_as exponential
    geometric index is_contiguous is_leaf is_pinned item lift_fresh log_normal mH mT
    matrix_H new_empty new_empty_strided new_full new_ones new_zeros nonzero_numpy
    normal_functional numpy_T output_nr repeat reshape_as resize resize_as retain_grad set
    set_data size slice storage_offset stride sum_to_size to type_as unfold uniform view
    view_as zero
    """
)
"""Tensor methods and attributes that are no functions of `torch`."""

LANGUAGE_ONLY = _names(
    """
    append clear count device dict extend format get hash id insert items keys len list
    ord pop popitem remove reverse setdefault sorted str update values
    """
)
"""Operators of the language: functions and methods of Python's own types."""

FUNCTIONAL_ONLY = _names(
    """
    adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d
    avg_pool2d avg_pool3d binary_cross_entropy col2im cross_entropy_loss elu gelu glu
    hardsigmoid hardswish hardtanh huber_loss im2col l1_loss leaky_relu linear log_sigmoid
    max_pool2d_with_indices max_pool3d_with_indices mish mse_loss multi_margin_loss
    multilabel_margin_loss nll_loss nll_loss2d nll_loss_nd one_hot pad reflection_pad1d
    reflection_pad2d reflection_pad3d relu6 replication_pad1d replication_pad2d
    replication_pad3d scaled_dot_product_attention silu smooth_l1_loss soft_margin_loss
    softplus softshrink upsample_bicubic2d upsample_bilinear2d upsample_linear1d
    upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_trilinear3d
    """
)
"""What `torch.nn.functional` has and `torch` has not."""

_SUBMODULES = ("linalg_", "special_", "fft_")

_IN_PLACE_FUNCTIONS = _names(
    """
    abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ asin_
    asinh_ atan_ atanh_ ceil_ celu_ clamp_ clamp_max_ clamp_min_ clip_ conj_physical_ cos_
    cosh_ deg2rad_ detach_ dropout_ embedding_renorm_ erf_ erfc_
    exp2_ exp_ expm1_ fill_ fix_ floor_ frac_
    gcd_ i0_ index_put_ lcm_ ldexp_ log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_
    negative_ rad2deg_ reciprocal_ relu_ round_ rrelu_ rsqrt_ selu_ sigmoid_ sin_ sinc_
    sinh_ sqrt_ square_ tan_ tanh_ threshold_ trunc_ xlogy_ zero_
    """
)

ATTRIBUTES = frozenset(("T", "mT", "mH", "real", "imag"))
"""Operators without further arguments that are attributes of a Tensor."""


def mentions_tensors(schema: FunctionSchema) -> bool:
    """Whether an operator is about tensors, not about lists or numbers."""
    return any(
        str(a.type).startswith("Tensor") for a in (*schema.arguments, *schema.returns)
    )


def is_function(name: str) -> bool:
    """Whether `torch.<name>` is the operator `aten::<name>`."""
    if name.startswith(("_", "new_", *_SUBMODULES)) or name[0].isupper():
        return False
    if name.endswith("_"):
        return name in _IN_PLACE_FUNCTIONS
    return name not in METHOD_ONLY | FUNCTIONAL_ONLY | LANGUAGE_ONLY


def is_method(name: str, schema: FunctionSchema) -> bool:
    """Whether a Tensor has the method `name` for `aten::<name>`."""
    if name.startswith(("_", *_SUBMODULES)) or name[0].isupper():
        return False
    if name in LANGUAGE_ONLY:
        return False
    first = schema.arguments[0] if schema.arguments else None
    return first is not None and first.name == "self" and str(first.type) == "Tensor"
