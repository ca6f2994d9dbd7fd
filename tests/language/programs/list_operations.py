"""Lists: every method and operator, and that a list is a reference."""

import torch
from typing import List

from tests.language.corpus import program


@program([1], [])
def append(a: List[int]):
    a.append(5)
    return a


@program([1], [])
def extend(a: List[int]):
    a.extend([7, 8])
    a.extend(a)
    return a


@program(([1, 2], 0), ([1, 2], 1), ([1, 2], 9), ([1, 2], -1), ([], 0))
def insert(a: List[int], i: int):
    a.insert(i, 7)
    return a


@program([1, 2, 3], [])
def pop_the_last(a: List[int]):
    x = a.pop()
    return x, a


@program(([1, 2, 3], 0), ([1, 2, 3], -2), ([1, 2, 3], 3), ([], 0))
def pop_at_a_place(a: List[int], i: int):
    x = a.pop(i)
    return x, a


@program(([1, 2, 1], 1), ([1, 2], 5))
def remove(a: List[int], x: int):
    a.remove(x)
    return a


@program([1, 2])
def clear(a: List[int]):
    b = a
    a.clear()
    return len(b)


@program([1, 2])
def copy_is_another_list(a: List[int]):
    b = a.copy()
    b.append(3)
    return a, b


@program(([1, 2, 1], 1), ([], 1))
def count(a: List[int], x: int):
    return a.count(x)


@program(([1, 2, 1], 1), ([1, 2], 5))
def index(a: List[int], x: int):
    return a.index(x)


@program([1, 2, 3], [])
def reverse(a: List[int]):
    a.reverse()
    return a


@program([3, 1, 2], [])
def sort_ints(a: List[int]):
    a.sort()
    return a


@program([0.5, -1.0, 2.0])
def sort_floats(a: List[float]):
    a.sort()
    return a


@program(["b", "", "a", "B"])
def sort_strs(a: List[str]):
    a.sort()
    return a


@program([3, 1, 2])
def sort_in_reverse(a: List[int]):
    a.sort(reverse=True)
    return a


@program([True, False, True])
def sort_bools(a: List[bool]):
    a.sort()
    return a


@program([3, 1, 2])
def sorted_leaves_the_list(a: List[int]):
    return sorted(a), a


@program(["pear", "fig"])
def sorted_strs(a: List[str]):
    return sorted(a)


@program(([1], [2, 3]), ([], []))
def concatenation(a: List[int], b: List[int]):
    return a + b, b + a


@program(([1, 2], 3), ([1], 0))
def repetition(a: List[int], n: int):
    return a * n


@program(([1], -1), torch_is_wrong="it refuses at run time")
def repetition_less_than_never(a: List[int], n: int):
    return a * n


@program(3)
def repetition_of_a_literal(n: int):
    return [0] * n, [1.5, 2.5] * 2


@program(([1, 2], [1, 2]), ([1, 2], [2, 1]), ([], []))
def equality(a: List[int], b: List[int]):
    return a == b, a != b


@program((["a"], ["a"]), (["a"], ["b"]))
def equality_of_strs(a: List[str], b: List[str]):
    return a == b, a != b


@program(([1, 2], 2), ([1, 2], 5), ([], 1))
def membership(a: List[int], x: int):
    return x in a, x not in a


@program((["a"], "a"), (["a"], "b"))
def membership_of_strs(a: List[str], s: str):
    return s in a


@program(([0.5], 0.5), ([0.5], 1.0))
def membership_of_floats(a: List[float], x: float):
    return x in a


SLICES = [10, 11, 12, 13, 14]


@program((SLICES, 1, 3), (SLICES, -2, 9), (SLICES, 3, 1), ([], 0, 1))
def slices(a: List[int], i: int, j: int):
    return a[i:j], a[i:], a[:j], a[:]


@program(SLICES)
def slices_with_a_step(a: List[int]):
    return a[::2], a[1::2], a[::-1], a[3:0:-1], a[::-2]


@program((SLICES, 2), (SLICES, -1))
def slices_with_a_computed_step(a: List[int], step: int):
    return a[::step]


@program((SLICES, 0), (SLICES, -1), (SLICES, 5), (SLICES, -6))
def an_index_is_checked(a: List[int], i: int):
    return a[i]


@program((SLICES, 0), (SLICES, -1), (SLICES, 5))
def item_assignment(a: List[int], i: int):
    a[i] = 99
    return a


@program("abc")
def list_of_a_str(s: str):
    return list(s)


@program([1, 2])
def list_of_a_list_is_a_copy(a: List[int]):
    b = list(a)
    b.append(3)
    return a, b


@program(4)
def list_of_a_range(n: int):
    return list(range(n))


@program([3, 1, 2])
def min_max_sum(a: List[int]):
    return min(a), max(a), sum(a)


@program([0.5, -1.5])
def min_max_sum_of_floats(a: List[float]):
    return min(a), max(a), sum(a)


@program([True, False], [True], [False], [])
def any_and_all(a: List[bool]):
    return any(a), all(a)


@program([0, 1], [1, 2], [0], [])
def any_and_all_of_ints(a: List[int]):
    return any(a), all(a)


# References.


@program([1])
def a_list_is_a_reference(a: List[int]):
    b = a
    b.append(2)
    return a, len(a) == len(b)


def push(a: List[int], n: int):
    a.append(n)


@program([1])
def a_callee_changes_it(a: List[int]):
    push(a, 5)
    push(a, 6)
    return a


@program()
def lists_in_lists_are_references():
    row = [0]
    rows = [row, [1]]
    rows[0].append(5)
    return row, rows


@program()
def the_same_list_twice():
    row = [0]
    rows = [row, row]
    rows[0].append(5)
    return rows[1], len(rows[0])


@program([1, 2, 3])
def slices_copy(a: List[int]):
    b = a[:]
    b[0] = 100
    return a, b


@program(torch.ones(2))
def tensors_in_a_list_are_references(x):
    a = [x, x * 2]
    a[0].add_(1)
    return x, a


@program(2)
def lists_of_tuples(n: int):
    a = [(1, "a"), (n, "b")]
    a.append((3, "c"))
    out = ""
    for k, s in a:
        out += s if k > 1 else s + s
    return out, a[-1][0]


@program([[1, 2], [3]])
def nested_lists(a: List[List[int]]):
    a.append([4, 5, 6])
    a[0].append(9)
    return len(a), a[0][2], a[2][1:], a


@program()
def empty_lists_have_types():
    a: List[str] = []
    b: List[List[int]] = [[], [1]]
    a.append("x")
    b[0].append(2)
    return a, b
