"""Which names are assigned, exposed and live."""

from __future__ import annotations

import pytest

from jit.frontend import tree as t
from jit.frontend.assigned import Liveness, assigned
from jit.frontend.read import read_function
from jit.frontend.source import function_source


def read(function):
    body = read_function(function_source(function)).body
    return body, Liveness(body)


def find(body, kind):
    """The first statement of a kind, however deep."""
    for s in body:
        if isinstance(s, kind):
            return s
        for part in ("body", "orelse"):
            inner = find(getattr(s, part, ()), kind)
            if inner is not None:
                return inner
    return None


def a_while(n):
    s = 0
    while n > 0:
        t = n * n
        s = s + t
        n = n - 1
    return s


def a_branch(c, x):
    if c:
        t = x
        y = t + 1
    else:
        y = x
    return y


def a_break(xs):
    found = -1
    for x in xs:
        if x > 0:
            found = x
            break
        found = 0
    return found


def a_try(a, b):
    x = a
    y = 0
    try:
        x = b
        y = 1 // a
    except ZeroDivisionError:
        y = x
    return y


def a_comprehension(xs, k):
    y = [x + k for x in xs]
    x = 3
    return y, x


@pytest.mark.parametrize(
    ("function", "kind", "after", "exposed"),
    [
        (a_while, t.While, {"s"}, {"s", "n"}),
        (a_branch, t.If, {"y"}, set()),
        (a_break, t.For, {"found"}, {"found"}),
        (a_try, t.Try, {"y"}, {"x"}),
    ],
)
def test_what_is_live_after_and_at_the_start(function, kind, after, exposed):
    body, liveness = read(function)
    statement = find(body, kind)

    assert after == liveness.after(statement)
    assert exposed == liveness.exposed(statement) & (assigned(body) | {"n"})


def test_what_a_loop_assigns():
    body, _ = read(a_while)

    assert {"t", "s", "n"} == assigned([find(body, t.While)])


def test_variables_of_a_comprehension_are_its_own():
    body, liveness = read(a_comprehension)

    assert "x" not in assigned(body[:1])
    assert {"y"} == liveness.after(body[0]) - {"x"}


def test_a_value_that_is_overwritten_is_not_live():
    def function(x):
        y = x
        y = 2
        return y, x

    body, liveness = read(function)

    assert {"x"} == liveness.after(body[0])
