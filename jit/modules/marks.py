"""Marks that steer compilation and mean nothing, or little, in plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from jit.runtime import dispatch

__all__ = [
    "Final",
    "annotate",
    "export",
    "ignore",
    "is_scripting",
    "is_tracing",
    "unused",
]

_F = TypeVar("_F", bound=Callable[..., Any])


def annotate(the_type: Any, the_value: Any) -> Any:
    """`the_value`, which the compiler takes to be of `the_type`."""
    return the_value


def export(fn: _F) -> _F:
    """Mark a method to be compiled although `forward` does not call it."""
    fn._jit_mark = "export"  # type: ignore[attr-defined]
    return fn


def ignore(fn: _F) -> _F:
    """Mark a method or function that stays Python and is not compiled."""
    fn._jit_mark = "ignore"  # type: ignore[attr-defined]
    return fn


def unused(fn: _F) -> _F:
    """Mark a method that is not compiled and raises if compiled code calls it."""
    fn._jit_mark = "unused"  # type: ignore[attr-defined]
    return fn


def is_scripting() -> bool:
    """Whether this runs inside a compiled function; False in plain Python."""
    return False


def is_tracing() -> bool:
    """Whether a trace is being recorded."""
    return dispatch.observer is not None
