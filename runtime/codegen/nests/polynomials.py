"""Coefficients of the elementary functions, lowest power first.

Each row interpolates a function with a known power series at Chebyshev points of an
interval, which is within a small factor of the best polynomial of its degree. The work
is done in decimal arithmetic; `fitted(name)` does it again, so the numbers stored in
`coefficients` can be checked and rows can be added:

    python -m jit.runtime.codegen.nests.polynomials > runtime/codegen/nests/coefficients.py

The rows `<name>.<k>` are those of one function on equal intervals, to be looked up.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

Series = Callable[[Decimal], Decimal]


@dataclass(frozen=True)
class Fit:
    """A function to interpolate on an interval."""

    function: Series
    low: str
    high: str
    degree: int


def _summed(terms: Iterator[Decimal]) -> Decimal:
    """A convergent series, to the precision of the context."""
    total = Decimal(0)
    small = Decimal(10) ** -(decimal.getcontext().prec + 2)
    for term in terms:
        total += term
        if abs(term) <= small * max(abs(total), Decimal("1e-30")):
            return total
    raise AssertionError("an endless series ended")


def _exponential_tail(r: Decimal) -> Decimal:
    """(exp(r) - 1 - r) / r**2."""

    def terms() -> Iterator[Decimal]:
        term, k = Decimal(1) / 2, 2
        while True:
            yield term
            k += 1
            term = term * r / k

    return _summed(terms())


def _logarithm_tail(z: Decimal) -> Decimal:
    """(log((1 + s) / (1 - s)) - 2 s) / s**3 with z = s**2."""

    def terms() -> Iterator[Decimal]:
        power, k = Decimal(2), 3
        while True:
            yield power / k
            power, k = power * z, k + 2

    return _summed(terms())


def _sine_tail(z: Decimal) -> Decimal:
    """(sin(r) - r) / r**3 with z = r**2."""

    def terms() -> Iterator[Decimal]:
        term, k = Decimal(-1) / 6, 3
        while True:
            yield term
            term, k = -term * z / ((k + 1) * (k + 2)), k + 2

    return _summed(terms())


def _cosine_tail(z: Decimal) -> Decimal:
    """(cos(r) - 1 + r**2 / 2) / r**4 with z = r**2."""

    def terms() -> Iterator[Decimal]:
        term, k = Decimal(1) / 24, 4
        while True:
            yield term
            term, k = -term * z / ((k + 1) * (k + 2)), k + 2

    return _summed(terms())


def _arcsine_tail(z: Decimal) -> Decimal:
    """(asin(x) - x) / x**3 with z = x**2."""

    def terms() -> Iterator[Decimal]:
        term, k = Decimal(1) / 2, 1
        while True:
            yield term / (2 * k + 1)
            k += 1
            term = term * z * (2 * k - 1) / (2 * k)

    return _summed(terms())


def _arctangent_tail(z: Decimal) -> Decimal:
    """(atan(x) - x) / x**3 with z = x**2."""

    def terms() -> Iterator[Decimal]:
        power, k = Decimal(-1), 3
        while True:
            yield power / k
            power, k = -power * z, k + 2

    return _summed(terms())


def _error_function(x: Decimal) -> Decimal:
    """erf(x), by the series whose terms are all positive."""

    def terms() -> Iterator[Decimal]:
        term, k = x, 0
        while True:
            yield term
            k += 1
            term = term * 2 * x * x / (2 * k + 1)

    return _summed(terms()) * (-x * x).exp() * 2 / pi().sqrt()


ERF_STEPS, ERF_PIECES = "3.9", 16
"""Intervals of the pieces of erf, for each unit and in all."""


def _error_piece(k: int) -> Series:
    """erf around the middle of an interval, in units of intervals; the first over t."""

    def piece(t: Decimal) -> Decimal:
        if k:
            return _error_function((k + t) / Decimal(ERF_STEPS))
        return (_error_ratio_tail((t / Decimal(ERF_STEPS)) ** 2) + 1) / Decimal(
            ERF_STEPS
        )

    return piece


def pi() -> Decimal:
    """Pi by Machin's formula."""

    def arctangent(n: int) -> Decimal:
        x = Decimal(1) / n
        return x + x**3 * _arctangent_tail(x * x)

    return 4 * (4 * arctangent(5) - arctangent(239))


def _error_ratio_tail(z: Decimal) -> Decimal:
    """erf(x) / x - 1 with z = x**2."""
    if z == 0:
        return 2 / pi().sqrt() - 1
    x = z.sqrt()
    return _error_function(x) / x - 1


