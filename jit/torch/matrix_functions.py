"""Functions of matrices that are written in the language that `jit.script` compiles."""

# ruff: noqa: N803, N806  matrices have torch's names

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch

__all__ = ["cdist", "pca_lowrank", "svd_lowrank"]


def cdist(
    x1: Tensor,
    x2: Tensor,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor:
    """The p-norms of the differences between all rows of one and all of the other."""
    if compute_mode == "use_mm_for_euclid_dist_if_necessary":
        return torch.ops.aten.cdist(x1, x2, p, None)
    if compute_mode == "use_mm_for_euclid_dist":
        return torch.ops.aten.cdist(x1, x2, p, 1)
    if compute_mode == "donot_use_mm_for_euclid_dist":
        return torch.ops.aten.cdist(x1, x2, p, 2)
    raise ValueError(f"{compute_mode} is not a valid value for compute_mode")


def _basis(A: Tensor, q: int, niter: int) -> Tensor:
    """Orthonormal columns that nearly span those of a matrix, found from random ones."""
    dtype = A.dtype if A.is_floating_point() or A.is_complex() else torch.float32
    found = torch.linalg.qr(A @ torch.randn(A.shape[-1], q, dtype=dtype))[0]
    for _ in range(niter):
        found = torch.linalg.qr(A.mT @ found)[0]
        found = torch.linalg.qr(A @ found)[0]
    return found


def svd_lowrank(
    A: Tensor,
    q: int | None = 6,
    niter: int | None = 2,
    M: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """The q largest singular values of A - M and their vectors, nearly: U, S and V."""
    count = 6 if q is None else q
    steps = 2 if niter is None else niter
    if M is not None:
        A = torch.sub(A, M)
    turned = A.shape[-2] < A.shape[-1]
    if turned:
        A = A.mT
    basis = _basis(A, count, steps)
    inner, values, right = torch.linalg.svd(basis.mT @ A, full_matrices=False)
    left = basis @ inner
    if turned:
        return right.mT, values, left
    return left, values, right.mT


def pca_lowrank(
    A: Tensor, q: int | None = None, center: bool = True, niter: int = 2
) -> tuple[Tensor, Tensor, Tensor]:
    """The principal components of the rows of a matrix, nearly: U, S and V."""
    most = min(A.shape[-2], A.shape[-1])
    count = min(6, most) if q is None else q
    if count < 0 or count > most:
        raise ValueError(
            f"q(={count}) must be non-negative integer and not greater than min(m, n)="
            f"{most}"
        )
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    if center:
        A = torch.sub(A, A.mean(dim=(-2,), keepdim=True))
    return svd_lowrank(A, count, niter)
