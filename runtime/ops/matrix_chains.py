"""Products of several matrices, and tensors as matrices."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from jit.ir.dtypes import BOOL, dtype_of
from jit.runtime.kernels import matrix_checks as C
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import check_product_dtypes, multiply, widened
from jit.runtime.ops import matrices as M
from jit.runtime.ops.declare import op
from jit.runtime.ops.matrices import POSITIVE
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped
from jit.runtime.ops.solvers import inverse_of

# products -------------------------------------------------------------------------------


def _check_chain(shapes):
    count = len(shapes)
    if count < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {count}")
    for name, x in (("first", shapes[0]), ("last", shapes[-1])):
        if len(x) not in (1, 2):
            raise RuntimeError(
                f"multi_dot(): the {name} tensor must be 1D or 2D but got {len(x)}D"
            )
    for i, x in enumerate(shapes[1:-1], 1):
        if len(x) != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {len(x)}D")
    matrices = _as_matrices(shapes)
    for i in range(count - 1):
        left, right = matrices[i][1], matrices[i + 1][0]
        if None not in (left, right) and left != right:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes"
                f" {S.shown(matrices[i])} and {S.shown(matrices[i + 1])} cannot be"
                " multiplied"
            )
    rows = shapes[0][:1] if len(shapes[0]) == 2 else ()
    last = shapes[-1][1:] if len(shapes[-1]) == 2 else ()
    return (*rows, *last)


def _as_matrices(shapes):
    """The sizes with a first vector as one row and a last one as one column."""
    first = shapes[0] if len(shapes[0]) == 2 else (1, *shapes[0])
    last = shapes[-1] if len(shapes[-1]) == 2 else (*shapes[-1], 1)
    return [first, *shapes[1:-1], last]


def cheapest_order(sizes):
    """Where to split a chain of matrices so that least is multiplied: `order[i, j]`."""
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    order = {}
    for width in range(1, count):
        for i in range(count - width):
            j = i + width
            splits = [
                (
                    cost[i, k]
                    + cost[k + 1, j]
                    + sizes[i] * sizes[k + 1] * sizes[j + 1],
                    k,
                )
                for k in range(i, j)
            ]
            cost[i, j], order[i, j] = min(splits)
    return order


def _chain(matrices, sizes, multiplied):
    """The product of matrices in the cheapest order."""
    order = cheapest_order(sizes)

    def product(i, j):
        if i == j:
            return matrices[i]
        k = order[i, j]
        return multiplied(product(i, k), product(k + 1, j))

    return product(0, len(matrices) - 1)


@op("aten::linalg_multi_dot(Tensor[] tensors) -> Tensor")
class linalg_multi_dot(Shaped):
    """The product of several matrices, multiplied in the cheapest order."""

    saves = ("tensors",)

    def kernel(tensors):
        linalg_multi_dot.dtypes([dtype_of(x.dtype) for x in tensors])
        shapes = [x.shape for x in tensors]
        made = _check_chain(shapes)
        shapes = _as_matrices(shapes)
        matrices = [x.reshape(s) for x, s in zip(tensors, shapes, strict=True)]
        sizes = [s[0] for s in shapes] + [shapes[-1][1]]
        return _chain(matrices, sizes, multiply).reshape(made)

    def dtypes(tensors):
        for a, b in pairwise(tensors):
            if None not in (a, b) and a is not b:
                raise RuntimeError("multi_dot(): all tensors must have be the same dtype"
                                   f" but tensor 0 is {a.title} and another"
                                   f" {b.title}")  # fmt: skip
            check_product_dtypes(a, b)
        return tensors[0] if tensors else None

    def sizes(tensors):
        return _check_chain(tensors)

    samples = [
        case([f32[2, 3], f32[3, 1], f32[1, 4]]),
        case([f64[2], f64[2, 3], f64[3, 2], f64[2]]),
        case([i64[2, 2], i64[2]]),
    ]

    def composite(t, tensors):
        made = tensors[0]
        shapes = _as_matrices([tuple(x.shape) for x in tensors])
        sizes = [s[0] for s in shapes] + [shapes[-1][1]]
        matrices = [t.reshape(x, list(s)) for x, s in zip(tensors, shapes, strict=True)]
        made = _chain(matrices, sizes, t.mm)
        wanted = _check_chain([tuple(x.shape) for x in tensors])
        return t.reshape(made, list(wanted))


@op("aten::chain_matmul(Tensor[] matrices) -> Tensor")
class chain_matmul(Shaped):
    """The product of several matrices, multiplied in the cheapest order."""

    saves = ("matrices",)

    def kernel(matrices):
        chain_matmul.sizes([x.shape for x in matrices])
        if len(matrices) == 1:
            return matrices[0].copy()
        return linalg_multi_dot.kernel(matrices)

    def dtypes(matrices):
        return linalg_multi_dot.dtypes(matrices)

    def sizes(matrices):
        if not matrices:
            raise RuntimeError("chain_matmul(): Expected one or more matrices")
        for i, x in enumerate(matrices):
            if len(x) != 2:
                raise RuntimeError(
                    f"chain_matmul(): Expected all matrices to be 2D, but {i} is"
                    f" {len(x)}D"
                )
        return matrices[0] if len(matrices) == 1 else _check_chain(matrices)

    samples = [case([f64[2, 3], f64[3, 1], f64[1, 2]]), case([f64[2, 3]])]

    def composite(t, matrices):
        if len(matrices) == 1:
            return t.clone(matrices[0])
        return t.linalg_multi_dot(list(matrices))


@op("aten::linalg_vecdot(Tensor x, Tensor y, *, int dim=-1) -> Tensor")
class linalg_vecdot(Shaped):
    """The sums of products of vectors' elements along a dim."""

    saves = ("x", "y")

    def kernel(a, b, dim):
        M.check(linalg_vecdot, a, b, dim)
        shape = np.broadcast_shapes(a.shape, b.shape)
        product = widened(np.conj(a)) * widened(b)
        if not shape:
            return np.asarray(product).astype(a.dtype)
        return np.asarray(product.sum(dim)).astype(a.dtype)

    def dtypes(a, b, dim):
        for x in (a, b):
            C.check_floating("linalg.vecdot", x, low=True)
        if None not in (a, b) and a is not b:
            raise RuntimeError(
                "linalg.vecdot: Expected x and y to have the same dtype, but found x of"
                f" type {a.title} and y of type {b.title} instead"
            )
        return a

    def sizes(a, b, dim):
        shape = S.broadcast(a, b)
        at = S.wrap_dim(dim, len(shape))
        return (*shape[:at], *shape[at + 1 :])

    samples = [case(f64[2, 3], f64[3]), case(f32[2, 3], f32[2, 3], dim=0)]

    def grad(t, g, out, a, b, dim):
        g = t.unsqueeze(g, dim) if a.ndim or b.ndim else g
        return lambda: g * b, lambda: g * a


