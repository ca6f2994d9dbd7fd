"""Programs of strings, dicts, lists of anything and exceptions, as one machine program."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch


def words(text: str, n: int) -> tuple[str, int]:
    total = 0
    for i in range(n):
        text = text + str(i)
        if ("7" in text and text != "x7") or text < "b":
            total += len(text)
    return text, total


def counts(given: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in given:
        if word in found:
            found[word] += 1
        else:
            found[word] = 1
    return found


def nested(n: int) -> tuple[list[list[int]], int]:
    rows: list[list[int]] = []
    for i in range(n):
        rows.append([i, i * i])  # noqa: PERF401
    first = rows[0]
    first.append(100)
    total = 0
    for row in rows:
        for value in row:
            total += value
    return rows, total


def shared(n: int) -> tuple[list[int], dict[str, list[int]]]:
    row = [n]
    known = {"row": row}
    row.append(n + 1)
    known["row"].append(n + 2)
    return row, known


def best(values: list[int]) -> int | None:
    found: int | None = None
    for value in values:
        if found is None or value > found:
            found = value
    return found


def caught(text: str, n: int) -> str:
    result = ""
    for i in range(n):
        try:
            part = text + str(10 // (i - 1))
            if i == 3:
                raise ValueError(part)
            result = result + part[i]
        except ZeroDivisionError as error:
            result = result + str(error)
        except (ValueError, IndexError):
            result = result + "!"
        finally:
            result = result + ";"
    return result


def raised_again(known: dict[str, int], key: str) -> int:
    try:
        try:
            return known[key + "x"]
        except ValueError:
            return 1
    except KeyError:
        if key == "a":
            raise
        return 2


def missing(given: list[str], n: int) -> str:
    return given[n]


def tensors(x: torch.Tensor, n: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    parts: list[torch.Tensor] = []
    for i in range(n):
        parts.append(x * i)  # noqa: PERF401
    y = torch.nonzero(x)
    if n > 2:
        y = x
    return y + 1, parts


def pairs(n: int) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for i in range(n):
        found.append((i, f"{i}:{i / 2}"))  # noqa: PERF401
    total = 0
    for a, b in found:
        total += a + len(b)
    found.append((total, "total"))
    return found


def parts_of_dict(n: int) -> tuple[list[int], str, int]:
    known: dict[int, str] = {}
    for i in range(n):
        known[i * 3 % 5] = f"<{i}>"
    keys = list(known.keys())
    text = ",".join(list(known.values()))
    total = 0
    while len(keys) > 1:
        total += keys.pop()
    for key, value in known.items():
        total += key * len(value)
    return keys, text, total


def texts(a: int, b: float, c: str, d: bool) -> list[str]:
    return [f"{a}:{b}", f"{c}{d}", f"{{{a}}}", f"{a:>4}", f"{c}", f"{b:.2f}"]


X = torch.tensor([1.0, 0.0, 2.0])
CASES = [
    (words, [("a", 3), ("xx", 9), ("", 0)]),
    (counts, [(["a", "b", "a"],), ([],)]),
    (nested, [(1,), (4,)]),
    (shared, [(1,)]),
    (best, [([3, 5, 4],), ([],)]),
    (caught, [("abcdef", 6), ("", 5), ("é", 2)]),
    (raised_again, [({"ax": 5}, "a"), ({"b": 1}, "c"), ({"b": 1}, "a")]),
    (missing, [(["a", "b"], -1), (["a"], 1), ([], 0)]),
    (tensors, [(X, 2), (X, 3), (X, 0)]),
    (pairs, [(3,), (0,)]),
    (texts, [(1, 2.5, "é", True), (-3, 1e30, "", False)]),
    (parts_of_dict, [(0,), (4,), (9,)]),
]


def outcome(function, args):
    try:
        return str(function(*args))
    except Exception as error:
        return repr(error)


@pytest.mark.parametrize(
    ("function", "calls"), CASES, ids=[f.__name__ for f, _ in CASES]
)
def test_a_program_of_objects_does_what_python_does(function, calls):
    scripted = jit.script(function)
    for args in calls:
        assert outcome(function, args) == outcome(scripted, args)
        assert scripted.explain(*args).is_native


@pytest.mark.parametrize(
    ("function", "calls"), CASES, ids=[f.__name__ for f, _ in CASES]
)
def test_nothing_is_kept_after_a_call(function, calls):
    scripted = jit.script(function)
    text, none = "a text of its own", None
    given = [[text if arg == "a" else arg for arg in args] for args in calls]
    for args in given:
        outcome(scripted, args)
    gc.collect()
    before = sys.getrefcount(text), sys.getrefcount(X), jit.memory_stats().current
    nones = sys.getrefcount(none)
    for _ in range(200):
        for args in given:
            outcome(scripted, args)
    gc.collect()
    after = sys.getrefcount(text), sys.getrefcount(X), jit.memory_stats().current
    assert before == after
    assert abs(sys.getrefcount(none) - nones) < 100


def test_an_exception_shows_the_lines_of_the_script():
    scripted = jit.script(raised_again)
    with pytest.raises(KeyError) as caught_error:
        scripted({"b": 1}, "a")
    (note,) = caught_error.value.__notes__
    assert 1 == note.count("known[key")


def test_a_caught_exception_leaves_no_trace_in_the_next():
    def twice(n: int) -> int:
        try:
            raise ValueError("first")
        except ValueError:
            n = n - 1
        return 1 // n

    scripted = jit.script(twice)
    with pytest.raises(ZeroDivisionError) as error:
        scripted(1)
    (note,) = error.value.__notes__
    assert "1 // n" in note
    assert "first" not in note


def test_what_calls_the_interpreter_is_told():
    def text(n: int) -> str:
        return hex(n) + "x"

    explanation = jit.script(text).explain(3)
    assert explanation.is_native
    assert ["aten::hex"] == [reason.kind for reason in explanation.boxed]


def test_a_loop_whose_values_became_objects_in_the_loop_around_it():
    def main(a: np.ndarray, b: np.ndarray, n: int):
        r = a
        for _ in range(n):
            least = np.minimum(r, r)
            for _ in range(n):
                if b.shape[0] > 2:
                    r = r + a
                else:
                    least *= 2
                    r = b - a
        return r

    made = jit.script(main)
    ints, floats = np.ones((3, 2), np.int64), np.ones((3, 2), np.float32)

    for n in (0, 1, 2):
        expected, actual = main(ints, floats, n), made(ints, floats, n)
        assert (expected.dtype, expected.tolist()) == (actual.dtype, actual.tolist())


def test_a_scan_of_a_number_along_a_dim_that_it_lacks():
    def main(a):
        return a.cumsum(1)

    with pytest.raises(IndexError, match="but got 1"):
        jit.script(main)(torch.tensor(1.0))
