"""`torch.no_grad()` and its kin: context managers that are decorators too."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from jit.runtime.autocast import DTYPES, casting, chosen
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


class autocast:  # noqa: N801  torch's name
    """Products and convolutions compute in a shorter dtype inside. A decorator too.

    torch.autocast("cpu", dtype=torch.bfloat16)
    """

    def __init__(
        self,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(
                f"Expected `device_type` of type `str`, got: `{type(device_type)}`"
            )
        if enabled and device_type != "cpu":
            warnings.warn(
                f"autocast is for the device 'cpu', not {device_type!r}: it is disabled",
                stacklevel=2,
            )
            enabled = False
        if dtype is not None and dtype not in DTYPES and enabled:
            warnings.warn(
                f"autocast does not compute in {dtype}, but in torch.bfloat16 and"
                " torch.float16: it is disabled",
                stacklevel=2,
            )
            enabled = False
        self._dtype = (dtype or DTYPES[0]) if enabled else None
        self._entered: list[Any] = []

    def __enter__(self) -> autocast:
        context = casting(self._dtype)
        context.__enter__()
        self._entered.append(context)
        return self

    def __exit__(self, *exception: Any) -> None:
        self._entered.pop().__exit__(None, None, None)

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with casting(self._dtype):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


def is_autocast_enabled(device_type: str = "cpu") -> bool:
    """Whether this is inside of `torch.autocast` for a device."""
    return device_type == "cpu" and chosen() is not None
