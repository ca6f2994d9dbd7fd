"""Calls that run on other threads: `fork` starts one, `wait` asks for its result.

    f = fork(g, x)     g(x) waits for a thread of the pool
    wait(f)            its result; run here and now if no thread has begun it

Whoever waits helps: it runs what it waits for, or something else that is due. Calls
nested deeper than `DEEPEST` block instead, and the pool gets another thread, so that the
number of threads that run stays the same however many wait.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from jit.runtime import dispatch, grad_mode
from jit.runtime.thread_count import get_num_threads

_T = TypeVar("_T")

DEEPEST = 12
"""How many calls a thread runs inside of each other while it waits."""

IDLE_S = 1.0
"""After how many seconds without work a thread of the pool ends."""

_WAITING, _RUNNING, _DONE = range(3)


class Future(Generic[_T]):
    """The result of a call that may still run."""

    def __init__(self) -> None:
        self._state = _WAITING
        self._value: Any = None
        self._error: BaseException | None = None
        self._stack: tuple[str, ...] = ()
        self._callbacks: list[Callable[[Future[_T]], Any]] = []
        self._call: Callable[[], Any] | None = None
        self._waiting: list[threading.Event] = []
        """Who is to be told of the end."""

    def done(self) -> bool:
        """Whether there is a result or an exception."""
        return self._state == _DONE

    def wait(self) -> _T:
        """The result; raises what the call raised."""
        if self._state != _DONE:
            _POOL.wait(self)
        return self.value()

    def value(self) -> _T:
        """The result of a call that has ended; raises what the call raised."""
        if self._state != _DONE:
            raise RuntimeError("the future has no value yet: wait for it")
        if self._error is not None:
            from jit.runtime.bytecode.frame import set_script_stack

            set_script_stack(self._error, self._stack)
            raise self._error
        found: _T = self._value
        return found

    def then(self, callback: Callable[[Future[_T]], Any]) -> Future[Any]:
        """The future of `callback(self)`, called once this one has ended."""
        made: Future[Any] = Future()

        def run(_: Future[_T]) -> None:
            made._begin(lambda: callback(self))
            made._run()

        with _POOL.lock:
            if self._state != _DONE:
                self._callbacks.append(run)
                return made
        run(self)
        return made

    def set_result(self, result: _T) -> None:
        """Give a future made by hand its result."""
        self._finish(result, None)

    def set_exception(self, error: BaseException) -> None:
        """Let a future made by hand raise."""
        self._finish(None, error)

    def __repr__(self) -> str:
        state = ("waiting", "running", "done")[self._state]
        return f"<jit.Future {state}>"

    # by the pool ----------------------------------------------------------------------

    def _begin(self, call: Callable[[], Any]) -> None:
        self._call = call

    def _run(self) -> None:
        """Run the call; its result or exception is kept."""
        call, self._call = self._call, None
        assert call is not None
        self._state = _RUNNING
        try:
            result = call()
        except Exception as error:
            self._finish(None, error)
        except BaseException as error:
            self._finish(None, error)
            raise
        else:
            self._finish(result, None)

    def _finish(self, result: Any, error: BaseException | None) -> None:
        self._value, self._error = result, error
        if error is not None:
            from jit.runtime.bytecode.frame import script_stack

            self._stack = script_stack(error)
        with _POOL.lock:
            self._state = _DONE
            callbacks, self._callbacks = self._callbacks, []
            waiting, self._waiting = self._waiting, []
        for event in waiting:
            event.set()
        for callback in callbacks:
            callback(self)


class _Depth(threading.local):
    value = 0


class _Pool:
    """The threads, and the calls that wait for one."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start without threads, as the child of a process that was forked has to."""
        self.lock = threading.Lock()
        """Held to look at, or change, the state of futures and of the pool."""
        self.came = threading.Condition(self.lock)
        """Told when a call is due."""
        self.due: deque[Future[Any]] = deque()
        self.active = 0
        """Threads of the pool that run a call, or look for one."""
        self.idle = 0
        self.depth = _Depth()
        """How many calls the running thread runs inside of each other."""

    def submit(self, future: Future[Any]) -> None:
        """Let a thread run a call."""
        with self.lock:
            self.due.append(future)
            self._need_thread()
            self.came.notify()

    def _need_thread(self) -> None:
        if self.due and not self.idle and self.active < get_num_threads():
            self.active += 1
            threading.Thread(target=self._work, name=_NAME, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self.lock:
                if not self.due:
                    self.idle += 1
                    self.came.wait_for(lambda: self.due, IDLE_S)
                    self.idle -= 1
                if not self.due:
                    self.active -= 1
                    return
                future = self.due.popleft()
                future._state = _RUNNING
            self._run(future)

    def _run(self, future: Future[Any]) -> None:
        self.depth.value += 1
        try:
            future._run()
        finally:
            self.depth.value -= 1

    def wait(self, future: Future[Any]) -> None:
        """Return once a call has ended; run it, or others, meanwhile."""
        while not future.done():
            other = self._take(future) if self.depth.value < DEEPEST else None
            if other is not None:
                self._run(other)
            else:
                self._block(future)

    def _take(self, future: Future[Any]) -> Future[Any] | None:
        """What to run while waiting: the call itself, else the newest that is due."""
        with self.lock:
            if future._state == _WAITING:
                try:
                    self.due.remove(future)
                except ValueError:
                    return None  # made by hand, or waiting for another future
                future._state = _RUNNING
                return future
            if future._state == _RUNNING and self.due:
                found = self.due.pop()
                found._state = _RUNNING
                return found
        return None

    def _block(self, future: Future[Any]) -> None:
        """Wait without running anything; the pool may use another thread meanwhile."""
        is_own = threading.current_thread().name == _NAME
        ended = threading.Event()
        with self.lock:
            if future._state == _DONE:
                return
            future._waiting.append(ended)
            if is_own:
                self.active -= 1
            self._need_thread()
        ended.wait()
        if is_own:
            with self.lock:
                self.active += 1


_NAME = "jit.fork"
"""The name of the threads of the pool."""

_POOL = _Pool()
os.register_at_fork(after_in_child=_POOL.reset)


def fork(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
    """Start a call on another thread; while a trace is recorded, do it at once."""
    made: Future[Any] = Future()
    made._begin(_with_modes(lambda: call(*args, **kwargs)))
    if dispatch.observer is not None:
        made._run()
    else:
        _POOL.submit(made)
    return made


def wait(future: Any) -> Any:
    """The result of a future; of what is none, the thing itself."""
    return future.wait() if isinstance(future, Future) else future


def collect_all(futures: list[Future[Any]]) -> Future[list[Future[Any]]]:
    """The future of a list of futures, once all of them have ended."""

    def all_ended() -> list[Future[Any]]:
        for future in futures:
            if not future.done():
                _POOL.wait(future)
        return futures

    return fork(all_ended)


def wait_all(futures: list[Future[Any]]) -> list[Any]:
    """The results of some futures; raises what the first of them raised."""
    return [future.wait() for future in futures]


def _with_modes(call: Callable[[], Any]) -> Callable[[], Any]:
    """The call with gradients recorded, or not, as where it was made."""
    wanted = grad_mode.flags.enabled, grad_mode.flags.inference

    def run() -> Any:
        before = grad_mode.flags.enabled, grad_mode.flags.inference
        if before == wanted:
            return call()
        grad_mode.set_flags(*wanted)
        try:
            return call()
        finally:
            grad_mode.set_flags(*before)

    return run
