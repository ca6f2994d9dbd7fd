"""Norms of vectors and matrices under NumPy's and torch's shared names of orders."""

from __future__ import annotations

import numpy as np

from jit.ir.card import UNKNOWN
from jit.ir.dtypes import DType, dtype_of
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.matrix_checks import check_floating, check_matrix
from jit.runtime.kernels.products import widened
from jit.runtime.ops import facts as F
from jit.runtime.ops.declare import op
from jit.runtime.ops.reduction import dims_of, kept
from jit.runtime.ops.samples import case, f32, f64
from jit.runtime.ops.shaped import Shaped
from jit.runtime.ops.vector_norms import norm_slope


def _check_dtype(x, wanted):
    """The dtype of a norm; RuntimeError for integers."""
    dtype = wanted if isinstance(wanted, DType) else x
    if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got"
            f" {dtype.title}"
        )
    return dtype


def _check_dims(x, ord, dim):
    """The dims that a norm takes together; None means all, flattened."""
    if dim is None:
        if ord is not None and len(x) not in (1, 2):
            raise RuntimeError(
                "linalg.norm: If dim is not specified but ord is, the input must be 1D"
                f" or 2D. Got {len(x)}D."
            )
        return None
    if len(dim) not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is specified, it must be of length 1 or 2. Got"
            f" {S.shown(dim)}"
        )
    return S.wrap_dims(dim, len(x))


def _norm_sizes(x, ord, dim, keepdim):
    if dim is not None and None in dim:
        return None
    taken = _check_dims(x, ord, dim)
    taken = range(len(x)) if taken is None else taken
    if keepdim:
        return tuple(1 if d in taken else n for d, n in enumerate(x))
    return tuple(n for d, n in enumerate(x) if d not in taken)


def norm_of(x, ord, dim, keepdim, dtype):
    wanted = _check_dtype(dtype_of(x.dtype), dtype).numpy
    taken = _check_dims(x.shape, ord, dim)
    wide = widened(x.astype(wanted))
    if not x.ndim:
        return np.abs(wide).astype(wide.real.dtype)
    if taken is None and ord is None:
        flat = np.linalg.norm(wide.reshape(-1))
        out = np.reshape(flat, (1,) * x.ndim if keepdim else ())
    else:
        axis = taken if taken is None or len(taken) > 1 else taken[0]
        try:
            out = np.linalg.norm(wide, ord, axis, keepdim)
        except ValueError as e:
            raise RuntimeError(f"linalg.norm: {e}") from None
    return np.asarray(out).astype(np.empty(0, wanted).real.dtype)


def _norm_slope(t, g, out, x, ord, dim, keepdim):
    """The gradient through a norm of vectors or matrices."""
    x = t.to(x, out.dtype)
    dims = dims_of(x, dim)
    if ord is None or ord == "fro" or not x.ndim:
        return norm_slope(t, g, out, x, 2, dim, keepdim)
    if len(dims) == 1:
        return norm_slope(t, g, out, x, ord, dims, keepdim)
    g, out = kept(t, g, x, dims, keepdim), kept(t, out, x, dims, keepdim)
    if ord == "nuc" or abs(ord) == 2:
        return g * _singular_slope(t, x, ord, list(dims))
    added, compared = dims if abs(ord) == 1 else dims[::-1]
    reach = t.eq(t.sum(t.abs(x), [added], True), out)
    share = g / t.sum(reach, [compared], True)
    return t.sgn(x) * t.where(reach, share, 0.0)


def _singular_slope(t, x, ord, dims):
    """The gradient of a norm made of singular values, equal ones sharing it."""
    if 0 in x.shape:
        return t.zeros_like(x)
    u, values, vh = t.linalg_svd(t.movedim(x, dims, [-2, -1]), False)
    if ord != "nuc":
        at = 0 if ord > 0 else values.shape[-1] - 1
        equal = t.to(t.eq(values, t.narrow(values, -1, at, 1)), values.dtype)
        u = u * t.unsqueeze(equal / t.sum(equal, [-1], True), -2)
    return t.movedim(t.matmul(u, vh), [-2, -1], dims)


def _result_dtype(x, wanted):
    if wanted is not None and not F.is_known(wanted):
        return None
    dtype = _check_dtype(x, wanted)
    return None if dtype is None or dtype.is_complex else dtype


@op(
    "aten::linalg_norm(Tensor self, Scalar? ord=None, int[1]? dim=None,"
    " bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"
)
class linalg_norm(Shaped):
    """The norm of vectors, or of matrices where there are two dims."""

    saves = ("self", "out")

    def kernel(x, ord, dim, keepdim, dtype):
        return norm_of(x, ord, dim, keepdim, dtype)

    def dtypes(x, ord, dim, keepdim, dtype):
        return _result_dtype(x, dtype)

    def sizes(x, ord, dim, keepdim, dtype):
        return _norm_sizes(x, ord, dim, keepdim)

    samples = [
        case(f32[2, 3]),
        case(f32[2, 3], 2),
        case(f64[3], 1),
        case(f64[2, 3, 4], 1, [0, 2], True),
        case(f32[2, 3], float("inf"), [1]),
        case(f32[2, 3], float("inf"), [1, 0]),
        case(f64[2, 3], -1),
        case(f64[2, 3], -2, [1, 0], True),
    ]

    def grad(t, g, out, x, ord, dim, keepdim, dtype):
        return _norm_slope(t, g, out, x, ord, dim, keepdim)


