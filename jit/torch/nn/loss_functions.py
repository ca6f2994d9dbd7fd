"""Losses as functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Optional

from jit.runtime.tensor import Tensor
from jit.torch.nn import operations
from jit.torch.nn.reductions import reduction_number

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


def _reduced(loss: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    if reduction != "none":
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return loss


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The squares of the differences."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.mse_loss(input, target, number)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The absolute differences."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.l1_loss(input, target, number)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Squared below `beta`, absolute above, joined smoothly."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.smooth_l1_loss(input, target, number, beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0
) -> Tensor:
    """Squared below `delta`, absolute above, joined smoothly."""
    return operations.huber_loss(input, target, reduction_number(reduction), delta)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(-target * input)), for targets of -1 and 1."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.soft_margin_loss(input, target, number)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target * (log target - input), for inputs that are logarithms."""
    if reduction == "batchmean":
        total = torch.kl_div(input, target, 2, log_target=log_target)
        return total / input.size(0)
    number = reduction_number(reduction, size_average, reduce)
    return torch.kl_div(input, target, number, log_target=log_target)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the logarithm of the probability of the target's class."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.nll_loss_nd(input, target, weight, number, ignore_index)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """`nll_loss` of the logarithm of the softmax; targets are numbers or shares."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.cross_entropy_loss(
        input, target, weight, number, ignore_index, label_smoothing
    )


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-(target log input + (1 - target) log(1 - input))."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.binary_cross_entropy(input, target, weight, number)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of the sigmoid of the input, without overflow."""
    number = reduction_number(reduction, size_average, reduce)
    if not torch.jit.is_tracing() and target.size() != input.size():
        raise ValueError(
            f"Target size ({target.size()}) must be the same as input size"
            f" ({input.size()})"
        )
    return torch.binary_cross_entropy_with_logits(
        input, target, weight, pos_weight, number
    )


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cosine for targets of 1, the cosine above a margin for targets of -1."""
    number = reduction_number(reduction, size_average, reduce)
    return torch.cosine_embedding_loss(input1, input2, target, margin, number)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How far pairs are from the order that the target, 1 or -1, gives them."""
    number = reduction_number(reduction, size_average, reduce)
    if not torch.jit.is_tracing() and (
        input1.dim() != input2.dim() or input1.dim() != target.dim()
    ):
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got"
            f" sizes: input1: {input1.size()}, input2: {input2.size()}, target:"
            f" {target.size()} "
        )
    return torch.margin_ranking_loss(input1, input2, target, margin, number)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """x for targets of 1, max(0, margin - x) for targets of -1."""
    number = reduction_number(reduction, size_average, reduce)
    return torch.hinge_embedding_loss(input, target, margin, number)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """How much nearer the negative is than the positive, plus a margin."""
    number = reduction_number(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return torch.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, number
    )


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: Optional[bool] = None,  # noqa: UP045
    eps: float = 1e-8,
    reduce: Optional[bool] = None,  # noqa: UP045
    reduction: str = "mean",
) -> Tensor:
    """Minus the logarithm of the probability of counts, but for a constant."""
    number = reduction_number(reduction, size_average, reduce)
    return torch.poisson_nll_loss(input, target, log_input, full, eps, number)


def gaussian_nll_loss(  # type: ignore[no-untyped-def]
    input: Tensor,
    target: Tensor,
    var,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Minus the logarithm of the density of a normal distribution."""
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = var * torch.ones_like(input)
    if not torch.jit.is_tracing() and bool(torch.any(var < 0)):
        raise ValueError("var has negative entry/entries")
    if not torch.jit.is_tracing() and var.size() != input.size():
        if list(input.size())[:-1] == list(var.size()):
            var = torch.unsqueeze(var, -1)
        elif list(input.size())[:-1] != list(var.size())[:-1] or var.size(-1) != 1:
            raise ValueError("var is of incorrect size")
    if reduction != "none" and reduction != "mean" and reduction != "sum":
        raise ValueError(f"{reduction} is not valid")
    if not var.is_floating_point():
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {var.dtype}"
        )
    # the bound has no gradient
    kept = var + (torch.clamp_min(var, eps) - var).detach()
    loss = 0.5 * (torch.log(kept) + (input - target) ** 2 / kept)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduced(loss, reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Optional[Tensor] = None,  # noqa: UP045
    size_average: Optional[bool] = None,  # noqa: UP045
    reduce: Optional[bool] = None,  # noqa: UP045
    reduction: str = "mean",
) -> Tensor:
    """How far other classes come within a margin of the target's class."""
    number = reduction_number(reduction, size_average, reduce)
    if p != 1 and p != 2:
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    return operations.multi_margin_loss(input, target, p, margin, weight, number)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: Optional[bool] = None,  # noqa: UP045
    reduce: Optional[bool] = None,  # noqa: UP045
    reduction: str = "mean",
) -> Tensor:
    """How far other classes come within 1 of those that the target lists."""
    number = reduction_number(reduction, size_average, reduce)
    return operations.multilabel_margin_loss(input, target, number)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Optional[Tensor] = None,  # noqa: UP045
    size_average: Optional[bool] = None,  # noqa: UP045
    reduce: Optional[bool] = None,  # noqa: UP045
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of the cross entropy of each being there or not."""
    number = reduction_number(reduction, size_average, reduce)
    yes = target * operations.log_sigmoid(input)
    no = (1 - target) * operations.log_sigmoid(-input)
    loss = -(yes + no)
    if weight is not None:
        loss = loss * weight
    loss = loss.sum(dim=input.dim() - 1) / input.size(input.dim() - 1)
    if number == 1:
        return loss.mean()
    if number == 2:
        return loss.sum()
    return loss


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Any = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """How much nearer, by a distance, the negative is than the positive."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same"
            f" number of dimensions, but got: anchor {anchor.dim()}D, positive"
            f" {positive.dim()}D, and negative {negative.dim()}D inputs"
        )
    distance = distance_function or torch.pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = torch.minimum(far, distance(positive, negative))
    return _reduced(torch.clamp_min(margin + near - far, 0), reduction)


def ctc_loss(  # type: ignore[no-untyped-def]
    log_probs: Tensor,
    targets: Tensor,
    input_lengths,
    target_lengths,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Minus the log probability of sequences of labels over all alignments."""
    number = reduction_number(reduction)
    if not torch.jit.is_scripting():
        if isinstance(input_lengths, tuple):
            input_lengths = list(input_lengths)
        if isinstance(target_lengths, tuple):
            target_lengths = list(target_lengths)
    return torch.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, number, zero_infinity
    )
