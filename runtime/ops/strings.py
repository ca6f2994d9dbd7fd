"""Operators on strings: Python's own methods.

Where torch declares other defaults, Python's stand: `strip()` takes away all white
space, `find` looks up to the end of the string.
"""

from __future__ import annotations

import operator
from string import Formatter

from jit.runtime.ops.python_operators import declare
from jit.runtime.ops.samples import case

TEXTS = [case("Ab cd"), case(""), case("ß1\t\n")]

for _name, _doc in (
    ("upper", "The string in upper case."),
    ("lower", "The string in lower case."),
    ("casefold", "All characters as they are compared without regard to case."),
    ("capitalize", "The first character in upper case, the others in lower case."),
    ("title", "Each word with a capital."),
    ("swapcase", "Upper case for lower case and the reverse."),
):
    declare(f"aten::{_name}(str self) -> str", getattr(str, _name), _doc, samples=TEXTS)

for _name, _doc in (
    ("isalnum", "Whether all characters are letters or digits."),
    ("isalpha", "Whether all characters are letters."),
    ("isascii", "Whether all characters are ASCII."),
    ("isdecimal", "Whether all characters are decimal digits."),
    ("isdigit", "Whether all characters are digits."),
    ("isidentifier", "Whether it is a valid identifier."),
    ("islower", "Whether there is a letter, and none in upper case."),
    ("isnumeric", "Whether all characters are numeric."),
    ("isprintable", "Whether all characters can be printed."),
    ("isspace", "Whether all characters are white space."),
    ("istitle", "Whether each word has a capital."),
    ("isupper", "Whether there is a letter, and none in lower case."),
):
    declare(
        f"aten::{_name}(str self) -> bool", getattr(str, _name), _doc, samples=TEXTS
    )

for _name, _doc in (
    ("strip", "The string without leading and trailing characters."),
    ("lstrip", "The string without leading characters."),
    ("rstrip", "The string without trailing characters."),
):
    declare(
        f"aten::{_name}(str self, str? chars=None) -> str",
        getattr(str, _name),
        f"{_doc[:-1]}: `chars`, or white space.",
        samples=[case(" x \t"), case("axa", "a")],
    )

for _name, _doc in (
    ("center", "The string in the middle of `width` characters."),
    ("ljust", "The string at the left of `width` characters."),
    ("rjust", "The string at the right of `width` characters."),
):
    declare(
        f'aten::{_name}(str self, int width, str fillchar=" ") -> str',
        getattr(str, _name),
        _doc,
        raises=True,
        samples=[case("ab", 5), case("ab", 6, "*"), case("ab", 1)],
    )
declare(
    "aten::zfill(str self, int width) -> str",
    str.zfill,
    "The string with zeros in front, after a sign.",
    samples=[case("-42", 6), case("x", 0)],
)
declare(
    "aten::expandtabs(str self, int tabsize=8) -> str",
    str.expandtabs,
    "Spaces for tabs.",
    samples=[case("a\tb"), case("a\tb", 3)],
)

# parts ------------------------------------------------------------------------------

declare(
    "aten::split.str(str self, str? separator=None, int max=-1) -> str[]",
    str.split,
    "The parts between separators; without one, words.",
    raises=True,
    samples=[case(" a b  c "), case("a,b,c", ",", 1)],
)
declare(
    "aten::rsplit(str self, str? separator=None, int max=-1) -> str[]",
    str.rsplit,
    "The parts between separators, counted from the end.",
    raises=True,
    samples=[case(" a b  c "), case("a,b,c", ",", 1)],
)
declare(
    "aten::splitlines(str self, bool keepends=False) -> str[]",
    str.splitlines,
    "The lines.",
    samples=[case("a\r\nb\n\nc"), case("a\nb", True)],
)
declare(
    "aten::partition(str self, str separator) -> (str, str, str)",
    str.partition,
    "What is before the first separator, the separator, what is after.",
    raises=True,
    samples=[case("a=b=c", "="), case("a", "=")],
)
declare(
    "aten::rpartition(str self, str separator) -> (str, str, str)",
    str.rpartition,
    "What is before the last separator, the separator, what is after.",
    raises=True,
    samples=[case("a=b=c", "="), case("a", "=")],
)
declare(
    "aten::join(str self, str[] values) -> str",
    str.join,
    "The strings with this one between them.",
    samples=[case(", ", ["a", "b"]), case("", [])],
)
declare(
    "aten::replace(str self, str old, str new, int max=-1) -> str",
    str.replace,
    "Another string for each that is found.",
    samples=[case("abab", "a", "x"), case("abab", "a", "x", 1)],
)
declare(
    ["aten::removeprefix(str self, str prefix) -> str"],
    str.removeprefix,
    "The string without a prefix.",
    samples=[case("abc", "a")],
)
declare(
    ["aten::removesuffix(str self, str suffix) -> str"],
    str.removesuffix,
    "The string without a suffix.",
    samples=[case("abc", "c")],
)

# search -----------------------------------------------------------------------------

