"""TraceScript: `jit.script`, and `jit.trace` with and without compiling what decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jit
from jit import torch

ARRAYS, TENSORS = "from jit import torch as xp", "from jit import torch"
WAYS = ("script", "trace", "trace, on_bake='compile'")
REFUSALS: tuple[type[BaseException], ...] = (jit.Error,)


def make_array(rows: Any) -> Any:
    """An array argument: numbers become float32 or int64 tensors."""
    return torch.tensor(rows)


def is_array(x: Any) -> bool:
    return isinstance(x, torch.Tensor)


def capture(way: str, function: Callable[..., Any], example: tuple[Any, ...]) -> Any:
    """The function, captured in one of the ways."""
    if way == "script":
        return jit.script(function)
    on_bake = "compile" if "compile" in way else "warn"
    return jit.trace(function, example, strict=False, on_bake=on_bake)
