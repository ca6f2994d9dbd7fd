"""Factorisations of matrices that NumPy has not, on batches of them.

Matrices are the last two dims. The loops go over columns; all matrices of a batch and
all rows are computed with at once. Larger matrices are halved, so that most of the work
is products.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_NARROW = 16
"""Up to so many columns are eliminated one by one."""


def adjoint(x: Array) -> Array:
    """The conjugate transposes."""
    turned = x.swapaxes(-1, -2)
    return turned.conj() if turned.dtype.kind == "c" else turned


# triangles ------------------------------------------------------------------------------


def solve_triangular(a: Array, b: Array, upper: bool, unit: bool = False) -> Array:
    """The X with A X = B; only the triangle of A is read, its diagonal unless `unit`."""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])))
    with np.errstate(all="ignore"):  # a zero on the diagonal gives inf and nan
        _substitute(a, x, upper, unit)
    return x


def _substitute(a: Array, x: Array, upper: bool, unit: bool) -> None:
    n = a.shape[-1]
    if n > _NARROW:
        h = n // 2
        halves = (slice(h, n), slice(0, h)) if upper else (slice(0, h), slice(h, n))
        first, second = halves
        _substitute(a[..., first, first], x[..., first, :], upper, unit)
        x[..., second, :] -= a[..., second, first] @ x[..., first, :]
        _substitute(a[..., second, second], x[..., second, :], upper, unit)
        return
    for i in range(n - 1, -1, -1) if upper else range(n):
        if not unit:
            x[..., i, :] /= a[..., i, i, None]
        rest = slice(0, i) if upper else slice(i + 1, n)
        x[..., rest, :] -= a[..., rest, i, None] * x[..., i, None, :]


# L U ------------------------------------------------------------------------------------


def lu_factor(x: Array) -> tuple[Array, Array, Array]:
    """L and U in one array, the rows that were swapped, and infos.

    Row j was swapped with row `pivots[j] - 1`. An info is the number of the first zero
    on the diagonal of U, or zero.
    """
    m, n = x.shape[-2:]
    k = min(m, n)
    lu = np.array(x).reshape(math.prod(x.shape[:-2]), m, n)
    swaps = _eliminate(lu[:, :, :k])
    if n > k:
        swap_rows(lu[:, :, k:], swaps)
        _substitute(lu[:, :, :k], lu[:, :, k:], False, True)
    zero = np.diagonal(lu, 0, 1, 2) == 0
    found = zero.any(-1)
    info = np.where(found, zero.argmax(-1) + 1, 0) if k else np.zeros(len(lu))
    batch = x.shape[:-2]
    return (
        lu.reshape(x.shape),
        (swaps + 1).astype(np.int32).reshape(*batch, k),
        info.astype(np.int32).reshape(batch),
    )


def _eliminate(a: Array) -> Array:
    """Factor matrices, at least as tall as wide, in place; returns the swaps of rows."""
    n = a.shape[-1]
    if n <= _NARROW:
        return _eliminate_columns(a)
    h = n // 2
    left = _eliminate(a[:, :, :h])
    rest = a[:, :, h:]
    swap_rows(rest, left)
    _substitute(a[:, :h, :h], rest[:, :h], False, True)
    rest[:, h:] -= a[:, h:, :h] @ rest[:, :h]
    right = _eliminate(rest[:, h:])
    swap_rows(a[:, h:, :h], right)
    return np.concatenate([left, right + h], 1)


def _eliminate_columns(a: Array) -> Array:
    count, _, n = a.shape
    swaps = np.zeros((count, n), np.int64)
    each = np.arange(count)
    for j in range(n):
        chosen = swaps[:, j] = j + np.abs(a[:, j:, j]).argmax(-1)
        rows = a[each, chosen]
        a[each, chosen] = a[:, j]
        a[:, j] = rows
        pivot = a[:, j, j, None]
        a[:, j + 1 :, j] /= np.where(pivot == 0, 1, pivot)
        a[:, j + 1 :, j + 1 :] -= a[:, j + 1 :, j, None] * a[:, j, None, j + 1 :]
    return swaps


def swap_rows(a: Array, swaps: Array, *, back: bool = False) -> None:
    """Swap row j with row `swaps[j]`, one after the other, in a batch of matrices."""
    order = permutation(swaps, a.shape[1])
    if back:
        order = np.argsort(order, -1)
    a[:] = np.take_along_axis(a, order[..., None], 1)


def permutation(swaps: Array, rows: int) -> Array:
    """Which row stands in each place after swaps."""
    count = len(swaps)
    order = np.tile(np.arange(rows), (count, 1))
    each = np.arange(count)
    for j in range(swaps.shape[-1]):
        other = swaps[:, j]
        moved = order[each, other]
        order[each, other] = order[:, j]
        order[:, j] = moved
    return order


def permutation_matrix(pivots: Array, rows: int, dtype: Any) -> Array:
    """The P with A = P L U."""
    batch = pivots.shape[:-1]
    swaps = pivots.reshape(math.prod(batch), pivots.shape[-1]).astype(np.int64) - 1
    order = permutation(swaps, rows)
    made = np.zeros((len(swaps), rows, rows), dtype)
    np.put_along_axis(made, order[:, None, :], 1, 1)
    return made.reshape(*batch, rows, rows)


def lower_of(lu: Array) -> Array:
    """L, with ones on its diagonal."""
    k = min(lu.shape[-2:])
    lower = np.tril(lu[..., :k], -1)
    each = np.arange(k)
    lower[..., each, each] = 1
    return lower


def upper_of(lu: Array) -> Array:
    """U."""
    return np.triu(lu[..., : min(lu.shape[-2:]), :])


def lu_solve(lu: Array, pivots: Array, b: Array, turned: bool = False) -> Array:
    """The X with A X = B, or with the adjoint of A, from the factors of A."""
    batch = np.broadcast_shapes(lu.shape[:-2], b.shape[:-2])
    n = lu.shape[-1]
    swaps = np.broadcast_to(pivots, (*batch, n)).reshape(math.prod(batch), n)
    swaps = swaps.astype(np.int64) - 1
    x = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])))
    flat = x.reshape(len(swaps), *x.shape[-2:])
    if not turned:
        swap_rows(flat, swaps)
        return solve_triangular(lu, solve_triangular(lu, x, False, True), True)
    other = adjoint(lu)
    x = solve_triangular(other, solve_triangular(other, x, False), True, True)
    swap_rows(x.reshape(flat.shape), swaps, back=True)
    return x


# Cholesky -------------------------------------------------------------------------------


def cholesky(x: Array) -> tuple[Array, Array]:
    """The lower triangles L with L Lᴴ = A, and infos; only lower triangles are read.

    An info is the order of the first leading minor that is not positive, or zero; then
    L is left where it was when that came out.
    """
    batch = x.shape[:-2]
    info = np.zeros(batch, np.int32)
    try:
        found = np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        pass
    else:
        if not np.isnan(found).any():
            return found, info
    made = np.tril(x)
    for place in np.ndindex(*batch):
        info[place] = _cholesky_columns(made[place])
    return made, info


def _cholesky_columns(a: Array) -> int:
    for j in range(len(a)):
        pivot = a[j, j].real
        if not pivot > 0:
            return j + 1
        a[j, j] = np.sqrt(pivot)
        a[j + 1 :, j] /= a[j, j]
        column = a[j + 1 :, j]
        a[j + 1 :, j + 1 :] -= np.tril(np.outer(column, column.conj()))
    return 0


# L D L ----------------------------------------------------------------------------------

_GROWTH = (1 + math.sqrt(17)) / 8
"""The bound of Bunch and Kaufman for the growth of elements."""


def ldl_factor(x: Array, hermitian: bool) -> tuple[Array, Array, Array]:
    """L and D in lower triangles, the swaps and infos, as LAPACK's sytrf lays them out.

    A positive pivot p is a block of one row, swapped with row p - 1. Two equal negative
    pivots -p are a block of two, the second of which was swapped with row p - 1.
    """
    batch = x.shape[:-2]
    made = np.tril(x)
    pivots = np.zeros(x.shape[:-1], np.int32)
    info = np.zeros(batch, np.int32)
    for place in np.ndindex(*batch):
        info[place] = _ldl_columns(made[place], pivots[place], hermitian)
    return made, pivots, info


def _ldl_columns(a: Array, pivots: Array, hermitian: bool) -> int:
    n, info, k = len(a), 0, 0
    while k < n:
        size = 1
        pivot = abs(a[k, k].real if hermitian else a[k, k])
        below = np.abs(a[k + 1 :, k])
        largest = below.max(initial=0)
        chosen = k
        if np.isnan(pivot) or max(pivot, largest) == 0:
            info = info or k + 1
        else:
            if pivot < _GROWTH * largest:
                chosen, size = _ldl_pivot(a, k, k + 1 + int(below.argmax()), pivot)
            _ldl_swap(a, k, k + size - 1, chosen, hermitian)
            _ldl_update(a, k, size, hermitian)
        pivots[k : k + size] = chosen + 1 if size == 1 else -chosen - 1
        k += size
    return info


def _ldl_pivot(a: Array, k: int, row: int, pivot: Any) -> tuple[int, int]:
    """Which row becomes the pivot, and how many rows the block has."""
    largest = abs(a[row, k])
    others = np.concatenate([a[row, k:row], a[row + 1 :, row]])
    reach = np.abs(others).max()
    if pivot >= _GROWTH * largest * (largest / reach):
        return k, 1
    return row, 1 if abs(a[row, row]) >= _GROWTH * reach else 2


def _ldl_swap(a: Array, k: int, at: int, other: int, hermitian: bool) -> None:
    """Swap two rows and columns of the symmetric matrix that is left."""
    if at == other:
        return
    _exchange(a[other + 1 :, at], a[other + 1 :, other])
    _exchange(a[at + 1 : other, at], a[other, at + 1 : other])
    if hermitian:
        a[at + 1 : other, at] = a[at + 1 : other, at].conj()
        a[other, at:other] = a[other, at:other].conj()
    a[at, at], a[other, other] = a[other, other], a[at, at]
    if at != k:
        a[at, k], a[other, k] = a[other, k], a[at, k]


def _exchange(a: Array, b: Array) -> None:
    kept = a.copy()
    a[:] = b
    b[:] = kept


def _ldl_update(a: Array, k: int, size: int, hermitian: bool) -> None:
    """Take the block's part from the rest, and leave its columns of L."""
    rest = slice(k + size, None)
    block = a[k : k + size, k : k + size].copy()
    if hermitian:
        each = np.arange(size)
        block[each, each] = block[each, each].real
        a[k : k + size, k : k + size][each, each] = block[each, each]
    if size == 2:
        block[0, 1] = block[1, 0].conj() if hermitian else block[1, 0]
    columns = a[rest, k : k + size].copy()
    factors = _right_divided(columns, block)
    turned = columns.conj().T if hermitian else columns.T
    a[rest, rest] -= np.tril(factors @ turned)
    a[rest, k : k + size] = factors


