"""Operators on lists: Python's own, with Python's references and messages.

A list is shared, not copied, where it is assigned, passed or stored; a slice copies.
Elements are compared with `==`, so that lists of tensors behave as Python's.
"""

from __future__ import annotations

import operator

import numpy as np

from jit.runtime.ops.python_operators import check_int, declare
from jit.runtime.ops.samples import case

ELEMENTS = ("int", "float", "bool", "str")

# access -----------------------------------------------------------------------------

declare(
    "aten::len.t(t[] a) -> int",
    len,
    "The number of elements.",
    samples=[case([1, 2]), case([])],
)
declare(
    ["aten::__getitem__.t(t[](a) list, int idx) -> t(*)",
     "aten::select.t(t[](a) list, int idx) -> t(*)"],
    operator.getitem,
    "One element, counted from the end if the index is negative.",
    raises=True,
    samples=[case([1, 2, 3], 0), case([1, 2, 3], -1)],
)  # fmt: skip
declare(
    "aten::slice.t(t[] l, int? start=None, int? end=None, int step=1) -> t[]",
    lambda items, start, end, step: items[start:end:step],
    "A new list of the elements of a slice.",
    raises=True,
    samples=[case([1, 2, 3, 4], 1, -1), case([1, 2, 3], None, None, -1)],
)
declare(
    ["aten::list.t(t[] l) -> t[]", "aten::copy.t(t[](a) self) -> t[]"],
    list,
    "A new list of the same elements.",
    samples=[case([1, 2])],
)


def _set_item(items, index, value):
    try:
        items[index] = value
    except IndexError:
        raise IndexError("list assignment index out of range") from None
    return items


declare(
    "aten::_set_item.t(t[](a!) l, int idx, t(b -> *) el) -> t[](a!)",
    _set_item,
    "Put a value in the place of an element.",
    raises=True,
    samples=[case([1, 2, 3], 1, 5)],
)


def _set_slice(items, start, end, step, values):
    items[start:end:step] = values


declare(
    "aten::_set_slice.t(t[](a!) l, int? start, int? end, int step, t[] values) -> ()",
    _set_slice,
    "Put values in the place of the elements of a slice.",
    raises=True,
    samples=[case([1, 2, 3], 0, 2, 1, [7])],
)


def _delete_slice(items, start, end, step):
    del items[start:end:step]


declare(
    "aten::_delete_slice.t(t[](a!) l, int? start, int? end, int step) -> ()",
    _delete_slice,
    "Remove the elements of a slice.",
    raises=True,
    samples=[case([1, 2, 3], 0, 2, 1)],
)

# change -----------------------------------------------------------------------------


def _append(items, value):
    items.append(value)
    return items


declare(
    "aten::append.t(t[](a!) self, t(c -> *) el) -> t[](a!)",
    _append,
    "Add an element at the end.",
    samples=[case([1], 2)],
)
declare(
    "aten::insert.t(t[](a!) self, int idx, t(b -> *) el) -> ()",
    list.insert,
    "Add an element before another.",
    samples=[case([1, 2], 1, 5), case([1], 9, 5)],
)
declare(
    "aten::extend.t(t[](a!) self, t[] other) -> ()",
    list.extend,
    "Add all elements of another list at the end.",
    samples=[case([1], [2, 3])],
)
declare(
    "aten::add_.t(t[](a!) self, t[] b) -> t[](a!)",
    operator.iadd,
    "Add all elements of another list at the end: `+=`.",
    samples=[case([1], [2, 3])],
)
declare(
    "aten::pop.t(t[](a!) self, int idx=-1) -> t(*)",
    list.pop,
    "Take an element out.",
    raises=True,
    samples=[case([1, 2]), case([1, 2], 0)],
)
declare(
    "aten::Delete.t(t[](a!) self, int idx) -> ()",
    operator.delitem,
    "Remove an element by its index.",
    raises=True,
    samples=[case([1, 2], 0)],
)
declare(
    "aten::clear.t(t[](a!) self) -> ()",
    list.clear,
    "Remove all elements.",
    samples=[case([1, 2])],
)
declare(
    "aten::reverse.t(t[](a!) self) -> ()",
    list.reverse,
    "Turn the order of the elements.",
    samples=[case([1, 2])],
)
declare(
    [f"aten::remove.{e}({e}[](a!) self, {e} el) -> ()" for e in ELEMENTS]
    + ["aten::remove.any(t[](a!) self, t el) -> ()"],
    list.remove,
    "Remove the first element that is equal.",
    raises=True,
)


def _sort(items, reverse):
    items.sort(reverse=reverse)


def _sorted(items, reverse=False):
    return sorted(items, reverse=reverse)


# what is compared by `<` alone cannot fail; tensors and tuples can
for _element in (*ELEMENTS, "any"):
    _list = "t[]" if _element == "any" else f"{_element}[]"
    _raises = _element == "any"
    declare(
        f"aten::sort.{_element}({_list}(a!) self, bool reverse=False) -> ()",
        _sort,
        "Put the elements in ascending order; equal ones keep theirs.",
        raises=_raises,
    )
    declare(
        f"aten::sorted.{_element}({_list}(a) input) -> {_list}",
        _sorted,
        "A new list in ascending order; equal elements keep theirs.",
        raises=_raises,
    )
