"""One thread that compiles while others go on interpreting."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
from collections.abc import Callable

_jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
_lock = threading.Lock()
_thread: threading.Thread | None = None
_is_working = threading.Lock()
"""Held while a job runs: the process ends between two jobs."""


def submit(job: Callable[[], None]) -> None:
    """Have a job done by the thread, which is started if there is none."""
    global _thread
    _jobs.put(job)
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="jit compiler", daemon=True)
            _thread.start()


def wait() -> None:
    """Return when all jobs are done that were submitted before."""
    done = threading.Event()
    submit(done.set)
    done.wait()


def _work() -> None:
    while True:
        job = _jobs.get()
        with _is_working:
            try:
                job()
            except Exception:
                if not threading.main_thread().is_alive():
                    return  # the process ends, and starts no other thread for the job
                # calls go on being interpreted; an eager call would show the same error
                logging.getLogger("jit").exception("compiling in the background failed")


def _start_again() -> None:
    """In a forked child there is no thread, and what it was doing stays undone."""
    global _thread, _lock, _is_working, _jobs
    _thread = None
    _lock, _is_working = threading.Lock(), threading.Lock()
    _jobs = queue.SimpleQueue()


@atexit.register
def _finish() -> None:
    """Let the job under way end: nobody may be in LLVM while the process goes."""
    _is_working.acquire(timeout=10)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_again)
