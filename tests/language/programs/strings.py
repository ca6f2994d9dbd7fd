"""Strings: methods, operators, formatting."""

from typing import List

from tests.language.corpus import program

# upper, lower, capitalize, title and swapcase.


@program("", "hello World", "ABC", "a1 b2")
def case(s: str):
    return s.upper(), s.lower(), s.capitalize(), s.title(), s.swapcase()


# count, startswith and endswith, also with bounds.


@program(
    ("banana", "a"),
    ("banana", "ba"),
    ("banana", "na"),
    ("banana", "x"),
    ("banana", "bananas"),
)
def count_startswith_endswith_tests(s: str, t: str):
    return s.count(t), s.startswith(t), s.endswith(t)


@program(("banana", "an", 1, 5), ("banana", "n", 3, 6))
def count_startswith_endswith_bounded(s: str, t: str, i: int, j: int):
    return s.count(t, i, j), s.startswith(t, i, j), s.endswith(t, i, j)


# find, rfind, index and rindex; the last two raise where the first two give -1.


@program(("banana", "an"), ("banana", "x"), ("a", "abc"))
def find_find(s: str, t: str):
    return s.find(t), s.rfind(t)


@program(("banana", "an", 2, 6))
def find_find_from(s: str, t: str, i: int, j: int):
    return s.find(t, i, j), s.rfind(t, i, j)


@program(("banana", "na"), ("banana", "x"))
def find_index(s: str, t: str):
    return s.index(t), s.rindex(t)


# format fills braces in order.


@program((3, "x", True), (-3, "", False))
def format_filled(a: int, s: str, b: bool):
    return "{} and {}: {}".format(a, s, b)


@program(0)
def format_one(a: int):
    return "<{}>".format(a)


# f-strings with ints, strs, bools and expressions.


@program((3, "x", True), (-3, "", False))
def fstring_text(i: int, s: str, b: bool):
    return f"{i} {s}, {b}; {i + 1}{s.upper()}"


@program(5)
def fstring_braces(i: int):
    return f"{i}" + f"a{i}b{i * 2}c"


# Indexing and slicing of strs, from both ends; outside raises.


@program(("xyz", 0), ("xyz", 2), ("xyz", -1), ("xyz", -3), ("xyz", 3))
def index_and_slice_get(s: str, i: int):
    return s[i]


@program(("hello", 1, 3), ("hello", -2, 9), ("hello", 3, 1), ("hello", 0, 0))
def index_and_slice_slices(s: str, i: int, j: int):
    return s[i:j], s[i:], s[:j], s[:]


@program("abcdef", "")
def index_and_slice_step(s: str):
    return s[::2], s[1::2]


# join of a list of strs.


@program((", ", ["a", "b", "c"]), (", ", ["a"]), (", ", []), ("", ["a", "b"]))
def join(sep: str, a: List[str]):
    return sep.join(a)


# Escapes, raw strs and triple quotes.


@program()
def literals():
    a = 'tab\tnew\nline\\ "quote" \x41'
    b = r"raw\n"
    c = """two
lines"""
    d = f"{len(b)}"
    return a, b, c, d


# str() of ints, bools and strs.


@program((120, True, "s"), (-5, False, ""))
def of_values(i: int, b: bool, s: str):
    return str(i), str(b), str(s), len(str(i))


# `+`, `in`, `len`, `==`, `!=` and order of strs.


@program(("a", "b"), ("a", "a"), ("", "a"), ("abc", "abd"), ("Z", "a"))
def operators_compare(a: str, b: str):
    return a == b, a != b, a < b, a <= b, a > b, a >= b


@program(("a", "b"), ("a", "a"), ("", "a"), ("abc", "abd"), ("Z", "a"))
def operators_contains(a: str, b: str):
    return a in b, a not in b


@program(("a", "b"), ("a", "a"), ("", "a"), ("abc", "abd"), ("Z", "a"))
def operators_concat(a: str, b: str):
    c = a + b
    c += "!"
    return c, len(c)


# center, ljust, rjust, zfill and expandtabs.


@program(("ab", 6), ("abc", 2), ("", 3), ("7", 1))
def pad_pad(s: str, n: int):
    return s.center(n), s.ljust(n), s.rjust(n), s.zfill(n)


@program(("ab", 6), ("abc", 2), ("", 3), ("7", 1))
def pad_fill(s: str, n: int):
    return s.center(n, "*"), s.ljust(n, "."), s.rjust(n, "-")


@program("a\tbc\td")
def pad_tabs(s: str):
    return s.expandtabs(4)


# partition and rpartition.


@program(("a=b=c", "="), ("abc", "="), ("=", "="), ("", "="))
def partition(s: str, sep: str):
    return s.partition(sep), s.rpartition(sep)


# `%` formats ints and strs.


@program("x", "")
def percent_one(s: str):
    return "<%s>" % s


@program((3, "y"), (-3, "y"))
def percent_two(i: int, s: str):
    return "%d of %s" % (i, s)


# The `is*` predicates.


@program("", "abc", "ABC", "Abc", "a1", "12", " ", "a b")
def predicates_letters(s: str):
    return s.isalpha(), s.isalnum(), s.isupper(), s.islower(), s.istitle()


@program("", "abc", "ABC", "Abc", "a1", "12", " ", "a b")
def predicates_others(s: str):
    return s.isdigit(), s.isdecimal(), s.isnumeric(), s.isspace()


# replace, of all and of the first few.


@program(("banana", "an", "AN"), ("banana", "x", "y"), ("banana", "a", ""))
def replace_every(s: str, a: str, b: str):
    return s.replace(a, b)


@program(("banana", "a", "o", 1), ("banana", "a", "o", 0))
def replace_some(s: str, a: str, b: str, n: int):
    return s.replace(a, b, n)


# split and rsplit, at white space or a separator, with a limit.


@program("a b  c", " a ", "", "one")
def split_white(s: str):
    return s.split()


@program(("a,b,,c", ","), (",", ","), ("", ","), ("one", ","))
def split_at(s: str, sep: str):
    return s.split(sep), s.rsplit(sep)


@program(("a,b,c", ",", 1), ("a,b,c", ",", 0))
def split_limited(s: str, sep: str, n: int):
    return s.split(sep, n), s.rsplit(sep, n)


# splitlines.


@program("a\nb", "a\n", "", "\n\n", "one")
def splitlines(s: str):
    return s.splitlines()


# strip, lstrip and rstrip, of white space and of given characters.


@program("  a b ", "\t\n", "", "x")
def strip_spaces(s: str):
    return s.strip(), s.lstrip(), s.rstrip()


@program(("xxhixyx", "xy"), ("hi", "z"))
def strip_characters(s: str, c: str):
    return s.strip(c), s.lstrip(c), s.rstrip(c)
