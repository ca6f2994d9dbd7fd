"""What compiled code does not take of classes, and the errors that say so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import pytest

import jit
from jit import torch

CASES = []


def refused(code, message):
    """Add a function that cannot be compiled."""

    def add(function):
        CASES.append(pytest.param(function, code, message, id=function.__name__))
        return function

    return add


class Box:
    limit = 3

    def __init__(self, width: int):
        self.width = width

    def reads_what_is_not_there(self):
        return self.depth

    def items(self):
        yield self.width

    @property
    def area(self) -> int:
        return self.width * self.width


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    pass


class WithGetattr:
    def __getattr__(self, name):
        return 1


class WithSetattr:
    def __setattr__(self, name, value):
        pass


class WithNew:
    def __new__(cls):
        return object.__new__(cls)


@dataclass(frozen=True)
class Frozen:
    x: int


class Mixed(Enum):
    A = 1
    B = "b"


class Color(Enum):
    RED = 1


class Sized(NamedTuple):
    x: int

    def __len__(self):
        return 42


@refused("E0204", "`Box` has no attribute `depth`")
def unset_attribute():
    return Box(1).reads_what_is_not_there()


@refused("E0204", "`Box` has no attribute `widht`")
def misspelt_attribute(box: Box):
    return box.widht


@refused("E0310", "`width` of `Box` is an `int` and is assigned a `str`")
def attribute_of_another_type(box: Box):
    box.width = "wide"


@refused("E0204", "`Box` has no attribute `depth` to assign")
def new_attribute(box: Box):
    box.depth = 1


@refused("E0204", "the property `area` of `Box` cannot be assigned")
def property_without_setter(box: Box):
    box.area = 1


@refused("E0204", "attribute `limit` of the class `Box` cannot be assigned")
def class_variable():
    Box.limit = 4


@refused("E0304", "`Box` is missing the argument `width`")
def missing_argument():
    return Box()


@refused("E0304", "parameter `width` is an `int` and is given a `str`")
def argument_of_another_type():
    return Box("wide")


@refused("E0301", "`\\+` does not take")
def operator_without_method(box: Box):
    return box + box


@refused("E0301", "cannot compare")
def order_without_method(box: Box):
    return box < box


@refused("E0301", "has no length")
def length_without_method(box: Box):
    return len(box)


@refused("E0307", "`box` may be None here")
def optional_instance(box: Box | None):
    return box.width


@refused("E0102", "`yield` is not accepted")
def generator():
    return Box(1).items()


@refused("E0105", "has the metaclass `Meta`")
def metaclass():
    return WithMeta()


@refused("E0105", "defines `__getattr__`")
def getattr_method():
    return WithGetattr()


@refused("E0105", "defines `__setattr__`")
def setattr_method():
    return WithSetattr()


@refused("E0105", "defines `__new__`")
def new_method():
    return WithNew()


@refused("E0310", "`Frozen` is frozen")
def frozen(f: Frozen):
    f.x = 1


@refused("E0308", "the values of the enum `Mixed`")
def mixed_enum():
    return Mixed.A


@refused("E0204", "the enum `Color` has no member `RAD`")
def unknown_member():
    return Color.RAD


@refused("E0308", "the named tuple `Sized` defines `__len__`")
def named_tuple_with_a_length():
    return Sized(1)


@refused("E0102", "this context is not accepted")
def no_context(box: Box):
    with box:
        pass


@pytest.mark.parametrize(("function", "code", "message"), CASES)
def test_refusals(function, code, message):
    with pytest.raises(jit.CompileError, match=message) as error:
        jit.script(function)

    assert code == error.value.code


def test_a_class_that_is_scripted_is_checked_and_stays_itself():
    assert jit.script(Frozen) is Frozen
    with pytest.raises(jit.CompileError, match="`yield`"):
        jit.script(Box)


def test_a_class_may_name_what_is_defined_later():
    class Early:
        def of_later(self, other: Later) -> int:  # noqa: F821
            return other.n

    assert jit.script(Early) is Early


def kind_of(x: Any) -> str:
    if jit.isinstance(x, list[int]):
        return f"{len(x)} ints"
    if torch.jit.isinstance(x, (str, float)):
        return "text or number"
    return "else"


@pytest.mark.parametrize("value", [[1, 2], [], ["a"], "a", 1.5, None])
def test_isinstance_looks_at_elements(value):
    assert kind_of(value) == jit.script(kind_of)(value)
