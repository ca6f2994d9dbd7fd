"""Classes: attributes, methods, defaults, properties, statics, instances anywhere."""

import torch
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from tests.language.corpus import program, scenario


class Account:
    def __init__(self, owner: str, balance: int = 0):
        self.owner = owner
        self.balance = balance
        self.history: List[int] = []

    def deposit(self, amount: int) -> int:
        self.balance += amount
        self.history.append(amount)
        return self.balance

    def is_rich(self) -> bool:
        return self.balance > 100

    def described(self) -> str:
        return self.owner + ":" + str(self.balance)


@program(5)
def made_and_asked(n: int):
    a = Account("eve", n)
    a.deposit(10)
    return a.described(), a.balance, a.history


@program(5)
def defaults_of_init(n: int):
    a = Account("eve")
    b = Account(owner="bob", balance=n)
    return a.balance, b.balance


@program(5)
def methods_call_methods(n: int):
    a = Account("eve")
    for i in range(n):
        a.deposit(i * 20)
    return a.is_rich(), a.described()


@program(5)
def attributes_are_assigned(n: int):
    a = Account("eve")
    a.balance = n
    a.balance *= 3
    a.owner = "adam"
    return a.described()


@program(5)
def an_instance_is_a_reference(n: int):
    a = Account("eve")
    b = a
    b.deposit(n)
    return a.balance, len(a.history)


def paid(a: Account, n: int) -> None:
    a.deposit(n)


@program(5)
def an_instance_is_given_to_a_function(n: int):
    a = Account("eve")
    paid(a, n)
    paid(a, n)
    return a.balance


def opened(name: str) -> Account:
    return Account(name, 1)


@program("z")
def an_instance_is_returned_by_a_function(s: str):
    return opened(s).described()


@program(3)
def instances_in_a_list(n: int):
    accounts: List[Account] = []
    for i in range(n):
        accounts.append(Account(str(i), i))
    total = 0
    for a in accounts:
        total += a.deposit(1)
    return total, accounts[-1].described()


@program()
def instances_in_a_dict():
    d: Dict[str, Account] = {}
    d["x"] = Account("eve", 1)
    d["x"].deposit(4)
    return d["x"].balance, "y" in d


@program(True, False)
def an_optional_instance(flag: bool):
    a: Optional[Account] = None
    if flag:
        a = Account("eve", 7)
    if a is not None:
        return a.balance
    return -1


@program(4)
def an_instance_is_carried_by_a_loop(n: int):
    a = Account("first", 0)
    for i in range(n):
        if i % 2 == 0:
            a = Account(str(i), a.balance + i)
    return a.described()


@program(True, False)
def an_instance_of_each_branch(flag: bool):
    if flag:
        a = Account("yes", 1)
    else:
        a = Account("no", 2)
    return a.described()


class Node:
    def __init__(self, value: int, x: torch.Tensor):
        self.value = value
        self.x = x

    def scaled(self, k: float):
        return self.x * k + self.value


@program(torch.ones(2))
def attributes_that_are_tensors(x):
    n = Node(2, x)
    n.x = n.x + 1
    n.x.add_(1)
    return n.scaled(0.5)


class Celsius:
    def __init__(self, degrees: float):
        self._degrees = degrees

    @property
    def fahrenheit(self) -> float:
        return self._degrees * 9.0 / 5.0 + 32.0

    @property
    def degrees(self) -> float:
        return self._degrees

    @degrees.setter
    def degrees(self, value: float) -> None:
        self._degrees = value

    @staticmethod
    def freezing() -> float:
        return 0.0


@program(100.0)
def properties(x: float):
    c = Celsius(x)
    return c.fahrenheit, c.degrees


@program(100.0)
def properties_are_set(x: float):
    c = Celsius(0.0)
    c.degrees = x
    c.degrees += 1.0
    return c.degrees


@program(1.0)
def static_methods(x: float):
    return Celsius.freezing() + x, Celsius(x).freezing()


# Dataclasses.


@dataclass
class Item:
    name: str
    price: float = 1.5
    count: int = 1

    def total(self) -> float:
        return self.price * self.count


@dataclass(order=True)
class Version:
    major: int
    minor: int


@dataclass
class Area:
    width: int
    height: int
    size: int = 0

    def __post_init__(self):
        self.size = self.width * self.height


@program("a")
def dataclasses_are_made(name: str):
    i = Item(name)
    j = Item(name, 2.5, count=3)
    return i.price, i.total(), j.total(), j.name


@program((1, 2), (1, 3), (2, 0))
def dataclasses_are_equal(a: int, b: int):
    return Version(a, b) == Version(1, 2), Version(a, b) != Version(1, 2)


@program((1, 2), (1, 3), (0, 9))
def dataclasses_have_an_order(a: int, b: int):
    v, w = Version(a, b), Version(1, 2)
    return v < w, v <= w, v > w, v >= w


@program((3, 4))
def post_init(a: int, b: int):
    return Area(a, b).size


@program(2)
def dataclasses_are_changed(n: int):
    i = Item("x")
    i.count += n
    return i.count, i.total()


# Magic methods.


