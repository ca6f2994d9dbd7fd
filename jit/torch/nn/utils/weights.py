"""Weights with a norm of their own: weight norm and spectral norm by hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from jit.runtime.tensor import Tensor
from jit.torch.modes import no_grad
from jit.torch.nn.module import Module
from jit.torch.nn.parameter import Parameter

if TYPE_CHECKING:
    torch: Any  # its functions are found by name
else:
    from jit import torch

M = TypeVar("M", bound=Module)


def norm_except(v: Tensor, dim: int | None) -> Tensor:
    """The norms over all dims but one; over all dims for None or -1."""
    if dim is None or dim == -1:
        return v.norm()
    dims = [d for d in range(v.dim()) if d != dim % v.dim()]
    made: Tensor = torch.sqrt((v * v).sum(dims, keepdim=True)) if dims else v.abs()
    return made


class _WeightNorm:
    """The hook that computes a weight of its length and its direction."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = dim

    def compute(self, module: Module) -> Tensor:
        g, v = (getattr(module, f"{self.name}_{end}") for end in "gv")
        made: Tensor = v * (g / norm_except(v, self.dim))
        return made

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Give a weight as `name_g * name_v / |name_v|` from now on."""
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, _WeightNorm) and hook.name == name:
            raise RuntimeError(
                f"Cannot register two weight_norm hooks on the same parameter {name}"
            )
    weight = getattr(module, name)
    hook = _WeightNorm(name, dim)
    del module._parameters[name]
    with no_grad():
        length = norm_except(weight, dim)
    module.register_parameter(f"{name}_g", Parameter(length.detach()))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    setattr(module, name, hook.compute(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight a parameter again."""
    for number, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, _WeightNorm) and hook.name == name:
            with no_grad():
                weight = hook.compute(module)
            delattr(module, name)
            del module._parameters[f"{name}_g"], module._parameters[f"{name}_v"]
            module.register_parameter(name, Parameter(weight.detach()))
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """A weight with one dim first, the others joined."""
    if dim:
        weight = weight.permute(dim, *(d for d in range(weight.dim()) if d != dim))
    return weight.reshape(weight.size(0), -1)


def power_iteration(
    matrix: Tensor, u: Tensor, v: Tensor, steps: int, eps: float
) -> None:
    """Bring u and v nearer to the first singular vectors, in place."""
    with no_grad():
        for _ in range(steps):
            v.copy_(_normalized(torch.mv(matrix.t(), u), eps))
            u.copy_(_normalized(torch.mv(matrix, v), eps))


def _normalized(x: Tensor, eps: float) -> Tensor:
    return x / x.norm().clamp_min(eps)


class _SpectralNorm:
    """The hook that divides a weight by its largest singular value."""

    def __init__(self, name: str, steps: int, dim: int, eps: float) -> None:
        if steps <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got"
                f" n_power_iterations={steps}"
            )
        self.name = name
        self.n_power_iterations = steps
        self.dim = dim
        self.eps = eps

    def compute(self, module: Module, update: bool) -> Tensor:
        weight = getattr(module, f"{self.name}_orig")
        u, v = (getattr(module, f"{self.name}_{end}") for end in "uv")
        matrix = as_matrix(weight, self.dim)
        if update:
            power_iteration(matrix, u, v, self.n_power_iterations, self.eps)
            u, v = u.clone(), v.clone()
        made: Tensor = weight / torch.dot(u, torch.mv(matrix, v))
        return made

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute(module, module.training))


def spectral_norm(
    module: M,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> M:
    """Give a weight divided by its largest singular value from now on."""
    if dim is None:
        turned = type(module).__name__.startswith("ConvTranspose")
        dim = 1 if turned else 0
    hook = _SpectralNorm(name, n_power_iterations, dim, eps)
    weight = getattr(module, name)
    del module._parameters[name]
    module.register_parameter(f"{name}_orig", Parameter(weight.detach()))
    setattr(module, name, weight.detach())
    with no_grad():
        rows, columns = as_matrix(weight, dim).shape
        for end, size in (("u", rows), ("v", columns)):
            drawn = torch.randn(size, dtype=weight.dtype)
            module.register_buffer(f"{name}_{end}", _normalized(drawn, eps))
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make the weight a parameter again."""
    for number, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, _SpectralNorm) and hook.name == name:
            with no_grad():
                weight = hook.compute(module, False)
            delattr(module, name)
            del module._parameters[f"{name}_orig"]
            del module._buffers[f"{name}_u"], module._buffers[f"{name}_v"]
            module.register_parameter(name, Parameter(weight.detach()))
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"spectral_norm of '{name}' not found in {module}")
