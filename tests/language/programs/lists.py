"""Lists: methods, operators, slices, and that they are references."""

import torch
from typing import List

from tests.language.corpus import program, scenario

# any and all of lists of bools and of ints.


@program([True, False], [True, True], [False], [])
def any_all_bools(a: List[bool]):
    return any(a), all(a)


@program([0, 2], [0])
def any_all_ints(a: List[int]):
    return any(a), all(a)


# append, extend and insert change a list in place.


@program([], [1, 2])
def append_extend_insert(a: List[int]):
    a.append(10)
    a.extend([20, 30])
    a.insert(0, -1)
    a.insert(2, -2)
    a.insert(100, -3)
    return a


# A plain Python list given to a script is copied.


@torch.jit.script
def arguments_are_copied(a: List[int]):
    a.append(9)
    return a


@scenario
def arguments_are_copied_scenario():
    a = [1]
    b = arguments_are_copied(a)
    yield "result", b
    yield "argument", a


# Augmented assignment to an item.


@program(([0, 2, 2, 1, 2], 4), ([-1, -1], 3))
def augmented_item_histogram(a: List[int], n: int):
    counts = [0] * n
    for x in a:
        counts[x] += 1
    return counts


@program([0.5, -1.0])
def augmented_item_scale(a: List[float]):
    for i in range(len(a)):
        a[i] *= 2.0
    return a


# copy, count and index.


@program([1, 2])
def copy_count_index_copy(a: List[int]):
    b = a.copy()
    b.append(0)
    return a, b


@program((["a", "b", "a"], "a"), ([], "a"))
def copy_count_index_count(a: List[str], s: str):
    return a.count(s)


@program(([5, 6, 6], 6), ([5], 6))
def copy_count_index_index(a: List[int], x: int):
    return a.index(x)


# `in` and `not in` of lists of ints, floats and strs.


@program(([1, 2], 2), ([1, 2], 3), ([], 0))
def in_ints(a: List[int], x: int):
    return x in a, x not in a


@program(([0.5], 0.5))
def in_floats(a: List[float], x: float):
    return x in a


@program((["ab"], "a"))
def in_strs(a: List[str], x: str):
    return x in a


# Reading and assigning items, also from the end; outside raises.


@program(
    ([7, 8, 9], 0),
    ([7, 8, 9], 2),
    ([7, 8, 9], -1),
    ([7, 8, 9], -3),
    ([7, 8, 9], 3),
    ([7, 8, 9], -4),
    ([], 0),
)
def index_get(a: List[int], i: int):
    return a[i]


@program(
    ([7, 8, 9], 0, 0),
    ([7, 8, 9], 2, 0),
    ([7, 8, 9], -1, 0),
    ([7, 8, 9], -3, 0),
    ([7, 8, 9], 3, 0),
    ([7, 8, 9], -4, 0),
)
def index_put(a: List[int], i: int, x: int):
    a[i] = x
    return a


# List literals of each simple type, and len.


@program((1, 0.5, "s"))
def len_and_literals_literals(i: int, x: float, s: str):
    a = [i, i + 1]
    b = [x]
    c = [s, s + "!", ""]
    d = [True, i > 0]
    return a, b, c, d, len(a) + len(b) + len(c) + len(d)


@program(["", "b"], [])
def len_and_literals_length(a: List[str]):
    return len(a)


# min, max and sum of lists; min and max of an empty list raise.


@program([3, -1, 2], [4], [])
def min_max_sum_ints(a: List[int]):
    return min(a), max(a), sum(a)


@program([0.5, -0.25, 2.0])
def min_max_sum_floats(a: List[float]):
    return min(a), max(a), sum(a)


@program([])
def min_max_sum_total(a: List[int]):
    return sum(a)


# Lists of lists: items of items, rows that are shared with their list.


