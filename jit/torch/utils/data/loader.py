"""DataLoader: batches of a data set, made here or by workers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jit.runtime.random import Generator
from jit.torch.utils.data.collate import default_collate, default_convert
from jit.torch.utils.data.datasets import IterableDataset
from jit.torch.utils.data.samplers import (
    BatchSampler,
    RandomSampler,
    SequentialSampler,
    draw_seed,
)
from jit.torch.utils.data.working import (
    Crew,
    Ended,
    Failure,
    Fetch,
    Job,
    ProcessCrew,
    ThreadCrew,
    WorkerInfo,
    context_of,
)

_FIXED = (
    "batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"
)  # fmt: skip


class _Endless:
    """Stands for the indices of an iterable data set, which has none."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader:
    """Batches of a data set, in order or shuffled.

    `num_workers` processes prepare `prefetch_factor` batches each in advance; batches
    keep their order, or come as they are ready with `in_order=False`. With
    `multiprocessing_context="thread"` the workers are threads, which share the data set
    and the random numbers of this process. `pin_memory` is accepted and does nothing:
    tensors live in the memory of the CPU.

    `generator` decides the order and the seeds of the workers. Orders are drawn by
    Philox: reproducible, and not torch's for the same seed.
    """

    _initialized = False
    _crew: Crew | None = None

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self._is_iterable = isinstance(dataset, IterableDataset)
        if self._is_iterable:
            _check_iterable(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle,"
                    " sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive"
                " with drop_last"
            )
        if sampler is None:
            sampler = self._usual_sampler(dataset, shuffle, generator)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        usual = default_convert if batch_sampler is None else default_collate
        self.collate_fn = usual if collate_fn is None else collate_fn
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.drop_last = drop_last
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.generator = generator
        self.prefetch_factor = (
            2 if num_workers and not prefetch_factor else prefetch_factor
        )
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self._is_threaded = multiprocessing_context == "thread"
        self.multiprocessing_context = None
        if num_workers and not self._is_threaded:
            self.multiprocessing_context = context_of(multiprocessing_context)
        elif multiprocessing_context is not None and not num_workers:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading"
                f" (num_workers > 0), but got num_workers={num_workers}"
            )
        self._passes = 0
        self._initialized = True

    def _usual_sampler(
        self, dataset: Any, shuffle: bool | None, generator: Generator | None
    ) -> Any:
        if self._is_iterable:
            return _Endless()
        if shuffle:
            return RandomSampler(dataset, generator=generator)
        return SequentialSampler(dataset)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is"
                " initialized"
            )
        super().__setattr__(name, value)

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __len__(self) -> int:
        if not self._is_iterable:
            return len(self._index_sampler)
        count = len(self.dataset)
        if self.batch_size is None:
            return count
        size = self.batch_size
        return count // size if self.drop_last else -(-count // size)

    def __iter__(self) -> Iterator[Any]:
        if self.num_workers:
            return self._by_workers()
        return self._here()

    def _fetch(self) -> Fetch:
        return Fetch(
            self.dataset,
            self._is_iterable,
            self.batch_sampler is not None,
            self.collate_fn,
            self.drop_last,
        )

    def _here(self) -> Iterator[Any]:
        fetch = self._fetch().start()
        for indices in self._index_sampler:
            try:
                batch = fetch(indices)
            except StopIteration:
                if self._is_iterable:
                    return
                raise  # a generator turns it into a RuntimeError
            yield batch

    # workers

    def _by_workers(self) -> Iterator[Any]:
        if self._crew is not None and self._busy:
            raise RuntimeError(
                "the persistent workers of this DataLoader are at another iteration:"
                " finish it, or delete its iterator"
            )
        crew = self._crew or self._hire()
        self._busy = True
        if self.persistent_workers:
            self._crew = crew
        whole = False
        try:
            yield from _Pass(self, crew).batches()
            whole = True
        except GeneratorExit:
            whole = True  # the rest is thrown away by the next pass
            raise
        finally:
            self._busy = False
            if not (self.persistent_workers and whole):
                self._crew = None
                crew.close()

    _busy = False

    def _hire(self) -> Crew:
        seed = draw_seed(self.generator)
        kind = "thread" if self._is_threaded else "process"
        jobs = [
            Job(
                self._fetch(),
                WorkerInfo(i, self.num_workers, seed + i, self.dataset),
                seed,
                self.worker_init_fn,
                f"in DataLoader worker {kind} {i}",
            )
            for i in range(self.num_workers)
        ]
        if self._is_threaded:
            return ThreadCrew(jobs)
        return ProcessCrew(jobs, self.multiprocessing_context)

    def __del__(self) -> None:
        if self._crew is not None:
            self._crew.close()


class _Pass:
    """One pass over a data set by workers: tasks go round, answers are put in order."""

    def __init__(self, loader: DataLoader, crew: Crew) -> None:
        self._crew = crew
        self._timeout = loader.timeout
        self._in_order = loader.in_order
        self._most = loader.num_workers * (loader.prefetch_factor or 2)
        self._indices = enumerate(loader._index_sampler)
        self._active = list(range(loader.num_workers))
        self._turn = 0
        self._pending: dict[int, int] = {}
        """The worker of each task, in the order of the tasks."""
        self._ready: dict[int, Any] = {}
        loader._passes += 1
        self._id = loader._passes
        for worker in self._active:
            crew.send(worker, (self._id, -1, None))

    def batches(self) -> Iterator[Any]:
        """The batches, until the sampler and the data sets have no more."""
        self._give_tasks()
        while self._pending:
            number = self._next_ready()
            if number is None:
                self._receive()
                continue
            del self._pending[number]
            answer = self._ready.pop(number)
            self._give_tasks()
            if isinstance(answer, Failure):
                answer.raise_again()
            yield answer

    def _next_ready(self) -> int | None:
        if not self._in_order:
            return next(iter(self._ready), None)
        first = next(iter(self._pending))
        return first if first in self._ready else None

    def _give_tasks(self) -> None:
        while self._active and len(self._pending) < self._most:
            found = next(self._indices, None)
            if found is None:
                return
            number, indices = found
            worker = self._active[self._turn % len(self._active)]
            self._turn += 1
            self._pending[number] = worker
            self._crew.send(worker, (self._id, number, indices))

    def _receive(self) -> None:
        worker, of_pass, number, answer = self._crew.receive(self._timeout)
        if of_pass != self._id or number not in self._pending:
            return  # of a pass that was left, or after the end of its data set
        if isinstance(answer, Ended):
            self._end(worker)
        else:
            self._ready[number] = answer

    def _end(self, worker: int) -> None:
        """A worker's data set has no more: its tasks are void, others get new ones."""
        self._active.remove(worker)
        for number in [n for n, w in self._pending.items() if w == worker]:
            if number not in self._ready:
                del self._pending[number]
        self._give_tasks()


def _check_workers(
    count: int, timeout: float, prefetch_factor: int | None, persistent: bool
) -> None:
    if count < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable"
            " multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if count == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor"
            " to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent and count == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_iterable(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    unspecified = "DataLoader with IterableDataset: expected unspecified"
    if shuffle not in (False, None):
        raise ValueError(f"{unspecified} shuffle option, but got shuffle={shuffle}")
    if sampler is not None:
        raise ValueError(f"{unspecified} sampler option, but got sampler={sampler}")
    if batch_sampler is not None:
        raise ValueError(
            f"{unspecified} batch_sampler option, but got batch_sampler={batch_sampler}"
        )
