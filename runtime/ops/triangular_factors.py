"""Factors of matrices that are triangles: Cholesky, LU, LDL."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import dtype_of, int32
from jit.runtime.kernels import factorizations as L
from jit.runtime.kernels import matrix_checks as C
from jit.runtime.ops import matrices as M
from jit.runtime.ops.declare import op
from jit.runtime.ops.matrices import POSITIVE, POSITIVES, turned
from jit.runtime.ops.samples import case, f32, f64, i32
from jit.runtime.ops.shaped import VALUES, Shaped

# Cholesky -------------------------------------------------------------------------------


def _cholesky(x, upper):
    """The triangle and infos; the triangle that is asked for is the one that is read."""
    lower, info = L.cholesky(L.adjoint(x) if upper else x)
    return (np.ascontiguousarray(L.adjoint(lower)) if upper else lower), info


def _cholesky_slope(t, g, out, upper):
    lower, g = (turned(t, out), turned(t, g)) if upper else (out, g)
    # half of the diagonal of the triangle of Lt g
    middle = t.tril(t.matmul(turned(t, lower), g))
    middle = middle - 0.5 * M.diagonal_part(t, middle)
    inverse = t.linalg_inv(lower)
    made = t.matmul(turned(t, inverse), t.matmul(middle, inverse))
    return 0.5 * (made + turned(t, made))


def _check_dtype(name, x):
    """The rule for elements, in the words of each of the operators."""
    if name != "cholesky":
        C.check_floating(name, x, low=True)
    C.check_implemented("cholesky_cpu", x)


def _cholesky_card(name):
    """Kernel and rules of the operators that give the triangle alone."""

    def sizes(x, upper):
        return C.check_square(name, x)

    def dtypes(x, upper):
        _check_dtype(name, x)
        return x

    def kernel(x, upper):
        dtypes(dtype_of(x.dtype), upper)
        sizes(x.shape, upper)
        made, info = _cholesky(x, upper)
        C.check_info(name, info)
        return made

    return kernel, sizes, dtypes


@op("aten::linalg_cholesky(Tensor self, *, bool upper=False) -> Tensor")
class linalg_cholesky(Shaped):
    """The triangular L with L Lᵀ = self, for positive-definite matrices."""

    saves = ("out",)
    fails = VALUES
    unknown = ("upper",)
    kernel, sizes, dtypes = _cholesky_card("linalg.cholesky")
    samples = [case(POSITIVE), case(POSITIVES, upper=True), case(f32[0, 0])]

    def grad(t, g, out, x, upper):
        return _cholesky_slope(t, g, out, upper)


@op("aten::cholesky(Tensor self, bool upper=False) -> Tensor")
class cholesky(Shaped):
    """The triangular L with L Lᵀ = self, as `linalg.cholesky`."""

    saves = ("out",)
    fails = VALUES
    unknown = ("upper",)
    kernel, sizes, dtypes = _cholesky_card("cholesky")
    samples = [case(POSITIVE), case(POSITIVES, True)]

    def grad(t, g, out, x, upper):
        return _cholesky_slope(t, g, out, upper)


@op(
    "aten::linalg_cholesky_ex(Tensor self, *, bool upper=False,"
    " bool check_errors=False) -> (Tensor L, Tensor info)"
)
class linalg_cholesky_ex(Shaped):
    """The triangle, and the order of the first minor that is not positive, or zero."""

    saves = ("out",)
    fails = VALUES
    unknown = ("upper", "check_errors")

    def kernel(x, upper, check_errors):
        M.check(linalg_cholesky_ex, x, upper, check_errors)
        made, info = _cholesky(x, upper)
        if check_errors:
            C.check_info("linalg.cholesky_ex", info)
        return made, info

    def sizes(x, upper, check_errors):
        C.check_square("linalg.cholesky_ex", x)
        return x, x[:-2]

    def dtypes(x, upper, check_errors):
        _check_dtype("linalg.cholesky", x)
        return x, int32

    samples = [
        case(POSITIVE),
        case(POSITIVES, upper=True),
        case(f32.of([[1, 2], [2, 1]])),
    ]

    def grad(t, g, out, x, upper, check_errors):
        return _cholesky_slope(t, g[0], out[0], upper)


# L U ------------------------------------------------------------------------------------


def _check_pivoting(pivot):
    if M.is_given(pivot) and not pivot:
        raise RuntimeError(
            "linalg.lu_factor: LU without pivoting is not implemented on the CPU"
        )


def _lu_sizes(x):
    m, n = C.check_matrix("torch.lu_factor", x)[-2:]
    return x, (*x[:-2], C.smaller(m, n)), x[:-2]


def _lu_factor(x, pivot, name=""):
    """The factors in one array, pivots and infos; raises for infos under a name."""
    _check_pivoting(pivot)
    C.check_implemented("lu_cpu", dtype_of(x.dtype))
    C.check_matrix("torch.lu_factor", x.shape)
    made = L.lu_factor(x)
    if name:
        C.check_info(name, made[2])
    return made


def _lu_slope(t, g_lower, g_upper, p, lower, upper):
    """The gradient of A = P L U, from those of L and U."""
    m, n = lower.shape[-2], upper.shape[-1]
    k = min(m, n)
    square_l, square_u = t.narrow(lower, -2, 0, k), t.narrow(upper, -1, 0, k)
    left = t.matmul(turned(t, square_l), t.narrow(g_lower, -2, 0, k))
    right = t.matmul(t.narrow(g_upper, -1, 0, k), turned(t, square_u))
    parts = []
    if m > k:
        rest, g_rest = (t.narrow(x, -2, k, m - k) for x in (lower, g_lower))
        right = right - t.matmul(turned(t, rest), g_rest)
        parts.append(_over_upper(t, square_u, g_rest))
    if n > k:
        rest, g_rest = (t.narrow(x, -1, k, n - k) for x in (upper, g_upper))
        left = left - t.matmul(g_rest, turned(t, rest))
        parts.append(_under_lower(t, square_l, g_rest))
    middle = t.tril(left, -1) + t.triu(right)
    made = _over_upper(t, square_u, _under_lower(t, square_l, middle))
    if parts:
        made = t.cat([made, *parts], -2 if m > k else -1)
    return t.matmul(p, made)


def _under_lower(t, lower, x):
    return t.linalg_solve_triangular(
        turned(t, lower), x, upper=True, unitriangular=True
    )


def _over_upper(t, upper, x):
    return t.linalg_solve_triangular(turned(t, upper), x, upper=False, left=False)


def _packed_slope(t, g, lu, pivots):
    """The gradient of A from that of L and U in one array."""
    m, n = lu.shape[-2:]
    k = min(m, n)
    p, lower, upper = t.lu_unpack(lu, pivots)
    g_lower = t.tril(t.narrow(g, -1, 0, k), -1)
    g_upper = t.triu(t.narrow(g, -2, 0, k))
    return _lu_slope(t, g_lower, g_upper, p, lower, upper)


_TALL = f64.of([[1, 2], [4, 1], [2, 5]])
_WIDE = f64.of([[[1, 2, 0.5], [4, 1, 3]]])
_SQUARE = f64.of([[1, 2, 3], [4, 1, 2], [2, 6, 1]])
_SHAPES = [_SQUARE, _TALL, _WIDE]


@op(
    "aten::linalg_lu_factor(Tensor A, *, bool pivot=True) -> (Tensor LU, Tensor pivots)"
)
class linalg_lu_factor(Shaped):
    """L and U in one tensor, and which rows were swapped."""

    saves = ("out",)
    fails = VALUES

    def kernel(x, pivot):
        return _lu_factor(x, pivot, "torch.linalg.lu_factor")[:2]

    def sizes(x, pivot):
        _check_pivoting(pivot)
        return _lu_sizes(x)[:2]

    def dtypes(x, pivot):
        C.check_implemented("lu_cpu", x)
        return x, int32

    samples = [*map(case, _SHAPES), case(f32[0, 2, 2])]

    def grad(t, g, out, x, pivot):
        return _packed_slope(t, g[0], *out)


class FactorWithInfo(Shaped):
    """Base of the operators that give LU, pivots and infos."""

    saves = ("out",)
    fails = VALUES
    unknown = ("check_errors",)

    def sizes(x, pivot, check_errors):
        _check_pivoting(pivot)
        return _lu_sizes(x)

    def dtypes(x, pivot, check_errors):
        C.check_implemented("lu_cpu", x)
        return x, int32, int32

    def grad(t, g, out, x, pivot, check_errors):
        return _packed_slope(t, g[0], *out[:2])


@op(
    "aten::linalg_lu_factor_ex(Tensor A, *, bool pivot=True, bool check_errors=False)"
    " -> (Tensor LU, Tensor pivots, Tensor info)"
)
class linalg_lu_factor_ex(FactorWithInfo):
    """L and U in one tensor, pivots, and the first zero on the diagonal of U."""

    def kernel(x, pivot, check_errors):
        return _lu_factor(x, pivot, "torch.linalg.lu_factor_ex" * check_errors)

    samples = [*map(case, _SHAPES), case(f32.of([[1, 2], [2, 4]]))]


@op(
    "aten::_lu_with_info(Tensor self, bool pivot=True, bool check_errors=True)"
    " -> (Tensor LU, Tensor pivots, Tensor info)"
)
class _lu_with_info(FactorWithInfo):
    """As `linalg.lu_factor_ex`; what `torch.lu` calls."""

    def kernel(x, pivot, check_errors):
        return _lu_factor(x, pivot, "torch.linalg.lu_factor_ex" * check_errors)

    samples = [*map(case, _SHAPES)]


@op("aten::linalg_lu(Tensor A, *, bool pivot=True) -> (Tensor P, Tensor L, Tensor U)")
class linalg_lu(Shaped):
    """A permutation P, a lower triangle L and an upper one U with A = P L U."""

    saves = ("out",)

    def kernel(x, pivot):
        lu, pivots, _ = _lu_factor(x, pivot)
        p = L.permutation_matrix(pivots, x.shape[-2], x.dtype)
        return p, L.lower_of(lu), L.upper_of(lu)

    def sizes(x, pivot):
        _check_pivoting(pivot)
        m, n = C.check_matrix("torch.lu_factor", x)[-2:]
        batch, k = x[:-2], C.smaller(m, n)
        return (*batch, m, m), (*batch, m, k), (*batch, k, n)

    def dtypes(x, pivot):
        C.check_implemented("lu_cpu", x)
        return x

    samples = [*map(case, _SHAPES), case(f32[2, 0, 3])]

    def grad(t, g, out, x, pivot):
        return _lu_slope(t, g[1], g[2], *out)


@op(
    "aten::lu_unpack(Tensor LU_data, Tensor LU_pivots, bool unpack_data=True,"
    " bool unpack_pivots=True) -> (Tensor P, Tensor L, Tensor U)"
)
class lu_unpack(Shaped):
    """P, L and U from the factors in one tensor and the pivots."""

    fails = VALUES

    def kernel(lu, pivots, unpack_data, unpack_pivots):
        M.check(lu_unpack, lu, pivots, unpack_data, unpack_pivots)
        p = lower = upper = np.zeros(0, lu.dtype)
        if unpack_data:
            lower, upper = L.lower_of(lu), L.upper_of(lu)
        if unpack_pivots:
            rows = lu.shape[-2]
            if pivots.size and not (pivots.min() >= 1 and pivots.max() <= rows):
                raise RuntimeError(
                    "torch.lu_unpack: LU_pivots contains an index that is out of range"
                )
            p = L.permutation_matrix(pivots, rows, lu.dtype)
        return p, lower, upper

    def sizes(lu, pivots, unpack_data, unpack_pivots):
        m, n = C.check_matrix("torch.lu_unpack", lu, "LU_data")[-2:]
        batch, k = lu[:-2], C.smaller(m, n)
        p = (*batch, m, m) if unpack_pivots else (0,)
        if not unpack_data:
            return p, (0,), (0,)
        return p, (*batch, m, k), (*batch, k, n)

    def dtypes(lu, pivots, unpack_data, unpack_pivots):
        if pivots not in (None, int32) and unpack_pivots is True:
            raise RuntimeError(
                "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of"
                " torch.int32 dtype.\nNote: this function is intended to be used with"
                " the output produced by torch.linalg.lu_factor"
            )
        return lu

    samples = [
        case(f64[3, 3], i32.of([2, 3, 3])),
        case(f64[2, 3, 2], i32.of([[2, 3], [1, 2]]), unpack_pivots=False),
        case(f64[2, 3], i32.of([2, 2])),
        case(f32[2, 2], i32.of([1, 2]), False),
    ]

    def grad(t, g, out, lu, pivots, unpack_data, unpack_pivots):
        if not unpack_data:
            return t.zeros(list(lu.shape), dtype=lu.dtype)
        m, n = lu.shape[-2:]
        k = min(m, n)
        lower, upper = t.tril(g[1], -1), t.triu(g[2])
        if m > k:
            upper = t.constant_pad_nd(upper, [0, 0, 0, m - k])
        if n > k:
            lower = t.constant_pad_nd(lower, [0, n - k])
        return lower + upper


# L D L ----------------------------------------------------------------------------------


@op(
    "aten::linalg_ldl_factor_ex(Tensor self, *, bool hermitian=False,"
    " bool check_errors=False) -> (Tensor LD, Tensor pivots, Tensor info)"
)
class linalg_ldl_factor_ex(Shaped):
    """L and the blocks of D with self = L D Lᵀ, pivots, and infos."""

    fails = VALUES
    unknown = ("hermitian", "check_errors")

    def kernel(x, hermitian, check_errors):
        return _ldl("torch.linalg.ldl_factor_ex", x, hermitian, check_errors)

    def sizes(x, hermitian, check_errors):
        C.check_square("torch.linalg.ldl_factor_ex", x)
        return x, x[:-1], x[:-2]

    def dtypes(x, *rest):
        C.check_floating("torch.linalg.ldl_factor_ex", x)
        return x, int32, int32

    samples = [
        case(POSITIVE),
        case(f64.of([[[0, 2, 3], [2, 1, 5], [3, 5, 1]]]), hermitian=True),
        case(f32[0, 0]),
    ]


def _ldl(name, x, hermitian, check_errors):
    C.check_floating(name, dtype_of(x.dtype))
    C.check_square(name, x.shape)
    made = L.ldl_factor(x, hermitian and x.dtype.kind == "c")
    if check_errors:
        C.check_info(name, made[2])
    return made


@op(
    "aten::linalg_ldl_factor(Tensor self, *, bool hermitian=False)"
    " -> (Tensor LD, Tensor pivots)"
)
class linalg_ldl_factor(Shaped):
    """L and the blocks of D with self = L D Lᵀ, and pivots."""

    fails = VALUES
    unknown = ("hermitian",)

    def kernel(x, hermitian):
        return _ldl("torch.linalg.ldl_factor", x, hermitian, True)[:2]

    def sizes(x, hermitian):
        C.check_square("torch.linalg.ldl_factor", x)
        return x, x[:-1]

    def dtypes(x, hermitian):
        C.check_floating("torch.linalg.ldl_factor", x)
        return x, int32

    samples = [case(POSITIVE), case(POSITIVES)]
