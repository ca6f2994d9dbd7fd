"""What TorchScript's users know: units of text, `define`, subclasses, marks."""

from __future__ import annotations

from typing import Dict  # noqa: UP035  as users of torch write

import pytest

import jit
from jit import torch

UNIT = """
    def twice(x):
        return 2 * x

    def again(x, n: int = 3):
        for i in range(n):
            x = twice(x)
        return x
"""


def test_functions_of_a_text_call_one_another():
    unit = jit.CompilationUnit(UNIT)

    assert [8.0] == unit.again(torch.ones(1)).tolist()
    assert [4.0] == unit.again(torch.ones(1), n=2).tolist()
    assert ["twice", "again"] == [f.name for f in unit.get_functions()]
    assert unit.find_function("third") is None
    with pytest.raises(AttributeError, match="it has twice, again"):
        unit.third(torch.ones(1))


def test_a_unit_grows_and_is_kept_as_it_was_when_a_text_is_refused():
    unit = jit.CompilationUnit(UNIT)
    unit.define(
        "def third(x: Tensor, d: Dict[str, int]):\n    return twice(x) + d['a']"
    )

    assert [5.0] == unit.third(torch.ones(1), {"a": 3}).tolist()
    with pytest.raises(jit.CompileError, match="`y` is unknown"):
        unit.define("def fourth(x):\n    return y")
    assert 3 == len(unit.get_functions())


@pytest.mark.parametrize(
    ("text", "message"),
    [("n = 3", "only define functions"), ("def f(x:\n    pass", "not Python")],
)
def test_a_text_that_does_not_define_functions_is_refused(text, message):
    with pytest.raises(jit.CompileError, match=message) as error:
        jit.CompilationUnit(text)

    assert "E0108" == error.value.code
    assert "<text" in str(error.value)


def test_errors_in_a_text_show_its_lines():
    with pytest.raises(jit.CompileError) as error:
        jit.CompilationUnit("def f(x):\n    return x.nothing")

    assert "return x.nothing" in str(error.value)


class Scale(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([2.0, 3.0]))
        self.count = 0
        self.names = jit.Attribute({}, Dict[str, int])  # noqa: UP006

    def forward(self, x):
        self.count += 1
        self.names["calls"] = self.count
        return x * self.weight


def test_a_compiled_module_gets_further_methods(tmp_path):
    scripted = jit.script(Scale())
    scripted.define("def twice(self, x, n: int = 2):\n    return self.forward(x) * n")

    assert [4.0, 6.0] == scripted.twice(torch.ones(2)).tolist()
    assert 1 == scripted.count
    scripted.save(tmp_path / "m.trs")
    loaded = jit.load(tmp_path / "m.trs")
    loaded.define("def thrice(self, x):\n    return self.twice(x, 3)")
    assert [6.0, 9.0] == loaded.thrice(torch.ones(2)).tolist()
    with pytest.raises(jit.CompileError, match="has a `twice` already"):
        loaded.define("def twice(self, x):\n    return x")


def test_an_attribute_has_the_type_that_it_was_given():
    scripted = jit.script(Scale())
    scripted(torch.ones(2))

    assert {"calls": 1} == scripted.names


class Written(jit.ScriptModule):
    def __init__(self, n: int):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(n))
        self.steps = 3
        self.define("def more(self, x):\n    return x + self.steps")

    @jit.script_method
    def forward(self, x):
        if x.sum() > 0:
            return self.helper(x) * self.weight
        return x

    @jit.script_method
    def helper(self, x):
        return self.more(x) * 2

    def plain(self):
        return f"{self.steps} steps"


class Longer(Written):
    def __init__(self):
        super().__init__(2)
        self.steps = 5

    @jit.script_method
    def helper(self, x):
        return super().helper(x) + 1


def test_a_subclass_of_script_module_is_compiled_when_it_was_made():
    made = Written(2)

    assert isinstance(made, Written) and isinstance(made, jit.ScriptModule)
    assert [8.0, 8.0] == made(torch.ones(2)).tolist()
    assert [-1.0] == made(-torch.ones(1)).tolist()
    assert [4.0] == made.more(torch.ones(1)).tolist()
    assert "3 steps" == made.plain()
    assert ["weight"] == list(made.state_dict())
    assert "prim::If" in str(made.graph)
    assert jit.script(made) is made


def test_a_subclass_of_such_a_class_calls_what_it_overrides():
    assert [13.0, 13.0] == Longer()(torch.ones(2)).tolist()


@jit.script_if_tracing
def repeat(x, n: int):
    for i in range(n):
        x = x + i
    return x


def test_script_if_tracing_keeps_a_loop_in_a_trace():
    traced = jit.trace(lambda x: repeat(x, x.shape[0]), torch.ones(2))

    assert [4.0] * 3 == traced(torch.ones(3)).tolist()
    assert [2.0] * 2 == repeat(torch.ones(2), 2).tolist()
    assert [2.0] * 2 == jit.script(repeat)(torch.ones(2), 2).tolist()


def test_the_constants_of_a_source_can_be_had():
    table = torch.tensor([1.0, 2.0])
    traced = jit.trace(lambda x: x + table, torch.ones(2))
    text, constants = traced.code_with_constants

    assert "CONSTANTS.c0" in text
    assert ["c0"] == list(constants.const_mapping)
    assert [1.0, 2.0] == constants.c0.tolist()
    names = {"torch": torch, "CONSTANTS": constants, "Tensor": torch.Tensor}
    exec(text, names)
    assert [2.0, 3.0] == names[traced.name](torch.ones(2)).tolist()


def test_an_operator_is_scripted_as_the_overloads_that_it_has():
    pool = jit.script(torch.nn.functional.max_pool2d_with_indices)
    values, places = pool(torch.arange(16.0).reshape(1, 1, 4, 4), 2)

    assert [5.0, 7.0, 13.0, 15.0] == values.flatten().tolist()
    assert [5, 7, 13, 15] == places.flatten().tolist()
    add = jit.script(torch.add)
    assert [4.0] == add(torch.ones(1), 3).tolist()
    assert [3.0] == add(torch.ones(1), torch.ones(1), alpha=2).tolist()
    assert "aten::add" in str(add.graph)


def pooled(x):
    volume = x[None].repeat(1, 1, 3, 1, 1)
    places = torch.nn.functional.fractional_max_pool2d(x, 2, None, (0.5, 0.5), True)
    return torch.nn.functional.fractional_max_pool3d(volume, 2, 1), places


def unfolded(x):
    columns = torch.nn.functional.unfold(x, 2)
    return torch.nn.functional.fold(columns, (4, 4), 2)


def test_functions_of_torch_that_take_numbers_or_lists_are_scripted():
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    volume, (values, places) = jit.script(pooled)(x)

    assert (1, 1, 1, 1, 1) == tuple(volume.shape)
    assert values.flatten().tolist() == x.flatten()[places.flatten()].tolist()
    assert unfolded(x).tolist() == jit.script(unfolded)(x).tolist()
    assert (
        unfolded(x).tolist()
        == jit.script(torch.nn.functional.fold)(
            jit.script(torch.nn.functional.unfold)(x, 2), (4, 4), 2
        ).tolist()
    )
