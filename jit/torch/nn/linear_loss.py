"""The cross entropy of classes that a linear map tells: `F.linear_cross_entropy`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Optional

from jit.ir.dtypes import DType, int64
from jit.runtime import dispatch
from jit.runtime.tensor import Tensor
from jit.torch.nn import operations
from jit.torch.nn.reductions import reduction_number

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


@dataclasses.dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How a batch is taken in pieces, so that the logits of all are never in memory.

    Where gradients are wanted the tape keeps the logits of every piece: then it is one
    piece after another that is computed, and no memory is saved. Sums of the half types
    are always kept in float32, which is what every `acc_policy` asks for at least.
    """

    allow_retain_graph: bool = False
    """Torch's gradients are used up by the way back unless this is true; ours never."""

    batch_chunk_size: int | None = None
    """So many rows a piece."""

    chunking_method: str | None = "auto"
    """How many they are if nobody says: `aspect_ratio:2`, as many as make the logits as
    large as the input, divided by 2."""

    acc_policy: str = "auto"
    acc_dtype: DType | None = None

    def __post_init__(self) -> None:
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        if self.batch_chunk_size is not None and self.batch_chunk_size < 1:
            raise ValueError(
                "batch_chunk_size must be positive int or None, got"
                f" {self.batch_chunk_size!r}"
            )
        self._divisor()

    def _divisor(self) -> int:
        """By what a piece is smaller than one whose logits are as large as its input."""
        if self.chunking_method in (None, "auto"):
            return 2
        name, _, factor = str(self.chunking_method).partition(":")
        if name != "aspect_ratio" or not (factor or "1").isdigit() or factor == "0":
            raise ValueError(f"invalid chunking_method: {self.chunking_method!r}")
        return int(factor or 1)

    def rows(self, batch: int, features: int, classes: int) -> int:
        """How many rows a piece has."""
        if self.batch_chunk_size is not None:
            return self.batch_chunk_size
        if self.chunking_method is None:
            return max(batch, 1)
        count = -(-batch // -(-classes // max(features, 1)))
        return max((1 << max(count - 1, 0).bit_length()) // self._divisor(), 1)


def linear_cross_entropy(  # type: ignore[no-untyped-def]
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Optional[Tensor] = None,  # noqa: UP045
    weight: Optional[Tensor] = None,  # noqa: UP045
    reduction: str = "mean",
    ignore_index: Optional[int] = None,  # noqa: UP045
    label_smoothing: float = 0.0,
    options=None,
) -> Tensor:
    """`cross_entropy` of `linear(input, linear_weight, linear_bias)`.

    The weight may have more dims between classes and features; the target then has
    them too. `options` say how a batch is taken in pieces.
    """
    if input.dim() < 1 or input.dim() > 2:
        raise RuntimeError(
            f"expected input with dimensionality 1 or 2, got {input.dim()}"
        )
    if linear_weight.dim() < 2:
        raise RuntimeError(
            "expected linear_weight with dimensionality at least 2, got"
            f" {linear_weight.dim()}"
        )
    features = input.size(-1)
    if features != linear_weight.size(-1):
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got"
            f" {features} and {linear_weight.size(-1)}, respectively"
        )
    outer = list(linear_weight.size())[:-1]
    if linear_bias is not None and list(linear_bias.size()) != outer:
        raise RuntimeError(
            f"expected linear_bias shape {outer}, got {linear_bias.size()}"
        )
    if len(outer) > 1 and input.dim() == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {linear_weight.size()}"
            f" requires batched input, (N, {features}), got unbatched input with shape"
            f" {input.size()}"
        )
    sizes = list(input.size())[:-1] + outer
    if ignore_index is not None and list(target.size()) == sizes:
        raise RuntimeError(
            "ignore_index cannot be specified when target contains probabilities"
        )
    ignored = -100 if ignore_index is None else ignore_index
    if not torch.jit.is_scripting():
        plain = len(outer) == 1 and label_smoothing == 0 and target.dtype is int64
        if options is not None and plain and dispatch.observer is None:
            # as torch's, pieces give no gradient to the weights of classes
            shares = None if weight is None else weight.detach()
            pieces = _in_pieces(
                input, linear_weight, target, linear_bias, shares, ignored, options
            )
            return _reduced(pieces, target, shares, ignored, reduction)
    flat = linear_weight.reshape(-1, features)
    logits = torch.matmul(input, flat.t()).reshape(sizes)
    if linear_bias is not None:
        logits = logits + linear_bias
    number = reduction_number(reduction)
    return operations.cross_entropy_loss(
        logits, target, weight, number, ignored, label_smoothing
    )


def _in_pieces(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    linear_bias: Tensor | None,
    weight: Tensor | None,
    ignored: int,
    options: LinearCrossEntropyOptions,
) -> Tensor:
    """The losses of all rows, a few rows at a time."""
    if input.dim() == 1:
        input, target = input.unsqueeze(0), target.unsqueeze(0)
    count, features = input.shape
    rows = options.rows(count, features, linear_weight.size(0))
    losses = []
    for start in range(0, max(count, 1), rows):
        logits = torch.nn.functional.linear(
            input[start : start + rows], linear_weight, linear_bias
        )
        wanted = target[start : start + rows]
        losses.append(
            operations.cross_entropy_loss(logits, wanted, weight, 0, ignored, 0.0)
        )
    made: Tensor = torch.cat(losses)
    return made


def _reduced(
    losses: Tensor, target: Tensor, weight: Tensor | None, ignored: int, reduction: str
) -> Tensor:
    number = reduction_number(reduction)
    if number == 0:
        return losses.reshape(target.shape)
    total = losses.sum()
    if number == 2:
        return total
    kept = torch.ne(target, ignored)
    share = kept.sum() if weight is None else weight[target[kept]].sum()
    return total / share