_BOUNDS = "int start=0, int end=9223372036854775807"
for _name, _overload, _raises, _result, _doc in (
    ("find", "", False, "int", "Where a string starts first; -1 if nowhere."),
    ("rfind", "", False, "int", "Where a string starts last; -1 if nowhere."),
    (
        "index",
        ".str",
        True,
        "int",
        "Where a string starts first; ValueError if nowhere.",
    ),
    ("rindex", "", True, "int", "Where a string starts last; ValueError if nowhere."),
    ("count", "", False, "int", "How often a string occurs, without overlaps."),
    ("startswith", "", False, "bool", "Whether it starts with a string."),
    ("endswith", "", False, "bool", "Whether it ends with a string."),
):
    declare(
        f"aten::{_name}{_overload}(str self, str substr, {_BOUNDS}) -> {_result}",
        getattr(str, _name),
        _doc,
        raises=_raises,
        samples=[
            case("abcab", "ab"),
            case("abcab", "ab", 1),
            case("abcab", "a", 0, -1),
        ],
    )
declare(
    "aten::__contains__.str_in(str self, str substr) -> bool",
    operator.contains,
    "Whether a string occurs in it.",
    samples=[case("abc", "bc"), case("abc", "x")],
)

# characters -------------------------------------------------------------------------

declare("aten::len.str(str s) -> int", len, "The number of characters.", samples=TEXTS)
declare(
    ["aten::__getitem__.str(str s, int index) -> str",
     "prim::StringIndex(str string, int index) -> str"],
    operator.getitem,
    "One character.",
    raises=True,
    samples=[case("abc", 0), case("abc", -1)],
)  # fmt: skip
declare(
    "aten::slice.str(str string, int? start=None, int? end=None, int step=1) -> str",
    lambda string, start, end, step: string[start:end:step],
    "The characters of a slice.",
    raises=True,
    samples=[case("abcdef", 1, -1), case("abcdef", None, None, -2)],
)
declare(
    "aten::list(str t) -> str[]",
    list,
    "The characters.",
    samples=[case("abc"), case("")],
)
declare(
    "aten::ord(str string) -> int",
    ord,
    "The number of a character.",
    raises=True,
    samples=[case("a"), case("é")],
)
declare(
    "aten::chr(int i) -> str",
    chr,
    "The character of a number.",
    raises=True,
    samples=[case(97), case(8364)],
)
for _name, _function in (("hex", hex), ("oct", oct), ("bin", bin)):
    declare(
        f"aten::{_name}(int i) -> str",
        _function,
        f"The number as a text in Python's notation, `{_function(10)}`.",
        samples=[case(10), case(-10)],
    )

# operators --------------------------------------------------------------------------

declare(
    "aten::add.str(str a, str b) -> str",
    operator.add,
    "One string after the other.",
    samples=[case("a", "b")],
)
declare(
    ["aten::mul.str(str l, int n) -> str", "aten::mul.str_right(int n, str l) -> str"],
    operator.mul,
    "A string repeated.",
    raises=True,
)
for _name, _function, _doc in (
    ("eq", operator.eq, "Whether two strings are equal."),
    ("ne", operator.ne, "Whether two strings are not equal."),
    ("lt", operator.lt, "Whether the first comes before."),
    ("gt", operator.gt, "Whether the first comes after."),
    ("le", operator.le, "Whether the first comes before or is equal."),
    ("ge", operator.ge, "Whether the first comes after or is equal."),
):
    declare(
        f"aten::{_name}.str(str a, str b) -> bool",
        _function,
        _doc,
        samples=[case("a", "b"), case("b", "b")],
    )
declare(
    "aten::Bool.str(str a) -> bool",
    bool,
    "Whether there is a character.",
    samples=[case(""), case("a")],
)

# text of values ---------------------------------------------------------------------


def _format(template, *values):
    # a template comes from a program, which has no business inside of Python
    if "._" in template and _names_private(template):
        raise ValueError(f"`{template}` names a private attribute")
    return template.format(*values)


def _names_private(template):
    return any(
        (field and "._" in field) or (spec and _names_private(spec))
        for _, field, spec, _ in Formatter().parse(template)
    )


def _percent(template, *values):
    if len(values) == 1 and isinstance(values[0], dict):
        return template % values[0]
    return template % values


declare(
    "aten::format(str self, ...) -> str",
    _format,
    "Python's str.format with positional values.",
    raises=True,
    samples=[case("{} and {:>4}", 1, "x"), case("{0}{0!r}", "a")],
)
declare(
    "aten::percentFormat(str self, ...) -> str",
    _percent,
    "Python's `%` on a string.",
    raises=True,
    samples=[case("%d %s", 3, "x"), case("100%%")],
)
declare(
    "aten::str(t elem) -> str",
    str,
    "The text of a value.",
    raises=True,
    samples=[case(1.0), case([1, 2]), case("x")],
)
declare(
    "aten::repr(t elem) -> str",
    repr,
    "The text of a value as a program writes it.",
    raises=True,
    samples=[case("x"), case([1.5])],
)
declare(
    "aten::hash.generic(t value) -> int",
    hash,
    "Python's hash of a value; that of strings differs from process to process.",
    raises=True,
    samples=[case(3), case(2.5)],
)
