"""Finding the text of functions: files, cells, decorators; places with real numbers."""

from __future__ import annotations

import functools
import linecache

import pytest

import jit
from jit.frontend.source import function_source


def in_a_cell(text, name="<cell 3>"):
    """The names that text defines, kept as a notebook keeps its cells."""
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    names = {"jit": jit, "__name__": "__main__"}
    exec(compile(text, name, "exec"), names)
    return names


def error_of(function):
    with pytest.raises(jit.Error) as caught:
        jit.script(function)
    return caught.value


def test_a_function_of_a_notebook_cell_is_compiled():
    names = in_a_cell("@jit.script\ndef double(n: int):\n    return 2 * n\n")

    assert 8 == names["double"](4)


def test_a_recursive_function_of_a_cell_that_ran_before_calls_itself():
    text = "@jit.script\ndef f(n: int) -> int:\n    return {} if n < 1 else f(n - 1)\n"
    names = in_a_cell(text.format(1))
    again = in_a_cell(text.format(2), "<cell 4>")
    names["f"] = again["f"]

    assert 2 == again["f"](3)


def test_text_that_was_executed_has_no_source():
    names = {}
    exec("def f(n: int):\n    return n\n", names)

    assert "E0101" == error_of(names["f"]).code


def test_a_lambda_is_refused_where_it_stands():
    error = error_of(lambda n: n)

    assert "E0103" == error.code
    span = error.diagnostics[0].span
    assert "lambda" == span.source.line(span.line)[span.column : span.end_column]


def test_places_are_those_of_the_file():
    def inner(n: int):
        return n.missing

    (diagnostic,) = error_of(inner).diagnostics

    assert inner.__code__.co_firstlineno + 1 == diagnostic.span.line
    assert 15 == diagnostic.span.column
    assert "return n.missing" == diagnostic.span.text


def test_columns_count_characters():
    def inner(n: int):
        return "ä" + "ö" + n

    (diagnostic,) = error_of(inner).diagnostics

    assert "return " == diagnostic.span.text[: diagnostic.span.column - 8]


def test_carets_stand_below_the_smallest_span():
    def inner(n: int):
        return (n + 1) * n.missing

    line, carets = (
        text.partition("|")[2] for text in str(error_of(inner)).split("\n")[3:5]
    )

    assert "n.missing" == line[carets.index("^") :]
    assert "^^^^^^^^^" == carets.strip()


def test_decorators_and_comments_are_no_part_of_the_function():
    def keep(function):
        return function

    @keep
    # a comment
    @keep
    def inner(n: int):
        # another
        return n + 1

    assert "inner" == function_source(inner).definition.name
    assert 3 == jit.script(inner)(2)


def test_text_further_left_than_the_function_does_not_matter():
    def inner(n: int):
        text = """
left
"""
        return len(text) + n

    assert 7 == jit.script(inner)(1)


def test_a_wrapped_function_is_the_one_that_runs():
    def add_one(function):
        @functools.wraps(function)
        def inner(n: int) -> int:
            return function(n) + 1

        return inner

    @add_one
    def double(n: int) -> int:
        return 2 * n

    assert 7 == jit.script(double)(3)


def test_a_method_of_a_plain_class_needs_no_source_of_the_class():
    class Tools:
        @staticmethod
        def half(n: int):
            return n // 2

    assert 3 == jit.script(Tools.half)(7)


def test_an_error_in_a_callee_tells_the_calls_that_led_there():
    def third(n: int):
        return n.missing

    def second(n: int):
        return third(n)

    def first(n: int):
        return second(n)

    (diagnostic,) = error_of(first).diagnostics

    assert ["return third(n)", "return second(n)"] == [s.text for s in diagnostic.stack]


def test_a_failed_compilation_leaves_the_program_as_it_was():
    from jit.frontend import compile_function
    from jit.ir.program import Program

    def helper(n: int):
        return n + 1

    def wrong(n: int):
        return helper(n).missing

    program = Program()
    with pytest.raises(jit.Error):
        compile_function(wrong, program)

    assert {} == program.functions
    assert "n" == compile_function(helper, program).schema.arguments[0].name
