"""Comparison of tuples. Their other operators are structural: index, slice, unpack."""

from __future__ import annotations

import operator

from jit.runtime.ops.python_operators import declare
from jit.runtime.ops.samples import case

for _name, _function, _doc in (
    ("Eq", operator.eq, "Whether two tuples have equal elements."),
    ("Ne", operator.ne, "Whether two tuples differ in an element."),
    ("Lt", operator.lt, "Whether the first differing element is less."),
    ("Gt", operator.gt, "Whether the first differing element is greater."),
    ("Le", operator.le, "Whether no differing element comes first and greater."),
    ("Ge", operator.ge, "Whether no differing element comes first and less."),
):
    declare(
        f"prim::Tuple{_name}(Any a, Any b) -> bool",
        _function,
        _doc,
        raises=True,
        samples=[case((1, "a"), (1, "a")), case((1, "a"), (1, "b"))],
    )
declare(
    "prim::TupleContains(Any tup, Any item) -> bool",
    operator.contains,
    "Whether an element is equal.",
    raises=True,
    samples=[case((1, 2), 2), case((), 2)],
)
