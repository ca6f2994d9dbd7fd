"""What a test says of an attribute holds until something may assign attributes."""

from __future__ import annotations

import pytest

from tests import four_ways

case = four_ways.Cases()


class Link:
    next: Link | None

    def __init__(self, v: int):
        self.v = v
        self.next = None


class Queue:
    def __init__(self):
        self.head: Link | None = None
        self.tail: Link | None = None
        self.size = 0
        self.cache: int | None = None

    def push(self, v: int):
        new = Link(v)
        if self.tail is None:
            self.head = new
        else:
            self.tail.next = new
        self.tail = new
        self.size += 1

    def pop(self) -> int:
        if self.head is None:
            raise IndexError("empty")
        v = self.head.v
        self.head = self.head.next
        if self.head is None:
            self.tail = None
        self.size -= 1
        return v

    def count(self) -> int:
        n = 0
        at = self.head
        while at is not None:
            n += 1
            at = at.next
        return n

    def drain(self) -> list[int]:
        out: list[int] = []
        while self.head is not None:
            out.append(self.pop())
        return out

    def lazy(self) -> int:
        if self.cache is None:
            self.cache = 5
        self.cache += 1
        return self.cache

    def reset(self):
        self.cache = None

    def tricky(self) -> int:
        self.cache = 3
        if self.cache is not None:
            self.reset()
            if self.cache is None:
                return -1
            return self.cache
        return 0

    def last(self) -> int:
        if self.head is None:
            return -1
        at = self.head
        while at.next is not None:
            at = at.next
        return at.v

    def second(self) -> int:
        if self.head is not None and self.head.next is not None:
            return self.head.next.v
        return -7

    def alias(self, other: Queue) -> int:
        if self.cache is not None:
            other.cache = None
            if self.cache is None:
                return 100
        return 200


@case(3)
def queue(n: int):
    q = Queue()
    for i in range(n):
        q.push(i)
    a = q.pop()
    b = q.second()
    last = q.last()
    c = q.count()
    q.cache = 4
    t = q.alias(q)
    return a, b, last, c, q.drain(), q.size, q.lazy(), q.lazy(), q.tricky(), t, q


@case()
def empty():
    return Queue().pop()


@case(3)
def loops(n: int):
    q = Queue()
    q.cache = 0
    total = 0
    for i in range(n):
        if q.cache is not None:
            total += q.cache
            if i == 1:
                q.cache = None
            else:
                q.cache = i
        else:
            total += 1000
            q.cache = 1
    return total, q.cache


class Lazy:
    def __init__(self):
        self.n: int | None = None
        self.tries = 0

    def fill(self) -> int:
        while self.n is None:
            self.tries += 1
            if self.tries > 3:
                self.n = self.tries
        return self.n + 1


@case()
def after_a_while():
    return Lazy().fill()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    return case.run(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("name", case.names)
def test_all_ways_give_the_same(name, outcomes):
    four_ways.assert_same(outcomes[name])
