"""Numbers and functions of matrices: determinants, powers, exp, ranks, conditions."""

from __future__ import annotations

import math

import numpy as np

from jit.ir.dtypes import FLOATING, dtype_of, int64
from jit.runtime.kernels import matrix_checks as C
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.matrix_exponential import matrix_exponential
from jit.runtime.kernels.products import widened
from jit.runtime.ops import facts as F
from jit.runtime.ops import matrices as M
from jit.runtime.ops.declare import op
from jit.runtime.ops.least_squares import rank_of
from jit.runtime.ops.matrices import POSITIVE, POSITIVES, turned
from jit.runtime.ops.matrix_norms import norm_of
from jit.runtime.ops.samples import case, f16, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped
from jit.runtime.ops.solvers import inverse_of
from jit.runtime.ops.spectra import svdvals_of

# determinants ---------------------------------------------------------------------------


def _determinant(name):
    """The rules of functions of square matrices that give a number for each."""

    def sizes(x):
        return C.check_square(name, x)[:-2]

    def dtypes(x):
        C.check_floating(name, x)
        return x

    return sizes, dtypes


def _inverse_or_nan(t, x):
    """The inverses; where a matrix has none, what is not finite."""
    return t.linalg_inv_ex(x)[0]


@op("aten::linalg_det(Tensor A) -> Tensor", "aten::det(Tensor self) -> Tensor")
class det(Shaped):
    """The determinants of square matrices."""

    saves = ("A", "self")
    sizes, dtypes = _determinant("linalg.det")

    def kernel(x):
        M.check(det, x)
        return np.asarray(np.linalg.det(x)).astype(x.dtype)

    samples = [f64[3, 3], f64[2, 2, 2], f32[0, 0], f32[1, 1],
               case(f64.of([[1, 2], [2, 4]]))]  # fmt: skip

    def grad(t, g, out, x):
        # by singular values, so that singular matrices have a gradient too
        u, s, vh = t.linalg_svd(x)
        sign = t.linalg_det(u) * t.linalg_det(vh)
        return t.matmul(u * M.columns(t, _others(t, s)), vh) * M.rows(
            t, M.rows(t, g * sign)
        )


def _others(t, s):
    """For each element the product of the others of its vector."""
    n = s.shape[-1]
    ones = t.eye(n, dtype=s.dtype)
    return t.prod(M.columns(t, s) * (1 - ones) + ones, -1)


@op(
    "aten::linalg_slogdet(Tensor A) -> (Tensor sign, Tensor logabsdet)",
    "aten::slogdet(Tensor self) -> (Tensor sign, Tensor logabsdet)",
)
class slogdet(Shaped):
    """The signs of determinants and the logarithms of their absolute values."""

    saves = ("A", "self")

    def kernel(x):
        M.check(slogdet, x)
        sign, log = np.linalg.slogdet(x)
        return (
            np.asarray(sign).astype(x.dtype),
            np.asarray(log).astype(M.real(dtype_of(x.dtype)).numpy),
        )

    def sizes(x):
        batch = C.check_square("linalg.slogdet", x)[:-2]
        return batch, batch

    def dtypes(x):
        C.check_floating("linalg.slogdet", x)
        return x, M.real(x)

    samples = [f64[3, 3], f64[2, 2, 2], f32[0, 0]]

    def grad(t, g, out, x):
        return M.rows(t, M.rows(t, g[1])) * turned(t, _inverse_or_nan(t, x))


@op("aten::logdet(Tensor self) -> Tensor")
class logdet(Shaped):
    """The logarithms of determinants; nan where they are negative."""

    saves = ("self",)
    sizes, dtypes = _determinant("logdet")

    def kernel(x):
        M.check(logdet, x)
        sign, log = np.linalg.slogdet(x)
        if x.dtype.kind == "c":
            return np.asarray(np.log(sign) + log).astype(x.dtype)
        return np.asarray(np.where(sign == -1, np.nan, log)).astype(x.dtype)

    samples = [case(POSITIVE), case(POSITIVES), case(f32[0, 0])]

    def grad(t, g, out, x):
        return M.rows(t, M.rows(t, g)) * turned(t, _inverse_or_nan(t, x))


# powers and series ----------------------------------------------------------------------


