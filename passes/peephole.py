"""Apply the tables of algebraic rules in `jit.passes.rules`.

    %a : Tensor = aten::neg(%x)
    %b : Tensor = aten::neg(%a)                %c : Tensor = aten::relu(%x)
    %c : Tensor = aten::relu(%b)       →

Each rule is named by its equation and says which level of mathematics it needs.

Idempotent.
"""

from __future__ import annotations

from jit.ir.graph import Graph
from jit.passes.rewrite import Rewriter, Rule
from jit.passes.rules import arithmetic, structure, tensors

RULES: tuple[Rule, ...] = (*arithmetic.RULES, *structure.RULES, *tensors.RULES)


def run(graph: Graph) -> bool:
    """Return whether any rule applied."""
    return Rewriter(RULES).run(graph)