@op(
    "aten::linalg_norm.ord_str(Tensor self, str ord, int[1]? dim=None,"
    " bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"
)
class linalg_norm_named(Shaped):
    """The norm of matrices called "fro" or "nuc"."""

    saves = ("self", "out")

    def kernel(x, ord, dim, keepdim, dtype):
        linalg_norm_named.sizes(x.shape, ord, dim, keepdim, dtype)
        return norm_of(x, ord, dim, keepdim, dtype)

    def dtypes(x, ord, dim, keepdim, dtype):
        return _result_dtype(x, dtype)

    def sizes(x, ord, dim, keepdim, dtype):
        if ord is not UNKNOWN and ord not in ("fro", "nuc"):
            raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
        if len(x if dim is None else dim) != 2:
            raise RuntimeError(
                f"linalg.norm: the order {ord} is one of matrices, but the input has"
                f" {S.shown(x)} and dim is {dim}"
            )
        return _norm_sizes(x, ord, dim, keepdim)

    samples = [case(f32[2, 3], "fro"), case(f64[2, 3, 4], "nuc", [0, 2])]

    def grad(t, g, out, x, ord, dim, keepdim, dtype):
        return _norm_slope(t, g, out, x, ord, dim, keepdim)


@op("aten::frobenius_norm.dim(Tensor self, int[1] dim, bool keepdim=False) -> Tensor")
class frobenius_norm(Shaped):
    """The root of the sum of squares over one or two dims, or all."""

    saves = ("self", "out")

    def kernel(x, dim, keepdim):
        return norm_of(x, None, dim or None, keepdim, None)

    def dtypes(x, dim, keepdim):
        return _result_dtype(x, None)

    def sizes(x, dim, keepdim):
        return _norm_sizes(x, None, dim or None, keepdim)

    samples = [case(f32[2, 3], [1]), case(f32[2, 3], [0, 1], True), case(f32[2], [])]

    def grad(t, g, out, x, dim, keepdim):
        return norm_slope(t, g, out, x, 2, dim, keepdim)


def _check_matrix_norm(x, ord, dim):
    """The two dims of a matrix norm, counted from the front."""
    name = "linalg.matrix_norm"
    check_matrix(name, x)
    if dim is not None:
        if len(dim) != 2:
            raise RuntimeError(
                f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dim))}"
            )
        at = tuple(S.wrap_dim(d, len(x)) for d in dim)
        if at[0] == at[1]:
            raise RuntimeError(
                f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})"
            )
    known = F.is_known(ord) and ord is not UNKNOWN
    if known and (ord if isinstance(ord, str) else abs(ord)) not in _MATRIX_ORDERS:
        raise RuntimeError(f"{name}: Order {ord} not supported.")


_MATRIX_ORDERS = ("fro", "nuc", 1, 2, float("inf"))


class MatrixNorm(Shaped):
    """Base of the norms of matrices alone."""

    saves = ("self", "out")

    def kernel(x, ord, dim, keepdim, dtype):
        _check_matrix_norm(x.shape, ord, dim)
        _matrix_norm_dtype(dtype_of(x.dtype), dtype)
        return norm_of(x, ord, dim, keepdim, dtype)

    def dtypes(x, ord, dim, keepdim, dtype):
        return _matrix_norm_dtype(x, dtype)

    def sizes(x, ord, dim, keepdim, dtype):
        _check_matrix_norm(x, ord, dim)
        return _norm_sizes(x, ord, dim, keepdim)

    def grad(t, g, out, x, ord, dim, keepdim, dtype):
        return _norm_slope(t, g, out, x, ord, dim, keepdim)


def _matrix_norm_dtype(x, wanted):
    check_floating("linalg.matrix_norm", x, low=True)
    return _result_dtype(x, wanted)


@op(
    "aten::linalg_matrix_norm(Tensor self, Scalar ord, int[] dim=[-2, -1],"
    " bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"
)
class linalg_matrix_norm(MatrixNorm):
    """The norm of matrices: the largest sum, or singular value."""

    samples = [
        case(f64[2, 3], 1),
        case(f64[2, 3, 4], float("inf"), [0, 2], True),
        case(f64[2, 3], 2),
        case(f64[3, 2], -2),
    ]


@op(
    'aten::linalg_matrix_norm.str_ord(Tensor self, str ord="fro",'
    " int[] dim=[-2, -1], bool keepdim=False, *, ScalarType? dtype=None) -> Tensor"
)
class linalg_matrix_norm_named(MatrixNorm):
    """The norm of matrices called "fro" or "nuc"."""

    samples = [case(f64[2, 3]), case(f64[2, 3, 4], "nuc", [0, 2], True)]


@op(
    "aten::nuclear_norm(Tensor self, bool keepdim=False) -> Tensor",
    "aten::nuclear_norm.dim(Tensor self, int[2] dim, bool keepdim=False) -> Tensor",
)
class nuclear_norm(Shaped):
    """The sum of the singular values of matrices."""

    saves = ("self", "out")

    def kernel(x, *rest):
        dim, keepdim = _nuclear_arguments(rest)
        return linalg_matrix_norm_named.kernel(x, "nuc", dim, keepdim, None)

    def dtypes(x, *rest):
        return _matrix_norm_dtype(x, None)

    def sizes(x, *rest):
        dim, keepdim = _nuclear_arguments(rest)
        return linalg_matrix_norm_named.sizes(x, "nuc", dim, keepdim, None)

    samples = {
        "": [case(f64[2, 3]), case(f32[2, 2, 3], True)],
        "dim": [case(f64[2, 3, 4], [0, 2], True)],
    }

    def grad(t, g, out, x, *rest):
        dim, keepdim = _nuclear_arguments(rest)
        return _norm_slope(t, g, out, x, "nuc", dim, keepdim)


def _nuclear_arguments(rest):
    """The dims, and whether they are kept."""
    return rest if len(rest) == 2 else ([-2, -1], *rest)
