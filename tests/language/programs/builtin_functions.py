"""Python's built-in functions."""

from tests.language.corpus import program

# abs; min and max of two numbers.


@program((3, 5), (-5, 3), (0, 0), (-2, -7))
def abs_min_max_ints(a: int, b: int):
    return abs(a), min(a, b), max(a, b)


@program((1.5, -1.5), (-0.5, 2.0))
def abs_min_max_floats(a: float, b: float):
    return abs(a), min(a, b), max(a, b)


# divmod of ints and of floats, for all signs.


@program((7, 2), (-7, 2), (7, -2), (-7, -2), (0, 3))
def divmod_ints(a: int, b: int):
    return divmod(a, b)


@program((7.5, 2.0), (-7.5, 2.0))
def divmod_floats(a: float, b: float):
    return divmod(a, b)


# ord and chr; hex, oct and bin of ints.


@program("a", "Z", " ")
def ord_chr_hex_oct_bin_code(s: str):
    return ord(s), chr(ord(s) + 1)


@program(0, 1, 255, 4096)
def ord_chr_hex_oct_bin_bases(i: int):
    return hex(i), oct(i), bin(i)


# round of a float goes to the nearest whole number, halves to the even one.


@program(0.4, 0.6, 0.5, 1.5, 2.5, -0.5, -1.5, -2.6, 7.0)
def round_of(x: float):
    return float(round(x))
