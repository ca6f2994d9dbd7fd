"""Covariances of variables, and sums back to sizes that were broadcast."""

from __future__ import annotations

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.dtypes import FLOATING
from jit.runtime.kernels import sizes as S
from jit.runtime.ops.composed import Composed
from jit.runtime.ops.declare import op
from jit.runtime.ops.samples import case, f32, f64, i64
from jit.runtime.ops.shaped import VALUES
from jit.runtime.promotion import to_floating
from jit.runtime.tensor import Tensor


def _covariance(t, x, correction, counts, weights):
    if x.ndim > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input"
            f" with {x.ndim} dimensions"
        )
    if x.dtype is dtypes.bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = t.reshape(x, [1, -1]) if x.ndim < 2 else x
    count = rows.shape[1]
    share, weighted = _weights(t, count, counts, weights)
    if share is None:
        total, mean = count, t.mean(_floating(t, rows), [1], True)
    else:
        total = t.sum(share)
        mean = t.sum(rows * share, [1], True) / total
    centred = rows - mean
    right = centred if share is None else centred * share
    norm = _norm(t, total, share, weights, weighted, correction)
    made = t.mm(right, t.conj(t.t(centred))) / norm
    return t.squeeze(made)


def _floating(t, x):
    return t.to(x, to_floating(x.dtype)) if x.dtype.category < 2 else x


def _weights(t, count, counts, weights):
    """What each observation counts, and whether weights are among it."""
    for name, given in (("fweights", counts), ("aweights", weights)):
        if given is None:
            continue
        if given.ndim > 1:
            raise RuntimeError(
                f"cov(): expected {name} to have one or fewer dimensions but got"
                f" {name} with {given.ndim} dimensions"
            )
        if given.numel() != count:
            raise RuntimeError(
                f"cov(): expected {name} to have the same numel as there are"
                f" observations in the input but got {given.numel()} != {count}"
            )
    if counts is not None and counts.dtype.category > 1:
        raise RuntimeError(
            f"cov(): expected fweights to have integral dtype but got fweights with"
            f" {counts.dtype.title} dtype"
        )
    if weights is not None and weights.dtype.category < 2:
        raise RuntimeError(
            "cov(): expected aweights to have floating point dtype but got aweights"
            f" with {weights.dtype.title} dtype"
        )
    for name, given in (("fweights", counts), ("aweights", weights)):
        # a graph does not see the elements
        if isinstance(given, Tensor) and given.array.size and given.array.min() < 0:
            raise RuntimeError(f"cov(): {name} cannot be negative")
    if counts is None or weights is None:
        return (counts if weights is None else weights), weights is not None
    return counts * weights, True


def _norm(t, total, share, weights, weighted, correction):
    """What the sums of products are divided by; zero if it would be negative."""
    if share is None:
        return max(total - correction, 0)
    if weighted and correction:
        factor = t.sum(share * weights) / total
        norm = total - factor * correction
    else:
        norm = total - correction
    return t.clamp_min(norm, 0)


@op(
    "aten::cov(Tensor self, *, int correction=1, Tensor? fweights=None,"
    " Tensor? aweights=None) -> Tensor"
)
class cov(Composed):
    """The covariances of variables, the rows, over observations, the columns."""

    fails = VALUES
    domain = (0.5, 3.0)
    samples = [
        f64[3, 5],
        f32[4],
        case(f64[2, 4], correction=0, fweights=i64.of([1, 2, 1, 3])),
        case(f64[2, 4], aweights=f64[4].within(0.5, 2)),
    ]

    def infer(*facts):
        return T.TensorType()

    def composite(t, x, correction, fweights, aweights):
        return _covariance(t, x, correction, fweights, aweights)


@op("aten::corrcoef(Tensor self) -> Tensor")
class corrcoef(Composed):
    """The correlation coefficients of variables, the rows."""

    fails = VALUES
    samples = [f64[3, 5], f32[4].within(1, 2)]

    def infer(*facts):
        return T.TensorType()

    def composite(t, x):
        if x.ndim > 2:
            raise RuntimeError(
                "corrcoef(): expected input to have two or fewer dimensions but got an"
                f" input with {x.ndim} dimensions"
            )
        found = t.cov(x)
        if not found.ndim:
            return found / found
        deviation = t.sqrt(t.diagonal(found))
        found = found / t.unsqueeze(deviation, 1) / t.unsqueeze(deviation, 0)
        return t.clamp(found, -1, 1)


@op("aten::sum_to_size(Tensor self, SymInt[] size) -> Tensor")
class sum_to_size(Composed):
    """The sums over the dims that a broadcast from these sizes would have made."""

    samples = [case(f32[2, 3], [3]), case(f64[4, 2, 3], [2, 1]), case(i64[2], [2])]

    def sizes(x, size):
        _check_sum_to(x, size)
        return tuple(size)

    def dtypes(x, size):
        return x if x is not None and x.category >= FLOATING else None

    def composite(t, x, size):
        _check_sum_to(x.shape, size)
        lead = x.ndim - len(size)
        dims = list(range(lead))
        dims += [
            d + lead for d, n in enumerate(size) if n == 1 and x.shape[d + lead] != 1
        ]
        if not size:
            return t.sum(x)
        made = t.sum(x, dims, True) if dims else t.clone(x)
        return t.reshape(made, size)


def _check_sum_to(x, size):
    lead = len(x) - len(size)
    fits = lead >= 0 and all(
        n is None or m is None or n in (1, m)
        for n, m in zip(size, x[lead:], strict=True)
    )
    if not fits:
        raise RuntimeError(
            f"size {{{list(size)}}} is not expandable to size {{{list(x)}}}."
        )


@op("aten::diagflat(Tensor self, int offset=0) -> Tensor")
class diagflat(Composed):
    """A matrix of zeros with all elements along a diagonal."""

    samples = [f32[3], case(f64[2, 2], 1), case(i64[()], -1)]

    def sizes(x, offset):
        count = S.product(x)
        size = None if count is None else count + abs(offset)
        return size, size

    def composite(t, x, offset):
        return t.diag(t.reshape(x, [-1]), offset)