def _right_divided(x: Array, block: Array) -> Array:
    """`x @ inv(block)` for a block of one or two rows."""
    if len(block) == 1:
        return x / block[0, 0]
    # scaled by the element beside the diagonal, which is the largest
    low, high = block[1, 0], block[0, 1]
    first, second = block[0, 0] / high, block[1, 1] / low
    factor = 1 / (first * second - 1)
    made = np.empty_like(x)
    made[:, 0] = factor * (second * x[:, 0] - x[:, 1]) / high
    made[:, 1] = factor * (first * x[:, 1] - x[:, 0]) / low
    return made


def ldl_solve(ld: Array, pivots: Array, b: Array, hermitian: bool) -> Array:
    """The X with A X = B from what `ldl_factor` gives."""
    batch = np.broadcast_shapes(ld.shape[:-2], b.shape[:-2])
    x = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])))
    ld = np.broadcast_to(ld, (*batch, *ld.shape[-2:]))
    pivots = np.broadcast_to(pivots, (*batch, pivots.shape[-1]))
    for place in np.ndindex(*batch):
        _ldl_solve(ld[place], pivots[place], x[place], hermitian)
    return x


def _ldl_solve(a: Array, pivots: Array, x: Array, hermitian: bool) -> None:
    blocks = []
    k = 0
    while k < len(a):
        blocks.append((k, 1 if pivots[k] > 0 else 2))
        k += blocks[-1][1]
    for k, size in blocks:
        _swap_pair(x, k + size - 1, abs(int(pivots[k])) - 1)
        x[k + size :] -= a[k + size :, k : k + size] @ x[k : k + size]
        block = np.tril(a[k : k + size, k : k + size])
        if size == 2:
            block[0, 1] = block[1, 0].conj() if hermitian else block[1, 0]
        x[k : k + size] = _right_divided(x[k : k + size].T, block.T).T
    for k, size in reversed(blocks):
        columns = a[k + size :, k : k + size]
        turned = columns.conj().T if hermitian else columns.T
        x[k : k + size] -= turned @ x[k + size :]
        _swap_pair(x, k + size - 1, abs(int(pivots[k])) - 1)


