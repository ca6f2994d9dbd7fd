"""Samplers: in which order samples are taken, and which make a batch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from jit.ir import dtypes
from jit.runtime import creation
from jit.runtime.random import (
    Generator,
    draw_integers,
    draw_permutation,
    draw_uniform,
)

Index = TypeVar("Index", covariant=True)


class Sampler(Generic[Index]):
    """Gives indices, or lists of them: subclasses have `__iter__`, mostly `__len__`."""

    def __init__(self, data_source: Any = None) -> None:
        pass

    def __iter__(self) -> Iterator[Index]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """All indices in order."""

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices in a random order, or with `replacement` drawn one by one.

    Without a generator, each iteration takes a seed from the default one, so that
    `torch.manual_seed` decides it. The order is Philox's, not torch's.
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        _check_bool("replacement", replacement, TypeError)
        _check_count(self.num_samples)

    @property
    def num_samples(self) -> int:
        """How many indices an iteration gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        count = len(self.data_source)
        generator = self.generator or seeded_from_default()
        if self.replacement:
            for start in range(0, self.num_samples, _DRAWN_AT_ONCE):
                size = min(_DRAWN_AT_ONCE, self.num_samples - start)
                drawn = draw_integers(0, count, (size,), dtypes.int64, generator)
                yield from drawn.tolist()
            return
        left = self.num_samples
        while left > 0:
            order = draw_permutation(count, generator).tolist()
            yield from order[:left]
            left -= count

    def __len__(self) -> int:
        return self.num_samples


_DRAWN_AT_ONCE = 1024


def seeded_from_default() -> Generator:
    """A generator of its own, started from a number of the default one."""
    return Generator().manual_seed(draw_seed(None))


def draw_seed(generator: Generator | None) -> int:
    """A number of 63 bits."""
    return int(draw_integers(0, 2**63 - 1, (), dtypes.int64, generator))


class SubsetRandomSampler(Sampler[int]):
    """Some indices, in a random order."""

    def __init__(
        self, indices: Sequence[int], generator: Generator | None = None
    ) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        order = draw_permutation(len(self.indices), self.generator)
        return (self.indices[i] for i in order.tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn by weights, which need not sum up to one."""

    def __init__(
        self,
        weights: Any,
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _check_count(num_samples)
        _check_bool("replacement", replacement, ValueError)
        found = np.array(creation.as_tensor(weights).array, np.float64)
        if found.ndim != 1:
            raise ValueError(
                "weights should be a 1d sequence but given weights have shape"
                f" {found.shape}"
            )
        self.weights = creation.from_numpy(found)
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        weights = self.weights.array
        if not (weights >= 0).all() or not np.isfinite(weights).all():
            raise RuntimeError(
                "probability tensor contains either `inf`, `nan` or element < 0"
            )
        drawable = int(np.count_nonzero(weights))
        if not drawable or (not self.replacement and drawable < self.num_samples):
            raise RuntimeError(
                f"{self.num_samples} samples cannot be drawn: {drawable} weights are"
                " positive"
            )
        return iter(self._draw(weights).tolist())

    def _draw(self, weights: np.ndarray) -> np.ndarray:
        if self.replacement:
            ends = np.cumsum(weights)
            unit = draw_uniform((self.num_samples,), dtypes.float64, self.generator)
            found = np.searchsorted(ends, unit * ends[-1], side="right")
            return np.minimum(found, np.flatnonzero(weights)[-1])
        # Efraimidis and Spirakis, 2006: the largest of u ** (1 / w)
        unit = draw_uniform(weights.shape, dtypes.float64, self.generator)
        with np.errstate(divide="ignore"):
            keys = np.where(weights > 0, np.log1p(-unit) / weights, -np.inf)
        return np.argsort(-keys, kind="stable")[: self.num_samples]

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The indices of a sampler in lists of one size."""

    def __init__(
        self, sampler: Iterable[Any], batch_size: int, drop_last: bool
    ) -> None:
        if type(batch_size) is not int or batch_size <= 0:
            raise ValueError(
                "batch_size should be a positive integer value, but got"
                f" batch_size={batch_size}"
            )
        _check_bool("drop_last", drop_last, ValueError)
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return (
            count // self.batch_size if self.drop_last else -(-count // self.batch_size)
        )


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`-th index, in an order that the epoch decides.

    Both numbers are given: there is no process group to ask.
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError(
                "Requires distributed package to be available: pass num_replicas and rank"
            )
        if not 0 <= rank < num_replicas:
            raise ValueError(
                f"Invalid rank {rank}, rank should be in the interval [0,"
                f" {num_replicas - 1}]"
            )
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        self.shuffle = shuffle
        self.seed = seed
        count = len(dataset)
        whole = count // num_replicas
        self.num_samples = whole if drop_last else math.ceil(count / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        if self.shuffle:
            generator = Generator().manual_seed(self.seed + self.epoch)
            order = draw_permutation(count, generator).tolist()
        else:
            order = list(range(count))
        repeated = list(itertools.islice(itertools.cycle(order), self.total_size))
        return iter(repeated[self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next iteration."""
        self.epoch = epoch


def _check_count(count: Any) -> None:
    if type(count) is not int or count <= 0:
        raise ValueError(
            "num_samples should be a positive integer value, but got"
            f" num_samples={count}"
        )


def _check_bool(name: str, value: Any, error: type[Exception]) -> None:
    if not isinstance(value, bool):
        raise error(f"{name} should be a boolean value, but got {name}={value}")
