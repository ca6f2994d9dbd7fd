"""Fold a batch normalisation with constant statistics into the convolution before it.

    %a : Tensor = aten::conv2d(%x, %w, %b, …)
    %y : Tensor = aten::batch_norm(%a, …)      →   %y : Tensor = aten::conv2d(%x, %v, %c, …)

With s = gamma / sqrt(var + eps), the new weight is w * s for each output channel and
the new bias (b - mean) * s + beta, computed in float64. Results differ in rounding, so
this belongs to freezing, which is asked for, and not to the pipeline.

Idempotent.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir.builder import Builder
from jit.ir.graph import NOT_CONSTANT, Graph, Node
from jit.passes.reasons import decline

Array = np.ndarray[Any, Any]

CONVOLUTIONS = ("aten::conv1d", "aten::conv2d", "aten::conv3d")

SIZES = ("aten::dim", "aten::size", "aten::numel")
"""Operators that read no elements: what is normalised has the same sizes."""


def run(graph: Graph) -> bool:
    """Return whether any normalisation was folded."""
    changed = False
    for node in graph.find_nodes("aten::batch_norm"):
        folded = _fold(node)
        if isinstance(folded, str):
            decline("fold_batch_norm", node, folded)
        else:
            changed = True
    return changed


def _fold(node: Node) -> str | Node:
    """The new convolution, or why there is none."""
    convolution = node.inputs[0].node
    if convolution.kind not in CONVOLUTIONS:
        return "its input is no convolution"
    readers = [use.node for use in convolution.output.uses]
    if any(r is not node and r.kind not in SIZES for r in readers):
        return "the convolution is read by others"
    if convolution.block is not node.block:
        return "the convolution stands elsewhere"
    constants = [v.constant for v in (*convolution.inputs[1:3], *node.inputs[1:8])]
    if any(c is NOT_CONSTANT for c in constants):
        return "its parameters are not constant"
    weight, bias, gamma, beta, mean, variance, training, _, epsilon = constants
    if training is not False or mean is None or variance is None:
        return "it normalises with the statistics of the input"
    channels = weight.shape[0]
    vectors = [bias, gamma, beta, mean, variance]
    if any(v is not None and v.shape != (channels,) for v in vectors):
        return "the numbers of channels differ"
    if any(v is not None and v.dtype != weight.dtype for v in vectors):
        return "the dtypes differ"
    new_weight, new_bias = folded_parameters(
        weight, bias, gamma, beta, mean, variance, epsilon
    )
    make = Builder(convolution)
    convolution.set_input(1, make.constant(new_weight))
    convolution.set_input(2, make.constant(new_bias))
    convolution.output.name = node.output.name or convolution.output.name
    node.output.replace_all_uses_with(convolution.output)
    node.destroy()
    return convolution


def folded_parameters(
    weight: Array,
    bias: Array | None,
    gamma: Array | None,
    beta: Array | None,
    mean: Array,
    variance: Array,
    epsilon: float,
) -> tuple[Array, Array]:
    """Weight [C, ...] and bias [C] of the convolution that normalises as well."""
    wide = np.float64
    scale = 1 / np.sqrt(variance.astype(wide) + epsilon)
    if gamma is not None:
        scale = scale * gamma.astype(wide)
    shift = -mean.astype(wide) if bias is None else bias.astype(wide) - mean
    shift = shift * scale
    if beta is not None:
        shift = shift + beta.astype(wide)
    spread = scale.reshape(-1, *[1] * (weight.ndim - 1))
    return (weight.astype(wide) * spread).astype(weight.dtype), shift.astype(
        weight.dtype
    )