def _swap_pair(x: Array, a: int, b: int) -> None:
    if a != b:
        x[[a, b]] = x[[b, a]]


# reflections ----------------------------------------------------------------------------


def geqrf(x: Array) -> tuple[Array, Array]:
    """R above reflectors in one array, and the factors of the reflectors."""
    packed, tau = np.linalg.qr(x, mode="raw")
    return np.ascontiguousarray(packed.swapaxes(-1, -2)), tau


def reflect(a: Array, tau: Array, x: Array, *, turned: bool, forward: bool) -> None:
    """Multiply x, in place, by the reflectors in the columns of `a`.

    They come in the order of the columns if `forward`; `turned` takes their adjoints.
    """
    count = tau.shape[-1]
    for i in range(count) if forward else range(count - 1, -1, -1):
        v = a[..., i:, i].copy()
        v[..., 0] = 1
        factor = tau[..., i].conj() if turned else tau[..., i]
        row = v.conj()[..., None, :] @ x[..., i:, :]
        x[..., i:, :] -= factor[..., None, None] * v[..., :, None] * row


def householder_product(a: Array, tau: Array) -> Array:
    """The first columns of the product of reflectors."""
    q = np.zeros_like(a)
    each = np.arange(a.shape[-1])
    q[..., each, each] = 1
    reflect(a, tau, q, turned=False, forward=False)
    return q


def ormqr(a: Array, tau: Array, other: Array, left: bool, turned: bool) -> Array:
    """Q, or its adjoint, times other matrices, from the left or the right."""
    if left:
        x = other.copy()
        reflect(a, tau, x, turned=turned, forward=turned)
        return x
    x = np.array(adjoint(other))
    reflect(a, tau, x, turned=not turned, forward=not turned)
    return np.ascontiguousarray(adjoint(x))
