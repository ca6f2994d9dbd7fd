"""`torch.autograd.Function`: an operator whose gradient is written in Python."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from typing import Any

from jit.ir.dtypes import FLOATING
from jit.runtime.autograd.node import RELEASED, Node, edge_of
from jit.runtime.autograd.saved import Saved, Written, note_write
from jit.runtime.grad_mode import flags
from jit.runtime.tensor import Tensor, wrap


class Context:
    """What `forward` leaves for `backward`: tensors, and any attribute."""

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self._to_save: tuple[Tensor | None, ...] = ()
        self._node: FunctionNode | None = None
        self._dirty: tuple[Tensor, ...] = ()
        self._constant: set[int] = set()
        self._materializes = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or results of `forward`; read them as `saved_tensors`."""
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was kept; RuntimeError if it was freed, or written since."""
        if self._node is None:
            return self._to_save
        return self._node.saved_tensors()

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs `forward` writes; they must be among its results."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which results have no gradient."""
        self._constant = {id(t) for t in tensors}

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` gets zeros, not None, for results that nobody used."""
        self._materializes = bool(value)


class FunctionNode(Node):
    """A call of a Function."""

    def __init__(self, function: type[Function], args: Sequence[Any]) -> None:
        super().__init__([edge_of(a) if isinstance(a, Tensor) else None for a in args])
        self.function = function
        self.context = Context()
        self._kept: list[Saved | None] | None = []

    def name(self) -> str:
        return f"{self.function.__name__}Backward"

    def keep(self, results: Sequence[Any]) -> None:
        """Keep what `forward` asked to; afterwards the context reads it from here."""
        made = {id(r) for r in results}
        self._kept = [
            None if t is None else Saved(t, is_result=id(t) in made)
            for t in self.context._to_save
        ]
        self.context._to_save = ()
        self.context._node = self

    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        if self._kept is None:
            raise RuntimeError(RELEASED)
        found = []
        for i, kept in enumerate(self._kept):
            value = None if kept is None else kept.get(self, f"saved tensor {i}")
            found.append(value.refuse() if isinstance(value, Written) else value)
        return tuple(found)

    def release(self) -> None:
        self._kept = None

    def apply(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        if self._kept is None:
            raise RuntimeError(RELEASED)
        if self.context._materializes:
            from jit.runtime.autograd.vocabulary import EAGER

            grads = [
                EAGER.zeros(list(r.shape), dtype=r.dtype)
                if g is None and r is not None
                else g
                for g, r in zip(grads, self.results, strict=True)
            ]
        found = self.function.backward(self.context, *grads)
        if not isinstance(found, tuple):
            found = (found,)
        count = len(self.edges)
        if len(found) > count and all(g is None for g in found[count:]):
            found = found[:count]
        if len(found) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients"
                f" (expected {count}, got {len(found)})"
            )
        for i, gradient in enumerate(found):
            if gradient is not None and not isinstance(gradient, Tensor):
                raise TypeError(
                    f"function {self.name()} returned `{type(gradient).__name__}` as the"
                    f" gradient of argument {i}, expected a Tensor or None"
                )
        return list(found)


class Function:
    """An operator with a gradient of its own. Subclass it and call `apply`.

    `forward(ctx, *args)` computes, and `backward(ctx, *grads)` returns one gradient for
    each argument of `forward`, None for those that are no tensors. With
    `setup_context(ctx, inputs, output)`, `forward` takes no `ctx`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            f"{type(self).__name__} is not made into an object: call"
            f" {type(self).__name__}.apply(...)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the results."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Leave for `backward` what it needs, where `forward` takes no `ctx`."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the arguments, from those of the results."""
        raise NotImplementedError(
            "You must implement the backward function for custom autograd.Function."
        )

    vjp = backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, and note the call on the tape if gradients are wanted."""
        if kwargs:
            bound = inspect.signature(cls.forward).bind(
                *((None,) if not cls._sets_up() else ()), *args, **kwargs
            )
            bound.apply_defaults()
            args = tuple(bound.args[0 if cls._sets_up() else 1 :])
        wanted = flags.enabled and any(
            isinstance(a, Tensor) and a._requires_grad for a in args
        )
        node = FunctionNode(cls, args)
        context = node.context
        context.needs_input_grad = tuple(e is not None for e in node.edges)
        before, flags.enabled = flags.enabled, False
        try:
            if cls._sets_up():
                result = cls.forward(*args)
                cls.setup_context(context, args, result)
            else:
                result = cls.forward(context, *args)
        finally:
            flags.enabled = before
        several = isinstance(result, tuple)
        results = list(result) if several else [result]
        for written in context._dirty:
            note_write(written.array)
        if not wanted:
            return result
        inputs = {id(a) for a in args if isinstance(a, Tensor)}
        dirty = {id(t) for t in context._dirty}
        for i, made in enumerate(results):
            if not isinstance(made, Tensor):
                node.results.append(None)
                continue
            if id(made) in inputs and id(made) not in dirty:
                # a result that is an input is another tensor of the same memory
                made = results[i] = wrap(made.array)
            if id(made) in context._constant or made.dtype.category < FLOATING:
                node.results.append(None)
            else:
                node.add_result(made)
        node.keep(results)
        return tuple(results) if several else results[0]

    @classmethod
    def _sets_up(cls) -> bool:
        return cls.setup_context is not Function.setup_context


def once_differentiable(backward: Any) -> Any:
    """A `backward` whose results are constants: no second derivatives."""

    @functools.wraps(backward)
    def wrapped(ctx: Any, *grads: Any) -> Any:
        before, flags.enabled = flags.enabled, False
        try:
            return backward(ctx, *grads)
        finally:
            flags.enabled = before

    return wrapped
