"""Parts of complex tensors, and tensors of complex numbers from parts.

A conjugate is made when it is asked for: there are no tensors that only say that they
are to be read so.
"""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import COMPLEX, FLOATING, dtype_of
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels import strides
from jit.runtime.ops.declare import op
from jit.runtime.ops.families import Comparison, FloatPointwise, Pointwise
from jit.runtime.ops.pointwise_family import check_broadcast
from jit.runtime.ops.samples import c64, c128, case, f32, f64, i64, inf, nan
from jit.runtime.ops.shaped import RANKS, VALUES, Shaped
from jit.runtime.ops.views import View
from jit.runtime.promotion import to_complex, to_floating

SAMPLES = [c64[2, 3], c128[()], f32[2, 3], i64[0]]


def real_dtype(dtype):
    """The dtype of the parts of a complex one; others as they are."""
    if dtype is None or dtype.category != COMPLEX:
        return dtype
    return dtypes.float64 if dtype is dtypes.complex128 else dtypes.float32


@op("aten::real(Tensor(a) self) -> Tensor(a)")
class real(View):
    """The real parts; a real tensor itself."""

    raises = False

    def kernel(x):
        return x.real if x.dtype.kind == "c" else x

    def sizes(x):
        return x

    def dtypes(x):
        return real_dtype(x)

    samples = SAMPLES

    def grad(t, g, out, x):
        return g


@op("aten::imag(Tensor(a) self) -> Tensor(a)")
class imag(View):
    """The imaginary parts of a complex tensor."""

    fails = VALUES

    def kernel(x):
        if x.dtype.kind != "c":
            raise RuntimeError(
                "imag is not implemented for tensors with non-complex dtypes."
            )
        return x.imag

    def sizes(x):
        return x

    def dtypes(x):
        return real_dtype(x)

    samples = SAMPLES[:2]

    def grad(t, g, out, x):
        return g * 1j


class Conjugate(View):
    """A real tensor itself."""

    raises = False

    def sizes(x):
        return x

    def grad(t, g, out, x):
        return t.conj(g) if g.dtype.is_complex else g


@op("aten::conj(Tensor(a) self) -> Tensor(a)")
class conj(Conjugate):
    """The conjugates; a real tensor itself."""

    def kernel(x):
        return np.conjugate(x) if x.dtype.kind == "c" else x

    samples = SAMPLES


@op(
    "aten::resolve_conj(Tensor(a) self) -> Tensor(a)",
    "aten::resolve_neg(Tensor(a) self) -> Tensor(a)",
)
class resolve_conj(View):
    """The tensor itself: conjugates and negatives are made at once."""

    raises = False

    def kernel(x):
        return x

    def sizes(x):
        return x

    samples = SAMPLES

    def grad(t, g, out, x):
        return g


@op("aten::positive(Tensor(a) self) -> Tensor(a)")
class positive(View):
    """The tensor itself, which must not be bool."""

    def kernel(x):
        positive.dtypes(dtype_of(x.dtype))
        return x

    def sizes(x):
        return x

    def dtypes(x):
        if x is dtypes.bool_:
            raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
        return x

    samples = SAMPLES

    def grad(t, g, out, x):
        return g


@op("aten::conj_physical(Tensor self) -> Tensor")
class conj_physical(Pointwise):
    """The conjugates, in a new tensor."""

    accepts = "bifc"

    def kernel(x):
        return np.conjugate(x) if x.dtype.kind == "c" else x.copy()

    def grad(t, g, out, x):
        return t.conj_physical(g)


@op("aten::angle(Tensor self) -> Tensor")
class angle(FloatPointwise):
    """The angles of complex numbers; π for negative numbers, zero for others."""

    saves = ("self",)
    accepts = "fc"
    inplace = False
    extra_samples = [case(f32.of([nan, inf, -inf, -1, 0, 2]))]

    def kernel(x):
        if x.dtype.kind == "c":
            return np.angle(x)
        wanted = to_floating(dtype_of(x.dtype)).numpy
        turned = np.where(x < 0, np.pi, 0.0).astype(wanted)
        return np.where(x != x, x, turned).astype(wanted)

    def result(dtype):
        return real_dtype(dtype)

    def grad(t, g, out, x):
        if not x.dtype.is_complex:
            return t.zeros_like(g)
        size = t.abs(x)
        slope = g * 1j * x / (size * size)
        return t.masked_fill(slope, t.eq(size, 0), 0)


@op("aten::isreal(Tensor self) -> Tensor")
class isreal(Comparison):
    """Whether the imaginary part is zero."""

    accepts = "bifc"
    inplace = False

    def kernel(x):
        return x.imag == 0 if x.dtype.kind == "c" else np.ones(x.shape, bool)


