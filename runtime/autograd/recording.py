"""Operators that write the tape: they run as ever, and note how gradients go back.

`install` makes `dispatch.call` come here; the first tensor that requires gradients does
that, so that code without gradients pays nothing.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.dtypes import FLOATING
from jit.passes.complex_gradients import for_complex
from jit.runtime import dispatch
from jit.runtime.autograd import anomaly, saved, views
from jit.runtime.autograd.node import RELEASED, Edge, Node, edge_of
from jit.runtime.autograd.saved import Known, Saved
from jit.runtime.autograd.vocabulary import EAGER
from jit.runtime.dispatch import Runner
from jit.runtime.eager import cards
from jit.runtime.grad_mode import flags
from jit.runtime.tensor import Tensor, wrap


class CardNode(Node):
    """A call of an operator; its derivative is on the card."""

    def __init__(self, card: type[Card], args: Sequence[Any]) -> None:
        super().__init__(())
        self.card = card
        self.spans: list[tuple[int, int]] = []
        """Of the arguments with edges: the position, and how many edges."""
        self.wanted: set[int] = set()
        self.names = _names_of(card)
        self._kept: list[Any] | None = []
        self._out: list[Any] = []
        returns = card.schema.returns
        self._several = len(returns) != 1 or str(returns[0].type) != "Tensor"
        self.meaning: type[Card] = getattr(card, "pure", card)
        """The card with the derivative: that of `aten::exp` for `aten::exp_`."""
        saves = self.meaning.saves
        for position, (value, name) in enumerate(zip(args, self.names, strict=False)):
            self._kept.append(_kept(value, name in saves))
            edges = _edges(value)
            if edges is None:
                continue
            self.spans.append((position, len(edges)))
            self.edges.extend(edges)
            if any(edges):
                self.wanted.add(position)

    def keep_copy(self, position: int, tensor: Tensor) -> None:
        """Keep a copy of an argument, on the tape where the argument was."""
        copy = wrap(tensor.array.copy())
        copy._requires_grad = tensor._requires_grad
        copy.grad_fn, copy._output = tensor.grad_fn, tensor._output
        assert self._kept is not None
        self._kept[position] = Saved(copy)

    def keep_results(self, results: Sequence[Any]) -> None:
        """Note the results of the call, those that have a gradient as the node's own."""
        keeps = "out" in self.meaning.saves
        for result in results:
            if not isinstance(result, Tensor):
                self._out.append(_kept(result, keeps))
                continue
            if result.dtype.category < FLOATING:
                self.results.append(None)
            else:
                self.add_result(result)
            self._out.append(
                Saved(result, is_result=True) if keeps else Known(result.array)
            )

    def name(self) -> str:
        kind = self.card.schema.kind.partition("::")[2].strip("_")
        words = "".join(w[:1].upper() + w[1:] for w in kind.split("_"))
        return f"{words}Backward0"

    def release(self) -> None:
        self._kept = None
        self._out = []

    def apply(self, grads: list[Tensor | None]) -> Sequence[Tensor | None]:
        if self._kept is None:
            raise RuntimeError(RELEASED)
        grad = self.meaning.grad
        if grad is None:
            raise NotImplementedError(
                f"the derivative of `{self.card.schema.name}` is not implemented"
            )
        args = [self._found(v, n) for v, n in zip(self._kept, self.names, strict=False)]
        out = tuple(self._found(v, "the result") for v in self._out)
        if self._is_complex(grads, args):
            grad = for_complex(self.meaning)
        if self._several:
            found = grad(EAGER, self._whole(grads), out, *args)
        else:
            found = grad(EAGER, grads[0], out[0], *args)
        if not isinstance(found, tuple):
            found = (found,)
        return self._by_edge(found)

    def _is_complex(self, grads: list[Tensor | None], args: list[Any]) -> bool:
        """Whether a result, or an argument that wants a gradient, is complex."""
        for gradient in grads:
            if gradient is not None and gradient.array.dtype.kind == "c":
                return True
        for position in self.wanted:
            value = args[position]
            for one in value if isinstance(value, list) else (value,):
                if one is not None and one.dtype.category > FLOATING:
                    return True
        return False

    def _whole(self, grads: list[Tensor | None]) -> tuple[Tensor | None, ...]:
        """Zeros for the gradients of results that nobody used."""
        return tuple(
            EAGER.zeros(list(result.shape), dtype=result.dtype)
            if gradient is None and result is not None
            else gradient
            for gradient, result in zip(grads, self.results, strict=True)
        )

    def _found(self, value: Any, name: str) -> Any:
        if isinstance(value, Saved):
            return value.get(self, name)
        if isinstance(value, list):
            return [self._found(v, name) for v in value]
        return value

    def _by_edge(self, found: tuple[Any, ...]) -> list[Tensor | None]:
        by_edge: list[Tensor | None] = []
        for position, count in self.spans:
            gradient = found[position] if position < len(found) else None
            if position not in self.wanted:
                gradient = None
            elif callable(gradient):
                gradient = gradient()
            if isinstance(gradient, list | tuple):
                by_edge.extend(gradient)
            elif gradient is None:
                by_edge.extend([None] * count)
            else:
                by_edge.append(gradient)
        return by_edge


def _names_of(card: type[Card]) -> list[str]:
    return [a.name for a in card.schema.arguments]


