"""Lines, images and volumes resampled: nearest, linear, cubic, exact, antialiased.

Each operator has a form that takes sizes or factors, `.vec`, and a backward operator.
"""

from __future__ import annotations

from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import padding as A
from jit.runtime.kernels import resampling as K
from jit.runtime.ops.declare import op
from jit.runtime.ops.refusals import not_implemented
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import Shaped

_SCALES = {1: "float? scales=None", 2: "float? scales_h=None, float? scales_w=None"}
_SCALES[3] = f"float? scales_d=None, {_SCALES[2]}"


def _refuse(rule, axes, dtype):
    """Refuse integers, but for bytes, of which there are images."""
    if dtype is None or dtype.is_floating_point:
        return
    is_nearest = rule.startswith("nearest")
    if dtype.name == "uint8" and (is_nearest or axes == 2):
        return
    name = f"compute_indices_weights_{'nearest' if is_nearest else rule}"
    raise not_implemented(name, dtype)


def _sized(axes, x, output_size, factors):
    """Sizes and scales of a call that gives one of the two."""
    if (output_size is None) == (factors is None):
        raise RuntimeError("Must specify exactly one of output_size and scale_factors")
    if len(x) != axes + 2:
        raise RuntimeError(
            f"It is expected input_size equals to {axes + 2}, but got size {len(x)}"
        )
    if output_size is not None:
        return list(output_size), [None] * axes
    wanted = [
        None if n is None or f is None else int(n * f)
        for n, f in zip(x[2:], factors, strict=True)
    ]
    return wanted, list(factors)


def declare(name, axes, rule, doc):
    """Declare an operator, its form by factors and its gradient."""
    is_nearest = rule.startswith("nearest")
    corners = "" if is_nearest else " bool align_corners,"

    def split(rest):
        return (False, rest) if is_nearest else (rest[0], rest[1:])

    def checked(x):
        _refuse(rule, axes, x)
        return x

    def kernel(x, wanted, *rest):
        checked(dtype_of(x.dtype))
        A.resampled_sizes(x.shape, wanted)
        align, scales = split(rest)
        return K.resample(x, wanted, scales, rule, align)

    def sizes(x, wanted, *rest):
        return A.resampled_sizes(x, wanted)

    def grad(t, g, out, x, wanted, *rest):
        backward = getattr(t, f"{name}_backward")
        return backward(g, list(wanted), list(x.shape), *rest)

    small = {1: (3,), 2: (2, 3), 3: (2, 1, 2)}[axes]
    large = {1: [7], 2: [5, 4], 3: [3, 2, 5]}[axes]
    options = [()] if is_nearest else [(False,), (True,)]
    class_name = name.strip("_")

    def make(schema, doc, **blanks):
        return op(schema)(type(class_name, (Shaped,), {"__doc__": doc, **blanks}))

    make(
        f"aten::{name}(Tensor self, SymInt[{axes}] output_size,{corners}"
        f" {_SCALES[axes]}) -> Tensor",
        f"{doc}.",
        kernel=kernel,
        sizes=sizes,
        dtypes=lambda x, *rest: checked(x),
        grad=grad,
        samples=[case(f64[1, 1, *small], large, *o) for o in options]
        + [case(f32[1, 2, *large], list(small), *o) for o in options],
    )

    def kernel_by(x, output_size, *rest):
        wanted, scales = _sized(axes, x.shape, output_size, rest[-1])
        return kernel(x, wanted, *rest[:-1], *scales)

    def sizes_by(x, output_size, *rest):
        return A.resampled_sizes(x, _sized(axes, x, output_size, rest[-1])[0])

    def composite(t, x, output_size, *rest):
        wanted, scales = _sized(axes, tuple(x.shape), output_size, rest[-1])
        return getattr(t, name)(x, wanted, *rest[:-1], *scales)

    factors = [2.0, 1.5, 2.5][:axes]
    make(
        f"aten::{name}.vec(Tensor input, SymInt[]? output_size,{corners}"
        " float[]? scale_factors) -> Tensor",
        f"{doc}, to sizes or by factors.",
        kernel=kernel_by,
        sizes=sizes_by,
        dtypes=lambda x, *rest: checked(x),
        composite=composite,
        samples=[case(f32[1, 1, *small], None, *options[0], factors),
                 case(f64[1, 1, *small], large, *options[-1], None)],
    )  # fmt: skip

    def kernel_back(g, wanted, shape, *rest):
        align, scales = split(rest)
        return K.resample_gradient(g, shape, scales, rule, align)

    def grad_back(t, gg, out, g, wanted, shape, *rest):
        return lambda: getattr(t, name)(gg, list(wanted), *rest)

    make(
        f"aten::{name}_backward(Tensor grad_output, SymInt[{axes}] output_size,"
        f" SymInt[{axes + 2}] input_size,{corners} {_SCALES[axes]}) -> Tensor",
        f"The gradient of `{name}`.",
        kernel=kernel_back,
        sizes=lambda g, wanted, shape, *rest: tuple(shape),
        grad=grad_back,
        samples=[case(f64[1, 1, *large], large, [1, 1, *small], *o) for o in options],
    )


declare("upsample_nearest1d", 1, "nearest", "Each element the nearest along a line")
declare("upsample_nearest2d", 2, "nearest", "Each element the nearest of an image")
declare("upsample_nearest3d", 3, "nearest", "Each element the nearest of a volume")
declare("upsample_linear1d", 1, "linear", "Each element lies between two of a line")
declare(
    "upsample_bilinear2d", 2, "linear", "Each element lies between four of an image"
)
declare("upsample_trilinear3d", 3, "linear", "Each element lies between eight")
declare("upsample_bicubic2d", 2, "cubic", "Each element by cubic curves through 16")
for _axes in (1, 2, 3):
    declare(
        f"_upsample_nearest_exact{_axes}d",
        _axes,
        "nearest_exact",
        "Each element the one whose middle is nearest",
    )
declare("_upsample_bilinear2d_aa", 2, "linear_aa", "Linear, smoothed where smaller")
declare("_upsample_bicubic2d_aa", 2, "cubic_aa", "Cubic, smoothed where smaller")
