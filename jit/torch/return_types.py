"""`torch.return_types`: the types of results with names, `return_types.max`."""

from __future__ import annotations

from typing import Any

from jit.ir.registry import overloads_of
from jit.runtime.return_types import named_result


def __getattr__(name: str) -> Any:
    import jit.runtime.ops  # noqa: F401  declares the cards

    for card in overloads_of(f"aten::{name}"):
        fields = tuple(r.name for r in card.schema.returns)
        if len(fields) > 1 and all(fields):
            return named_result(name, fields)
    raise AttributeError(f"module 'torch.return_types' has no attribute {name!r}")
