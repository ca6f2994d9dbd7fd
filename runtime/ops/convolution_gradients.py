"""The gradients of convolutions: `aten::convolution_backward`, for any number of axes."""

from __future__ import annotations

import numpy as np

from jit.passes.autodiff import argument
from jit.passes.gradient_vocabulary import GraphVocabulary
from jit.runtime.kernels import convolution as C
from jit.runtime.kernels import convolution_gradients as K
from jit.runtime.kernels.products import widened
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import Shaped

ONLY_INPUT, ONLY_WEIGHT = [True, False, False], [False, True, False]


def slopes(t, g, x, weight, geometry, transposed, extra, axes):
    """The gradients of a convolution to its input, its weight and its bias.

    `geometry` is stride, padding and dilation and the number of groups; the input may
    lack the batch.
    """
    *moves, groups = geometry
    lone = x.ndim == axes + 1
    if lone:
        g, x = t.unsqueeze(g, 0), t.unsqueeze(x, 0)

    def back(mask):
        return t.convolution_backward(
            g, x, weight, None, *moves, transposed, extra, groups, mask
        )

    def of_input():
        made = back(ONLY_INPUT)[0]
        return t.squeeze(made, 0) if lone else made

    return (
        of_input,
        lambda: back(ONLY_WEIGHT)[1],
        lambda: t.sum(g, [0, *range(2, axes + 2)]),
    )


def _input_slope(t, g, x, weight, stride, padding, dilation, axes):
    """The gradient of the input: the transposed convolution of that of the result."""
    extra = [
        x.shape[2 + i]
        - ((g.shape[2 + i] - 1) * stride[i] - 2 * padding[i]
           + dilation[i] * (weight.shape[2 + i] - 1) + 1)
        for i in range(axes)
    ]  # fmt: skip
    return t.convolution(g, weight, None, stride, padding, dilation, True, extra, 1)


def _weight_slope(t, g, x, weight, stride, padding, dilation, axes):
    """The gradient of the weight: a convolution in which the batch takes the place of
    the channels, and the gradient of the result that of the weight."""
    none = [0] * axes
    made = t.convolution(
        t.transpose(x, 0, 1), t.transpose(g, 0, 1), None, dilation, padding, stride,
        False, none, 1,
    )  # fmt: skip
    for i in range(axes):
        made = t.narrow(made, 2 + i, 0, weight.shape[2 + i])
    return t.contiguous(t.transpose(made, 0, 1))


def _geometry(x, stride, padding, dilation, transposed, extra, groups):
    given = extra if transposed else ()
    return C.make_geometry(len(x) - 2, stride, padding, dilation, groups, given)


@op(
    "aten::convolution_backward(Tensor grad_output, Tensor input, Tensor weight,"
    " SymInt[]? bias_sizes, SymInt[] stride, SymInt[] padding, SymInt[] dilation,"
    " bool transposed, SymInt[] output_padding, SymInt groups, bool[3] output_mask)"
    " -> (Tensor, Tensor, Tensor)"
)
class convolution_backward(Shaped):
    """The gradients of `convolution` to input, weight and bias, those of the mask.

    The others are empty.
    """

    saves = ("grad_output", "input", "weight")
    unknown = ("bias_sizes",)

    def kernel(g, x, weight, bias_sizes, stride, padding, dilation, transposed, extra,
               groups, mask):  # fmt: skip
        geometry = _geometry(
            x.shape, stride, padding, dilation, transposed, extra, groups
        )
        nothing = np.empty(0, g.dtype)
        of_x = of_weight = of_bias = nothing
        if mask[0]:
            of_x = K.input_gradient(g, weight, x.shape[2:], geometry, transposed)
        if mask[1]:
            kernel = weight.shape[2:]
            of_weight = K.weight_gradient(g, x, kernel, geometry, transposed)
        if mask[2]:
            wide = widened(g).sum((0, *range(2, g.ndim)))
            of_bias = wide.astype(g.dtype, copy=False)
        return of_x, of_weight, of_bias

    def decompose(make, *inputs):
        t = GraphVocabulary(make)
        g, x, weight, _, stride, padding, dilation, transposed, _, groups, mask = (
            argument(t, v) for v in inputs
        )
        plain = transposed is False and groups == 1 and isinstance(mask, list)
        if not plain or not all(o.is_sized() for o in (g, x, weight)):
            return None
        axes = x.ndim - 2
        nothing = t.zeros([0], dtype=g.dtype)
        found = [nothing, nothing, nothing]
        if mask[0]:
            found[0] = _input_slope(t, g, x, weight, stride, padding, dilation, axes)
        if mask[1]:
            found[1] = _weight_slope(t, g, x, weight, stride, padding, dilation, axes)
        if mask[2]:
            found[2] = t.sum(g, [0, *range(2, axes + 2)])
        return [f.value for f in found]

    def sizes(g, x, weight, bias_sizes, stride, padding, dilation, transposed, extra,
              groups, mask):  # fmt: skip
        return (
            x if mask[0] else (0,),
            weight if mask[1] else (0,),
            (g[1],) if mask[2] else (0,),
        )

    def dtypes(g, x, weight, *rest):
        return g, g, g

    samples = [
        case(f32[2, 4, 3, 3], f32[2, 3, 5, 6], f32[4, 3, 3, 3], [4], [2, 2], [1, 1],
             [1, 1], False, [0, 0], 1, [True, True, True]),
        case(f64[1, 2, 4], f64[1, 2, 3], f64[2, 1, 2], None, [1], [0],
             [1], True, [0], 2, [True, True, False]),
        case(f64[1, 2, 3], f64[1, 1, 4], f64[2, 1, 2], [2], [1], [0],
             [1], False, [0], 1, [False, False, True]),
        case(f64[1, 1, 2, 2], f64[1, 1, 3, 4], f64[1, 1, 2, 2], None, [1, 2], [0, 0],
             [1, 1], False, [0, 0], 1, [False, True, False]),
        case(f64[1, 2, 1, 2], f64[1, 2, 2, 3], f64[2, 1, 2, 2], None, [1, 1], [0, 0],
             [1, 1], False, [0, 0], 2, [True, False, False]),
    ]  # fmt: skip

    def grad(t, gg, out, g, x, weight, bias_sizes, stride, padding, dilation,
             transposed, extra, groups, mask):  # fmt: skip
        moves = (stride, padding, dilation, transposed, extra, groups)

        def of_gradient():
            made = None
            if mask[0]:
                made = t.convolution(gg[0], weight, None, *moves)
            if mask[1]:
                part = t.convolution(x, gg[1], None, *moves)
                made = part if made is None else made + part
            if mask[2]:
                part = t.reshape(gg[2], [1, -1, *[1] * (g.ndim - 2)])
                part = t.expand(part, g.shape)
                made = part if made is None else made + part
            return made

        def of_input():
            if not mask[1]:
                return None
            return t.convolution_backward(g, x, gg[1], None, *moves, ONLY_INPUT)[0]

        def of_weight():
            if not mask[0]:
                return None
            return t.convolution_backward(g, gg[0], weight, None, *moves, ONLY_WEIGHT)[
                1
            ]

        return of_gradient, of_input, of_weight
