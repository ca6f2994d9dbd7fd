"""Views that repeat elements along dims without copying them."""

from __future__ import annotations

from jit.runtime.kernels import sizes as S
from jit.runtime.kernels import strides
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, i64
from jit.runtime.ops.shaped import Shaped
from jit.runtime.ops.views import View


@op("aten::expand(Tensor(a) self, SymInt[] size, *, bool implicit=False) -> Tensor(a)")
class expand(View):
    """New dims and dims of one element repeated, without a copy."""

    def kernel(x, size, implicit):
        return strides.expand(x, S.expand(x.shape, size))

    def sizes(x, size, implicit):
        return S.expand(x, size)

    samples = [
        case(f32[1, 3], [2, -1]),
        case(f32[()], [2, 0]),
        case(i64[3], [1, 3]),
        case(f32[1], [1]),
    ]

    def grad(t, g, out, x, *rest):
        return g


@op("aten::broadcast_to(Tensor(a) self, SymInt[] size) -> Tensor(a)")
class broadcast_to(View):
    """`expand` by another name."""

    def kernel(x, size):
        return strides.expand(x, S.expand(x.shape, size))

    def sizes(x, size):
        return S.expand(x, size)

    samples = [case(f32[1, 3], [2, -1]), case(f32[()], [2, 0])]

    def grad(t, g, out, x, *rest):
        return g


@op("aten::expand_as(Tensor(a) self, Tensor other) -> Tensor(a)")
class expand_as(View):
    """`expand` to the sizes of `other`."""

    def kernel(x, other):
        return strides.expand(x, S.expand(x.shape, other.shape))

    def sizes(x, other):
        return S.expand(x, other)

    samples = [case(f32[1, 3], f32[2, 3]), case(f32[()], i64[0])]

    def grad(t, g, out, x, *rest):
        return g


@op("aten::broadcast_tensors(Tensor[] tensors) -> Tensor[]")
class broadcast_tensors(Shaped):
    """All tensors expanded to common sizes."""

    def kernel(tensors):
        shape = ()
        for x in tensors:
            shape = S.broadcast(shape, x.shape)
        return [strides.expand(x, shape) for x in tensors]

    def dtypes(tensors):
        return tensors[0] if tensors and len(set(tensors)) == 1 else None

    def sizes(tensors):
        shape = ()
        for x in tensors:
            shape = S.broadcast(shape, x)
        return [shape] * len(tensors)

    samples = [case([f32[2, 1], f32[3]]), case([f32[()], i64[0]])]

    def grad(t, g, out, tensors):
        return (list(g),)
