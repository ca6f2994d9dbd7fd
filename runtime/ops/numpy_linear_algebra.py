"""NumPy's products and matrix functions: dot, matmul, linalg.solve ..."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import FLOATING
from jit.runtime.ops import facts as F
from jit.runtime.ops import linear_algebra
from jit.runtime.ops.families import NumpyFunction, op
from jit.runtime.ops.numpy_arithmetic import promoted
from jit.runtime.ops.numpy_families import numpy_broadcast
from jit.runtime.ops.numpy_reduction import REAL, averaged, axes_of, reduced
from jit.runtime.ops.samples import c128, case, f32, f64, i64, inf


def contracted(a, b, function, where):
    """ValueError in NumPy's words if the inner sizes of a product differ."""
    if a is not None and b is not None and a != b:
        raise ValueError(
            f"{function}: Input operand 1 has a mismatch in its core dimension"
            f" {where} (size {b} is different from {a})"
        )


PRODUCTS = [
    case(f64[2, 3], f64[3, 4]),
    case(f64[3], f64[3]),
    case(f64[2, 3], f64[3]),
    case(f64[3], f64[3, 2]),
    case(f32[2, 3], f64[3, 2]),
    case(i64[2, 3], i64[3, 2]),
    case(f64[0, 3], f64[3, 2]),
]


@op("np::matmul(Array x1, Array x2) -> Array")
class matmul(NumpyFunction):
    """The matrix product; stacks of matrices broadcast."""

    saves = ("x1", "x2")
    samples = [*PRODUCTS, case(f64[2, 1, 2, 3], f64[4, 3, 2])]

    def kernel(x1, x2):
        return np.matmul(x1, x2)

    def shape(x1, x2):
        a, b = x1.sizes, x2.sizes
        if a is None or b is None:
            return None
        if not a or not b:
            raise ValueError(
                "matmul: Input operand does not have enough dimensions (has 0, gufunc"
                " core with signature (n?,k),(k,m?)->(n?,m?) requires 1)"
            )
        contracted(a[-1], b[-2] if len(b) > 1 else b[0], "matmul", 0)
        batch = numpy_broadcast(a[:-2], b[:-2])
        rows = a[-2:-1] if len(a) > 1 else ()
        columns = b[-1:] if len(b) > 1 else ()
        return (*batch, *rows, *columns)

    def dtype(x1, x2):
        found = promoted(x1, x2)
        # NumPy has no product of bfloat16, and takes the next wider dtype
        return dtypes.float32 if found is dtypes.bfloat16 else found

    def grad(t, g, out, x, y):
        return linear_algebra.matmul.grad(t, g, out, x, y)


@op("np::dot(Array a, Array b) -> Array")
class dot(NumpyFunction):
    """The product over the last axis of a and the last but one of b."""

    samples = [*PRODUCTS, case(f64[2, 3, 4], f64[2, 4, 3]), case(f64[()], f64[3])]

    def kernel(a, b):
        return np.dot(a, b)

    def shape(a, b):
        x, y = a.sizes, b.sizes
        if x is None or y is None:
            return None
        if not x or not y:
            return x or y
        inner = y[-2] if len(y) > 1 else y[0]
        if x[-1] is not None and inner is not None and x[-1] != inner:
            raise ValueError(
                f"shapes {tuple(x)} and {tuple(y)} not aligned: {x[-1]} != {inner}"
            )
        return (*x[:-1], *(y[:-2] + y[-1:] if len(y) > 1 else ()))

    def dtype(a, b):
        return promoted(a, b)


@op("np::inner(Array a, Array b) -> Array")
class inner(NumpyFunction):
    """The product over the last axes."""

    samples = [case(f64[3], f64[3]), case(f64[2, 3], f64[4, 3])]

    def kernel(a, b):
        return np.inner(a, b)

    def shape(a, b):
        if not a.sizes or not b.sizes:
            return None
        return (*a.sizes[:-1], *b.sizes[:-1])

    def dtype(a, b):
        return promoted(a, b)


@op("np::outer(Array a, Array b) -> Array")
class outer(NumpyFunction):
    """The products of all pairs of elements."""

    samples = [case(f64[2], f64[3]), case(f64[2, 2], i64[3])]

    def kernel(a, b):
        return np.outer(a, b)

    def shape(a, b):
        return F.numel(a.sizes), F.numel(b.sizes)

    def dtype(a, b):
        return promoted(a, b)


