"""Inverses, and what is solved with matrices or with their factors."""

from __future__ import annotations

import numpy as np

from jit.ir.dtypes import dtype_of, int32
from jit.runtime.kernels import factorizations as L
from jit.runtime.kernels import matrix_checks as C
from jit.runtime.kernels import sizes as S
from jit.runtime.ops import matrices as M
from jit.runtime.ops.declare import op
from jit.runtime.ops.matrices import POSITIVE, POSITIVES, turned
from jit.runtime.ops.samples import case, f32, f64, i32
from jit.runtime.ops.shaped import VALUES, Shaped

# inverses -------------------------------------------------------------------------------


def inverse_of(x):
    """The inverses, and infos: the first zero among the pivots, or zero."""
    try:
        return np.linalg.inv(x), np.zeros(x.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        lu, pivots, info = L.lu_factor(x)
        eye = np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
        return L.lu_solve(lu, pivots, eye), info


def _inverse_slope(t, g, out):
    other = turned(t, out)
    return -t.matmul(other, t.matmul(g, other))


@op("aten::linalg_inv(Tensor A) -> Tensor", "aten::inverse(Tensor self) -> Tensor")
class inverse(Shaped):
    """The inverses of square matrices."""

    saves = ("out",)
    fails = VALUES

    def kernel(x):
        M.check(inverse, x)
        made, info = inverse_of(x)
        C.check_info("linalg.inv", info)
        return made

    def dtypes(x):
        C.check_floating("linalg.inv", x)
        return x

    def sizes(x):
        return C.check_square("linalg.inv", x)

    samples = [case(POSITIVE), case(f32.of([[[4]], [[0.5]]])), case(f32[0, 0])]

    def grad(t, g, out, x):
        return _inverse_slope(t, g, out)


@op(
    "aten::linalg_inv_ex(Tensor A, *, bool check_errors=False)"
    " -> (Tensor inverse, Tensor info)"
)
class linalg_inv_ex(Shaped):
    """The inverses, and the first zero among the pivots of each matrix, or zero."""

    saves = ("out",)
    fails = VALUES
    unknown = ("check_errors",)

    def kernel(x, check_errors):
        M.check(linalg_inv_ex, x, check_errors)
        made, info = inverse_of(x)
        if check_errors:
            C.check_info("linalg.inv_ex", info)
        return made, info

    def dtypes(x, check_errors):
        C.check_floating("linalg.inv", x)
        return x, int32

    def sizes(x, check_errors):
        C.check_square("linalg.inv", x)
        return x, x[:-2]

    samples = [case(POSITIVE), case(f32.of([[[4]], [[0]]]))]

    def grad(t, g, out, x, check_errors):
        return _inverse_slope(t, g[0], out[0])


# general matrices -----------------------------------------------------------------------


def is_vector(a, b):
    """Whether the right side counts as vectors: one, or one for each matrix.

    None where sizes that only the run knows decide.
    """
    if len(b) == 1 or len(b) != len(a) - 1:
        return len(b) == 1
    pairs = list(zip(a[:-1], b, strict=True))
    if any(None not in pair and pair[0] != pair[1] for pair in pairs):
        return False
    return None if any(None in pair for pair in pairs) else True


def _solve_sizes(a, b, left):
    C.check_square("linalg.solve", a)
    vector = is_vector(a, b)
    if vector is None:
        return None
    if vector and not left:
        raise RuntimeError(
            "linalg.solve: Vector broadcasting of the left hand side is not supported"
            " for left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    b = (*b, 1) if vector else b
    C.check_equation("linalg.solve", a, b, left)
    batch = S.broadcast(b[:-2], a[:-2])
    return (*batch, b[-2]) if vector else (*batch, *b[-2:])


def _solve_dtypes(a, b):
    C.check_floating("linalg.solve", a)
    C.check_same("linalg.solve", a, b)
    return a


def _solved(a, b, left):
    """The solutions and infos."""
    _solve_dtypes(dtype_of(a.dtype), dtype_of(b.dtype))
    shape = _solve_sizes(a.shape, b.shape, left)
    wanted = b[..., None] if is_vector(a.shape, b.shape) else b
    if not left:
        a, wanted = a.swapaxes(-1, -2), wanted.swapaxes(-1, -2)
    info = np.zeros(a.shape[:-2], np.int32)
    try:
        found = np.linalg.solve(a, wanted)
    except np.linalg.LinAlgError:
        lu, pivots, info = L.lu_factor(a)
        found = L.lu_solve(lu, pivots, wanted)
    if not left:
        found = np.ascontiguousarray(found.swapaxes(-1, -2))
    return found.reshape(shape), info


def _solve_slopes(t, g, out, a, b, left):
    vector = is_vector(a.shape, b.shape)
    if vector:
        g, out = t.unsqueeze(g, -1), t.unsqueeze(out, -1)

    def of_right():
        return t.linalg_solve(turned(t, a), g, left=left)

    def of_left():
        if left:
            return -t.matmul(of_right(), turned(t, out))
        return -t.matmul(turned(t, out), of_right())

    return of_left, lambda: t.squeeze(of_right(), -1) if vector else of_right()


@op("aten::linalg_solve(Tensor A, Tensor B, *, bool left=True) -> Tensor")
class linalg_solve(Shaped):
    """The X for which A X = B, or X A = B."""

    saves = ("A", "out")
    fails = VALUES

    def kernel(a, b, left):
        made, info = _solved(a, b, left)
        C.check_info("torch.linalg.solve", info)
        return made

    def dtypes(a, b, left):
        return _solve_dtypes(a, b)

    def sizes(a, b, left):
        return _solve_sizes(a, b, left)

    samples = [
        case(POSITIVE, f64[2]),
        case(POSITIVE, f64[2, 3]),
        case(POSITIVE, f64[3, 2], left=False),
        case(POSITIVES, f64[2, 2]),
        case(POSITIVES, f64[2, 2, 1]),
    ]

    def grad(t, g, out, a, b, left):
        return _solve_slopes(t, g, out, a, b, left)


@op(
    "aten::linalg_solve_ex(Tensor A, Tensor B, *, bool left=True,"
    " bool check_errors=False) -> (Tensor result, Tensor info)"
)
class linalg_solve_ex(Shaped):
    """The X with A X = B, or X A = B, and the first zero among the pivots, or zero."""

    saves = ("A", "out")
    fails = VALUES
    unknown = ("check_errors",)

    def kernel(a, b, left, check_errors):
        made, info = _solved(a, b, left)
        if check_errors:
            C.check_info("torch.linalg.solve_ex", info)
        return made, info

    def dtypes(a, b, left, check_errors):
        return _solve_dtypes(a, b), int32

    def sizes(a, b, left, check_errors):
        return _solve_sizes(a, b, left), a[:-2]

    samples = [
        case(POSITIVE, f64[2]),
        case(POSITIVES, f64[1, 2], left=False),
        case(f32[1, 1].within(0, 0), f32[1, 2]),
    ]

    def grad(t, g, out, a, b, left, check_errors):
        return _solve_slopes(t, g[0], out[0], a, b, left)


# triangular matrices --------------------------------------------------------------------


def _triangular(a, b, upper, left, unit):
    if left:
        return L.solve_triangular(a, b, upper, unit)
    found = L.solve_triangular(a.swapaxes(-1, -2), b.swapaxes(-1, -2), not upper, unit)
    return np.ascontiguousarray(found.swapaxes(-1, -2))


def _triangle(t, x, upper, unit):
    """What of a gradient belongs to the elements that are read."""
    if upper:
        return t.triu(x, 1 if unit else 0)
    return t.tril(x, -1 if unit else 0)


@op(
    "aten::linalg_solve_triangular(Tensor self, Tensor B, *, bool upper,"
    " bool left=True, bool unitriangular=False) -> Tensor"
)
class linalg_solve_triangular(Shaped):
    """The X for which A X = B, or X A = B, with a triangle A."""

    saves = ("self", "out")
    unknown = ("upper", "unitriangular")

    def kernel(a, b, upper, left, unit):
        M.check(linalg_solve_triangular, a, b, upper, left, unit)
        return _triangular(a, b.astype(a.dtype, copy=False), upper, left, unit)

    def dtypes(a, b, *rest):
        C.check_implemented("triangular_solve_cpu", a)
        return a

    def sizes(a, b, upper, left, unit):
        C.check_equation("linalg.solve_triangular", a, b, left)
        return (*S.broadcast(b[:-2], a[:-2]), *b[-2:])

    samples = [
        case(POSITIVE, f64[2, 3], upper=True),
        case(POSITIVES, f64[2, 1], upper=False),
        case(POSITIVE, f64[3, 2], upper=True, left=False),
        case(POSITIVE, f64[2, 1, 2], upper=False, left=False, unitriangular=True),
    ]

    def grad(t, g, out, a, b, upper, left, unit):
        def of_right():
            return t.linalg_solve_triangular(
                turned(t, a), g, upper=not upper, left=left, unitriangular=unit
            )

        def of_left():
            if left:
                made = t.matmul(of_right(), turned(t, out))
            else:
                made = t.matmul(turned(t, out), of_right())
            return -_triangle(t, made, upper, unit)

        return of_left, of_right


@op(
    "aten::triangular_solve(Tensor self, Tensor A, bool upper=True,"
    " bool transpose=False, bool unitriangular=False)"
    " -> (Tensor solution, Tensor cloned_coefficient)"
)
class triangular_solve(Shaped):
    """The X for which A X = self, with a triangle A or its transpose, and A."""

    saves = ("A", "out")
    unknown = ("upper", "transpose", "unitriangular")

    def kernel(b, a, upper, transpose, unit):
        M.check(triangular_solve, b, a, upper, transpose, unit)
        matrix = a.swapaxes(-1, -2) if transpose else a
        solution = L.solve_triangular(matrix, b, upper != transpose, unit)
        batch = solution.shape[:-2]
        return solution, np.array(np.broadcast_to(a, (*batch, *a.shape[-2:])))

    def dtypes(b, a, *rest):
        C.check_implemented("triangular_solve_cpu", b)
        C.check_old_dtypes(b, a)
        return b

    def sizes(b, a, upper, transpose, unit):
        C.check_old_equation("triangular_solve", b, a)
        batch = S.broadcast(b[:-2], a[:-2])
        return (*batch, *b[-2:]), (*batch, *a[-2:])

    samples = [
        case(f64[2, 3], POSITIVE),
        case(f64[2, 1], POSITIVES, False),
        case(f64[2, 3], POSITIVE, True, True),
        case(f64[2, 3], POSITIVE, False, True, True),
    ]

    def grad(t, g, out, b, a, upper, transpose, unit):
        def of_right():
            found, _ = t.triangular_solve(g[0], a, upper, not transpose, unit)
            return found

        def of_left():
            if transpose:
                made = t.matmul(out[0], turned(t, of_right()))
            else:
                made = t.matmul(of_right(), turned(t, out[0]))
            return g[1] - _triangle(t, made, upper, unit)

        return of_right, of_left


# factors --------------------------------------------------------------------------------


@op("aten::cholesky_solve(Tensor self, Tensor input2, bool upper=False) -> Tensor")
class cholesky_solve(Shaped):
    """The X with A X = self, where `input2` is the Cholesky factor of A."""

    saves = ("input2", "out")
    unknown = ("upper",)

    def kernel(b, factor, upper):
        M.check(cholesky_solve, b, factor, upper)
        other = L.adjoint(factor)
        first, second = (other, factor) if upper else (factor, other)
        return L.solve_triangular(second, L.solve_triangular(first, b, False), True)

    def dtypes(b, factor, upper):
        C.check_implemented("cholesky_solve_cpu", b)
        C.check_old_dtypes(b, factor)
        return b

    def sizes(b, factor, upper):
        for name, x in (("b", b), ("u", factor)):
            if len(x) < 2:
                raise RuntimeError(
                    f"{name} should have at least 2 dimensions, but has {len(x)}"
                    " dimensions instead"
                )
        C.check_old_equation("cholesky_solve", b, factor)
        return (*S.broadcast(b[:-2], factor[:-2]), *b[-2:])

    samples = [
        case(f64[2, 3], POSITIVE),
        case(f64[2, 1], POSITIVES, True),
        case(f32[0, 1], f32[0, 0]),
    ]

    def grad(t, g, out, b, factor, upper):
        def of_right():
            return t.cholesky_solve(g, factor, upper)

        def of_factor():
            common = t.matmul(of_right(), turned(t, out))
            common = common + turned(t, common)
            # as torch has it: not only of the triangle that is read
            return -(t.matmul(factor, common) if upper else t.matmul(common, factor))

        return of_right, of_factor


@op("aten::cholesky_inverse(Tensor self, bool upper=False) -> Tensor")
class cholesky_inverse(Shaped):
    """The inverse of the matrix whose Cholesky factor is given."""

    saves = ("self", "out")
    fails = VALUES
    unknown = ("upper",)

    def kernel(factor, upper):
        M.check(cholesky_inverse, factor, upper)
        zero = np.diagonal(factor, 0, -2, -1) == 0
        info = np.where(zero.any(-1), zero.argmax(-1) + 1, 0) if factor.size else zero
        C.check_info("cholesky_inverse", info)
        eye = np.broadcast_to(
            np.eye(factor.shape[-1], dtype=factor.dtype), factor.shape
        )
        return cholesky_solve.kernel(eye, factor, upper)

    def dtypes(factor, upper):
        C.check_implemented("cholesky_inverse_out_cpu", factor)
        return factor

    def sizes(factor, upper):
        return C.check_square("cholesky_inverse", factor)

    samples = [case(POSITIVE), case(POSITIVES, True), case(f32[0, 0])]

    def grad(t, g, out, factor, upper):
        common = t.matmul(out, t.matmul(g + turned(t, g), out))
        return -(t.matmul(factor, common) if upper else t.matmul(common, factor))


def _check_pivots(name, a, pivots):
    if len(pivots) < 1 or (None not in (a[-1], pivots[-1]) and a[-1] != pivots[-1]):
        raise RuntimeError(
            f"{name}: Number of pivots per batch should be same as the dimension of the"
            " matrix"
        )
    if None not in (*a[:-2], *pivots[:-1]) and a[:-2] != pivots[:-1]:
        raise RuntimeError(
            f"{name}: Expected LU.shape[:-1] and pivots.shape to be the same, but got"
            f" pivots with shape {S.shown(pivots)} instead"
        )


def _lu_solve_sizes(lu, pivots, b, left):
    name = "torch.linalg.lu_solve"
    C.check_equation(name, lu, b, left)
    _check_pivots("linalg.lu_solve", lu, pivots)
    return (*S.broadcast(b[:-2], lu[:-2]), *b[-2:])


def _lu_solve_dtypes(lu, pivots, b):
    C.check_floating("torch.linalg.lu_solve", lu)
    if None not in (lu, b) and lu is not b:
        raise RuntimeError(
            "linalg.lu_solve: Expected LU and B to have the same dtype, but found LU of"
            f" type {lu.title} and B of type {b.title} instead"
        )
    if pivots not in (None, int32):
        raise RuntimeError(
            "linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32"
        )
    return b


def _lu_solve(lu, pivots, b, left, adjoint):
    _lu_solve_dtypes(*(dtype_of(x.dtype) for x in (lu, pivots, b)))
    _lu_solve_sizes(lu.shape, pivots.shape, b.shape, left)
    if left:
        return L.lu_solve(lu, pivots, b, adjoint)
    # the adjoint of X A = B
    found = L.lu_solve(lu, pivots, L.adjoint(b), not adjoint)
    return np.ascontiguousarray(L.adjoint(found))


def _lu_solve_slopes(t, g, x, lu, pivots, left, adjoint):
    """Gradients of the factors and of the right side."""

    def of_right():
        return t.linalg_lu_solve(lu, pivots, g, left=left, adjoint=not adjoint)

    def of_factors():
        found = of_right()
        if not left:
            found, result = turned(t, found), turned(t, x)
        else:
            result = x
        # of A, or of its transpose
        made = t.matmul(found, turned(t, result))
        if left == adjoint:
            made = turned(t, made)
        p, lower, upper = t.lu_unpack(lu, pivots)
        made = t.matmul(turned(t, p), made)
        of_lower = t.matmul(made, turned(t, upper))
        of_upper = t.matmul(turned(t, lower), made)
        return -(t.tril(of_lower, -1) + t.triu(of_upper))

    return of_factors, of_right


@op(
    "aten::linalg_lu_solve(Tensor LU, Tensor pivots, Tensor B, *, bool left=True,"
    " bool adjoint=False) -> Tensor"
)
class linalg_lu_solve(Shaped):
    """The X with A X = B, or X A = B, from the factors of A."""

    saves = ("LU", "pivots", "out")
    fails = VALUES
    unknown = ("adjoint",)

    def kernel(lu, pivots, b, left, adjoint):
        return _lu_solve(lu, pivots, b, left, adjoint)

    def dtypes(lu, pivots, b, *rest):
        return _lu_solve_dtypes(lu, pivots, b)

    def sizes(lu, pivots, b, left, adjoint):
        return _lu_solve_sizes(lu, pivots, b, left)

    samples = [
        case(POSITIVE, i32.of([2, 2]), f64[2, 3]),
        case(POSITIVES, i32.of([[2, 2], [1, 2]]), f64[2, 1], adjoint=True),
        case(POSITIVE, i32.of([2, 2]), f64[2, 3, 2], left=False),
        case(POSITIVE, i32.of([2, 2]), f64[1, 2], left=False, adjoint=True),
    ]

    def grad(t, g, out, lu, pivots, b, left, adjoint):
        of_factors, of_right = _lu_solve_slopes(t, g, out, lu, pivots, left, adjoint)
        return of_factors, None, of_right


@op("aten::lu_solve(Tensor self, Tensor LU_data, Tensor LU_pivots) -> Tensor")
class lu_solve(Shaped):
    """The X with A X = self, from the factors of A."""

    saves = ("LU_data", "LU_pivots", "out")
    fails = VALUES

    def kernel(b, lu, pivots):
        return _lu_solve(lu, pivots, b, True, False)

    def dtypes(b, lu, pivots):
        return _lu_solve_dtypes(lu, pivots, b)

    def sizes(b, lu, pivots):
        return _lu_solve_sizes(lu, pivots, b, True)

    samples = [case(f64[2, 3], POSITIVE, i32.of([2, 2]))]

    def grad(t, g, out, b, lu, pivots):
        of_factors, of_right = _lu_solve_slopes(t, g, out, lu, pivots, True, False)
        return of_right, of_factors


@op(
    "aten::linalg_ldl_solve(Tensor LD, Tensor pivots, Tensor B, *,"
    " bool hermitian=False) -> Tensor"
)
class linalg_ldl_solve(Shaped):
    """The X with A X = B from what `linalg.ldl_factor` gives for A."""

    fails = VALUES
    unknown = ("hermitian",)

    def kernel(ld, pivots, b, hermitian):
        M.check(linalg_ldl_solve, ld, pivots, b, hermitian)
        return L.ldl_solve(ld, pivots, b, hermitian and ld.dtype.kind == "c")

    def dtypes(ld, pivots, b, hermitian):
        name = "torch.linalg.ldl_solve"
        C.check_floating(name, ld)
        if pivots is not None and (pivots.is_floating_point or pivots.is_complex
                                   or pivots.name == "bool"):  # fmt: skip
            raise RuntimeError(
                f"{name}: Expected pivots to be integers. Got {pivots.title}"
            )
        if None not in (ld, b) and ld is not b:
            raise RuntimeError(
                f"{name}: LD dtype {ld.title} does not match b dtype {b.title}"
            )
        return b

    def sizes(ld, pivots, b, hermitian):
        name = "torch.linalg.ldl_solve"
        if len(b) < 2:
            raise RuntimeError(
                f"{name}: Expected B to have at least 2 dimensions, but it has"
                f" {len(b)} dimensions instead"
            )
        C.check_equation(name, ld, b, True)
        if None not in (*ld, *pivots) and ld[:-1] != pivots:
            raise RuntimeError(
                f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but"
                f" got pivots with shape {S.shown(pivots)} instead"
            )
        return (*S.broadcast(b[:-2], ld[:-2]), *b[-2:])

    samples = [
        case(POSITIVE, i32.of([1, 2]), f64[2, 3]),
        case(POSITIVES, i32.of([[1, 2], [-2, -2]]), f64[2, 1]),
    ]
