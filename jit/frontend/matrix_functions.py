"""Functions of matrices of torch that stand for several operators, by their constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.arguments import Arguments
from jit.frontend.call import call_operator
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
