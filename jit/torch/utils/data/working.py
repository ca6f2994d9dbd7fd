"""What a worker of a loader does, and the crews of processes or threads that do it."""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import random
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker knows about itself."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_here = threading.local()


def get_worker_info() -> WorkerInfo | None:
    """What the worker that runs this code is told; None outside of workers."""
    return getattr(_here, "info", None)


@dataclass(frozen=True)
class Fetch:
    """How a loader turns indices into a batch."""

    dataset: Any
    is_iterable: bool
    makes_batches: bool
    collate: Callable[[Any], Any]
    drop_last: bool

    def start(self) -> Callable[[Any], Any]:
        """A function of indices for one pass; StopIteration where data sets end."""
        if not self.is_iterable:
            return self._from_map
        samples = iter(self.dataset)
        return lambda indices: self._from_iterator(samples, indices)

    def _from_map(self, indices: Any) -> Any:
        if not self.makes_batches:
            return self.collate(self.dataset[indices])
        if callable(getattr(self.dataset, "__getitems__", None)):
            return self.collate(self.dataset.__getitems__(indices))
        return self.collate([self.dataset[i] for i in indices])

    def _from_iterator(self, samples: Iterator[Any], indices: Any) -> Any:
        if not self.makes_batches:
            return self.collate(next(samples))
        batch = [sample for _, sample in zip(indices, samples, strict=False)]
        if not batch or (self.drop_last and len(batch) < len(indices)):
            raise StopIteration
        return self.collate(batch)


@dataclass(frozen=True)
class Job:
    """All that a worker needs, and how it is to begin."""

    fetch: Fetch
    info: WorkerInfo
    base_seed: int
    begin: Callable[[int], Any] | None
    where: str


@dataclass(frozen=True)
class Failure:
    """An exception of a worker, with the worker's stack as text."""

    cls: type[BaseException]
    text: str

    def raise_again(self) -> None:
        """Raise it here, as its own class where that can be made of a text."""
        message: Any = _Shown(self.text) if self.cls is KeyError else self.text
        try:
            error = self.cls(message)
        except TypeError:
            error = RuntimeError(message)  # its class takes other arguments
        raise error from None


