"""Functions of the `torch` namespace that are operators, made when they are used."""

from __future__ import annotations

from functools import cache
from typing import Any

from jit.ir import registry
from jit.runtime.binding import Operator, call_operator, make_operator
from jit.runtime.device import require_cpu
from jit.runtime.public_names import is_function, mentions_tensors
from jit.runtime.tensor import Tensor


@cache
def find_function(name: str) -> Operator | None:
    """The function that calls `aten::<name>`; None if there is no such operator.

    Its attribute `operator_kind` is the kind, for compilers.
    """
    import jit.runtime.ops  # noqa: F401  declares the cards

    kind = f"aten::{name}"
    cards = [c for c in registry.overloads_of(kind) if mentions_tensors(c.schema)]
    if not cards:
        return None
    places_result = any("layout" in c.schema.index_of for c in cards)
    function = _make_creator(kind) if places_result else make_operator(kind)
    function.__doc__ = cards[0].doc()
    function.__module__ = "torch"
    function.operator_kind = kind  # type: ignore[attr-defined]
    return function


def _make_creator(kind: str) -> Operator:
    """A function that makes a tensor: takes `device`, `requires_grad` and their like."""

    def creator(*args: Any, **kwargs: Any) -> Tensor:
        requires_grad = kwargs.pop("requires_grad", False)
        require_cpu(kwargs.get("device"))
        made: Tensor = call_operator(kind, args, kwargs)
        return made.requires_grad_() if requires_grad else made

    name = kind.rpartition("::")[2]
    creator.__name__ = creator.__qualname__ = name
    return creator


def public_names() -> list[str]:
    """The names of all operators that are functions of `torch`."""
    import jit.runtime.ops  # noqa: F401  declares the cards

    names = set()
    for card in registry.all_cards():
        namespace, _, name = card.schema.kind.partition("::")
        if namespace == "aten" and is_function(name) and mentions_tensors(card.schema):
            names.add(name)
    return sorted(names)


def names_with_prefix(prefix: str) -> list[str]:
    """The rests of the names of operators that start with a prefix."""
    import jit.runtime.ops  # noqa: F401  declares the cards

    start = f"aten::{prefix}"
    kinds = {c.schema.kind for c in registry.all_cards()}
    return sorted(k[len(start) :] for k in kinds if k.startswith(start))
