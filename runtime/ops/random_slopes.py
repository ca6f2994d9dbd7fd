"""Leaky activations whose slope is drawn in training."""

from __future__ import annotations

from jit.runtime.ops.composed import Composed
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import VALUES


@op(
    "aten::rrelu(Tensor self, Scalar lower=0.125, Scalar upper=0.33333333333333331,"
    " bool training=False, Generator? generator=None) -> Tensor"
)
class rrelu(Composed):
    """x where x > 0, else x times a slope: drawn in training, the middle otherwise."""

    random = True
    fails = VALUES

    def composite(t, x, lower, upper, training, generator):
        if not x.dtype.is_floating_point:
            raise NotImplementedError(
                f"\"rrelu_with_noise\" not implemented for '{x.dtype.title}'"
            )
        if lower > upper:
            raise RuntimeError("Lower bound should be less than or equal to the upper"
                               " bound")  # fmt: skip
        if not training:
            return t.leaky_relu(x, (lower + upper) / 2)
        drawn = t.rand_like(x) if generator is None else t.rand(
            list(x.shape), generator=generator, dtype=x.dtype
        )  # fmt: skip
        slope = drawn * (upper - lower) + lower
        return t.where(t.gt(x, 0), x, x * slope)

    def sizes(x, *rest):
        return x

    samples = [case(f32[2, 3]), case(f64[4], 0.1, 0.2), case(f64[4], training=True)]
