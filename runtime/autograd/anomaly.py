"""Whether to look for the step of the way back that makes a nan, and where it was made."""

from __future__ import annotations

_state = {"on": False, "check_nan": True}


def is_on() -> bool:
    """Whether steps of the tape remember where they were made."""
    return _state["on"]


def checks_nan() -> bool:
    """Whether gradients are searched for nan."""
    return _state["on"] and _state["check_nan"]


def switch(on: bool, check_nan: bool = True) -> tuple[bool, bool]:
    """Set both; returns what was set before."""
    before = _state["on"], _state["check_nan"]
    _state["on"], _state["check_nan"] = on, check_nan
    return before
