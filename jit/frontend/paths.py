"""What is known of attributes and items for a while.

    if self.left is not None:
        self.left.walk()         `self.left` is a Tree here

A path is a name with attributes and items, `self.left`, `rows[0]`, `rows[i]`. What is
known of it holds until something may assign attributes: a call, an assignment to an
attribute, another round of a loop. What is known of items ends with any change of a list
or dict as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.environment import Frame
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.subtyping import is_subtype

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def path_of(node: t.Expr) -> str | None:
    """The path that an expression is; None for others."""
    match node:
        case t.Attribute(_, value, name):
            step = f".{name}"
        case t.Subscript(_, value, t.Constant(_, int() | str() as key)):
            step = f"[{key!r}]"
        case t.Subscript(_, value, t.Unary(_, "-", t.Constant(_, int() as key))):
            step = f"[{-key}]"
        case t.Subscript(_, value, t.Name(_, id)):
            step = f"[{id}]"
        case _:
            return None
    owner = value.id if isinstance(value, t.Name) else path_of(value)
    return None if owner is None else owner + step


def is_path(name: str) -> bool:
    """Whether it is a path, and no name of its own."""
    return "." in name or "[" in name


def learn(e: Emitter, path: str, type: T.Type) -> None:
    """Let a path have a narrower type from here on."""
    e.frame.facts[path] = (type, _now(e, path))


def _now(e: Emitter, path: str) -> tuple[int, int]:
    """What a fact that was learned at the same time still holds for."""
    return e.epoch, e.item_epoch if "[" in path else 0


def forget(e: Emitter) -> None:
    """Something may have assigned attributes."""
    e.epoch += 1


def forget_items(e: Emitter) -> None:
    """A list or dict has changed, under whatever name."""
    e.item_epoch += 1


def rebound(e: Emitter, name: str) -> None:
    """A name stands for another thing now."""
    if any(_mentions(path, name) for path in known_paths(e)):
        forget(e)


def _mentions(path: str, name: str) -> bool:
    return path.startswith((f"{name}.", f"{name}[")) or f"[{name}]" in path


def known_paths(e: Emitter) -> dict[str, T.Type]:
    """What is known here."""
    found: dict[str, T.Type] = {}
    frame: Frame | None = e.frame
    while frame is not None:
        for path, (type, epoch) in frame.facts.items():
            if epoch == _now(e, path):
                found.setdefault(path, type)
        frame = frame.outer
    return found


def read(e: Emitter, node: t.Expr, value: Value) -> Value:
    """The value of an attribute or item as what is known of it."""
    from jit.frontend.emit_match import narrowed

    if not isinstance(value.type, T.OptionalType | T.UnionType | T.ClassType):
        return value
    path = path_of(node)
    known = known_paths(e).get(path) if path is not None else None
    if known is None or known == value.type or not is_subtype(known, value.type):
        return value
    return e.none() if known == T.NONE else narrowed(e, value, known)


def stored(e: Emitter, target: t.Expr, value: Value) -> None:
    """An attribute or item holds a value now, maybe one of a narrower type than its own."""
    path = path_of(target)
    if path is not None and not isinstance(value.type, T.OptionalType):
        learn(e, path, value.type)


def join(e: Emitter, ends: list[dict[str, T.Type]]) -> None:
    """After branches, what was known at the end of each that goes on."""
    if not ends:
        return
    for path, type in ends[0].items():
        if all(other.get(path) == type for other in ends[1:]):
            learn(e, path, type)
