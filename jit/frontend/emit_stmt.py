"""Emit statements: each kind by its own function, the small ones here."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit.frontend import magic
from jit.frontend import tree as t
from jit.frontend.assigned import assigned
from jit.frontend.emit_assign import annotated, assign_all, augmented
from jit.frontend.emit_control import emit_if
from jit.frontend.emit_loop import emit_break, emit_continue, emit_for, emit_while
from jit.frontend.emit_raise import emit_assert, emit_raise
from jit.frontend.emit_try import emit_try
from jit.frontend.emit_with import emit_with
from jit.frontend.environment import Missing
from jit.frontend.failures import a_type, fail
from jit.frontend.gradients import switch_gradients
from jit.frontend.indexing import (
    slice_bounds,
)
from jit.frontend.local_functions import emit_definition
from jit.frontend.operators import apply
from jit.frontend.sugared import (
    NoContext,
)
from jit.ir import types as T

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def emit_statement(e: Emitter, s: t.Stmt) -> None:
    """Emit one statement at its span."""
    EMITTERS[type(s)](e, s)


# other statements -------------------------------------------------------------


def _expression(e: Emitter, s: t.ExprStmt) -> None:
    if isinstance(s.value, t.Constant):
        return
    value = e.expr(s.value)
    if isinstance(value, NoContext) and value.switch is not None:
        switch_gradients(e, s.span, value.switch)


def _return(e: Emitter, s: t.Return) -> None:
    if s.value is not None and e.declared_return is not None:
        e.expected = (s.value, e.declared_return)
    value = e.none() if s.value is None else e.expr(s.value)
    e.emit_return(value, s.span if s.value is None else s.value.span)


def _delete(e: Emitter, s: t.Delete) -> None:
    for target in s.targets:
        match target:
            case t.Name(at, id):
                e.find(id, at)
                e.frame.names[id] = Missing("here any more: it was deleted", at)
            case t.Subscript():
                owner = e.value(target.value)
                if isinstance(target.index, t.Slice):
                    bounds = slice_bounds(e, target.index)
                    apply(e, s.span, "aten::_delete_slice", owner, *bounds)
                    e.resized.append(owner)
                    continue
                index = e.value(target.index)
                if magic.is_instance(owner):
                    what = "gives no items up"
                    magic.need_magic(e, s.span, owner, "__delitem__", what, index)
                elif isinstance(owner.type, T.ListType | T.DictType):
                    apply(e, s.span, "aten::Delete", owner, index)
                else:
                    raise fail(
                        s.span,
                        "E0301",
                        f"items of {a_type(owner.type)} cannot be deleted",
                        help="items of lists and dicts can; others are made anew",
                    )
            case _:
                raise fail(target.span, "E0102", "this cannot be deleted")


def _import(e: Emitter, s: t.Import) -> None:
    """An import inside of a function: done once, while compiling."""
    from jit.frontend.resolver import resolve_object

    found = imported(e, s)
    e.assign(s.target, resolve_object(e, s.span, found, s.target), s.span)


def imported(e: Emitter, s: t.Import) -> Any:
    """What an import gives; CompileError E0202 where Python would find nothing."""
    dots = len(s.module) - len(s.module.lstrip("."))
    package = e.scope.globals.get("__package__") if dots else None
    try:
        module = importlib.import_module(s.module, package)
        if s.member is None:
            # `import a.b` gives `a`
            head, _, rest = s.module.partition(".")
            return sys.modules[head] if rest and s.target == head else module
        if not hasattr(module, s.member):
            return importlib.import_module(f"{module.__name__}.{s.member}")
        return getattr(module, s.member)
    except ImportError as error:
        raise fail(
            s.span, "E0202", f"the import fails: {error}", help="install the module"
        ) from None


def _outside(e: Emitter, s: t.Outside) -> None:
    """`global` and `nonlocal`: a global may be read only."""
    changed = assigned(e.tree.body)
    for name in s.names:
        if name in changed and s.kind == "global":
            raise fail(
                s.span,
                "E0102",
                f"compiled code cannot assign to the {s.kind} name `{name}`",
                help="return the new value, or keep it in a list or an attribute of a"
                " module",
            )


def _pass(e: Emitter, s: t.Stmt) -> None:
    pass


EMITTERS: dict[type[t.Stmt], Callable[[Emitter, Any], None]] = {
    t.Assign: assign_all,
    t.AnnAssign: annotated,
    t.AugAssign: augmented,
    t.ExprStmt: _expression,
    t.If: emit_if,
    t.While: emit_while,
    t.For: emit_for,
    t.Break: emit_break,
    t.Continue: emit_continue,
    t.Pass: _pass,
    t.Return: _return,
    t.Raise: emit_raise,
    t.Assert: emit_assert,
    t.Try: emit_try,
    t.With: emit_with,
    t.Delete: _delete,
    t.Define: emit_definition,
    t.Import: _import,
    t.Outside: _outside,
}
