"""Dataclasses: the methods that Python generates, compiled."""

from __future__ import annotations

from dataclasses import KW_ONLY, InitVar, dataclass, field, replace

import pytest

from tests import four_ways

case = four_ways.Cases()


@dataclass(order=True)
class D:
    x: int
    y: float = 1.5
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class F:
    x: int
    y: int = 2


@dataclass
class Post:
    w: float
    h: float
    area: float = field(init=False)
    k: int = field(default=3, compare=False, repr=False)

    def __post_init__(self):
        self.area = self.w * self.h


@dataclass
class Base:
    a: int


@dataclass
class Derived(Base):
    b: int = 4

    def total(self) -> int:
        return self.a + self.b


@dataclass
class KW:
    a: int
    _: KW_ONLY
    b: int = 3


@dataclass
class IV:
    a: int
    scale: InitVar[int]

    def __post_init__(self, scale: int):
        self.a *= scale


@dataclass
class Holder:
    d: F
    o: F | None = None
    m: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class S:
    x: int

    def bump(self):
        self.x += 1


@case(3)
def dc(n: int):
    d = D(n)
    d.tags.append("t")
    e = D(n, 1.5, ["t"])
    g = D(x=n, y=9.0)
    return (
        d,
        e,
        g,
        d == e,
        d != g,
        d < g,
        d <= e,
        d > g,
        d >= e,
        repr(d),
        str(d),
        f"{d}",
        [d, e] == [e, d],
        sorted([3, 1]),
    )


@case(3)
def fr(n: int):
    a = F(n)
    m: dict[F, int] = {}
    m[a] = 1
    m[F(3, 2)] += 1
    return a, hash(a) == hash(F(3)), m, a == F(3), repr(a)


@case(2.0)
def post(w: float):
    p = Post(w, 3.0)
    return p, p.area, p.k, repr(p), p == Post(2.0, 3.0)


@case(2)
def inh(n: int):
    p = Derived(n)
    q = Derived(n, b=5)
    return (
        p,
        q,
        q.total(),
        KW(1, b=2),
        KW(4),
        IV(3, 10),
        Holder(F(1)),
        Holder(F(1), F(2), {"a": 1}),
    )


@case(2)
def slots(n: int):
    s = S(n)
    s.bump()
    return s


@case(3)
def repl(n: int):
    a = F(n)
    return replace(a, y=7), a


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    return case.run(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("name", case.names)
def test_all_ways_give_the_same(name, outcomes):
    four_ways.assert_same(outcomes[name])
