"""`torch.testing.assert_close`: are results equal up to rounding, and where not?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.runtime.promotion import get_default_dtype
from jit.runtime.size import Size
from jit.runtime.tensor import Tensor, wrap

TOLERANCES = {
    dtypes.float16: (1e-3, 1e-5),
    dtypes.bfloat16: (1.6e-2, 1e-5),
    dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7),
    dtypes.complex64: (1.3e-6, 1e-5),
    dtypes.complex128: (1e-7, 1e-7),
}
"""Relative and absolute tolerance by dtype; other dtypes must be equal."""


class _Rules(NamedTuple):
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_dtype: bool
    check_stride: bool


class _DifferenceError(Exception):
    """Two values that differ: the message, and where in nested containers."""

    def __init__(self, message: str, place: str = "") -> None:
        self.message = message
        self.place = place


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise AssertionError unless |actual - expected| ≤ atol + rtol·|expected|.

    Takes tensors, arrays, numbers, and nested sequences and mappings of them. The
    tolerances default by dtype; the message shows the worst element.
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(
            "Both 'rtol' and 'atol' must be either specified or omitted, but got no"
            f" {missing}."
        )
    rules = _Rules(rtol, atol, equal_nan, check_dtype, check_stride)
    try:
        if not allow_subclasses and type(actual) is not type(expected):
            raise _no_comparison(actual, expected)
        _compare(actual, expected, rules, "")
    except _DifferenceError as difference:
        text = difference.message
        if difference.place:
            text += f"\n\nThe failure occurred for item {difference.place}"
        if msg is not None:
            text = msg(text) if callable(msg) else msg
        raise AssertionError(text) from None


def _compare(actual: Any, expected: Any, rules: _Rules, place: str) -> None:
    if actual is None and expected is None:
        return
    tensors = (Tensor, np.ndarray, np.generic)
    numbers = (bool, int, float, complex)
    if isinstance(actual, tensors) and isinstance(expected, tensors):
        _compare_tensors(_as_tensor(actual), _as_tensor(expected), rules, place)
    elif isinstance(actual, numbers) and isinstance(expected, numbers):
        _compare_numbers(actual, expected, rules, place)
    elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
        _compare_mappings(actual, expected, rules, place)
    elif _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            raise _DifferenceError(
                f"The length of the sequences mismatch: {len(actual)} !="
                f" {len(expected)}",
                place,
            )
        for i, (a, b) in enumerate(zip(actual, expected, strict=True)):
            _compare(a, b, rules, f"{place}[{i}]")
    else:
        raise _no_comparison(actual, expected)


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str | bytes)


def _as_tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else wrap(np.asarray(x))


def _no_comparison(actual: Any, expected: Any) -> TypeError:
    return TypeError(
        "No comparison pair was able to handle inputs of type"
        f" {type(actual)} and {type(expected)}."
    )


def _compare_mappings(
    actual: Mapping[Any, Any], expected: Mapping[Any, Any], rules: _Rules, place: str
) -> None:
    missing = [k for k in expected if k not in actual]
    more = [k for k in actual if k not in expected]
    if missing or more:
        raise _DifferenceError(
            "The keys of the mappings do not match:\n"
            f"Missing keys in the actual mapping: {missing}\n"
            f"Additional keys in the actual mapping: {more}",
            place,
        )
    for key in expected:
        _compare(actual[key], expected[key], rules, f"{place}[{key!r}]")


def _compare_numbers(actual: Any, expected: Any, rules: _Rules, place: str) -> None:
    if rules.check_dtype and type(actual) is not type(expected):
        raise _DifferenceError(
            f"The (d)types do not match: {type(actual)} != {type(expected)}.", place
        )
    kinds = {bool: dtypes.bool_, int: dtypes.int64, float: dtypes.float64}
    found = [kinds.get(type(x), dtypes.complex128) for x in (actual, expected)]
    rtol, atol = _tolerances(found, rules)
    _compare_arrays(np.asarray(actual), np.asarray(expected), rtol, atol, rules, place)


def _compare_tensors(a: Tensor, b: Tensor, rules: _Rules, place: str) -> None:
    checks: list[tuple[str, Any, Any]] = [
        ("shape", Size(a.array.shape), Size(b.array.shape))
    ]
    if rules.check_stride:
        checks.append(("stride()", a.stride(), b.stride()))
    if rules.check_dtype:
        checks.append(("dtype", a.dtype, b.dtype))
    for name, x, y in checks:
        if x != y:
            raise _DifferenceError(
                f"The values for attribute '{name}' do not match: {x} != {y}.", place
            )
    rtol, atol = _tolerances([a.dtype, b.dtype], rules)
    _compare_arrays(a.array, b.array, rtol, atol, rules, place)


def _tolerances(found: Sequence[DType], rules: _Rules) -> tuple[float, float]:
    if rules.rtol is not None and rules.atol is not None:
        return rules.rtol, rules.atol
    pairs = [TOLERANCES.get(d, (0.0, 0.0)) for d in found]
    return max(p[0] for p in pairs), max(p[1] for p in pairs)


def _compare_arrays(
    actual: np.ndarray,
    expected: np.ndarray,
    rtol: float,
    atol: float,
    rules: _Rules,
    place: str,
) -> None:
    is_exact = rtol == 0 and atol == 0
    if _are_integers(actual, expected) and is_exact:
        close = actual == expected
        a, b = actual.astype(object), expected.astype(object)
    else:
        a, b = _wide(actual), _wide(expected)
        close = np.isclose(a, b, rtol, atol, equal_nan=rules.equal_nan)
    if bool(np.all(close)):
        return
    difference, relative = _differences(a, b, actual)
    bounds = ("", "") if is_exact else _bounds(atol, rtol)
    if actual.ndim == 0:
        # a Python number as torch shows it
        text = (
            f"Expected {expected.item()} but got {actual.item()}.\n"
            f"Absolute difference: {difference.item()}{bounds[0]}\n"
            f"Relative difference: {relative.item()}{bounds[1]}"
        )
        what = "Scalars"
    else:
        text = _worst(close, difference, relative, bounds)
        what = "Tensor-likes"
    verb = "equal" if is_exact else "close"
    raise _DifferenceError(f"{what} are not {verb}!\n\n{text}", place)


def _differences(
    a: np.ndarray, b: np.ndarray, actual: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Absolute and relative differences, in the precision in which torch shows them."""
    with np.errstate(all="ignore"):
        difference = _absolute(a - b)
        quotient = difference.astype(np.float64) / _absolute(b).astype(np.float64)
        relative = np.where(np.asarray(difference == 0), 0.0, quotient)
    if not actual.ndim:
        return difference, relative
    if _are_integers(actual, actual):
        return difference, relative.astype(get_default_dtype().numpy)
    shown = actual.real.dtype
    return difference.astype(shown), relative.astype(shown)


