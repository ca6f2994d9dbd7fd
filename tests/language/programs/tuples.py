"""Tuples."""

import torch
from typing import List, Tuple

from tests.language.corpus import call, program

# A tuple assigned in both branches and carried through a loop.


@program((True, 1, 2), (False, 1, 2))
def across_branches_branch(flip: bool, a: int, b: int):
    if flip:
        t = (b, a)
    else:
        t = (a, b)
    return t


@program((48, 18), (5, 0))
def across_branches_gcd(a: int, b: int):
    t = (a, b)
    while t[1] != 0:
        t = (t[1], t[0] % t[1])
    return t


# Tuples are concatenated with `+`.


@program(((1, "a"), (0.5,)))
def concat_concat(a: Tuple[int, str], b: Tuple[float]):
    return a + b


@program(call((1, 2)))
def concat_with_literal(a: Tuple[int, int]):
    return a + (7, "x")


# Tuples compare equal element by element.


@program(((1, 2), (1, 2)), ((1, 2), (3, 2)), ((1, 2), (1, 3)))
def equality(a: Tuple[int, int], b: Tuple[int, int]):
    return a == b, a != b


# Lists of tuples: appended, indexed, taken apart in a loop.


@program(0, 3)
def in_list_pairs(n: int):
    out: List[Tuple[int, str]] = []
    for i in range(n):
        out.append((i, str(i * i)))
    return out


@program([(1, "a"), (2, "b")])
def in_list_join(a: List[Tuple[int, str]]):
    s = ""
    for i, t in a:
        s += t + ":" + str(i) + ";"
    return s


# Tuples are indexed and sliced, from both ends.


@program(call((1, "b", 0.5)))
def index_and_slice_index(t: Tuple[int, str, float]):
    return t[0], t[-1], t[1], len(t)


@program(call((1, 2, 3, 4)))
def index_and_slice_slices(t: Tuple[int, int, int, int]):
    return t[1:3], t[:2], t[2:], t[-3:-1]


# Tuples are repeated and searched.


@program(call((1, 2)), torch_is_wrong="it gives a list")
def repetition(t: Tuple[int, int]):
    return t * 2


@program(((1, 2), 1), ((1, 2), 5))
def membership(t: Tuple[int, int], n: int):
    return n in t, n not in t, n in (1, 5)


# Tuples of a length that is known only when they are made.


@program([1, 2, 3], [3, 2], [])
def a_tuple_of_a_list_is_read(a: List[int]):
    t = tuple(a)
    a.append(9)
    same = t == (1, 2, 3), (3, 2) == t, t < (1, 5), t[1:] == (2, 3), t != tuple(a)
    return len(t), 3 in t, t.count(2), same


@program([1, 2, 3])
def a_tuple_of_a_list_is_walked(a: List[int]):
    n = 0
    for i, x in enumerate(tuple(a)):
        n += i * x
    t = tuple(x * 2 for x in a if x > 1)
    return n, sum(t), sorted(t), list(t), max(t), [*t, 4]


@program([1, 2, 3], [1, 2])
def a_tuple_of_a_list_is_unpacked(a: List[int]):
    t = tuple(a)
    first, *rest = t
    if t[2:]:
        x, y, z = t
        return x + y * z, first, rest
    return 0, first, rest


@program([1, 2, 3])
def tuples_of_lists_are_joined(a: List[int]):
    t = tuple(a) + (4,) + tuple(a)
    u = (0, *a, 9)
    return len(t), t[3], u[0] + u[-1], len(u)


@program((torch.ones(2, 3), [1, 2]))
def tuples_of_lists_are_sizes(x, a: List[int]):
    made = torch.zeros(tuple(a)), torch.ones((1, *x.shape)), x.reshape(tuple([3, 2]))
    return made, tuple(x.shape) == (2, 3)


@program(([1, 2], 1), ([1, 2], 2), ([1, 2], -3))
def an_index_out_of_a_tuple_of_a_list(a: List[int], i: int):
    return tuple(a)[i]


@program(1, -2, 2, -3)
def an_index_out_of_a_tuple(i: int):
    return (5, 6)[i]