@program([[1, 2, 3], [4, 5, 6]], [[]])
def nested_transpose(a: List[List[int]]):
    out: List[List[int]] = []
    for j in range(len(a[0])):
        row: List[int] = []
        for i in range(len(a)):
            row.append(a[i][j])
        out.append(row)
    return out


@program([[1], [2, 3]])
def nested_assign(a: List[List[int]]):
    row = a[0]
    row.append(7)
    a[1][0] = 9
    return a


# `+`, `*`, `+=`, `==` and `!=` of lists.


@program(([1, 2], [3], 2), ([1, 2], [], 0))
def operators_arithmetic(a: List[int], b: List[int], n: int):
    return a + b, a * n


@program(([1], [2, 3]))
def operators_in_place(a: List[int], b: List[int]):
    c = a
    a += b
    return a, c


@program(([1, 2], [1, 2]), ([1, 2], [1, 2, 3]), ([1, 2], [1, 3]), ([], []))
def operators_equality(a: List[int], b: List[int]):
    return a == b, a != b


# pop, remove and clear; each raises where there is nothing to take.


@program([1, 2, 3], [])
def pop_remove_clear_pop(a: List[int]):
    x = a.pop()
    return x, a


@program(([1, 2, 3], 0), ([1, 2, 3], -2), ([1, 2, 3], 3))
def pop_remove_clear_pop_at(a: List[int], i: int):
    x = a.pop(i)
    return x, a


@program(([1, 2, 1], 1), ([1, 2], 3))
def pop_remove_clear_remove(a: List[int], x: int):
    a.remove(x)
    return a


@program([1, 2])
def pop_remove_clear_clear(a: List[int]):
    a.clear()
    return a


# A list given to a callee is changed by it.


def push(a: List[int], x: int):
    a.append(x)


@program(5)
def reference_in_callee(n: int):
    a: List[int] = [0]
    push(a, n)
    push(a, n + 1)
    return a


# reverse and sort work in place; sort takes `reverse`.


@program([3, 1, 2], [])
def reverse_sort_reverse(a: List[int]):
    a.reverse()
    return a


@program([3, -1, 2, 3], [])
def reverse_sort_sort(a: List[int]):
    a.sort()
    return a


@program([0.5, -1.0, 2.0])
def reverse_sort_sort_down(a: List[float]):
    a.sort(reverse=True)
    return a


@program(["b", "B", "a", ""])
def reverse_sort_sort_strs(a: List[str]):
    a.sort()
    return a


# Slices with bounds from either end and beyond, and with a step.


@program(
    ([0, 1, 2, 3, 4, 5], 1, 4),
    ([0, 1, 2, 3, 4, 5], -4, -1),
    ([0, 1, 2, 3, 4, 5], 4, 1),
    ([0, 1, 2, 3, 4, 5], 0, 100),
    ([0, 1, 2, 3, 4, 5], -100, 2),
    ([0, 1, 2, 3, 4, 5], 3, 3),
    ([], 0, 1),
)
def slices_bounds(a: List[int], i: int, j: int):
    return a[i:j], a[i:], a[:j], a[:]


@program(
    ([0, 1, 2, 3, 4, 5], 0, 6, 2),
    ([0, 1, 2, 3, 4, 5], 1, 5, 3),
    ([0, 1, 2, 3, 4, 5], 0, 0, 1),
)
def slices_step(a: List[int], i: int, j: int, k: int):
    return a[i:j:k]


# A slice is a copy, and a name is not.


@program([1, 2], [])
def slices_copy(a: List[int]):
    b = a
    c = a[:]
    d = list(a)
    b.append(9)
    return a, b, c, d


# sorted gives a new list and leaves the old one.


@program([3, 1, 2], [])
def sorted_ints(a: List[int]):
    b = sorted(a)
    return a, b


@program([0.5, -0.5, 0.0])
def sorted_floats(a: List[float]):
    return sorted(a)


@program(["pear", "apple", "fig"])
def sorted_strs(a: List[str]):
    return sorted(a)
