"""Coefficients of the elementary functions, lowest power first.

Each row interpolates a function with a known power series at Chebyshev points of an
interval, which is within a small factor of the best polynomial of its degree. The work
is done in decimal arithmetic; `fitted(name)` does it again, so the numbers stored in
`TABLE` can be checked and rows can be added:

    python -m jit.runtime.codegen.nests.polynomials
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
QUARTER_PI_SQUARED = "0.616850275068084913677"
FITS = {
    "exp.float64": Fit(_exponential_tail, f"-{HALF_LN2}", HALF_LN2, 10),
    "exp.float32": Fit(_exponential_tail, f"-{HALF_LN2}", HALF_LN2, 4),
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


def main() -> None:
    """Print the table anew."""
    for name in FITS:
        print(f'    "{name}": (')
        for value in fitted(name):
            print(f"        {value!r},")
        print("    ),")


TABLE: dict[str, tuple[float, ...]] = {
    "exp.float64": (
        0.5,
        0.1666666666666667,
        0.04166666666666667,
        0.008333333333326141,
        0.0013888888888883752,
        0.00019841269874800493,
        2.4801587325533363e-05,
        2.7557255425746435e-06,
        2.7557273661348637e-07,
        2.510520637395701e-08,
        2.0914679376583935e-09,
    ),
    "exp.float32": (
        0.5,
        0.1666657702559799,
        0.041666554662050534,
        0.008363173074513711,
        0.001392617611993558,
    ),
    "log.float64": (
        0.6666666666666666,
        0.4000000000000088,
        0.28571428570803614,
        0.22222222391713917,
        0.18181795640132906,
        0.15386239702814658,
        0.13268773138656886,
        0.13086626147840102,
    ),
    "log.float32": (
        0.6666666655449709,
        0.40000121839806124,
        0.28550820815960665,
        0.23330467216303835,
    ),
    "sin.float64": (
        -0.16666666666666666,
        0.008333333333333331,
        -0.00019841269841265065,
        2.7557319219339167e-06,
        -2.5052106232447578e-08,
        1.6058531618986147e-10,
        -7.586697117706918e-13,
    ),
    "sin.float32": (
        -0.1666666466231438,
        0.008332748270629749,
        -0.00019587890880412386,
    ),
    "cos.float64": (
        0.041666666666666664,
        -0.0013888888888888887,
        2.4801587301584645e-05,
        -2.7557319221402824e-07,
        2.087675579108042e-09,
        -1.1470460887609959e-11,
        4.7458719020432915e-14,
    ),
    "cos.float32": (
        0.04166666465950221,
        -0.0013888303035894866,
        2.4547942085071572e-05,
    ),
    "asin.float64": (
        0.16666666666666669,
        0.07499999999998433,
        0.04464285714635543,
        0.030381944138531247,
        0.02237217294214989,
        0.017352392720869973,
        0.013971212973552933,
        0.011479177415184906,
        0.01032281435018578,
        0.005457506718640358,
        0.01740087944269402,
        -0.014851887071247204,
        0.028757851367421566,
    ),
    "asin.float32": (
        0.16666666337430908,
        0.07500094543497424,
        0.04459940152851218,
        0.03110066273549457,
        0.017149238357677253,
        0.03369084720283012,
    ),
    "atan.float64": (
        -0.3333333333333333,
        0.19999999999999804,
        -0.14285714285659828,
        0.11111111105155447,
        -0.09090908753500877,
        0.07692296375032143,
        -0.06666424885738255,
        0.05878928997834775,
        -0.05230454270650244,
        0.04551593220626549,
        -0.034570561981427744,
        0.016285756855221028,
    ),
    "atan.float32": (
        -0.3333333176116852,
        0.19999540483648964,
        -0.1426395559798464,
        0.10743731490791084,
        -0.06451928208121749,
    ),
    "erf.float64": (
        0.1283791670955126,
        -0.37612638903183754,
        0.1128379167095512,
        -0.02686617064512984,
        0.0052239776254232985,
        -0.000854832702193483,
        0.00012055332902888736,
        -1.4925647567519332e-05,
        1.6462045441468418e-06,
        -1.6364642158167616e-07,
        1.4792401209404813e-08,
        -1.216456005728345e-09,
        8.709045129053106e-11,
        -4.230945824295338e-12,
    ),
    "erf.float32": (
        0.12837916667268318,
        -0.3761263402339505,
        0.1128369935115317,
        -0.026859588116109587,
        0.005201456326433703,
        -0.0008147081117456024,
        8.387074556861946e-05,
    ),
    "erfc.float64": (
        1.2329951186255526,
        -0.13962111684056253,
        0.015379652102620111,
        0.06809705425469303,
        -0.10103906603632955,
        0.09373283499833329,
        -0.06633036581154421,
        0.03716751553787908,
        -0.016197734067039865,
        0.005031969972225688,
        -0.0007577732147971718,
        -0.00019925664291065565,
        0.00015062131217624512,
        -2.4399505458525544e-05,
        -1.1220902504340601e-05,
        5.710769473216913e-06,
        2.916445562939141e-07,
        -8.277591913537945e-07,
        7.703495881102781e-08,
        1.1328048304274549e-07,
        -1.9106294487779176e-08,
        -1.660879467182853e-08,
        1.6868082625932292e-09,
        2.1031095817570338e-09,
        2.9111659955327447e-10,
    ),
    "erfc.float32": (
        -0.00034087655227605713,
        1.1303463669618612,
        0.6315706746935307,
        0.11039773344243761,
        -0.026662277758313074,
        0.004876102339645438,
        -0.0006327998583516426,
        5.294341528815948e-05,
        -2.379857190499073e-06,
        3.453023700754293e-08,
    ),
}


if __name__ == "__main__":
    main()
