"""`sum`: of numbers, of Tensors, and with a start of whatever can be added.

sum(rows, [])      %total : int[] = prim::Loop(...)  total = total + row
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.builtins import (
    builtin,
    given_to,
    known_or_none,
    list_of,
    refuse_number,
)
from jit.frontend.coerce import coerce
from jit.frontend.emit_control import choose
from jit.frontend.failures import fail
from jit.frontend.operators import NUMBERS, apply, binary
from jit.frontend.refine import Condition
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


@builtin(sum)
def emit_sum(e: Emitter, call: t.Call) -> Emitted:
    given = given_to(e, call, 1, 2)
    x = given[0]
    refuse_number(x, call.span)
    items = known_or_none(e, x, call.span)
    if items is not None:
        total: Emitted = given[1] if len(given) == 2 else e.b.constant(0)
        for item in items:
            total = binary(e, call.span, "+", total, item)
        return total
    values = x if isinstance(x, Value) else list_of(e, x, call.span)
    if isinstance(values.type, T.SetType | T.DictType | T.ClassType):
        values = list_of(e, values, call.span)
    if isinstance(values.type, T.ListType) and T.is_tensor_like(values.type.element):
        result = _sum_of_tensors(e, values, call.span)
    elif len(given) == 2 and not _are_numbers(values):
        return _joined(e, call, values, e.as_value(given[1], call.span))
    elif isinstance(values.type, T.TensorType):
        dims = e.b.list([e.b.constant(0)], T.INT)
        result = apply(e, call.span, "aten::sum", values, dims)
    elif isinstance(values.type, T.ArrayType):
        result = apply(e, call.span, "np::sum", values, e.b.constant(0))
    else:
        result = apply(e, call.span, "aten::sum", values)
    if len(given) == 2:
        return binary(e, call.span, "+", given[1], result)
    return result


def _sum_of_tensors(e: Emitter, values: Value, span: Span) -> Value:
    """`0 + values[0] + values[1]` and so on; 0 if there are none."""
    assert isinstance(values.type, T.ListType)
    element = values.type.element
    zero = e.b.constant(0)

    def of_none() -> list[Emitted]:
        return [e.b.convert(zero, element)]

    def of_some() -> list[Emitted]:
        first = e.op("aten::__getitem__", values, 0)
        start = e.as_value(binary(e, span, "+", zero, first), span)
        rest = e.op("aten::sub", e.op("aten::len", values), 1)
        loop = e.b.node("prim::Loop", [rest, e.b.constant(True), start], [element])
        block = loop.add_block()
        number = block.add_param(T.INT, "i")
        total = block.add_param(element)
        with e.inside(block):
            item = e.op("aten::__getitem__", values, e.op("aten::add", number, 1))
            block.add_return(e.b.constant(True))
            block.add_return(e.as_value(binary(e, span, "+", total, item), span))
        return [loop.output]

    is_empty = Condition(e.op("aten::eq", e.op("aten::len", values), 0))
    (result,) = choose(e, is_empty, of_none, of_some)
    assert isinstance(result, Value)
    return result


def _are_numbers(values: Value) -> bool:
    """Whether operators add the items: lists of numbers, Tensors and arrays."""
    if not isinstance(values.type, T.ListType):
        return True
    return values.type.element in NUMBERS or T.is_tensor_like(values.type.element)


def _joined(e: Emitter, call: t.Call, values: Value, start: Value) -> Value:
    """`start + values[0] + values[1]` and so on, each a new value."""
    assert isinstance(values.type, T.ListType)
    start = coerce(start, values.type.element) or start
    if start.type == T.STR:
        raise fail(
            call.span, "E0306", "`sum` does not join strs", help='use `"".join(items)`'
        )
    length = e.op("aten::len", values)
    loop = e.b.node("prim::Loop", [length, e.b.constant(True), start], [start.type])
    block = loop.add_block()
    number = block.add_param(T.INT, "i")
    total = block.add_param(start.type)
    with e.inside(block):
        item = e.op("aten::__getitem__", values, number)
        added = e.as_value(binary(e, call.span, "+", total, item), call.span)
        if added.type != start.type:
            raise fail(
                call.span,
                "E0302",
                f"`sum` begins with `{start.type}` and goes on with `{added.type}`",
                help="begin with a value of the type that the sum has",
            )
        block.add_return(e.b.constant(True))
        block.add_return(added)
    return loop.output
