"""`on_bake="guard"`: the program looks again at what Python decided."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jit
from jit import torch


def branch(x: Any) -> Any:
    return x + 1 if x.sum() > 0 else x - 1


def number(x: Any) -> Any:
    return x * int(x[0])


def real(x: Any) -> Any:
    return x * float(x[0])


def rows(x: Any) -> Any:
    return sum(row * 2 for row in x)


def size(x: Any) -> Any:
    return x * 2 if x.shape[0] > 2 else x


def loop(x: Any) -> Any:
    for _ in range(x.shape[0]):
        x = x + 1
    return x


def elements(x: Any) -> Any:
    return x + x.tolist()[0]


ONES = torch.ones(3)
CASES: list[tuple[Callable[..., Any], Any, Any]] = [
    (branch, torch.tensor([2.0, 1.0, 1.0]), -ONES),
    (number, torch.tensor([1.5, 9.0]), ONES * 2),
    (real, torch.tensor([1.0, 9.0]), ONES * 1.5),
    (rows, ONES * 5, torch.ones(4)),
    (size, torch.ones(7), torch.ones(2)),
    (loop, ONES * 5, torch.ones(4)),
    (elements, ONES, torch.ones(4)),
]
"""A function, an input for which a trace of three ones is right, and another."""


@pytest.mark.parametrize(
    ("f", "right", "wrong"), CASES, ids=lambda c: getattr(c, "__name__", "")
)
def test_a_guarded_trace_answers_right_or_raises(
    f: Any, right: Any, wrong: Any
) -> None:
    traced = jit.trace(f, ONES, on_bake="guard")

    assert (
        f(right).tolist() == traced(right).tolist() == traced.interpret(right).tolist()
    )
    for run in (traced, traced.interpret):
        with pytest.raises(RuntimeError, match="the trace was recorded where"):
            run(wrong)


def test_the_error_of_a_guard_names_the_expression_and_the_line() -> None:
    traced = jit.trace(branch, ONES, on_bake="guard")

    with pytest.raises(
        RuntimeError, match=r"`x.sum\(\) > 0` was True .*test_guards.py"
    ):
        traced(-ONES)


def test_guards_hold_in_a_loaded_program(tmp_path: Any) -> None:
    jit.trace(branch, ONES, on_bake="guard").save(tmp_path / "guarded.trs")
    loaded = jit.load(tmp_path / "guarded.trs")

    assert [2.0, 2.0, 2.0] == loaded(ONES).tolist()
    with pytest.raises(RuntimeError, match="holds only there"):
        loaded(-ONES)


def test_arrays_are_guarded_too() -> None:
    traced = jit.trace(
        lambda x: x * int(x[0]) if np.any(x > 0) else x, np.ones(3), on_bake="guard"
    )

    assert [1.0, 5.0] == traced(np.array([1.0, 5.0])).tolist()
    with pytest.raises(RuntimeError, match="holds only there"):
        traced(-np.ones(3))


def test_all_decisions_are_listed_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "jit.tracing"):
        jit.trace(lambda x: branch(x) * int(x[0]), ONES, on_bake="guard")

    assert 2 == len(caplog.records)
    assert "x.sum() > 0" in caplog.text
    assert __file__ in caplog.text


def test_no_guard_stands_where_nothing_is_decided() -> None:
    traced = jit.trace(
        lambda x: x.view(x.shape[0], -1) * 2, torch.ones(2, 3), on_bake="guard"
    )

    assert not traced.graph.find_nodes("prim::If")


def test_what_no_check_can_watch_is_refused() -> None:
    def f(x: Any) -> Any:
        return x * 2 if x.requires_grad else x

    with pytest.raises(jit.TracingError, match="requires_grad"):
        jit.trace(f, ONES, on_bake="guard")
