"""Compiled programs on both executors: results, exceptions, and no memory kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import jit
from jit.runtime.executor import Executor, enable_native
from jit.runtime.tensor import wrap

Array = np.ndarray[Any, Any]


def numbers(*shape: int, dtype: Any = np.float32, seed: int = 0) -> Array:
    """Normal numbers, the same for the same seed."""
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def outcome(executor: Executor, name: str, args: list[Any]) -> Any:
    """What a call gives, or type and message of what it raises."""
    try:
        return executor.call(name, args)
    except Exception as error:
        return type(error), str(error)


class Both:
    """A function on the interpreter and as machine code."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.scripted = jit.script(function)
        self.name = self.scripted.qualified_name
        self.slow = Executor(self.scripted.program)
        self.fast = Executor(self.scripted.program)

    def check(self, *args: Any, relative: float, absolute: float) -> None:
        """The whole function is machine code of its own, which calls no kernel of the
        interpreter, and does what the interpreter does. Arrays are given as Tensors."""
        from jit.runtime.codegen.process import memory

        values = wrapped(args)
        enable_native(False)
        expected = outcome(self.slow, self.name, values)
        enable_native(True)
        explained = self.fast.explain(self.name, values)
        assert explained.is_native, explained
        assert not explained.boxed, explained
        used = memory.statistics().current
        found = outcome(self.fast, self.name, values)
        if isinstance(expected, tuple):
            assert expected == found
        else:
            assert expected.array.dtype == found.array.dtype
            assert expected.array.shape == found.array.shape
            np.testing.assert_allclose(
                expected.array.astype(np.float64),
                found.array.astype(np.float64),
                rtol=relative,
                atol=absolute,
            )
        del found
        assert used == memory.statistics().current


def wrapped(args: Any) -> list[Any]:
    """Arguments with Tensors for arrays."""
    return [wrap(x) if isinstance(x, np.ndarray) else x for x in args]
