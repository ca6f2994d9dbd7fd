"""Enum: members, names, values, comparison, iteration."""

import torch
from enum import Enum
from typing import List

from tests.language.corpus import program, scenario


class Colour(Enum):
    RED = 1
    GREEN = 2
    BLUE = 3


class Word(Enum):
    YES = "yes"
    NO = "no"


class Share(Enum):
    HALF = 0.5
    WHOLE = 1.0


@program()
def value_of_a_member():
    return Colour.RED.value, Word.NO.value, Share.HALF.value


@program()
def name_of_a_member():
    return Colour.GREEN.name, Word.YES.name


@program(1, 5)
def members_are_compared(n: int):
    c = Colour.RED if n == 1 else Colour.BLUE
    return c == Colour.RED, c != Colour.RED, c == Colour.BLUE


def described(c: Colour) -> str:
    if c == Colour.RED:
        return "stop"
    elif c == Colour.GREEN:
        return "go"
    return "what"


@program()
def members_are_given_to_callees():
    return described(Colour.RED), described(Colour.GREEN), described(Colour.BLUE)


@program()
def members_in_a_list():
    a: List[Colour] = [Colour.RED, Colour.BLUE]
    out = ""
    for c in a:
        out += c.name
    return out


@program()
def iteration_over_a_class():
    out: List[int] = []
    for c in Colour:
        out.append(c.value)
    return out


@program()
def a_local_that_is_an_enum():
    c = Colour.BLUE
    return c.value + 1, c.name


@program(
    1, 2, torch_is_wrong="`is` of members is refused, or answers as if they were new"
)
def members_are_identical(n: int):
    c = Colour.RED if n == 1 else Colour.GREEN
    return c is Colour.RED, c is not Colour.RED


class Painted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.colour = Colour.GREEN

    def forward(self, x: int):
        if self.colour == Colour.GREEN:
            return x + self.colour.value
        return x


@program(10)
class an_attribute_of_a_module(Painted):
    pass


@scenario
def members_come_from_python_and_go_there():
    @torch.jit.script
    def other(c: Colour) -> Colour:
        if c == Colour.RED:
            return Colour.GREEN
        return Colour.RED

    yield "the member itself", other(Colour.RED) is Colour.GREEN
    yield "name", other(Colour.GREEN).name
