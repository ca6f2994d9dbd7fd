"""Pseudoinverses and least squares."""

from __future__ import annotations

import numpy as np

from jit.ir import types as T
from jit.ir.card import ShapeError
from jit.ir.dtypes import dtype_of, int64
from jit.runtime.kernels import factorizations as L
from jit.runtime.kernels import matrix_checks as C
from jit.runtime.kernels import sizes as S
from jit.runtime.ops import matrices as M
from jit.runtime.ops.declare import op
from jit.runtime.ops.matrices import turned
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import VALUES, Shaped
from jit.runtime.ops.spectra import svdvals_of

# pseudoinverses ----------------------------------------------------------------------


def _tolerances(x, values, atol, rtol):
    """Which singular values, or sizes of eigenvalues, count as nothing: at most these."""
    largest = values.max(-1, initial=0)
    if rtol is None:
        used = atol is not None and (np.asarray(atol) > 0)
        epsilon = np.finfo(values.dtype).eps * max(x.shape[-2:])
        rtol = np.where(used, 0, epsilon)
    atol = 0 if atol is None else atol
    return np.maximum(np.asarray(atol), np.asarray(rtol) * largest)


def rank_of(x, atol, rtol, hermitian):
    """How many singular values are above the tolerances."""
    values = np.abs(np.linalg.eigvalsh(x)) if hermitian else svdvals_of(x)
    bound = _tolerances(x, values, atol, rtol)
    return np.asarray((values > bound[..., None]).sum(-1))


