"""Marks that steer compilation and mean nothing, or little, in plain Python."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

from jit.runtime import dispatch

__all__ = [
    "Attribute",
    "Final",
    "annotate",
    "export",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "script_if_tracing",
    "script_method",
    "unused",
]

_F = TypeVar("_F", bound=Callable[..., Any])
_C = TypeVar("_C", bound=type)


def annotate(the_type: Any, the_value: Any) -> Any:
    """`the_value`, which the compiler takes to be of `the_type`."""
    return the_value


class Attribute(NamedTuple):
    """An attribute of a module with its type, which the compiled module has for it.

    self.names = jit.Attribute({}, Dict[str, int])
    """

    value: Any
    type: Any


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


def interface(cls: _C) -> _C:
    """Mark a class as an interface: any class or module with its methods implements it."""
    cls._jit_interface = True  # type: ignore[attr-defined]
    return cls


def script_method(fn: _F) -> _F:
    """Mark a method of a subclass of ScriptModule to be compiled."""
    return export(fn)


def script_if_tracing(fn: _F) -> _F:
    """A function that is plain Python, but stands compiled in what is traced: its
    branches and loops are then not baked in."""

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        from jit.modules.script import script

        if not is_tracing():
            return fn(*args, **kwargs)
        if compiled[0] is None:
            compiled[0] = script(fn)
        return compiled[0](*args, **kwargs)

    compiled: list[Any] = [None]
    call._jit_plain = fn  # type: ignore[attr-defined]
    return call  # type: ignore[return-value]


def is_scripting() -> bool:
    """Whether this runs inside a compiled function; False in plain Python."""
    return False


def is_tracing() -> bool:
    """Whether a trace is being recorded."""
    return dispatch.observer is not None
