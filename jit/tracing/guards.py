"""Checks that a traced program makes at each call.

Where a trace rests on something that it saw in one run, such as a rank, or with
`on_bake="guard"` the path that Python took, the program looks again and raises rather
than answer wrong.
"""

from __future__ import annotations

from typing import Any

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.dtypes import DType
from jit.ir.graph import Value
from jit.ir.span import NOWHERE, Span


class Guards:
    """Writes checks into the graph of one trace."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._facts: set[tuple[Value, str]] = set()

    def is_known(self, value: Value, fact: str) -> bool:
        """Whether a fact about a value was checked before; it is from now on."""
        known = (value, fact) in self._facts
        self._facts.add((value, fact))
        return known

    def expect(self, actual: Value, expected: Any, what: str, span: Span) -> None:
        """Raise at run time unless `actual` is `expected` again."""
        b = self._builder
        if isinstance(expected, bool) and actual.type == T.BOOL:
            differs = b.op("aten::__not__", actual) if expected else actual
        elif isinstance(expected, float) and expected != expected:
            differs = b.op("aten::eq", actual, actual)  # NaN equals nothing
        elif isinstance(expected, DType):
            differs = b.op("aten::ne", actual, b.constant(expected))
        else:
            differs = b.op("aten::ne", actual, expected)
        self.refuse(differs, f"{what} {_shown(expected)}", span)

    def refuse(self, condition: Value, what: str, span: Span) -> None:
        """Raise at run time if a condition holds, telling what the trace rests on."""
        b = self._builder
        branch = b.node("prim::If", [condition])
        place = f" ({span})" if span is not NOWHERE else ""
        message = (
            f"the trace was recorded where {what}{place}, and holds only there: trace"
            " again for such inputs, or script what decides"
        )
        with b.inside(branch.add_block()):
            b.node(
                "prim::RaiseException",
                [b.constant(message), b.constant("RuntimeError")],
            )
        branch.add_block()


def _shown(expected: Any) -> str:
    return f"was {expected!r}"
