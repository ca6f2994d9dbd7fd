"""Classes in compiled code: the same as in plain Python, in all four ways to run."""

from __future__ import annotations

import pytest

import jit
from jit import torch
from tests import four_ways

case = four_ways.Cases()


class Box:
    def __init__(self, width: int, height: float):
        self.width = width
        self.height = height

    def area(self) -> float:
        return self.width * self.height

    def grow(self, by: int = 1):
        self.width += by


@case(4)
def attributes_and_methods(n: int):
    box = Box(n, 2.5)
    box.grow()
    box.grow(by=3)
    return box.area(), box.width


@case(3)
def an_instance_is_returned(n: int):
    return Box(n, 1.5)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    return case.run(tmp_path_factory.mktemp("cases"))


@pytest.mark.parametrize("name", case.names)
def test_all_ways_give_the_same(name, outcomes):
    four_ways.assert_same(outcomes[name])


# instances from outside -----------------------------------------------------------


def grow_both(box: Box, other: Box):
    box.grow(10)
    other.width = 7
    return box


def ways(function):
    compiled = jit.script(function)
    return [function, compiled.interpret, compiled]


@pytest.mark.parametrize("way", ways(grow_both))
def test_an_instance_from_outside_stays_itself(way):
    box, other = Box(1, 2.0), Box(2, 3.0)

    returned = way(box, other)

    assert returned is box
    assert (11, 7) == (box.width, other.width)


@pytest.mark.parametrize("way", ways(grow_both))
def test_one_instance_given_twice_is_one(way):
    box = Box(1, 2.0)

    way(box, box)

    assert 7 == box.width


def test_a_new_instance_is_one_of_the_users_class():
    assert type(jit.script(an_instance_is_returned)(2)) is Box


def area(box: Box):
    return box.area()


@pytest.mark.parametrize("way", ways(area)[1:])
def test_an_attribute_of_another_type_is_a_type_error(way):
    box = Box(1, 2.0)
    box.width = "wide"

    with pytest.raises(TypeError):
        way(box)


def test_an_int_where_a_float_is_declared_is_one():
    assert 6.0 == jit.script(area)(Box(2, 3))


def test_an_argument_of_another_class_is_a_type_error():
    class Other:
        pass

    with pytest.raises(TypeError, match="Expected a value of type 'Class<"):
        jit.script(area)(Other())


# instances as attributes of modules -----------------------------------------------


class Counter:
    def __init__(self, factor: int):
        self.factor = factor
        self.seen: list[int] = []

    def see(self, n: int) -> int:
        self.seen.append(n)
        return self.factor * n


class Counting(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.counter = Counter(3)

    def forward(self, x: torch.Tensor, n: int) -> torch.Tensor:
        return x * self.counter.see(n)


def test_a_module_shares_its_instance_with_the_compiled_one():
    module = Counting()
    compiled = jit.script(module)
    x = torch.ones(2)

    compiled(x, 2)
    module(x, 5)

    assert compiled.counter is module.counter
    assert [2, 5] == module.counter.seen


def test_an_instance_of_a_module_is_saved_and_copied():
    compiled = jit.script(Counting())
    x = torch.ones(2)
    compiled(x, 2)

    loaded = jit.load(compiled.save_to_buffer())
    copied = compiled.copy()

    assert [12.0, 12.0] == loaded(x, 4).tolist()
    copied(x, 9)
    assert [[2], [2, 4], [2, 9]] == [m.counter.seen for m in (compiled, loaded, copied)]


class Cup:
    def __init__(self, size: int):
        self.size = size


def cup_size(cup: Cup) -> int:
    return cup.size


def test_a_class_that_is_derived_later_asks_for_another_script():
    compiled = jit.script(cup_size)

    class Mug(Cup):
        pass

    with pytest.raises(TypeError, match="was derived after this was compiled"):
        compiled(Mug(3))


# instances that nobody else sees --------------------------------------------------


def sum_of_state(n: int) -> int:
    box = Box(0, 1.0)
    for i in range(n):
        if i % 3 == 0:
            box.grow(i)
        else:
            box.grow()
    return box.width


def test_an_instance_that_nobody_else_sees_is_none_in_the_optimised_graph():
    compiled = jit.script(sum_of_state)

    kinds = {node.kind for node in compiled.graph_for(10).all_nodes}

    assert not {"prim::CreateObject", "prim::GetAttr", "prim::SetAttr"} & kinds
    assert sum_of_state(10) == compiled(10) == compiled.interpret(10)


# derived classes that cannot be compiled ------------------------------------------


class Vessel:
    def content(self) -> int:
        return 1


class Flowing(Vessel):
    def content(self):
        yield 1


class Strange(Vessel):
    def __getattr__(self, name):
        return 2


class Jug(Vessel):
    def content(self) -> int:
        return 3


def content_of(vessel: Vessel) -> int:
    return vessel.content()


def test_derived_classes_that_cannot_be_compiled_are_refused_at_the_call():
    compiled = jit.script(content_of)

    assert [1, 3] == [compiled(Vessel()), compiled(Jug())]
    with pytest.raises(TypeError, match="'Flowing' cannot be given here: `yield`"):
        compiled(Flowing())
    with pytest.raises(TypeError):
        compiled(Strange())
