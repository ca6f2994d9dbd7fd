"""`torch.cuda`: there is none, and these functions say so."""

from __future__ import annotations

from typing import Any

from jit.runtime.device import require_cpu


def is_available() -> bool:
    """False: tensors live on the CPU."""
    return False


def device_count() -> int:
    """0."""
    return 0


def is_initialized() -> bool:
    """False."""
    return False


def manual_seed(seed: int) -> None:
    """Nothing to seed; programs call it beside `torch.manual_seed`."""


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Nothing to give back."""


def current_device() -> int:
    """RuntimeError, with what to do instead."""
    require_cpu("cuda")
    raise AssertionError("not reached")


def synchronize(device: Any = None) -> None:
    """RuntimeError, with what to do instead."""
    require_cpu("cuda")
