"""Which calls of eager operators get machine code, and when they go there.

Every so many calls in Python one is looked at. The graph of this one operator for its
kinds of arguments is compiled by the background thread. The next call of those kinds
that is looked at runs both ways: only where what users can see of the results is the
same (dtype, sizes, strides, what is a view, what is the argument itself) the code is
linked, and later calls go there without Python.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jit.runtime import codegen, conditions, dispatch
from jit.runtime.eager.operator import MISSED
from jit.runtime.parameter import Parameter
from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    from jit.runtime.eager.operator import EagerOperator, NamedCalls

MOST_MADE = 256
"""For how many kinds of calls a process makes code."""
MOST_LINKED = 12
"""For how many kinds of calls one operator has code: they are tried in turn."""

_lock = threading.Lock()
_made = 0
_views: list[EagerOperator | NamedCalls] = []
"""Operators whose results are views; the tape has to be told of them."""


class Linking:
    """What is known of one operator that is called often."""

    def __init__(self) -> None:
        self.word = conditions.NEVER
        """The conditions for which its code is made."""
        self.asked: dict[Any, Any] = {}
        """For kinds of arguments: None while code is made, False where there is none,
        the code that is not linked yet, or True."""


def consider(
    operator: EagerOperator | NamedCalls, args: Sequence[Any], result: Any
) -> bool:
    """Look at a call that Python has run; whether the next one is to be looked at too."""
    if not operator.is_direct or not conditions.are_plain():
        return False
    if not codegen.is_available():
        return False
    from jit.runtime.eager import making

    word = conditions.current()
    key = making.key_of(operator.kind, args)
    results = result if type(result) is tuple else (result,)
    if key is None or any(type(r) is not Tensor or r._requires_grad for r in results):
        return False
    linking = operator.linked
    with _lock:
        if linking is None or linking.word != word:
            linking = operator.linked = Linking()
            linking.word = word
            operator.natives = ()
        state = linking.asked.get(key, linking)
        if state is linking:
            return _ask(operator, linking, key, args)
    if state is None:
        return True
    if state is True or state is False:
        return False
    _link(operator, linking, key, state, args, result)
    return False


def place_names(
    calls: NamedCalls, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[str, Any], ...] | None:
    """The names that follow the positional arguments, as `NamedCalls` keeps them.

    None where the same call cannot be written without names.
    """
    from jit.runtime.binding import resolver_of
    from jit.runtime.eager.kinds import KINDS

    key = (len(args), *kwargs)
    if key in calls.places or calls.kind not in KINDS:
        return calls.places.get(key)
    assert isinstance(calls.kind, str)
    resolver = resolver_of(calls.kind)
    signature, bound = resolver.choose(args, kwargs)
    found = []
    missing = set(kwargs)
    for argument in signature.card.schema.arguments[len(args) :]:
        if not missing or argument.keyword_only:
            break
        default = argument.default
        value = tuple(default) if isinstance(default, list) else default
        found.append((argument.name, value))
        missing.discard(argument.name)
    if missing:
        return None
    whole = (*args, *[kwargs.get(name, default) for name, default in found])
    other, again = resolver.choose(whole, None)
    if other.card is not signature.card or not _are_same(bound, again):
        return None
    calls.places[key] = tuple(found)
    return calls.places[key]


def _are_same(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether two lists of arguments hold the same tensors and equal other values."""
    if len(some) != len(others):
        return False
    return all(
        a is b or (type(a) is type(b) and not isinstance(a, Tensor) and a == b)
        for a, b in zip(some, others, strict=True)
    )


def _ask(
    operator: EagerOperator | NamedCalls,
    linking: Linking,
    key: Any,
    args: Sequence[Any],
) -> bool:
    """Have code made by the thread in the background."""
    global _made
    from jit.runtime.eager import making
    from jit.runtime.executor import background
    from jit.runtime.executor.native import native_enabled

    if _made >= MOST_MADE or len(linking.asked) >= MOST_LINKED or not native_enabled():
        return False
    plan = making.plan(operator.kind, args)
    if plan is None:
        linking.asked[key] = False
        return False
    _made += 1
    linking.asked[key] = None

    def job() -> None:
        if conditions.current() != linking.word:
            linking.asked.pop(key, None)
            return
        linking.asked[key] = making.compile_plan(plan) or False

    background.submit(job)
    return True


def _link(
    operator: EagerOperator | NamedCalls,
    linking: Linking,
    key: Any,
    made: Any,
    args: Sequence[Any],
    result: Any,
) -> None:
    from jit.runtime.codegen.calls.native_function import begin_calls
    from jit.runtime.eager import making

    code, is_view = made
    if is_view and dispatch.recorder is not None:
        return
    seen = code.function(making.missed)(*args)
    if seen is MISSED:
        return  # arguments of these kinds may still fit another time
    with _lock:
        if not _is_like(seen, result, args):
            linking.asked[key] = False
            return
        if operator.linked is not linking:
            return
        linking.asked[key] = True
        if is_view:
            _views.append(operator)
        operator.natives = (*operator.natives, code.function(None))
        begin_calls(operator, linking.word)


def _is_like(seen: Any, result: Any, args: Sequence[Any]) -> bool:
    """Whether nobody can tell two results apart but by their elements."""
    if type(result) is tuple:
        if type(seen) is not tuple or len(seen) != len(result):
            return False
        pairs = zip(seen, result, strict=True)
        return all(_is_like(one, other, args) for one, other in pairs)
    if type(seen) is not Tensor:
        return False
    one, other = seen.array, result.array
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.flags.c_contiguous != other.flags.c_contiguous:
        return False
    steps = zip(one.shape, one.strides, other.strides, strict=True)
    if one.size and any(n > 1 and a != b for n, a, b in steps):
        return False
    for a in _tensors(args):
        if type(a) in (Tensor, Parameter):
            if (seen is a) != (result is a):
                return False
            shared = np.may_share_memory(other, a.array)
            if np.may_share_memory(one, a.array) != shared:
                return False
    return True


def _tensors(args: Sequence[Any]) -> Iterator[Any]:
    for a in args:
        if isinstance(a, list | tuple):
            yield from a
        else:
            yield a


def forget_views() -> None:
    """From now on the tape has to be told of views: they are made in Python."""
    with _lock:
        for operator in _views:
            operator.natives = ()
            operator.linked = None
        _views.clear()
