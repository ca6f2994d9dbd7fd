"""Arithmetic on facts: what cards use in `infer` and in checks of dims and sizes.

A fact is a `TensorType` or `ArrayType`, a list of facts, the value of a constant, or
UNKNOWN (see `jit.ir.card`). A `Type` other than these two stands for an unknown value of
that type.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.card import UNKNOWN, ShapeError
from jit.ir.dtypes import DType, dtype_of
from jit.runtime.promotion import result_dtype

Sizes = T.Sizes


def is_tensor(fact: Any) -> bool:
    """Whether a fact is about a Tensor or an Array."""
    return isinstance(fact, T.TensorType | T.ArrayType)


def is_known(*facts: Any) -> bool:
    """Whether all facts are values of constants, or lists of such."""
    for fact in facts:
        if fact is UNKNOWN or isinstance(fact, T.Type):
            return False
        if isinstance(fact, list | tuple) and not is_known(*fact):
            return False
    return True


def dtype_seen(x: Any) -> DType | None:
    """The dtype of an array or of a fact about one; None if unknown."""
    if isinstance(x, np.ndarray | np.generic):
        return dtype_of(x.dtype)
    return x.dtype if is_tensor(x) else None


def rank_seen(x: Any) -> int | None:
    """The rank of an array or of a fact about one; None if unknown or no tensor."""
    if isinstance(x, np.ndarray | np.generic):
        return x.ndim
    return len(x.sizes) if is_tensor(x) and x.sizes is not None else None


def sizes_of(fact: Any) -> Sizes | None:
    """The sizes of a tensor, or of a number (no dims); None if unknown."""
    if isinstance(fact, T.TensorType | T.ArrayType):
        return fact.sizes
    return ()


def format_sizes(sizes: Sequence[int | None]) -> str:
    """Sizes as in torch's messages, `[2, 3]`."""
    return f"[{', '.join('*' if s is None else str(s) for s in sizes)}]"


def broadcast_sizes(*operands: Sizes | None) -> Sizes | None:
    """The sizes that operands share after broadcasting; None if a rank is unknown.

    Raises ShapeError, in torch's words, where no run can broadcast them.
    """
    result: list[int | None] = []
    for sizes in operands:
        if sizes is None:
            return None
        padded = [1] * (len(result) - len(sizes)) + list(sizes)
        result = [1] * (len(sizes) - len(result)) + result
        for i, (a, b) in enumerate(zip(result, padded, strict=True)):
            result[i] = _broadcast_size(a, b, i)
    return tuple(result)


def _broadcast_size(a: int | None, b: int | None, dim: int) -> int | None:
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if a is None or b is None:
        return b if a is None else a
    raise ShapeError(broadcast_message(a, b, dim))


def broadcast_message(a: int, b: int, dim: int) -> str:
    """Torch's message about two sizes that cannot broadcast."""
    return (
        f"The size of tensor a ({a}) must match the size of tensor b ({b}) at"
        f" non-singleton dimension {dim}"
    )


def may_not_broadcast(*operands: Sizes | None) -> bool:
    """Whether some run may find sizes that do not broadcast."""
    ranked = [s for s in operands if s != ()]
    if len(ranked) < 2:
        return False
    if any(s is None for s in ranked):
        return True
    try:
        broadcast_sizes(*ranked)
    except ShapeError:
        return True
    rank = max(len(s) for s in ranked if s is not None)
    for i in range(1, rank + 1):
        sizes = [s[-i] for s in ranked if s is not None and i <= len(s)]
        wide = [s for s in sizes if s != 1]
        if None in wide and len(wide) > 1:
            return True
    return False


def wrap_dim(dim: int, rank: int, error: type[Exception] = IndexError) -> int:
    """A dim counted from the front; `error` if there is none. A 0-dim tensor has one."""
    bound = max(rank, 1)
    if not -bound <= dim < bound:
        raise error(
            "Dimension out of range (expected to be in range of"
            f" [{-bound}, {bound - 1}], but got {dim})"
        )
    return dim % bound


def wrap_dims(
    dims: Sequence[int] | int | None, rank: int, error: type[Exception] = IndexError
) -> tuple[int, ...]:
    """Dims counted from the front, in ascending order; None and none mean all."""
    if isinstance(dims, int):
        dims = (dims,)
    if dims is None or len(dims) == 0:
        return tuple(range(rank))
    wrapped = sorted(wrap_dim(d, rank, error) for d in dims)
    for a, b in pairwise(wrapped):
        if a == b:
            kind = RuntimeError if error is IndexError else error
            raise kind(f"dim {a} appears multiple times in the list of dims")
    return tuple(wrapped)


def reduced_sizes(sizes: Sizes | None, dims: Any, keepdim: Any) -> Sizes | None:
    """The sizes after reducing some dims; None if the rank of the result is unknown."""
    if keepdim is UNKNOWN or isinstance(keepdim, T.Type) or sizes is None:
        if sizes is not None and len(sizes) == 0:
            return ()
        if sizes is None and dims in (None, []) and keepdim is False:
            return ()
        return None
    if not is_known(dims):
        if keepdim:
            return (None,) * len(sizes)
        one = isinstance(dims, list) and len(dims) == 1
        return (None,) * (len(sizes) - 1) if one and sizes else None
    wrapped = wrap_dims(dims, len(sizes), ShapeError)
    if keepdim:
        return tuple(1 if i in wrapped else s for i, s in enumerate(sizes))
    return tuple(s for i, s in enumerate(sizes) if i not in wrapped)


def numel(sizes: Sizes | None) -> int | None:
    """The number of elements; None if unknown."""
    if sizes is None:
        return None
    if 0 in sizes:
        return 0
    result = 1
    for s in sizes:
        if s is None:
            return None
        result *= s
    return result


@cache
def _stand_in(dtype: DType, dimensioned: bool) -> np.ndarray:
    return np.empty((0,) if dimensioned else (), dtype.numpy)


_NUMBERS: dict[T.Type, Any] = {
    T.BOOL: True, T.INT: 1, T.FLOAT: 1.0, T.COMPLEX: 1j,
}  # fmt: skip


def common_dtype(facts: Sequence[Any]) -> DType | None:
    """The dtype that tensors and numbers promote to; None if it is not certain."""
    candidates: list[list[Any]] = [[]]
    for fact in facts:
        options = _stand_ins(fact)
        if options is None:
            return None
        candidates = [[*c, o] for c in candidates for o in options]
    found = {result_dtype(*c) for c in candidates}
    return found.pop() if len(found) == 1 else None


def _stand_ins(fact: Any) -> list[Any] | None:
    """Values with the dtypes and ranks a fact allows; None if the dtype is unknown."""
    if isinstance(fact, T.TensorType | T.ArrayType):
        if fact.dtype is None:
            return None
        if fact.sizes is None:
            return [_stand_in(fact.dtype, True), _stand_in(fact.dtype, False)]
        return [_stand_in(fact.dtype, len(fact.sizes) > 0)]
    if isinstance(fact, T.Type) or fact is UNKNOWN:
        known = _NUMBERS.get(fact) if fact is not UNKNOWN else None
        return [known] if known is not None else list(_NUMBERS.values())
    return [fact]
