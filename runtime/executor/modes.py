"""When machine code is made: before the first result, later, meanwhile, or never.

    eager        before the first result of each specialisation
    lazy         when a specialisation is called for the second time
    background   by a thread, while calls are interpreted
    off          never

The environment variable `JIT_COMPILE_MODE` says which one a process starts with.
"""

from __future__ import annotations

import os

from jit import passes
from jit.runtime import conditions

MODES = ("eager", "lazy", "background", "off")

CALLS_BEFORE = 1
"""How many calls of a specialisation are interpreted in the mode `lazy`."""


def _checked(mode: str, source: str) -> str:
    if mode not in MODES:
        raise ValueError(
            f"{source}{mode!r} is no compile mode; the modes are {', '.join(MODES)}"
        )
    return mode


_mode = _checked(os.environ.get("JIT_COMPILE_MODE", "eager"), "JIT_COMPILE_MODE=")
_enabled = os.environ.get("JIT_NATIVE") != "0"


def get_compile_mode() -> str:
    """When machine code is made: "eager", "lazy", "background" or "off"."""
    return _mode


def set_compile_mode(mode: str) -> str:
    """Choose when machine code is made; returns the mode before.

    `eager`, the default, compiles before the first result of each specialisation, so
    that all calls give the same bits. `lazy` interprets the first call and compiles at
    the second. `background` interprets while a thread compiles. `off` interprets.
    Code that is there already is used in all modes but `off`.

    Raises ValueError for anything else.
    """
    global _mode
    before, _mode = _mode, _checked(mode, "")
    _note()
    return before


def native_wanted() -> bool:
    """Whether the process may run machine code at all."""
    return _enabled and _mode != "off"


def enable_native(enabled: bool) -> bool:
    """Allow or forbid machine code, whatever the mode; returns what it was."""
    global _enabled
    before, _enabled = _enabled, enabled
    _note()
    return before


def _note() -> None:
    conditions.note("off", not native_wanted())


def _note_level() -> None:
    conditions.note("math", passes.LEVELS.index(passes.math_level()))


passes.WATCHERS.append(_note_level)
_note_level()
_note()
