"""Reading and writing by index tensors: torch's rules on top of NumPy's indexing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jit.ir.dtypes import dtype_of
from jit.runtime.kernels.sizes import shown, wrap_dim

Array = np.ndarray[Any, Any]


def numpy_index(x: Array, indices: Sequence[Array | None]) -> tuple[Any, ...]:
    """The NumPy index of a list of index tensors, checked against `x`.

    Masks become the positions of their true elements; None takes a whole axis.
    """
    parts: list[Any] = []
    for place, index in enumerate(indices):
        if index is None:
            parts.append(slice(None))
            continue
        if index.dtype == np.uint8:
            index = index != 0
        if index.dtype == np.bool_:
            parts += _positions(x, index, len(parts), place)
            continue
        if index.dtype != np.int64 and index.dtype != np.int32:
            raise IndexError(
                "tensors used as indices must be long, int, byte or bool tensors"
            )
        parts.append(index)
    if len(parts) > x.ndim:
        raise IndexError(
            f"too many indices for tensor of dimension {x.ndim} (got {len(parts)})"
        )
    for dim, index in enumerate(parts):
        if isinstance(index, np.ndarray):
            check_bounds(index, x.shape[dim], dim)
    arrays = [p for p in parts if isinstance(p, np.ndarray)]
    try:
        common = np.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError:
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with"
            f" shapes {', '.join(shown(a.shape) for a in arrays)}"
        ) from None
    if common == () and arrays:
        # NumPy takes 0-dim index arrays for integers, and a lone one for a view; one
        # axis of one element gives the same elements, and the caller drops it
        parts = [p.reshape(1) if isinstance(p, np.ndarray) else p for p in parts]
    return tuple(parts)


def _positions(x: Array, mask: Array, dim: int, place: int) -> list[Any]:
    """The positions of a mask over `x.shape[dim:]`."""
    if mask.ndim == 0:
        if place or dim:
            raise IndexError("a 0-dim mask must be the only index")
        return [bool(mask)]  # NumPy gives it an axis of its own, as torch does
    covered = x.shape[dim : dim + mask.ndim]
    if len(covered) < mask.ndim:
        raise IndexError(
            f"too many indices for tensor of dimension {x.ndim} (got {dim + mask.ndim})"
        )
    if mask.shape != covered:
        raise IndexError(
            f"The shape of the mask {shown(mask.shape)} at index {place} does not match"
            f" the shape of the indexed tensor {shown(x.shape)} at index {dim}"
        )
    return list(np.nonzero(mask))


def check_bounds(
    index: Array, size: int, dim: int, error: type[Exception] = IndexError
) -> None:
    """Raise unless all of `index` lies in -size … size - 1."""
    if not index.size:
        return
    for worst in (int(index.max()), int(index.min())):
        if not -size <= worst < size:
            raise error(
                f"index {worst} is out of bounds for dimension {dim} with size {size}"
            )


def take_indexed(x: Array, indices: Sequence[Array | None]) -> Array:
    """`x[indices]`, always a copy."""
    if not indices:
        raise IndexError("at least one index must be provided")
    parts = numpy_index(x, indices)
    result = x[parts]
    for dim in _dropped(parts, indices):
        result = result.squeeze(dim)
    return result.copy() if np.may_share_memory(result, x) else result


def _dropped(parts: tuple[Any, ...], indices: Sequence[Array | None]) -> list[int]:
    """The axis that 0-dim indices were given by `numpy_index`, if they were."""
    given = [i for i in indices if i is not None]
    if not given or any(i.ndim or i.dtype == np.bool_ for i in given):
        return []
    places = [d for d, p in enumerate(parts) if isinstance(p, np.ndarray)]
    together = places == list(range(places[0], places[-1] + 1))
    return [places[0] if together else 0]


def put_indexed(
    x: Array, indices: Sequence[Array | None], values: Array, accumulate: bool
) -> Array:
    """Write `values` to `x[indices]`; with `accumulate` add, repeated indices too."""
    if values.dtype != x.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got"
            f" {dtype_of(x.dtype).title} for the destination and"
            f" {dtype_of(values.dtype).title} for the source."
        )
    parts = numpy_index(x, indices)
    if not parts:
        parts = (...,)
    target = np.broadcast_to(np.empty((), bool), x.shape)[parts].shape
    dropped = _dropped(parts, indices)
    squeezed = tuple(n for d, n in enumerate(target) if d not in dropped)
    try:
        values = np.broadcast_to(values, squeezed)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {shown(values.shape)} cannot be"
            f" broadcast to indexing result of shape {shown(squeezed)}"
        ) from None
    values = values.reshape(target)
    if np.may_share_memory(values, x):
        values = values.copy()
    if accumulate:
        np.add.at(x, parts, values)
    else:
        x[parts] = values
    return x


def along(x: Array, dim: int, index: Array) -> tuple[Any, ...]:
    """The NumPy index whose elements lie at `index` along `dim`, elsewhere at home."""
    grid = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    grid[dim] = index
    return tuple(grid)


def check_along(
    kind: str, x: Array, dim: int, index: Array, src: Array | None = None
) -> int:
    """Check the arguments of gather or scatter; the dim counted from the front."""
    dim = wrap_dim(dim, x.ndim)
    if index.size and index.dtype != np.int64 and index.dtype != np.int32:
        raise RuntimeError(f"{kind}(): Expected dtype int32/int64 for index")
    if src is not None and src.dtype != x.dtype:
        raise RuntimeError(f"{kind}(): Expected self.dtype to be equal to src.dtype")
    if index.size == 0:
        return dim
    if max(index.ndim, 1) != max(x.ndim, 1):
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as"
            f" {'input' if kind == 'gather' else 'self'} tensor"
        )
    if src is not None and max(index.ndim, 1) != max(src.ndim, 1):
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as src tensor"
        )
    wide = [d for d in range(index.ndim) if d != dim and index.shape[d] > x.shape[d]]
    beyond = src is not None and any(
        n > m for n, m in zip(index.shape, src.shape, strict=False)
    )
    if kind == "gather" and wide:
        raise RuntimeError(
            f"Size does not match at dimension {wide[0]} expected index"
            f" {shown(index.shape)} to be no larger than self {shown(x.shape)} apart"
            f" from dimension {dim}"
        )
    if wide or beyond:
        tail = (
            ""
            if src is None
            else f" and to be no larger size than src {shown(src.shape)}"
        )
        raise RuntimeError(
            f"Expected index {shown(index.shape)} to be no larger than self"
            f" {shown(x.shape)} apart from dimension {dim}{tail}"
        )
    size = x.shape[dim] if x.ndim else 1
    for worst in (int(index.max()), int(index.min())):
        # unlike indexing, gather and scatter do not count from the end
        if not 0 <= worst < size:
            raise RuntimeError(
                f"index {worst} is out of bounds for dimension {dim} with size {size}"
            )
    return dim


def gather(x: Array, dim: int, index: Array) -> Array:
    """`out[i][j] = x[index[i][j]][j]` for `dim` 0, and so on."""
    dim = check_along("gather", x, dim, index)
    if not index.size:
        return np.empty(index.shape, x.dtype)
    if not index.ndim or not x.ndim:
        # one of them may be 0-dim where the other has one dim
        return x.reshape(-1)[index]
    return x[along(x, dim, index)]


def scatter(
    kind: str, x: Array, dim: int, index: Array, src: Any, reduce: str = ""
) -> Array:
    """Write `src`, an array or a number, to `x` at `index` along `dim`, in place."""
    is_array = isinstance(src, np.ndarray)
    dim = check_along(kind, x, dim, index, src if is_array else None)
    if index.size == 0:
        return x
    flat = x.reshape(1) if x.ndim == 0 else x
    where = index.reshape(1) if index.ndim == 0 else index
    if is_array:
        values = src.reshape(1) if src.ndim == 0 else src
        values = values[tuple(slice(n) for n in where.shape)]
        if np.may_share_memory(values, x):
            values = values.copy()
    else:
        values = np.asarray(src).astype(x.dtype)
    place = along(flat, dim, where)
    if not reduce:
        flat[place] = values
    else:
        _REDUCTIONS[reduce].at(flat, place, values)
    return x


_REDUCTIONS: dict[str, Any] = {
    "add": np.add,
    "multiply": np.multiply,
    "sum": np.add,
    "prod": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
}


def scatter_reduce(
    x: Array, dim: int, index: Array, src: Array, reduce: str, include_self: bool
) -> Array:
    """Reduce the elements of `src` that go to one place, and with `include_self` the
    one already there, in place."""
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(
            "reduce argument must be either sum, prod, mean, amax or amin, got"
            f" {reduce}"
        )
    if not include_self:
        start = {
            "prod": 1,
            "amax": _extreme(x.dtype, largest=False),
            "amin": _extreme(x.dtype, largest=True),
        }.get(reduce, 0)
        scatter("scatter", x, dim, index, start)
    kind = "sum" if reduce == "mean" else reduce
    scatter("scatter", x, dim, index, src, kind)
    if reduce == "mean":
        count = np.zeros(x.shape, np.int64)
        scatter("scatter", count, dim, index, 1, "sum")
        count = count + 1 if include_self else np.maximum(count, 1)
        if x.dtype.kind in "iu":
            np.copyto(x, x // count, casting="unsafe")
        else:
            np.copyto(x, x / count.astype(x.dtype), casting="unsafe")
    return x


def _extreme(dtype: np.dtype[Any], *, largest: bool) -> Any:
    if dtype.kind == "b":
        return largest
    if dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        return bounds.max if largest else bounds.min
    return np.inf if largest else -np.inf
