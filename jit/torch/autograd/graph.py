"""`torch.autograd.graph`: steps of the tape, and what they keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jit.runtime.autograd.node import Node, edge_of
from jit.runtime.autograd.saved import pack_hooks
from jit.runtime.tensor import Tensor

__all__ = ["Node", "get_gradient_edge", "save_on_cpu", "saved_tensors_hooks"]


class saved_tensors_hooks:  # noqa: N801  torch's name
    """What operators keep for the way back goes through `pack`, and back by `unpack`."""

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self._hooks = (pack_hook, unpack_hook)

    def __enter__(self) -> None:
        pack_hooks.append(self._hooks)

    def __exit__(self, *exception: object) -> None:
        pack_hooks.pop()


class save_on_cpu(saved_tensors_hooks):  # noqa: N801  torch's name
    """Keeps tensors as they are: they are on the CPU."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda x: x, lambda x: x)


def get_gradient_edge(tensor: Tensor) -> tuple[Node, int]:
    """The node that the gradient of a tensor goes to, and the number of the result."""
    edge = edge_of(tensor)
    if edge is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor"
                           " that does not require gradients.")  # fmt: skip
    return edge