def _are_integers(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype.kind in "biu" and b.dtype.kind in "biu"


def _wide(x: np.ndarray) -> np.ndarray:
    is_complex = x.dtype.kind == "c"
    return x.astype(np.complex128 if is_complex else np.float64)


def _absolute(x: Any) -> np.ndarray:
    return np.asarray(np.abs(np.asarray(x)))


def _bounds(atol: float, rtol: float) -> tuple[str, str]:
    return f" (up to {atol} allowed)", f" (up to {rtol} allowed)"


def _worst(
    close: np.ndarray,
    difference: np.ndarray,
    relative: np.ndarray,
    bounds: tuple[str, str],
) -> str:
    wrong = int(np.size(close) - np.count_nonzero(close))
    lines = [f"Mismatched elements: {wrong} / {close.size} ({wrong / close.size:.1%})"]
    for name, values, bound in zip(
        ("absolute", "relative"), (difference, relative), bounds, strict=True
    ):
        # elements within the tolerances are no part of the answer
        masked = np.where(close, 0, values).astype(np.float64)
        index = np.unravel_index(int(np.argmax(masked)), close.shape)
        at = tuple(int(i) for i in index)
        lines.append(
            f"Greatest {name} difference: {values[index]} at index {at}{bound}"
        )
    return "\n".join(lines)
