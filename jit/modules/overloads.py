"""Overloads of functions and methods: signatures declared before what implements them.

    @torch.jit._overload
    def sized(x: int) -> int: ...

    @torch.jit._overload
    def sized(x: str) -> int: ...

    def sized(x):                      compiled for each signature that calls need
        return x if isinstance(x, int) else len(x)

In plain Python the last definition counts, as without declarations.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

_declared: dict[tuple[str, str], dict[tuple[str, int], types.FunctionType]] = {}
"""Declarations by module and qualified name, then by file and line: what is executed
again takes the place of what it was."""


def _overload(fn: _F) -> _F:
    """Declare a signature of the function of this name that follows."""
    assert isinstance(fn, types.FunctionType)
    place = fn.__code__.co_filename, fn.__code__.co_firstlineno
    _declared.setdefault((fn.__module__, fn.__qualname__), {})[place] = fn
    return fn


def _overload_method(fn: _F) -> _F:
    """Declare a signature of the method of this name that follows in the class."""
    return _overload(fn)


def overloads_of(fn: Any) -> tuple[types.FunctionType, ...]:
    """The declarations that a function implements, in their order."""
    if not isinstance(fn, types.FunctionType):
        return ()
    known = _declared.get((fn.__module__, fn.__qualname__))
    if known is None:
        return ()
    file, line = fn.__code__.co_filename, fn.__code__.co_firstlineno
    return tuple(d for (f, n), d in sorted(known.items()) if f == file and n < line)
