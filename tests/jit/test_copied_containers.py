"""A script that changes a list of its caller says that the caller does not see it."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import jit
from jit import torch


@jit.script
def appended(items: list[int]) -> int:
    items.append(9)
    return len(items)


@jit.script
def through_a_callee(items: list[int]) -> int:
    return appended(items) + 1


@jit.script
def of_nested(items: list[list[int]]) -> int:
    items[0].append(1)
    return len(items[0])


@jit.script
def of_a_dict(table: dict[str, int]) -> int:
    table["x"] = 1
    return len(table)


CHANGES = [
    (appended, [1]), (through_a_callee, [1]), (of_nested, [[1]]), (of_a_dict, {"a": 2}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "given"), CHANGES, ids=lambda c: getattr(c, "name", "")
)
def test_a_change_that_the_caller_does_not_see_is_told(
    function: Any, given: Any
) -> None:
    with pytest.warns(
        jit.ScriptWarning, match="a copy of what Python gives it"
    ) as told:
        function(given)

    assert __file__ == told[0].filename
    assert "test_copied_containers.py:" in str(told[0].message)


@jit.script
def changes_tensors(items: list[torch.Tensor]) -> torch.Tensor:
    return items[0].add_(1)


@jit.script
def changes_a_copy(items: list[int]) -> list[int]:
    mine = [*items]
    mine.append(1)
    return mine


@pytest.mark.parametrize(
    ("function", "given"), [(changes_tensors, [torch.ones(1)]), (changes_a_copy, [1])]
)
def test_nothing_is_told_where_the_caller_misses_nothing(
    function: Any, given: Any
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        function(given)
