"""Operators that order lists by keys: what `sorted(xs, key=f)` and `min(xs, key=f)` do.

The keys are computed beforehand, each once and in order, as Python does.
"""

from __future__ import annotations

from jit.runtime.ops.python_operators import declare
from jit.runtime.ops.samples import case


def _sort_order(keys, reverse=False):
    return sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse)


declare(
    "aten::_sort_order.t(t[] keys, bool reverse=False) -> int[]",
    _sort_order,
    "The places of the elements in ascending order; equal ones keep theirs.",
    raises=True,
    samples=[case([2, 1, 2, 0]), case([2, 1, 2], True)],
)
declare(
    "aten::_pick.t(t[] items, int[] places) -> t[]",
    lambda items, places: [items[i] for i in places],
    "A new list of the elements at some places.",
    raises=True,
    samples=[case([5, 6, 7], [2, 0, 0])],
)


def _extreme_place(keys, largest):
    choose = max if largest else min
    try:
        return choose(range(len(keys)), key=keys.__getitem__)
    except ValueError:
        # with the words of this Python
        return choose([])


declare(
    "aten::_extreme_place.t(t[] keys, bool largest) -> int",
    _extreme_place,
    "Where the first smallest element is, or the first largest.",
    raises=True,
    samples=[case([2, 1, 1], False), case([2, 3, 3], True)],
)


def _sort_by(items, keys, reverse=False):
    items[:] = [items[i] for i in _sort_order(keys, reverse)]


declare(
    "aten::_sort_by.t(t[](a!) items, k[] keys, bool reverse=False) -> ()",
    _sort_by,
    "Put the elements in the ascending order of their keys.",
    raises=True,
    samples=[case([5, 6, 7], [2, 0, 1])],
)
