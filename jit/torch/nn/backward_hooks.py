"""Hooks that see the gradients of a module's inputs and outputs.

The tensors of a call pass through two steps of the tape that compute nothing: one before
`forward`, where the gradients of the inputs arrive, one behind it, where those of the
outputs do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jit.runtime.autograd.function import Function
from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    from jit.torch.nn.module import Module

Grads = tuple[Any, ...]


class _Passing(Function):
    """The tensors as they are; their gradients go through a function."""

    @staticmethod
    def forward(ctx: Any, through: Any, *tensors: Tensor) -> Any:
        ctx.through = through
        ctx.set_materialize_grads(False)
        return tensors

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return (None, *ctx.through(grads))


def tensors_of(value: Any) -> list[Tensor]:
    """The tensors that want gradients in any structure of tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return [value] if value.requires_grad else []
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [t for v in value for t in tensors_of(v)]
    return []


def replaced(value: Any, made: dict[int, Tensor]) -> Any:
    """The same structure with other tensors in the place of some."""
    if isinstance(value, Tensor):
        return made.get(id(value), value)
    if isinstance(value, Mapping):
        pairs = {k: replaced(v, made) for k, v in value.items()}
        return pairs if type(value) is dict else type(value)(pairs)  # type: ignore[call-arg]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(replaced(v, made) for v in value))
    if isinstance(value, list | tuple):
        return type(value)(replaced(v, made) for v in value)
    return value


def _through(value: Any, function: Callable[[Grads], Grads]) -> Any:
    """A structure whose tensors have passed a step; as it is if none wants gradients."""
    tensors = tensors_of(value)
    if not tensors:
        return value
    passed = _Passing.apply(function, *tensors)
    pairs = zip(tensors, passed, strict=True)
    return replaced(value, {id(t): p for t, p in pairs})


class Watch:
    """The gradients of one call of a module, on their way through its hooks."""

    def __init__(
        self,
        module: Module,
        hooks: Sequence[Callable[..., Any]],
        pre_hooks: Sequence[Callable[..., Any]],
    ) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.given: Grads = ()
        """The gradients of the outputs."""
        self.count = 0
        """How many positional inputs there are."""
        self.places: list[int] = []
        """Which of them have gradients."""

    def watch_inputs(self, args: Grads) -> Grads:
        """The arguments of the call, through the first step."""
        self.count = len(args)
        self.places = [
            i for i, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad
        ]
        if not self.places:
            return args
        passed = _Passing.apply(self._inputs_back, *(args[i] for i in self.places))
        made = list(args)
        for i, tensor in zip(self.places, passed, strict=True):
            made[i] = tensor
        return tuple(made)

    def watch_outputs(self, result: Any) -> Any:
        """The result of the call, through the second step."""
        return _through(result, self._outputs_back)

    def _outputs_back(self, grads: Grads) -> Grads:
        for hook in self.pre_hooks:
            changed = hook(self.module, grads)
            if changed is not None:
                grads = changed if isinstance(changed, tuple) else (changed,)
        self.given = grads
        if not self.places:
            self._call((None,) * self.count)
        return grads

    def _inputs_back(self, grads: Grads) -> Grads:
        whole: list[Any] = [None] * self.count
        for i, gradient in zip(self.places, grads, strict=True):
            whole[i] = gradient
        made = self._call(tuple(whole))
        return tuple(made[i] for i in self.places)

    def _call(self, grads: Grads) -> Grads:
        for hook in self.hooks:
            changed = hook(self.module, grads, self.given)
            if changed is None:
                continue
            changed = changed if isinstance(changed, tuple) else (changed,)
            if len(changed) != len(grads):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, got"
                    f" {len(changed)}, but expected {len(grads)}"
                )
            grads = changed
        return grads
