"""Small programs of classes: lexers, machines of states, shapes, matrices, sorting."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from tests import four_ways

case = four_ways.Cases()


class A:
    def __init__(self, n: int):
        self.n = n

    def __lt__(self, o: A) -> bool:
        return self.n < o.n


class B:
    def __init__(self, s: str):
        self.s = s


@case(2)
def unions(n: int):
    x: A | B = A(1)
    if n > 1:
        x = B("q")
    if isinstance(x, A):
        return x.n
    return len(x.s)


@case(2)
def anys(n: int):
    x: Any = A(n)
    if isinstance(x, A):
        return x.n + 1
    return 0


@case(3)
def sorting(n: int):
    xs = [A(3), A(1), A(2)]
    xs.sort()
    ys = sorted(xs, key=lambda a: -a.n)
    zs = sorted([A(5), A(4)])
    m = min(A(4), A(2))
    return (
        [x.n for x in xs],
        [y.n for y in ys],
        [z.n for z in zs],
        m.n,
        max(xs, key=lambda a: a.n).n,
    )


@case(3)
def dicts(n: int):
    d: dict[str, A] = {}
    for i in range(n):
        d[str(i)] = A(i)
    t = 0
    for _, v in d.items():  # noqa: PERF102
        v.n += 1
        t += v.n
    for i, a in enumerate(d.values()):
        t += i * a.n
    e = {a.n: a for a in d.values()}
    return t, d, list(e.keys()), d.get("7") is None, d.pop("0").n


class Even:
    def __init__(self, k: int):
        self.k = k

    def check(self, n: int) -> bool:
        if n == 0:
            return True
        return Odd(self.k + 1).check(n - 1)


class Odd:
    def __init__(self, k: int):
        self.k = k

    def check(self, n: int) -> bool:
        if n == 0:
            return False
        return Even(self.k + 1).check(n - 1)


@case(7)
def mutual(n: int):
    return Even(0).check(n), Odd(0).check(n)


@case(3)
def closures(n: int):
    a = A(n)

    def f(k: int) -> int:
        return a.n + k

    def g(k: int) -> int:
        a.n += k
        return a.n

    x = g(2)
    h = a.__lt__
    return f(1), x, h(A(100))


class Matrix:
    rows: list[list[float]]

    def __init__(self, n: int):
        self.rows = [[float(i * j) for j in range(n)] for i in range(n)]

    def __getitem__(self, ij: tuple[int, int]) -> float:
        return self.rows[ij[0]][ij[1]]

    def __setitem__(self, ij: tuple[int, int], v: float):
        self.rows[ij[0]][ij[1]] = v

    def transpose(self) -> Matrix:
        m = Matrix(len(self.rows))
        for i, row in enumerate(self.rows):
            for j, v in enumerate(row):
                m[j, i] = v
        return m


@case(3)
def matrix(n: int):
    m = Matrix(n)
    m[0, 1] = 7.0
    m[1, 2] += 2.5
    return m.transpose().rows, m[0, 1]


class Lexer:
    def __init__(self, text: str):
        self.text = text
        self.at = 0

    def peek(self) -> str | None:
        if self.at < len(self.text):
            return self.text[self.at]
        return None

    def number(self) -> int:
        n = 0
        c = self.peek()
        while c is not None and c.isdigit():
            n = n * 10 + int(c)
            self.at += 1
            c = self.peek()
        return n

    def expr(self) -> int:
        t = self.number()
        while True:
            c = self.peek()
            if c is None:
                return t
            if c == "+":
                self.at += 1
                t += self.number()
            elif c == "-":
                self.at += 1
                t -= self.number()
            else:
                raise ValueError(f"unexpected {c!r} at {self.at}")


@case("12+30-2")
def lexer(s: str):
    return Lexer(s).expr()


@case("12*3")
def lexer_err(s: str):
    return Lexer(s).expr()


class State(enum.Enum):
    IDLE = "idle"
    RUN = "run"
    DONE = "done"


@dataclass
class Machine:
    state: State = State.IDLE
    log: list[State] = field(default_factory=list)

    def step(self) -> State:
        self.log.append(self.state)
        if self.state == State.IDLE:
            self.state = State.RUN
        elif self.state is State.RUN:
            self.state = State.DONE
        return self.state


@case(4)
def machine(n: int):
    m = Machine()
    for _ in range(n):
        m.step()
    return m, [s.value for s in m.log]


class Ctr:
    def __init__(self):
        self.n = 0

    def bump(self) -> int:
        self.n += 1
        return self.n


@case(3)
def evaluation_order(n: int):
    c = Ctr()
    x = [c.bump(), c.bump()]
    y = c.bump() + c.bump() * c.bump()
    z = c.bump() < c.bump() < c.bump()
    d = {c.bump(): c.bump()}
    t = (c.bump() if c.bump() > 0 else 0, c.bump())
    a, b = c.bump(), c.bump()
    return x, y, z, d, t, a, b, c.n


class P2(NamedTuple):
    x: int
    y: int

    def __add__(self, o: P2) -> P2:
        return P2(self.x + o.x, self.y + o.y)


@case(3)
def nt_magic(n: int):
    return P2(1, 2) + P2(n, n)


class P3(NamedTuple):
    x: int

    def __eq__(self, o) -> bool:
        return self.x % 10 == o.x % 10

    def __lt__(self, o) -> bool:
        return self.x > o.x

    def __str__(self) -> str:
        return f"<{self.x}>"

    def __call__(self, k: int) -> int:
        return k + self.x

    def __neg__(self) -> P3:
        return P3(-self.x)


@case(3)
def nt_more(n: int):
    p = P3(n)
    return p == P3(13), p < P3(1), str(p), f"{p}", p(4), -p, p[0]


class Sev(enum.Enum):
    LOW = 1
    HIGH = 2

    def __lt__(self, o: Sev) -> bool:
        return self.value < o.value

    def __str__(self) -> str:
        return "sev" + self.name


@case(1)
def enum_magic(n: int):
    s = Sev(n)
    return s < Sev.HIGH, Sev.HIGH < s, str(s), f"{s}"


class Temp:
    def __init__(self):
        self._c = 0.0

    @property
    def f(self) -> float:
        return self._c * 1.8 + 32

    @f.setter
    def f(self, v: float):
        self._c = (v - 32) / 1.8


@case(3)
def prop(n: int):
    t = Temp()
    t.f = 212
    t.f += 1.8
    return round(t.f, 6), round(t._c, 6)


@case(3)
def tuples_of(n: int):
    pair = (A(1), B("x"))
    a, _ = pair
    a.n = n
    q = [(A(i), str(i)) for i in range(2)]
    return pair, [x.n for x, s in q], a.n


class Base:
    def area(self) -> float:
        raise NotImplementedError

    def show(self) -> str:
        return f"{self.area():.1f}"


class Sq(Base):
    def __init__(self, s: float):
        self.s = s

    def area(self) -> float:
        return self.s**2


class Ci(Base):
    def __init__(self, r: float):
        self.r = r

    def area(self) -> float:
        return 3.0 * self.r**2


@case(3)
def shapes(n: int):
    shapes: list[Base] = [Sq(2.0), Ci(1.0), Sq(3.0)]
    return (
        [s.show() for s in shapes],
        sum([s.area() for s in shapes]),
        [isinstance(s, Sq) for s in shapes],
    )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    return case.run(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("name", case.names)
def test_all_ways_give_the_same(name, outcomes):
    four_ways.assert_same(outcomes[name])
