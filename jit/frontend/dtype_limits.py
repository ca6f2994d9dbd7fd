"""`torch.finfo(dtype)` and `torch.iinfo(dtype)`: numbers that a dtype decides.

torch.finfo(torch.float32).eps     a constant
torch.finfo(x.dtype).eps           a chain of `prim::If` over all floating dtypes
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.chosen import one_of_values
from jit.frontend.failures import a_type, fail, nearest
from jit.frontend.sugared import Emitted, Sugared
from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

ALL = [found for found in vars(dtypes).values() if isinstance(found, DType)]


def limits_function(cls: type) -> Callable[[Emitter, t.Call], Emitted]:
    """Calls of `torch.finfo` or `torch.iinfo`."""

    def emit(e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        given = [*args.positional, *(args.keywords[k] for k in args.keywords)]
        if len(given) != 1 or not set(args.keywords) <= {"type"}:
            raise fail(
                call.span,
                "E0304",
                f"`{cls.__name__}` takes one dtype in compiled code",
                help=f"as in `torch.{cls.__name__}(x.dtype)`",
            )
        dtype = e.as_value(given[0], call.span)
        if dtype.type != T.DTYPE:
            raise fail(
                call.span,
                "E0304",
                f"`{cls.__name__}` takes a dtype and is given {a_type(dtype.type)}",
            )
        known = dtype.constant
        if not isinstance(known, DType):
            return _of_any(e, cls, dtype)
        try:
            return Limits(None, [cls(known)])
        except TypeError as error:
            raise fail(call.span, "E0304", str(error)) from None

    return emit


def _of_any(e: Emitter, cls: type, dtype: Value) -> Limits:
    """The limits of a dtype that is known when the code runs; TypeError for others."""
    from jit.frontend.emit_control import choose
    from jit.frontend.emit_raise import raise_now
    from jit.frontend.refine import Condition

    limits: list[Any] = []
    places: list[tuple[DType, int]] = []
    refusals: list[tuple[DType, str]] = []
    for candidate in ALL:
        try:
            found = cls(candidate)
        except TypeError as error:
            refusals.append((candidate, str(error)))
        else:
            places.append((candidate, len(limits)))
            limits.append(found)

    def following(
        cases: Sequence[tuple[DType, Any]], then: Callable[[Any], list[Emitted]]
    ) -> list[Emitted]:
        (candidate, case), rest = cases[0], cases[1:]
        if not rest and then is refuse:
            return then(case)
        met = Condition(e.op("aten::eq", dtype, e.b.constant(candidate)))
        return choose(
            e,
            met,
            lambda: then(case),
            lambda: following(rest, then) if rest else following(refusals, refuse),
        )

    def refuse(message: str) -> list[Emitted]:
        return raise_now(e, e.b.constant(message), "TypeError")

    (place,) = following(places, lambda case: [e.b.constant(case)])
    assert isinstance(place, Value)
    return Limits(place, limits)


class Limits(Sugared):
    """What the numbers of a dtype can be, or of one of several."""

    def __init__(self, place: Value | None, limits: Sequence[Any]) -> None:
        self.place = place
        self.limits = list(limits)

    def describe(self) -> str:
        return f"the `{type(self.limits[0]).__name__}` of a dtype"

    def attribute(self, e: Emitter, span: Span, name: str) -> Emitted:
        if name not in vars(self.limits[0]):
            raise fail(
                span,
                "E0204",
                f"{self.describe()} has no attribute `{name}`",
                help=nearest(name, vars(self.limits[0])),
            )
        known = [e.b.constant(getattr(found, name)) for found in self.limits]
        if self.place is None:
            return known[0]
        return one_of_values(e, self.place, known)
