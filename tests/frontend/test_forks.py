"""`jit.fork` and `jit.wait`: in scripts, in plain Python, in traces; on a pool of threads."""

# The programs are written as users write them.
# ruff: noqa: PERF401, E501, F841, FURB, PERF401, PERF402, PIE, PLC3002, PLR, RET, RUF, SIM, UP, E711, E714

from __future__ import annotations

import threading
from typing import Any

import pytest

import jit
from jit import Future, torch

CASES: list[tuple[Any, tuple[Any, ...]]] = []


def case(*calls):
    """Add a function with the arguments of some calls."""

    def add(function):
        CASES.extend((function, arguments) for arguments in calls)
        return function

    return add


def inc(x: int):
    return x + 1


@case((3,))
def fk(x: int):
    f = torch.jit.fork(inc, x)
    g = jit.fork(lambda v: v * x, 10)
    return torch.jit.wait(f), jit.wait(g), f.wait()


@case((3,))
def many(x: int):
    fs: list[Future[int]] = []
    for i in range(x):
        fs.append(jit.fork(inc, i))
    return [jit.wait(f) for f in fs], [
        f.wait() for f in [jit.fork(inc, i) for i in range(x)]
    ]


def fib(n: int) -> int:
    if n < 2:
        return n
    a = jit.fork(fib, n - 1)
    b = fib(n - 2)
    return jit.wait(a) + b


@case((10,))
def ffib(n: int):
    return fib(n)


def chain(n: int) -> int:
    if n == 0:
        return 0
    f = jit.fork(chain, n - 1)
    return jit.wait(f) + 1


@case((300,))
def nest(n: int):
    return chain(n)


def boom(x: int) -> int:
    if x > 2:
        raise ValueError(f"bad {x}")
    return x


@case((3,))
def err(x: int):
    f = jit.fork(boom, x)
    return jit.wait(f)


@case((3,))
def errc(x: int):
    f = jit.fork(boom, x)
    try:
        return jit.wait(f)
    except ValueError as e:
        return -1


def ten(x: torch.Tensor, k: float = 2.0):
    return torch.relu(x) * k


@case((3,))
def tt(x: int):
    y = torch.ones(x)
    a = jit.fork(ten, y)
    b = jit.fork(ten, y, k=3.0)
    c = jit.fork(torch.sin, y)
    d: dict[str, Future[torch.Tensor]] = {"a": a}
    return jit.wait(a) + jit.wait(b), d["a"].wait()


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_what_is_forked_gives_what_a_call_gives(function, arguments, same_everywhere):
    same_everywhere(function, arguments)


@pytest.fixture
def two_threads():
    before = jit.get_num_threads()
    jit.set_num_threads(2)
    yield
    jit.set_num_threads(before)


def test_ten_thousand_forks_inside_of_each_other_end(two_threads):
    scripted = jit.script(chain)

    assert 10000 == scripted(10000)
    assert 10000 == scripted.interpret(10000)
    assert 10000 == chain(10000)


def test_an_exception_of_a_fork_shows_both_stacks():
    with pytest.raises(ValueError, match="bad 3") as caught:
        jit.script(err)(3)

    (note,) = caught.value.__notes__
    assert ["in err", "in err", "in boom"] == [
        line.rpartition(", ")[2] for line in note.split("\n") if "line" in line
    ]


def test_an_exception_is_raised_at_each_wait():
    future = jit.fork(boom, 5)

    for _ in range(2):
        with pytest.raises(ValueError, match="bad 5"):
            jit.wait(future)


def test_a_trace_holds_what_a_fork_did():
    def f(x):
        return jit.wait(jit.fork(torch.sin, x)) + 1

    traced = jit.trace(f, torch.ones(3))

    x = torch.arange(4.0)
    assert torch.allclose(torch.sin(x) + 1, traced(x))


def test_a_method_and_a_layer_can_be_forked():
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(3, 3)

        def double(self, x):
            return self.layer(x) * 2

        def forward(self, x):
            a = jit.fork(self.layer, x)
            b = jit.fork(self.double, x)
            return jit.wait(a) + jit.wait(b)

    net = Net()
    x = torch.ones(2, 3)

    assert torch.allclose(net(x), jit.script(net)(x))


def test_a_fork_records_gradients_as_its_caller_does():
    x = torch.ones(2, requires_grad=True)

    with torch.no_grad():
        inside = jit.fork(torch.sin, x)
    assert not jit.wait(inside).requires_grad
    assert jit.wait(jit.fork(torch.sin, x)).requires_grad


def test_a_future_tells_and_calls_back():
    gate = threading.Event()
    future = jit.fork(gate.wait)
    following = future.then(lambda f: [f.value()])

    assert not future.done()
    gate.set()
    assert [True] == following.wait()
    assert [[True], 3] == torch.futures.wait_all([following, jit.fork(inc, 2)])
    assert future.done()


def test_only_a_future_can_be_waited_for():
    def f(x: int):
        return jit.wait(x)

    with pytest.raises(jit.CompileError, match="`wait` takes a future") as caught:
        jit.script(f)

    assert "E0304" == caught.value.code