@op(
    "aten::linalg_matrix_power(Tensor self, int n) -> Tensor",
    "aten::matrix_power(Tensor self, int n) -> Tensor",
)
class matrix_power(Shaped):
    """A square matrix multiplied with itself n times, or its inverse."""

    saves = ("self", "out")
    fails = VALUES

    def kernel(x, n):
        M.check(matrix_power, x, n)
        if n < 0:
            x, info = inverse_of(x)
            C.check_info("linalg.inv", info)
        return np.linalg.matrix_power(widened(x), abs(n)).astype(x.dtype, copy=False)

    def sizes(x, n):
        return C.check_square("linalg.matrix_power", x)

    def dtypes(x, n):
        if F.is_known(n) and n < 0:
            C.check_floating("linalg.inv", x)
        return x

    samples = [case(f32[2, 2], 3), case(i64[2, 2], 0), case(POSITIVE, -2)]

    def grad(t, g, out, x, n):
        if n == 0:
            return t.zeros_like(g)
        # x^n = y^m with y the inverse of x where n < 0
        y = turned(t, x if n > 0 else t.linalg_inv(x))
        powers = [None, y]
        for _ in range(abs(n) - 2):
            powers.append(t.matmul(powers[-1], y))
        made = None
        for i in range(abs(n)):
            part = g if i == 0 else t.matmul(powers[i], g)
            after = abs(n) - 1 - i
            part = part if after == 0 else t.matmul(part, powers[after])
            made = part if made is None else made + part
        return made if n > 0 else -t.matmul(y, t.matmul(made, y))


@op(
    "aten::linalg_matrix_exp(Tensor self) -> Tensor",
    "aten::matrix_exp(Tensor self) -> Tensor",
)
class matrix_exp(Shaped):
    """The sum of the powers of a square matrix, the n-th over n!."""

    saves = ("self",)

    def kernel(x):
        M.check(matrix_exp, x)
        return matrix_exponential(widened(x)).astype(x.dtype, copy=False)

    def sizes(x):
        return C.check_square("linalg.matrix_exp", x)

    def dtypes(x):
        C.check_floating("linalg.matrix_exp", x, low=True)
        return x

    samples = [f64[2, 2], f64[2, 3, 3], f32[0, 0], f16[1, 1]]

    def grad(t, g, out, x):
        # exp of [[xᵀ, g], [0, xᵀ]] has the derivative in its upper right part
        n = x.shape[-1]
        y = turned(t, x)
        above = t.cat([y, g], -1)
        below = t.cat([t.zeros_like(y), y], -1)
        whole = t.linalg_matrix_exp(t.cat([above, below], -2))
        return t.narrow(t.narrow(whole, -2, 0, n), -1, n, n)


# ranks and conditions -------------------------------------------------------------------


class Rank(Shaped):
    """Base of the ranks, whose tolerances are given in several ways."""

    fails = VALUES
    unknown = ("tol", "atol", "rtol", "hermitian")
    detached = True

    def dtypes(x, *rest):
        _check_rank_dtype(x)
        return int64


def _check_rank_dtype(x):
    if x is not None and x.category < FLOATING:
        raise RuntimeError(
            "This function doesn't handle types other than float and double"
        )
    C.check_floating("torch.linalg.matrix_rank", x)


def _rank_sizes(x, hermitian):
    C.check_matrix("torch.linalg.matrix_rank", x, "input")
    if hermitian is True:
        C.check_square("linalg.eigh", x)
    return x[:-2]


def _rank(x, atol, rtol, hermitian):
    _check_rank_dtype(dtype_of(x.dtype))
    shape = _rank_sizes(x.shape, hermitian)
    for name, value in (("atol", atol), ("rtol", rtol)):
        if isinstance(value, np.ndarray):
            if value.dtype.kind == "c":
                raise RuntimeError(
                    f"torch.linalg.matrix_rank: {name} tensor of complex type is not"
                    " supported."
                )
            shape = S.broadcast(shape, value.shape)
    if not x.size:
        return np.zeros(shape, np.int64)
    return rank_of(x, atol, rtol, hermitian).astype(np.int64)


def _tolerated(shape, *tolerances):
    """Ranks of matrices for tensors of tolerances, which broadcast."""
    for value in tolerances:
        if value is not None:
            shape = S.broadcast(shape, value)
    return shape


