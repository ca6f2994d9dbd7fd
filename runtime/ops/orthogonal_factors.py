"""QR: factors of matrices with orthogonal columns, and their reflectors."""

from __future__ import annotations

import numpy as np

from jit.runtime.kernels import factorizations as L
from jit.runtime.kernels import matrix_checks as C
from jit.runtime.kernels import sizes as S
from jit.runtime.ops import matrices as M
from jit.runtime.ops.declare import op
from jit.runtime.ops.matrices import turned
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import Shaped


def _check_mode(mode):
    if M.is_given(mode) and mode not in ("reduced", "r", "complete"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced'"
            " (default), 'r', or 'complete'"
        )


def _qr(x, mode):
    if mode == "r":
        return np.zeros(0, x.dtype), np.linalg.qr(x, "r")
    q, r = np.linalg.qr(x, mode)
    return q, r


def _qr_sizes(x, mode):
    m, n = C.check_matrix("linalg.qr", x)[-2:]
    k = m if mode == "complete" else C.smaller(m, n)
    q = (0,) if mode == "r" else (*x[:-2], m, k)
    return q, (*x[:-2], k, n)


def _qr_slope(t, g, out, x, mode):
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when"
            " mode='r'. Please use linalg.qr(A, mode='reduced') if you are going to"
            " require gradients."
        )
    (g_q, g_r), (q, r) = g, out
    m, n = x.shape[-2:]
    if mode == "complete" and m > n:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows"
            " > ncols."
        )
    if m >= n:
        return _tall_qr_slope(t, g_q, g_r, q, r)
    # the columns on the right are Q times those of R
    rest = t.narrow(g_r, -1, m, n - m)
    g_q = g_q + t.matmul(t.narrow(x, -1, m, n - m), turned(t, rest))
    left = _tall_qr_slope(t, g_q, t.narrow(g_r, -1, 0, m), q, t.narrow(r, -1, 0, m))
    return t.cat([left, t.matmul(q, rest)], -1)


def _tall_qr_slope(t, g_q, g_r, q, r):
    middle = t.matmul(r, turned(t, g_r)) - t.matmul(turned(t, g_q), q)
    symmetric = t.tril(middle) + turned(t, t.tril(middle, -1))
    made = g_q + t.matmul(q, symmetric)
    return t.linalg_solve_triangular(turned(t, r), made, upper=False, left=False)


@op('aten::linalg_qr(Tensor A, str mode="reduced") -> (Tensor Q, Tensor R)')
class linalg_qr(Shaped):
    """An orthogonal Q and an upper triangle R with A = Q R."""

    saves = ("A", "out")

    def kernel(x, mode):
        M.check(linalg_qr, x, mode)
        return _qr(x, mode)

    def sizes(x, mode):
        _check_mode(mode)
        return _qr_sizes(x, mode)

    def dtypes(x, mode):
        C.check_floating("linalg.qr", x)
        return x

    samples = [
        case(f64[3, 2]),
        case(f64[2, 2, 3]),
        case(f64[2, 3], "complete"),
        case(f32[7, 6], "complete"),
        case(f32[7, 6], "r"),
        case(f32[3, 0]),
    ]

    def grad(t, g, out, x, mode):
        return _qr_slope(t, g, out, x, mode)


@op("aten::qr(Tensor self, bool some=True) -> (Tensor Q, Tensor R)")
class qr(Shaped):
    """As `linalg.qr`, of mode "reduced" or "complete"."""

    saves = ("self", "out")

    def kernel(x, some):
        M.check(qr, x, some)
        return _qr(x, "reduced" if some else "complete")

    def sizes(x, some):
        return _qr_sizes(x, "reduced" if some else "complete")

    def dtypes(x, some):
        C.check_floating("linalg.qr", x)
        return x

    samples = [case(f64[3, 2]), case(f64[2, 3], False)]

    def grad(t, g, out, x, some):
        return _qr_slope(t, g, out, x, "reduced" if some else "complete")


@op("aten::geqrf(Tensor self) -> (Tensor a, Tensor tau)")
class geqrf(Shaped):
    """R above the reflectors whose product is Q, and the factors of the reflectors."""

    def kernel(x):
        M.check(geqrf, x)
        return L.geqrf(x)

    def sizes(x):
        if len(x) < 2:
            raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
        return x, (*x[:-2], C.smaller(*x[-2:]))

    def dtypes(x):
        C.check_implemented("geqrf_cpu", x)
        return x

    samples = [f64[3, 2], f32[2, 2, 3], f32[0, 3]]


def _check_reflectors(name, a, tau):
    """The rules for reflectors in columns and their factors."""
    if len(a) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if None not in a[-2:] and a[-2] < a[-1]:
        raise RuntimeError(
            f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]"
        )
    if len(tau) and None not in (a[-1], tau[-1]) and a[-1] < tau[-1]:
        raise RuntimeError(
            f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]"
        )
    if len(a) - len(tau) != 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got"
            f" tau.ndim equal to {len(tau)} and input.ndim is equal to {len(a)}"
        )
    if None not in (*a[:-2], *tau[:-1]) and a[:-2] != tau[:-1]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau to be equal to"
            f" input.shape[:-2], but got {S.shown(tau[:-1])}"
        )
    return a


