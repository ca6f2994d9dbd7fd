"""Signals reach Python while machine code runs."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="the system has no timers of processes"
)


class StoppedError(Exception):
    """Raised by the handler of the test."""


@pytest.fixture
def alarm() -> Iterator[Callable[[Any], None]]:
    """Sets what happens when the timer rings, soon."""
    before = signal.getsignal(signal.SIGALRM)

    def ring(handler: Any) -> None:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.2)

    yield ring
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def endless(n: int) -> int:
    while n != 0:
        n = n * 3 % 1000003 + 1
    return n


def counted(n: int) -> float:
    total = 0.5
    for _ in range(n):
        total = total * 0.5 + 1.0
    return total


def nested(n: int) -> float:
    total = 0.5
    for i in range(n):
        for j in range(i):
            total = total * 0.5 + j
    return total


def tensors(x, n: int):
    for _ in range(n):
        x = torch.tanh(x).flip([0])
    return x


def words(text: str, n: int) -> str:
    for i in range(n):
        text = text[:5] + str(i)
    return text


def caught(text: str, n: int) -> str:
    for _ in range(n):
        try:
            text = text[:5] + str(n)
            for i in range(n):
                text = text[:3] + str(i)
        except Exception:
            text = "caught"
    return text


def stop(number: int, frame: Any) -> None:
    raise StoppedError(number)


LONG = 10**15
CASES = [
    (endless, (5,)),
    (counted, (LONG,)),
    (nested, (LONG,)),
    (tensors, (torch.ones(100), LONG)),
    (words, ("begin", LONG)),
]


@pytest.mark.parametrize(("function", "given"), CASES, ids=lambda x: str(x)[:20])
def test_an_exception_of_a_handler_ends_a_loop(
    function: Any, given: tuple[Any, ...], alarm: Callable[[Any], None]
) -> None:
    scripted = jit.script(function)
    assert scripted.explain(*given).is_native
    used = jit.memory_stats().current
    alarm(stop)
    with pytest.raises(StoppedError):
        scripted(*given)
    assert used == jit.memory_stats().current


def test_the_keyboard_interrupts(alarm: Callable[[Any], None]) -> None:
    scripted = jit.script(endless)
    scripted.explain(5)
    alarm(signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt):
        scripted(5)


def test_a_handler_that_raises_nothing_changes_nothing(
    alarm: Callable[[Any], None],
) -> None:
    heard = []
    scripted = jit.script(counted)
    turns = 100_000
    expected = scripted(turns)
    while True:
        begin = time.monotonic()
        scripted(turns)
        if time.monotonic() - begin > 0.5:
            break
        turns *= 2
    alarm(lambda number, frame: heard.append(number))
    assert expected == scripted(turns)
    assert [signal.SIGALRM] == heard


def test_other_threads_are_left_alone(alarm: Callable[[Any], None]) -> None:
    scripted = jit.script(counted)
    results = []
    thread = threading.Thread(target=lambda: results.append(scripted(200_000_000)))
    thread.start()
    alarm(stop)
    with pytest.raises(StoppedError):
        time.sleep(5.0)
    thread.join()
    assert [scripted(1000)] == results


def test_the_keyboard_interrupts_what_catches_exceptions(
    alarm: Callable[[Any], None],
) -> None:
    scripted = jit.script(caught)
    assert scripted.explain("begin", LONG).is_native
    alarm(signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt):
        scripted("begin", LONG)
