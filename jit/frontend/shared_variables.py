"""Variables that a function shares with functions inside of it: `nonlocal`.

    c = 0                  %c : int[] = prim::ListConstruct(%zero)
    def inc():
        nonlocal c
        c += 1             aten::_set_item(%c, %zero, %new)
    inc()              →   prim::CallFunction(%inc, %c)

The variable lives in a list of one element, which the functions get instead of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend.coerce import coerce
from jit.frontend.environment import Variable
from jit.frontend.failures import a_type, fail
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

_PREFIX = "<shared> "


def cell_name(name: str) -> str:
    """The name of the list that holds a shared variable."""
    return _PREFIX + name


def shared_name(name: str) -> str | None:
    """The variable that lives in a list of this name; None if it is no such list."""
    return name.removeprefix(_PREFIX) if name.startswith(_PREFIX) else None


def _cell(e: Emitter, name: str) -> Value | None:
    found = e.frame.find(cell_name(name))
    if isinstance(found, Variable) and isinstance(found.value, Value):
        return found.value
    return None


def share(
    e: Emitter, name: str, value: Value, span: Span, declared: T.Type | None
) -> None:
    """Assign a shared variable."""
    from jit.frontend.settling import widened

    cell = _cell(e, name)
    if cell is None:
        cell = e.b.list([value], declared or widened(value.type))
        e.frame.names[cell_name(name)] = Variable(cell, span)
        return
    assert isinstance(cell.type, T.ListType)
    element = cell.type.element
    fitting = coerce(value, element)
    if fitting is None:
        raise fail(
            span,
            "E0302",
            f"`{name}`, which several functions share, is {a_type(element)} and is"
            f" assigned {a_type(value.type)}",
            help=f"annotate its first assignment, or convert the value to `{element}`",
        )
    if fitting.type == T.NONE and element != T.NONE:
        fitting = e.none(element)
    inputs = [cell, e.b.constant(0), fitting]
    e.b.node("aten::_set_item", inputs, [cell.type], overload="t")


def read_shared(e: Emitter, name: str) -> Value | None:
    """What a shared variable holds now; None if it was not assigned here."""
    cell = _cell(e, name)
    return None if cell is None else e.op("aten::__getitem__", cell, 0)
