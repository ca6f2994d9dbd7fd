"""`type(x)`, where the type in the graph tells the very class.

type(n) == int      decided while compiling; the other branch is not emitted
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.failures import a_type, fail
from jit.frontend.sizes import is_size
from jit.frontend.sugared import Emitted, Sugared
from jit.ir import types as T
from jit.ir.graph import Value
from jit.runtime.python_classes import class_named

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

SIMPLE: dict[T.Type, type] = {
    T.INT: int,
    T.FLOAT: float,
    T.BOOL: bool,
    T.STR: str,
    T.COMPLEX: complex,
    T.NONE: type(None),
}
CONTAINERS: dict[type[T.Type], type] = {
    T.ListType: list,
    T.DictType: dict,
    T.SetType: set,
    T.TupleType: tuple,
}


def emit_type(e: Emitter, call: t.Call) -> Emitted:
    """`type(x)`: a class; E0301 where values of several classes have the type."""
    from jit.frontend.builtins import values_of
    from jit.frontend.resolver import resolve_object

    if len(call.args) != 1 or call.keywords:
        raise fail(
            call.span,
            "E0205",
            "no class can be made in compiled code",
            help="write `class` outside of the function",
        )
    (x,) = values_of(e, call, 1, 1)
    cls = _class_of(e, x)
    if cls is None:
        raise fail(
            call.span,
            "E0301",
            f"the class of {a_type(x.type)} is known only at run time",
            help="ask with `isinstance`",
        )
    return resolve_object(e, call.span, cls, cls.__name__)


def _class_of(e: Emitter, x: Value) -> type | None:
    if is_size(x):
        return None
    match x.type:
        case T.NamedTupleType(name):
            return class_named(name)
        case T.ClassType(name) if x in e.exact or x.node.kind == "prim::CreateObject":
            return class_named(name)
    return SIMPLE.get(x.type) or CONTAINERS.get(type(x.type))


def same_class(a: Emitted, b: Emitted) -> bool | None:
    """Whether two classes are the same; None for other things."""
    classes: list[Any] = [getattr(x, "obj", None) for x in (a, b)]
    if not isinstance(a, Sugared) or not isinstance(b, Sugared):
        return None
    if not all(isinstance(cls, type) for cls in classes):
        return None
    return classes[0] is classes[1]