class _Shown(str):
    """A message that KeyError, which shows the repr, shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Ended:
    """In the place of a batch: the data set of a worker has no more."""


def _failure(error: BaseException, where: str) -> Failure:
    stack = "".join(traceback.format_exception(error))
    return Failure(
        type(error), f"Caught {type(error).__name__} {where}.\nOriginal {stack}"
    )


def _work(job: Job, take: Callable[[], Any], give: Callable[[Any], None]) -> None:
    """Answer tasks until there are none: `(pass, number, indices)`, or None to end.

    A pass begins with the number -1.
    """
    _here.info = job.info
    broken: Failure | None = None
    fetch: Any = None
    try:
        if job.begin is not None:
            job.begin(job.info.id)
    except Exception as error:
        broken = _failure(error, job.where)
    while (task := take()) is not None:
        number, indices = task[1:]
        answer: Any = broken
        try:
            if broken is None and number < 0:
                fetch = job.fetch.start()
                continue
            if broken is None:
                answer = fetch(indices)
        except StopIteration as error:
            # of a map it is a mistake in the data set
            answer = Ended() if job.fetch.is_iterable else _failure(error, job.where)
        except Exception as error:
            answer = _failure(error, job.where)
            broken = answer if number < 0 else None
        if number >= 0:
            _give_or_explain(give, (job.info.id, *task[:2]), answer, job.where)


def _give_or_explain(
    give: Callable[[Any], None], head: tuple[Any, ...], answer: Any, where: str
) -> None:
    try:
        give((*head, answer))
    except OSError:
        raise  # nobody listens any more
    except Exception as error:  # the batch, or the class of its error, cannot be sent
        text = answer.text if isinstance(answer, Failure) else ""
        told = _failure(error, where)
        give((*head, Failure(RuntimeError, text or told.text)))


class Crew(Protocol):
    """Workers that get tasks and give answers."""

    def send(self, worker: int, task: Any) -> None:
        """Give a worker a task."""

    def receive(self, timeout: float) -> Any:
        """The next answer of anyone; zero waits for ever."""

    def close(self) -> None:
        """End all workers."""


def _timed_out(timeout: float) -> RuntimeError:
    return RuntimeError(f"DataLoader timed out after {timeout} seconds")


# threads


class ThreadCrew:
    """Workers that are threads: they share the data set, nothing is copied."""

    def __init__(self, jobs: list[Job]) -> None:
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._tasks: list[queue.SimpleQueue[Any]] = [queue.SimpleQueue() for _ in jobs]
        self._ended = threading.Event()
        for job, tasks in zip(jobs, self._tasks, strict=True):
            threading.Thread(target=self._run, args=(job, tasks), daemon=True).start()

    def _run(self, job: Job, tasks: queue.SimpleQueue[Any]) -> None:
        def take() -> Any:
            task = tasks.get()
            return None if self._ended.is_set() else task

        _work(job, take, self._answers.put)

    def send(self, worker: int, task: Any) -> None:
        self._tasks[worker].put(task)

    def receive(self, timeout: float) -> Any:
        try:
            return self._answers.get(timeout=timeout or None)
        except queue.Empty:
            raise _timed_out(timeout) from None

    def close(self) -> None:
        self._ended.set()
        for tasks in self._tasks:
            tasks.put(None)


# processes


class ProcessCrew:
    """Workers that are processes, each with a pipe for tasks and one for answers."""

    PATIENCE = 5.0
    """Seconds that a worker has to finish what it is at."""

    def __init__(self, jobs: list[Job], context: Any) -> None:
        self._processes: list[Any] = []
        self._tasks: list[Any] = []
        self._answers: list[Any] = []
        try:
            for job in jobs:
                self._start(job, context)
        except BaseException:
            self.close()
            raise

    def _start(self, job: Job, context: Any) -> None:
        taken, tasks = context.Pipe(duplex=False)
        answers, given = context.Pipe(duplex=False)
        forks = context.get_start_method() == "fork"
        # a fork has our ends too, which would keep pipes open that we close
        inherited = (*self._tasks, *self._answers, tasks, answers) if forks else ()
        process = context.Process(
            target=_run_process, args=(job, taken, given, inherited), daemon=True
        )
        with warnings.catch_warnings():
            # our locks are held while a process forks: codegen/process/forking.py
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        taken.close()
        given.close()
        self._processes.append(process)
        self._tasks.append(tasks)
        self._answers.append(answers)

    def send(self, worker: int, task: Any) -> None:
        try:
            self._tasks[worker].send(task)
        except OSError:
            raise self._died(worker) from None

    def receive(self, timeout: float) -> Any:
        ready = wait(self._answers, timeout or None)
        if not ready:
            raise _timed_out(timeout)
        try:
            return ready[0].recv()  # type: ignore[union-attr, call-arg]
        except (EOFError, ConnectionResetError):
            raise self._died(self._answers.index(ready[0])) from None

    def _died(self, worker: int) -> RuntimeError:
        process = self._processes[worker]
        process.join(self.PATIENCE)
        return RuntimeError(
            f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly, with the exit"
            f" code {process.exitcode}"
        )

    def close(self) -> None:
        for pipe in (*self._tasks, *self._answers):
            pipe.close()
        end = time.monotonic() + self.PATIENCE
        for process in self._processes:
            process.join(max(0.0, end - time.monotonic()))
            if process.is_alive():
                process.terminate()
                process.join()
            process.close()
        self._processes.clear()


def _run_process(
    job: Job, taken: Connection, given: Connection, inherited: tuple[Connection, ...]
) -> None:
    """The whole life of a worker process."""
    for pipe in inherited:
        pipe.close()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends us
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen() -> None:
        # tasks are taken off at once, or both sides could wait for the other to read
        with contextlib.suppress(EOFError, OSError):
            while True:
                tasks.put(taken.recv())
        tasks.put(None)

    threading.Thread(target=listen, daemon=True).start()
    _seed(job)
    with contextlib.suppress(BrokenPipeError):
        _work(job, tasks.get, given.send)


def _seed(job: Job) -> None:
    """Start all random numbers of this process; NumPy's from both numbers."""
    from jit.runtime.random import manual_seed
    from jit.runtime.thread_count import set_num_threads

    set_num_threads(1)
    random.seed(job.info.seed)
    manual_seed(job.info.seed)
    sequence = np.random.SeedSequence([job.base_seed, job.info.id])
    np.random.seed(sequence.generate_state(4))


def context_of(chosen: Any) -> Any:
    """The multiprocessing context of a name or None; others are returned as they are."""
    if chosen is None or isinstance(chosen, str):
        known = multiprocessing.get_all_start_methods()
        if chosen is not None and chosen not in known:
            raise ValueError(
                "multiprocessing_context option should specify a valid start method in"
                f" {known!r}, or 'thread', but got multiprocessing_context={chosen!r}"
            )
        return multiprocessing.get_context(chosen)
    return chosen
