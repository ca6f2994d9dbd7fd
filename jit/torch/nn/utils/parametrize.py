"""Parameters computed of others: `register_parametrization`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jit.runtime.tensor import Tensor
from jit.torch.modes import no_grad
from jit.torch.nn.containers import ModuleDict, ModuleList
from jit.torch.nn.module import Module
from jit.torch.nn.parameter import Parameter


class ParametrizationList(ModuleList):
    """The steps from the original tensors of a parameter to its value.

    The originals are `original`, or `original0`, `original1`, … if the last step's
    `right_inverse` gives several.
    """

    def __init__(
        self, modules: Sequence[Module], original: Tensor, unsafe: bool = False
    ) -> None:
        super().__init__(modules)
        self.unsafe = unsafe
        value: Any = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    value = module.right_inverse(value)
        self.is_tensor = isinstance(value, Tensor)
        self.ntensors = 1 if self.is_tensor else len(value)
        if self.is_tensor:
            self._keep("original", value, original)
        else:
            for i, part in enumerate(value):
                self._keep(f"original{i}", part, original)

    def _keep(self, name: str, value: Tensor, original: Tensor) -> None:
        if isinstance(original, Parameter):
            kept = Parameter(value.detach(), requires_grad=original.requires_grad)
            self.register_parameter(name, kept)
        else:
            self.register_buffer(name, value)

    def originals(self) -> list[Tensor]:
        """The tensors that the value is computed of."""
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals such that the parametrized value is `value`."""
        made: Any = value
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement"
                        " right_inverse."
                    )
                made = module.right_inverse(made)
            parts = [made] if self.is_tensor else list(made)
            for original, part in zip(self.originals(), parts, strict=True):
                original.data = part.detach()

    def forward(self) -> Tensor:
        """The value."""
        first, *rest = list(self)
        value = first(*self.originals())
        for module in rest:
            value = module(value)
        made: Tensor = value
        return made


def _property_of(name: str) -> property:
    def get(module: Any) -> Tensor:
        made: Tensor = module.parametrizations[name]()
        return made

    def put(module: Any, value: Tensor) -> None:
        module.parametrizations[name].right_inverse(value)

    return property(get, put)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute a parameter or buffer of a module by another module from now on."""
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        steps: Any = module.parametrizations[tensor_name]
        value = getattr(module, tensor_name)
        steps.append(parametrization)
        if hasattr(parametrization, "right_inverse"):
            steps.right_inverse(value)
        return module
    if tensor_name not in module._buffers and tensor_name not in module._parameters:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized"
            f" element with name '{tensor_name}'"
        )
    original = getattr(module, tensor_name)
    made = ParametrizationList([parametrization], original, unsafe=unsafe)
    if not is_parametrized(module):
        cls = type(module)
        module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), {})
        module.parametrizations = ModuleDict()
    delattr(module, tensor_name)
    setattr(type(module), tensor_name, _property_of(tensor_name))
    module.parametrizations[tensor_name] = made
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations, or one of this name."""
    found = module._modules.get("parametrizations")
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Make the value, or the original, a parameter of its own again."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(
            f"Module {module} does not have a parametrization on {tensor_name}"
        )
    steps: Any = module.parametrizations[tensor_name]
    if not leave_parametrized and not steps.is_tensor:
        raise ValueError(
            "Leaving unparametrized (`leave_parametrized=False`) tensors is only"
            " possible when the parametrization has one original"
        )
    kept = steps.originals()[0]
    with no_grad():
        value = getattr(module, tensor_name) if leave_parametrized else kept
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if isinstance(kept, Parameter):
        made = Parameter(value.detach(), requires_grad=kept.requires_grad)
        module.register_parameter(tensor_name, made)
    else:
        module.register_buffer(tensor_name, value)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module
