"""One word for what a call depends on besides its arguments.

Calls go straight into machine code while the word is what it was when their code was
made; any other value sends them to Python, which looks again. Generated code reads it.

    bit 0        an observer watches: it has to be told of calls
    bit 1        machine code is switched off
    bit 2        a thread is inside of `torch.autocast`
    bits 8-15    the default dtype
    bits 16-23   how much algebra may assume
"""

from __future__ import annotations

import ctypes
import threading

_FIELDS = {"observed": (0, 1), "off": (1, 1), "autocast": (2, 1)} | {
    "dtype": (8, 8),
    "math": (16, 8),
}

_word = ctypes.c_int64(0)
_lock = threading.Lock()

NEVER = -1
"""What the word never is."""


def note(field: str, value: int) -> None:
    """Say what holds from now on."""
    shift, bits = _FIELDS[field]
    mask = (1 << bits) - 1
    assert 0 <= value <= mask, (field, value)
    with _lock:
        _word.value = _word.value & ~(mask << shift) | value << shift


def current() -> int:
    """The word as it is."""
    return _word.value


def are_plain() -> bool:
    """Whether nothing keeps calls from going straight into machine code."""
    return _word.value & 0xFF == 0


def allow_links(word: int) -> bool:
    """Whether calls may go straight into machine code while the word is this one.

    Not where some thread is inside of `torch.autocast`: each call asks which.
    """
    shift, _ = _FIELDS["autocast"]
    return not word >> shift & 1


def address() -> int:
    """Where the word is."""
    return ctypes.addressof(_word)
