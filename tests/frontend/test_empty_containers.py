"""Empty lists and dicts take the types that their uses tell."""

# The programs are written as users write them.

from __future__ import annotations

from typing import Any

import pytest

CASES: list[tuple[Any, tuple[Any, ...]]] = []


def case(*calls):
    """Add a function with the arguments of some calls."""

    def add(function):
        CASES.extend((function, arguments) for arguments in calls)
        return function

    return add


@case((3,))
def empties(x: int):
    d = {}
    for i in range(x):
        d[i] = []
        d[i].append(i)
    e = {}
    e["a"] = {}
    e["a"]["b"] = x
    items = []
    items.append([])
    items[0].append(x)
    return d, e, items


@case((3,))
def empties2(x: int):
    d: dict[str, list[int]] = {}
    for i in range(x):
        d.setdefault(str(i % 2), []).append(i)
    items = []
    for i in range(x):
        items += [i]
    return d, items


@case((3,))
def any2(x: int):
    return any(i * j > 2 for i in range(x) for j in range(x)), all(
        i >= j for i in range(x) for j in range(i) if j > 0
    )


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_an_empty_container_is_typed_by_its_uses(function, arguments, same_everywhere):
    same_everywhere(function, arguments)
