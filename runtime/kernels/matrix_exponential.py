"""The exponential of matrices, by scaling, a Padé approximant, and squaring."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800,
    129060195264000, 10559470521600, 670442572800, 33522128640, 1323241920, 40840800,
    960960, 16380, 182, 1,
)  # fmt: skip
"""Coefficients of the approximant of degree 13, which is exact to double precision for
matrices whose norm is at most `_REACH`."""
_REACH = 5.371920351148152


def matrix_exponential(x: Array) -> Array:
    """`exp` of square matrices, the last two dims."""
    if not x.size:
        return x.copy()
    norm = np.abs(x).sum(-2).max(-1)
    finite = np.where(np.isfinite(norm), norm, 1).astype(np.float64)
    squarings = np.ceil(np.log2(np.maximum(finite / _REACH, 1))).astype(int)
    single = x.dtype in (np.float32, np.complex64)
    wide = x.astype(np.result_type(x.dtype, np.float64)) if single else x
    made = _approximant(wide * np.exp2(-squarings)[..., None, None])
    for step in range(int(squarings.max())):
        more = squarings > step
        made[more] = made[more] @ made[more]
    return np.where(np.isfinite(norm)[..., None, None], made, np.nan).astype(x.dtype)


def _approximant(x: Array) -> Array:
    b = _PADE
    eye = np.eye(x.shape[-1], dtype=x.dtype)
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x2 @ x4
    inner = x6 @ (b[13] * x6 + b[11] * x4 + b[9] * x2)
    odd = x @ (inner + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * eye)
    even = (
        x6 @ (b[12] * x6 + b[10] * x4 + b[8] * x2)
        + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * eye
    )  # fmt: skip
    return np.linalg.solve(even - odd, even + odd)
