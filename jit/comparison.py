"""Results of two runs: what differs, and copies of arguments for the second run."""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.runtime.kernels.strides import copy_in_storage, root
from jit.runtime.tensor import Tensor


def compare(
    eager: Any,
    traced: Any,
    tolerance: float,
    place: str = "output",
    how: str = "traced",
) -> str:
    """What differs between two nested results; empty if nothing does.

    Shapes and dtypes must be equal, values within `tolerance`, relative and absolute;
    NaN equals NaN. `how` names the second run.
    """
    if isinstance(eager, tuple | list):
        if not isinstance(traced, tuple | list) or len(eager) != len(traced):
            return f"{place} has another structure"
        pairs = enumerate(zip(eager, traced, strict=True))
        found = (compare(a, b, tolerance, f"{place}[{i}]", how) for i, (a, b) in pairs)
        return next((f for f in found if f), "")
    if isinstance(eager, dict):
        if not isinstance(traced, dict) or eager.keys() != traced.keys():
            return f"{place} has other keys"
        found = (
            compare(v, traced[k], tolerance, f"{place}[{k!r}]", how)
            for k, v in eager.items()
        )
        return next((f for f in found if f), "")
    a = eager.array if isinstance(eager, Tensor) else np.asarray(eager)
    b = traced.array if isinstance(traced, Tensor) else np.asarray(traced)
    if a.shape != b.shape:
        return f"{place} has shape {a.shape} eagerly, {b.shape} {how}"
    if a.dtype != b.dtype:
        return f"{place} has dtype {a.dtype} eagerly, {b.dtype} {how}"
    if a.dtype.kind not in "biufc" and a.dtype.name != "bfloat16":
        return "" if np.array_equal(a, b) else f"{place} differs"
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    x, y = a.astype(wide), b.astype(wide)
    if np.allclose(x, y, rtol=tolerance, atol=tolerance, equal_nan=True):
        return ""
    worst = np.nanmax(np.abs(x - y)) if x.size else 0.0
    return f"{place} differs by up to {worst:.3g}"


def clone(x: Any) -> Any:
    """A copy of nested example inputs, so that a second run sees the same values.

    A tensor that is part of a larger one stays so: `as_strided` may reach beyond it.
    """
    if isinstance(x, Tensor):
        made = x.clone()
        if root(x.array).nbytes > x.array.nbytes:
            made.array = copy_in_storage(x.array)
        return made
    if isinstance(x, np.ndarray):
        return x.copy()
    if isinstance(x, dict):
        return {k: clone(v) for k, v in x.items()}
    if isinstance(x, tuple | list):
        parts = [clone(v) for v in x]
        if hasattr(x, "_make"):
            return x._make(parts)
        return type(x)(parts)
    return x
