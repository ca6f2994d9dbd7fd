"""Numba: `numba.njit` of the functions written with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

ARRAYS, TENSORS = "import numpy as xp", None
WAYS = ("numba.njit",)


def make_array(rows: Any) -> Any:
    return np.asarray(rows)


def is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.generic)


def capture(way: str, function: Callable[..., Any], example: tuple[Any, ...]) -> Any:
    """The function, compiled for the types of each call."""
    return numba.njit(function)
