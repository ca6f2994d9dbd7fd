"""JAX: jitted functions of arrays that lie on its device."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case, Inputs, rebound
from benchmarks.contenders.ready import Absent, Compile, Ready, library


def jitted(case: Case) -> Any:
    """The jitted function of a case."""
    if case.jax is None:
        raise Absent("no program for JAX")
    jax = library("jax")
    jax.config.update("jax_enable_x64", True)  # float64 and int64 stay what they are
    jnp, lax = library("jax.numpy"), library("jax.lax")
    return jax.jit(rebound(case.jax, jax=jax, jnp=jnp, lax=lax))


def device_arrays(case: Case, inputs: Inputs, weights: Inputs) -> tuple[Any, ...]:
    """Arguments as JAX likes them."""
    jnp = library("jax.numpy")
    layout = case.jax_layout or (lambda array: array)
    values = [
        layout(v) if isinstance(v, np.ndarray) else v
        for v in (*inputs.values(), *weights.values())
    ]
    return tuple(jnp.asarray(v) if isinstance(v, np.ndarray) else v for v in values)


def prepare(case: Case, inputs: Inputs, weights: Inputs, threads: int) -> Compile:
    """A call that waits for its result."""
    function = jitted(case)
    args = device_arrays(case, inputs, weights)

    def call(*args: Any) -> Any:
        return function(*args).block_until_ready()

    def result(value: Any) -> np.ndarray:
        array = np.asarray(value)
        return case.jax_result(array) if case.jax_result is not None else array

    return lambda: Ready(call, args, result)
