"""Ready parametrizations: weight norm, spectral norm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jit.runtime.tensor import Tensor
from jit.torch.nn.module import Module
from jit.torch.nn.utils import parametrize
from jit.torch.nn.utils.weights import as_matrix, norm_except, power_iteration

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch


class _WeightNorm(Module):
    """A weight of its length, `original0`, and its direction, `original1`."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weight_v * (weight_g / norm_except(weight_v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Give a weight by its length and its direction from now on."""
    return parametrize.register_parametrization(
        module, name, _WeightNorm(dim), unsafe=True
    )


class _SpectralNorm(Module):
    """A weight divided by its largest singular value."""

    def __init__(
        self,
        weight: Tensor,
        n_power_iterations: int = 1,
        dim: int = 0,
        eps: float = 1e-12,
    ) -> None:
        super().__init__()
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got"
                f" n_power_iterations={n_power_iterations}"
            )
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps
        matrix = as_matrix(weight.detach(), dim)
        rows, columns = matrix.shape
        u = torch.randn(rows, dtype=weight.dtype)
        v = torch.randn(columns, dtype=weight.dtype)
        self.register_buffer("_u", u / u.norm().clamp_min(eps))
        self.register_buffer("_v", v / v.norm().clamp_min(eps))
        power_iteration(matrix, self._u, self._v, 15, eps)

    def forward(self, weight: Tensor) -> Tensor:
        matrix = as_matrix(weight, self.dim)
        if self.training:
            steps = self.n_power_iterations
            power_iteration(matrix.detach(), self._u, self._v, steps, self.eps)
        u, v = self._u.clone(), self._v.clone()
        return weight / torch.dot(u, torch.mv(matrix, v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Give a weight divided by its largest singular value from now on."""
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(
            f"Module '{module}' has no parameter or buffer with name '{name}'"
        )
    if dim is None:
        turned = type(module).__name__.startswith("ConvTranspose")
        dim = 1 if turned else 0
    made = _SpectralNorm(weight, n_power_iterations, dim, eps)
    return parametrize.register_parametrization(module, name, made)
