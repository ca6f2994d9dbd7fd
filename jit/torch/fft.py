"""`torch.fft`: the operators named `aten::fft_…`."""

from __future__ import annotations

from typing import Any

from jit.torch.operators import find_function, names_with_prefix

_PREFIX = "fft_"


def __getattr__(name: str) -> Any:
    found = find_function(_PREFIX + name)
    if found is None:
        raise AttributeError(f"module 'torch.fft' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return names_with_prefix(_PREFIX)