@op(
    "aten::linalg_matmul(Tensor self, Tensor other) -> Tensor",
)
class linalg_matmul(Shaped):
    """The matrix product, as `torch.matmul`."""

    saves = ("self", "other")

    def kernel(a, b):
        M.check(linalg_matmul, a, b)
        return multiply(a, b)

    def dtypes(a, b):
        check_product_dtypes(a, b)
        return a or b

    def sizes(a, b):
        return S.matmul(a, b)

    samples = [case(f32[2, 3], f32[3, 4]), case(f64[5, 2, 3], f64[3])]

    def composite(t, a, b):
        return t.matmul(a, b)


@op("aten::linalg_vander(Tensor x, *, int? N=None) -> Tensor")
class linalg_vander(Shaped):
    """The powers of elements from 0 up to N - 1, in a new last dim."""

    def kernel(x, count):
        M.check(linalg_vander, x, count)
        x, count = np.atleast_1d(x), _vander_count(x.shape, count)
        made = np.broadcast_to(x[..., None], (*x.shape, count)).copy()
        made[..., :1] = 1
        return np.multiply.accumulate(made, -1, dtype=x.dtype)

    def dtypes(x, count):
        if x is not None and x.category == BOOL:
            raise RuntimeError(
                "linalg.vander supports floating point, complex, and integer tensors,"
                f" but got {x.title}"
            )
        return x

    def sizes(x, count):
        _check_vander(x, count)
        return (*(x or (1,)), _vander_count(x, count))

    samples = [case(f64[2, 3]), case(i64[3], N=4), case(f64[()], N=3)]

    def composite(t, x, count):
        count = _vander_count(x.shape, count)
        x = t.unsqueeze(x if x.ndim else t.unsqueeze(x, 0), -1)
        more = t.expand(x, [*x.shape[:-1], count - 1])
        return t.cat([t.ones_like(x), t.cumprod(more, -1)], -1)


def _vander_count(x, count):
    """How many powers; as many as the last dim has elements by default."""
    return (x[-1] if x else 1) if count is None else count


def _check_vander(x, count):
    wanted = _vander_count(x, count)
    if M.is_given(wanted) and wanted is not None and wanted <= 1:
        raise RuntimeError("N must be greater than 1.")


