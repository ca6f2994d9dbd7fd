"""Products of vectors and matrices."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import FLOATING, dtype_of, int64, promote_dtypes
from jit.runtime.kernels import products as P
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import bf16, c64, case, f16, f32, f64, i64
from jit.runtime.ops.shaped import Shaped


def in_one_dtype(function, a, b):
    """A product of arrays of any dtypes, in the dtype that they promote to."""
    wanted = promote_dtypes(dtype_of(a.dtype), dtype_of(b.dtype)).numpy
    return function(a.astype(wanted), b.astype(wanted))


class Product(Shaped):
    """The operands have one dtype, which the result has too."""

    def dtypes(a, b, *rest):
        P.check_product_dtypes(a, b)
        return a or b


def turned(t, x):
    """The last two dims swapped."""
    return t.transpose(x, -2, -1)


def _matmul_left(t, g, a, b):
    """The gradient of `matmul` to its first operand."""
    if b.ndim == 1:
        return g * b if a.ndim == 1 else t.unsqueeze(g, -1) * b
    if a.ndim == 1:
        return t.squeeze(t.matmul(t.unsqueeze(g, -2), turned(t, b)), -2)
    # `linear` makes one product of a batch
    return t.linear(g, b) if b.ndim == 2 else t.matmul(g, turned(t, b))


def _matmul_right(t, g, a, b):
    """The gradient of `matmul` to its second operand."""
    if a.ndim == 1:
        if b.ndim == 1:
            return g * a
        return t.unsqueeze(a, -1) * t.unsqueeze(g, -2)
    if b.ndim == 1:
        return t.squeeze(t.matmul(turned(t, a), t.unsqueeze(g, -1)), -1)
    if b.ndim == 2 and a.ndim > 2:
        return t.matmul(t.t(t.flatten(a, 0, -2)), t.flatten(g, 0, -2))
    return t.matmul(turned(t, a), g)


@op("aten::matmul(Tensor self, Tensor other) -> Tensor")
class matmul(Product):
    """The matrix product; vectors count as one row or column, leading dims as batches."""

    saves = ("self", "other")

    def kernel(a, b):
        return P.matmul(a, b)

    def sizes(a, b):
        return S.matmul(a, b)

    samples = [
        case(f32[2, 3], f32[3, 4]),
        case(f32[3], f32[3]),
        case(f32[2, 3], f32[3]),
        case(f32[3], f32[3, 2]),
        case(f64[5, 2, 3], f64[3, 4]),
        case(i64[2, 1, 2, 3], i64[4, 3, 1]),
        case(f32[2, 0], f32[0, 3]),
        case(f16[2, 3], f16[3, 4]),
        case(bf16[2, 3], bf16[3, 4]),
        case(c64[2, 2], c64[2, 2]),
    ]

    def grad(t, g, out, a, b):
        return lambda: _matmul_left(t, g, a, b), lambda: _matmul_right(t, g, a, b)


def check_matrices(a, b):
    if len(a) != 2:
        raise RuntimeError("self must be a matrix")
    if len(b) != 2:
        raise RuntimeError("mat2 must be a matrix")
    return S.matmul(a, b)


@op("aten::mm(Tensor self, Tensor mat2) -> Tensor")
class mm(Product):
    """The product of two matrices."""

    saves = ("self", "mat2")

    def kernel(a, b):
        check_matrices(a.shape, b.shape)
        return P.matmul(a, b)

    def sizes(a, b):
        return check_matrices(a, b)

    samples = [case(f32[2, 3], f32[3, 4]), case(i64[1, 1], i64[1, 2]),
               case(f32[0, 3], f32[3, 2])]  # fmt: skip

    def grad(t, g, out, a, b):
        return lambda: t.mm(g, t.t(b)), lambda: t.mm(t.t(a), g)


def check_batches(a, b):
    for name, x in (("batch1", a), ("batch2", b)):
        if len(x) != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    known = None not in (a[0], a[2], b[0], b[1])
    if known and (a[0], a[2]) != (b[0], b[1]):
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be:"
            f" {S.shown((a[0], a[2]))} but got: {S.shown(b[:2])}."
        )
    return (a[0], a[1], b[2])


@op("aten::bmm(Tensor self, Tensor mat2) -> Tensor")
class bmm(Product):
    """The products of matrices, one for each place along dim 0."""

    saves = ("self", "mat2")

    def kernel(a, b):
        check_batches(a.shape, b.shape)
        return P.matmul(a, b)

    def sizes(a, b):
        return check_batches(a, b)

    samples = [case(f32[2, 2, 3], f32[2, 3, 4]), case(f64[1, 1, 1], f64[1, 1, 1]),
               case(f32[0, 2, 3], f32[0, 3, 1])]  # fmt: skip

    def grad(t, g, out, a, b):
        return lambda: t.bmm(g, turned(t, b)), lambda: t.bmm(turned(t, a), g)


def check_vector(a, b):
    if len(a) != 2 or len(b) != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got 1, {len(a)}, {len(b)}"
        )
    return S.matmul(a, b)


@op("aten::mv(Tensor self, Tensor vec) -> Tensor")
class mv(Product):
    """The product of a matrix and a vector."""

    saves = ("self", "vec")

    def kernel(a, b):
        check_vector(a.shape, b.shape)
        return P.matmul(a, b)

    def sizes(a, b):
        return check_vector(a, b)

    samples = [case(f32[2, 3], f32[3]), case(i64[1, 0], i64[0])]

    def grad(t, g, out, a, b):
        return lambda: t.outer(g, b), lambda: t.mv(t.t(a), g)


def _check_vectors(a, b):
    if len(a) != 1 or len(b) != 1:
        raise RuntimeError(
            f"1D tensors expected, but got {len(a)}D and {len(b)}D tensors"
        )
    return S.matmul(a, b)


class VectorProduct(Shaped):
    """The operands are vectors of one dtype."""

    def dtypes(a, b):
        P.check_product_dtypes(a, b, 1, 1)
        return a or b


@op("aten::dot(Tensor self, Tensor tensor) -> Tensor")
class dot(VectorProduct):
    """The sum of the products of two vectors' elements."""

    saves = ("self", "tensor")

    def kernel(a, b):
        _check_vectors(a.shape, b.shape)
        return P.matmul(a, b)

    def sizes(a, b):
        return _check_vectors(a, b)

    samples = [case(f32[3], f32[3]), case(i64[0], i64[0]), case(c64[2], c64[2])]

    def grad(t, g, out, a, b):
        return lambda: g * b, lambda: g * a


