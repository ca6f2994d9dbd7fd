"""Classes beyond TorchScript: inheritance, class variables, more magic methods."""

from dataclasses import dataclass, field
from typing import Dict, Iterator, List

from tests.language.corpus import program


class Shape:
    sides = 0

    def __init__(self, name: str):
        self.name = name

    def area(self) -> float:
        return 0.0

    def described(self) -> str:
        return self.name + " " + str(self.area())


class Square(Shape):
    sides = 4

    def __init__(self, side: float):
        super().__init__("square")
        self.side = side

    def area(self) -> float:
        return self.side * self.side


class Cube(Square):
    def area(self) -> float:
        return 6.0 * super().area()


@program(2.5)
def methods_are_inherited(x: float):
    return Square(x).described(), Shape("none").described()


@program(2.0)
def methods_are_overridden_twice(x: float):
    return Cube(x).described(), Cube(x).side


@program(2.0)
def class_variables(x: float):
    return Square.sides, Shape.sides, Square(x).sides


class Made:
    count = 3

    def __init__(self, n: int):
        self.n = n

    @classmethod
    def of_text(cls, text: str) -> "Made":
        return cls(len(text))

    @classmethod
    def doubled(cls) -> int:
        return cls.count * 2


@program("abc")
def class_methods(text: str):
    return Made.of_text(text).n, Made.doubled()


@dataclass
class Basket:
    items: List[str] = field(default_factory=list)
    prices: Dict[str, int] = field(default_factory=dict)


@program("x")
def default_factories(name: str):
    a, b = Basket(), Basket()
    a.items.append(name)
    a.prices[name] = 3
    return a.items, b.items, len(b.prices)


@dataclass
class Base:
    x: int


@dataclass
class Derived(Base):
    y: int = 5


@program(2)
def dataclasses_are_inherited(n: int):
    d = Derived(n)
    return d.x, d.y, d == Derived(2, 5)


class Money:
    def __init__(self, cents: int):
        self.cents = cents

    def __floordiv__(self, k: int) -> int:
        return self.cents // k

    def __radd__(self, k: int) -> int:
        return self.cents + k

    def __rmul__(self, k: int) -> int:
        return self.cents * k

    def __abs__(self) -> int:
        return abs(self.cents)


@program(-250)
def reflected_operators(n: int):
    m = Money(n)
    return m // 100, 1 + m, 2 * m, abs(m)


class Table:
    def __init__(self):
        self.cells: Dict[str, int] = {}

    def __getitem__(self, k: str) -> int:
        return self.cells.get(k, 0)

    def __setitem__(self, k: str, v: int) -> None:
        self.cells[k] = v

    def __delitem__(self, k: str) -> None:
        del self.cells[k]


@program("k")
def items_are_augmented(k: str):
    t = Table()
    t[k] += 5
    t[k] *= 3
    return t[k], t["other"]


class Countdown:
    def __init__(self, n: int):
        self.n = n

    def __iter__(self) -> Iterator[int]:
        return iter([self.n - i for i in range(self.n)])


@program(3)
def instances_are_iterated(n: int):
    out: List[int] = []
    for x in Countdown(n):
        out.append(x)
    return out


@program(3.0)
def isinstance_of_classes(x: float):
    s = Square(x)
    return isinstance(s, Square), isinstance(s, Shape), isinstance(s, Cube)
