"""Whether operators are to be recorded for gradients: a flag of each thread.

Nothing reads it yet but `torch.is_grad_enabled()`.
"""

from __future__ import annotations

import threading


class _Flags(threading.local):
    enabled = True
    inference = False


_flags = _Flags()


def is_grad_enabled() -> bool:
    """Whether gradients are wanted in this thread."""
    return _flags.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `torch.inference_mode()`."""
    return _flags.inference


def set_flags(enabled: bool, inference: bool | None = None) -> None:
    """Set what the two functions above answer."""
    _flags.enabled = enabled
    if inference is not None:
        _flags.inference = inference
