"""Medians, spread, and intervals of ratios of measured times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 4000


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    low: float
    middle: float
    high: float

    def reaches(self, figure: float) -> bool:
        """Whether the figure is met, or cannot be told from being met."""
        return self.high >= figure


def median(times: Sequence[float]) -> float:
    """The middle of the times."""
    return float(np.median(times))


def spread(times: Sequence[float]) -> float:
    """The range of the middle half of the times, relative to the median."""
    low, middle, high = np.percentile(times, (25, 50, 75))
    return float((high - low) / middle)


def best_of(peers: Mapping[str, Sequence[float]]) -> str:
    """Whose median is the smallest."""
    return min(peers, key=lambda name: median(peers[name]))


def ratio(peers: Mapping[str, Sequence[float]], ours: Sequence[float]) -> Interval:
    """The best peer's median time over ours, by bootstrap over the rounds.

    Rounds are drawn with replacement, the same for everybody: what slows a whole round
    down, slows all of it. Who is best is decided in each draw, so that luck in being
    chosen widens the interval.
    """
    theirs = np.array([np.asarray(t, np.float64) for t in peers.values()])
    mine = np.asarray(ours, np.float64)
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(mine), (RESAMPLES, len(mine)))
    best = np.median(theirs[:, draws], axis=2).min(axis=0)
    ratios = best / np.median(mine[draws], axis=1)
    low, high = np.percentile(ratios, (2.5, 97.5))
    middle = min(map(median, peers.values())) / median(ours)
    return Interval(float(low), middle, float(high))


def geometric_mean(ratios: Sequence[float]) -> float:
    """The mean that treats twice as fast and half as fast alike."""
    return float(np.exp(np.mean(np.log(ratios))))
