"""Views of other sizes over the same elements in the same order."""

from __future__ import annotations

from jit.ir.dtypes import DType, dtype_of
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels import strides
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i32, i64, u8
from jit.runtime.ops.shaped import RANKS, VALUES
from jit.runtime.ops.views import View


@op("aten::view(Tensor(a) self, SymInt[] size) -> Tensor(a)")
class view(View):
    """The same elements in the same order with other sizes, without a copy."""

    fails = VALUES

    def kernel(x, size):
        seen = strides.reshape_view(x, S.view(x.shape, size))
        if seen is None:
            raise RuntimeError(
                "view size is not compatible with input tensor's size and stride (at"
                " least one dimension spans across two contiguous subspaces). Use"
                " .reshape(...) instead."
            )
        return seen

    def sizes(x, size):
        return S.view(x, size)

    samples = [
        case(f32[2, 3], [6]),
        case(f32[2, 3], [3, -1]),
        case(i64[1], []),
        case(f64[()], [1, 1]),
        case(f32[0, 3], [3, 0]),
    ]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::view.dtype(Tensor(a) self, ScalarType dtype) -> Tensor(a)")
class view_dtype(View):
    """The same bytes as elements of another dtype."""

    detached = True
    fails = VALUES

    def kernel(x, dtype):
        old, new = x.itemsize, dtype.itemsize
        if x.ndim == 0 and old != new:
            raise RuntimeError(
                "self.dim() cannot be 0 to view"
                f" {dtype_of(x.dtype).title} as {dtype.title} (different element sizes)"
            )
        if old < new and (x.shape[-1] * old) % new:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {new // old} to view"
                f" {dtype_of(x.dtype).title} as {dtype.title} (different element"
                f" sizes), but got {x.shape[-1]}"
            )
        if old != new and x.strides[-1] != old:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to view {dtype_of(x.dtype).title} as"
                f" {dtype.title} (different element sizes), but got"
                f" {x.strides[-1] // old}"
            )
        return x.view(dtype.numpy)

    def dtypes(x, dtype):
        return dtype if isinstance(dtype, DType) else None

    def sizes(x, dtype):
        return (*x[:-1], None) if x else ()

    samples = [case(f32[2, 3], i32), case(f64[2, 3], f32), case(u8[2, 4], i32)]


@op("aten::reshape(Tensor(a) self, SymInt[] shape) -> Tensor(a)")
class reshape(View):
    """The same elements in the same order with other sizes: a view where possible."""

    def kernel(x, shape):
        return x.reshape(S.view(x.shape, shape))

    def sizes(x, shape):
        return S.view(x, shape)

    samples = view.samples

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::view_as(Tensor(a) self, Tensor other) -> Tensor(a)")
class view_as(View):
    """A view with the sizes of `other`."""

    fails = VALUES

    def kernel(x, other):
        return view.kernel(x, other.shape)

    def sizes(x, other):
        return S.view(x, other)

    samples = [case(f32[2, 3], f32[6]), case(f32[1], i64[()])]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::reshape_as(Tensor(a) self, Tensor other) -> Tensor(a)")
class reshape_as(View):
    """The elements with the sizes of `other`: a view where possible."""

    def kernel(x, other):
        return x.reshape(S.view(x.shape, other.shape))

    def sizes(x, other):
        return S.view(x, other)

    samples = view_as.samples

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op(
    "aten::flatten.using_ints(Tensor(a) self, int start_dim=0, int end_dim=-1)"
    " -> Tensor(a)"
)
class flatten(View):
    """Neighbouring dims joined to one: a view where possible."""

    fails = RANKS

    def kernel(x, start, end):
        return x.reshape(S.flatten(x.shape, start, end))

    def sizes(x, start, end):
        return S.flatten(x, start, end)

    samples = [f32[2, 3], f32[()], case(f32[2, 3, 1], 1), case(f32[0, 3, 2], 0, 1)]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::ravel(Tensor(a) self) -> Tensor(a)")
class ravel(View):
    """All elements along one dim: a view where possible."""

    fails = RANKS

    def kernel(x):
        return x.reshape(-1) if x.size else x.reshape(0)

    def sizes(x):
        return (S.product(x),)

    samples = [f32[2, 3], f32[()], f32[0, 2]]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)


@op("aten::unflatten.int(Tensor(a) self, int dim, SymInt[] sizes) -> Tensor(a)")
class unflatten(View):
    """One dim split into several."""

    def kernel(x, dim, sizes):
        return x.reshape(S.unflatten(x.shape, dim, sizes))

    def sizes(x, dim, sizes):
        return S.unflatten(x, dim, sizes)

    samples = [case(f32[2, 6], 1, [2, -1]), case(f32[0, 2], 0, [0, 3])]

    def grad(t, g, out, x, *rest):
        return t.reshape(g, x.shape)
