"""Operators that cut a tensor into views of its parts."""

from __future__ import annotations

from itertools import accumulate

from jit.runtime.kernels import sizes as S
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, i64
from jit.runtime.ops.shaped import RANKS
from jit.runtime.ops.views import View


def _parts(x, dim, lengths):
    """Views of consecutive lengths along a dim."""
    ends = list(accumulate(lengths))
    index = (slice(None),) * dim
    return [
        x[(*index, slice(end - length, end), ...)]
        for end, length in zip(ends, lengths, strict=True)
    ]


def _part_sizes(x, dim, lengths):
    return [(*x[:dim], length, *x[dim + 1 :]) for length in lengths]


def _split_lengths(x, size, dim):
    if not x:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    if size < 0:
        raise RuntimeError(
            f"split expects split_size be non-negative, but got split_size={size}"
        )
    total = x[S.wrap_dim(dim, len(x))]
    if total is None:
        return None
    if size == 0:
        if total:
            raise RuntimeError(
                "split_size can only be 0 if dimension size is 0, but got dimension"
                f" size of {total}"
            )
        return [0]
    count = max(1, -(-total // size))
    return [size] * (count - 1) + [total - size * (count - 1)]


@op("aten::split.Tensor(Tensor(a) self, SymInt split_size, int dim=0) -> Tensor(a)[]")
class split(View):
    """Pieces of one length along a dim; the last may be shorter."""

    def kernel(x, split_size, dim):
        lengths = _split_lengths(x.shape, split_size, dim)
        return _parts(x, S.wrap_dim(dim, x.ndim), lengths)

    def sizes(x, split_size, dim):
        lengths = _split_lengths(x, split_size, dim)
        return _part_sizes(x, S.wrap_dim(dim, len(x)), lengths or [None])

    samples = [case(f32[5, 2], 2), case(f32[2, 4], 2, -1), case(f32[0, 1], 3)]

    def grad(t, g, out, x, size, dim):
        return t.cat(list(g), dim)


def _check_lengths(x, lengths, dim):
    if not x:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = S.wrap_dim(dim, len(x))
    total = x[dim]
    for length in lengths:
        if length is not None and length < 0:
            raise RuntimeError(
                "split_with_sizes expects split_sizes have only non-negative entries,"
                f" but got split_sizes={S.shown(lengths)}"
            )
    if total is None or None in lengths:
        return dim
    if sum(lengths) != total:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {total} (input"
            f" tensor's size at dimension {dim}), but got"
            f" split_sizes={S.shown(lengths)}"
        )
    return dim


@op(
    "aten::split_with_sizes(Tensor(a) self, SymInt[] split_sizes, int dim=0)"
    " -> Tensor(a)[]",
    "aten::split.sizes(Tensor(a) self, SymInt[] split_size, int dim=0) -> Tensor(a)[]",
)
class split_with_sizes(View):
    """Pieces of given lengths along a dim."""

    def kernel(x, lengths, dim):
        return _parts(x, _check_lengths(x.shape, lengths, dim), lengths)

    def sizes(x, lengths, dim):
        return _part_sizes(x, _check_lengths(x, lengths, dim), lengths)

    samples = [case(f32[5, 2], [2, 0, 3]), case(f32[2, 4], [4], -1)]

    def grad(t, g, out, x, size, dim):
        return t.cat(list(g), dim)


def _chunk_lengths(x, chunks, dim):
    if not x:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(
            f"chunk expects `chunks` to be greater than 0, got: {chunks}"
        )
    total = x[S.wrap_dim(dim, len(x))]
    if total is None:
        return None
    if total == 0:
        return [0] * chunks
    return _split_lengths(x, -(-total // chunks), dim)


@op("aten::chunk(Tensor(a) self, int chunks, int dim=0) -> Tensor(a)[]")
class chunk(View):
    """At most `chunks` pieces of one length along a dim; the last may be shorter."""

    def kernel(x, chunks, dim):
        lengths = _chunk_lengths(x.shape, chunks, dim)
        return _parts(x, S.wrap_dim(dim, x.ndim), lengths)

    def sizes(x, chunks, dim):
        lengths = _chunk_lengths(x, chunks, dim)
        return _part_sizes(x, S.wrap_dim(dim, len(x)), lengths or [None])

    samples = [case(f32[5, 2], 3), case(f32[2, 4], 2, 1), case(f32[0], 2)]

    def grad(t, g, out, x, size, dim):
        return t.cat(list(g), dim)


def _section_lengths(x, sections, dim, name="tensor_split"):
    if not x:
        raise RuntimeError(
            f"{name} expected at least a 1-dimensional tensor, but got a tensor with 0"
            " dims"
        )
    if sections <= 0:
        raise RuntimeError(f"number of sections must be larger than 0, got {sections}")
    total = x[S.wrap_dim(dim, len(x))]
    if total is None:
        return [None] * sections
    small, larger = divmod(total, sections)
    return [small + 1] * larger + [small] * (sections - larger)


@op(
    "aten::tensor_split.sections(Tensor(a) self, SymInt sections, int dim=0)"
    " -> Tensor(a)[]"
)
class tensor_split(View):
    """`sections` pieces along a dim, whose lengths differ by at most one."""

    def kernel(x, sections, dim):
        lengths = _section_lengths(x.shape, sections, dim)
        return _parts(x, S.wrap_dim(dim, x.ndim), lengths)

    def sizes(x, sections, dim):
        lengths = _section_lengths(x, sections, dim)
        return _part_sizes(x, S.wrap_dim(dim, len(x)), lengths)

    samples = [case(f32[5, 2], 3), case(f32[2, 1], 2, -1)]

    def grad(t, g, out, x, size, dim):
        return t.cat(list(g), dim)


def _cuts(x, indices, dim):
    """Slices between the given places along a dim."""
    index = (slice(None),) * dim
    starts, ends = [0, *indices], [*indices, None]
    return [x[(*index, slice(a, b), ...)] for a, b in zip(starts, ends, strict=True)]


@op(
    "aten::tensor_split.indices(Tensor(a) self, SymInt[] indices, int dim=0)"
    " -> Tensor(a)[]"
)
class tensor_split_indices(View):
    """Pieces between the given places along a dim."""

    def kernel(x, indices, dim):
        _section_lengths(x.shape, 1, dim)
        return _cuts(x, indices, S.wrap_dim(dim, x.ndim))

    def sizes(x, indices, dim):
        _section_lengths(x, 1, dim)
        dim = S.wrap_dim(dim, len(x))
        starts, ends = [0, *indices], [*indices, None]
        known = None not in indices
        lengths = [
            S.sliced(x[dim], a, b, 1, known=known)
            for a, b in zip(starts, ends, strict=True)
        ]
        return _part_sizes(x, dim, lengths)

    samples = [case(f32[5, 2], [1, 3]), case(f32[2, 4], [3, 1, 9], -1)]

    def grad(t, g, out, x, indices, dim):
        known = all(isinstance(i, int) and i >= 0 for i in indices)
        if known and sorted(indices) == list(indices):
            return t.cat(list(g), dim)
        # parts may share places, or leave some out
        total = t.new_zeros(g[0], x.shape)
        starts, ends = [0, *indices], [*indices, x.shape[dim]]
        for part, start, end in zip(g, starts, ends, strict=True):
            total = total + t.slice_backward(part, x.shape, dim, start, end, 1)
        return total


@op("aten::unbind.int(Tensor(a) self, int dim=0) -> Tensor(a)[]")
class unbind(View):
    """All places along a dim, which vanishes."""

    fails = RANKS

    def kernel(x, dim):
        unbind.sizes(x.shape, dim)
        dim = S.wrap_dim(dim, x.ndim)
        index = (slice(None),) * dim
        return [x[(*index, i, ...)] for i in range(x.shape[dim])]

    def sizes(x, dim):
        if not x:
            raise IndexError(
                f"Dimension specified as {dim} but tensor has no dimensions"
            )
        dim = S.wrap_dim(dim, len(x))
        count = 1 if x[dim] is None else x[dim]
        return [(*x[:dim], *x[dim + 1 :])] * count

    samples = [f32[2, 3], case(f32[2, 1], -1), f32[0, 2], i64[3]]

    def grad(t, g, out, x, dim):
        return t.stack(list(g), dim)
