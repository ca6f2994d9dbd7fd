"""Formatting: f-strings, format, %, and str of values."""

import torch

from tests.language.corpus import program


@program((3, "x", True))
def fstrings(n: int, s: str, b: bool):
    return f"{n} {s} {b}", f"{n + 1}{s.upper()}", f"{{{n}}}"


@program(1.5)
def fstrings_of_floats(x: float):
    return f"{x} {x * 3}"


@program(1.0, torch_is_wrong='"1."')
def fstrings_of_whole_floats(x: float):
    return f"{x}"


@program([1, 2])
def fstrings_of_lists(a: list[int]):
    return f"{a}"


@program((3, "x"))
def format_in_order(n: int, s: str):
    return "{} and {}".format(n, s), "{}".format(n * 2)


@program((3, "x"))
def format_with_braces(n: int, s: str):
    return "a{}b{}".format(n, s)


@program((3, "x"))
def percent(n: int, s: str):
    return "%d" % n, "%s is %d" % (s, n), "100%%" % ()


@program(3)
def percent_of_a_str(n: int):
    return "<%s>" % "a", "%s" % n


@program(3.14159, torch_is_wrong="it fails while running")
def percent_of_floats(x: float):
    return "%.2f" % x, "%f" % x, "%e" % x


@program(12, -3)
def str_of_ints(n: int):
    return str(n), str(n) + "!"


@program(0.5, 1e20, float("inf"))
def str_of_floats(x: float):
    return str(x)


@program(True, False)
def str_of_bools(b: bool):
    return str(b)


@program([1, 2])
def str_of_lists(a: list[int]):
    return str(a)


@program((1, 2))
def str_of_tuples(a: int, b: int):
    return str((a, b))


@program(97)
def chr_of_an_int(n: int):
    return chr(n)


@program("a")
def ord_of_a_str(s: str):
    return ord(s)


@program("€", torch_is_wrong="it looks at bytes")
def ord_and_chr_of_all_characters(s: str):
    return ord(s), chr(ord(s) + 1)


@program(255, 0)
def hex_oct_bin(n: int):
    return hex(n), oct(n), bin(n)


@program(-5)
def hex_oct_bin_of_negatives(n: int):
    return hex(n), oct(n), bin(n)


@program()
def escapes():
    return "a\tb\nc\\d\"e'f", "\x41\u00e9", "\101"


@program()
def raw_strs():
    return r"a\nb\d"


@program()
def triple_quoted():
    return """one
two"""


@program()
def implicit_concatenation():
    return "abc"


@program(5)
def print_values(n: int):
    print("n is", n)
    print(n, n + 1, "end")
    print()
    return n


@program(("a", True, 1.5))
def print_of_every_type(s: str, b: bool, x: float):
    print(s, b, x)
    print(f"{s}-{b}")
    return s


@program([1, 2])
def print_of_lists(a: list[int]):
    print(a)
    return len(a)


@program((1, "a"))
def print_of_tuples(n: int, s: str):
    print((n, n + 1))
    return s


@program(torch.ones(2))
def print_of_a_tensor_in_a_branch(x):
    if x.sum() > 1:
        print("large")
    else:
        print("small")
    return x
