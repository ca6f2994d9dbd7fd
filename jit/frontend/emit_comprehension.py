"""Emit comprehensions: a new list or dict, filled by a loop.

    [f(x) for x in a if x > 0]       %out : int[] = prim::ListConstruct()
                                →     = prim::Loop(%len, %true)
                                       block0(%i : int): ... aten::append(%out, %y)

Their variables are their own: nothing outside sees them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jit.frontend import paths
from jit.frontend import tree as t
from jit.frontend.coerce import UNTYPED, is_untyped, settle
from jit.frontend.emit_control import choose
from jit.frontend.emit_displays import common_type, key_type
from jit.frontend.environment import Frame
from jit.frontend.loop_rounds import (
    Checkpoint,
    Header,
    assign_target,
    may_change,
    walk_header,
)
from jit.frontend.operators import apply
from jit.frontend.refine import Condition, emit_condition, truth
from jit.frontend.set_methods import empty_set
from jit.frontend.settling import widened
from jit.frontend.sugared import Emitted, Sugared, SugaredList, SugaredTuple
from jit.frontend.walks import as_list, unrolled_items, walk_of
from jit.ir import types as T
from jit.ir.graph import Node, Value

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def emit_comprehension(e: Emitter, node: t.Comprehension) -> Emitted:
    """A list or dict; a generator becomes a list."""
    if node.kind == "dict":
        unrolled = _unrolled_dict(e, node) if _is_table(e, node) else None
        return _dict(e, node) if unrolled is None else unrolled
    if node.kind == "set":
        return _set(e, node)
    unrolled = _unrolled(e, node)
    if unrolled is not None:
        return unrolled
    made = e.b.list([], T.TENSOR)
    made.node.attributes[UNTYPED] = True

    def add() -> None:
        item = e.value(node.element)
        if not made.uses:
            made.type = T.ListType(widened(item.type))
            made.node.attributes.pop(UNTYPED, None)
        apply(e, node.element.span, "aten::append", made, item)

    _own_scope(e, lambda: _walk(e, node, 0, add))
    return made


def _set(e: Emitter, node: t.Comprehension) -> Emitted:
    made = empty_set(e, node)

    def add() -> None:
        item = e.value(node.element)
        if is_untyped(made):
            settle(made, T.SetType(widened(item.type)))
        apply(e, node.element.span, "aten::set_add", made, item)

    _own_scope(e, lambda: _walk(e, node, 0, add))
    return made


def _own_scope(e: Emitter, emit: Callable[[], None]) -> None:
    """Emit with names of its own; a handler outside does not see what they hold."""
    paths.forget(e)
    saved, cells = e.frame, e.cells
    e.frame = Frame(saved, is_scope=True)
    e.cells = []
    try:
        emit()
    finally:
        e.frame, e.cells = saved, cells


def _is_table(e: Emitter, node: t.Comprehension) -> bool:
    """Whether it walks a dict or list from outside, or a method of one."""
    found = node.generators[0].iterable
    while isinstance(found, t.Call | t.Attribute):
        found = found.function if isinstance(found, t.Call) else found.value
    if not isinstance(found, t.Name) or e.frame.find(found.id) is not None:
        return False
    known = e.scope.find(found.id)
    return known is not None and isinstance(known[0], dict | list)


def _unrolled_dict(e: Emitter, node: t.Comprehension) -> Emitted | None:
    """Over things known to the compiler alone, as functions: the pairs one by one."""
    g = node.generators[0]
    if len(node.generators) != 1 or g.conditions or isinstance(g.iterable, t.ListExpr):
        return None
    iterable = e.expr(g.iterable)
    if not isinstance(iterable, SugaredTuple) or iterable.is_plain:
        return None
    keys: list[Value] = []
    values: list[Value] = []

    def all_items() -> None:
        assert node.key is not None
        for item in iterable.items:
            assign_target(e, g.target, item)
            keys.append(e.value(node.key))
            values.append(e.value(node.element))

    _own_scope(e, all_items)
    type = T.DictType(key_type(keys, node), common_type(values))
    inputs = [x for pair in zip(keys, values, strict=True) for x in pair]
    return e.b.node("prim::DictConstruct", inputs, [type]).output


def _unrolled(e: Emitter, node: t.Comprehension) -> Emitted | None:
    """Over a tuple or modules: the elements one by one."""
    if len(node.generators) != 1 or node.generators[0].conditions:
        return None
    g = node.generators[0]
    if isinstance(g.iterable, t.Call | t.ListExpr):
        return None
    iterable = e.expr(g.iterable)
    items = unrolled_items(e, iterable, g.iterable.span)
    if items is None:
        return None
    made: list[Emitted] = []

    def all_items() -> None:
        for item in items:
            assign_target(e, g.target, item)
            made.append(e.expr(node.element))

    _own_scope(e, all_items)
    if any(isinstance(m, Sugared) for m in made):
        return SugaredList(made)
    return as_list(e, [m for m in made if isinstance(m, Value)], node.span)


def _walk(
    e: Emitter, node: t.Comprehension, depth: int, add: Callable[[], None]
) -> None:
    """The loops of a comprehension, outermost first."""
    if depth == len(node.generators):
        add()
        return
    g = node.generators[depth]
    saved, e.b.span = e.b.span, g.span

    def rounds(header: Header) -> None:
        loop = e.b.node("prim::Loop", [header.trips, header.start])
        block = loop.add_block()
        number = block.add_param(T.INT, "i")
        with e.inside(block):
            header.begin(number)
            _filtered(e, g.conditions, lambda: _walk(e, node, depth + 1, add))
            more = header.proceed
            block.add_return(e.b.constant(True) if more is None else more())

    _walked(e, g, rounds)
    e.b.span = saved


def _walked(e: Emitter, g: t.Generator, rounds: Callable[[Header], None]) -> None:
    """Emit the loop over the items of a generator. Where its body may change the length
    of what it walks, it is emitted anew and asks in each round."""
    walk = walk_of(e, e.expr(g.iterable), g.iterable.span)
    before = len(e.resized), len(e.handed)
    checkpoint = Checkpoint(e)
    rounds(walk_header(e, g.target, walk, False))
    if may_change(e, walk, before):
        checkpoint.undo()
        rounds(walk_header(e, g.target, walk, True))


def _filtered(
    e: Emitter, conditions: tuple[t.Expr, ...], then: Callable[[], None]
) -> None:
    if not conditions:
        then()
        return

    def go_on() -> list[Emitted]:
        _filtered(e, conditions[1:], then)
        return []

    choose(e, emit_condition(e, conditions[0]), go_on, list, live=())


def _dict(e: Emitter, node: t.Comprehension) -> Emitted:
    made = e.b.node("prim::DictConstruct", [], [T.DictType(T.STR, T.TENSOR)])
    key_node = node.key
    assert key_node is not None

    def add() -> None:
        key, item = e.value(key_node), e.value(node.element)
        if not made.output.uses:
            made.output.type = T.DictType(key.type, widened(item.type))
        apply(e, node.element.span, "aten::_set_item", made.output, key, item)

    _own_scope(e, lambda: _walk(e, node, 0, add))
    return made.output


def emit_quantifier(e: Emitter, node: t.Comprehension, *, is_any: bool) -> Value:
    """`any(... for ...)` and `all(...)`: stops at the first that decides."""
    g = node.generators[0]
    element = node.element
    if len(node.generators) > 1:
        inner = node.generators[1:]
        element = t.Comprehension(node.span, node.kind, None, node.element, inner)
    loops: list[Node] = []

    def rounds(header: Header) -> None:
        start = e.b.constant(not is_any)
        loop = e.b.node("prim::Loop", [header.trips, header.start, start], [T.BOOL])
        block = loop.add_block()
        number = block.add_param(T.INT, "i")
        block.add_param(T.BOOL)
        with e.inside(block):
            header.begin(number)
            met = _decided(e, g.conditions, element, is_any=is_any)
            stays: Emitted = e.op("aten::__not__", met) if is_any else met
            assert isinstance(stays, Value)
            if header.proceed is not None:
                more, none = header.proceed, e.b.constant(False)
                (stays,) = choose(e, Condition(stays), lambda: [more()], lambda: [none])
                assert isinstance(stays, Value)
            block.add_return(stays)
            block.add_return(met)
        loops.append(loop)

    _own_scope(e, lambda: _walked(e, g, rounds))
    return loops[-1].output


def _decided(
    e: Emitter, conditions: tuple[t.Expr, ...], element: t.Expr, *, is_any: bool
) -> Value:
    if not conditions:
        if isinstance(element, t.Comprehension) and element.kind == "generator":
            return emit_quantifier(e, element, is_any=is_any)
        return truth(e, e.expr(element), element).value
    (value,) = choose(
        e,
        emit_condition(e, conditions[0]),
        lambda: [_decided(e, conditions[1:], element, is_any=is_any)],
        lambda: [e.b.constant(not is_any)],
    )
    assert isinstance(value, Value)
    return value
