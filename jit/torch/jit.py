"""`torch.jit`: TraceScript's own functions under the name that TorchScript's have."""

from __future__ import annotations

from typing import Any

_OVERLOADS = ("_overload", "_overload_method")
"""Names that are TorchScript's alone."""


def __getattr__(name: str) -> Any:
    import jit

    if name.startswith("__"):
        raise AttributeError(name)
    if name in _OVERLOADS:
        from jit.modules import overloads

        return getattr(overloads, name)
    try:
        return getattr(jit, name)
    except AttributeError:
        raise AttributeError(f"module 'torch.jit' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    import jit

    return [*dir(jit), *_OVERLOADS]
