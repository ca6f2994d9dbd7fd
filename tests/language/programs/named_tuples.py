"""Named tuples: as a class, as a call, with defaults; made, read, unpacked, returned."""

import collections
import torch
from typing import List, NamedTuple, Optional, Tuple

from tests.language.corpus import program


class Point(NamedTuple):
    x: int
    y: int


class Sized(NamedTuple):
    name: str
    size: int = 3
    scale: float = 0.5


class Segment(NamedTuple):
    start: Point
    end: Point


class Weighted(NamedTuple):
    value: torch.Tensor
    weight: Optional[float]


Pair = NamedTuple("Pair", [("left", int), ("right", str)])
Loose = collections.namedtuple("Loose", ["a", "b"])


@program((1, 2))
def made_and_read(a: int, b: int):
    p = Point(a, b)
    return p.x * 10 + p.y


@program((1, 2))
def made_with_keywords(a: int, b: int):
    p = Point(y=b, x=a)
    return p.x, p.y


@program((1, 2))
def returned(a: int, b: int):
    return Point(a, b)


@program("n")
def fields_have_defaults(name: str):
    s = Sized(name)
    return s.name, s.size, s.scale, Sized(name, 9).size, Sized(name, scale=2.0).scale


@program((1, 2))
def unpacked(a: int, b: int):
    x, y = Point(a, b)
    return y, x


@program((1, 2))
def indexed(a: int, b: int):
    p = Point(a, b)
    return p[0], p[1], p[-1], len(p)


@program((1, 2))
def compared(a: int, b: int):
    return Point(a, b) == Point(1, 2), Point(a, b) != Point(b, a)


@program((1, 2))
def nested(a: int, b: int):
    s = Segment(Point(a, b), Point(b, a))
    return s.start.x, s.end.x, s.end


@program((torch.ones(2), None), (torch.ones(2), 2.0))
def holds_tensors_and_optionals(x: torch.Tensor, w: Optional[float]):
    t = Weighted(x, w)
    weight = t.weight
    if weight is None:
        return t.value
    return t.value * weight


@program((1, "a"))
def made_by_a_call_of_named_tuple(a: int, b: str):
    p = Pair(a, b)
    return p.right + str(p.left)


@program((torch.ones(1), torch.zeros(1)))
def made_by_collections(a, b):
    p = Loose(a, b)
    return p.a * 2 + p.b


def shifted(p: Point, n: int) -> Point:
    return Point(p.x + n, p.y + n)


@program(3)
def given_to_a_callee(n: int):
    return shifted(Point(1, 2), n).y


@program(3)
def in_a_list(n: int):
    points: List[Point] = []
    for i in range(n):
        points.append(Point(i, i * i))
    total = 0
    for p in points:
        total += p.x + p.y
    return total


@program(True, False)
def made_in_branches(flag: bool):
    if flag:
        p = Point(1, 2)
    else:
        p = Point(3, 4)
    return p.x


@program(3)
def carried_by_a_loop(n: int):
    p = Point(0, 1)
    for _ in range(n):
        p = Point(p.y, p.x + p.y)
    return p.x


@program(3)
def given_where_a_tuple_is_wanted(n: int):
    return summed(Point(n, 2))


def summed(t: Tuple[int, int]) -> int:
    return t[0] + t[1]
