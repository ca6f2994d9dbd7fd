"""Discrete Fourier transforms.

Three operators compute: of complex numbers (`_fft_c2c`), of real ones to the half of the
spectrum that says all (`_fft_r2c`), and back (`_fft_c2r`). The functions of `torch.fft`
are made of them: they choose dims, fit sizes by cutting and by zeros, and scale.
"""

from __future__ import annotations

import math

import numpy as np

from jit.ir.card import UNKNOWN
from jit.ir.dtypes import COMPLEX, FLOATING, dtype_of
from jit.runtime.kernels import sizes as S
from jit.runtime.ops import facts as F
from jit.runtime.ops.complex_parts import real_dtype
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.creation import OPTIONS, Creation, check_place, known_dtype
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import c64, c128, case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped
from jit.runtime.promotion import get_default_dtype, to_complex, to_floating

UNSCALED, BY_ROOT, BY_COUNT = 0, 1, 2
"""How a transform is scaled: `normalization` of the three operators."""


def scaled(transformed, count, normalization, dtype):
    """A transform that is not scaled yet, of `count` points, as is wanted."""
    if normalization == BY_ROOT:
        transformed = transformed * (1 / math.sqrt(count))
    elif normalization == BY_COUNT:
        transformed = transformed * (1 / count)
    return transformed.astype(dtype, copy=False)


def point_count(sizes, dim):
    """Of how many points each result is a sum."""
    return math.prod(sizes[d] for d in dim)


def check_category(dtype, category, wanted):
    """Raise for numbers that one of the three operators does not take."""
    if dtype is not None and dtype.category != category:
        raise RuntimeError(f"Only supports {wanted} dtypes, but found: {dtype.title}")


def wrapped(dim, rank):
    """Dims counted from the front."""
    return [S.wrap_dim(d, rank) for d in dim]


@op("aten::_fft_c2c(Tensor self, SymInt[] dim, int normalization, bool forward)"
    " -> Tensor")  # fmt: skip
class _fft_c2c(Shaped):
    """The Fourier transform of complex numbers, or the inverse one."""

    fails = VALUES

    def kernel(x, dim, normalization, forward):
        check_category(dtype_of(x.dtype), COMPLEX, "complex")
        if not dim:
            return x.copy()
        if not x.size:
            return np.zeros_like(x)
        if forward:
            made = np.fft.fftn(x, axes=dim)
        else:
            made = np.fft.ifftn(x, axes=dim, norm="forward")
        return scaled(made, point_count(x.shape, dim), normalization, x.dtype)

    def sizes(x, dim, normalization, forward):
        wrapped(dim, len(x))
        return x

    samples = [
        case(c64[4], [0], 0, True),
        case(c128[3, 5], [1, 0], 1, False),
        case(c64[2, 3], [-1], 2, False),
        case(c64[2], [], 0, True),
        case(c64[0, 3], [1], 0, True),
    ]

    def grad(t, g, out, x, dim, normalization, forward):
        return t._fft_c2c(g, dim, normalization, not forward)


@op("aten::_fft_r2c(Tensor self, int[] dim, int normalization, bool onesided)"
    " -> Tensor")  # fmt: skip
class _fft_r2c(Shaped):
    """The Fourier transform of real numbers; half of it along the last of the dims."""

    fails = VALUES

    def kernel(x, dim, normalization, onesided):
        check_category(dtype_of(x.dtype), FLOATING, "floating-point")
        sizes = _fft_r2c.sizes(x.shape, dim, normalization, onesided)
        dtype = to_complex(dtype_of(x.dtype)).numpy
        if not x.size:
            return np.zeros(sizes, dtype)
        transform = np.fft.rfftn if onesided else np.fft.fftn
        made = transform(x, axes=dim)
        return scaled(made, point_count(x.shape, dim), normalization, dtype)

    def sizes(x, dim, normalization, onesided):
        last = wrapped(dim, len(x))[-1]
        if onesided is UNKNOWN:
            return None
        return (*x[:last], half(x[last]) if onesided else x[last], *x[last + 1 :])

    def dtypes(x, *rest):
        check_category(x, FLOATING, "floating-point")
        return None if x is None else to_complex(x)

    samples = [
        case(f32[4], [0], 0, True),
        case(f64[3, 5], [1, 0], 1, True),
        case(f64[3, 4], [0, 1], 2, True),
        case(f32[2, 3], [-1], 2, False),
        case(f32[0, 3], [1], 0, True),
    ]

    def grad(t, g, out, x, dim, normalization, onesided):
        if onesided:
            pads = [0, 0] * g.ndim
            last = S.wrap_dim(dim[-1], g.ndim)
            pads[2 * (g.ndim - 1 - last) + 1] = x.shape[last] - g.shape[last]
            g = t.constant_pad_nd(g, pads)
        return t.real(t._fft_c2c(g, dim, normalization, False))


