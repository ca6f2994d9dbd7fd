"""Operators as the tape calls them, in machine code where they are called often.

The tape runs one overload with all arguments of its schema, on the way forward and on the
way back. Its calls are linked as those of users are (`jit.runtime.eager.linking`); tensors
that require gradients go in as tensors that do not, for the tape notes the call itself.
"""

from __future__ import annotations

from typing import Any

from jit.ir import types as T
from jit.ir.card import Card
from jit.runtime import dispatch
from jit.runtime.dispatch import Runner
from jit.runtime.eager import linking
from jit.runtime.eager.kinds import KINDS, SIZED
from jit.runtime.eager.operator import LARGE, MISSED, PATIENCE, NamedCalls
from jit.runtime.tensor import Tensor, wrap

MOST_SIZES = 16
"""For how many sizes of arguments an operator of `SIZED` has code."""


def runner_of(card: type[Card]) -> Runner:
    """What runs a card with all its arguments; the results are on no tape."""
    plain = dispatch.runner(card)
    if not may_have_code(card):
        return plain
    arguments = card.schema.arguments
    tensors = [i for i, a in enumerate(arguments) if _holds_a_tensor(a.type)]
    lists = [
        i for i, a in enumerate(arguments) if isinstance(_inner(a.type), T.ListType)
    ]
    if any("Tensor" in str(arguments[i].type) for i in lists):
        return plain
    return _Calls(card, plain, tensors, lists).run


def may_have_code(card: type[Card]) -> bool:
    """Whether a card computes new tensors from others, with no effect."""
    schema = card.schema
    kind = schema.kind
    if kind not in KINDS and not kind.endswith(("_backward", "_backward_data")):
        return False
    if card.hidden_writes is not None or card.random or card.effect:
        return False
    if any(a.alias is not None for a in (*schema.arguments, *schema.returns)):
        return False
    return all(str(r.type) == "Tensor" for r in schema.returns)


def _inner(type: T.Type) -> T.Type:
    return type.element if isinstance(type, T.OptionalType) else type


def _holds_a_tensor(type: T.Type) -> bool:
    return _inner(type) == T.TENSOR


class _Calls:
    """The calls of one card."""

    def __init__(
        self, card: type[Card], plain: Runner, tensors: list[int], lists: list[int]
    ) -> None:
        self._card = card
        self._plain = plain
        self._tensors = tensors
        self._lists = lists
        self._left = PATIENCE
        self._all = NamedCalls(card)
        self._by_sizes: dict[Any, NamedCalls] | None = None
        if card.schema.kind in SIZED:
            self._by_sizes = {}

    def run(self, *args: Any) -> Any:
        given = list(args)
        try:
            for i in self._tensors:
                value = given[i]
                if value is not None and value._requires_grad:
                    given[i] = wrap(value.array)
            for i in self._lists:
                if type(given[i]) is list:
                    given[i] = tuple(given[i])
        except (AttributeError, IndexError):  # bare arrays and such: the runner tells
            return self._plain(*args)
        calls = self._all
        if self._by_sizes is not None:
            calls = self._of_sizes(given)
        found = calls(*given)
        if found is not MISSED:
            return found
        result = self._plain(*args)
        self._left -= 1 + _weight(given)
        if self._left < 0:
            later = linking.consider(calls, given, result)
            self._left = 0 if later else PATIENCE
        return result

    def _of_sizes(self, given: list[Any]) -> NamedCalls:
        """The calls with tensors of the same sizes."""
        assert self._by_sizes is not None
        values = [given[i] for i in self._tensors]
        key = tuple([None if v is None else v.array.shape for v in values])
        found = self._by_sizes.get(key)
        if found is None:
            if len(self._by_sizes) >= MOST_SIZES:
                return self._all
            found = self._by_sizes[key] = NamedCalls(self._card)
        return found


def _weight(given: list[Any]) -> int:
    first = given[0]
    return first.array.size >> LARGE if isinstance(first, Tensor) else 0
