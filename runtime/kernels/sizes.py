"""Arithmetic of sizes and dims: what a view, a window or a broadcast comes out as.

Sizes may be None where they are known only when the program runs; results then are
None where they depend on them. Misfits raise what torch raises, in its words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Size = int | None
Sizes = tuple[Size, ...]


def shown(sizes: Sequence[Size]) -> str:
    """Sizes as messages print them, `[2, *]`."""
    return f"[{', '.join('*' if s is None else str(s) for s in sizes)}]"


def wrap_dim(dim: int, rank: int) -> int:
    """A dim counted from the front; a 0-dim tensor has the dims 0 and -1."""
    extent = max(rank, 1)
    if not -extent <= dim < extent:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-extent},"
            f" {extent - 1}], but got {dim})"
        )
    return dim % extent


def wrap_dims(dims: Sequence[int], rank: int) -> tuple[int, ...]:
    """Dims counted from the front, each given once."""
    wrapped = tuple(wrap_dim(d, rank) for d in dims)
    for dim in wrapped:
        if wrapped.count(dim) > 1:
            raise RuntimeError(f"dim {dim} appears multiple times in the list of dims")
    return wrapped


def product(sizes: Sequence[Size]) -> Size:
    """Number of elements; zero if one size is zero, else None if one is unknown."""
    if any(s == 0 for s in sizes):
        return 0
    known = [s for s in sizes if s is not None]
    return math.prod(known) if len(known) == len(sizes) else None


def is_known(sizes: Sequence[Size]) -> bool:
    """Whether no size is left to run time."""
    return None not in sizes


def concrete(sizes: Sequence[Size]) -> tuple[int, ...]:
    """Sizes of which none is left to run time, as those of arrays."""
    known = tuple(size for size in sizes if size is not None)
    assert len(known) == len(sizes), sizes
    return known


def broadcast(a: Sequence[Size], b: Sequence[Size]) -> Sizes:
    """The sizes of two operands together."""
    rank = max(len(a), len(b))
    left = (1,) * (rank - len(a)) + tuple(a)
    right = (1,) * (rank - len(b)) + tuple(b)
    result: list[Size] = []
    for dim, (x, y) in enumerate(zip(left, right, strict=True)):
        if x is not None and y is not None and x != y and 1 not in (x, y):
            raise RuntimeError(
                f"The size of tensor a ({x}) must match the size of tensor b ({y})"
                f" at non-singleton dimension {dim}"
            )
        if x == 1:
            result.append(y)
        elif y == 1 or x is not None:
            result.append(x)
        else:
            # an unknown size is 1 or the other one
            result.append(y)
    return tuple(result)


def view(sizes: Sequence[Size], wanted: Sequence[Size]) -> Sizes:
    """The sizes of `x.view(wanted)`, one of which may be -1."""
    if wanted.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    for i, size in enumerate(wanted):
        if size is not None and size < -1:
            raise RuntimeError(
                f"invalid shape dimension {size} at index {i} of shape {shown(wanted)}"
            )
    total = product(sizes)
    given = product([s for s in wanted if s != -1])
    if -1 not in wanted:
        if total is not None and given is not None and total != given:
            raise _misfit(wanted, total)
        return tuple(wanted)
    inferred = None
    if given == 0:
        if total == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {shown(wanted)}"
                " because the unspecified dimension size -1 can be any value and is"
                " ambiguous"
            )
        if total is not None:
            raise _misfit(wanted, total)
    elif total is not None and given is not None:
        if total % given:
            raise _misfit(wanted, total)
        inferred = total // given
    return tuple(inferred if s == -1 else s for s in wanted)


def _misfit(wanted: Sequence[Size], total: int) -> RuntimeError:
    return RuntimeError(f"shape '{shown(wanted)}' is invalid for input of size {total}")


def flatten(sizes: Sequence[Size], start: int, end: int) -> Sizes:
    """The sizes of `x.flatten(start, end)`."""
    start, end = wrap_dim(start, len(sizes)), wrap_dim(end, len(sizes))
    if start > end:
        raise RuntimeError(
            "flatten() has invalid args: start_dim cannot come after end_dim"
        )
    if not sizes:
        return (1,)
    return (*sizes[:start], product(sizes[start : end + 1]), *sizes[end + 1 :])


def unflatten(sizes: Sequence[Size], dim: int, parts: Sequence[Size]) -> Sizes:
    """The sizes of `x.unflatten(dim, parts)`."""
    if not parts:
        raise RuntimeError("unflatten: sizes must be non-empty")
    dim = wrap_dim(dim, len(sizes))
    try:
        inner = view(sizes[dim : dim + 1], parts)
    except RuntimeError as error:
        if "only one" in str(error):
            raise
        raise RuntimeError(
            f"unflatten: Provided sizes {shown(parts)} don't multiply up to the size"
            f" of dim {dim} ({sizes[dim]}) in the input tensor"
        ) from None
    return (*sizes[:dim], *inner, *sizes[dim + 1 :])


def permutation(rank: int, dims: Sequence[int]) -> tuple[int, ...]:
    """The dims of `x.permute(dims)`, counted from the front."""
    if len(dims) != rank:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not"
            " match the length of the desired ordering of dimensions i.e."
            f" input.dim() = {rank} is not equal to len(dims) = {len(dims)}"
        )
    wrapped = tuple(wrap_dim(d, rank) for d in dims)
    if len(set(wrapped)) < len(wrapped):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return wrapped


def moved(
    rank: int, source: Sequence[int], destination: Sequence[int]
) -> tuple[int, ...]:
    """The permutation of `x.movedim(source, destination)`."""
    if len(source) != len(destination):
        raise RuntimeError(
            "movedim: Invalid source or destination dims: source"
            f" ({shown(source)} dims) should contain the same number of dims as"
            f" destination ({shown(destination)} dims)"
        )
    taken = tuple(wrap_dim(d, rank) for d in source)
    placed = tuple(wrap_dim(d, rank) for d in destination)
    for name, given, dims in (
        ("source", source, taken),
        ("destination", destination, placed),
    ):
        if len(set(dims)) < len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({shown(given)})")
    order = [d for d in range(rank) if d not in taken]
    for place, dim in sorted(zip(placed, taken, strict=True)):
        order.insert(place, dim)
    return tuple(order) if rank else ()


def expand(sizes: Sequence[Size], wanted: Sequence[Size]) -> Sizes:
    """The sizes of `x.expand(wanted)`, where -1 keeps a size."""
    lead = len(wanted) - len(sizes)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.FloatTensor{{{shown(sizes)}}}, size={shown(wanted)}): the"
            f" number of sizes provided ({len(wanted)}) must be greater or equal to"
            f" the number of dimensions in the tensor ({len(sizes)})"
        )
    result: list[Size] = []
    for dim, size in enumerate(wanted):
        old = sizes[dim - lead] if dim >= lead else 1
        if size == -1:
            if dim < lead:
                raise RuntimeError(
                    "The expanded size of the tensor (-1) isn't allowed in a leading,"
                    f" non-existing dimension {dim}"
                )
            result.append(old)
            continue
        if size is not None and old not in (None, 1, size):
            raise RuntimeError(
                f"The expanded size of the tensor ({size}) must match the existing"
                f" size ({old}) at non-singleton dimension {dim}.  Target sizes:"
                f" {shown(wanted)}.  Tensor sizes: {shown(sizes)}"
            )
        if size is not None and size < 0:
            raise RuntimeError(
                f"The expanded size of the tensor ({size}) isn't allowed."
            )
        result.append(size)
    return tuple(result)


def sliced(
    size: Size, start: Size, end: Size, step: Size, *, known: bool = True
) -> Size:
    """The length of `range(size)[start:end:step]`, for steps forward.

    `start` and `end` of None are left out. `known` says that they are not merely
    unknown.
    """
    if step is not None and step <= 0:
        raise RuntimeError("slice step must be positive")
    if size is None or step is None or not known:
        return None
    return len(range(*slice(start, end, step).indices(size)))


def concatenated(shapes: Sequence[Sequence[Size]], dim: int) -> Sizes:
    """The sizes of `cat`; operands of sizes (0,) are left out, as torch does."""
    # one dim of unknown size beside matrices can only be such an empty one
    ranked = any(len(s) > 1 for s in shapes)
    left_out = [(0,), (None,)] if ranked else [(0,)]
    kept = [(i, s) for i, s in enumerate(shapes) if tuple(s) not in left_out]
    for i, sizes in enumerate(shapes):
        if not sizes:
            raise RuntimeError(
                f"zero-dimensional tensor (at position {i}) cannot be concatenated"
            )
    if not kept:
        wrap_dim(dim, 1)
        return (0,)
    first = list(kept[0][1])
    dim = wrap_dim(dim, len(first))
    total: Size = 0
    for i, sizes in kept:
        if len(sizes) != len(first):
            raise RuntimeError(
                "Tensors must have same number of dimensions: got"
                f" {len(first)} and {len(sizes)}"
            )
        for d, (x, y) in enumerate(zip(first, sizes, strict=True)):
            if d == dim:
                continue
            if x is None:
                first[d] = y
            elif y is not None and x != y:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected"
                    f" size {x} but got size {y} for tensor number {i} in the list."
                )
        part = sizes[dim]
        total = None if total is None or part is None else total + part
    first[dim] = total
    return tuple(first)


def window_count(
    size: Size, kernel: int, stride: int, padding: int, dilation: int, *, ceil: bool
) -> Size:
    """Number of positions a window visits along one axis.

    Padding applies to both ends. With `ceil` a last window may reach past the end, if
    it starts inside of the input or its left padding. Negative if it does not fit.
    """
    if size is None:
        return None
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (room + (stride - 1 if ceil else 0)) // stride + 1
    if ceil and (count - 1) * stride >= size + padding:
        count -= 1
    return count


def matmul(a: Sequence[Size], b: Sequence[Size]) -> Sizes:
    """The sizes of `a @ b` with torch's treatment of vectors and batches."""
    if not a or not b:
        raise RuntimeError(
            "both arguments to matmul need to be at least 1D, but they are"
            f" {len(a)}D and {len(b)}D"
        )
    inner_a, inner_b = a[-1], b[-2] if len(b) > 1 else b[0]
    if inner_a is not None and inner_b is not None and inner_a != inner_b:
        raise _matmul_misfit(a, b)
    rows = a[-2:-1] if len(a) > 1 else ()
    columns = b[-1:] if len(b) > 1 else ()
    batch = broadcast(a[:-2], b[:-2])
    return (*batch, *rows, *columns)


def _matmul_misfit(a: Sequence[Size], b: Sequence[Size]) -> RuntimeError:
    match len(a), len(b):
        case 1, 1:
            return RuntimeError(
                "inconsistent tensor size, expected tensor"
                f" {shown(a)} and src {shown(b)} to have the same number of elements,"
                f" but got {a[0]} and {b[0]} elements respectively"
            )
        case _, 1:
            lines = _size(product(a[:-1]))
            return RuntimeError(
                f"size mismatch, got input ({lines}), mat ({lines}x{a[-1]}), vec"
                f" ({b[0]})"
            )
        case n, 2:
            rows = product(a[:-1]) if n > 1 else 1
            return RuntimeError(
                "mat1 and mat2 shapes cannot be multiplied"
                f" ({_size(rows)}x{_size(a[-1])} and {_size(b[-2])}x{_size(b[-1])})"
            )
    batch = product(broadcast(a[:-2], b[:-2]))
    return RuntimeError(
        "Expected size for first two dimensions of batch2 tensor to be:"
        f" {shown((batch, a[-1]))} but got: {shown((batch, b[-2]))}."
    )


def _size(size: Size) -> str:
    return "*" if size is None else str(size)