class Vector:
    def __init__(self, x: int, y: int):
        self.x = x
        self.y = y

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(self.x + other.x, self.y + other.y)

    def __sub__(self, other: "Vector") -> "Vector":
        return Vector(self.x - other.x, self.y - other.y)

    def __mul__(self, k: int) -> "Vector":
        return Vector(self.x * k, self.y * k)

    def __neg__(self) -> "Vector":
        return Vector(-self.x, -self.y)

    def __eq__(self, other: "Vector") -> bool:
        return self.x == other.x and self.y == other.y

    def __ne__(self, other: "Vector") -> bool:
        return self.x != other.x or self.y != other.y

    def __lt__(self, other: "Vector") -> bool:
        return self.x < other.x

    def __le__(self, other: "Vector") -> bool:
        return self.x <= other.x

    def __gt__(self, other: "Vector") -> bool:
        return self.x > other.x

    def __ge__(self, other: "Vector") -> bool:
        return self.x >= other.x

    def __len__(self) -> int:
        return 2

    def __contains__(self, n: int) -> bool:
        return n == self.x or n == self.y

    def __getitem__(self, i: int) -> int:
        return self.x if i == 0 else self.y

    def __setitem__(self, i: int, value: int) -> None:
        if i == 0:
            self.x = value
        else:
            self.y = value

    def __call__(self, k: int) -> int:
        return self.x * k + self.y

    def __str__(self) -> str:
        return "<" + str(self.x) + " " + str(self.y) + ">"


@program((3, 4))
def operators_of_vectors(a: int, b: int):
    v = Vector(a, b) + Vector(1, 1) - Vector(0, 2)
    w = -(v * 3)
    return v.x, v.y, w.x, w.y


@program((3, 4), (1, 1))
def comparisons_of_vectors(a: int, b: int):
    v, w = Vector(a, b), Vector(1, 1)
    return v == w, v != w, v < w, v <= w, v > w, v >= w


@program((3, 4))
def items_of_vectors(a: int, b: int):
    v = Vector(a, b)
    v[0] = 10
    v[1] = v[0] + v[1]
    return v[0], v[1], len(v), 10 in v, 3 in v


@program((3, 4))
def calls_of_vectors(a: int, b: int):
    v = Vector(a, b)
    return v(10), str(v)


class Bits:
    def __init__(self, n: int):
        self.n = n

    def __and__(self, other: "Bits") -> "Bits":
        return Bits(self.n & other.n)

    def __or__(self, other: "Bits") -> "Bits":
        return Bits(self.n | other.n)

    def __xor__(self, other: "Bits") -> "Bits":
        return Bits(self.n ^ other.n)

    def __lshift__(self, k: int) -> "Bits":
        return Bits(self.n << k)

    def __rshift__(self, k: int) -> "Bits":
        return Bits(self.n >> k)

    def __invert__(self) -> "Bits":
        return Bits(-self.n - 1)

    def __mod__(self, k: int) -> int:
        return self.n % k

    def __pow__(self, k: int) -> float:
        return float(self.n) ** k

    def __truediv__(self, k: float) -> float:
        return float(self.n) / k


@program((12, 10))
def operators_of_bits(a: int, b: int):
    x, y = Bits(a), Bits(b)
    return (x & y).n, (x | y).n, (x ^ y).n, (x << 2).n, (x >> 1).n, (~x).n


@program((12, 10))
def more_operators_of_bits(a: int, b: int):
    x = Bits(a)
    return x % b, x**2, x / 8.0


class Sum:
    def __init__(self):
        self.n = 0

    def __iadd__(self, k: int) -> "Sum":
        self.n += k
        return self

    def __bool__(self) -> bool:
        return self.n > 0

    def __int__(self) -> int:
        return self.n

    def __float__(self) -> float:
        return float(self.n) / 2


@program(3, 0)
def augmented_assignment_of_an_instance(n: int):
    s = Sum()
    s += n
    s += n
    return s.n


@program(3, 0)
def conversions_of_an_instance(n: int):
    s = Sum()
    s += n
    return int(s), float(s), bool(s)


@program(3, 0)
def truth_of_an_instance(n: int):
    s = Sum()
    s += n
    if s:
        return "some"
    return "none"


# Between Python and scripts.


class Counter:
    def __init__(self, n: int):
        self.n = n

    def up(self, k: int) -> int:
        self.n += k
        return self.n


def counted_twice(c: Counter, k: int) -> int:
    c.up(k)
    return c.up(k)


def new_counter(n: int) -> Counter:
    return Counter(n * 2)


@scenario
def instances_come_from_python():
    made = torch.jit.script(Counter)
    c = made(5)
    yield "called", torch.jit.script(counted_twice)(c, 2)


@scenario
def instances_go_to_python():
    torch.jit.script(Counter)
    h = torch.jit.script(new_counter)(4)
    yield "attribute", h.n
    yield "method", h.up(1)


class Keeper(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 2

    def forward(self, n: int) -> Tuple[int, str]:
        a = Account("m", n * self.scale)
        a.deposit(1)
        return a.balance, a.described()


@program(5, 6)
class instances_within_a_module(Keeper):
    pass


class Number:
    def __init__(self, n: int):
        self.n = n

    def __complex__(self) -> complex:
        return complex(float(self.n), 1.0)


@program(3)
def complex_of_an_instance(n: int):
    return complex(Number(n))


@torch.jit.script
class Tally:
    def __init__(self, n: int):
        self.n = n

    def up(self, k: int) -> int:
        self.n += k
        return self.n


@program(3)
def a_class_is_scripted_by_a_decorator(n: int):
    return Tally(n).up(2)


class Holding(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.tally = Tally(10)

    def forward(self, n: int):
        return self.tally.up(n), self.tally.n


@program(3, 4)
class an_instance_is_an_attribute_of_a_module(Holding):
    pass