@op(
    "aten::linalg_householder_product(Tensor input, Tensor tau) -> Tensor",
    "aten::orgqr(Tensor self, Tensor input2) -> Tensor",
)
class linalg_householder_product(Shaped):
    """The first columns of the product of reflectors: Q from what `geqrf` gives."""

    def kernel(a, tau):
        M.check(linalg_householder_product, a, tau)
        return L.householder_product(a, tau)

    def sizes(a, tau):
        return _check_reflectors("torch.linalg.householder_product", a, tau)

    def dtypes(a, tau):
        C.check_implemented("orgqr_cpu", a)
        if a is not None and tau is not None and a is not tau:
            raise RuntimeError(
                f"torch.linalg.householder_product: tau dtype {tau.title} does not"
                f" match input dtype {a.title}"
            )
        return a

    samples = [case(f64[3, 2], f64[2]), case(f64[2, 3, 3], f64[2, 2])]

    def composite(t, a, tau):
        m, n = a.shape[-2:]
        eye = t.eye(m, n, dtype=a.dtype)
        q, below = t.expand(eye, list(a.shape)), t.tril(a, -1) + eye
        for i in range(tau.shape[-1] - 1, -1, -1):
            v = t.narrow(below, -1, i, 1)
            factor = M.rows(t, t.narrow(tau, -1, i, 1))
            q = q - factor * t.matmul(v, t.matmul(turned(t, v), q))
        return q


@op(
    "aten::ormqr(Tensor self, Tensor input2, Tensor input3, bool left=True,"
    " bool transpose=False) -> Tensor"
)
class ormqr(Shaped):
    """The product of reflectors, or its transpose, times other matrices."""

    saves = ("self", "input2", "input3")

    def kernel(a, tau, other, left, transpose):
        M.check(ormqr, a, tau, other, left, transpose)
        return L.ormqr(a, tau, other, left, transpose)

    def sizes(a, tau, other, left, transpose):
        _check_ormqr(a, tau, other, left)
        return other

    def dtypes(a, tau, other, *rest):
        C.check_implemented("ormqr_cpu", a)
        for name, dtype in (("other", other), ("tau", tau)):
            if a is not None and dtype is not None and a is not dtype:
                raise RuntimeError(
                    f"torch.ormqr: Expected input and {name} to have the same dtype,"
                    f" but input has dtype {a.title} and {name} has dtype {dtype.title}"
                )
        return other

    samples = [
        case(f64[3, 2], f64[2], f64[3, 2]),
        case(f64[2, 3, 2], f64[2, 2], f64[2, 1, 3], False),
        case(f64[3, 2], f64[2], f64[3, 1], True, True),
        case(f64[3, 2], f64[2], f64[1, 3], False, True),
    ]

    def composite(t, a, tau, other, left, transpose):
        m = a.shape[-2]
        below = t.tril(a, -1) + t.eye(m, a.shape[-1], dtype=a.dtype)
        count = tau.shape[-1]
        # the product starts with the first reflector; each is its own transpose
        forward = left == transpose
        for i in range(count) if forward else range(count - 1, -1, -1):
            v = t.narrow(below, -1, i, 1)
            factor = M.rows(t, t.narrow(tau, -1, i, 1))
            if left:
                other = other - factor * t.matmul(v, t.matmul(turned(t, v), other))
            else:
                other = other - factor * t.matmul(t.matmul(other, v), turned(t, v))
        return other


def _check_ormqr(a, tau, other, left):
    name = "torch.ormqr"
    side = -2 if left else -1
    for what, sizes in (("input", a), ("other", other)):
        if len(sizes) < 2:
            raise RuntimeError(f"{name}: {what} must have at least 2 dimensions.")
    if len(tau) and None not in (tau[-1], other[side]) and tau[-1] > other[side]:
        raise RuntimeError(
            f"{name}: other.shape[{side}] must be greater than or equal to"
            " tau.shape[-1]"
        )
    if None not in (a[-2], other[side]) and a[-2] != other[side]:
        raise RuntimeError(
            f"{name}: other.shape[{side}] must be equal to input.shape[-2]"
        )
    if len(tau) and None not in (tau[-1], a[-1]) and tau[-1] > a[-1]:
        raise RuntimeError(
            f"{name}: tau.shape[-1] must be equal to min(other.shape[{side}],"
            " input.shape[-1])"
        )
    for what, batch in (("tau", tau[:-1]), ("other", other[:-2])):
        if None not in (*batch, *a[:-2]) and batch != a[:-2]:
            raise RuntimeError(
                f"{name}: Expected batch dimensions of {what} to be equal to"
                f" input.shape[:-2], but got {S.shown(batch)}"
            )
