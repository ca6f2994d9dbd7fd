"""Rows of a table, looked up by number."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import dtype_of
from jit.runtime.kernels import sizes as S
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
        case(f64[1, 1], i32.of(0), 0),
        case(f32[5, 3], i64[0]),
    ]


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