declare(
    "aten::sorted.reverse(t[](a) input, bool reverse) -> t[]",
    _sorted,
    "A new list in ascending or descending order.",
    raises=True,
    samples=[case([2, 3, 1], True)],
)

# questions --------------------------------------------------------------------------

for _kind, _function, _raises, _result, _doc in (
    ("index", list.index, True, "int", "Where the first equal element is."),
    ("count", list.count, False, "int", "How many elements are equal."),
):
    _prefix = "list_" if _kind == "index" else ""
    declare(
        [
            f"aten::{_kind}.{_prefix}{e}({e}[] self, {e} el) -> {_result}"
            for e in ELEMENTS
        ],
        _function,
        _doc,
        raises=_raises,
    )
    declare(
        f"aten::{_kind}.{_prefix}any(t[] self, t el) -> {_result}",
        _function,
        _doc,
        raises=True,
        samples=[case([1, 2], 2)],
    )
declare(
    [f"aten::__contains__.{e}_list({e}[] l, {e} item) -> bool" for e in ELEMENTS],
    operator.contains,
    "Whether an element is equal.",
)
declare(
    "aten::__contains__.t(t[] l, t item) -> bool",
    operator.contains,
    "Whether an element is equal.",
    raises=True,
    samples=[case([1, 2], 2), case([], 2)],
)
for _kind, _function, _doc in (
    ("eq", operator.eq, "Whether two lists have equal elements."),
    ("ne", operator.ne, "Whether two lists differ in an element."),
    ("lt", operator.lt, "Whether the first differing element is less."),
    ("gt", operator.gt, "Whether the first differing element is greater."),
    ("le", operator.le, "Whether no differing element comes first and greater."),
    ("ge", operator.ge, "Whether no differing element comes first and less."),
):
    declare(
        [f"aten::{_kind}.{e}_list({e}[] a, {e}[] b) -> bool" for e in ELEMENTS],
        _function,
        _doc,
    )
    declare(
        f"aten::{_kind}.any_list(t[] a, t[] b) -> bool",
        _function,
        _doc,
        raises=True,
        samples=[case([1, 2], [1, 2]), case([1, 2], [1])],
    )

# whole lists ------------------------------------------------------------------------

declare(
    "aten::add.t(t[] a, t[] b) -> t[]",
    operator.add,
    "A new list: the elements of one, then of the other.",
    samples=[case([1], [2, 3])],
)
declare(
    "aten::mul.left_t(t[] l, int n) -> t[]",
    operator.mul,
    "A new list of repeated elements.",
    raises=True,
    samples=[case([1, 2], 2), case([1], -1)],
)
declare(
    "aten::mul.right_(int n, t[] l) -> t[]",
    operator.mul,
    "A new list of repeated elements.",
    raises=True,
    samples=[case(2, [1, 2])],
)
declare(
    "aten::mul_.t(t[](a!) l, int n) -> t[](a!)",
    operator.imul,
    "Repeat the elements in place: `*=`.",
    raises=True,
    samples=[case([1, 2], 2)],
)
for _kind, _function in (("min", min), ("max", max)):
    _word = "smallest" if _kind == "min" else "greatest"
    declare(
        [f"prim::{_kind}.self_{e}({e}[] self) -> {e}" for e in ELEMENTS],
        _function,
        f"The {_word} element.",
        raises=True,
    )
    declare(
        [f"prim::{_kind}.{e}_list({e}[] l, {e}[] r) -> {e}[]" for e in ELEMENTS],
        _function,
        f"The {_word} of two lists.",
    )
declare(
    ["aten::sum.int(int[] self) -> int", "aten::sum.bool(bool[] self) -> int"],
    lambda values: check_int(sum(values)),
    "The sum of the elements.",
    raises=True,
)
declare(
    ["aten::sum.float(float[] self) -> float"],
    lambda values: float(sum(values)),
    "The sum of the elements.",
    samples=[case([1.5, 2.5]), case([])],
)
declare(
    "aten::sum.complex(complex[] self) -> complex",
    lambda values: complex(sum(values)),
    "The sum of the elements.",
)
for _kind, _function, _doc in (
    ("any", any, "Whether an element is true."),
    ("all", all, "Whether all elements are true."),
):
    declare(
        [f"aten::{_kind}.{e}({e}[] self) -> bool" for e in ELEMENTS], _function, _doc
    )
declare(
    "aten::Bool.t(t[] a) -> bool",
    bool,
    "Whether there is an element.",
    samples=[case([]), case([0])],
)
declare(
    "prim::rangelist(int n) -> int[]",
    lambda n: list(range(n)),
    "The numbers from 0 to n - 1.",
    samples=[case(3), case(-1)],
)

# sizes ------------------------------------------------------------------------------


def broadcast_shapes(shapes):
    """The sizes that lists of sizes share after broadcasting."""
    try:
        return list(np.broadcast_shapes(*shapes))
    except ValueError:
        shown = ", ".join(str(list(s)) for s in shapes)
        raise RuntimeError(
            f"Shape mismatch: sizes {shown} cannot be broadcast together"
        ) from None


declare(
    "prim::broadcast_shapes(int[][] shapes) -> int[]",
    broadcast_shapes,
    "The sizes that several lists of sizes share after broadcasting.",
    raises=True,
    samples=[case([[2, 1], [3]]), case([[], [4]]), case([])],
)
