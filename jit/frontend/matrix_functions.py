"""Functions of matrices of torch that stand for several operators, by their constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.call import Arguments, call_operator
from jit.frontend.failures import fail
from jit.frontend.sugared import Emitted
from jit.ir.graph import Value

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter


def emit_norm(e: Emitter, call: t.Call) -> Emitted:
    """`torch.norm`: the order may be the name of a norm."""
    args = e.arguments(call)
    order = args.keywords.get("p", args.positional[1:2] or None)
    order = order[0] if isinstance(order, list) else order
    name = order.constant if isinstance(order, Value) else "fro"
    if not isinstance(name, str):
        return call_operator(e, call.span, "aten::norm", args, name="torch.norm")
    kind = "aten::linalg_matrix_norm"
    if name == "fro":
        kind, name = "aten::norm", 2
    chosen = Arguments(list(args.positional), dict(args.keywords), dict(args.spans))
    value = e.b.constant(name)
    if "p" in chosen.keywords:
        del chosen.keywords["p"]
    if len(chosen.positional) > 1:
        chosen.positional[1] = value
    elif chosen.positional:
        chosen.positional.append(value)
    return call_operator(e, call.span, kind, chosen, name="torch.norm")


def emit_lu(e: Emitter, call: t.Call) -> Emitted:
    """`torch.lu`: infos are returned if `get_infos`, a literal, is True."""
    args = e.arguments(call)
    asked = args.keywords.pop("get_infos", None)
    if asked is None and len(args.positional) > 2:
        asked = args.positional.pop(2)
    wanted = False if asked is None else e.as_value(asked, call.span).constant
    if not isinstance(wanted, bool):
        raise fail(
            call.span,
            "E0304",
            "`get_infos` of `lu` must be `True` or `False` as it is written",
        )
    args.keywords["check_errors"] = e.b.constant(not wanted)
    if "A" in args.keywords:
        args.positional.insert(0, args.keywords.pop("A"))
    found = call_operator(e, call.span, "aten::_lu_with_info", args, name="torch.lu")
    if wanted:
        return found
    return e.b.tuple(e.b.unpack(e.as_value(found, call.span))[:2])
