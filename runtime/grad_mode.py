"""Whether operators are to be recorded for gradients: a flag of each thread."""

from __future__ import annotations

import threading


class _Flags(threading.local):
    enabled = True
    inference = False


flags = _Flags()
"""Of the running thread; operators read it at every call."""


def is_grad_enabled() -> bool:
    """Whether gradients are wanted in this thread."""
    return flags.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `torch.inference_mode()`."""
    return flags.inference


def set_flags(enabled: bool, inference: bool | None = None) -> None:
    """Set what the two functions above answer."""
    flags.enabled = enabled
    if inference is not None:
        flags.inference = inference
