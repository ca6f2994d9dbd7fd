"""Times of several callables, taken in turns.

Every round calls each of them, in an order drawn anew, for one slice of time. Before its
slice each waits until the threads of the one before have gone to sleep (some spin for many
milliseconds after their work), and runs untimed for a part of a slice, so that nobody finds
another's cache contents or spinning threads.
"""

from __future__ import annotations

import gc
import itertools
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.contenders import Ready


@dataclass(frozen=True)
class Effort:
    """How long to measure."""

    slice_seconds: float = 0.005
    pause_seconds: float = 0.012
    """More than two ticks of the kernel, which books processor time at its ticks."""
    longest_pause_seconds: float = 0.25
    rounds: int = 21
    fewest_rounds: int = 5
    case_seconds: float = 20.0
    """Fewer rounds are run if they would take longer than this."""


QUICK = Effort(slice_seconds=0.001, rounds=5, fewest_rounds=3, case_seconds=3.0)


def _make_loop(arguments: int) -> Callable[..., float]:
    """A timed loop of calls with so many arguments, and nothing else in it."""
    names = ", ".join(f"a{i}" for i in range(arguments))
    source = (
        f"def loop(times, call, clock{', ' + names if names else ''}):\n"
        "    start = clock()\n"
        "    for _ in times:\n"
        f"        call({names})\n"
        "    return clock() - start\n"
    )
    found: dict[str, Any] = {}
    exec(source, found)  # as timeit does: unpacking arguments would be seen
    loop: Callable[..., float] = found["loop"]
    return loop


def seconds_per_call(ready: Ready, number: int) -> float:
    """The mean time of so many calls in a row."""
    loop = _make_loop(len(ready.args))
    times = itertools.repeat(None, number)
    return loop(times, ready.call, time.perf_counter, *ready.args) / number


def calls_in(ready: Ready, seconds: float) -> int:
    """How many calls fit into so many seconds; at least one."""
    number = 1
    while True:
        taken = seconds_per_call(ready, number) * number
        if taken >= seconds / 4:
            return max(1, round(number * seconds / taken))
        number *= 4


def rest(effort: Effort) -> None:
    """Sleep until this process has used no processor for the time of a pause."""
    start = time.perf_counter()
    while time.perf_counter() - start < effort.longest_pause_seconds:
        used = time.process_time()
        time.sleep(effort.pause_seconds)
        if time.process_time() - used < effort.pause_seconds / 10:
            return


def interleaved(
    contenders: Mapping[str, Ready], effort: Effort
) -> dict[str, list[float]]:
    """Seconds per call of each, one figure a round."""
    numbers = {}
    for name, ready in contenders.items():
        numbers[name] = calls_in(ready, effort.slice_seconds)
    one_round = sum(
        max(effort.slice_seconds, seconds_per_call(r, 1) * (numbers[n] + 1))
        + effort.pause_seconds
        for n, r in contenders.items()
    )
    affordable = int(effort.case_seconds / one_round)
    rounds = max(effort.fewest_rounds, min(effort.rounds, affordable))
    times: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    shuffle = random.Random(0).shuffle
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            shuffle(order)
            for name in order:
                ready = contenders[name]
                rest(effort)
                seconds_per_call(ready, max(1, numbers[name] // 5))
                times[name].append(seconds_per_call(ready, numbers[name]))
            gc.collect()
    finally:
        if collecting:
            gc.enable()
    return times
