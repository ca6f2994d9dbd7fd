"""What a contender gives: something to call, and how to read its result.

It comes in two steps, because compiling is timed by itself: `prepare` loads libraries
and builds modules and inputs, and gives a function that compiles.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np


class Absent(Exception):  # noqa: N818  it is no error: the contender sits out
    """A contender does not run a case; the message says why."""


@dataclass(frozen=True)
class Ready:
    """A case made ready: `call(*args)` is what is measured."""

    call: Callable[..., Any]
    args: tuple[Any, ...]
    result: Callable[[Any], Any] = np.asarray
    """From what the call gives to an array."""
    note: Callable[[], str] = lambda: ""
    """Said beside the figure, such as which executor runs; asked after the first call."""


Compile: TypeAlias = Callable[[], Ready]


def library(name: str) -> Any:
    """A library, or Absent if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if error.name is None or not name.startswith(error.name):
            raise
        raise Absent(f"{name.partition('.')[0]} is not installed") from None
