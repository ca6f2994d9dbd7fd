"""Arithmetic of ints and floats: Python's, for all signs, with its errors."""

import torch

from tests.language.corpus import program

SIGNS = ((7, 2), (-7, 2), (7, -2), (-7, -2), (6, 3), (-6, 3), (0, 5))
FLOAT_SIGNS = ((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (-7.5, -2.0), (0.0, 3.0))


@program(*SIGNS, (1, 0))
def floor_division_of_ints(a: int, b: int):
    return a // b


@program(*SIGNS)
def modulo_of_ints(a: int, b: int):
    return a % b


@program((1, 0), torch_dies="of a floating point exception")
def modulo_by_zero(a: int, b: int):
    return a % b


@program(*FLOAT_SIGNS)
def floor_division_of_floats(a: float, b: float):
    return a // b


@program(*FLOAT_SIGNS)
def modulo_of_floats(a: float, b: float):
    return a % b


@program((7, 2.5), (-7, 2.5))
def floor_division_of_both(a: int, b: float):
    return a // b, a % b


@program(*SIGNS)
def true_division_gives_a_float(a: int, b: int):
    return a / b


@program((1, 0), torch_is_wrong="it gives inf")
def division_of_ints_by_zero(a: int, b: int):
    return a / b


@program((1.0, 0.0), torch_is_wrong="it gives inf")
def division_of_floats_by_zero(a: float, b: float):
    return a / b


@program((3, 4), (-3, 4))
def sums_and_products(a: int, b: int):
    return a + b, a - b, a * b, -a


@program((3, 4.5))
def ints_and_floats_mix(a: int, b: float):
    return a + b, a - b, a * b, a / b, b - a, b / a


@program((2.0, 3.0), (2.0, -1.0), (4.0, 0.5), (-2.0, 3.0))
def powers_of_floats(a: float, b: float):
    return a**b


@program((True, False), (True, True))
def bools_are_numbers(a: bool, b: bool):
    return int(a) + int(b), float(a) * 2.0


@program((12, 10), (-1, 7), (0, 0))
def bit_operations(a: int, b: int):
    return a & b, a | b, a ^ b


@program((1, 4), (-9, 1), (1024, 3))
def shifts(a: int, b: int):
    return a << b, a >> b


@program(2.7, -2.7, 0.0, -0.5)
def int_truncates(x: float):
    return int(x)


@program(True, False)
def int_and_float_of_a_bool(b: bool):
    return int(b), float(b)


@program("12", "-7", "x", "1.5", "")
def int_of_a_str(s: str):
    return int(s)


@program(" 3 ", "1_000", torch_is_wrong="it takes digits only")
def int_of_a_str_as_python_reads_it(s: str):
    return int(s)


@program("1.5", "-2", "1e3", "inf", "x")
def float_of_a_str(s: str):
    return float(s)


@program(3, 0)
def bool_of_numbers(n: int):
    return bool(n), bool(float(n)), bool(n == 3)


@program(0.0)
def inf_and_nan(x: float):
    inf = float("inf")
    nan = float("nan")
    return inf > 1e308, -inf < x, nan == nan, nan != nan, inf - inf != 0.0, inf


@program()
def literals_in_all_bases():
    return 0xFF, 0o17, 0b101, 1_000_000, 1e3, 1.5e-3, 10_0.5, 0xFFFF_FFFF


@program(3)
def negative_literals(n: int):
    return -1 * n, -1.5 * n, --n, -(-n)


@program(9007199254740993)
def large_ints_stay_exact(n: int):
    return n + 1, n * 3, n // 7, n % 10


@program(3, -3)
def precedence(n: int):
    return -n + 2 * 3, (n + 2) * 3, 2 + n % 2, not n > 2, -(n // 2), -n // 2


@program((5, 3))
def precedence_of_bits(a: int, b: int):
    return a & b | 8, a ^ b & 1, a << 1 + 1, (a | b) == 7


@program((7, 3), (-7, 3))
def division_laws(a: int, b: int):
    return (a // b) * b + a % b == a, divmod(a, b)


# complex.


@program((1.5, -2.0), (0.0, 0.0))
def complex_of_two_floats(a: float, b: float):
    return complex(a, b)


@program(1 + 2j, -1j)
def complex_arithmetic(z: complex):
    return z + 1, z * z, z - 2.0, z * 2


@program(1 + 2j)
def complex_division(z: complex):
    return z / (1 - 1j)


@program(3 + 4j, -5j)
def abs_of_complex(z: complex):
    return abs(z)


@program((1 + 2j, 1 + 2j), (1 + 2j, 2 + 1j))
def complex_equality(a: complex, b: complex):
    return a == b, a != b


@program(2.0)
def complex_literals(x: float):
    return 3j, 1 + 2j, x + 1j


# Implicit conversions.


def halved(x: float):
    return x / 2


@program(3)
def an_int_literal_is_given_for_a_float(n: int):
    return halved(3) + n


@program(torch.tensor(3), torch.tensor([4]))
def int_of_a_tensor(x):
    return int(x) + 1


@program(torch.tensor(2.5), torch.tensor(3))
def float_of_a_tensor(x):
    return float(x) / 2


@program(torch.tensor([2.0, 4.0]))
def numbers_are_operands_of_tensors(x):
    return 1 + x, x - 1, 2 * x, x / 2, 1 / x, 3 - x
