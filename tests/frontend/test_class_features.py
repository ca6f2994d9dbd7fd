"""Inheritance, properties, recursion among classes, contexts, exceptions of users."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from jit import torch
from tests import four_ways

case = four_ways.Cases()


class Animal:
    legs = 4
    KINDS = ("a", "b")
    noise: ClassVar[str] = "hm"

    def __init__(self, name: str):
        self.name = name
        self.count = 0

    def speak(self) -> str:
        return "..."

    def describe(self) -> str:
        self.count += 1
        return self.name + " says " + self.speak() + self.noise

    @property
    def size(self) -> int:
        return len(self.name) * self.legs

    @size.setter
    def size(self, n: int):
        self.name = "x" * n

    @staticmethod
    def double(n: int) -> int:
        return n * 2

    @classmethod
    def make(cls, n: int) -> Animal:
        return cls("n" * n)

    @classmethod
    def named(cls, n: int):
        return cls.make(n).name + str(cls.legs)


class Dog(Animal):
    legs = 3
    noise = "!"

    def __init__(self, name: str, age: int = 2):
        super().__init__(name)
        self.age = age

    def speak(self) -> str:
        return "wuff" + super().speak()


class Puppy(Dog):
    def speak(self) -> str:
        return "yip"

    @property
    def size(self) -> int:
        return super().size + 1


@case(3)
def inherit(n: int):
    a = Animal("a")
    d = Dog("d", n)
    p = Puppy("p")
    return (
        a.describe(),
        d.describe(),
        p.describe(),
        a.count,
        d.age,
        p,
        d.legs,
        Dog.legs,
        Animal.double(4),
        d.double(5),
        a.size,
        p.size,
        isinstance(d, Animal),
        isinstance(a, Dog),
    )


@case(3)
def props(n: int):
    a = Animal("abc")
    a.size = n + 2
    a.size += 1
    return (
        a.name,
        a.size,
        Animal.make(2),
        Dog.make(3),
        Animal.named(2),
        Dog.named(1),
        a.KINDS,
    )


class Node:
    def __init__(self, value: int, next: Node | None = None):
        self.value = value
        self.next = next


class Stack:
    def __init__(self):
        self.items: list[int] = []
        self.table: dict[str, list[int]] = {}

    def push(self, x: int):
        self.items.append(x)
        self.table["all"] = self.items
        return self

    def pop(self) -> int:
        return self.items.pop()

    def __len__(self):
        return len(self.items)


class Tree:
    left: Tree | None
    right: Tree | None

    def __init__(self, key: int):
        self.key = key
        self.left = None
        self.right = None

    def insert(self, key: int):
        if key < self.key:
            left = self.left
            if left is None:
                self.left = Tree(key)
            else:
                left.insert(key)
        else:
            right = self.right
            if right is None:
                self.right = Tree(key)
            else:
                right.insert(key)

    def walk(self, out: list[int]):
        if self.left is not None:
            self.left.walk(out)
        out.append(self.key)
        if self.right is not None:
            self.right.walk(out)


@case(4)
def linked(n: int):
    head: Node | None = None
    for i in range(n):
        head = Node(i, head)
    total = 0
    at = head
    while at is not None:
        total = total * 10 + at.value
        at = at.next
    return total, head


@case(4)
def stack(n: int):
    s = Stack()
    for i in range(n):
        s.push(i * i).push(i)
    a = s.pop()
    return a, len(s), s, s.items


@case()
def tree():
    t = Tree(5)
    for k in [3, 8, 1, 4, 9]:
        t.insert(k)
    out: list[int] = []
    t.walk(out)
    return out, t.left


class Inner:
    def __init__(self):
        self.n = 1


class Outer:
    def __init__(self, k: int):
        self.inner = Inner()
        self.many = [Inner(), Inner()]
        self.named = {"a": Inner()}
        self.pair = (Inner(), k)

    def bump(self):
        self.inner.n += 1
        self.many[0].n += 10
        self.named["a"].n = 7
        self.pair[0].n = 9
        for m in self.many:
            m.n *= 2


@case(4)
def outer(k: int):
    o = Outer(k)
    o.bump()
    i = o.inner
    i.n = 100
    x = o if k > 3 else Outer(1)
    y: Outer | None = None
    if k > 2:
        y = x
    return o, x is o, y, o.inner is i


class Lin:
    def __init__(self, w: torch.Tensor, scale: float = 1.0):
        self.w = w
        self.scale = scale

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.w * self.scale

    def step(self):
        self.w -= 1.0


@case(2)
def tensors(n: int):
    m = Lin(torch.ones(2, 2))
    m.step()
    m.w = m.w + n
    return m(torch.ones(1, 2)), m.w


class Acc:
    def __init__(self, a, b=2, c: float = 3):
        self.a = a
        self.b = b
        self.c = c

    def go(self, k):
        return self.a + k


@case(2)
def untyped(n: int):
    a = Acc(n)
    a.c = 4
    return a.a, a.b, a.go(3), a.go(1.5)


class Res:
    def __init__(self):
        self.log: list[str] = []

    def __enter__(self):
        self.log.append("in")
        return self

    def __exit__(self, t: Any, v: Any, tb: Any):
        self.log.append("out")


@case(2)
def withs(n: int):
    r = Res()
    with r:
        r.log.append("body")
    with Res() as q, r as z:
        q.log.append("q")
        z.log.append("z")
    return r, q


@case(2)
def withs2(n: int):
    r = Res()
    try:
        with r:
            if n > 1:
                raise ValueError("no")
    except ValueError as e:
        r.log.append(str(e))
    return r


@case(2)
def withs3(n: int):
    r = Res()
    def_ = early(r, n)
    loopy(r)
    return r, def_


def early(r: Res, n: int) -> int:
    with r:
        if n > 1:
            return len(r.log)
    return -1


def loopy(r: Res):
    for i in range(3):
        with r:
            if i == 1:
                continue
            r.log.append(str(i))
            if i == 2:
                break


class Cond:
    def __init__(self, n: int):
        self.x = None
        if n > 1:
            self.x = 3
        self.y = 1
        self.y = n


@case(2)
def cond(n: int):
    return Cond(n), Cond(0)


class RefusedError(ValueError):
    pass


class FewError(RefusedError):
    pass


@case(2)
def exc(n: int):
    try:
        if n == 2:
            raise FewError("sub")
    except RefusedError as e:
        return str(e)
    return "none"


@case(2)
def exc2(n: int):
    raise RefusedError(f"bad {n}")


class Count:
    total = 0
    limit: int = 3

    def inc(self):
        self.total += 1
        return self.total < self.limit


@case(3)
def class_variable_as_attribute(n: int):
    c = Count()
    d = Count()
    k = 0
    while c.inc():
        k += 1
    return c.total, d.total, d.limit, k


class Bag:
    def __init__(self):
        self.items = []
        self.table = {}
        self.first = None

    def add(self, key: str, value: int):
        if self.first is None:
            self.first = value
        self.items.append((key, value))
        self.table[key] = self.items

    def size(self) -> int:
        return len(self.items) + len(self.table)


@case(3)
def typed_by_use(n: int):
    b = Bag()
    s = b.size()
    for i in range(n):
        b.add(str(i), i)
    return b, s, b.size(), b.first


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    return case.run(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("name", case.names)
def test_all_ways_give_the_same(name, outcomes):
    four_ways.assert_same(outcomes[name])
