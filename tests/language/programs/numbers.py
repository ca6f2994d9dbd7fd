"""Numbers: int, float and bool arithmetic as Python does it."""

import math

from tests.language.corpus import program

# `+= -= *= /=` on numbers.


@program(0, 4, -7)
def augmented_assignment_ints(a: int):
    a += 5
    a -= 2
    a *= 3
    return a


@program(0.0, 1.5, -3.0)
def augmented_assignment_floats(x: float):
    x += 1
    x -= 0.25
    x *= 2
    x /= 4
    return x


# `|= &= ^= <<= >>=` on ints.


@program(0, 6, 255, -2)
def augmented_bits(a: int):
    a |= 0b1001
    b = a
    b &= 0b1100
    c = b
    c ^= 0b0101
    d = c
    d <<= 3
    e = d
    e >>= 1
    return a, b, c, d, e


# `& | ^` of ints and of negative ints, as in two's complement.


@program((12, 10), (0, 7), (-1, 5), (-8, -3), (255, 256))
def bit_operations_bits(a: int, b: int):
    return a & b, a | b, a ^ b


@program((True, True), (True, False), (False, True), (False, False))
def bit_operations_logic(a: bool, b: bool):
    return a & b, a | b, a ^ b


# The six comparisons of ints, floats, and an int with a float.


@program((1, 2), (2, 2), (3, 2), (-1, 1))
def comparison_ints(a: int, b: int):
    return a < b, a <= b, a == b, a != b, a >= b, a > b


@program((1, 1.5), (2, 2.0), (-1, -1.5))
def comparison_mixed(a: int, b: float):
    return a < b, a <= b, a == b, a != b, a >= b, a > b


# Chained comparisons hold when every link holds.


@program((0, -1, 4), (0, 0, 4), (0, 3, 4), (0, 4, 4))
def comparison_chained_between(low: int, x: int, high: int):
    return low <= x < high


@program((1.0, 2.0, 3.0, 4.0), (1.0, 3.0, 2.0, 4.0))
def comparison_chained_four(a: float, b: float, c: float, d: float):
    return a < b < c < d


# `float()` of int and bool, `bool()` of int and float.


@program((3, True), (-3, False))
def float_and_bool_conversions_to_float(i: int, b: bool):
    return float(i), float(b)


@program((0, 0.0), (-1, 0.5))
def float_and_bool_conversions_to_bool(i: int, x: float):
    return bool(i), bool(x)


# `**` with a float operand is a float.


@program((1.5, 2.0), (2.0, 0.5), (4.0, -1.0), (0.0, 0.0))
def float_power_floats(a: float, b: float):
    return a**b


@program((-1.5, 3), (2.0, -3))
def float_power_float_int(a: float, b: int):
    return a**b


@program((9, 0.5))
def float_power_int_float(a: int, b: float):
    return a**b


# `//` of floats, and of an int and a float, is a floored float.


@program((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (-7.5, -2.0), (0.25, 0.5))
def floordiv_float_floats(a: float, b: float):
    return a // b


@program((-7, 2.0))
def floordiv_float_int_float(a: int, b: float):
    return a // b


@program((-7.5, 2))
def floordiv_float_float_int(a: float, b: int):
    return a // b


# `//` of ints rounds towards minus infinity for all signs.


@program((7, 2), (-7, 2), (7, -2), (-7, -2), (6, -3), (0, 5), (1, 9), (-1, 9), (1, 0))
def floordiv_int(a: int, b: int):
    return a // b


# An int is accepted where a float parameter is declared, and becomes a float.


@program(
    3, -1, 3.0, "3", python_differs="an int given to a float parameter stays an int"
)
def implicit_int_to_float_half(x: float):
    return x / 2, x


@program(4)
def implicit_int_to_float_calls(i: int):
    return implicit_int_to_float_half(float(i) + 1)


# inf and nan: made, compared, and carried through arithmetic.


@program()
def inf_and_nan_values():
    return float("inf"), float("-inf"), math.inf, -math.inf


@program(float("inf"), -float("inf"), float("nan"))
def inf_and_nan_arithmetic(x: float):
    return x + 1.0, x * 2.0, -x, x - x


@program(
    (float("inf"), float("inf")), (float("nan"), float("nan")), (1.0, float("inf"))
)
def inf_and_nan_compare(x: float, y: float):
    return x == y, x != y, x < y, x >= y


# `int()` of a float truncates towards zero; of a bool is 0 or 1.


@program(0.0, 0.9, -0.9, 1.5, -1.5, 2.999, -2.999, 1000000000000000.0)
def int_truncates_truncate(x: float):
    return int(x)


@program(True, False)
def int_truncates_from_bool(b: bool):
    return int(b)


# Number literals: decimal, hexadecimal, octal, binary, underscores, exponents.


@program()
def literals_ints():
    return 0xFF, 0o17, 0b1011, 1_000_000, -0x10


@program()
def literals_floats():
    return 1.5, 1e3, 2.5e-3, 1_0.0_1, 0.1


# `+ - *` of two ints is an int, and of an int and a float is a float.


@program((7, -3), (0, 0), (3000000000, 3))
def mixed_arithmetic_ints(a: int, b: int):
    return a + b, a - b, a * b


@program((2, 0.5), (-2, 1.5))
def mixed_arithmetic_mixed(a: int, b: float):
    return a + b, b - a, a * b


# `%` of floats, and of an int and a float, has the sign of the divisor.


@program((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (-7.5, -2.0), (0.25, 0.5))
def mod_float_floats(a: float, b: float):
    return a % b


@program((-7, 2.5))
def mod_float_int_float(a: int, b: float):
    return a % b


@program((-7.5, 2))
def mod_float_float_int(a: float, b: int):
    return a % b


# `%` of ints has the sign of the divisor.


@program((7, 3), (-7, 3), (7, -3), (-7, -3), (6, 3), (-6, 3), (0, 4), (2, 9))
def mod_int(a: int, b: int):
    return a % b


# `int()` and `float()` of a str parse it, and raise where it is no number.


@program("12", "-7", "0", "x")
def parse_to_int(s: str):
    return int(s)


@program("1.5", "-2", "1e3", "inf", "x")
def parse_to_float(s: str):
    return float(s)


# `<<` and `>>` of ints; a right shift keeps the sign.


@program((1, 0), (1, 5), (3, 40), (-3, 2), (0, 9))
def shifts_left(a: int, n: int):
    return a << n


@program((32, 2), (7, 1), (-7, 1), (-1, 3), (5, 0), (5, 10))
def shifts_right(a: int, n: int):
    return a >> n


# `/` of any two numbers is a float.


@program((6, 3), (1, 3), (-7, 2), (0, -5))
def true_divide_ints(a: int, b: int):
    return a / b


@program((1.0, 4.0))
def true_divide_floats(a: float, b: float):
    return a / b


@program((3, -0.5))
def true_divide_mixed(a: int, b: float):
    return a / b


# Unary minus and `not`, and how minus binds with `**`.


@program((3, 1.5, True), (-3, -1.5, False), (0, 0.0, True))
def unary_negate(a: int, b: float, c: bool):
    return -a, -b, not c, -(-a)


@program(3.0)
def unary_binds(b: float):
    return -(b**2.0), -(b**2)
