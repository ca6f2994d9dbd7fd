"""Emit the names that only the code of graphs says; see `jit.modules.printed_names`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.builtins import name_of
from jit.frontend.failures import fail
from jit.frontend.library import type_given
from jit.frontend.sugared import Emitted

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def emit_uninitialized(e: Emitter, call: t.Call) -> Emitted:
    """`uninitialized(type)`."""
    if len(call.args) != 1:
        raise fail(call.span, "E0304", "`uninitialized` takes a type")
    return e.uninitialized(type_given(e, call))


def emit_cast(e: Emitter, call: t.Call) -> Emitted:
    """`unchecked_cast(type, value)`, and the same of a value that is not None."""
    name = name_of(call)
    if len(call.args) != 2:
        raise fail(call.span, "E0304", f"`{name}` takes a type and a value")
    type, value = type_given(e, call), e.value(call.args[1])
    return e.b.node(f"prim::{name}", [value], [type]).output
