"""Strings: every method, with bounds and limits."""

from typing import List

from tests.language.corpus import program

TEXTS = ("", "hello World", "ABC", "a1 b2")
SPACED = ("", "  a b ", "\t x\n", "none")


@program(*TEXTS)
def upper_and_lower(s: str):
    return s.upper(), s.lower()


@program("ünïcode Straße", torch_is_wrong="it looks at bytes")
def upper_and_lower_of_all_letters(s: str):
    return s.upper(), s.lower()


@program("", "hello World", "ABC")
def capitalize_and_title(s: str):
    return s.capitalize(), s.title()


@program("", "hello World", "ABC")
def swapcase(s: str):
    return s.swapcase()


@program(("ab", 5), ("ab", 6), ("abc", 2), ("", 3))
def center(s: str, n: int):
    return s.center(n), s.center(n, "*")


@program(("ab", 5), ("abc", 2))
def ljust_and_rjust(s: str, n: int):
    return s.ljust(n), s.rjust(n), s.ljust(n, "."), s.rjust(n, ".")


@program(("42", 5), ("abc", 2), ("", 2))
def zfill(s: str, n: int):
    return s.zfill(n)


@program(("-42", 5), ("+7", 4), torch_is_wrong="it puts zeros before the sign")
def zfill_after_the_sign(s: str, n: int):
    return s.zfill(n)


@program("a\tb", "\t", "abcdefgh\tx")
def expandtabs(s: str):
    return s.expandtabs(), s.expandtabs(4)


@program(*SPACED)
def strip(s: str):
    return s.strip(), s.lstrip(), s.rstrip()


@program("xxabcxx", "abc", "x")
def strip_of_characters(s: str):
    return s.strip("x"), s.lstrip("xa"), s.rstrip("xc")


@program("a b  c", " a ", "", "one")
def split_at_white_space(s: str):
    return s.split()


@program("a,b,,c", ",", "", "one")
def split_at_a_separator(s: str):
    return s.split(","), s.rsplit(",")


@program(("a,b,c", 1), ("a,b,c", 0), ("a,b,c", -1))
def split_with_a_limit(s: str, n: int):
    return s.split(",", n), s.rsplit(",", n)


@program("a--b--c")
def split_at_a_word(s: str):
    return s.split("--"), s.split("--", 1)


@program("a\nb\n", "", "one", "a\n\nb")
def splitlines(s: str):
    return s.splitlines()


@program("a\r\nb\rc", torch_is_wrong="CR LF counts twice")
def splitlines_at_every_end_of_line(s: str):
    return s.splitlines()


@program("a\nb\n", torch_is_wrong="it keeps too little, or too much")
def splitlines_that_keep_the_ends(s: str):
    return s.splitlines(True)


@program("a=b=c", "abc", "")
def partition(s: str):
    return s.partition("="), s.rpartition("=")


@program((", ", ["a", "b"]), ("", ["a", "b"]), ("-", []))
def join(sep: str, a: List[str]):
    return sep.join(a)


@program(("banana", "a", "o"), ("banana", "x", "y"), ("aaa", "aa", "b"))
def replace(s: str, old: str, new: str):
    return s.replace(old, new)


@program(("ab", "", "-"), torch_is_wrong="it refuses an empty str")
def replace_nothing(s: str, old: str, new: str):
    return s.replace(old, new)


@program(("banana", 2), ("banana", 0))
def replace_with_a_limit(s: str, n: int):
    return s.replace("a", "o", n)


@program(("banana", "an"), ("banana", "x"), ("", "a"), ("abc", ""))
def find_and_rfind(s: str, t: str):
    return s.find(t), s.rfind(t)


@program(("banana", "an", 2, 6), ("banana", "an", 4, 6))
def find_within_bounds(s: str, t: str, i: int, j: int):
    return s.find(t, i, j), s.rfind(t, i, j), s.find(t, i)


@program(("banana", "an"), ("banana", "x"))
def index_raises(s: str, t: str):
    return s.index(t)


@program(("banana", "an"), ("banana", "x"))
def rindex_raises(s: str, t: str):
    return s.rindex(t)


@program(("banana", "a"), ("banana", "ana"), ("banana", "x"))
def count(s: str, t: str):
    return s.count(t), s.count(t, 2)


@program(("banana", "ana"), torch_is_wrong="what reaches over the end counts")
def count_within_bounds(s: str, t: str):
    return s.count(t, 2, 4)


@program(("banana", "ba"), ("banana", "na"), ("", ""))
def startswith_and_endswith(s: str, t: str):
    return s.startswith(t), s.endswith(t)


@program(("banana", "an"), ("banana", "na"))
def startswith_within_bounds(s: str, t: str):
    return s.startswith(t, 1), s.startswith(t, 1, 3), s.endswith(t, 1, 6)


# Predicates.


@program("abc", "ABC", "a1", "1", "", "a b")
def isalpha_and_isalnum(s: str):
    return s.isalpha(), s.isalnum()


@program("12", "1.5", "", "a")
def isdigit_and_friends(s: str):
    return s.isdigit(), s.isdecimal(), s.isnumeric()


@program("abc", "ABC", "Abc", "", "1")
def islower_and_isupper(s: str):
    return s.islower(), s.isupper()


@program("Abc Def", "abc", "", "A")
def istitle(s: str):
    return s.istitle()


@program(" \t", "", "a ")
def isspace(s: str):
    return s.isspace()


@program("abc", "a\n")
def isprintable(s: str):
    return s.isprintable()


@program("abc", "1a", "a1", "")
def isidentifier(s: str):
    return s.isidentifier()


@program("_x", torch_is_wrong="names may not begin with an underscore")
def isidentifier_with_an_underscore(s: str):
    return s.isidentifier()


# Operators.


@program(("ab", "cd"), ("", ""))
def concatenation(a: str, b: str):
    return a + b, b + a + "!"


@program(("a", "b"), ("b", "a"), ("a", "a"), ("", "a"), ("abc", "abd"))
def comparison(a: str, b: str):
    return a == b, a != b, a < b, a <= b, a > b, a >= b


@program(("a", "banana"), ("x", "banana"), ("", ""))
def membership(a: str, b: str):
    return a in b, a not in b


@program(("abc", 0), ("abc", -1), ("abc", 3))
def an_index_is_checked(s: str, i: int):
    return s[i]


@program("abcdef", "")
def slices(s: str):
    return s[1:3], s[:-1], s[-2:], s[:], s[::2], s[::-1], s[4:1:-1]


@program("héllo", "日本語", torch_is_wrong="it counts bytes")
def characters_not_bytes(s: str):
    return len(s), s[1], s[::-1]


@program("abc")
def length(s: str):
    return len(s)


@program(("ab", 3), ("ab", 0))
def repetition(s: str, n: int):
    return s * n
