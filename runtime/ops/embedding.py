"""Rows of a table, looked up by number."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import sizes as S
from jit.runtime.kernels.products import widened
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i32, i64
from jit.runtime.ops.shaped import VALUES, Shaped


def _check_indices(dtype):
    if dtype is not None and dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following"
            f" scalar types: Long, Int; but got torch.{dtype.title}Tensor instead"
            " (while checking arguments for embedding)"
        )


def _rows(weight, indices):
    _check_indices(dtype_of(indices.dtype))
    if indices.size and not 0 <= indices.min() <= indices.max() < len(weight):
        raise IndexError("index out of range in self")
    return weight[indices]


@op(
    "aten::embedding(Tensor weight, Tensor indices, SymInt padding_idx=-1,"
    " bool scale_grad_by_freq=False, bool sparse=False) -> Tensor"
)
class embedding(Shaped):
    """The rows of `weight` that `indices` name."""

    saves = ("indices",)
    fails = VALUES
    unknown = ("padding_idx", "scale_grad_by_freq", "sparse")

    def kernel(weight, indices, padding_idx, scale_grad_by_freq, sparse):
        embedding.sizes(weight.shape, indices.shape)
        return _rows(weight, indices)

    def sizes(weight, indices, *rest):
        if len(weight) != 2:
            raise RuntimeError("'weight' must be 2-D")
        return (*indices, weight[1])

    def dtypes(weight, indices, *rest):
        _check_indices(indices)
        return weight

    samples = [
        case(f32[5, 3], i64.of([[0, 4], [2, 2]])),
        case(f64[2, 1], i32.of(0), 1),
        case(f32[5, 3], i64[0]),
    ]

    def grad(t, g, out, weight, indices, padding_idx, by_frequency, sparse):
        return t.embedding_dense_backward(
            g, indices, weight.shape[0], padding_idx, by_frequency
        )


@op(
    "aten::embedding_dense_backward(Tensor grad_output, Tensor indices,"
    " SymInt num_weights, SymInt padding_idx, bool scale_grad_by_freq) -> Tensor"
)
class embedding_dense_backward(Shaped):
    """The gradient of `embedding`: for each row the sum of where it was looked up."""

    saves = ("indices",)
    fails = VALUES
    unknown = ("padding_idx", "scale_grad_by_freq")

    def kernel(g, indices, count, padding_idx, by_frequency):
        rows = widened(g.reshape(indices.size, g.shape[-1]))
        numbers = indices.reshape(-1)
        made = np.zeros((count, g.shape[-1]), rows.dtype)
        if numbers.size:
            order = np.argsort(numbers, kind="stable")
            ordered = numbers[order]
            starts = np.flatnonzero(np.diff(ordered, prepend=-1))
            sums = np.add.reduceat(rows[order], starts, 0)
            if by_frequency:
                times = np.diff(starts, append=numbers.size)
                sums = sums / times[:, None].astype(rows.dtype)
            made[ordered[starts]] = sums
        if 0 <= padding_idx < count:
            made[padding_idx] = 0
        return made.astype(g.dtype, copy=False)

    def sizes(g, indices, count, *rest):
        return count, g[-1]

    samples = [
        case(f32[2, 2, 3], i64.of([[0, 4], [2, 2]]), 5, -1, False),
        case(f64[3, 2], i64.of([1, 0, 1]), 3, 0, False),
        case(f64[0, 2], i64[0], 3, -1, True),
        case(f64[3, 2], i64.of([1, 0, 1]), 3, -1, True),
    ]

    def grad(t, gg, out, g, indices, count, padding_idx, by_frequency):
        made = t.embedding(gg, indices)
        if by_frequency:
            times = t.bincount(t.flatten(indices), None, count)
            made = made / t.unsqueeze(t.take(times, indices), -1)
        if padding_idx < 0:
            return made
        return made * t.unsqueeze(t.ne(indices, padding_idx), -1)


@op(
    "aten::embedding_bag(Tensor weight, Tensor indices, Tensor offsets,"
    " bool scale_grad_by_freq=False, int mode=0, bool sparse=False,"
    " Tensor? per_sample_weights=None, bool include_last_offset=False)"
    " -> (Tensor, Tensor, Tensor, Tensor)"
)
class embedding_bag(Shaped):
    """Sums, means or maxima of rows, each bag starting at an offset.

    The other results are what the gradient needs: the bag of each index, the sizes of
    the bags, the places of the maxima.
    """

    saves = ("weight", "indices", "per_sample_weights", "out")
    fails = VALUES

    def kernel(weight, indices, offsets, scale_grad_by_freq, mode, sparse,
               per_sample_weights, include_last_offset):  # fmt: skip
        if indices.ndim != 1 or offsets.ndim != 1:
            raise RuntimeError("input has to be 1D or 2D Tensor, and offsets 1D")
        if mode not in (0, 1, 2):
            raise RuntimeError(f"mode has to be 0, 1 or 2, but got {mode}")
        if per_sample_weights is not None and mode != 0:
            raise RuntimeError(
                "embedding_bag: per_sample_weights only supported with mode='sum'"
            )
        starts = offsets[:-1] if include_last_offset else offsets
        if len(starts) and starts[0] != 0:
            raise RuntimeError(
                "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has"
                f" to start from position 0. However, got {starts[0]}"
            )
        ends = np.append(starts[1:], len(indices))
        rows = _rows(weight, indices)
        if per_sample_weights is not None:
            rows = rows * per_sample_weights[:, None]
        out = np.zeros((len(starts), weight.shape[1]), weight.dtype)
        best = np.full(out.shape if mode == 2 else (0,), -1, np.int64)
        for bag, (start, end) in enumerate(zip(starts, ends, strict=True)):
            if start >= end:
                continue
            part = rows[start:end]
            if mode == 2:
                where = part.argmax(0)
                out[bag] = np.take_along_axis(part, where[None], 0)[0]
                best[bag] = indices[start:end][where]
            else:
                out[bag] = part.sum(0) if mode == 0 else part.mean(0)
        sizes = (ends - starts).astype(np.int64)
        bags = np.repeat(np.arange(len(starts)), np.maximum(sizes, 0))
        return out, bags.astype(np.int64), sizes, best

    def sizes(weight, indices, offsets, *rest):
        if len(weight) != 2:
            raise RuntimeError("'weight' must be 2-D")
        count = offsets[0]
        if rest[-1] and count is not None:
            count -= 1
        best = (count, weight[1]) if rest[1] == 2 else (0,)
        return (count, weight[1]), (S.product(indices),), (count,), best

    def dtypes(weight, indices, *rest):
        _check_indices(indices)
        return weight, dtypes.int64, dtypes.int64, dtypes.int64

    samples = [
        case(f32[5, 3], i64.of([0, 4, 2, 2]), i64.of([0, 1]), mode=mode)
        for mode in (0, 1, 2)
    ] + [
        case(f32[5, 3], i64.of([0, 4]), i64.of([0, 2]), include_last_offset=True),
        case(f32[5, 3], i64.of([0, 4]), i64.of([0]), per_sample_weights=f32[2]),
    ]

    def grad(t, g, out, weight, indices, offsets, by_frequency, mode, sparse,
             per_sample_weights, include_last_offset):  # fmt: skip
        _, bags, sizes, best = out
        rows = weight.shape[0]
        g = g[0]
        if mode == 2:
            found = t.unsqueeze(t.gt(sizes, 0), -1)
            made = t.zeros([rows, weight.shape[1]], dtype=g.dtype)
            return t.scatter_add(made, 0, t.clamp_min(best, 0), g * found)

        def of_weight():
            each = t.index_select(g, 0, bags)
            if mode == 1:
                each = each / t.unsqueeze(t.index_select(sizes, 0, bags), -1)
            if per_sample_weights is not None:
                each = each * t.unsqueeze(per_sample_weights, -1)
            return t.embedding_dense_backward(each, indices, rows, -1, by_frequency)

        def of_share():
            return t.sum(t.index_select(g, 0, bags) * t.embedding(weight, indices), [1])

        return of_weight, None, None, None, None, None, of_share