def _complement(x: Decimal) -> Decimal:
    """exp(x**2) * erfc(x) for x >= 0."""
    if x < 4:
        with decimal.localcontext() as context:
            context.prec += 20
            return (x * x).exp() * (1 - _error_function(x))
    fraction = x
    for k in range(400, 0, -1):
        fraction = x + Decimal(k) / 2 / fraction
    return 1 / (fraction * pi().sqrt())


def _mapped_complement(t: Decimal) -> Decimal:
    """exp(x**2) * erfc(x) * (1 + 2 x) with t = (x - 4) / (x + 4)."""
    x = 4 * (1 + t) / (1 - t)
    return _complement(x) * (1 + 2 * x)


def _complement_logarithm(x: Decimal) -> Decimal:
    """-log(erfc(x))."""
    return x * x - _complement(x).ln()


HALF_LN2 = "0.34657359027997265471"
LN2_32 = "0.02166084939249829091"
QUARTER_PI_SQUARED = "0.616850275068084913677"
FITS = {
    "exp.float64": Fit(_exponential_tail, f"-{HALF_LN2}", HALF_LN2, 10),
    "exp.float32": Fit(_exponential_tail, f"-{HALF_LN2}", HALF_LN2, 4),
    "exp.16.float32": Fit(_exponential_tail, f"-{LN2_32}", LN2_32, 1),
    "log.float64": Fit(_logarithm_tail, "0", "0.02943725152285942", 7),
    "log.float32": Fit(_logarithm_tail, "0", "0.02943725152285942", 3),
    "sin.float64": Fit(_sine_tail, "0", QUARTER_PI_SQUARED, 6),
    "sin.float32": Fit(_sine_tail, "0", QUARTER_PI_SQUARED, 2),
    "cos.float64": Fit(_cosine_tail, "0", QUARTER_PI_SQUARED, 6),
    "cos.float32": Fit(_cosine_tail, "0", QUARTER_PI_SQUARED, 2),
    "asin.float64": Fit(_arcsine_tail, "0", "0.25", 12),
    "asin.float32": Fit(_arcsine_tail, "0", "0.25", 5),
    "atan.float64": Fit(_arctangent_tail, "0", "0.17157287525380990240", 11),
    "atan.float32": Fit(_arctangent_tail, "0", "0.17157287525380990240", 4),
    "erf.float64": Fit(_error_ratio_tail, "0", "1", 13),
    "erf.float32": Fit(_error_ratio_tail, "0", "0.85", 6),
    "erfc.float64": Fit(_mapped_complement, "-1", "0.75", 24),
    "erfc.float32": Fit(_complement_logarithm, "0.9", "3.95", 9),
    "erf.float32.0": Fit(_error_piece(0), "0", "0.5", 4),
    **{
        f"erf.float32.{k}": Fit(_error_piece(k), "-0.5", "0.5", 5)
        for k in range(1, ERF_PIECES)
    },
}


def fitted(name: str, digits: int = 60) -> tuple[float, ...]:
    """The coefficients of a row of `FITS`."""
    fit = FITS[name]
    with decimal.localcontext() as context:
        context.prec = digits
        return tuple(map(float, _interpolated(fit)))


def _interpolated(fit: Fit) -> list[Decimal]:
    """The polynomial through the function at the Chebyshev points of the interval."""
    low, high, count = Decimal(fit.low), Decimal(fit.high), fit.degree + 1
    middle, half = (low + high) / 2, (high - low) / 2
    nodes = [middle + half * _cosine(2 * k + 1, 2 * count) for k in range(count)]
    # Newton's divided differences, then expanded to powers
    table = [fit.function(x) for x in nodes]
    for order in range(1, count):
        for k in range(count - 1, order - 1, -1):
            table[k] = (table[k] - table[k - 1]) / (nodes[k] - nodes[k - order])
    powers = [table[-1]]
    for k in range(count - 2, -1, -1):
        shifted = [Decimal(0), *powers]
        powers = [
            s - nodes[k] * p
            for s, p in zip(shifted, [*powers, Decimal(0)], strict=True)
        ]
        powers[0] += table[k]
    return powers


def _cosine(numerator: int, denominator: int) -> Decimal:
    """The cosine of a fraction of pi."""
    angle = pi() * numerator / denominator
    if angle > pi() / 2:
        return -_cosine(denominator - numerator, denominator)
    square = angle * angle
    return 1 - square / 2 + square * square * _cosine_tail(square)


_HEAD = '''"""The coefficients that `polynomials` has fitted, lowest power first."""

from __future__ import annotations

TABLE: dict[str, tuple[float, ...]] = {'''


def main() -> None:
    """Print the table anew, as a module."""
    print(_HEAD)
    for name in FITS:
        print(f'    "{name}": (')
        for value in fitted(name):
            print(f"        {value!r},")
        print("    ),")
    print("}")


if __name__ == "__main__":
    main()
