"""What cards about matrices share: checks by their own rules, parts of derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir.card import UNKNOWN
from jit.ir.dtypes import DType, dtype_of
from jit.runtime.ops import facts as F
from jit.runtime.ops.reduction import REAL
from jit.runtime.ops.samples import f64
from jit.runtime.ops.shaped import Shaped

POSITIVE = f64.of([[2, 1], [1, 3]])
"""A positive-definite sample."""

POSITIVES = f64.of([[[2, 1], [1, 3]], [[1, 0.5], [0.5, 1.25]]])
"""Two positive-definite samples."""


def check(card: type[Shaped], *args: Any) -> None:
    """Raise what a card's rules of sizes and dtypes say about the arguments of a call."""
    assert card.sizes is not None
    arrays = [isinstance(a, np.ndarray) for a in args]
    pairs = list(zip(args, arrays, strict=True))
    card.sizes(*(a.shape if is_array else a for a, is_array in pairs))
    if card.dtypes is not None:
        card.dtypes(*(dtype_of(a.dtype) if is_array else a for a, is_array in pairs))


def is_given(value: Any) -> bool:
    """Whether a fact is the value of a constant."""
    return value is not UNKNOWN and F.is_known(value)


def real(dtype: DType | None) -> DType | None:
    """The dtype of absolute values."""
    return None if dtype is None else REAL.get(dtype, dtype)


def turned(t: Any, x: Any) -> Any:
    """The last two dims swapped."""
    return t.transpose(x, -2, -1)


def columns(t: Any, x: Any) -> Any:
    """Vectors as factors of the columns of matrices."""
    return t.unsqueeze(x, -2)


def rows(t: Any, x: Any) -> Any:
    """Vectors as factors of the rows of matrices."""
    return t.unsqueeze(x, -1)


def quotient(t: Any, x: Any, by: Any) -> Any:
    """`x / by`, and zero where x is zero."""
    return t.masked_fill(x / by, t.eq(x, 0), 0)


def differences(t: Any, values: Any) -> Any:
    """Row i, column j: value j less value i; ones on the diagonal."""
    gaps = columns(t, values) - rows(t, values)
    return gaps + t.eye(values.shape[-1], dtype=values.dtype)


def diagonal_part(t: Any, x: Any) -> Any:
    """The diagonals as matrices with zeros elsewhere."""
    return t.diag_embed(t.diagonal(x, 0, -2, -1))
