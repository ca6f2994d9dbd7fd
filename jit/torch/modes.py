"""`torch.no_grad()` and its kin: context managers that are decorators too."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from jit.runtime.grad_mode import (
    is_grad_enabled,
    is_inference_mode_enabled,
    set_flags,
)

F = TypeVar("F", bound=Callable[..., Any])


class _GradMode:
    """Sets the flags of the thread for a `with` block or for calls of a function."""

    def __init__(self, enabled: bool, inference: bool | None = None) -> None:
        self._enabled = enabled
        self._inference = inference
        self._saved: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self._saved.append((is_grad_enabled(), is_inference_mode_enabled()))
        set_flags(self._enabled, self._inference)

    def __exit__(self, *exception: object) -> None:
        set_flags(*self._saved.pop())

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with _GradMode(self._enabled, self._inference):
                return function(*args, **kwargs)

        # other decorators copy attributes: it says whose it is
        wrapped._jit_grad_mode = wrapped, self._enabled  # type: ignore[attr-defined]
        return wrapped  # type: ignore[return-value]


class no_grad(_GradMode):  # noqa: N801
    """No gradients inside. A decorator with or without parentheses."""

    def __new__(cls, function: Any = None) -> Any:
        made = super().__new__(cls)
        if function is None:
            return made
        made.__init__()  # type: ignore[misc]
        return made(function)

    def __init__(self, function: Any = None) -> None:
        super().__init__(False)


class enable_grad(_GradMode):  # noqa: N801
    """Gradients inside. A decorator with or without parentheses."""

    def __new__(cls, function: Any = None) -> Any:
        made = super().__new__(cls)
        if function is None:
            return made
        made.__init__()  # type: ignore[misc]
        return made(function)

    def __init__(self, function: Any = None) -> None:
        super().__init__(True)


class set_grad_enabled(_GradMode):  # noqa: N801  torch's name
    """Sets the flag at once; as a context manager restores it at the end."""

    def __init__(self, mode: bool) -> None:
        super().__init__(bool(mode))
        self._saved.append((is_grad_enabled(), is_inference_mode_enabled()))
        set_flags(bool(mode))

    def __enter__(self) -> None:
        set_flags(self._enabled)

    def __call__(self, function: F) -> F:
        set_flags(*self._saved.pop())
        return super().__call__(function)


class inference_mode(_GradMode):  # noqa: N801  torch's name
    """No gradients and no bookkeeping for them inside."""

    def __new__(cls, mode: Any = True) -> Any:
        made = super().__new__(cls)
        if isinstance(mode, bool):
            return made
        made.__init__()  # type: ignore[misc]
        return made(mode)

    def __init__(self, mode: Any = True) -> None:
        super().__init__(not mode, bool(mode))
