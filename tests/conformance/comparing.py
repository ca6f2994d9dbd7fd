"""Are two results the same, and if not, in what do they differ? In one line."""

from __future__ import annotations

from typing import Any

import numpy as np

TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1e-5, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1e-5, 1e-5),
    "complex128": (1e-7, 1e-7),
}
"""Relative and absolute tolerance by dtype: those of `torch.testing`, but for float32,
where sums in another order may differ by more."""


def difference(
    expected: Any, actual: Any, *, values: bool = True, place: str = ""
) -> str:
    """How results, made plain, differ; empty if they do not.

    With `values=False` only structure, shapes and dtypes count.
    """
    at = f" of result{place}" if place else ""
    if isinstance(expected, list | tuple):
        if not isinstance(actual, list | tuple):
            return f"structure{at}: {type(actual).__name__}, not a sequence"
        if len(expected) != len(actual):
            return f"structure{at}: {len(actual)} values, not {len(expected)}"
        pairs = enumerate(zip(expected, actual, strict=True))
        found = (
            difference(e, a, values=values, place=f"{place}[{i}]")
            for i, (e, a) in pairs
        )
        return next(filter(None, found), "")
    if isinstance(expected, np.ndarray):
        if not isinstance(actual, np.ndarray):
            return f"structure{at}: {type(actual).__name__}, not a Tensor"
        return _of_arrays(expected, actual, values, at)
    if isinstance(expected, dict):
        if not isinstance(actual, dict) or expected.keys() != actual.keys():
            return f"structure{at}: another dict"
        keys = list(expected)
        return difference(
            [expected[k] for k in keys], [actual[k] for k in keys],
            values=values, place=place,
        )  # fmt: skip
    return _of_numbers(expected, actual, values, at)


def _of_arrays(e: np.ndarray, a: np.ndarray, values: bool, at: str) -> str:
    if e.dtype != a.dtype:
        return f"dtype{at}: {a.dtype}, not {e.dtype}"
    if e.shape != a.shape:
        return f"shape{at}: {a.shape}, not {e.shape}"
    if not values or not e.size:
        return ""
    if e.dtype.name not in TOLERANCES:
        wrong = e != a
        if not wrong.any():
            return ""
    else:
        relative, absolute = TOLERANCES[e.dtype.name]
        wide = np.complex128 if e.dtype.kind == "c" else np.float64
        e, a = e.astype(wide), a.astype(wide)
        with np.errstate(all="ignore"):
            near = np.abs(a - e) <= absolute + relative * np.abs(e)
        wrong = ~(near | (e == a) | (np.isnan(e) & np.isnan(a)))
        if not wrong.any():
            return ""
    first = np.unravel_index(int(np.argmax(wrong)), e.shape) if e.ndim else ()
    return (
        f"values{at}: {a[first]} at {tuple(map(int, first))}, not {e[first]}"
        f" ({int(wrong.sum())} of {e.size} differ)"
    )


def _of_numbers(e: Any, a: Any, values: bool, at: str) -> str:
    if type(e) is not type(a):
        return f"structure{at}: {type(a).__name__}, not {type(e).__name__}"
    if not values or e is a:
        return ""
    if isinstance(e, float | complex):
        same = bool(np.isclose(a, e, 1e-6, 1e-7, equal_nan=True))
    else:
        same = bool(e == a)
    return "" if same else f"values{at}: {a!r}, not {e!r}"
