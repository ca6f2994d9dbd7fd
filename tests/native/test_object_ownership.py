"""Who owns what in machine code with Python objects: nothing goes early, nothing stays."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
import jit.runtime.ops
from jit import torch
from jit.ir.parser import parse_graph
from jit.ir.program import Program
from jit.runtime.executor import Executor, Specialisation

TURNS = 40


def outcome(call, *args):
    """What a call gives, or the exception that it raises, as text."""
    try:
        return repr(call(*args))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def references(things) -> list[int]:
    gc.collect()
    return [sys.getrefcount(thing) for thing in things]


def check(function, *calls):
    """Compare with Python, then see that many calls leave what they found."""
    made = jit.script(function)
    things = [None, True, False, *range(-3, 20), ValueError, np.ndarray, list, tuple]
    for call in calls:
        things += [dtype for a in call if (dtype := getattr(a, "dtype", None))]
        things += [a for a in call if hasattr(a, "dtype")]

    def turn() -> list[str]:
        return [outcome(made, *map(copied, call)) for call in calls]

    assert [outcome(function, *map(copied, call)) for call in calls] == turn()
    turn()
    gc.collect()
    memory = jit.memory_stats().current
    before = references(things)
    for _ in range(TURNS):
        turn()
    after = references(things)
    moved = [(t, a - b) for t, a, b in zip(things, after, before, strict=True)]
    assert [m for m in moved if abs(m[1]) >= TURNS // 2] == []
    assert memory == jit.memory_stats().current
    assert made.explain(*calls[0]).is_native


def copied(value):
    return list(value) if isinstance(value, list) else value


def ones(dtype, *sizes):
    return np.ones(sizes, dtype)


def put_together(a: np.ndarray, b: np.ndarray, n: int, flag: bool):
    k = 0
    r = a
    try:
        for i1 in range(3):
            k += i1
        t0 = a @ b.T
        try:
            for i1 in range(3):
                r = np.stack((a, t0))
        except RuntimeError:
            k = k + 10
    except ValueError:
        k = k + 10
    t2 = np.concatenate((r, r))
    r = np.stack((t2, r))
    return r, b, k


@pytest.mark.parametrize("sizes", [(1, 1), (2, 2), (0, 0)])
def test_arrays_put_together_and_a_failure_at_the_end(sizes):
    array = ones(np.bool_, *sizes)
    made = jit.script(put_together)
    expected = outcome(put_together, array, array, 3, False)
    for _ in range(TURNS):
        assert expected == outcome(made, array, array, 3, False)
    gc.collect()
    check(put_together, (array, array, 3, False))


def shared(text: str, n: int) -> str:
    kept = text + "!"
    try:
        for i in range(n):
            other = kept
            if i == 2:
                other = kept + str(i)
            if i == 4:
                raise ValueError(other)
            if i == 6:
                raise KeyError(other)
            kept = other
    except ValueError as error:
        kept = kept + str(error)
    return kept + [kept, text][n]


def test_a_value_that_one_way_hands_on_and_another_makes():
    check(shared, ("some", 0), ("some", 1), ("some", 3), ("other", 5), ("more", 9))


def nested(words: list[str], n: int) -> list[str]:
    last = words[0] + "."
    found = [last]
    for i in range(n):
        here = last
        try:
            here = words[i] + here
            try:
                last = words[i + 1] + here
                if i == 1:
                    raise ValueError(last)
            except KeyError:
                found.append(last)
        except ValueError as error:
            found.append(str(error) + here)
            last = here
        except IndexError:
            found.append(last)
            if n > 4:
                raise
    return found


def test_nested_attempts_in_a_loop():
    words = [str(i) * 3 for i in range(4)]
    check(nested, (words, 0), (words, 2), (words, 4), (words, 6))


def below(a: int, b: int) -> int:
    if a == b:
        raise ValueError("equal")
    return a // b


def called_in_a_loop(xs: list[int], n: int) -> tuple[int, str]:
    text = ""
    total = 0
    for i in range(n):
        try:
            held = str(i) + text
            total += below(xs[i], i - 1)
            text = held
        except ZeroDivisionError:
            text = text + "z"
        except ValueError as error:
            text = text + str(error)
    return total + xs[n], text


def test_a_function_that_fails_below_a_loop():
    xs = [5, -1, 1, 7, 3, 2]
    check(called_in_a_loop, (xs, 0), (xs, 3), (xs, 5), (xs, 6), (xs, 9))


def unread(a: int, xs: list[int]) -> tuple[int, list[int], list[str]]:
    out: list[int] = []
    log: list[str] = []
    turn = 0
    while True:
        turn += 1
        if turn > 3:
            break
        out.append(a)
        try:
            a += 6 // (a - 2)
            try:
                xs.append(a)
                if a > 12:
                    return a, out, log
            except KeyError:
                return a, xs, log
        except ZeroDivisionError:
            log.append("zero")
            while a in xs:
                return a, out, log
            a += 1
    if a <= 3:
        raise ValueError("small")
    return a, xs, log


def test_lists_that_only_some_ways_return():
    check(unread, (2, [1]), (2, [2]), (1, []), (20, [4]), (-9, [1]))


def reshaped(x: torch.Tensor, texts: list[str], n: int) -> tuple[torch.Tensor, str]:
    text = texts[0]
    y = x.t()
    for i in range(n):
        try:
            y = y.contiguous().reshape(-1, 2) + y.reshape(-1, 2)
            text = text + texts[i]
            y = y.view(2, 3).t().contiguous()
        except RuntimeError:
            text = text + "?"
    return y.contiguous() + 1, texts[n] + text


def test_memory_that_is_a_view_or_a_copy_where_the_function_fails():
    made = jit.script(reshaped)
    x = torch.ones(2, 3)
    texts = ["a", "b", "c"]
    failures = [(x, texts, 3), (x, texts, 4), (torch.ones(5), texts, 1)]
    for call in [(x, texts, 2), (x.t(), texts, 1), *failures]:
        assert outcome(reshaped, *call) == outcome(made, *call)
    gc.collect()
    memory = jit.memory_stats().current
    before = references([x, x.numpy().dtype, *texts])
    for _ in range(TURNS):
        for call in failures:
            outcome(made, *call)
    after = references([x, x.numpy().dtype, *texts])
    assert memory == jit.memory_stats().current
    assert all(abs(a - b) < TURNS // 2 for a, b in zip(after, before, strict=True))


BEGINS_WITH_A_CONSTANT = """
graph(%given : Tensor[], %n : int, %x : Double(2, 3)):
  %one : int = prim::Constant[value=1]()
  %true : bool = prim::Constant[value=True]()
  %zeros : Double(2, 3) = prim::Constant[value=float64[[0, 0, 0], [0, 0, 0]]]()
  %total : Double(2, 3) = prim::Loop(%n, %true, %zeros)
    block0(%i : int, %sum : Double(2, 3)):
      %more : Double(2, 3) = aten::add(%sum, %x, %one)
      -> (%true, %more)
  return (%total)
"""


def test_a_constant_that_a_loop_begins_with_stays():
    graph = parse_graph(BEGINS_WITH_A_CONSTANT)
    made = Executor(Program()).compile_graph(
        Specialisation("model.f", tuple(v.type for v in graph.inputs)), graph
    )
    assert made.explanation.is_native
    (constant,) = [
        held
        for array, held in made.machine.constants
        if isinstance(held, torch.Tensor) and array.shape == (2, 3)
    ]
    ones = torch.ones(2, 3, dtype=torch.float64)
    before = sys.getrefcount(constant)
    for n in (3, 1, 0, 2):
        assert made.run([[ones], n, ones]).sum() == 6 * n

    assert before == sys.getrefcount(constant)
