"""Integers, floats, and their functions, as Python has them."""

import math

import torch as xp

from tests.fidelity.corpus import array, inputs

LARGEST = 2**63 - 1


@inputs((7, 2), (-7, 2), (7, -2), (-7, -2))
def floor_division(a: int, b: int):
    return a // b, a % b


@inputs((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0))
def floor_division_of_floats(a: float, b: float):
    return a // b, a % b


@inputs((7, 2), (1, 0))
def true_division(a: int, b: int):
    return a / b


@inputs((7, 2), (1, 0))
def division_by_zero(a: int, b: int):
    return a // b


@inputs((5, 3), (LARGEST, 1))
def largest_integer(a: int, b: int):
    return (a + b) > a


@inputs((3, 4), (2**40, 2**40))
def product_of_integers(a: int, b: int):
    return a * b > 0


@inputs((2, 10), (2, 0), (3, -1))
def power(a: int, b: int):
    return a**b


@inputs((6, 3), (-6, 1))
def bits(a: int, b: int):
    return a & b, a | b, a ^ b, a << b, a >> b, ~a


@inputs(2.5, -2.5, 3.5)
def rounding(x: float):
    return round(x), int(x), math.floor(x), math.ceil(x)


@inputs((2.675, 2), (1.25, 1))
def rounding_to_digits(x: float, n: int):
    return round(x, n)


@inputs((3, 5), (5, 3), (4, 4))
def smaller_and_larger(a: int, b: int):
    return min(a, b), max(a, b)


@inputs(-3, 4)
def absolute(n: int):
    return abs(n), -n, +n


@inputs((7, 3), (-7, 3))
def quotient_and_remainder(a: int, b: int):
    return divmod(a, b)


@inputs(0.5, 2.0)
def functions_of_math(x: float):
    return math.sqrt(x), math.exp(x), math.log(x), math.sin(x), math.pi * x


@inputs(-1.0, 4.0)
def domain_of_a_root(x: float):
    return math.sqrt(x)


@inputs((12, 18), (7, 0))
def common_divisor(a: int, b: int):
    return math.gcd(a, b), math.factorial(abs(b) % 5)


@inputs(3, 0)
def number_of_a_truth(n: int):
    return int(n > 1) + (n == 3)


@inputs("42", "x")
def number_of_a_text(s: str):
    return int(s) + 1


@inputs(1.0, 0.1, 1e20)
def text_of_a_float(x: float):
    return str(x)


@inputs(float("nan"), 1.0)
def not_a_number(x: float):
    return x == x, math.isnan(x), x < 1


@inputs(1 + 2j, 3j)
def complex_numbers(z: complex):
    return z * z, abs(z), z.real


@inputs(5, 12)
def fibonacci(n: int):
    if n < 2:
        return n
    return fibonacci(n - 1) + fibonacci(n - 2)


@inputs((array([1.0, 2.0]), 3), (array([4.0]), -1))
def array_and_number(x, n: int):
    return x * n + n // 2, x**2


@inputs((array([1, 2, 3]), 2), (array([5, 7]), 3))
def array_of_integers(x, n: int):
    return x // n, x % n, x * 2


@inputs(array([1, 2, 3]), array([-4, 5]))
def integers_become_floats(x):
    return x / 2, x + 0.5


@inputs(array([1.0, 2.0]), array([3.0, 4.0]))
def number_out_of_an_array(x):
    return float(x[0]) * 2


@inputs(array([1.5, 2.0]), array([-3.7, 4.0]))
def integer_out_of_an_array(x):
    return x * int(x[0])


@inputs(array([True, False]), array([False, False]))
def any_and_all(x):
    return xp.any(x), xp.all(x)