@op("aten::vdot(Tensor self, Tensor other) -> Tensor")
class vdot(VectorProduct):
    """As `dot`, with the first vector conjugated."""

    saves = ("self", "other")

    def kernel(a, b):
        _check_vectors(a.shape, b.shape)
        return P.matmul(a.conj(), b)

    def sizes(a, b):
        return _check_vectors(a, b)

    samples = dot.samples

    def grad(t, g, out, a, b):
        return lambda: g * b, lambda: g * a


@op("aten::inner(Tensor self, Tensor other) -> Tensor")
class inner(Product):
    """The sums of products along the last dims of both."""

    saves = ("self", "other")

    def kernel(a, b):
        inner.sizes(a.shape, b.shape)
        P.check_same_dtype(a, b)
        if not a.ndim or not b.ndim:
            return a * b
        wide = np.inner(P.widened(a), P.widened(b))
        return wide.astype(a.dtype, copy=False)

    def sizes(a, b):
        if not a or not b:
            return a or b
        if None not in (a[-1], b[-1]) and a[-1] != b[-1]:
            raise RuntimeError(
                "inner() the last dimension must match on both input tensors but got"
                f" shapes {S.shown(a)} and {S.shown(b)}"
            )
        return (*a[:-1], *b[:-1])

    samples = [case(f32[3], f32[3]), case(f32[2, 3], f32[4, 3]), case(f32[()], f32[2])]

    def grad(t, g, out, a, b):
        if not a.ndim or not b.ndim:
            return lambda: g * b, lambda: g * a
        rest = [list(range(a.ndim - 1)), list(range(a.ndim - 1, g.ndim))]
        return (
            lambda: t.tensordot(g, b, rest[1], list(range(b.ndim - 1))),
            lambda: t.tensordot(g, a, rest[0], list(range(a.ndim - 1))),
        )


@op(
    "aten::outer(Tensor self, Tensor vec2) -> Tensor",
    "aten::ger(Tensor self, Tensor vec2) -> Tensor",
)
class outer(Shaped):
    """All products of the elements of two vectors."""

    saves = ("self", "vec2")

    def kernel(a, b):
        outer.sizes(a.shape, b.shape)
        return in_one_dtype(np.multiply.outer, a, b)

    def dtypes(a, b):
        return None if a is None or b is None else promote_dtypes(a, b)

    def sizes(a, b):
        for name, x in (("self", a), ("vec2", b)):
            if len(x) != 1:
                raise RuntimeError(
                    f"outer: Expected 1-D argument {name}, but got {len(x)}-D"
                )
        return (a[0], b[0])

    samples = [case(f32[2], f32[3]), case(i64[2], f32[0]), case(f32[1], f64[1])]

    def grad(t, g, out, a, b):
        return lambda: t.sum(g * b, [1]), lambda: t.sum(g * t.unsqueeze(a, 1), [0])


@op("aten::trace(Tensor self) -> Tensor")
class trace(Shaped):
    """The sum of the diagonal of a matrix."""

    def kernel(x):
        trace.sizes(x.shape)
        trace.dtypes(dtype_of(x.dtype))
        wide = P.widened(x).trace()
        return np.asarray(wide).astype(np.int64 if x.dtype.kind in "bui" else x.dtype)

    def dtypes(x):
        if x is not None and x.name == "bool":
            raise NotImplementedError("\"trace\" not implemented for 'Bool'")
        return None if x is None else int64 if x.category < FLOATING else x

    def sizes(x):
        if len(x) != 2:
            raise RuntimeError(
                f"trace: expected a matrix, but got tensor with dim {len(x)}"
            )
        return ()

    samples = [f32[3, 2], i64[2, 2], f32[0, 0]]

    def grad(t, g, out, x):
        rows, columns = x.shape
        return g * t.eye(rows, columns, dtype=g.dtype)
