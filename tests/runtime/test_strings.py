"""Operators on strings are Python's own methods."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jit.runtime.ops  # noqa: F401  declares the cards
from jit.ir.registry import find_card
from jit.runtime.tensor import wrap

texts = st.one_of(st.text(max_size=12), st.text("ab \t\n-+xX0_", max_size=12))
pieces = st.text("ab -", max_size=3)
bounds = st.integers(-15, 15)


def kernel(kind, overload=""):
    return find_card(kind, overload).kernel


def outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error), str(error)


METHODS = (
    "upper",
    "lower",
    "capitalize",
    "title",
    "swapcase",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
)


@given(text=texts)
@settings(max_examples=200)
def test_methods_without_arguments_agree_with_python(text):
    for name in METHODS:
        assert getattr(str, name)(text) == kernel(f"aten::{name}")(text)


@given(text=texts, chars=st.none() | pieces)
def test_stripping_agrees_with_python(text, chars):
    for name in ("strip", "lstrip", "rstrip"):
        assert getattr(str, name)(text, chars) == kernel(f"aten::{name}")(text, chars)


@given(text=texts, width=st.integers(-3, 20), fill=st.text(max_size=2))
def test_padding_agrees_with_python(text, width, fill):
    for name in ("center", "ljust", "rjust"):
        method = getattr(str, name)
        assert outcome(method, text, width, fill) == outcome(
            kernel(f"aten::{name}"), text, width, fill
        )
    assert text.zfill(width) == kernel("aten::zfill")(text, width)
    assert text.expandtabs(width) == kernel("aten::expandtabs")(text, width)


@given(text=texts, separator=st.none() | pieces, most=st.integers(-1, 3))
def test_splitting_agrees_with_python(text, separator, most):
    for name, overload in (("split", "str"), ("rsplit", "")):
        expected = outcome(getattr(str, name), text, separator, most)
        assert expected == outcome(
            kernel(f"aten::{name}", overload), text, separator, most
        )
    for name in ("partition", "rpartition"):
        if separator is not None:
            expected = outcome(getattr(str, name), text, separator)
            assert expected == outcome(kernel(f"aten::{name}"), text, separator)


@given(text=texts, keep=st.booleans())
def test_lines_agree_with_python(text, keep):
    assert text.splitlines(keep) == kernel("aten::splitlines")(text, keep)


@given(text=texts, part=pieces, start=bounds, end=bounds)
@settings(max_examples=200)
def test_searching_agrees_with_python(text, part, start, end):
    for name in ("find", "rfind", "index", "rindex", "count", "startswith", "endswith"):
        card = find_card(f"aten::{name}", "str" if name == "index" else "")
        expected = outcome(getattr(str, name), text, part, start, end)
        assert expected == outcome(card.kernel, text, part, start, end)


def test_without_bounds_the_whole_string_is_searched():
    card = find_card("aten::find")
    defaults = [a.default for a in card.schema.arguments[2:]]

    assert 2 == card.kernel("abc", "c", *defaults)
    assert -1 == card.kernel("abc", "c", 0, -1)


@given(text=texts, old=pieces, new=pieces, most=st.integers(-1, 3))
def test_replacing_agrees_with_python(text, old, new, most):
    assert text.replace(old, new, most) == kernel("aten::replace")(text, old, new, most)


@given(text=texts, parts=st.lists(texts, max_size=4))
def test_joining_agrees_with_python(text, parts):
    assert text.join(parts) == kernel("aten::join")(text, parts)


optional_bounds = st.none() | bounds


@given(text=texts, start=optional_bounds, end=optional_bounds, step=st.integers(-3, 3))
def test_slices_and_items_agree_with_python(text, start, end, step):
    expected = outcome(operator.getitem, text, slice(start, end, step))

    assert expected == outcome(kernel("aten::slice", "str"), text, start, end, step)
    for index in (start or 0, end or 0):
        expected = outcome(operator.getitem, text, index)
        assert expected == outcome(kernel("aten::__getitem__", "str"), text, index)


@given(a=texts, b=texts, n=st.integers(-1, 3))
def test_operators_agree_with_python(a, b, n):
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        assert getattr(operator, name)(a, b) == kernel(f"aten::{name}", "str")(a, b)
    assert a + b == kernel("aten::add", "str")(a, b)
    assert a * n == kernel("aten::mul", "str")(a, n)
    assert (b in a) == kernel("aten::__contains__", "str_in")(a, b)
    assert len(a) == kernel("aten::len", "str")(a)
    assert list(a) == kernel("aten::list")(a)


@given(number=st.integers(-5, 0x110010), text=texts)
def test_characters_and_numbers_agree_with_python(number, text):
    assert outcome(chr, number) == outcome(kernel("aten::chr"), number)
    assert outcome(ord, text) == outcome(kernel("aten::ord"), text)
    for function in (hex, oct, bin):
        assert function(number) == kernel(f"aten::{function.__name__}")(number)


# text of values ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "args"),
    [
        ("{} {}", (1, "x")),
        ("{1}{0!r:>5}", ("a", "b")),
        ("{:.3f} {:+d} {:#x} {:,}", (3.14159, 5, 255, 1234567)),
        ("{:{}}|", ("x", 5)),
        ("{0.real} {0.imag}", (3 + 4j,)),
        ("{0[1]}", ([1, 2],)),
        ("{{}} {}", (True,)),
        ("a._b {}", (None,)),
    ],
)
def test_format_is_pythons(template, args):
    assert template.format(*args) == kernel("aten::format")(template, *args)


@pytest.mark.parametrize(
    ("template", "args"), [("{} {}", (1,)), ("{", ()), ("{:d}", ("x",)), ("{x}", (1,))]
)
def test_format_fails_as_pythons(template, args):
    assert outcome(template.format, *args) == outcome(
        kernel("aten::format"), template, *args
    )


@pytest.mark.parametrize("template", ["{0.__class__}", "{:{0._x}}", "{0[0]._x}"])
def test_format_does_not_look_inside_of_python(template):
    with pytest.raises(ValueError, match="names a private attribute"):
        kernel("aten::format")(template, [1], 2)


@pytest.mark.parametrize(
    ("template", "args", "expected"),
    [
        ("%d %s %.2f %%", (3, "x", 2.5), "3 x 2.50 %"),
        ("%(a)s", ({"a": 1},), "1"),
        ("%s", ((1, 2),), "(1, 2)"),
        ("%5r|", ("x",), "  'x'|"),
    ],
)
def test_percent_is_pythons(template, args, expected):
    assert expected == kernel("aten::percentFormat")(template, *args)


@given(value=st.one_of(st.floats(), st.integers(), st.booleans(), texts))
def test_texts_of_values_are_pythons(value):
    assert str(value) == kernel("aten::str")(value)
    assert repr(value) == kernel("aten::repr")(value)


def test_tensors_are_shown_as_they_show_themselves():
    x = wrap(np.array([1.0, 2.0], np.float32))

    assert str(x) == kernel("aten::str")(x)
    assert f"x = {x}" == kernel("aten::format")("x = {}", x)