@op("np::trace(Array a, int offset=0) -> Array")
class trace(NumpyFunction):
    """The sum of a diagonal."""

    samples = [case(f64[3, 3]), case(i64[2, 3], 1)]

    def kernel(a, offset):
        return np.trace(a, offset)

    def shape(a, offset):
        return None if a.sizes is None else a.sizes[2:]

    def dtype(a, offset):
        wide = a.dtype is not None and a.dtype.category >= FLOATING
        return a.dtype if wide or a.dtype is dtypes.int64 else None


@op("np::diag(Array v, int k=0) -> Array")
class diag(NumpyFunction):
    """A diagonal of a matrix, or the matrix with a vector as diagonal."""

    samples = [case(f64[3]), case(f64[2, 3]), case(f64[2], 1)]

    def kernel(v, k):
        return np.array(np.diag(v, k))

    def shape(v, k):
        if v.sizes is None or len(v.sizes) not in (1, 2):
            return None
        if len(v.sizes) == 2:
            return (None,)
        size = v.sizes[0]
        known = size is not None and F.is_known(k)
        return (size + abs(k),) * 2 if known else (None, None)

    def dtype(v, k):
        return v.dtype


@op("np::einsum(str subscripts, Array[] operands) -> Array")
class einsum(NumpyFunction):
    """Sums of products, written with an index for each axis."""

    samples = [
        case("ij,jk->ik", [f64[2, 3], f64[3, 4]]),
        case("ii", [f64[3, 3]]),
        case("i,i->i", [f64[3], i64[3]]),
    ]

    def kernel(subscripts, operands):
        return np.array(np.einsum(subscripts, *operands))

    def dtype(subscripts, operands):
        return promoted(*operands) if isinstance(operands, list) else None


def solved(*arrays):
    """The dtype of a result of LAPACK: float64 for integers; None if unknown."""
    found = promoted(*arrays)
    return averaged(found)


@op("np::linalg_solve(Array a, Array b) -> Array")
class linalg_solve(NumpyFunction):
    """The x with a @ x == b."""

    samples = [
        case(f64.of([[2, 1], [1, 3]]), f64[2]),
        case(f64.of([[2, 1], [1, 3]]), f64[2, 3]),
        case(f32.of([[2, 1], [1, 3]]), f32[2]),
    ]

    def kernel(a, b):
        return np.linalg.solve(a, b)

    def shape(a, b):
        return b.sizes if a.sizes is not None and len(a.sizes) == 2 else None

    def dtype(a, b):
        return solved(a, b)


@op("np::linalg_inv(Array a) -> Array")
class linalg_inv(NumpyFunction):
    """The inverse of a matrix."""

    samples = [case(f64.of([[2, 1], [1, 3]])), case(i64.of([[2, 1], [1, 3]]))]

    def kernel(a):
        return np.linalg.inv(a)

    def shape(a):
        return a.sizes

    def dtype(a):
        return solved(a)


@op("np::linalg_det(Array a) -> Array")
class linalg_det(NumpyFunction):
    """The determinant of a matrix."""

    samples = [case(f64.of([[2, 1], [1, 3]])), case(f64[2, 3, 3])]

    def kernel(a):
        return np.linalg.det(a)

    def shape(a):
        return None if a.sizes is None else a.sizes[:-2]

    def dtype(a):
        return solved(a)


@op(
    "np::linalg_norm(Array x, Scalar? ord=None, int[1]? axis=None,"
    " bool keepdims=False) -> Array"
)
class linalg_norm(NumpyFunction):
    """The norm of a vector or matrix, or of those along axes."""

    samples = [
        case(f64[3]),
        case(f64[2, 3]),
        case(f64[2, 3], 1, 1),
        case(f64[2, 3], None, [0, 1], True),
        case(f64[3], inf),
        case(c128[3]),
        case(i64[3], 2),
        case(f32[2, 3], axis=0),
    ]

    def kernel(x, ord, axis, keepdims):
        if isinstance(axis, list) and len(axis) == 1:
            axis = axis[0]
        return np.linalg.norm(x, ord, axes_of(axis), keepdims)

    def shape(x, ord, axis, keepdims):
        return reduced(x, axis, keepdims)

    def dtype(x, ord, axis, keepdims):
        found = averaged(x.dtype)
        return REAL.get(found, found)
