"""How many threads compiled code may use."""

from __future__ import annotations

import ctypes
import math
import os
from pathlib import Path

MOST = 256

_count = ctypes.c_int64(0)
"""0 until somebody asks; generated code reads this very place."""


def get_num_threads() -> int:
    """The number of threads that one call of compiled code may use.

    It is that of `set_num_threads`, or of `JIT_NUM_THREADS`, or the number of processor
    cores that this process may use.
    """
    if _count.value == 0:
        _count.value = _wanted() or _usable_cores()
    return _count.value


def set_num_threads(count: int) -> None:
    """Let one call of compiled code use this many threads, the caller among them.

    Work is split by sizes and this number alone, so equal calls give equal bits.
    """
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"expected an int, got {type(count).__name__}")
    if not 1 <= count <= MOST:
        raise ValueError(f"expected 1 to {MOST} threads, got {count}")
    _count.value = count


def count_address() -> int:
    """Where the number is, an i64."""
    get_num_threads()
    return ctypes.addressof(_count)


def _wanted() -> int:
    """What the environment asks for; 0 if it asks for nothing."""
    text = os.environ.get("JIT_NUM_THREADS", "").strip()
    if not text:
        return 0
    if not text.isdigit() or not 1 <= int(text) <= MOST:
        raise ValueError(
            f"JIT_NUM_THREADS is {text!r}; expected a number from 1 to {MOST}"
        )
    return int(text)


def _usable_cores() -> int:
    """Cores that this process may run on, at most those its share of time pays for."""
    if hasattr(os, "sched_getaffinity"):
        processors = os.sched_getaffinity(0)
    else:
        processors = set(range(os.cpu_count() or 1))
    # two processors of one core share its arithmetic units
    cores = {_siblings(number) for number in processors}
    return max(1, min(len(cores), _share_of_time(), MOST))


def _siblings(number: int) -> str:
    path = f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list"
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return str(number)


def _share_of_time() -> int:
    """How many processors a container may keep busy."""
    try:
        text = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii")
    except OSError:
        return MOST
    quota, period = text.split()
    return MOST if quota == "max" else max(1, math.ceil(int(quota) / int(period)))
