"""In-place operators on tensors that share memory.

A view remembers the tensor whose memory it shares, its base, and the operators that led
from there. Writing into a view is a step of the base; all views of a base that was
written are led from it anew.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jit.ir import types as T
from jit.ir.card import Card
from jit.runtime import dispatch
from jit.runtime.autograd.node import Node, edge_of, extra_of
from jit.runtime.autograd.saved import owner_of
from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    from jit.runtime.autograd.recording import CardNode


class Step:
    """A view operator with its other arguments."""

    __slots__ = ("after", "before", "card", "index")

    def __init__(
        self, card: type[Card], args: Sequence[Any], source: int, index: int | None
    ) -> None:
        self.card = card
        self.before, self.after = tuple(args[:source]), tuple(args[source + 1 :])
        self.index = index

    def of(self, tensor: Tensor) -> Tensor:
        """The same view of another tensor, through the tape."""
        made: Any = dispatch.call(self.card, (*self.before, tensor, *self.after))
        found: Tensor = made if self.index is None else made[self.index]
        return found


class View:
    """Of which tensor a tensor is a view, and how it comes from there."""

    __slots__ = ("base", "steps")

    def __init__(self, base: Tensor, steps: tuple[Step, ...]) -> None:
        self.base = base
        self.steps = steps

    def of(self, tensor: Tensor) -> Tensor:
        """The same view of a tensor of the base's shape."""
        for step in self.steps:
            tensor = step.of(tensor)
        return tensor


def note(card: type[Card], args: Sequence[Any], result: Any) -> None:
    """Remember of which tensor the results of a view operator are views."""
    source = _viewed(card)
    if source is None:
        return
    viewed = args[source]
    results = [result] if isinstance(result, Tensor) else result
    several = not isinstance(result, Tensor)
    for i, made in enumerate(results):
        if made is viewed or owner_of(made.array) is not owner_of(viewed.array):
            continue  # it was copied after all
        step = Step(card, args, source, i if several else None)
        before = viewed._view
        base = viewed if before is None else before.base
        made._view = View(base, (step,) if before is None else (*before.steps, step))
        _register(base, made)


def _viewed(card: type[Card]) -> int | None:
    """The position of the argument whose memory the results share."""
    for returned in card.schema.returns:
        alias = returned.alias or _inner_alias(returned.type)
        for i, a in enumerate(card.schema.arguments):
            if a.type == T.TENSOR and a.alias is not None and a.alias == alias:
                return i
    tensors = [i for i, a in enumerate(card.schema.arguments) if a.type == T.TENSOR]
    return tensors[0] if tensors else None


def _inner_alias(type: T.Type) -> Any:
    return getattr(type, "alias", None)


def _register(base: Tensor, view: Tensor) -> None:
    views = extra_of(base).views
    if len(views) >= 16:
        views[:] = [v for v in views if v() is not None]
    views.append(weakref.ref(view))


def refuse_bad_write(target: Tensor) -> None:
    """RuntimeError for a write through a view of a leaf that requires gradients."""
    view = target._view
    if view is None:
        return
    base = view.base
    if base._requires_grad and base.grad_fn is None:
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place"
            " operation: write it within `with torch.no_grad():`"
        )


def refuse_repeated_write(card: type[Card], target: Tensor) -> None:
    """RuntimeError for a write to elements that lie at one place, as `expand` makes.

    Only one value for all of them makes sense.
    """
    if card.schema.kind in ("aten::fill_", "aten::zero_"):
        return
    array = target.array
    if any(n > 1 and not s for n, s in zip(array.shape, array.strides, strict=True)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor"
            " refers to a single memory location. Please clone() the tensor before"
            " performing the operation."
        )


def rebase(node: CardNode, target: Tensor) -> None:
    """After an in-place operator: its target comes from the node from now on."""
    view = target._view
    if view is None:
        target.grad_fn = None
        node.keep_results([target])
        base = target
    else:
        base = view.base
        node.keep_results([target])
        written = WrittenView(node, base, view)
        base.grad_fn = None
        written.add_result(base)
    if base._autograd is None:
        return
    for reference in list(base._autograd.views):
        other = reference()
        if other is not None and other is not base:
            made = other._view.of(base)
            other.grad_fn = made.grad_fn
            other._output = made._output
            other._requires_grad = made._requires_grad


class WrittenView(Node):
    """A base after an in-place operator on one of its views."""

    def __init__(self, node: CardNode, base: Tensor, view: View) -> None:
        super().__init__([edge_of(base), *node.edges[1:]])
        self.inner = node
        self.view = view

    def name(self) -> str:
        return "CopySlices"

    def release(self) -> None:
        self.inner.release()

    def apply(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        gradient = grads[0]
        assert gradient is not None
        rest: Any = gradient.clone()
        part: Any = self.view.of(rest)
        found = list(self.inner.apply([part.clone()]))
        if found[0] is None:
            part.zero_()
        else:
            part.copy_(found[0])
        return [rest, *found[1:]]
