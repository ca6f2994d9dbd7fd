"""What holds still while a process forks: LLVM, the allocator, the pool of threads.

A child has the thread that called `fork` and no other; a lock that another thread held
would stay locked in it for ever. So locks are taken before the fork and given back on
both sides, that of LLVM first, because its holder may want the others.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

llvm_lock = threading.RLock()
"""Held while code is made, loaded or unloaded: one thread at a time uses LLVM."""

_before: list[Callable[[], object]] = []
_after: list[Callable[[], object]] = []
_in_child: list[Callable[[], object]] = []


def guard(take: Callable[[], object], give: Callable[[], object]) -> None:
    """Have a lock taken before each fork, and given back after it."""
    with llvm_lock:  # a fork that has begun shall not give what it did not take
        _before.append(take)
        _after.append(give)


def run_in_child(renew: Callable[[], object]) -> None:
    """Have something done in each forked child."""
    with llvm_lock:
        _in_child.append(renew)


def _take() -> None:
    llvm_lock.acquire()
    for take in _before:
        take()


def _give() -> None:
    for give in reversed(_after):
        give()
    llvm_lock.release()


def _begin_child() -> None:
    for renew in _in_child:
        renew()
    _give()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_take, after_in_parent=_give, after_in_child=_begin_child
    )
