"""Singular values and eigenvalues, with their vectors."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import complex64, complex128, dtype_of, float32
from jit.runtime.kernels import factorizations as L
from jit.runtime.kernels import matrix_checks as C
from jit.runtime.ops import matrices as M
from jit.runtime.ops.declare import op
from jit.runtime.ops.matrices import POSITIVE, POSITIVES, turned
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import VALUES, Shaped

# singular values ------------------------------------------------------------------------


def _check_driver(driver):
    if M.is_given(driver) and driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA"
            " inputs with cuSOLVER backend."
        )


def _check_singular(x):
    """The dtype of matrices with singular values."""
    if x is not None and x.is_floating_point and x.itemsize < 4:
        raise NotImplementedError(f"\"linalg_svd_cpu\" not implemented for '{x.title}'")
    C.check_floating("linalg.svd", x)
    return x


def svd_of(x, full):
    """U, S and Vᴴ of an array."""
    try:
        return tuple(np.linalg.svd(x, full))
    except np.linalg.LinAlgError:
        finite = np.isfinite(x).all((-2, -1))
        info = np.where(finite, 0, min(x.shape[-2:]))
        C.check_info("linalg.svd", info if info.any() else np.ones_like(info))
        raise


def _svd_slope(t, g, out):
    """The gradient of A = U S Vᵀ, with as many columns of U and V as values."""
    (g_u, g_s, g_vh), (u, s, vh) = g, out
    m, k, n = u.shape[-2], s.shape[-1], vh.shape[-1]
    if u.shape[-1] > k:
        u, g_u = t.narrow(u, -1, 0, k), t.narrow(g_u, -1, 0, k)
    if vh.shape[-2] > k:
        vh, g_vh = t.narrow(vh, -2, 0, k), t.narrow(g_vh, -2, 0, k)
    inside_u = t.matmul(turned(t, u), g_u)
    inside_v = t.matmul(vh, turned(t, g_vh))
    squares = s * s
    gaps = M.differences(t, squares)
    of_u = M.quotient(t, inside_u - turned(t, inside_u), gaps) * M.columns(t, s)
    of_v = M.rows(t, s) * M.quotient(t, inside_v - turned(t, inside_v), gaps)
    middle = of_u + of_v + t.diag_embed(g_s)
    made = t.matmul(u, middle)
    if m > k:
        outside = g_u - t.matmul(u, inside_u)
        made = made + M.quotient(t, outside, M.columns(t, s))
    made = t.matmul(made, vh)
    if n > k:
        outside = g_vh - t.matmul(turned(t, inside_v), vh)
        made = made + t.matmul(u, M.quotient(t, outside, M.rows(t, s)))
    return made


@op(
    "aten::linalg_svd(Tensor A, bool full_matrices=True, *, str? driver=None)"
    " -> (Tensor U, Tensor S, Tensor Vh)"
)
class linalg_svd(Shaped):
    """Orthogonal U and Vh and the singular values S with A = U diag(S) Vh."""

    saves = ("out",)
    fails = VALUES

    def kernel(x, full, driver):
        M.check(linalg_svd, x, full, driver)
        return svd_of(x, full)

    def sizes(x, full, driver):
        _check_driver(driver)
        m, n = C.check_matrix("linalg.svd", x)[-2:]
        batch, k = x[:-2], C.smaller(m, n)
        if full:
            return (*batch, m, m), (*batch, k), (*batch, n, n)
        return (*batch, m, k), (*batch, k), (*batch, k, n)

    def dtypes(x, full, driver):
        _check_singular(x)
        return x, M.real(x), x

    samples = [
        case(f64[3, 2], False),
        case(f64[2, 2, 3], False),
        case(f64[2, 2]),
        case(f32[7, 6]),
        case(f32[0, 3]),
    ]

    def grad(t, g, out, x, full, driver):
        return _svd_slope(t, g, out)


@op("aten::linalg_svdvals(Tensor A, *, str? driver=None) -> Tensor")
class linalg_svdvals(Shaped):
    """The singular values, the largest first."""

    saves = ("A",)
    fails = VALUES

    def kernel(x, driver):
        M.check(linalg_svdvals, x, driver)
        return svdvals_of(x)

    def sizes(x, driver):
        _check_driver(driver)
        C.check_matrix("linalg.svd", x)
        return (*x[:-2], C.smaller(*x[-2:]))

    def dtypes(x, driver):
        return M.real(_check_singular(x))

    samples = [case(f64[3, 2]), case(f64[2, 2, 3]), case(f32[0, 3])]

    def grad(t, g, out, x, driver):
        u, _, vh = t.linalg_svd(x, False)
        return t.matmul(u * M.columns(t, g), vh)


def svdvals_of(x):
    """The singular values of an array."""
    try:
        return np.linalg.svd(x, compute_uv=False)
    except np.linalg.LinAlgError:
        return svd_of(x, False)[1]


@op(
    "aten::svd(Tensor self, bool some=True, bool compute_uv=True)"
    " -> (Tensor U, Tensor S, Tensor V)"
)
class svd(Shaped):
    """U, S and V with self = U diag(S) Vᵀ; U and V are zeros unless asked for."""

    saves = ("out",)
    fails = VALUES

    def kernel(x, some, compute_uv):
        M.check(svd, x, some, compute_uv)
        if compute_uv:
            u, s, vh = svd_of(x, not some)
            return u, s, np.ascontiguousarray(L.adjoint(vh))
        u, s, v = svd.sizes(x.shape, some, compute_uv)
        return np.zeros(u, x.dtype), svdvals_of(x), np.zeros(v, x.dtype)

    def sizes(x, some, compute_uv):
        m, n = C.check_matrix("linalg.svd", x)[-2:]
        batch, k = x[:-2], C.smaller(m, n)
        if some and compute_uv:
            return (*batch, m, k), (*batch, k), (*batch, n, k)
        return (*batch, m, m), (*batch, k), (*batch, n, n)

    def dtypes(x, some, compute_uv):
        _check_singular(x)
        return x, M.real(x), x

    samples = [case(f64[3, 2]), case(f64[2, 2, 3]), case(f32[7, 6], False),
               case(f32[7, 6], compute_uv=False)]  # fmt: skip

    def grad(t, g, out, x, some, compute_uv):
        if not compute_uv:
            raise RuntimeError(
                "svd_backward: Setting compute_uv to false in torch.svd doesn't compute"
                " singular matrices, and hence we cannot compute backward. Please use"
                " torch.svd(compute_uv=True)"
            )
        (g_u, g_s, g_v), (u, s, v) = g, out
        return _svd_slope(t, (g_u, g_s, turned(t, g_v)), (u, s, turned(t, v)))


# eigenvalues ----------------------------------------------------------------------------

_COMPLEX = {float32: complex64, complex64: complex64}


def _check_eigen(name, x):
    C.check_floating(name, x)
    return None if x is None else _COMPLEX.get(x, complex128)


def _eigen(name, x, function):
    if not np.isfinite(x).all():
        raise RuntimeError(
            f"torch.{name}: input tensor should not contain infs or NaNs."
        )
    try:
        return function(x)
    except np.linalg.LinAlgError:
        C.check_info(name, np.ones(x.shape[:-2], np.int32))
        raise


def _eig_slope(t, g_values, g_vectors, values, vectors, x):
    """The gradient of the matrix; vectors count only up to their lengths and phases."""
    other = t.conj(turned(t, vectors))
    middle = t.diag_embed(g_values)
    if g_vectors is not None:
        inside = t.matmul(other, g_vectors)
        lengths = t.real(t.diagonal(inside, 0, -2, -1))
        inside = inside - t.matmul(other, vectors) * M.columns(t, lengths)
        off = inside - M.diagonal_part(t, inside)
        middle = middle + off / t.conj(M.differences(t, values))
    made = t.linalg_solve(other, t.matmul(middle, other))
    return made if x.dtype.is_complex else t.real(made)


@op("aten::linalg_eig(Tensor self) -> (Tensor eigenvalues, Tensor eigenvectors)")
class linalg_eig(Shaped):
    """The eigenvalues and eigenvectors of square matrices, complex."""

    saves = ("out",)
    fails = VALUES

    def kernel(x):
        M.check(linalg_eig, x)
        wanted = _check_eigen("linalg.eig", dtype_of(x.dtype)).numpy
        values, vectors = _eigen("linalg.eig", x, np.linalg.eig)
        return values.astype(wanted), vectors.astype(wanted)

    def sizes(x):
        C.check_square("linalg.eig", x)
        return x[:-1], x

    def dtypes(x):
        return _check_eigen("linalg.eig", x)

    samples = [case(POSITIVE), case(f32[2, 2, 2]), case(f32[0, 0])]

    def grad(t, g, out, x):
        return _eig_slope(t, *g, *out, x)


@op("aten::linalg_eigvals(Tensor self) -> Tensor")
class linalg_eigvals(Shaped):
    """The eigenvalues of square matrices, complex."""

    saves = ("self",)
    fails = VALUES

    def kernel(x):
        M.check(linalg_eigvals, x)
        wanted = _check_eigen("linalg.eigvals", dtype_of(x.dtype)).numpy
        return _eigen("linalg.eigvals", x, np.linalg.eigvals).astype(wanted)

    def sizes(x):
        return C.check_square("linalg.eigvals", x)[:-1]

    def dtypes(x):
        return _check_eigen("linalg.eigvals", x)

    samples = [case(POSITIVE), case(f32[2, 2, 2])]

    def grad(t, g, out, x):
        return _eig_slope(t, g, None, *t.linalg_eig(x), x)


def _check_uplo(uplo):
    if M.is_given(uplo) and uplo.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {uplo}")


def _eigh(x, uplo, function):
    try:
        return function(x, uplo.upper())
    except np.linalg.LinAlgError:
        C.check_info("linalg.eigh", np.ones(x.shape[:-2], np.int32))
        raise


def _eigh_slope(t, g_values, g_vectors, values, vectors):
    inside = t.matmul(turned(t, vectors), g_vectors)
    gaps = M.differences(t, values)
    # what leaves the matrix symmetric
    turning = 0.5 * (inside - turned(t, inside))
    middle = M.quotient(t, turning, gaps) + t.diag_embed(g_values)
    return t.matmul(vectors, t.matmul(middle, turned(t, vectors)))


@op(
    'aten::linalg_eigh(Tensor self, str UPLO="L")'
    " -> (Tensor eigenvalues, Tensor eigenvectors)"
)
class linalg_eigh(Shaped):
    """The eigenvalues, ascending, and eigenvectors of symmetric matrices."""

    saves = ("out",)
    fails = VALUES

    def kernel(x, uplo):
        M.check(linalg_eigh, x, uplo)
        return tuple(_eigh(x, uplo, np.linalg.eigh))

    def sizes(x, uplo):
        _check_uplo(uplo)
        C.check_square("linalg.eigh", x)
        return x[:-1], x

    def dtypes(x, uplo):
        C.check_implemented("linalg_eigh_cpu", x)
        return M.real(x), x

    samples = [case(POSITIVE), case(POSITIVES, "U"), case(f32[0, 0])]

    def grad(t, g, out, x, uplo):
        return _eigh_slope(t, *g, *out)


@op('aten::linalg_eigvalsh(Tensor self, str UPLO="L") -> Tensor')
class linalg_eigvalsh(Shaped):
    """The eigenvalues of symmetric matrices, ascending."""

    saves = ("self",)
    fails = VALUES

    def kernel(x, uplo):
        M.check(linalg_eigvalsh, x, uplo)
        return _eigh(x, uplo, np.linalg.eigvalsh)

    def sizes(x, uplo):
        _check_uplo(uplo)
        return C.check_square("linalg.eigh", x)[:-1]

    def dtypes(x, uplo):
        C.check_implemented("linalg_eigh_cpu", x)
        return M.real(x)

    samples = [case(POSITIVE), case(POSITIVES, "U")]

    def grad(t, g, out, x, uplo):
        _, vectors = t.linalg_eigh(x, uplo)
        return t.matmul(vectors * M.columns(t, g), turned(t, vectors))
