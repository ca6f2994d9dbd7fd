"""Elementary functions as straight-line code: polynomials after a reduction of the range.

Each takes the vocabulary and float32 or float64 elements and is within 4 units in the last
place everywhere, infinities, nan, denormals and signed zeros included. Only sines of huge
arguments leave the straight line, for a reduction in integers.

Reductions are those of P. T. P. Tang (exp, log), W. J. Cody and W. Waite (sin, cos),
M. H. Payne and R. N. Hanek (huge arguments); logarithms and the error term of powers follow
the double-length arithmetic of T. J. Dekker. Coefficients: see `polynomials`.

Where vectors are those of AVX-512, powers of two are multiplied by one instruction, and
erf of float32 takes the coefficients of its pieces from tables in registers.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import dtypes
from jit.runtime.codegen.nests.coefficients import TABLE
from jit.runtime.codegen.nests.polynomials import ERF_PIECES, ERF_STEPS, pi
from jit.runtime.codegen.values import F64, I1, I64

if TYPE_CHECKING:
    from jit.runtime.codegen.nests.vocabulary import Element, LlvmVocabulary

    M = LlvmVocabulary
    E = Element

INF, NAN = float("inf"), float("nan")


def _is_double(x: E) -> bool:
    return x.dtype is dtypes.float64


def _float_bits(x: E) -> tuple[int, int]:
    """Bits of the fraction, and the bias of the exponent."""
    return (52, 1023) if _is_double(x) else (23, 127)


def horner(m: M, x: E, coefficients: Sequence[float | E]) -> E:
    """The polynomial with these coefficients, lowest power first."""
    result: Any = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        result = m.fma(result, x, c)
    return result


def polynomial(m: M, x: E, coefficients: Sequence[float]) -> E:
    """As `horner`, in two halves of the powers that can be computed side by side."""
    if len(coefficients) < 6:
        return horner(m, x, coefficients)
    square = x * x
    even = horner(m, square, coefficients[::2])
    odd = horner(m, square, coefficients[1::2])
    return m.fma(odd, x, even)


def _table(name: str, x: E) -> tuple[float, ...]:
    return TABLE[f"{name}.{x.dtype.name}"]


@functools.cache
def _split(value: str, bits: int, parts: int, single: bool) -> tuple[float, ...]:
    """A number as a sum of floats; all but the last have `bits` bits."""
    with localcontext() as context:
        context.prec = 60
        rest = {"pi/2": pi() / 2, "ln2": Decimal(2).ln(),
                "log10(2)": Decimal(2).log10(), "2/3": Decimal(2) / 3,
                "pi/4": pi() / 4, "pi": pi()}[value]  # fmt: skip
        found = []
        for last in reversed(range(parts)):
            part = float(rest)
            if single:
                part = float(np.float32(part))
            if last:
                mantissa, exponent = math.frexp(float(rest))
                scale = 2.0 ** (bits - exponent)
                if bits < (24 if single else 53):
                    part = math.trunc(mantissa * 2.0**bits) / scale
            found.append(part)
            rest -= Decimal(part)
        return tuple(found)


def _parts(x: E, value: str, bits: int, parts: int) -> tuple[float, ...]:
    return _split(value, bits, parts, not _is_double(x))


def nearest(m: M, x: E, factor: float = 1.0) -> tuple[E, E]:
    """The integer nearest to x * factor of moderate size, as a float and as an integer."""
    fraction, _ = _float_bits(x)
    magic = 1.5 * 2.0**fraction
    shifted = x + magic if factor == 1.0 else m.fma(x, factor, magic)
    return shifted - magic, m.bits(shifted) - m.bits(m.number(magic, x.dtype))


def power_of_two(m: M, n: E, like: E) -> E:
    """2**n for an integer in the range of normal exponents."""
    fraction, bias = _float_bits(like)
    return m.from_bits(m.shift_constant(n + bias, fraction))


def scale(m: M, y: E, whole: E, n: E) -> E:
    """y * 2**n for a number n, given as an integer too."""
    if m.is_wide(y.dtype):
        return m.times_power_of_two(y, n)
    # in two steps, so that every exponent is in range
    half = m.shift_constant(whole, -1)
    return y * power_of_two(m, half, y) * power_of_two(m, whole - half, y)


def at_most(m: M, x: E, high: float) -> E:
    """x, but no more than a bound; nan stays."""
    return m.where(m.lt(m.number(high, x.dtype), x), high, x)


def bounded(m: M, x: E, low: float, high: float) -> E:
    """x moved into a range; nan stays."""
    return at_most(m, m.where(m.gt(m.number(low, x.dtype), x), low, x), high)


# --- exponentials


def _reduced_exponent(m: M, x: E) -> tuple[E, E, E]:
    """r in [-ln2/2, ln2/2] and the integer n with x = r + n ln2; n as float too."""
    n, whole = nearest(m, x, 1 / math.log(2))
    high, low = _parts(x, "ln2", 40 if _is_double(x) else 13, 2)
    r = m.fma(-n, high, x)
    return m.fma(-n, low, r), whole, n


def _exp_of_reduced(m: M, r: E) -> E:
    tail = polynomial(m, r, _table("exp", r))
    return m.fma(m.fma(tail, r, 1.0), r, 1.0)


def exp(m: M, x: E, shift: int = 0) -> E:
    """e**x, times 2**shift."""
    low, high = (-760.0, 711.0) if _is_double(x) else (-105.0, 90.0)
    x = bounded(m, x, low, high)
    if _has_exp_table(m, x):
        n, place = _sixteenths(m, x, 1 / math.log(2))
        high, low = _parts(x, "ln2", 12, 2)
        r = m.fma(-n, low, m.fma(-n, high, x))
        return _exp_by_table(m, r, place, n + float(shift) if shift else n)
    r, whole, n = _reduced_exponent(m, x)
    if shift:
        whole, n = whole + shift, n + float(shift)
    return scale(m, _exp_of_reduced(m, r), whole, n)


def _has_exp_table(m: M, x: E) -> bool:
    return x.dtype is dtypes.float32 and m.is_wide(x.dtype)


def _sixteenths(m: M, x: E, factor: float = 1.0) -> tuple[E, E]:
    """x * factor rounded to sixteenths, and an integer whose low bits count them."""
    magic = 1.5 * 2.0**19
    shifted = m.fma(x, factor, magic)
    return shifted - magic, m.bits(shifted)


def _exp_by_table(m: M, r: E, place: E, n: E) -> E:
    """exp(r) * 2**n for |r| < ln2/32 and a number n of sixteenths, at their place."""
    root = m.looked_up([2.0 ** (k / 16) for k in range(16)], place)
    p = m.fma(r * r, horner(m, r, _table("exp.16", r)), r)
    return m.times_power_of_two(m.fma(root, p, root), n)


def exp_moderate(m: M, x: E) -> E:
    """e**x for x whose power of two is in range."""
    r, n, _ = _reduced_exponent(m, x)
    fraction, _ = _float_bits(x)
    bits = m.bits(_exp_of_reduced(m, r)) + m.shift_constant(n, fraction)
    return m.from_bits(bits)


def exp2(m: M, x: E) -> E:
    low, high = (-1080.0, 1025.0) if _is_double(x) else (-155.0, 129.0)
    x = bounded(m, x, low, high)
    if _has_exp_table(m, x):
        n, place = _sixteenths(m, x)
        return _exp_by_table(m, (x - n) * math.log(2), place, n)
    n, whole = nearest(m, x)
    return scale(m, _exp_of_reduced(m, (x - n) * math.log(2)), whole, n)


def expm1(m: M, x: E) -> E:
    high = 709.9 if _is_double(x) else 88.8
    p, whole = _expm1_of_reduced(m, bounded(m, x, -45.0, high))
    # half the scale, because 2**1024 is no float
    half = power_of_two(m, whole - 1, x)
    made = m.fma(p, half, half - 0.5) * 2.0
    return m.where(x == 0, x, made)


def _expm1_of_reduced(m: M, x: E) -> tuple[E, E]:
    """exp(r) - 1 and the integer n with x = r + n ln2."""
    r, whole, _ = _reduced_exponent(m, x)
    return m.fma(r * r, polynomial(m, r, _table("exp", r)), r), whole


def tanh(m: M, x: E) -> E:
    size = at_most(m, m.abs(x), 20.0 if _is_double(x) else 10.0)
    p, whole = _expm1_of_reduced(m, size * 2.0)
    power = power_of_two(m, whole, x)
    e = m.fma(p, power, power - 1.0)
    return m.copysign(e / (e + 2.0), x)


def sinh(m: M, x: E) -> E:
    size = m.abs(x)
    e = expm1(m, bounded(m, size, 0.0, 20.0))
    small = (e + e / (e + 1.0)) * 0.5
    made = m.where(size < 20.0, small, exp(m, size, -1))
    return m.copysign(made, x)


def cosh(m: M, x: E) -> E:
    half = exp(m, m.abs(x), -1)
    return half + 0.25 / half


# --- logarithms


def _normalized(m: M, x: E) -> tuple[E, E]:
    """The integer k and f in [sqrt(1/2) - 1, sqrt(2) - 1] with x = 2**k (1 + f)."""
    fraction, bias = _float_bits(x)
    smallest = 2.0 ** (1 - bias)
    tiny = x < smallest
    bits = m.bits(m.where(tiny, x * 2.0 ** (fraction + 2), x))
    root = m.bits(m.number(math.sqrt(0.5), x.dtype))
    k = m.shift_constant(bits - root, -fraction)
    mantissa = m.from_bits(bits - m.shift_constant(k, fraction))
    k = m.where(tiny, k - (fraction + 2), k)
    return k, mantissa - 1.0


def _log_of_normalized(m: M, f: E, k: E, correction: Any = None) -> E:
    """log(1 + f) + k ln2 + correction."""
    high, low = _parts(f, "ln2", 40 if _is_double(f) else 15, 2)
    s = f / (f + 2.0)
    z = s * s
    tail = polynomial(m, z, _table("log", f)) * z
    half = f * f * 0.5
    rest = m.fma(k, low, s * (half + tail))
    if correction is not None:
        rest = rest + correction
    return m.fma(k, high, f - (half - rest))


def _log_limits(m: M, x: E, made: E, zero: float = 0.0) -> E:
    """The logarithm of x, where x - `zero` is zero, negative, infinite or nan too."""
    made = m.where(x < INF, made, x)
    made = m.where(x == zero, -INF, made)
    return m.where(x < zero, NAN, made)


def _as_float(m: M, k: E, like: E) -> E:
    return m.cast(k, like.dtype) if not _is_double(like) else m.small_to_double(k)


def log(m: M, x: E) -> E:
    k, f = _normalized(m, x)
    return _log_limits(m, x, _log_of_normalized(m, f, _as_float(m, k, x)))


def _log_of_other_base(m: M, x: E, high: float, low: float, factor: float) -> E:
    """k * (high + low) + log(1 + f) * factor."""
    k, f = _normalized(m, x)
    k = _as_float(m, k, x)
    small = _log_of_normalized(m, f, m.number(0.0, x.dtype)) * factor
    made = m.fma(k, high, m.fma(k, low, small)) if low else k * high + small
    return _log_limits(m, x, made)


def log2(m: M, x: E) -> E:
    return _log_of_other_base(m, x, 1.0, 0.0, 1 / math.log(2))


def log10(m: M, x: E) -> E:
    high, low = _parts(x, "log10(2)", 40 if _is_double(x) else 13, 2)
    return _log_of_other_base(m, x, high, low, 1 / math.log(10))


def log1p(m: M, x: E) -> E:
    u = x + 1.0
    k, f = _normalized(m, u)
    near = m.eq(k, 0)
    # what rounding 1 + x has lost
    lost = m.where(x < 1.0, x - (u - 1.0), 1.0 - (u - x)) / u
    f = m.where(near, x, f)
    lost = m.where(near, 0.0, lost)
    made = _log_of_normalized(m, f, _as_float(m, k, x), lost)
    made = m.where(x == 0, x, made)
    return _log_limits(m, x, made, -1.0)


def asinh(m: M, x: E) -> E:
    size = m.abs(x)
    large = 2.0**28 if _is_double(x) else 2.0**14
    moderate = bounded(m, size, 0.0, large)
    square = moderate * moderate
    inner = moderate + square / (m.sqrt(square + 1.0) + 1.0)
    is_large = size > large
    made = log1p(m, m.where(is_large, size - 1.0, inner))
    made = m.where(is_large, made + math.log(2), made)
    return m.copysign(m.where(x == 0, x, made), x)


def acosh(m: M, x: E) -> E:
    large = 2.0**28 if _is_double(x) else 2.0**14
    t = m.where(x > large, large, x) - 1.0
    inner = t + m.sqrt(m.fma(t, t, t * 2.0))
    is_large = x > large
    made = log1p(m, m.where(is_large, x - 1.0, inner))
    made = m.where(is_large, made + math.log(2), made)
    return m.where(x < 1.0, NAN, made)


def atanh(m: M, x: E) -> E:
    size = m.abs(x)
    made = log1p(m, (size + size) / (1.0 - size)) * 0.5
    made = m.where(size == 1.0, INF, made)
    return m.copysign(m.where(size > 1.0, NAN, made), x)


# --- sine and cosine


def _quarter_turns(m: M, x: E) -> tuple[E, E, E]:
    """r in [-pi/4, pi/4] with a correction, and the integer n: x = r + n pi/2."""
    n, whole = nearest(m, x, 2 / math.pi)
    first, second, third = _parts(x, "pi/2", 99, 3)
    # both products of the first line are exact, and so is their difference
    close = m.exact_fma(-n, first, x)
    product = n * second
    error = m.exact_fma(n, second, -product)
    r = close - product
    rest = ((close - r) - product) - m.fma(n, third, error)
    large = 1e6 if _is_double(x) else 3e4
    return m.unless_moderate(x, large, (r, rest, whole), reduce_large)


def _sine_of_reduced(m: M, r: E, rest: E) -> E:
    z = r * r
    tail = polynomial(m, z, _table("sin", r))
    # sin(r + rest) = sin(r) + rest * (1 - z / 2)
    return r + m.fma(z * r, tail, rest * m.fma(z, -0.5, 1.0))


def _cosine_of_reduced(m: M, r: E, rest: E) -> E:
    z = r * r
    tail = polynomial(m, z, _table("cos", r))
    half = z * 0.5
    first = 1.0 - half
    lost = (1.0 - first) - half
    return first + (lost + m.fma(z * z, tail, -(r * rest)))


def _both(m: M, x: E) -> tuple[E, E, E]:
    r, rest, n = _quarter_turns(m, x)
    return _sine_of_reduced(m, r, rest), _cosine_of_reduced(m, r, rest), n


def _negated_if(m: M, condition: E, x: E) -> E:
    return m.where(condition, -x, x)


def sin(m: M, x: E) -> E:
    sine, cosine, n = _both(m, x)
    made = m.where((n & 1) == 0, sine, cosine)
    return m.where(x == 0, x, _negated_if(m, (n & 2) != 0, made))


def cos(m: M, x: E) -> E:
    sine, cosine, n = _both(m, x)
    made = m.where((n & 1) == 0, cosine, sine)
    return _negated_if(m, ((n + 1) & 2) != 0, made)


def tan(m: M, x: E) -> E:
    sine, cosine, n = _both(m, x)
    even = (n & 1) == 0
    made = m.where(even, sine, -cosine) / m.where(even, cosine, sine)
    return m.where(x == 0, x, made)


def reduce_large(module: ll.Module) -> ll.Function:
    """`i64 f(double x, double* r, double* rest)`: the reduction of any finite x.

    With x = M 2**e, only 192 bits of 2/pi matter: those before them add whole turns to
    the product with M, those after them less than the precision of the result.
    """
    name = "reduce_large"
    if name in module.globals:
        return module.globals[name]
    pointer = F64.as_pointer()
    kind = ll.FunctionType(I64, [F64, pointer, pointer])
    function = ll.Function(module, kind, name)
    function.linkage = "internal"
    for attribute in ("nounwind", "noinline"):
        function.attributes.add(attribute)
    b = ll.IRBuilder(function.append_basic_block("entry"))
    wide = ll.IntType(192)
    x, high, low = function.args
    bits = b.bitcast(x, I64)
    mantissa = b.or_(b.and_(bits, I64((1 << 52) - 1)), I64(1 << 52))
    exponent = b.and_(b.lshr(bits, I64(52)), I64(2047))
    window = _window_of_two_over_pi(b, b.sub(exponent, I64(1023 + 52 + 1)))
    product = b.mul(b.zext(mantissa, wide), window)
    turns = b.trunc(b.lshr(product, wide(190)), I64)
    fraction = b.shl(product, wide(2))
    above = b.icmp_signed("<", fraction, wide(0))
    turns = b.add(turns, b.zext(above, I64))
    size = b.select(above, b.sub(wide(0), fraction), fraction)
    zeros = b.ctlz(size, I1(0))
    size = b.shl(size, zeros)
    first = b.uitofp(b.trunc(b.lshr(size, wide(139)), I64), F64)
    second = b.lshr(size, wide(86))
    second = b.and_(b.trunc(second, I64), I64((1 << 53) - 1))
    exponent = b.sub(I64(1023), b.trunc(zeros, I64))
    unit = b.bitcast(b.shl(exponent, I64(52)), F64)
    first = b.fmul(b.fmul(first, F64(2.0**-53)), unit)
    second = b.fmul(b.fmul(b.uitofp(second, F64), F64(2.0**-106)), unit)
    half_turn, rest = (F64(v) for v in _split("pi/2", 99, 2, False))
    r = b.fmul(first, half_turn)
    lost = b.fma(first, half_turn, b.fneg(r))
    lost = b.fadd(lost, b.fadd(b.fmul(first, rest), b.fmul(second, half_turn)))
    negative = b.icmp_signed("<", bits, I64(0))
    flips = b.xor(negative, above)
    b.store(b.select(flips, b.fneg(r), r), high)
    b.store(b.select(flips, b.fneg(lost), lost), low)
    b.ret(b.select(negative, b.sub(I64(0), turns), turns))
    return function


def _window_of_two_over_pi(b: ll.IRBuilder, start: ll.Value) -> ll.Value:
    """192 bits of 2/pi from the bit `start`; the bit of weight 1/2 is bit 1."""
    wide = ll.IntType(192)
    words = _two_over_pi_words()
    kind = ll.ArrayType(I64, len(words))
    table = b.module.globals.get("two_over_pi")
    if table is None:
        table = ll.GlobalVariable(b.module, kind, "two_over_pi")
        table.linkage, table.global_constant = "internal", True
        table.initializer = ll.Constant(kind, [I64(w) for w in words])
    # the table begins with 64 zeros, so that the start may be negative
    place = b.add(start, I64(63))
    word, shift = b.lshr(place, I64(6)), b.and_(place, I64(63))
    joined = wide(0)
    spare: ll.Value = I64(0)
    for k in range(4):
        found = b.load(b.gep(table, [I64(0), b.add(word, I64(k))]))
        if k < 3:
            part = b.shl(b.zext(found, wide), wide(64 * (2 - k)))
            joined = b.or_(joined, part)
        else:
            spare = found
    shifted = b.shl(joined, b.zext(shift, wide))
    # shifting by 64 is not defined, so by one and the rest
    tail = b.lshr(b.lshr(spare, I64(1)), b.sub(I64(63), shift))
    return b.or_(shifted, b.zext(tail, wide))


@functools.cache
def _two_over_pi_words() -> tuple[int, ...]:
    """2/pi in words of 64 bits, after one word of zeros."""
    with localcontext() as context:
        context.prec = 420
        bits = int(2 / pi() * Decimal(2) ** (64 * 19))
    return (0, *((bits >> 64 * (18 - k)) & (2**64 - 1) for k in range(19)))


# --- inverse trigonometric functions


def _arcsine_tail(m: M, x: E, z: E) -> E:
    """asin(x) - x for |x| <= 1/2, with z = x * x."""
    return x * z * polynomial(m, z, _table("asin", x))


def asin(m: M, x: E) -> E:
    size = m.abs(x)
    small = size <= 0.5
    z = m.where(small, size * size, (1.0 - size) * 0.5)
    base = m.where(small, size, m.sqrt(z))
    tail = _arcsine_tail(m, base, z)
    high, low = _parts(x, "pi/2", 99, 2)
    beyond = high - ((base + tail) * 2.0 - low)
    made = m.where(small, base + tail, beyond)
    return m.copysign(m.where(x == 0, size, made), x)


def acos(m: M, x: E) -> E:
    size = m.abs(x)
    small = size <= 0.5
    z = m.where(small, size * size, (1.0 - size) * 0.5)
    base = m.where(small, x, m.sqrt(z))
    tail = _arcsine_tail(m, base, z)
    high, low = _parts(x, "pi/2", 99, 2)
    middle = high - (base - (low - tail))
    root = (base + tail) * 2.0
    turned = 2.0 * high - (root - 2.0 * low)
    return m.where(small, middle, m.where(x < 0, turned, root))


def _arctangent_of_ratio(m: M, y: E, x: E) -> E:
    """atan(y / x) for 0 <= y <= x, not both 0 or infinite."""
    middle = y > x * math.tan(math.pi / 8)
    t = m.where(middle, y - x, y) / m.where(middle, y + x, x)
    z = t * t
    tail = t * z * polynomial(m, z, _table("atan", x))
    high, low = _parts(x, "pi/4", 99, 2)
    return m.where(middle, high + (t + (tail + low)), t + tail)


def atan(m: M, x: E) -> E:
    size = m.abs(x)
    swapped = size > 1.0
    ratio = m.where(swapped, m.divide(1.0, size), size)
    made = _arctangent_of_ratio(m, ratio, m.number(1.0, x.dtype))
    high, low = _parts(x, "pi/2", 99, 2)
    made = m.where(swapped, high - (made - low), made)
    return m.copysign(made, x)


def atan2(m: M, y: E, x: E) -> E:
    rise, run = m.abs(y), m.abs(x)
    swapped = rise > run
    near, far = m.where(swapped, run, rise), m.where(swapped, rise, run)
    # neither sums nor quotients may leave the range
    huge, tiny = (2.0**1000, 2.0**-960) if _is_double(x) else (2.0**120, 2.0**-90)
    factor = m.where(far > huge, 0.125, m.where(far < tiny, 2.0**60, 1.0))
    factor = m.cast(factor, x.dtype)
    same_infinity = near == INF
    near = m.where(same_infinity, 1.0, near * factor)
    far = m.where(same_infinity | (far == 0), 1.0, far * factor)
    made = _arctangent_of_ratio(m, near, far)
    high, low = _parts(x, "pi/2", 99, 2)
    made = m.where(swapped, high - (made - low), made)
    turn, turn_low = _parts(x, "pi", 99, 2)
    made = m.where(m.signbit(x), turn - (made - turn_low), made)
    made = m.where(m.isnan(x) | m.isnan(y), x + y, made)
    return m.copysign(made, y)


# --- the error function


def erf(m: M, x: E) -> E:
    if x.dtype is dtypes.float32 and m.is_wide(x.dtype):
        return _erf_by_pieces(m, x)
    size = m.abs(x)
    z = size * size
    bound = 1.0 if _is_double(x) else 0.92
    near = m.fma(polynomial(m, z, _table("erf", x)), size, size)
    if _is_double(x):
        beyond = 1.0 - _complement(m, bounded(m, size, 0.5, 7.0))
    else:
        t = bounded(m, size, 0.9, 3.95)
        beyond = 1.0 - exp_moderate(m, -polynomial(m, t, _table("erfc", x)))
    made = m.copysign(m.where(size < bound, near, beyond), x)
    return m.where(m.isnan(x), x, made)


def _erf_by_pieces(m: M, x: E) -> E:
    """erf of a float32 by a polynomial for each of 16 intervals.

    In the first the constant is zero, so that small numbers keep their last places.
    """
    steps = float(ERF_STEPS)
    # the end of the last interval, where erf rounds to 1
    size = at_most(m, m.abs(x), (ERF_PIECES - 0.51) / steps)
    magic = 1.5 * 2.0**23
    shifted = m.fma(size, steps, magic)
    t = m.fma(size, steps, magic - shifted)
    columns = zip(*_erf_pieces(), strict=True)
    place = m.bits(shifted)
    made = horner(m, t, [m.looked_up(column, place) for column in columns])
    return m.copysign(made, x)


def _erf_pieces() -> list[tuple[float, ...]]:
    first, *others = [TABLE[f"erf.float32.{k}"] for k in range(ERF_PIECES)]
    return [(0.0, *first), *others]


def _complement(m: M, x: E) -> E:
    """erfc of a float64 between 0 and 28."""
    mapped = (x - 4.0) / (x + 4.0)
    ratio = horner(m, mapped, TABLE["erfc.float64"]) / m.fma(x, 2.0, 1.0)
    square = x * x
    lost = m.exact_fma(x, x, -square)
    gauss = exp(m, -square)
    return ratio * m.fma(gauss, -lost, gauss)


def erfc(m: M, x: E) -> E:
    if not _is_double(x):
        return m.cast(erfc(m, m.cast(x, dtypes.float64)), dtypes.float32)
    size = m.abs(x)
    z = size * size
    # below 1/2 the complement of erf is exact enough
    near = 1.0 - m.fma(polynomial(m, z, _table("erf", x)), x, x)
    tail = _complement(m, bounded(m, size, 0.0, 28.0))
    made = m.where(x < 0, 2.0 - tail, tail)
    made = m.where(size < 0.5, near, made)
    return m.where(m.isnan(x), x, made)


# --- powers


def pow(m: M, x: E, y: E) -> E:
    """x**y as C defines it."""
    if not _is_double(x):
        wide = [m.cast(v, dtypes.float64) for v in (x, y)]
        product = _positive_power(m, m.abs(wide[0]), wide[1], _single_logarithm)
        return _power_cases(m, *wide, product, dtypes.float32)
    return _power_cases(m, x, y, _positive_power(m, m.abs(x), y, _double_logarithm))


def _single_logarithm(m: M, x: E) -> tuple[E, E]:
    k, f = _normalized(m, x)
    made = _log_of_normalized(m, f, m.small_to_double(k))
    return made, m.number(0.0, x.dtype)


def _double_logarithm(m: M, x: E) -> tuple[E, E]:
    """log(x) of a positive finite x as a sum of two floats."""
    k, f = _normalized(m, x)
    k = m.small_to_double(k)
    # s = f / (2 + f) in double length
    below = f + 2.0
    below_low = f - (below - 2.0)
    s = f / below
    left = m.exact_fma(-s, below, f)
    s_low = (left - s * below_low) / below
    z = s * s
    z_low = m.fma(s * 2.0, s_low, m.exact_fma(s, s, -z))
    two_thirds, two_thirds_low = _split("2/3", 99, 2, False)
    series = z * polynomial(m, z, _power_tail())
    third = series + two_thirds
    third_low = series - (third - two_thirds) + two_thirds_low
    # s**3 * third, in double length
    cube = z * s
    cube_low = m.exact_fma(z, s, -cube) + m.fma(z, s_low, z_low * s)
    tail = cube * third
    tail_low = m.exact_fma(cube, third, -tail) + m.fma(
        cube, third_low, cube_low * third
    )
    high, low = _split("ln2", 40, 2, False)
    whole = k * high
    double = s * 2.0
    first = whole + double
    bigger = m.abs(whole) > m.abs(double)
    lost = m.where(bigger, (whole - first) + double, (double - first) + whole)
    total = first + tail
    lost = lost + ((first - total) + tail)
    lost = lost + m.fma(k, low, s_low * 2.0 + tail_low)
    made = total + lost
    return made, lost - (made - total)


@functools.cache
def _power_tail() -> tuple[float, ...]:
    """2/5 + 2/7 z + ...: the series after its first term, by Taylor, long enough."""
    return tuple(2 / (2 * k + 5) for k in range(11))


def _positive_power(m: M, x: E, y: E, logarithm: Callable[[M, E], tuple[E, E]]) -> E:
    """exp(y log x) for finite positive x."""
    high, low = logarithm(m, x)
    product = y * high
    rest = m.fma(y, low, m.exact_fma(y, high, -product))
    rest = m.where(m.abs(product) < 760.0, rest, 0.0)
    r, whole, n = _reduced_exponent(m, bounded(m, product, -760.0, 711.0))
    made = _exp_of_reduced(m, r)
    return scale(m, m.fma(made, rest, made), whole, n)


def _power_cases(m: M, x: E, y: E, made: E, dtype: Any = None) -> E:
    """The signs and limits of a power whose size is known for ordinary operands."""
    if dtype is not None:
        made = m.cast(m.cast(made, dtype), x.dtype)
    size, count = m.abs(x), m.abs(y)
    grows = (size > 1.0) == (y > 0)
    limit = m.where(grows, INF, 0.0)
    edge = (size == INF) | (size == 0) | (count == INF)
    made = m.where(edge, m.cast(limit, x.dtype), made)
    whole = m.floor(y) == y
    odd = whole & (m.floor(y * 0.5) * 2.0 != y) & (count < 2.0**53)
    made = m.where((x < 0) & ~whole & (size < INF), NAN, made)
    made = m.where(odd & m.signbit(x), -made, made)
    made = m.where(m.isnan(x) | m.isnan(y), NAN, made)
    one = (x == 1.0) | (y == 0) | ((size == 1.0) & (count == INF))
    made = m.where(one, 1.0, made)
    return made if dtype is None else m.cast(made, dtype)


def hypot(m: M, x: E, y: E) -> E:
    """sqrt(x**2 + y**2), without overflow on the way."""
    if not _is_double(x):
        wide = [m.cast(v, dtypes.float64) for v in (x, y)]
        squares = wide[0] * wide[0] + wide[1] * wide[1]
        made = m.cast(m.sqrt(squares), dtypes.float32)
    else:
        a, b = m.abs(x), m.abs(y)
        far = m.where(a > b, a, b)
        down, up = far > 2.0**500, far < 2.0**-460
        factor = m.where(down, 2.0**-600, m.where(up, 2.0**600, 1.0))
        back = m.where(down, 2.0**600, m.where(up, 2.0**-600, 1.0))
        a, b = a * factor, b * factor
        made = m.sqrt(m.fma(a, a, b * b)) * back
    infinite = m.isinf(x) | m.isinf(y)
    return m.where(infinite, INF, made)


def logaddexp(m: M, x: E, y: E) -> E:
    distance = x - y
    larger = m.where(distance > 0, x, y)
    made = larger + log1p(m, exp(m, -m.abs(distance)))
    return m.where(x == y, x + math.log(2), made)


def logaddexp2(m: M, x: E, y: E) -> E:
    distance = x - y
    larger = m.where(distance > 0, x, y)
    made = larger + log1p(m, exp2(m, -m.abs(distance))) * (1 / math.log(2))
    return m.where(x == y, x + 1.0, made)