@op(
    "aten::linalg_diagonal(Tensor(a) A, *, int offset=0, int dim1=-2, int dim2=-1)"
    " -> Tensor(a)"
)
class linalg_diagonal(Shaped):
    """A view of the diagonals of matrices, as the last dim."""

    def kernel(x, offset, first, second):
        first, second = _two_dims(x.shape, first, second)
        return np.diagonal(x, offset, first, second).view()

    def sizes(x, offset, first, second):
        first, second = _two_dims(x, first, second)
        rest = [n for d, n in enumerate(x) if d not in (first, second)]
        rows, columns = x[first], x[second]
        if None in (rows, columns):
            return (*rest, None)
        size = (
            min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns)
        )
        return (*rest, max(size, 0))

    samples = [case(f64[3, 3]), case(f32[2, 3, 4], offset=1, dim1=0, dim2=2)]

    def composite(t, x, offset, first, second):
        return t.diagonal(x, offset, first, second)


def _two_dims(x, first, second):
    dims = S.wrap_dim(first, len(x)), S.wrap_dim(second, len(x))
    if dims[0] == dims[1]:
        raise RuntimeError(f"diagonal dimensions cannot be identical {first}, {second}")
    return dims


# tensors as matrices --------------------------------------------------------------------


def _check_tensorinv(x, ind):
    if ind <= 0:
        raise RuntimeError(
            f"Expected a strictly positive integer for 'ind', but got {ind}"
        )
    left, right = S.product(x[:ind]), S.product(x[ind:])
    if None not in (left, right) and left != right:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) =="
            f" prod(self.shape[:ind]), but got {right} != {left}"
        )
    return (*x[ind:], *x[:ind])


@op("aten::linalg_tensorinv(Tensor self, int ind=2) -> Tensor")
class linalg_tensorinv(Shaped):
    """The inverse by `tensordot`; the first `ind` dims count as rows."""

    saves = ("self",)
    fails = VALUES

    def kernel(x, ind):
        C.check_floating("linalg.inv", dtype_of(x.dtype))
        shape = _check_tensorinv(x.shape, ind)
        n = math.prod(x.shape[:ind])
        found, info = inverse_of(x.reshape(n, n))
        C.check_info("linalg.inv", info)
        return found.reshape(shape)

    def sizes(x, ind):
        return _check_tensorinv(x, ind)

    samples = [case(f64[2, 1, 2]), case(POSITIVE, 1)]

    def composite(t, x, ind):
        shape = _check_tensorinv(tuple(x.shape), ind)
        n = math.prod(x.shape[:ind])
        return t.reshape(t.linalg_inv(t.reshape(x, [n, n])), list(shape))


def _tensorsolve_order(a, dims):
    """A permutation that brings dims to the end."""
    moved = [S.wrap_dim(d, a) for d in dims or ()]
    return [d for d in range(a) if d not in moved] + moved


def _check_tensorsolve(a, b, dims):
    moved = [a[d] for d in _tensorsolve_order(len(a), dims)]
    columns = moved[len(b) :]
    left, right = S.product(columns), S.product(moved[: len(b)])
    given = S.product(b)
    if None not in (left, right) and (left != right or given not in (None, right)):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) =="
            f" prod(self.shape[:other.ndim]), but got {left} != {right}"
        )
    return tuple(columns)


@op("aten::linalg_tensorsolve(Tensor self, Tensor other, int[]? dims=None) -> Tensor")
class linalg_tensorsolve(Shaped):
    """The X with `tensordot(self, X, X.ndim) == other`; `dims` of self are moved last."""

    saves = ("self", "other")
    fails = VALUES

    def kernel(a, b, dims):
        M.check(linalg_tensorsolve, a, b, dims)
        shape = _check_tensorsolve(a.shape, b.shape, dims)
        a = a.transpose(_tensorsolve_order(a.ndim, dims))
        n = b.size
        try:
            return np.linalg.solve(a.reshape(n, n), b.reshape(n)).reshape(shape)
        except np.linalg.LinAlgError:
            C.check_info("torch.linalg.solve", np.int32(1))
            raise

    def dtypes(a, b, dims):
        C.check_floating("linalg.solve", a)
        C.check_same("linalg.solve", a, b)
        return a

    def sizes(a, b, dims):
        return _check_tensorsolve(a, b, dims)

    samples = [case(f64[2, 1, 2], f64[2, 1]), case(f64[2, 3, 6], f64[2, 3]),
               case(f64[2, 2, 4], f64[4], dims=[0, 1])]  # fmt: skip

    def composite(t, a, b, dims):
        shape = _check_tensorsolve(tuple(a.shape), tuple(b.shape), dims)
        n = math.prod(b.shape)
        a = t.permute(a, _tensorsolve_order(a.ndim, dims))
        found = t.linalg_solve(t.reshape(a, [n, n]), t.reshape(b, [n]))
        return t.reshape(found, list(shape))
