"""Classes: data, methods, named tuples, enumerations."""

import dataclasses
import enum
from typing import NamedTuple


from tests.fidelity.corpus import array, inputs

TWO, OTHER = array([1.0, 2.0]), array([-3.0, 4.0])


class Point(NamedTuple):
    x: int
    y: int = 2


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Counter:
    def __init__(self, start: int):
        self.count = start

    def add(self, n: int) -> int:
        self.count += n
        return self.count


class Base:
    def __init__(self, n: int):
        self.n = n

    def value(self) -> int:
        return self.n


class Derived(Base):
    def value(self) -> int:
        return super().value() * 10


@dataclasses.dataclass
class Pair:
    a: int
    b: int = 5

    def total(self) -> int:
        return self.a + self.b


class Vector:
    def __init__(self, x: int):
        self.x = x

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(self.x + other.x)

    @property
    def doubled(self) -> int:
        return self.x * 2

    @staticmethod
    def of_one() -> "Vector":
        return Vector(1)


@inputs(3, 4)
def named_tuple(n: int):
    p = Point(n)
    return p.x + p.y


@inputs(3, 4)
def named_tuple_returned(n: int):
    return Point(n, n * 2)


@inputs(1, 2)
def enumeration(n: int):
    color = Color.RED if n == 1 else Color.BLUE
    return color.value * 10, color == Color.RED


@inputs(3, 4)
def object_with_state(n: int):
    c = Counter(10)
    c.add(n)
    c.add(n)
    return c.count


@inputs(3, 4)
def inherited(n: int):
    return Derived(n).value()


@inputs(3, 4)
def data_class(n: int):
    p = Pair(n)
    return p.total(), p == Pair(n, 5)


@inputs(3, 4)
def operators_of_a_class(n: int):
    return (Vector(n) + Vector.of_one()).doubled


@inputs(TWO, OTHER)
def object_in_a_loop(x):
    c = Counter(0)
    for i in range(3):
        c.add(i)
    return x * c.count


@inputs(3, 4)
def list_of_objects(n: int):
    points = [Point(i) for i in range(n)]
    return sum([p.x * p.y for p in points])
