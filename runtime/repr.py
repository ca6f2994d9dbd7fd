"""A tensor as text, to the character as torch prints it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from jit.ir import dtypes
from jit.runtime.promotion import default_complex_dtype, get_default_dtype

if TYPE_CHECKING:
    from jit.runtime.tensor import Tensor


@dataclass(frozen=True)
class PrintOptions:
    """How much of a tensor is shown, and how."""

    precision: int = 4
    """Digits behind the point."""
    threshold: float = 1000
    """Above this many elements the middle of each dimension is left out."""
    edgeitems: int = 3
    """What is then shown at each end."""
    linewidth: int = 80
    sci_mode: bool | None = None
    """Scientific notation: always, never, or where it is needed (None)."""


PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}

_options = PrintOptions()


def get_printoptions() -> PrintOptions:
    """How tensors are printed now."""
    return _options


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are printed; None leaves an option as it is.

    `sci_mode` is set by every call: None chooses by the elements.
    """
    global _options
    if profile is not None:
        _options = PROFILES[profile.lower()]
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    changes: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
    _options = replace(_options, sci_mode=sci_mode, **changes)


def format_tensor(tensor: Tensor) -> str:
    """The text of `repr(tensor)`."""
    # subclasses other than Parameter show their name
    name = type(tensor).__name__
    prefix = "tensor(" if name in ("Tensor", "Parameter") else f"{name}("
    indent = len(prefix)
    array = tensor.array
    dtype = tensor.dtype
    suffixes = []
    if array.size == 0:
        body = "[]"
        if array.ndim != 1:
            suffixes.append(f"size={tuple(array.shape)}")
        if dtype is not get_default_dtype():
            suffixes.append(f"dtype={dtype!r}")
    else:
        body = format_array(array, indent)
        if not _options.edgeitems:
            suffixes.append(f"size={tuple(array.shape)}")
        if dtype not in (
            get_default_dtype(),
            default_complex_dtype(),
            dtypes.int64,
            dtypes.bool_,
        ):
            suffixes.append(f"dtype={dtype!r}")
    if tensor.grad_fn is not None:
        suffixes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor._requires_grad:
        suffixes.append("requires_grad=True")
    return _append(prefix + body, suffixes, indent)


def _append(text: str, suffixes: list[str], indent: int) -> str:
    """Add suffixes, each on a new line where it would not fit."""
    parts = [text]
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > _options.linewidth:
            parts.append(f",\n{' ' * indent}{suffix}")
            length = indent + len(suffix)
        else:
            parts.append(f", {suffix}")
            length += len(suffix) + 2
    return "".join(parts) + ")"


def format_array(array: np.ndarray, indent: int = 0) -> str:
    """The elements in nested brackets, continuation lines indented."""
    summarize = array.size > _options.threshold
    shown = _edges(array) if summarize else array
    if array.dtype.kind == "c":
        style: _Style = _ComplexStyle(shown)
    elif array.dtype.kind in "fV":
        style = _FloatStyle(shown)
    else:
        style = _PlainStyle(shown)
    return _format_block(array, indent, summarize, style)


def _edges(array: np.ndarray) -> np.ndarray:
    """The elements that a summary shows."""
    count = _options.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * count:
            keep = [*range(count), *range(size - count, size)]
            array = array.take(keep, axis=axis)
    return array


class _Style:
    """How each element of one tensor is written: the same width for all."""

    width: int
    """Of an element, without what separates it from the next."""

    def format(self, value: Any) -> str:
        raise NotImplementedError


class _PlainStyle(_Style):
    """Integers and bools."""

    def __init__(self, array: np.ndarray) -> None:
        self.width = max((len(str(v)) for v in array.ravel().tolist()), default=1)

    def format(self, value: Any) -> str:
        return str(value).rjust(self.width)


class _FloatStyle(_Style):
    """Floats: whole numbers with a bare point, else fixed or scientific notation."""

    def __init__(self, array: np.ndarray) -> None:
        values = array.astype(np.float64).ravel()
        values = values[np.isfinite(values) & (values != 0)]
        self.is_whole = True
        self.is_scientific = False
        self.width = 1
        if not values.size:
            return
        self.is_whole = bool((values == np.ceil(values)).all())
        size = np.abs(values)
        if _options.sci_mode is None:
            with np.errstate(over="ignore"):
                spread = size.max() / size.min()
            self.is_scientific = bool(
                spread > 1000.0 or size.max() > 1.0e8 or size.min() < 1.0e-4
            )
        else:
            self.is_scientific = _options.sci_mode
        self.width = max(len(self._plain(v)) for v in values.tolist())

    def _plain(self, value: float) -> str:
        if self.is_scientific:
            return f"{value:.{_options.precision}e}"
        if self.is_whole:
            return f"{value:.0f}" + ("." if math.isfinite(value) else "")
        return f"{value:.{_options.precision}f}"

    def format(self, value: Any) -> str:
        return self._plain(value).rjust(self.width)


class _ComplexStyle(_Style):
    """A style for the real parts and one for the imaginary parts."""

    def __init__(self, array: np.ndarray) -> None:
        self.real = _FloatStyle(array.real)
        self.imaginary = _FloatStyle(array.imag)
        self.width = self.real.width + self.imaginary.width + 1

    def format(self, value: Any) -> str:
        imaginary = self.imaginary.format(value.imag).lstrip() + "j"
        sign = "" if imaginary[0] in "+-" else "+"
        return self.real.format(value.real) + sign + imaginary


def _format_block(
    array: np.ndarray, indent: int, summarize: bool, style: _Style
) -> str:
    if array.ndim == 0:
        return style.format(array.tolist())
    if array.ndim == 1:
        return _format_row(array, indent, summarize, style)
    count = _options.edgeitems
    rows: list[np.ndarray | None] = list(array)
    if summarize and len(rows) > 2 * count:
        rows = [*rows[:count], None, *rows[len(rows) - count :]]
    texts = [
        "..." if row is None else _format_block(row, indent + 1, summarize, style)
        for row in rows
    ]
    separator = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return f"[{separator.join(texts)}]"


def _format_row(row: np.ndarray, indent: int, summarize: bool, style: _Style) -> str:
    count = _options.edgeitems
    if summarize and not count:
        texts = ["..."]
    elif summarize and row.size > 2 * count:
        first = [style.format(v) for v in row[:count].tolist()]
        last = [style.format(v) for v in row[-count:].tolist()]
        texts = [*first, " ...", *last]
    else:
        texts = [style.format(v) for v in row.tolist()]
    per_line = max(1, (_options.linewidth - indent) // (style.width + 2))
    lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
    separator = ",\n" + " " * (indent + 1)
    return f"[{separator.join(lines)}]"
