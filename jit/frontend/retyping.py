"""Empty lists, dicts and sets whose types only a later use tells.

    d = {}                  %d : Dict(str, Tensor)           a guess
    d[i] = []
    d[i].append(i)          %d : Dict(int, int[])            what it must have been

The first use of an empty literal settles its type where it can (`coerce.settle`). A use
that does not fit the guess goes back to the literal, and the function is emitted anew
with the type that the use asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.ir import types as T
from jit.ir.graph import Graph, Value

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

ORIGIN = "origin"
"""Attribute of a node that makes something empty: the expression it comes from."""

ROUNDS = 24
"""How often the type of a literal may change."""

Wrap = Callable[[T.Type], T.Type]


class GuessedWrongError(Exception):
    """An empty literal must have another type: emit its function anew."""

    def __init__(self, graph: Graph, node: t.Expr, type: T.Type) -> None:
        super().__init__(f"an empty literal is a {type}")
        self.graph = graph
        self.node = node
        self.type = type


def retype(e: Emitter, kind: str, args: Sequence[Value]) -> None:
    """Raise GuessedWrongError if an operator refuses what was a guess; else do nothing."""
    if not args:
        return
    wanted = _wanted(kind, args)
    found = _origin(e, args[0])
    if wanted is None or found is None:
        return
    made, wrap = found
    node = made.node.attributes[ORIGIN]
    type = wrap(wanted)
    tried = e.compilation.tried
    if type != made.type and tried.get(node, 0) < ROUNDS:
        tried[node] = tried.get(node, 0) + 1
        raise GuessedWrongError(made.node.graph, node, type)


def _wanted(kind: str, args: Sequence[Value]) -> T.Type | None:
    """The type that the first argument would need; None if nobody can tell."""
    from jit.frontend.settling import widened

    owner, *rest = args
    name = kind.partition("::")[2]
    types = [widened(v.type) for v in rest]
    match owner.type:
        case T.ListType() if name in _OF_ITEM and types:
            return T.ListType(types[-1])
        case T.ListType() if name in ("extend", "add", "add_") and types:
            return types[0] if isinstance(types[0], T.ListType) else None
        case T.DictType() if name == "_set_item" and len(types) == 2:
            return T.DictType(types[0], types[1])
        case T.DictType() if name in ("get", "setdefault", "pop") and len(types) == 2:
            return T.DictType(types[0], types[1])
        case T.DictType(_, value) if name in _OF_KEY and len(types) == 1:
            return T.DictType(types[0], value)
        case T.DictType() | T.SetType() if name == "update" and types:
            return types[0] if type(types[0]) is type(owner.type) else None
        case T.SetType() if name in _OF_ELEMENT and types:
            return T.SetType(types[0])
    return None


_OF_ITEM = ("append", "insert", "_set_item", "remove", "index", "count", "__contains__")
_OF_ELEMENT = ("set_add", "discard", "remove", "__contains__")
_OF_KEY = ("__getitem__", "__contains__", "get", "pop", "Delete")


def _origin(e: Emitter, x: Value) -> tuple[Value, Wrap] | None:
    """The empty literal that a value is, or is an item of; how its type follows."""
    node = x.node
    if ORIGIN in node.attributes:
        return x, lambda type: type
    if node.kind == "prim::Param":
        return _origin_of_parameter(e, x)
    if node.kind in ("prim::unchecked_unwrap_optional", "prim::unchecked_cast"):
        return _origin(e, node.inputs[0])
    if node.kind == "prim::If":
        sources = [b.returns[node.outputs.index(x)] for b in node.blocks]
        found = (_origin(e, s) for s in sources)
        return next((f for f in found if f is not None), None)
    if node.kind in ("aten::__getitem__", "aten::setdefault", "aten::get"):
        outer = _origin(e, node.inputs[0])
        owner = node.inputs[0].type
        if outer is None:
            return None
        made, wrap = outer
        if isinstance(owner, T.ListType):
            return made, lambda type: wrap(T.ListType(type))
        if isinstance(owner, T.DictType):
            key = owner.key
            return made, lambda type: wrap(T.DictType(key, type))
    return None


def _origin_of_parameter(e: Emitter, x: Value) -> tuple[Value, Wrap] | None:
    owner = x.node.block.owner
    if owner is not None and owner.kind == "prim::Loop" and x.index > 0:
        return _origin(e, owner.inputs[x.index + 1])
    given = e.compilation.passed.get(x)
    return None if given is None else _origin(e, given)
