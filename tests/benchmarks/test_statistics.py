"""Ratios and their intervals, turns, and what is said of goals; nothing is timed here."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import report
from benchmarks.case import AtLeast, Case, OfLimit, Within, error_of
from benchmarks.contenders import OURS, Ready
from benchmarks.intervals import best_of, geometric_mean, ratio, spread
from benchmarks.measuring import Effort, interleaved
from jit.runtime.codegen.process.limits import Limits

LIMITS = Limits(
    threads=2,
    flops=2e11,
    flops64=1e11,
    read={"L2": 4e11, "L3": 2e11, "memory": 4e10},
    copy={"L2": 4e11, "L3": 2e11, "memory": 4e10},
    cache_bytes={"L2": 1 << 21, "L3": 1 << 25},
)


def case(*goals: object, reads: int = 1 << 20, flops: float = 0) -> Case:
    return Case(name="c", inputs=lambda rng: {}, reads=reads, flops=flops, goals=goals)


def record(times: dict[str, list[float]], executor: str = "native") -> report.Record:
    return {
        "case": "c",
        "times": times,
        "absent": {},
        "notes": {OURS: executor},
        "is_double": False,
    }


def test_the_interval_holds_the_ratio_of_steady_times() -> None:
    found = ratio({"a": [3.0] * 9, "b": [2.0] * 9}, [1.0] * 9)

    assert (2.0, 2.0, 2.0) == (found.low, found.middle, found.high)


def test_noise_widens_the_interval_around_the_true_ratio() -> None:
    rng = np.random.default_rng(1)
    found = ratio({"a": list(rng.normal(3, 0.3, 25))}, list(rng.normal(2, 0.2, 25)))

    assert found.low < 1.5 < found.high
    assert found.low > 1.2 and found.high < 1.8


def test_what_slows_a_whole_round_does_not_widen_the_interval() -> None:
    slow = np.array([1.0, 1.0, 5.0, 1.0, 2.0, 1.0, 3.0])
    found = ratio({"a": list(2 * slow)}, list(slow))

    assert (2.0, 2.0) == (found.low, found.high)


def test_the_best_peer_has_the_smallest_median() -> None:
    assert "b" == best_of({"a": [1.0, 3.0, 3.0], "b": [2.0, 2.0, 9.0]})


def test_spread_is_the_middle_half_over_the_median() -> None:
    assert 0.5 == spread([3.0, 4.0, 5.0, 2.0, 6.0])


def test_the_geometric_mean_treats_twice_and_half_alike() -> None:
    assert 1.0 == pytest.approx(geometric_mean([2.0, 0.5]))


def test_an_error_is_relative_to_the_largest_value() -> None:
    assert 0.1 == pytest.approx(error_of(np.array([0.0, 10.0]), np.array([1.0, 10.0])))


@pytest.mark.parametrize("result", [np.array([np.nan, 1.0]), np.ones(3)])
def test_nan_and_another_shape_are_infinitely_wrong(result: np.ndarray) -> None:
    assert float("inf") == error_of(result, np.ones(2))


def test_everybody_is_called_in_every_round() -> None:
    calls: list[str] = []
    contenders = {n: Ready(calls.append, (n,)) for n in ("a", "b", "c")}
    effort = Effort(slice_seconds=1e-6, pause_seconds=0, rounds=6, fewest_rounds=6)
    times = interleaved(contenders, effort)

    assert {"a": 6, "b": 6, "c": 6} == {n: len(t) for n, t in times.items()}
    assert {"a", "b", "c"} == set(calls)


def test_a_goal_is_met_if_the_interval_reaches_it() -> None:
    ours, theirs = [1.0, 1.1, 1.0, 0.9, 1.0], [0.99, 1.0, 1.0, 0.98, 0.99]

    assert [] == report.judge(
        case(AtLeast(1.0)), record({OURS: ours, "NumPy": theirs}), LIMITS
    )


def test_a_missed_ratio_says_the_figure_and_the_executor() -> None:
    times = {OURS: [2.0] * 5, "NumPy": [1.0] * 5}

    assert report.judge(case(AtLeast(1.0)), record(times, "interpreter"), LIMITS) == [
        "c: 0.50 [0.50, 0.50] of 1 × the best peer. Executor: interpreter."
    ]


def test_a_missed_time_says_what_the_bandwidth_allows() -> None:
    reached = report.judge(case(Within(1e-6)), record({OURS: [1e-5] * 5}), LIMITS)

    assert reached == ["c: 10.0 µs of 1.00 µs. At 26% of what bandwidth of L2 allows."]


def test_a_missed_part_of_the_limit_may_be_due_to_arithmetic() -> None:
    reached = report.judge(
        case(OfLimit(0.93), flops=2e6), record({OURS: [2e-5] * 5}), LIMITS
    )

    assert reached == ["c: 50% of 93% of the limit. At 50% of what arithmetic allows."]


def test_a_case_that_ours_did_not_run_is_missed() -> None:
    made = record({"NumPy": [1.0]}) | {"absent": {OURS: "its result is off by 1e+00"}}

    assert report.judge(case(AtLeast(1.0)), made, LIMITS) == [
        "c: not measured, its result is off by 1e+00"
    ]


def test_working_sets_live_in_the_smallest_cache_that_holds_them() -> None:
    levels = [LIMITS.level_of(size) for size in (1 << 20, 1 << 23, 1 << 27)]

    assert ["L2", "L3", "memory"] == levels


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2.5, "2.50 s"),
        (0.9999, "1000 ms"),
        (0.0123, "12.3 ms"),
        (4.56e-6, "4.56 µs"),
        (7e-8, "0.070 µs"),
    ],
)
def test_durations_have_three_digits_and_a_unit(seconds: float, words: str) -> None:
    assert words == report.duration(seconds)
