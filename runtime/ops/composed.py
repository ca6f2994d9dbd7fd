"""The family of operators that are nothing but others: `composite` is their meaning.

Composed    the card gives `composite(t, ...)`, and `sizes` as every shaped card
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jit.ir.schema import FunctionSchema
from jit.runtime import dispatch
from jit.runtime.ops.shaped import Shaped
from jit.runtime.tensor import Tensor, wrap


class Composed(Shaped):
    """An operator whose kernel runs the operators of its `composite`."""

    @classmethod
    def complete(cls) -> None:
        if cls.kernel is None:
            assert cls.composite is not None, cls.schema.name
            cls.kernel = staticmethod(_make_kernel(cls.schema, cls.composite))
        super().complete()


def _make_kernel(
    schema: FunctionSchema, composite: Callable[..., Any]
) -> Callable[..., Any]:
    holds_tensors = ["Tensor" in str(a.type) for a in schema.arguments]

    def kernel(*values: Any) -> Any:
        from jit.runtime.autograd.vocabulary import EAGER

        args = [
            _wrapped(v) if holds else v
            for v, holds in zip(values, holds_tensors, strict=True)
        ]
        # whoever observes is told of the operator, not of those it is made of
        before, dispatch.observer = dispatch.observer, None
        try:
            made = composite(EAGER, *args)
        finally:
            dispatch.observer = before
        if isinstance(made, list):
            return [_own(m, values) for m in made]
        if not isinstance(made, tuple):
            return _own(made, values)
        return tuple(_own(m, values) for m in made)

    return kernel


def _wrapped(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [_wrapped(v) for v in value]
    return wrap(value)


def _own(made: Tensor, values: tuple[Any, ...]) -> Any:
    """The array of a result; a copy where it is an argument's."""
    array = made.array
    if array.base is not None or any(array is v for v in values):
        return array.copy()
    return array
