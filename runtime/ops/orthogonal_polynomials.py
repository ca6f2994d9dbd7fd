"""Orthogonal polynomials of a degree that differs from element to element.

Each is walked up by its recurrence (DLMF 18.9) to the highest degree that is asked for;
Chebyshev polynomials of higher degree on (-1, 1) are taken from their angles (DLMF 18.5).
A degree is rounded towards zero; below zero the polynomial is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jit.runtime.ops.families import FloatPointwise, op
from jit.runtime.ops.samples import case, f32, f64, i64

Array = Any
Step = Callable[[int, Array, Array], Array]


def climbed(n: Array, first: Array, step: Step) -> Array:
    """The polynomials of degrees n, from that of degree 1 on.

    `step(k, p, q)` gives degree k + 1 from p and q, of degrees k - 1 and k.
    """
    p, q = np.ones_like(first), first
    result = np.where(n == 0, p, np.where(n == 1, q, 0))
    for k in range(1, int(n.max(initial=0))):
        p, q = q, step(k, p, q)
        result = np.where(n == k + 1, q, result)
        if np.isnan(q).all():
            return np.where(n > k + 1, q, result)
    return result


def chebyshev_of(x: Array, n: Array, first: Array, kind: str, above: int) -> Array:
    """Chebyshev polynomials of the four kinds t, u, v, w.

    They share the recurrence, and differ in the one of degree 1, in the angles and at
    both ends.
    """
    inside = (n > above) & (np.abs(x) < 1)
    low = np.where(inside, 0, n)
    result = climbed(low, first, lambda k, p, q: (x + x) * q - p)
    angle = np.arccos(np.clip(x, -1, 1))
    sign = np.where(n % 2 == 0, 1, -1)
    if kind == "t":
        wave, right, left = np.cos(n * angle), 1, sign
    elif kind == "u":
        wave, right, left = (
            np.sin((n + 1) * angle) / np.sin(angle),
            n + 1,
            sign * (n + 1),
        )
    elif kind == "v":
        wave = np.cos((n + 0.5) * angle) / np.cos(angle / 2)
        right, left = 1, sign * (2 * n + 1)
    else:
        wave = np.sin((n + 0.5) * angle) / np.sin(angle / 2)
        right, left = 2 * n + 1, sign
    result = np.where(inside, wave, result)
    return np.where(x == 1, right, np.where(x == -1, left, result))


def of_degree(polynomial: Callable[[Array, Array], Array], x: Array, n: Array) -> Array:
    """A family of polynomials, with degrees rounded towards zero."""
    x, n = (np.asarray(v) for v in np.broadcast_arrays(x, n))
    degree = np.nan_to_num(np.trunc(n)).astype(np.int64)
    result = polynomial(x, np.maximum(degree, 0))
    return np.where(degree < 0, 0, result).astype(x.dtype)


DEGREES = {
    "": [
        case(f32[2, 3], i64[3].within(0, 5)),
        case(f64.of([-1, -0.5, 0, 0.5, 1, 2]), i64.of([9, 9, 9, 3, 4, 0])),
        case(f64.of([0.25, 1.5]), f64.of([-1, 2.75])),
        case(f32[0], i64[0]),
    ],
    "x_scalar": [case(0.5, i64[3].within(0, 9)), case(1.5, f64[2].within(0, 4))],
    "n_scalar": [case(f64[3], 3), case(i64[3], 2)],
}


class Polynomial(FloatPointwise):
    """Base: x and the degree n meet in one floating dtype."""

    promoting = ("x", "n")
    accepts = "f"
    inplace = False
    detached = True


def overloads(name: str) -> tuple[str, ...]:
    """The three schemas of a family of polynomials."""
    start = f"aten::special_{name}"
    return (
        f"{start}(Tensor x, Tensor n) -> Tensor",
        f"{start}.x_scalar(Scalar x, Tensor n) -> Tensor",
        f"{start}.n_scalar(Tensor x, Scalar n) -> Tensor",
    )


@op(*overloads("chebyshev_polynomial_t"))
class chebyshev_polynomial_t(Polynomial):
    """Chebyshev's polynomial of the first kind, cos(n * acos(x))."""

    samples = DEGREES

    def function(x, n):
        return of_degree(lambda x, n: chebyshev_of(x, n, x, "t", 6), x, n)