@op(
    "aten::linalg_matrix_rank.atol_rtol_tensor(Tensor input, *, Tensor? atol=None,"
    " Tensor? rtol=None, bool hermitian=False) -> Tensor"
)
class matrix_rank_absolute_tensor(Rank):
    """How many singular values are above an absolute and a relative tolerance."""

    def kernel(x, atol, rtol, hermitian):
        return _rank(x, atol, rtol, hermitian)

    def sizes(x, atol, rtol, hermitian):
        return _tolerated(_rank_sizes(x, hermitian), atol, rtol)

    samples = [case(f64[2, 2, 3], atol=f64.of([0.0, 2.0]))]


@op(
    "aten::linalg_matrix_rank.atol_rtol_float(Tensor self, *, float? atol=None,"
    " float? rtol=None, bool hermitian=False) -> Tensor"
)
class matrix_rank_absolute(Rank):
    """How many singular values are above an absolute and a relative tolerance."""

    def kernel(x, atol, rtol, hermitian):
        return _rank(x, atol, rtol, hermitian)

    def sizes(x, atol, rtol, hermitian):
        return _rank_sizes(x, hermitian)

    samples = [case(f64[2, 3]), case(POSITIVES, atol=2.0, hermitian=True)]


@op("aten::linalg_matrix_rank(Tensor self, float tol, bool hermitian=False) -> Tensor")
class matrix_rank(Rank):
    """How many singular values are above a tolerance."""

    def kernel(x, tol, hermitian):
        return _rank(x, tol, 0.0, hermitian)

    def sizes(x, tol, hermitian):
        return _rank_sizes(x, hermitian)

    samples = [case(f64[2, 3], 0.1), case(f32[0, 3], 0.1)]


@op(
    "aten::linalg_matrix_rank.tol_tensor(Tensor input, Tensor tol,"
    " bool hermitian=False) -> Tensor"
)
class matrix_rank_tensor(Rank):
    """How many singular values are above a tolerance of each matrix."""

    def kernel(x, tol, hermitian):
        return _rank(x, tol, 0.0, hermitian)

    def sizes(x, tol, hermitian):
        return _tolerated(_rank_sizes(x, hermitian), tol)

    samples = [case(f64[2, 2, 3], f64.of([0.0, 2.0]))]


_ORDERS = ("fro", "nuc", math.inf, -math.inf, 1, -1, 2, -2, None)


def _check_condition(x, p):
    C.check_matrix("linalg.cond", x)
    if not M.is_given(p):
        return x[:-2]
    if p not in _ORDERS:
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if p not in (None, 2, -2):
        shown = f"{p:g}" if isinstance(p, float) else p
        C.check_square(f"linalg.cond(ord={shown})", x)
    return x[:-2]


class Condition(Shaped):
    """Base of the condition numbers: a norm times that of the inverse."""

    saves = ("self",)

    def kernel(x, p):
        C.check_floating("linalg.cond", dtype_of(x.dtype))
        shape = _check_condition(x.shape, p)
        dtype = M.real(dtype_of(x.dtype)).numpy
        if p in (None, 2, -2):
            values = svdvals_of(x)
            if not values.size:
                return np.zeros(shape, dtype)
            first, last = values[..., 0], values[..., -1]
            return np.asarray(last / first if p == -2 else first / last)
        if not x.size:
            return np.zeros(shape, dtype)
        found, info = inverse_of(x)
        norms = [norm_of(v, p, [-2, -1], False, None) for v in (x, found)]
        made = np.where(info == 0, norms[0] * norms[1], np.inf)
        return np.asarray(made).astype(dtype)

    def dtypes(x, p):
        C.check_floating("linalg.cond", x)
        return M.real(x)

    def sizes(x, p):
        return _check_condition(x, p)

    def composite(t, x, p):
        if p in (None, 2, -2):
            values = t.linalg_svdvals(x)
            first, last = t.select(values, -1, 0), t.select(values, -1, -1)
            return last / first if p == -2 else first / last
        norms = [t.linalg_matrix_norm(v, p) for v in (x, t.linalg_inv(x))]
        return norms[0] * norms[1]


@op("aten::linalg_cond(Tensor self, Scalar? p=None) -> Tensor")
class linalg_cond(Condition):
    """The condition numbers of matrices by a norm: that of x times that of its inverse."""

    samples = [case(f64[2, 3]), case(f64[3, 2], -2), case(POSITIVES, 1)]


@op("aten::linalg_cond.p_str(Tensor self, str p) -> Tensor")
class linalg_cond_named(Condition):
    """The condition numbers of square matrices by the norm called "fro" or "nuc"."""

    samples = [case(POSITIVE, "fro"), case(POSITIVES, "nuc")]
