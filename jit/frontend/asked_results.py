"""Functions of torch that return more where a flag asks for it.

What a script returns must be known while it is compiled, so the flags are literals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.arguments import Arguments
from jit.frontend.call import call_operator
from jit.frontend.failures import fail
from jit.frontend.sized_functions import call_windowed, keep_sizes, use_window
from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

Emit = Callable[["Emitter", t.Call], Emitted]


def _flag(
    e: Emitter, args: Arguments, span: Span, function: str, name: str, position: int
) -> bool:
    """Take a flag out of the arguments; False if it is not given."""
    asked = args.keywords.pop(name, None)
    if asked is None and len(args.positional) > position:
        asked = args.positional.pop(position)
    if asked is None:
        return False
    wanted = e.as_value(asked, span).constant
    if not isinstance(wanted, bool):
        raise fail(
            span,
            "E0304",
            f"`{name}` of `{function}` must be `True` or `False` as it is written",
        )
    return wanted


def max_pool(name: str, position: int) -> Emit:
    """Calls of a pool that also tells the places if its argument `return_indices`, at
    this position, is True.
    """
    kind = f"aten::{name}"
    always_tells = name.startswith("adaptive")

    def emit(e: Emitter, call: t.Call) -> Emitted:
        args = e.arguments(call)
        wanted = _flag(e, args, call.span, name, "return_indices", position)
        if always_tells:
            keep_sizes(e, call.span, args)
        else:
            use_window(e, call.span, args)
        form = f"{kind}_with_indices" if wanted and not always_tells else kind
        found = call_operator(e, call.span, form, args, name=name)
        if wanted or not always_tells:
            return found
        return e.b.unpack(e.as_value(found, call.span))[0]

    return emit


def fractional_pool(name: str, axes: int) -> Emit:
    """Calls of a pool over windows at random places, which tells them if asked."""

    def emit(e: Emitter, call: t.Call) -> Emitted:
        from jit.torch.nn.pool_forms import fractional_max_pool

        args = e.arguments(call)
        wanted = _flag(e, args, call.span, name, "return_indices", 4)
        found = call_windowed(e, call, args, fractional_max_pool, axes)
        return found if wanted else e.b.unpack(e.as_value(found, call.span))[0]

    return emit


def emit_nonzero(e: Emitter, call: t.Call) -> Emitted:
    """`torch.nonzero`."""
    return _nonzero(e, call, e.arguments(call))


def nonzero_method(e: Emitter, call: t.Call, x: Value) -> Emitted:
    """`x.nonzero()`."""
    return _nonzero(e, call, e.arguments(call, first=x))


def _nonzero(e: Emitter, call: t.Call, args: Arguments) -> Emitted:
    """One tensor, or a list of one for each dim if `as_tuple`."""
    wanted = _flag(e, args, call.span, "nonzero", "as_tuple", 1)
    kind = "aten::nonzero_numpy" if wanted else "aten::nonzero"
    return call_operator(e, call.span, kind, args, name="torch.nonzero")


def emit_lu(e: Emitter, call: t.Call) -> Emitted:
    """`torch.lu`: infos are returned if `get_infos`."""
    args = e.arguments(call)
    wanted = _flag(e, args, call.span, "lu", "get_infos", 2)
    args.keywords["check_errors"] = e.b.constant(not wanted)
    if "A" in args.keywords:
        args.positional.insert(0, args.keywords.pop("A"))
    found = call_operator(e, call.span, "aten::_lu_with_info", args, name="torch.lu")
    if wanted:
        return found
    return e.b.tuple(e.b.unpack(e.as_value(found, call.span))[:2])


def emit_unique(e: Emitter, call: t.Call) -> Emitted:
    """`torch.unique`."""
    return _unique(e, call, e.arguments(call))


def unique_method(e: Emitter, call: t.Call, x: Value) -> Emitted:
    """`x.unique()`."""
    return _unique(e, call, e.arguments(call, first=x))


def _unique(e: Emitter, call: t.Call, args: Arguments) -> Emitted:
    counts = _flag(e, args, call.span, "unique", "return_counts", 3)
    inverse = _flag(e, args, call.span, "unique", "return_inverse", 2)
    dim = args.keywords.pop("dim", None)
    if dim is None and len(args.positional) > 2:
        dim = args.positional.pop(2)
    kind = "aten::_unique2"
    if dim is not None and e.as_value(dim, call.span).type != T.NONE:
        kind = "aten::unique_dim"
        args.keywords["dim"] = dim
        if len(args.positional) > 1:  # there it stands behind dim
            args.keywords["sorted"] = args.positional.pop()
    return _distinct(e, call, args, kind, inverse, counts)


def emit_unique_consecutive(e: Emitter, call: t.Call) -> Emitted:
    """`torch.unique_consecutive`."""
    return _unique_consecutive(e, call, e.arguments(call))


def unique_consecutive_method(e: Emitter, call: t.Call, x: Value) -> Emitted:
    """`x.unique_consecutive()`."""
    return _unique_consecutive(e, call, e.arguments(call, first=x))


def _unique_consecutive(e: Emitter, call: t.Call, args: Arguments) -> Emitted:
    name = "unique_consecutive"
    counts = _flag(e, args, call.span, name, "return_counts", 2)
    inverse = _flag(e, args, call.span, name, "return_inverse", 1)
    if len(args.positional) > 1:
        args.keywords["dim"] = args.positional.pop()
    return _distinct(e, call, args, f"aten::{name}", inverse, counts)


def _distinct(
    e: Emitter, call: t.Call, args: Arguments, kind: str, inverse: bool, counts: bool
) -> Emitted:
    """Those of the three results of an operator that are wanted."""
    args.keywords["return_inverse"] = e.b.constant(inverse)
    args.keywords["return_counts"] = e.b.constant(counts)
    if "input" in args.keywords:
        args.positional.insert(0, args.keywords.pop("input"))
    made = e.as_value(call_operator(e, call.span, kind, args), call.span)
    wanted = (True, inverse, counts)
    parts = [p for p, w in zip(e.b.unpack(made), wanted, strict=True) if w]
    return parts[0] if len(parts) == 1 else e.b.tuple(parts)


POOLS = {
    "max_pool1d": 6, "max_pool2d": 6, "max_pool3d": 6,
    "adaptive_max_pool1d": 2, "adaptive_max_pool2d": 2, "adaptive_max_pool3d": 2,
}  # fmt: skip
"""Pools that may also tell the places, and the position of `return_indices`."""


def functions_with_flags() -> dict[Any, Emit]:
    """The functions, with what emits their calls."""
    from jit import torch

    table: dict[Any, Emit] = {
        torch.lu: emit_lu,
        torch.nonzero: emit_nonzero,
        torch.unique: emit_unique,
        torch.unique_consecutive: emit_unique_consecutive,
    }
    for name, position in POOLS.items():
        table[getattr(torch.nn.functional, name)] = max_pool(name, position)
    for axes in (2, 3):
        name = f"fractional_max_pool{axes}d"
        table[getattr(torch.nn.functional, name)] = fractional_pool(name, axes)
    return table
