"""torch.jit.interface: classes and modules of which only the methods are known."""

import torch
from typing import List
from tests.language.corpus import program, scenario

X = torch.tensor([1.0, -2.0])


@torch.jit.interface
class Shape:
    def area(self) -> float:
        pass


@torch.jit.script
class Square:
    def __init__(self, side: float):
        self.side = side

    def area(self) -> float:
        return self.side * self.side


@torch.jit.script
class Circle:
    def __init__(self, radius: float):
        self.radius = radius

    def area(self) -> float:
        return 3.0 * self.radius * self.radius


def measured(s: Shape) -> float:
    return s.area() + 1.0


@program(2.0)
def instances_where_an_interface_is_wanted(x: float):
    return measured(Square(x)), measured(Circle(x))


@program(2.0)
def a_list_of_an_interface(x: float):
    shapes: List[Shape] = []
    shapes.append(Square(x))
    shapes.append(Circle(x))
    total = 0.0
    for s in shapes:
        total += s.area()
    return total


@program((True, 2.0), (False, 2.0))
def a_name_of_an_interface(flag: bool, x: float):
    s: Shape = Square(x)
    if flag:
        s = Circle(x)
    return s.area()


# Modules.


@torch.jit.interface
class Layer(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pass


class Plus(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


class Times(torch.nn.Module):
    def __init__(self, k: float):
        super().__init__()
        self.k = k

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.k


class OfTwo(torch.nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y


class Net(torch.nn.Module):
    layer: Layer

    def __init__(self):
        super().__init__()
        self.layer = Plus()

    def forward(self, x):
        return self.layer.forward(x) * 10


@program(X)
class a_submodule_of_an_interface(Net):
    pass


@scenario
def a_submodule_is_swapped():
    m = torch.jit.script(Net())
    yield "before", m(X)
    m.layer = torch.jit.script(Times(5.0))
    yield "after", m(X)


@scenario
def what_does_not_fit_is_not_swapped_in():
    m = torch.jit.script(Net())
    other = torch.jit.script(OfTwo())
    yield "refused", lambda: setattr(m, "layer", other)
    yield "as before", m(X)
