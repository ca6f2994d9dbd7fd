"""`torch.compiler`: questions and marks around `torch.compile`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from jit.modules.marks import ignore, is_tracing

__all__ = [
    "compile",
    "disable",
    "is_compiling",
    "is_dynamo_compiling",
    "is_exporting",
    "list_backends",
    "reset",
]

_F = TypeVar("_F", bound=Callable[..., Any])


def compile(*args: Any, **kwargs: Any) -> Any:
    """`torch.compile`."""
    from jit.torch import compiling

    return compiling.compile(*args, **kwargs)


def is_compiling() -> bool:
    """Whether this runs as compiled code, or is being traced; False in plain Python."""
    return is_tracing()


def is_dynamo_compiling() -> bool:
    """Whether torch's own capture is at work: never, there is none here."""
    return False


def is_exporting() -> bool:
    """Whether torch's own export is at work: never, there is none here."""
    return False


def list_backends(exclude_tags: Any = ()) -> list[str]:
    """The names that `torch.compile` takes for `backend`."""
    from jit.torch.compiling import BACKENDS

    return list(BACKENDS)


def disable(fn: _F, recursive: bool = True, *, reason: str | None = None) -> _F:
    """Mark a function that stays Python where compiled code calls it."""
    return ignore(fn)


def reset() -> None:
    """Forget what was compiled: nothing here outlives what it was compiled for."""