@op(*overloads("chebyshev_polynomial_u"))
class chebyshev_polynomial_u(Polynomial):
    """Chebyshev's polynomial of the second kind."""

    samples = DEGREES

    def function(x, n):
        return of_degree(lambda x, n: chebyshev_of(x, n, x + x, "u", 8), x, n)


@op(*overloads("chebyshev_polynomial_v"))
class chebyshev_polynomial_v(Polynomial):
    """Chebyshev's polynomial of the third kind."""

    samples = DEGREES

    def function(x, n):
        return of_degree(lambda x, n: chebyshev_of(x, n, x + x - 1, "v", 8), x, n)


@op(*overloads("chebyshev_polynomial_w"))
class chebyshev_polynomial_w(Polynomial):
    """Chebyshev's polynomial of the fourth kind."""

    samples = DEGREES

    def function(x, n):
        return of_degree(lambda x, n: chebyshev_of(x, n, x + x + 1, "w", 8), x, n)


@op(*overloads("shifted_chebyshev_polynomial_t"))
class shifted_chebyshev_polynomial_t(Polynomial):
    """Chebyshev's polynomial of the first kind at 2 * x - 1."""

    samples = DEGREES

    def function(x, n):
        def shifted(x, n):
            y = x + x - 1
            return chebyshev_of(y, n, y, "t", 6)

        return of_degree(shifted, x, n)


@op(*overloads("shifted_chebyshev_polynomial_u"))
class shifted_chebyshev_polynomial_u(Polynomial):
    """Chebyshev's polynomial of the second kind at 2 * x - 1."""

    samples = DEGREES

    def function(x, n):
        def shifted(x, n):
            y = x + x - 1
            return chebyshev_of(y, n, y + y, "u", 6)

        return of_degree(shifted, x, n)


@op(*overloads("shifted_chebyshev_polynomial_v"))
class shifted_chebyshev_polynomial_v(Polynomial):
    """Chebyshev's polynomial of the third kind at 2 * x - 1."""

    samples = DEGREES

    def function(x, n):
        def shifted(x, n):
            y = x + x - 1
            return chebyshev_of(y, n, y + y - 1, "v", 6)

        return of_degree(shifted, x, n)


@op(*overloads("shifted_chebyshev_polynomial_w"))
class shifted_chebyshev_polynomial_w(Polynomial):
    """Chebyshev's polynomial of the fourth kind at 2 * x - 1."""

    samples = DEGREES

    def function(x, n):
        def shifted(x, n):
            y = x + x - 1
            return chebyshev_of(y, n, y + y + 1, "w", 4)

        return of_degree(shifted, x, n)


@op(*overloads("hermite_polynomial_h"))
class hermite_polynomial_h(Polynomial):
    """Hermite's polynomial, as physicists write it."""

    samples = DEGREES

    def function(x, n):
        def hermite(x, n):
            return climbed(n, x + x, lambda k, p, q: (x + x) * q - 2 * k * p)

        return of_degree(hermite, x, n)


@op(*overloads("hermite_polynomial_he"))
class hermite_polynomial_he(Polynomial):
    """Hermite's polynomial, as probabilists write it."""

    samples = DEGREES

    def function(x, n):
        return of_degree(
            lambda x, n: climbed(n, x, lambda k, p, q: x * q - k * p), x, n
        )


@op(*overloads("laguerre_polynomial_l"))
class laguerre_polynomial_l(Polynomial):
    """Laguerre's polynomial."""

    samples = DEGREES

    def function(x, n):
        def laguerre(x, n):
            return climbed(
                n, 1 - x, lambda k, p, q: ((2 * k + (1 - x)) * q - k * p) / (k + 1)
            )

        return of_degree(laguerre, x, n)


@op(*overloads("legendre_polynomial_p"))
class legendre_polynomial_p(Polynomial):
    """Legendre's polynomial."""

    samples = DEGREES

    def function(x, n):
        def legendre(x, n):
            return climbed(
                n, x, lambda k, p, q: ((2 * k + 1) * x * q - k * p) / (k + 1)
            )

        return of_degree(legendre, x, n)
