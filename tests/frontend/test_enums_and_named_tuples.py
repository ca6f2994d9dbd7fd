"""Enums and named tuples: members, fields, methods, as arguments and in containers."""

from __future__ import annotations

import collections
import enum
from typing import NamedTuple

import pytest

import jit
from tests import four_ways

case = four_ways.Cases()


class Color(enum.Enum):
    RED = 1
    BLUE = 2

    def is_red(self) -> bool:
        return self == Color.RED

    @property
    def shade(self) -> str:
        return self.name.lower()


class Text(enum.Enum):
    A = "alpha"
    B = "beta"


class Num(enum.Enum):
    X = 0.5
    Y = 1.5


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 5


def pick(c: Color) -> int:
    if c == Color.RED:
        return 10
    if c is Color.BLUE:
        return 20
    return 30


@case(1)
def enums(n: int):
    c = Color.RED if n == 1 else Color.BLUE
    d: dict[Color, int] = {Color.RED: 5}
    d[c] += 1
    names: list[str] = []
    total = 0
    for m in Color:
        names.append(m.name)
        total += m.value
    return (
        pick(c),
        pick(Color.BLUE),
        c,
        c.name,
        c.value,
        d,
        names,
        total,
        c == Color.RED,
        c != Color.RED,
        c is Color.RED,
        [m.value for m in Color],
        len(Color),
        f"{c}",
        str(c),
        repr(c),
        c.is_red(),
        c.shade,
    )


@case(2)
def enum_calls(n: int):
    a = Color(n)
    t = Text("beta")
    return a, Color["RED"], t, t.value, Num.X.value + Num.Y.value, Num(0.5), list(Text)


@case(7)
def enum_missing(n: int):
    return Color(n)


@case("RED")
def enum_by_name(n: str):
    try:
        return Color[n].value
    except KeyError:
        return -1


@case("ROD")
def enum_by_name2(n: str):
    try:
        return Color[n].value
    except KeyError:
        return -1


@case(3)
def intenum(n: int):
    return (
        Level.LOW + n,
        Level.HIGH > Level.LOW,
        Level.HIGH == 5,
        n < Level.HIGH,
        Level.LOW,
    )


@case(3)
def optional_enum(n: int):
    best: Color | None = None
    for c in [Color.RED, Color.BLUE]:
        if best is None or c.value > best.value:
            best = c
    assert best is not None
    return best


class Point(NamedTuple):
    x: int
    y: float = 2.0

    def norm(self) -> float:
        return self.x + self.y

    @property
    def double(self) -> int:
        return self.x * 2


Pair = collections.namedtuple("Pair", ["a", "b"])


class Fn(NamedTuple):
    k: str
    v: list[int]


class Nest(NamedTuple):
    p: Point
    q: Point | None = None


def take(p: Point) -> float:
    return p.x * p.y


def giv(p: Point, k: int) -> Point:
    return p._replace(x=k)


@case(3)
def nts(n: int):
    p = Point(n)
    q = Point(y=1.5, x=n + 1)
    a, b = q
    r = Pair(n, "s")
    f = Fn("k", [n])
    z = Nest(p)
    z2 = Nest(p, q)
    ps = [p, q]
    return (
        p,
        q,
        a,
        b,
        r,
        r.a,
        f,
        z,
        z2,
        ps,
        p[0],
        p.x,
        take(q),
        giv(p, 9),
        p.norm(),
        p.double,
        p == q,
        p == Point(n),
        len(p),
        p._replace(y=9.0),
        r._asdict() if False else 0,
        (*p, 1),
        Point._make((4, 5.0)),
    )


@case(3)
def nts2(n: int):
    best: Point | None = None
    for i in range(n):
        p = Point(i, 1.0 * i)
        if best is None or p.y > best.y:
            best = p
    d = {"a": Point(1, 2.0)}
    d["b"] = Point(3, 4.0)
    return best, d, n in Point(3, 1.0)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    return case.run(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("name", case.names)
def test_all_ways_give_the_same(name, outcomes):
    four_ways.assert_same(outcomes[name])


def with_default(colour: Color = Color.BLUE, level: Level = Level.HIGH):
    return colour, level


def test_members_of_enums_are_defaults():
    compiled = jit.script(with_default)
    loaded = jit.load(compiled.save_to_buffer())

    assert with_default() == compiled() == compiled.interpret() == loaded()

    assert (Color.RED, Level.HIGH) == compiled(Color.RED)
