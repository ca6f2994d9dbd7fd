"""Functions of `cmath` in compiled code: operators of complex numbers."""

from __future__ import annotations

import cmath
from typing import TYPE_CHECKING

from jit.frontend import tree as t
from jit.frontend.arguments import Arguments
from jit.frontend.builtins import values_of
from jit.frontend.call import call_operator
from jit.frontend.operators import NUMBERS, apply
from jit.frontend.sugared import Builtin, Emitted
from jit.ir import types as T
from jit.ir.registry import has_kind

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

CMATH = {
    id(f): n for n, f in vars(cmath).items() if callable(f) and not n.startswith("_")
}
"""Names of the functions of `cmath` by identity."""

_KINDS = {
    "phase": "aten::angle",
    "polar": "aten::_cmath_polar",
    "rect": "aten::_cmath_rect",
}
"""Operators that have other names; others are called as the functions are."""

_OF_REALS = ("rect",)


def cmath_function(name: str) -> Builtin | None:
    """A function of `cmath`, numbers as complex ones; None if there is no operator."""
    kind = _KINDS.get(name, f"aten::{name}")
    if not has_kind(kind):
        return None

    def emit(e: Emitter, call: t.Call) -> Emitted:
        args = Arguments()
        for x in values_of(e, call, 0, 2):
            if x.type in NUMBERS and x.type != T.COMPLEX and name not in _OF_REALS:
                x = apply(e, call.span, "aten::Complex", x)
            args.add(x, call.span)
        return call_operator(e, call.span, kind, args, name=f"cmath.{name}")

    return Builtin(f"cmath.{name}", emit)
