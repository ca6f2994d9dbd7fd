"""Operators and built-in functions call the magic methods of classes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import four_ways

case = four_ways.Cases()


class V:
    def __init__(self, x: int, y: int):
        self.x = x
        self.y = y

    def __add__(self, o: V) -> V:
        return V(self.x + o.x, self.y + o.y)

    def __sub__(self, o: V):
        return V(self.x - o.x, self.y - o.y)

    def __mul__(self, k: int):
        return V(self.x * k, self.y * k)

    def __rmul__(self, k: int):
        return self * k

    def __truediv__(self, k: float):
        return self.x / k

    def __floordiv__(self, k: int):
        return V(self.x // k, self.y // k)

    def __mod__(self, k: int):
        return V(self.x % k, self.y % k)

    def __pow__(self, k: int):
        return V(self.x**k, self.y**k)

    def __neg__(self):
        return V(-self.x, -self.y)

    def __pos__(self):
        return self

    def __invert__(self):
        return V(self.y, self.x)

    def __and__(self, o: V):
        return V(self.x & o.x, self.y & o.y)

    def __or__(self, o: V):
        return V(self.x | o.x, self.y | o.y)

    def __xor__(self, o: V):
        return V(self.x ^ o.x, self.y ^ o.y)

    def __lshift__(self, k: int):
        return V(self.x << k, self.y << k)

    def __rshift__(self, k: int):
        return V(self.x >> k, self.y >> k)

    def __iadd__(self, o: V):
        self.x += o.x
        self.y += o.y
        return self

    def __eq__(self, o):
        return self.x == o.x and self.y == o.y

    def __lt__(self, o: V) -> bool:
        return self.x < o.x

    def __le__(self, o: V) -> bool:
        return self.x <= o.x

    def __len__(self):
        return 2

    def __contains__(self, k: int):
        return k == self.x or k == self.y

    def __getitem__(self, i: int):
        if i == 0:
            return self.x
        return self.y

    def __setitem__(self, i: int, v: int):
        if i == 0:
            self.x = v
        else:
            self.y = v

    def __delitem__(self, i: int):
        self[i] = 0

    def __call__(self, k: int, *, s: int = 1):
        return self.x * k + s

    def __bool__(self):
        return self.x != 0

    def __int__(self):
        return self.x

    def __float__(self):
        return float(self.y)

    def __complex__(self):
        return complex(self.x, self.y)

    def __str__(self):
        return f"<{self.x},{self.y}>"

    def __repr__(self):
        return f"V({self.x!r}, {self.y!r})"

    def __abs__(self):
        return abs(self.x) + abs(self.y)

    def __hash__(self):
        return self.x * 31 + self.y

    def __iter__(self):
        return iter([self.x, self.y])


@case(3, 4)
def arith(a: int, b: int):
    p, q = V(a, b), V(b, 1)
    r = [
        p + q,
        p - q,
        p * 2,
        3 * p,
        p // 2,
        p % 2,
        p**2,
        -p,
        +p,
        ~p,
        p & q,
        p | q,
        p ^ q,
        p << 1,
        p >> 1,
    ]
    return r, p / 2


@case(3, 4)
def inplace(a: int, b: int):
    p = V(a, b)
    q = p
    p += V(1, 1)
    p[0] += 5
    p[1] = 7
    del p[0]
    return p, q, p is q


@case(3, 4)
def comp(a: int, b: int):
    p, q = V(a, b), V(b, a)
    return (
        p == q,
        p != q,
        p < q,
        p <= q,
        p > q,
        p >= q,
        p == V(a, b),
        p is p,
        p is q,
        p is not q,
    )


@case(3, 4)
def conv(a: int, b: int):
    p = V(a, b)
    return (
        bool(p),
        int(p),
        float(p),
        complex(p),
        str(p),
        repr(p),
        f"{p} {p!r} {p!s:>8}",
        abs(p),
        hash(p),
        len(p),
        a in p,
        99 in p,
        p[0],
        p(3),
        p(3, s=5),
    )


@case(3, 4)
def control(a: int, b: int):
    p = V(a, b)
    total = 0
    for v in p:
        total += v
    if p:
        total += 100
    if not V(0, 1):
        total += 1000
    ys = [v * 2 for v in p]
    return total, ys, list(p), 1 if p else 2, max(p, V(9, 9))


@case(3)
def containers(n: int):
    ps = [V(i, i) for i in range(n)]
    d = {"a": ps[0], "b": ps[1]}
    d["a"].x = 50
    t = (ps[0], 3)
    best: V | None = None
    for p in ps:
        if best is None or best < p:
            best = p
    d2: dict[V, int] = {}
    d2[ps[1]] = 3
    d2[V(1, 1)] += 4
    return ps, d, t, best, d2[ps[1]], ps == [V(50, 0), V(1, 1), V(2, 2)], V(1, 1) in ps


class Sack:
    def __init__(self, items: list[int]):
        self.items = items

    def __iter__(self) -> Iterator[int]:
        return iter(self.items)


@case(3)
def iterated(n: int):
    total = 0
    for x in Sack([1, 2, n]):
        total += x
    return (
        total,
        [y * 2 for y in Sack([4])],
        list(Sack([5, 6])),
        sum(Sack([1, 2])),
        max(Sack([3, 9])),
        sorted(Sack([3, 1])),
    )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    return case.run(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("name", case.names)
def test_all_ways_give_the_same(name, outcomes):
    four_ways.assert_same(outcomes[name])
