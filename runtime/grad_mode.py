"""Whether operators are to be recorded for gradients: a flag of each thread."""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from collections.abc import Callable
from typing import Any


class _Flags(threading.local):
    enabled = True
    inference = False


flags = _Flags()
"""Of the running thread; operators read it at every call."""


def is_grad_enabled() -> bool:
    """Whether gradients are wanted in this thread."""
    return flags.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `torch.inference_mode()`."""
    return flags.inference


def set_flags(enabled: bool, inference: bool | None = None) -> None:
    """Set what the two functions above answer."""
    flags.enabled = enabled
    if inference is not None:
        flags.inference = inference
    if _told:
        _tell(enabled)


def detached(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function where gradients are not wanted."""
    before = flags.enabled
    set_flags(False)
    try:
        return function(*args)
    finally:
        set_flags(before)


# for machine code -----------------------------------------------------------------------

_told: list[int] = []
"""The key under which each thread tells machine code that gradients are off."""


def _tell(enabled: bool) -> None:
    _library().pthread_setspecific(_told[0], None if enabled else 1)


@functools.cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(None)
    library.pthread_setspecific.argtypes = [ctypes.c_uint, ctypes.c_void_p]
    return library


def thread_key() -> int:
    """The key of POSIX threads whose value is not null where gradients are off.

    A thread that switched them off before the key was made is not known by it: its calls
    come to Python, which knows better.
    """
    if not _told:
        key = ctypes.c_uint(0)
        if _library().pthread_key_create(ctypes.byref(key), None):
            raise OSError("there is no more room for data of threads")
        _told.append(key.value)
        _tell(flags.enabled)
    return _told[0]


def reader_address() -> int:
    """The address of `pthread_getspecific`; 0 where there are no POSIX threads."""
    if os.name != "posix":
        return 0
    found = ctypes.cast(_library().pthread_getspecific, ctypes.c_void_p).value
    return found or 0