def half(size):
    """How many of the values of a spectrum of real numbers say all."""
    return None if size is None else size // 2 + 1


@op("aten::_fft_c2r(Tensor self, int[] dim, int normalization, SymInt last_dim_size)"
    " -> Tensor")  # fmt: skip
class _fft_c2r(Shaped):
    """The real numbers with half a spectrum, of a size along the last of the dims."""

    fails = VALUES
    unknown = ("last_dim_size",)

    def kernel(x, dim, normalization, size):
        check_category(dtype_of(x.dtype), COMPLEX, "complex")
        sizes = _fft_c2r.sizes(x.shape, dim, normalization, size)
        dtype = real_dtype(dtype_of(x.dtype)).numpy
        if not x.size:
            return np.zeros(sizes, dtype)
        made = np.fft.irfftn(x, s=[sizes[d] for d in dim], axes=dim, norm="forward")
        return scaled(made, point_count(sizes, dim), normalization, dtype)

    def sizes(x, dim, normalization, size):
        last = wrapped(dim, len(x))[-1]
        return (*x[:last], None if size is UNKNOWN else size, *x[last + 1 :])

    def dtypes(x, *rest):
        check_category(x, COMPLEX, "complex")
        return real_dtype(x)

    samples = [
        case(c64[3], [0], 0, 4),
        case(c128[3, 3], [0, 1], 1, 5),
        case(c64[2, 3], [-1], 2, 4),
        case(c64[0, 3], [1], 0, 4),
    ]

    def grad(t, g, out, x, dim, normalization, size):
        found = t._fft_r2c(g, dim, normalization, True)
        # all but the first value, and for even sizes the last, stand for two
        last = S.wrap_dim(dim[-1], g.ndim)
        once, twice = found.shape[last], g.shape[last] - found.shape[last]
        inner = t.narrow(found, last, 1, twice)
        rest = t.narrow(found, last, 1 + twice, once - 1 - twice)
        return t.cat([t.narrow(found, last, 0, 1), inner * 2, rest], last)


# the functions of torch.fft ------------------------------------------------------------


