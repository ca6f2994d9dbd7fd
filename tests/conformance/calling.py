"""A call: the arguments of one sample, and how failures are told in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Call:
    """A sample of the database as the arguments of a call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    finish: Callable[[Any], Any]
    """Makes a result unique, where it is not."""

    def __str__(self) -> str:
        parts = [shown(a) for a in self.args]
        parts += [f"{k}={shown(v)}" for k, v in self.kwargs.items()]
        return f"({', '.join(parts)})"[:160]


def shown(value: Any) -> str:
    """An argument in a few characters: dtype and sizes of a tensor."""
    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        kept = "" if value.is_contiguous() else "~"
        return f"{dtype}{list(value.shape)}{kept}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    return str(value)


def describe(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return f"raises {type(error).__name__}: {text[:140]}"
