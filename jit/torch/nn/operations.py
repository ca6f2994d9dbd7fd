"""Operators that `torch.nn.functional` shows and `torch` does not, by name."""

from __future__ import annotations

from typing import Any

from jit.torch.operators import find_function


def __getattr__(name: str) -> Any:
    found = None if name.startswith("__") else find_function(name)
    if found is None:
        raise AttributeError(f"there is no operator `aten::{name}`", name=name)
    globals()[name] = found
    return found
