"""Assignment: several targets, destructuring, starred, annotated, del."""

import torch
from typing import List, Optional, Tuple

from tests.language.corpus import call, program

# Annotated assignments to locals.


@program(1, -1)
def annotated(x: int):
    a: int = x + 1
    b: float = 0.5
    c: List[float] = []
    d: Optional[int] = None
    e: Tuple[int, str] = (a, "e")
    if x > 0:
        d = x
    c.append(b)
    return a, b, c, d, e


# del of a list item.


@program(([1, 2, 3], 0), ([1, 2, 3], -1), ([1, 2, 3], 3))
def delete(a: List[int], i: int):
    del a[i]
    return a


# Tuples are taken apart on assignment, also nested.


@program(call((1, 2.0, "x")))
def destructuring_flat(t: Tuple[int, float, str]):
    a, b, c = t
    return c, b, a


@program(call((1, (2, 3))))
def destructuring_nested(t: Tuple[int, Tuple[int, int]]):
    a, (b, c) = t
    return a * 100 + b * 10 + c


# A name may take another type in straight-line code.


@program(4, -4)
def retyping(x: int):
    y = x
    a = y + 1
    y = str(y)
    b = y + "!"
    y = [y, b]
    return a, b, y


# One value assigned to several targets.


@program(3)
def several_targets_twice(x: int):
    a = b = x + 1
    a += 1
    return a, b


@program(torch.zeros(2))
def several_targets_shared(x):
    a = b = x + 1
    a.add_(10)
    return a, b


# A starred target takes the rest of a tuple.


@program(call((1, 2, 3)))
def starred_head(t: Tuple[int, int, int]):
    a, *rest = t
    return a, rest[0], rest[1], len(rest)


@program(call((1, 2, 3, 4)))
def starred_middle(t: Tuple[int, int, int, int]):
    a, *rest, b = t
    return a, b, rest[0], rest[-1], len(rest)


# The right side is evaluated before any target is assigned.


@program((1, 2))
def swap_swap(a: int, b: int):
    a, b = b, a
    return a, b


@program((1, 2, 3))
def swap_rotate(a: int, b: int, c: int):
    a, b, c = b, c, a + b
    return a, b, c


# A list is unpacked; a wrong length raises when it runs.


@program([5, 3], [5], [5, 3, 1])
def unpack_list(a: List[int]):
    x, y = a
    return x - y
