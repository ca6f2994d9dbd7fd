"""A call of compiled code as one step of the tape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jit.runtime.autograd.node import RELEASED, Node, edge_of
from jit.runtime.autograd.saved import Saved, Written
from jit.runtime.grad_mode import flags
from jit.runtime.tensor import Tensor, wrap

if TYPE_CHECKING:
    from jit.runtime.executor.differentiable import Differentiable


class CompiledNode(Node):
    """A call of a function whose gradient is compiled too."""

    def __init__(
        self,
        function: Differentiable,
        pair: Any,
        values: Sequence[Any],
        inputs: Sequence[Any],
        kept: Sequence[Any],
    ) -> None:
        gradient = pair.gradient
        super().__init__([edge_of(inputs[i]) for i in gradient.reached])
        self.function = function
        self.pair = pair
        self._values: Sequence[Any] | None = values
        self._inputs = [_kept(inputs[i]) for i in gradient.inputs]
        self._reached = [inputs[i] for i in gradient.reached]
        self._kept = list(kept)

    def name(self) -> str:
        return f"{self.function.name.rpartition('.')[2].title()}Backward"

    def release(self) -> None:
        self._values = None
        self._inputs, self._kept, self._reached = [], [], []

    def apply(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        if self._values is None:
            raise RuntimeError(RELEASED)
        if flags.enabled:
            return self._through_tape(grads)
        inputs = [self._found(v) for v in self._inputs]
        given = [
            wrap(_zeros(r)) if g is None else g
            for g, r in zip(grads, self.results, strict=True)
        ]
        return list(self.pair.backward([*inputs, *self._kept, *given]))

    def _found(self, value: Any) -> Any:
        if not isinstance(value, Saved):
            return value
        found = value.get(self, "an input")
        return found.refuse() if isinstance(found, Written) else found

    def _through_tape(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """The gradients by eager code, so that they can be differentiated again."""
        from jit.runtime.autograd import engine

        assert self._values is not None
        result = self.function.taped.call(self._values)
        outputs = [t for t in _tensors(result) if t._requires_grad]
        pairs = [(o, g) for o, g in zip(outputs, grads, strict=True) if g is not None]
        found = engine.gradients_of(
            [o for o, _ in pairs], self._reached, [g for _, g in pairs],
            True, True, True,
        )  # fmt: skip
        return list(found)


def _kept(value: Any) -> Any:
    return Saved(value) if isinstance(value, Tensor) else value


def _zeros(result: Any) -> Any:
    import numpy as np

    return np.zeros(result.shape, result.dtype.numpy)


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [t for v in value for t in _tensors(v)]
    return []
