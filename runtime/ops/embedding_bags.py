"""Bags of rows of a table, and rows kept within a norm."""

from __future__ import annotations

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import dtype_of
from jit.runtime.kernels.products import widened
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.declare import op
from jit.runtime.ops.distance import p_norm
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES, Shaped

_BAG = (
    "(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False,"
    " int mode=0, bool sparse=False, Tensor? per_sample_weights=None,"
    " bool include_last_offset=False, int padding_idx=-1)"
    " -> (Tensor, Tensor, Tensor, Tensor)"
)


class PaddedBags(Composed):
    """Bags in which one row, the padding, does not count."""

    fails = VALUES

    def composite(t, weight, indices, offsets, by_frequency, mode, sparse, shares,
                  include_last_offset, padding_idx):  # fmt: skip
        rest = (by_frequency, mode, sparse, shares, include_last_offset)
        if not weight.dtype.is_floating_point:
            raise RuntimeError(
                "Expected tensor for argument #1 'weight' to have one of the following"
                " scalar types: Half, BFloat16, Float, Double; but got"
                f" torch.{weight.dtype.title}Tensor instead (while checking arguments for"
                " embedding_bag)"
            )
        if padding_idx is None:
            return t.embedding_bag(weight, indices, offsets, *rest)
        rows = weight.shape[0]
        if not -rows <= padding_idx < rows:
            raise RuntimeError(
                f"padding_idx must be within the number of embeddings, -{rows} through"
                f" {rows - 1}, but got {padding_idx}"
            )
        counts = t.ne(indices, padding_idx % rows)
        before = t.cumsum(t.to(counts, dtypes.int64), 0)
        before = t.cat([t.zeros([1], dtype=dtypes.int64), before], 0)
        kept = t.masked_select(indices, counts)
        if shares is not None:
            shares = t.masked_select(shares, counts)
        starts = t.take(before, t.to(offsets, dtypes.int64))
        return t.embedding_bag(
            weight,
            kept,
            starts,
            by_frequency,
            mode,
            sparse,
            shares,
            include_last_offset,
        )

    def sizes(*arguments):
        return None

    def dtypes(weight, *rest):
        return weight, dtypes.int64, dtypes.int64, dtypes.int64


_ROWS = i64.of([0, 4, 2, 2])


@op(
    "aten::embedding_bag.padding_idx"
    + _BAG.replace("=False", "").replace("=0", "").replace("=None", "")
    .replace("int padding_idx=-1", "int? padding_idx")
)  # fmt: skip
class embedding_bag_padded(PaddedBags):
    """`embedding_bag` in which one row, the padding, does not count."""

    samples = [case(f64[5, 2], _ROWS, i64.of([0, 1]), False, mode, False, None, False, 4)
               for mode in (0, 1, 2)] + [
        case(f32[5, 2], _ROWS, i64.of([0, 1]), False, 0, False, f32[4], False, None),
    ]  # fmt: skip


@op(
    "aten::embedding_renorm_(Tensor(a!) self, Tensor indices, float max_norm,"
    " float norm_type) -> Tensor(a!)"
)
class embedding_renorm_(Shaped):
    """Scales the rows that indices name to at most a norm, in place."""

    fails = VALUES
    detached = True

    def kernel(weight, indices, max_norm, norm_type):
        if weight.ndim != 2:
            raise RuntimeError("'self' must be 2-D")
        if indices.dtype not in (np.int64, np.int32):
            raise RuntimeError(
                "Expected tensor for argument #2 'indices' to have scalar type Long, but"
                f" got torch.{dtype_of(indices.dtype).title}Tensor instead"
            )
        rows = np.unique(indices)
        norms = p_norm(np.abs(widened(weight[rows])), norm_type, 1, False)
        for row, norm in zip(rows.tolist(), norms.tolist(), strict=True):
            if norm > max_norm:
                weight[row] *= weight.dtype.type(max_norm / (norm + 1e-7))
        return weight

    def sizes(weight, *rest):
        return weight

    samples = [case(f32[4, 3], i64.of([[1, 2], [1, 0]]), 1.0, 2.0)]
