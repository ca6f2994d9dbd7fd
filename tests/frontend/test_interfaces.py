"""Interfaces: what implements them, what is called, how modules are exchanged."""

from __future__ import annotations

import pytest

import jit
from jit import torch
from tests import four_ways

case = four_ways.Cases()
nn = torch.nn


@jit.interface
class Operation:
    def run(self, x: int) -> int:
        pass


class Plus:
    def __init__(self, k: int):
        self.k = k

    def run(self, x: int) -> int:
        return x + self.k


class Twice:
    def __init__(self):
        self.sum = 0

    def run(self, x: int) -> int:
        self.sum += x
        return x * 2


def use(operation: Operation, n: int) -> int:
    return operation.run(n)


@case(3)
def in_a_list(n: int):
    plus = Plus(1)
    every: list[Operation] = [plus, Twice()]
    out = 0
    for operation in every:
        out += operation.run(n)
    return out, use(plus, 3), use(Twice(), 4)


@case(3)
def optional(n: int):
    operation: Operation | None = None
    if n > 2:
        operation = Plus(n)
    if operation is None:
        return 0
    return operation.run(1)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    return case.run(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("name", case.names)
def test_all_ways_give_the_same(name, outcomes):
    four_ways.assert_same(outcomes[name])


def test_instances_of_any_class_that_implements_it_are_taken():
    compiled = jit.script(use)

    assert [5, 6, 6] == [
        compiled(Plus(2), 3),
        compiled(Twice(), 3),
        compiled.interpret(Plus(5), 1),
    ]


class OfText:
    def run(self, x: str) -> int:
        return len(x)


def test_a_class_with_other_parameters_does_not_implement_it():
    with pytest.raises(TypeError, match="Expected a value of type 'Interface<"):
        jit.script(use)(OfText(), 3)


def of_another_type(n: int) -> int:
    return use(OfText(), n)


def unknown_method(operation: Operation):
    return operation.ran(1)


@pytest.mark.parametrize(
    ("function", "code", "message"),
    [
        (of_another_type, "E0304", "is an `Interface<"),
        (unknown_method, "E0204", "the interface `Operation` has no method `ran`"),
    ],
)
def test_refusals(function, code, message):
    with pytest.raises(jit.CompileError, match=message) as error:
        jit.script(function)

    assert code == error.value.code


# modules --------------------------------------------------------------------------


@jit.interface
class Layer(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pass


class AddOne(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.by = nn.Parameter(torch.full((2,), 7.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.by


class Host(nn.Module):
    layer: Layer

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) + self.layer.forward(x)


def test_a_module_that_implements_the_interface_can_take_the_place_of_another():
    host = jit.script(Host(AddOne()))
    x = torch.ones(2)
    before = host(x).tolist()

    host.layer = jit.script(Scale())

    assert [4.0, 4.0] == before
    assert [14.0, 14.0] == host(x).tolist()
    assert [14.0, 14.0] == jit.load(host.save_to_buffer())(x).tolist()


def test_a_module_that_does_not_implement_it_is_refused():
    class Other(nn.Module):
        def forward(self, x: torch.Tensor, n: int) -> torch.Tensor:
            return x

    with pytest.raises(jit.CompileError, match="does not implement") as error:
        jit.script(Host(Other()))

    assert "E0310" == error.value.code


class Weighted(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((2,), 3.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight


def test_what_is_behind_an_interface_gets_gradients_and_can_be_exchanged_after_them():
    host = jit.script(Host(Weighted()))
    x = torch.ones(2)
    host(x).sum().backward()
    first = host.layer.weight.grad.tolist()

    host.layer = jit.script(Weighted())
    host(x).sum().backward()

    assert [2.0, 2.0] == first == host.layer.weight.grad.tolist()
