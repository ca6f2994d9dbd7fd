"""Calls of scripted, traced, loaded and marked functions from a script."""

from __future__ import annotations

import pytest

import jit
from jit import torch


def scale(x):
    return x * 2


traced = jit.trace(scale, torch.ones(2))


@jit.script
def branch(x):
    if x.sum() > 0:
        return x
    return -x


@jit.script
def of_traced(x):
    return traced(x) + 1


@jit.script
def of_scripted(x):
    return branch(x) + branch(-x)


@jit.ignore
def in_python(n: int) -> int:
    return n


net = torch.nn.Linear(2, 2)


def test_a_traced_function_is_called_with_its_graph():
    assert [3.0, 5.0] == of_traced(torch.tensor([1.0, 2.0])).tolist()
    assert ["prim::CallFunction"] == [
        n.kind for n in of_traced.graph.nodes if "Call" in n.kind
    ]


def test_a_scripted_function_is_compiled_once_for_two_calls():
    assert [2.0] == of_scripted(torch.tensor([1.0])).tolist()
    assert 2 == len(of_scripted.program.functions)


def test_a_loaded_function_is_called(tmp_path):
    branch.save(tmp_path / "branch.trs")
    loaded = jit.load(tmp_path / "branch.trs")

    def caller(x):
        return loaded(x) * 3

    assert [6.0] == jit.script(caller)(torch.tensor([-2.0])).tolist()


def test_what_is_not_scripted_is_left_out_of_a_script():
    def caller(n: int):
        if torch.jit.is_scripting():
            return n + 1
        return in_python(n)

    assert 3 == jit.script(caller)(2)


def test_a_module_from_outside_is_refused_with_advice():
    def caller(x: torch.Tensor):
        return net(x)

    with pytest.raises(jit.Error, match="make it an attribute of the module") as caught:
        jit.script(caller)
    assert "E0203" == caught.value.code


def test_versions_of_a_callee_are_made_for_the_types_of_each_call():
    def twice(x):
        return x + x

    def caller(n: int, s: str, x):
        return twice(n), twice(s), twice(x), twice(n + 1)

    scripted = jit.script(caller)
    n, text, x, more = scripted(1, "a", torch.ones(()))

    assert (2, "aa", 2.0, 4) == (n, text, x.item(), more)
    assert 4 == len(scripted.program.functions)


def test_functions_of_one_name_are_told_apart():
    def make(step: int):
        def add(n: int) -> int:
            return n + step

        return add

    first, second = make(1), make(10)

    def caller(n: int):
        return first(n), second(n)

    assert (1, 10) == jit.script(caller)(0)
