"""`torch.linalg`: the operators named `aten::linalg_…`."""

from __future__ import annotations

from typing import Any

from jit.runtime.kernels.matrix_checks import LinAlgError
from jit.torch.operators import find_function, names_with_prefix

__all__ = ["LinAlgError"]

_PREFIX = "linalg_"


def __getattr__(name: str) -> Any:
    found = find_function(_PREFIX + name)
    if found is None:
        raise AttributeError(f"module 'torch.linalg' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, *names_with_prefix(_PREFIX)]