@op(
    "aten::adjoint(Tensor(a) self) -> Tensor(a)",
    "aten::mH(Tensor(a) self) -> Tensor(a)",
)
class adjoint(View):
    """The last two dims exchanged, and conjugates."""

    fails = RANKS

    def kernel(x):
        adjoint.sizes(x.shape)
        return (
            np.conjugate(x.swapaxes(-1, -2))
            if x.dtype.kind == "c"
            else (x.swapaxes(-1, -2))
        )

    def sizes(x):
        if len(x) < 2:
            raise RuntimeError(
                "tensor.adjoint() is only supported on matrices or batches of matrices."
                f" Got {len(x)}-D tensor."
            )
        return (*x[:-2], x[-1], x[-2])

    samples = [f32[2, 3], c64[4, 1, 2], f32[0, 1]]

    def grad(t, g, out, x):
        return t.adjoint(g)


@op("aten::view_as_real(Tensor(a) self) -> Tensor(a)")
class view_as_real(View):
    """Real and imaginary parts along a new last dim."""

    fails = VALUES

    def kernel(x):
        if x.dtype.kind != "c":
            raise RuntimeError("view_as_real is only supported for complex tensors")
        step = x.itemsize // 2
        return strides.as_strided(x.real, (*x.shape, 2), (*x.strides, step))

    def sizes(x):
        return (*x, 2)

    def dtypes(x):
        return real_dtype(x)

    samples = SAMPLES[:2]

    def grad(t, g, out, x):
        return t.view_as_complex(t.contiguous(g))


def _check_pairs(x):
    if not x:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if x[-1] not in (2, None):
        raise RuntimeError("Tensor must have a last dimension of size 2")
    return x[:-1]


@op("aten::view_as_complex(Tensor(a) self) -> Tensor(a)")
class view_as_complex(View):
    """Pairs along the last dim as complex numbers."""

    fails = VALUES

    def kernel(x):
        view_as_complex.dtypes(dtype_of(x.dtype))
        _check_pairs(x.shape)
        if not x.size:  # strides of no elements mean nothing
            return np.empty(x.shape[:-1], to_complex(dtype_of(x.dtype)).numpy)
        if x.strides[-1] != x.itemsize:
            raise RuntimeError("Tensor must have a last dimension with stride 1")
        if any(s % (2 * x.itemsize) for s in x.strides[:-1]):
            raise RuntimeError(
                "Tensor must have a stride divisible by 2 for all but last dimension"
            )
        return x.view(to_complex(dtype_of(x.dtype)).numpy).reshape(x.shape[:-1])

    def sizes(x):
        return _check_pairs(x)

    def dtypes(x):
        if x is None:
            return None
        if x not in (dtypes.float32, dtypes.float64):
            raise RuntimeError(
                "view_as_complex is only supported for half, float and double tensors,"
                f" but got a tensor of scalar type: {x.title}"
            )
        return to_complex(x)

    samples = [f32[3, 2], f64[2], f32[0, 2]]

    def grad(t, g, out, x):
        return t.view_as_real(g)


class _Pair(Shaped):
    """A complex tensor from two real ones."""

    def sizes(a, b):
        return S.broadcast(a, b)


def _pair_dtype(a, b):
    """The dtype of complex numbers from two dtypes; raises in torch's words."""
    if a is None or b is None:
        return None
    for dtype in (a, b):
        if dtype.category != FLOATING:
            raise RuntimeError(
                "Expected both inputs to be Half, Float or Double tensors but got"
                f" {a.title} and {b.title}"
            )
    if a is not b:
        raise RuntimeError(
            f"Expected object of scalar type {a.title} but got scalar type {b.title}"
            " for second argument"
        )
    return to_complex(a)


def _made(a, b, make):
    dtype = _pair_dtype(dtype_of(a.dtype), dtype_of(b.dtype))
    check_broadcast((a, b))
    out = np.empty(np.broadcast_shapes(a.shape, b.shape), dtype.numpy)
    out.real, out.imag = make(a, b)
    return out


@op("aten::complex(Tensor real, Tensor imag) -> Tensor")
class complex_(_Pair):
    """Complex numbers from their parts."""

    def kernel(real, imag):
        return _made(real, imag, lambda a, b: (a, b))

    def dtypes(real, imag):
        return _pair_dtype(real, imag)

    samples = [case(f32[2, 3], f32[3]), case(f64[()], f64[0])]

    def grad(t, g, out, real, imag):
        return lambda: t.real(g), lambda: t.imag(g)


@op("aten::polar(Tensor abs, Tensor angle) -> Tensor")
class polar(_Pair):
    """Complex numbers from absolute values and angles."""

    saves = ("abs", "angle")

    def kernel(size, turn):
        return _made(size, turn, lambda a, b: (a * np.cos(b), a * np.sin(b)))

    def dtypes(size, turn):
        return _pair_dtype(size, turn)

    samples = [case(f32[2, 3], f32[3]), case(f64[()], f64[0])]

    def grad(t, g, out, size, turn):
        along = t.polar(t.ones_like(turn), turn)
        return (
            lambda: t.real(t.conj_physical(g) * along),
            lambda: t.real(t.conj_physical(g) * (along * size * 1j)),
        )