def _kept(value: Any, whole: bool) -> Any:
    """What a node keeps of an argument."""
    if isinstance(value, Tensor):
        return Saved(value) if whole else Known(value.array)
    if isinstance(value, list | tuple):
        return [_kept(v, whole) for v in value]
    return value


def _edges(value: Any) -> list[Edge] | None:
    """The edges of an argument; None if it holds no tensors."""
    if isinstance(value, Tensor):
        return [edge_of(value)]
    if isinstance(value, list | tuple) and any(isinstance(v, Tensor) for v in value):
        return [edge_of(v) if isinstance(v, Tensor) else None for v in value]
    return None


# operators that record -----------------------------------------------------------------

_recorders: dict[type[Card], Runner] = {}


def recorder_of(card: type[Card]) -> Runner:
    """A callable that runs an operator, and notes it if gradients are wanted."""
    found = _recorders.get(card)
    if found is None:
        found = _recorders[card] = _make_recorder(card)
    return found


def call(card: type[Card], args: Sequence[Any]) -> Any:
    """Run an operator, and note it if gradients are wanted."""
    return recorder_of(card)(*args)


def _make_recorder(card: type[Card]) -> Runner:
    schema = card.schema
    plain = cards.runner_of(card)
    written = [
        i
        for i, a in enumerate(schema.arguments)
        if a.alias is not None and a.alias.is_write and a.type == T.TENSOR
    ]
    hidden = card.hidden_writes
    composite = getattr(card, "pure", card).composite
    tensors = [i for i, a in enumerate(schema.arguments) if a.type == T.TENSOR]
    holders = [
        i
        for i, a in enumerate(schema.arguments)
        if a.type != T.TENSOR and "Tensor" in str(a.type)
    ]
    gives_tensors = any("Tensor" in str(r.type) for r in schema.returns)
    is_view = (
        gives_tensors
        and not written
        and any(r.alias is not None for r in schema.returns)
    )
    if (not tensors and not holders) or card.detached or card.on_tape is not None:
        return plain
    modes = flags

    def wants(args: tuple[Any, ...]) -> bool:
        for i in tensors:
            if args[i]._requires_grad:
                return True
        for i in holders:
            value = args[i]
            if value is None:
                continue
            if isinstance(value, Tensor):
                if value._requires_grad:
                    return True
            elif any(v is not None and v._requires_grad for v in value):
                return True
        return False

    def record(*args: Any) -> Any:
        try:
            wanted = modes.enabled and wants(args)
        except AttributeError:  # bare arrays and other values: the runner tells
            return plain(*args)
        if written:
            return _write(card, plain, args, written, wanted)
        if not wanted or not gives_tensors:
            result = plain(*args)
            if hidden is not None:
                _note_writes(args, hidden(*args))
            elif is_view and modes.enabled:
                views.note(card, args, result)
            return result
        if composite is not None:
            return composite(EAGER, *args)
        node = CardNode(card, args)
        result = plain(*args)
        if hidden is not None:
            _note_writes(args, hidden(*args))
        if result is args[0]:  # `contiguous`, `to` and others may return their argument
            return result
        if anomaly.is_on():
            node.made_at = traceback.extract_stack()
        _keep(node, result)
        if is_view:
            views.note(card, args, result)
        return result

    record.__name__ = schema.name
    return record


def _note_writes(args: tuple[Any, ...], positions: Sequence[int]) -> None:
    """The running statistics of batch norm are written though its schema hides it."""
    for i in positions:
        if isinstance(args[i], Tensor):
            saved.note_write(args[i].array)


def _keep(node: CardNode, result: Any) -> None:
    if isinstance(result, Tensor):
        node.keep_results([result])
    elif isinstance(result, list | tuple):
        node.keep_results(result)


def _write(
    card: type[Card],
    plain: Runner,
    args: tuple[Any, ...],
    written: list[int],
    wanted: bool,
) -> Any:
    """Run an in-place operator; the tape tells of the new value from then on."""
    targets = [args[i] for i in written]
    if flags.enabled:
        for target in targets:
            if target._requires_grad and target.grad_fn is None:
                raise RuntimeError(
                    "a leaf Variable that requires grad is being used in an in-place"
                    " operation: write it within `with torch.no_grad():`"
                )
            views.refuse_bad_write(target)
    if not wanted:
        result = plain(*args)
        for target in targets:
            saved.note_write(target.array)
        return result
    for target in targets:
        if target.dtype.category < FLOATING:
            result = plain(*args)
            saved.note_write(target.array)
            return result
        views.refuse_repeated_write(card, target)
    composite = getattr(card, "pure", card).composite
    if composite is not None:
        made = composite(EAGER, *args)
        return EAGER.copy_(targets[0], made) if made is not targets[0] else made
    node = CardNode(card, args)
    if "self" in node.meaning.saves:
        node.keep_copy(0, args[0])  # of what is about to be written
    result = plain(*args)
    for target in targets:
        saved.note_write(target.array)
    if anomaly.is_on():
        node.made_at = traceback.extract_stack()
    if len(targets) > 1 or not isinstance(result, Tensor):
        node.keep_results(targets)
        return result
    views.rebase(node, targets[0])
    return result


def install() -> None:
    """From now on eager operators look whether gradients are wanted."""
    dispatch.record_with(call)
