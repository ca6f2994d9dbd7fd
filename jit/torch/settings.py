"""Settings of the process that programs for torch make, and what they mean here."""

from __future__ import annotations

from typing import Any

from jit.ir.dtypes import DType
from jit.runtime import legacy_tensors
from jit.runtime.device import CPU, Device, require_cpu
from jit.runtime.promotion import set_default_dtype
from jit.runtime.thread_count import get_num_threads, set_num_threads

__all__ = [
    "are_deterministic_algorithms_enabled",
    "get_default_device",
    "get_deterministic_debug_mode",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "get_num_threads",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_storage",
    "is_warn_always_enabled",
    "set_default_device",
    "set_default_tensor_type",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_num_threads",
    "set_warn_always",
    "use_deterministic_algorithms",
]

_PRECISIONS = ("highest", "high", "medium")
_MODES = ("default", "warn", "error")


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Nothing to choose: equal calls give equal results in any case."""


def are_deterministic_algorithms_enabled() -> bool:
    """True: equal calls give equal results."""
    return True


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """False: nothing is there to warn of."""
    return False


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """Nothing to choose; RuntimeError for a mode that there is not."""
    if debug_mode not in (*_MODES, 0, 1, 2):
        raise RuntimeError(
            "invalid value of debug_mode, expected one of `default`, `warn`, `error`,"
            f" but got {debug_mode}"
        )


def get_deterministic_debug_mode() -> int:
    """2: equal calls give equal results."""
    return 2


def set_float32_matmul_precision(precision: str) -> None:
    """Products of float32 are computed in float32 whatever is allowed."""
    if precision not in _PRECISIONS:
        raise RuntimeError(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current"
            " setFloat32MatmulPrecision call has no effect."
        )


def get_float32_matmul_precision() -> str:
    """Products of float32 are computed in float32."""
    return "highest"


def set_flush_denormal(mode: bool) -> bool:
    """False: denormal numbers are always kept."""
    return False


def get_num_interop_threads() -> int:
    """1: operators run one after the other."""
    return 1


def set_num_interop_threads(count: int) -> None:
    """Operators run one after the other; RuntimeError unless the count is positive."""
    if count < 1:
        raise RuntimeError(f"Expected positive number of threads, but got {count}")


def set_default_device(device: Any) -> None:
    """The CPU is the only device; RuntimeError for others."""
    if device is not None:
        require_cpu(device)


def get_default_device() -> Device:
    """The CPU."""
    return CPU


def set_default_tensor_type(t: Any) -> None:
    """`torch.DoubleTensor` or its name: the dtype of tensors made from floats."""
    name = t if isinstance(t, str) else getattr(t, "__name__", "")
    found = legacy_tensors.TYPES.get(name.removeprefix("torch."))
    if found is None:
        raise TypeError(f"invalid type object: {t!r}")
    dtype: DType = found.dtype
    set_default_dtype(dtype)


def set_warn_always(b: bool) -> None:
    """Nothing to choose: warnings go through Python's filters."""


def is_warn_always_enabled() -> bool:
    """False: Python's filters decide."""
    return False


def is_storage(obj: Any) -> bool:
    """False: memory has no object of its own."""
    return False
