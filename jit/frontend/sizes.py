"""Sizes of Tensors: lists of ints that do what a `torch.Size` does.

x.shape.numel()     x.shape + (1,)     torch.Size([2, 3])     isinstance(s, tuple)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.failures import fail
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

LISTS = frozenset(
    f"aten::{name}" for name in ("list", "sorted", "split", "keys", "values", "copy")
) | {"prim::ListConstruct"}
"""Nodes that give a list, which is no size."""


def is_size(x: Value) -> bool:
    """Whether it is known to be the shape of a Tensor or array, or a part of one."""
    node = x.node
    if node.kind in ("aten::slice", "aten::add") and x.type == T.ListType(T.INT):
        return any(is_size(i) for i in node.inputs[:2])
    return node.kind in ("aten::size", "np::shape")


def may_be_size(x: Value) -> bool:
    """Whether it may be the shape of a Tensor: lists of ints that are given may be."""
    if x.type != T.ListType(T.INT) or x.node.kind == "np::shape":
        return False
    return x.node.kind not in LISTS


def emit_size(e: Emitter, call: t.Call) -> Emitted:
    """`torch.Size(items)`."""
    from jit.frontend.builtins import list_of

    args = e.arguments(call)
    if len(args.positional) > 1 or args.keywords:
        raise fail(
            call.span, "E0304", "`torch.Size` takes the sizes in a list or tuple"
        )
    if not args.positional:
        return e.b.list([], T.INT)
    made = list_of(e, args.positional[0], call.span)
    if made.type != T.ListType(T.INT):
        raise fail(call.span, "E0301", f"`torch.Size` takes ints, not `{made.type}`")
    # as a part of itself it is known to be no list of the program
    return e.op("aten::slice", made, e.none(), e.none(), 1)


def added(e: Emitter, a: Emitted, b: Emitted) -> tuple[Emitted, Emitted]:
    """The operands of `+`, of which a tuple of ints beside a size becomes a list."""
    if not isinstance(a, Value) or not isinstance(b, Value):
        return a, b
    if may_be_size(a):
        return a, _as_list(e, b)
    if may_be_size(b):
        return _as_list(e, a), b
    return a, b


def _as_list(e: Emitter, x: Value) -> Value:
    elements = T.tuple_elements(x.type)
    if elements is None or any(type != T.INT for type in elements):
        return x
    return e.b.list(e.b.unpack(x), T.INT)
