"""The marker of values that stand for others while a function is traced.

Overload resolution asks such a value for its type instead of guessing from its class;
the observer replaces it by the concrete value before a kernel sees it. What the values
do is the tracer's business.
"""

from __future__ import annotations

from typing import Any

from jit.ir import types as T


class Traced:
    """A number or array that stands for the one of this run."""

    __slots__ = ()
    concrete: Any
    """The value in this run."""

    @property
    def type(self) -> T.Type:
        """The type that operators see."""
        raise NotImplementedError

    def settled(self) -> Any:
        """What Python goes by from now on: the value in this run, which is told."""
        raise NotImplementedError


def settled(value: Any) -> Any:
    """A plain value, where Python needs one."""
    return value.settled() if isinstance(value, Traced) else value


def concrete(value: Any) -> Any:
    """`value` with everything traced in it replaced by what it stands for."""
    if isinstance(value, Traced):
        return value.concrete
    if isinstance(value, tuple | list):
        parts = [concrete(v) for v in value]
        if all(a is b for a, b in zip(parts, value, strict=True)):
            return value
        if isinstance(value, list):
            return parts
        if hasattr(value, "_make"):
            return value._make(parts)
        return tuple(parts)
    if isinstance(value, dict):
        return {k: concrete(v) for k, v in value.items()}
    return value
