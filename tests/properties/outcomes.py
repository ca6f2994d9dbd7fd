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


def assert_same(
    expected: Outcome, actual: Outcome, *, lists_are_copied: bool = False
) -> None:
    """Fail if two calls did different things.

    With `lists_are_copied`, what one call writes to lists and dicts of its caller is not
    compared.
    """
    if actual.error is not None and expected.error is None:
        raise AssertionError(
            f"only one call raises: {actual.error!r}"
        ) from actual.error
    _equal("error", described(expected.error), described(actual.error))
    _equal("printed", expected.printed, actual.printed)
    _equal("result", described(expected.result), described(actual.result))
    _equal("what is shared", _identities(expected), _identities(actual))
    for left, right in zip(expected.arguments, actual.arguments, strict=True):
        if not (lists_are_copied and isinstance(left, list | dict | set)):
            _equal("argument afterwards", described(left), described(right))


def _equal(what: str, expected: Any, actual: Any) -> None:
    if expected != actual:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def described(value: Any) -> Any:
    """A value with its exact type, comparable: nan is nan, zeros have no sign."""
    if isinstance(value, OverflowError) and "64 bits" in str(value):
        return "OverflowError", "of 64 bits"
    if isinstance(value, Exception):
        cause = value.__cause__
        return type(value).__name__, str(value), type(cause).__name__, str(cause)
    if isinstance(value, set):
        return "set", sorted(map(described, value))
    if isinstance(value, dict):
        return "dict", [(described(k), described(v)) for k, v in value.items()]
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


MOST_COMPARED = 300
"""Memory of so many tensors is compared, each with each."""


def _identities(found: Outcome) -> tuple[list[int], list[list[bool]]]:
    """For each container of the result, which of them it is; for each tensor, with which
    arguments and results it has memory in common; of many, the first hundreds only.

    Containers among the arguments do not count: they may be copied.
    """
    parts = list(_parts(found.result))
    containers = [p for p in parts if isinstance(p, list | dict | set)]
    places: dict[int, int] = {}
    first = [places.setdefault(id(p), i) for i, p in enumerate(containers)]
    given = [a.array for a in found.arguments if isinstance(a, Tensor)]
    arrays = [p.array for p in parts if isinstance(p, Tensor)][:MOST_COMPARED]
    shared = [[np.shares_memory(a, b) for b in (*given, *arrays)] for a in arrays]
    return first, shared


def _parts(value: Any) -> Iterator[Any]:
    """The tensors and containers in a value."""
    if isinstance(value, Tensor | list | dict | set):
        yield value
    if isinstance(value, list | tuple):
        for item in value:
            yield from _parts(item)