def pinv_of(x, atol, rtol, hermitian):
    """The pseudoinverses."""
    if not x.size:
        return np.zeros((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)
    if hermitian:
        values, vectors = np.linalg.eigh(x)
        sizes, left, right = np.abs(values), vectors, L.adjoint(vectors)
    else:
        left, sizes, right = np.linalg.svd(x, full_matrices=False)
        values = sizes
    counts = sizes > _tolerances(x, sizes, atol, rtol)[..., None]
    inverse = np.where(counts, 1 / np.where(counts, values, 1), 0).astype(values.dtype)
    made = (L.adjoint(right) * inverse[..., None, :]) @ L.adjoint(left)
    return made.astype(x.dtype, copy=False)


def _pinv_slope(t, g, out, x):
    """The gradient through a pseudoinverse, where the rank does not change."""
    g, inverse_t = turned(t, g), turned(t, out)
    if x.shape[-2] <= x.shape[-1]:
        k = t.matmul(g, out)
        turned_k = t.matmul(k, inverse_t)
        gap = g - t.matmul(k, x)
        return (
            -turned(t, t.matmul(out, k))
            + turned_k
            - t.matmul(t.matmul(x, out), turned_k)
            + t.matmul(t.matmul(inverse_t, out), gap)
        )
    k = t.matmul(out, g)
    turned_k = t.matmul(inverse_t, k)
    gap = g - t.matmul(x, k)
    return (
        -turned(t, t.matmul(k, out))
        + t.matmul(t.matmul(gap, out), inverse_t)
        + turned_k
        - t.matmul(t.matmul(turned_k, out), x)
    )


def _pinv_sizes(x, hermitian):
    C.check_matrix("linalg.pinv", x)
    if hermitian is True:
        C.check_square("linalg.pinv", x)
    return (*x[:-2], x[-1], x[-2])


class Pseudoinverse(Shaped):
    """Base of the pseudoinverses, whose tolerances are given in several ways."""

    saves = ("self", "out")
    fails = VALUES
    unknown = ("rcond", "atol", "rtol", "hermitian")

    def dtypes(x, *rest):
        C.check_floating("linalg.pinv", x)
        return x

    def grad(t, g, out, x, *rest):
        return _pinv_slope(t, g, out, x)


def _pinv(x, atol, rtol, hermitian):
    C.check_floating("linalg.pinv", dtype_of(x.dtype))
    _pinv_sizes(x.shape, hermitian)
    for name, value in (("atol", atol), ("rtol", rtol)):
        if isinstance(value, np.ndarray) and value.dtype.kind == "c":
            raise RuntimeError(
                f"linalg.pinv: {name} tensor of complex type is not supported."
            )
    return pinv_of(x, atol, rtol, hermitian)


@op("aten::linalg_pinv(Tensor self, float rcond, bool hermitian=False) -> Tensor")
class linalg_pinv(Pseudoinverse):
    """The pseudoinverse; singular values up to `rcond` times the largest are nothing."""

    def kernel(x, rcond, hermitian):
        return _pinv(x, 0, rcond, hermitian)

    def sizes(x, rcond, hermitian):
        return _pinv_sizes(x, hermitian)

    samples = [case(f64[3, 2], 1e-15), case(f32[0, 2], 1e-15)]


@op(
    "aten::linalg_pinv.rcond_tensor(Tensor self, Tensor rcond, bool hermitian=False)"
    " -> Tensor"
)
class linalg_pinv_tensor(Pseudoinverse):
    """The pseudoinverse, with tolerances relative to the largest singular values."""

    def kernel(x, rcond, hermitian):
        return _pinv(x, 0, rcond, hermitian)

    def sizes(x, rcond, hermitian):
        return _pinv_sizes(x, hermitian)

    samples = [case(f64[2, 7, 3], f64.of([0.0, 0.01]))]


@op(
    "aten::linalg_pinv.atol_rtol_float(Tensor self, *, float? atol=None,"
    " float? rtol=None, bool hermitian=False) -> Tensor"
)
class linalg_pinv_absolute(Pseudoinverse):
    """The pseudoinverse, with an absolute and a relative tolerance."""

    def kernel(x, atol, rtol, hermitian):
        return _pinv(x, atol, rtol, hermitian)

    def sizes(x, atol, rtol, hermitian):
        return _pinv_sizes(x, hermitian)

    samples = [case(f64[2, 3]), case(f64[3, 2], atol=0.01), case(f32[7, 6], rtol=0.5)]


@op(
    "aten::linalg_pinv.atol_rtol_tensor(Tensor self, *, Tensor? atol=None,"
    " Tensor? rtol=None, bool hermitian=False) -> Tensor"
)
class linalg_pinv_absolute_tensor(Pseudoinverse):
    """The pseudoinverse, with absolute and relative tolerances of each matrix."""

    def kernel(x, atol, rtol, hermitian):
        return _pinv(x, atol, rtol, hermitian)

    def sizes(x, atol, rtol, hermitian):
        return _pinv_sizes(x, hermitian)

    samples = [case(f64[2, 7, 3], atol=f64.of([0.0, 0.01]))]


@op("aten::pinverse(Tensor self, float rcond=1e-15) -> Tensor")
class pinverse(Pseudoinverse):
    """The pseudoinverse, as `linalg.pinv` with a relative tolerance."""

    def kernel(x, rcond):
        return _pinv(x, 0, rcond, False)

    def sizes(x, rcond):
        return _pinv_sizes(x, False)

    samples = [case(f64[3, 2]), case(f32[2, 3])]


# least squares --------------------------------------------------------------------------
_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def _lstsq_check(a, b, driver):
    """Whether B holds vectors; and the sizes of all matrices of the batch."""
    name = "torch.linalg.lstsq"
    if M.is_given(driver) and driver not in (None, *_DRIVERS):
        raise RuntimeError(
            f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )
    if len(a) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if len(b) < 1:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if len(a) - len(b) not in (0, 1):
        raise RuntimeError(
            f"{name}: input.dim() must be greater or equal to other.dim() and"
            " (input.dim() - other.dim()) <= 1"
        )
    vector = len(b) < len(a)
    rows = b[-1] if vector else b[-2]
    batch = S.broadcast(a[:-2], b[:-1] if vector else b[:-2])
    if None not in (a[-2], rows) and a[-2] != rows:
        raise RuntimeError(
            f"{name}: input.size(-2) should match other.size({-1 if vector else -2})"
        )
    return vector, batch


def _lstsq_dtypes(a, b):
    C.check_floating("torch.linalg.lstsq", a)
    if None not in (a, b) and a is not b:
        raise RuntimeError(
            "torch.linalg.lstsq: Expected input and other to have the same dtype, but"
            f" got input's dtype {a.title} and other's dtype {b.title}"
        )


def _least_squares(a, b, rcond, driver):
    """Solution, residuals, ranks and singular values for matrices B."""
    m, n = a.shape[-2:]
    empty = np.zeros(0, M.real(dtype_of(a.dtype)).numpy)
    values = svdvals_of(a)
    if rcond is None:
        rcond = np.finfo(empty.dtype).eps * max(m, n)
    ranks = rank_of(a, 0, rcond, False)
    if driver == "gels" and m >= n:
        zero = np.abs(np.diagonal(np.linalg.qr(a, "r"), 0, -2, -1))
        zero = zero <= np.finfo(empty.dtype).eps * values[..., :1]
        info = np.where(zero.any(-1), zero.argmax(-1) + 1, 0) if zero.size else zero
        C.check_info("torch.linalg.lstsq", np.asarray(info))
    solution = pinv_of(a, 0, rcond, False) @ b
    residuals = empty
    if m > n and driver != "gelsy" and (driver == "gels" or (ranks == n).all()):
        residuals = np.square(np.abs(a @ solution - b)).sum(-2)
    if driver == "gels":
        ranks = np.zeros(0, np.int64)
    if driver in ("gels", "gelsy"):
        values = empty
    return solution, residuals, ranks, values


@op(
    "aten::linalg_lstsq(Tensor self, Tensor b, float? rcond=None, *,"
    " str? driver=None) -> (Tensor solution, Tensor residuals, Tensor rank,"
    " Tensor singular_values)"
)
class linalg_lstsq(Shaped):
    """The X that makes the norm of A X - B least; residuals, ranks, singular values."""

    saves = ("self", "b", "out")
    fails = VALUES

    def kernel(a, b, rcond, driver):
        _lstsq_dtypes(dtype_of(a.dtype), dtype_of(b.dtype))
        vector, batch = _lstsq_check(a.shape, b.shape, driver)
        a = np.broadcast_to(a, (*batch, *a.shape[-2:]))
        b = b[..., None] if vector else b
        b = np.broadcast_to(b, (*batch, *b.shape[-2:]))
        found, *rest = _least_squares(a, b, rcond, driver or "gelsy")
        return (found[..., 0] if vector else found, *rest)

    def infer(a, b, rcond, driver):
        made = T.TensorType(a.dtype), T.TensorType(M.real(a.dtype))
        try:
            _lstsq_dtypes(a.dtype, b.dtype)
            if a.sizes is None or b.sizes is None:
                return (*made, T.TensorType(int64), made[1])
            vector, batch = _lstsq_check(a.sizes, b.sizes, driver)
        except RuntimeError as e:
            raise ShapeError(str(e)) from None
        right = () if vector else b.sizes[-1:]
        solution = T.TensorType(a.dtype, (*batch, a.sizes[-1], *right))
        return (solution, made[1], T.TensorType(int64), made[1])

    samples = [
        case(f64[3, 2], f64[3, 2]),
        case(f64[3, 2], f64[3], driver="gels"),
        case(f64[9, 3, 2], f64[9, 3], driver="gelsd"),
        case(f64[2, 2, 3], f64[2, 2, 1]),
        case(f32[3, 2], f32[3, 1], driver="gels"),
        case(f32[9, 3, 2], f32[9, 3], driver="gelss"),
        case(f32[0, 2], f32[0, 1]),
    ]

    def grad(t, g, out, a, b, rcond, driver):
        vector = b.ndim < a.ndim
        g_x, x = (t.unsqueeze(v, -1) if vector else v for v in (g[0], out[0]))
        column = t.unsqueeze(b, -1) if vector else b
        inverse = t.linalg_pinv(a)
        of_a = _pinv_slope(t, t.matmul(g_x, turned(t, column)), inverse, a)
        of_b = t.matmul(turned(t, inverse), g_x)
        if out[1].numel():
            gap = 2 * M.columns(t, g[1]) * (t.matmul(a, x) - column)
            of_a, of_b = of_a + t.matmul(gap, turned(t, x)), of_b - gap
        return of_a, t.squeeze(of_b, -1) if vector else of_b
