"""Lists of numbers inside of machine code: results, exceptions, no memory left behind."""

from __future__ import annotations

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit.runtime.codegen.process import memory
from jit.runtime.executor import Executor, enable_native


def build(n: int) -> int:
    xs = [1, 2]
    for i in range(n):
        xs.append(i)  # noqa: PERF402
    t = 0
    for v in xs:
        t += v
    return t + xs[-1] + len(xs)


def sieve(n: int) -> int:
    marks = [True] * n
    count = 0
    for i in range(2, n):
        if marks[i]:
            count += 1
            for j in range(i * i, n, i):
                marks[j] = False
    return count


def dp(n: int) -> int:
    prev = [1] * n
    for k in range(n):
        cur = [1]
        for j in range(1, n):
            cur.append((cur[j - 1] + prev[j]) % 1000003)
        prev = cur
    return prev[n - 1]


def pick(n: int, i: int) -> float:
    xs = [0.5, 1.5, 2.5]
    if n > 3:
        ys = xs
    else:
        ys = [9.0]
    ys.append(7.0)
    return ys[i] + len(xs)


def out(n: int, i: int) -> int:
    xs = [n, n + 1]
    ys = xs + [3]  # noqa: RUF005
    a = ys.pop()
    return xs[i] + ys[i] + a


CASES = [
    (build, [(5,), (0,), (1000,)]),
    (sieve, [(100,), (10000,), (0,)]),
    (dp, [(1,), (5,), (100,), (0,)]),
    (pick, [(1, 0), (5, -1), (5, 4), (2, 2)]),
    (out, [(3, 0), (3, 1), (3, 2), (3, -3), (2**63 - 1, 0)]),
]


def outcome(executor, name, args):
    try:
        return executor.call(name, args)
    except Exception as error:
        return type(error), str(error), error.__notes__


@pytest.mark.parametrize(
    ("function", "calls"), CASES, ids=[f.__name__ for f, _ in CASES]
)
def test_lists_of_machine_code_are_those_of_the_interpreter(function, calls):
    scripted = jit.script(function)
    name = scripted.qualified_name
    before = enable_native(False)
    try:
        slow = Executor(scripted.program)
        expected = [outcome(slow, name, args) for args in calls]
        enable_native(True)
        fast = Executor(scripted.program)
        assert fast.explain(name, calls[0]).is_native
        used = memory.statistics().current
        assert expected == [outcome(fast, name, args) for args in calls]
        assert used == memory.statistics().current
    finally:
        enable_native(before)
