"""Operators on sets: Python's own, in whatever order its sets have."""

from __future__ import annotations

import operator

from jit.runtime.ops.python_operators import declare

declare(
    "aten::set.t(t[] l) -> Set(t)",
    set,
    "The set of the elements of a list.",
    raises=True,
)
declare("aten::set() -> Set(Tensor)", set, "An empty set.")
declare("aten::len.Set(Set(t) self) -> int", len, "The number of elements.")
declare(
    "aten::list.Set(Set(t) self) -> t[]", list, "A list of the elements, in any order."
)
declare("aten::copy.Set(Set(t) self) -> Set(t)", set, "A new set of the same elements.")
declare("aten::Bool.Set(Set(t) a) -> bool", bool, "Whether there is an element.")
declare(
    "aten::__contains__.Set(Set(t) s, t item) -> bool",
    operator.contains,
    "Whether it is an element.",
    raises=True,
)
for _name, _kernel, _doc in (
    ("set_add", set.add, "Add an element."),
    ("discard", set.discard, "Remove an element if it is there."),
    ("remove", set.remove, "Remove an element; KeyError if it is not there."),
):
    declare(
        f"aten::{_name}.Set(Set(t)(a!) self, t el) -> ()", _kernel, _doc, raises=True
    )
declare(
    "aten::pop.Set(Set(t)(a!) self) -> t",
    set.pop,
    "Take an element out, whichever; KeyError if there is none.",
    raises=True,
)
declare("aten::clear.Set(Set(t)(a!) self) -> ()", set.clear, "Remove all elements.")
for _kind, _kernel, _doc in (
    ("update", set.update, "Add all elements of another set."),
    ("intersection_update", set.intersection_update, "Keep what is in both sets."),
    ("difference_update", set.difference_update, "Remove what is in another set."),
    (
        "symmetric_difference_update",
        set.symmetric_difference_update,
        "Keep what is in one of both sets.",
    ),
):
    declare(f"aten::{_kind}.Set(Set(t)(a!) self, Set(t) other) -> ()", _kernel, _doc)
declare(
    "aten::isdisjoint.Set(Set(t) a, Set(t) b) -> bool",
    set.isdisjoint,
    "Whether no element is in both.",
)
for _kind, _kernel, _doc in (
    ("__or__", operator.or_, "Elements of one or both."),
    ("__and__", operator.and_, "Elements of both."),
    ("__xor__", operator.xor, "Elements of one of both."),
    ("sub", operator.sub, "Elements of the first that are not in the second."),
):
    declare(f"aten::{_kind}.Set(Set(t) a, Set(t) b) -> Set(t)", _kernel, _doc)
for _kind, _kernel, _doc in (
    ("eq", operator.eq, "Whether both have the same elements."),
    ("ne", operator.ne, "Whether they differ in an element."),
    ("le", operator.le, "Whether all elements are in the second."),
    ("lt", operator.lt, "Whether all elements are in the second, which has more."),
    ("ge", operator.ge, "Whether all elements of the second are in the first."),
    ("gt", operator.gt, "Whether the first has all elements of the second, and more."),
):
    declare(f"aten::{_kind}.Set(Set(t) a, Set(t) b) -> bool", _kernel, _doc)
