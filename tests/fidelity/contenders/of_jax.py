"""JAX: `jax.jit` of the functions written with `jax.numpy`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy

ARRAYS, TENSORS = "import jax.numpy as xp", None
WAYS = ("jax.jit",)

jax.config.update("jax_enable_x64", True)


def make_array(rows: Any) -> Any:
    return jax.numpy.asarray(rows)


def is_array(x: Any) -> bool:
    return isinstance(x, jax.Array)


def capture(way: str, function: Callable[..., Any], example: tuple[Any, ...]) -> Any:
    """The function; what cannot be traced is static, as its documentation says."""
    static = tuple(i for i, x in enumerate(example) if isinstance(x, str) or x is None)
    return jax.jit(function, static_argnums=static)