def check_norm(norm):
    """RuntimeError for a normalization that there is not."""
    if norm not in (None, "backward", "ortho", "forward"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')


def normalization_of(norm, forward):
    """How a transform is scaled, from the `norm` of its function."""
    check_norm(norm)
    if norm == "ortho":
        return BY_ROOT
    return BY_COUNT if (norm == "forward") is forward else UNSCALED


def chosen(sizes, s, dim, one):
    """The dims of a transform, and the sizes wanted along them; None: as they are."""
    rank = len(sizes)
    if one:
        if not rank:
            raise IndexError(
                f"Dimension specified as {dim} but tensor has no dimensions"
            )
        dims, wanted = [S.wrap_dim(dim, rank)], [s]
    elif dim is None:
        if s is not None and len(s) > rank:
            raise RuntimeError(
                f"Got shape with {len(s)} values but input tensor only has {rank}"
                " dimensions."
            )
        dims = list(range(rank if s is None else len(s)))
        dims = [d + rank - len(dims) for d in dims]
        wanted = [None] * rank if s is None else list(s)
    else:
        dims = wrapped(dim, rank)
        if len(set(dims)) < len(dims):
            raise RuntimeError("FFT dims must be unique")
        if s is not None and len(s) != len(dims):
            raise RuntimeError(
                "When given, dim and shape arguments must have the same length"
            )
        wanted = [None] * len(dims) if s is None else list(s)
    return dims, [None if n == -1 else n for n in wanted]


def check_points(count):
    """RuntimeError for a transform of no points."""
    if isinstance(count, int) and count < 1:
        raise RuntimeError(f"Invalid number of data points ({count}) specified")


class Transform(Composed):
    """A function of `torch.fft`: the card says which operator computes."""

    kind = "c2c"
    forward = True
    """Whether the sign in the exponent, and the scale, are those of a transform."""

    fails = VALUES
    unknown = ("norm",)

    @classmethod
    def complete(cls) -> None:
        cls.composite = staticmethod(_composite_of(cls))
        cls.sizes = staticmethod(_sizes_of(cls))
        cls.dtypes = staticmethod(_dtypes_of(cls))
        super().complete()

    @classmethod
    def plan(cls, sizes, s, dim):
        """Dims, the sizes that the operand is fitted to along them, and the last size
        of the result; None: as it is."""
        name = cls.schema.kind.removeprefix("aten::fft_")
        one = "n" in cls.schema.index_of
        dims, wanted = chosen(sizes, s, dim, one)
        if not dims:
            if cls.kind == "c2c":
                return dims, wanted, None
            raise RuntimeError(f"{name} must transform at least one axis")
        last = wanted[-1]
        if cls.kind == "c2r":
            if last is None and sizes[dims[-1]] is not None:
                last = 2 * (sizes[dims[-1]] - 1)
            check_points(last)
            wanted[-1] = half(last) if wanted[-1] is not None else None
        for d, n in zip(dims, wanted, strict=True):
            check_points(sizes[d] if n is None else n)
        return dims, wanted, last

    @classmethod
    def taken(cls, dtype):
        """The dtype to transform; raises for one that is not taken."""
        dtype = to_floating(dtype)
        if dtype.itemsize < 4:
            raise RuntimeError(f"Unsupported dtype {dtype.title}")
        if cls.kind == "r2c":
            if dtype.category == COMPLEX:
                name = cls.schema.kind.removeprefix("aten::fft_")
                raise RuntimeError(
                    f"{name} expects a real input tensor, but got {dtype.title}"
                )
            return dtype
        return dtype if dtype.category == COMPLEX else to_complex(dtype)


def fitted(t, x, dims, wanted):
    """Cut to sizes along dims, or filled up with zeros."""
    pads = [0, 0] * x.ndim
    for d, n in zip(dims, wanted, strict=True):
        if n is None:
            continue
        size = x.shape[d]
        if n < size:
            x = t.narrow(x, d, 0, n)
        elif n > size:
            pads[2 * (x.ndim - 1 - d) + 1] = n - size
    return t.constant_pad_nd(x, pads) if any(pads) else x


def _composite_of(card):
    def composite(t, x, s, dim, norm):
        dims, wanted, last = card.plan(x.shape, s, dim)
        normalization = normalization_of(norm, card.forward)
        dtype = card.taken(x.dtype)
        if x.dtype is not dtype:
            x = t.to(x, dtype)
        x = fitted(t, x, dims, wanted)
        if card.kind == "c2c":
            return t._fft_c2c(x, dims, normalization, card.forward)
        if card.kind == "r2c":
            made = t._fft_r2c(x, dims, normalization, True)
            # the inverse transform of real numbers is the conjugate
            return made if card.forward else t.conj_physical(made)
        if card.forward:
            x = t.conj_physical(x)
        return t._fft_c2r(x, dims, normalization, last)

    return composite


def _sizes_of(card):
    def sizes(x, s, dim, norm):
        if norm is not UNKNOWN:
            check_norm(norm)
        dims, wanted, last = card.plan(x, s, dim)
        result = list(x)
        for d, n in zip(dims, wanted, strict=True):
            result[d] = x[d] if n is None else n
        if card.kind == "r2c":
            result[dims[-1]] = half(result[dims[-1]])
        elif card.kind == "c2r":
            result[dims[-1]] = last
        return tuple(result)

    return sizes


def _dtypes_of(card):
    def dtypes(x, *rest):
        if x is None:
            return None
        taken = card.taken(x)
        if card.kind == "c2r":
            return real_dtype(taken)
        return taken if taken.category == COMPLEX else to_complex(taken)

    return dtypes


ONE = "(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor"
TWO = "(Tensor self, SymInt[1]? s=None, int[1] dim=[-2, -1], str? norm=None) -> Tensor"
ALL = "(Tensor self, SymInt[1]? s=None, int[1]? dim=None, str? norm=None) -> Tensor"

COMPLEX_LINES = [
    case(c64[4]),
    case(f64[2, 3], dim=0, norm="ortho"),
    case(f32[5], 3, norm="forward"),
    case(c128[2, 3], 5, norm="backward"),
    case(i64[3]),
]
REAL_LINES = [
    case(f32[4]),
    case(f64[2, 3], dim=0, norm="ortho"),
    case(f64[5], 3, norm="forward"),
    case(f64[2, 3], 6),
    case(i64[3]),
]
COMPLEX_GRIDS = [
    case(c64[2, 3]),
    case(f64[2, 3, 2], [2, 4], norm="ortho"),
    case(f32[3, 2], dim=[1], norm="forward"),
]
REAL_GRIDS = [
    case(f32[2, 3]),
    case(f64[2, 3, 2], [2, 4], norm="ortho"),
    case(f64[3, 2], dim=[0], norm="forward"),
]
HERMITIAN_GRIDS = [
    case(c64[2, 3]),
    case(f64[2, 3, 3], [2, 4], norm="ortho"),
    case(f64[3, 2], [5], dim=[0], norm="forward"),
]


@op(f"aten::fft_fft{ONE}")
class fft_fft(Transform):
    """The discrete Fourier transform along a dim."""

    samples = COMPLEX_LINES


@op(f"aten::fft_ifft{ONE}")
class fft_ifft(Transform):
    """The inverse of the discrete Fourier transform along a dim."""

    forward = False
    samples = COMPLEX_LINES


@op(f"aten::fft_rfft{ONE}")
class fft_rfft(Transform):
    """Half of the discrete Fourier transform of real numbers along a dim."""

    kind = "r2c"
    samples = REAL_LINES


@op(f"aten::fft_irfft{ONE}")
class fft_irfft(Transform):
    """The real numbers with half a spectrum along a dim."""

    kind, forward = "c2r", False
    samples = COMPLEX_LINES


@op(f"aten::fft_hfft{ONE}")
class fft_hfft(Transform):
    """The real spectrum of numbers that are Hermitian along a dim."""

    kind = "c2r"
    samples = COMPLEX_LINES


@op(f"aten::fft_ihfft{ONE}")
class fft_ihfft(Transform):
    """Half of the inverse transform of real numbers along a dim."""

    kind, forward = "r2c", False
    samples = REAL_LINES


@op(f"aten::fft_fft2{TWO}", f"aten::fft_fftn{ALL}")
class fft_fftn(Transform):
    """The discrete Fourier transform along several dims."""

    samples = COMPLEX_GRIDS


@op(f"aten::fft_ifft2{TWO}", f"aten::fft_ifftn{ALL}")
class fft_ifftn(Transform):
    """The inverse of the discrete Fourier transform along several dims."""

    forward = False
    samples = COMPLEX_GRIDS


@op(f"aten::fft_rfft2{TWO}", f"aten::fft_rfftn{ALL}")
class fft_rfftn(Transform):
    """Half of the discrete Fourier transform of real numbers along several dims."""

    kind = "r2c"
    samples = REAL_GRIDS


@op(f"aten::fft_irfft2{TWO}", f"aten::fft_irfftn{ALL}")
class fft_irfftn(Transform):
    """The real numbers with half a spectrum along several dims."""

    kind, forward = "c2r", False
    samples = HERMITIAN_GRIDS


@op(f"aten::fft_hfft2{TWO}", f"aten::fft_hfftn{ALL}")
class fft_hfftn(Transform):
    """The real spectrum of numbers that are Hermitian along several dims."""

    kind = "c2r"
    samples = HERMITIAN_GRIDS


@op(f"aten::fft_ihfft2{TWO}", f"aten::fft_ihfftn{ALL}")
class fft_ihfftn(Transform):
    """Half of the inverse transform of real numbers along several dims."""

    kind, forward = "r2c", False
    samples = REAL_GRIDS


class Shift(Composed):
    """The elements along dims moved around by half of the size."""

    back = False

    @classmethod
    def complete(cls) -> None:
        back = cls.back

        def composite(t, x, dim):
            dims = list(range(x.ndim)) if dim is None else list(dim)
            shifts = [(x.shape[d] + back) // 2 for d in dims]
            return t.roll(x, shifts, dims) if dims else t.clone(x)

        def sizes(x, dim):
            wrapped(dim or [], len(x))
            return x

        cls.composite, cls.sizes = staticmethod(composite), staticmethod(sizes)
        super().complete()

    samples = [case(f32[4]), case(f64[2, 3]), case(f64[2, 5], [1]), case(i64[3], [0])]


@op("aten::fft_fftshift(Tensor self, int[1]? dim=None) -> Tensor")
class fft_fftshift(Shift):
    """A spectrum with frequency zero in the middle."""

    samples = Shift.samples


@op("aten::fft_ifftshift(Tensor self, int[1]? dim=None) -> Tensor")
class fft_ifftshift(Shift):
    """A spectrum with frequency zero at the start again."""

    back = True
    samples = Shift.samples


def _frequencies(n, d, dtype, onesided):
    dtype = dtype or get_default_dtype()
    places = np.arange(half(n) if onesided else n)
    if not onesided:
        places[(n + 1) // 2 :] -= n
    return (places * (1.0 / (n * d))).astype(dtype.numpy)


@op(f"aten::fft_fftfreq(int n, float d=1., *, {OPTIONS}) -> Tensor")
class fft_fftfreq(Creation):
    """The frequencies of a spectrum of n points that are d apart."""

    unknown = ("n", "d")

    def kernel(n, d, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        return _frequencies(n, d, dtype, False)

    def sizes(n, *rest):
        return (n if F.is_known(n) else None,)

    def dtypes(n, d, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = [case(4), case(5, 0.5), case(3, dtype=f64)]


@op(f"aten::fft_rfftfreq(int n, float d=1., *, {OPTIONS}) -> Tensor")
class fft_rfftfreq(Creation):
    """The frequencies of half a spectrum of n points that are d apart."""

    unknown = ("n", "d")

    def kernel(n, d, dtype, layout, device, pin_memory):
        check_place(device, pin_memory)
        return _frequencies(n, d, dtype, True)

    def sizes(n, *rest):
        return (half(n) if F.is_known(n) else None,)

    def dtypes(n, d, dtype, *rest):
        return known_dtype(dtype, get_default_dtype())

    samples = fft_fftfreq.samples
