"""Run generated programs, and compare what they do."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import itertools
import sys
import tempfile
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jit.torch import Tensor

_numbers = itertools.count()


@contextlib.contextmanager
def loaded(source: str) -> Iterator[types.ModuleType]:
    """A module of this source, from a file, so that its source can be found."""
    name = f"generated_{next(_numbers)}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
            yield module
        finally:
            del sys.modules[name]


@dataclass
class Outcome:
    """What one call did."""

    result: Any
    error: Exception | None
    printed: str
    arguments: tuple[Any, ...]
    """As they are after the call."""


def outcome(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    """Call a function; keep what it returns, raises, prints and changes."""
    printed = io.StringIO()
    result, caught = None, None
    with contextlib.redirect_stdout(printed):
        try:
            result = function(*arguments)
        except Exception as error:
            caught = error
    return Outcome(result, caught, printed.getvalue(), arguments)


def is_overflow(found: Outcome) -> bool:
    """Whether an int left 64 bits, where Python's own would go on."""
    return isinstance(found.error, OverflowError) and "64" in str(found.error)


def assert_same(
    expected: Outcome, actual: Outcome, *, lists_are_copied: bool = False
) -> None:
    """Fail if two calls did different things.

    With `lists_are_copied`, what one call writes to lists of its caller is not compared.
    """
    if actual.error is not None and expected.error is None:
        raise AssertionError(
            f"only one call raises: {actual.error!r}"
        ) from actual.error
    _equal("error", described(expected.error), described(actual.error))
    _equal("printed", expected.printed, actual.printed)
    _equal("result", described(expected.result), described(actual.result))
    _equal("arguments that are results", _identities(expected), _identities(actual))
    for left, right in zip(expected.arguments, actual.arguments, strict=True):
        if not (lists_are_copied and isinstance(left, list)):
            _equal("argument afterwards", described(left), described(right))


def _equal(what: str, expected: Any, actual: Any) -> None:
    if expected != actual:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def described(value: Any) -> Any:
    """A value with its exact type, comparable: nan is nan, zeros have no sign."""
    if isinstance(value, Exception):
        return type(value).__name__, str(value)
    if isinstance(value, Tensor | np.ndarray):
        array = value.array if isinstance(value, Tensor) else value
        return (
            type(value).__name__,
            str(array.dtype),
            array.shape,
            repr((array + 0).tolist()),
        )
    if isinstance(value, tuple | list):
        return type(value).__name__, [described(v) for v in value]
    if isinstance(value, float):
        return "float", repr(value + 0.0)
    return type(value).__name__, repr(value)


def _identities(found: Outcome) -> list[int]:
    """For each Tensor of the result, the argument that it is, or -1."""
    result = found.result if isinstance(found.result, tuple) else (found.result,)
    return [
        next((i for i, a in enumerate(found.arguments) if a is value), -1)
        for value in result
        if isinstance(value, Tensor)
    ]
