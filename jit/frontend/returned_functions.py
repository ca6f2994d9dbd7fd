"""Functions that return functions: the caller goes on with the function itself.

    def adder(n):                  graph(%n): return (%n)
        return lambda x: x + n
    f = adder(1)             →     %1 = prim::CallFunction(%adder, %one)
    f(2)                           prim::CallFunction(%lambda, %1, %two)

What such a function gives in the graph are the values that the other captured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend.capturing import identity, transplanted, values_in
from jit.frontend.failures import fail
from jit.frontend.sugared import Emitted, Sugared
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.compiler import Callee
    from jit.frontend.emit import Emitter


def returned_values(e: Emitter, x: Sugared, span: Span) -> Value:
    """What a function returns that returns `x`."""
    from jit.frontend.local_functions import closed

    if not (x.stays_itself and e.may_return_function) or e.declared_return is not None:
        return e.as_value(x, span)
    made = closed(e, x)
    known = e.returned_function
    if (e.returned and known is None) or (
        known is not None and identity(known) != identity(made)
    ):
        raise fail(
            span,
            "E0203",
            "the function returns different functions, or a function and a value",
            help="return one function, and choose inside of it",
        )
    e.returned_function, e.returned_at = made, span
    return e.b.tuple(list(values_in(made)))


def received(e: Emitter, callee: Callee, result: Value) -> Emitted:
    """What a call of a function gives: a function if it returns one."""
    if callee.returned is None:
        return result
    values = iter(e.b.unpack(result))
    made: Emitted = transplanted(callee.returned, lambda _: next(values))
    return made
