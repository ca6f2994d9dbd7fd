"""State dicts: what a module saves, and how it takes it back."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from jit.runtime.parameter import Parameter
from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    from jit.torch.nn.module import Module


class IncompatibleKeys(
    namedtuple("IncompatibleKeys", ("missing_keys", "unexpected_keys"))
):
    """Which keys a load did not find, and which it did not need."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_{super().__repr__()}"

    __str__ = __repr__


EXTRA_STATE = "_extra_state"
"""The key under which `get_extra_state` is saved."""


def own_state(module: Module) -> dict[str, Tensor]:
    """The parameters and persistent buffers that a module itself holds, by name."""
    found: dict[str, Tensor] = {
        name: parameter
        for name, parameter in module._parameters.items()
        if parameter is not None
    }
    left_out = module._non_persistent_buffers_set
    return found | {
        name: buffer
        for name, buffer in module._buffers.items()
        if buffer is not None and name not in left_out
    }


def save_state(
    module: Module, destination: Any, prefix: str, *, keep_vars: bool
) -> OrderedDict[str, Any]:
    """The state of a module and all below it."""
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()
    metadata = getattr(destination, "_metadata", None)
    if metadata is not None:
        metadata[prefix[:-1]] = {"version": getattr(module, "_version", 1)}
    for name, tensor in own_state(module).items():
        destination[prefix + name] = tensor if keep_vars else tensor.detach()
    if hasattr(module, "get_extra_state"):
        destination[prefix + EXTRA_STATE] = module.get_extra_state()
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(
                destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
            )
    result: OrderedDict[str, Any] = destination
    return result


def load_state(
    module: Module, state_dict: Mapping[str, Any], *, strict: bool, assign: bool
) -> IncompatibleKeys:
    """Take over a state dict; RuntimeError lists everything that does not fit."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    loading = _Loading(state_dict, strict, assign)
    loading.load(module, "")
    problems = loading.problems
    if strict:
        listed = (("Missing", loading.missing), ("Unexpected", loading.unexpected))
        for kind, keys in listed[::-1]:
            if keys:
                names = ", ".join(f'"{k}"' for k in keys)
                problems.insert(0, f"{kind} key(s) in state_dict: {names}. ")
    if problems:
        text = "\n\t".join(problems)
        raise RuntimeError(
            f"Error(s) in loading state_dict for {type(module).__name__}:\n\t{text}"
        )
    return IncompatibleKeys(loading.missing, loading.unexpected)


class _Loading:
    """One load: the state dict, and what was found not to fit."""

    def __init__(
        self, state_dict: Mapping[str, Any], strict: bool, assign: bool
    ) -> None:
        self.state_dict = state_dict
        self.strict = strict
        self.assign = assign
        self.missing: list[str] = []
        self.unexpected: list[str] = []
        self.problems: list[str] = []

    def load(self, module: Module, prefix: str) -> None:
        """Load a module and all below it."""
        own = own_state(module)
        for name, tensor in own.items():
            key = prefix + name
            if key in self.state_dict:
                self._take(module, name, key, tensor)
            elif self.strict:
                self.missing.append(key)
        if hasattr(module, "set_extra_state"):
            if prefix + EXTRA_STATE in self.state_dict:
                module.set_extra_state(self.state_dict[prefix + EXTRA_STATE])
            elif self.strict:
                self.missing.append(prefix + EXTRA_STATE)
        if self.strict:
            self._find_unexpected(module, prefix, own)
        for name, child in module._modules.items():
            if child is not None:
                self.load(child, f"{prefix}{name}.")

    def _find_unexpected(
        self, module: Module, prefix: str, own: Mapping[str, Tensor]
    ) -> None:
        """Keys under the prefix that neither this module nor a child takes."""
        for key in self.state_dict:
            if not key.startswith(prefix):
                continue
            name, dot, _ = key[len(prefix) :].partition(".")
            if dot and module._modules.get(name) is not None:
                continue
            takes_extra = hasattr(module, "set_extra_state")
            if (name in own and not dot) or (takes_extra and name == EXTRA_STATE):
                continue
            self.unexpected.append(key)

    def _take(self, module: Module, name: str, key: str, tensor: Tensor) -> None:
        given = self.state_dict[key]
        if not isinstance(given, Tensor):
            self.problems.append(
                f'While copying the parameter named "{key}", expected torch.Tensor or'
                f" Tensor-like object from checkpoint but received {type(given)}"
            )
            return
        array = given.array
        if array.shape == (1,) and tensor.array.shape == ():
            array = array[0]  # what early versions saved for numbers
        if array.shape != tensor.array.shape:
            self.problems.append(
                f"size mismatch for {key}: copying a param with shape {given.shape}"
                " from checkpoint, the shape in current model is"
                f" {tensor.shape}."
            )
            return
        if self.assign:
            if isinstance(tensor, Parameter) and not isinstance(given, Parameter):
                given = Parameter(given, requires_grad=tensor.requires_grad)
            setattr(module, name, given)
        else:
            np.copyto(tensor.array, array, casting="unsafe")
