"""Checks of the matrices that linear algebra takes, and how it says that it failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jit.ir.dtypes import DType
from jit.runtime.kernels.sizes import Size, Sizes

Array = np.ndarray[Any, Any]


class LinAlgError(RuntimeError):
    """A matrix without what was asked for: its inverse, a factor, eigenvalues."""


def check_matrix(name: str, sizes: Sizes, argument: str = "A") -> Sizes:
    """The sizes of matrices; RuntimeError for fewer than two dims."""
    if len(sizes) < 2:
        raise RuntimeError(
            f"{name}: The input tensor {argument} must have at least 2 dimensions."
        )
    return sizes


def check_square(name: str, sizes: Sizes, argument: str = "A") -> Sizes:
    """The sizes of square matrices; RuntimeError for others."""
    rows, columns = check_matrix(name, sizes, argument)[-2:]
    if rows is not None and columns is not None and rows != columns:
        raise RuntimeError(
            f"{name}: {argument} must be batches of square matrices, but they are"
            f" {rows} by {columns} matrices"
        )
    return sizes


def check_floating(name: str, dtype: DType | None, *, low: bool = False) -> None:
    """Raise unless elements are floating or complex; half types only where `low`."""
    if dtype is None:
        return
    if not (dtype.is_floating_point or dtype.is_complex):
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got"
            f" {dtype.title}"
        )
    if not low and dtype.is_floating_point and dtype.itemsize < 4:
        raise RuntimeError(
            f"{name}: Low precision dtypes not supported. Got {dtype.title}"
        )


def check_implemented(kernel: str, dtype: DType | None) -> None:
    """Raise unless elements are floating or complex, as a kernel of torch that is named."""
    if dtype is None or dtype.is_complex:
        return
    if not dtype.is_floating_point or dtype.itemsize < 4:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype.title}'")


def check_same(name: str, a: DType | None, b: DType | None) -> None:
    """Raise unless the matrix and the right side of an equation have one dtype."""
    if a is not None and b is not None and a is not b:
        raise RuntimeError(
            f"{name}: Expected A and B to have the same dtype, but found A of type"
            f" {a.title} and B of type {b.title} instead"
        )


def check_equation(name: str, a: Sizes, b: Sizes, left: bool) -> None:
    """Raise unless `A X = B`, or `X A = B`, has sizes that fit."""
    check_square(name, a)
    check_matrix(name, b, "B")
    side = -2 if left else -1
    if a[side] is not None and b[side] is not None and a[side] != b[side]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation"
            f" {'AX = B' if left else 'XA = B'}"
            f" ({a[-2]}x{a[-1]} and {b[-2]}x{b[-1]})"
        )


def check_old_equation(
    name: str, b: Sizes, a: Sizes, dtypes: Sequence[DType | None] = ()
) -> None:
    """As `check_equation`, in the words of the functions that take `b` first."""
    for argument, sizes in (("b", b), ("A", a)):
        if len(sizes) < 2:
            raise RuntimeError(
                f"{name}: Expected {argument} to have at least 2 dimensions, but it has"
                f" {len(sizes)} dimensions instead"
            )
    check_old_dtypes(*dtypes)
    if None not in a[-2:] and a[-1] != a[-2]:
        raise RuntimeError(
            "A must be batches of square matrices, but they are"
            f" {a[-2]} by {a[-1]} matrices"
        )
    if None not in (a[-1], b[-2]) and a[-1] != b[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for {name}: each A matrix is {a[-1]} by"
            f" {a[-1]} but each b matrix is {b[-2]} by {b[-1]}"
        )


def check_old_dtypes(b: DType | None = None, a: DType | None = None) -> None:
    """As `check_same`, in the words of the functions that take `b` first."""
    if a is not None and b is not None and a is not b:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {b.title}"
            f" and A of type {a.title} instead."
        )


def smaller(a: Size, b: Size) -> Size:
    """The smaller of two sizes, None where that is not certain."""
    if a == b or a == 0 or b == 0:
        return 0 if 0 in (a, b) else a
    return None if a is None or b is None else min(a, b)


_REASONS = (
    ("inv", LinAlgError,
     "The diagonal element {} is zero, the inversion could not be completed because the"
     " input matrix is singular."),
    ("solve", LinAlgError,
     "The solver failed because the input matrix is singular."),
    ("cholesky", LinAlgError,
     "The factorization could not be completed because the input is not"
     " positive-definite (the leading minor of order {} is not positive-definite)."),
    ("eig", LinAlgError,
     "The algorithm failed to converge because the input matrix is ill-conditioned or"
     " has too many repeated eigenvalues (error code: {})."),
    ("svd", LinAlgError,
     "The algorithm failed to converge because the input matrix is ill-conditioned or"
     " has too many repeated singular values (error code: {})."),
    ("lstsq", LinAlgError,
     "The least squares solution could not be computed because the input matrix does"
     " not have full rank (error code: {})."),
    ("lu_factor", RuntimeError,
     "U[{0},{0}] is zero and using it on lu_solve would result in a division by zero."
     " If you still want to perform the factorization, consider calling"
     " linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"),
    ("ldl", RuntimeError,
     "The diagonal element {} of D is zero: using it on ldl_solve would result in a"
     " division by zero"),
)  # fmt: skip
"""Part of an operator's name, what is raised, and what a positive info means."""


def check_info(name: str, info: Array) -> None:
    """Raise what the first info that is not zero means for an operator."""
    if not info.any():
        return
    flat = info.reshape(-1)
    first = int(np.argmax(flat != 0))
    batch = f": (Batch element {first})" if info.ndim else ""
    for part, error, reason in _REASONS:
        if part in name:
            raise error(f"{name}{batch}: {reason.format(int(flat[first]))}")
    raise RuntimeError(f"{name}{batch}: Unknown error code: {int(flat[first])}.")
