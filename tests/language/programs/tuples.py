"""Tuples."""

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
