"""What `jit.trace` keeps, and what it tells."""

from __future__ import annotations

import itertools
import warnings
from collections import namedtuple
from typing import Any

import numpy as np
import pytest

import jit
from jit import torch
from jit.torch import nn

Pair = namedtuple("Pair", "first second")


def kinds(traced: Any) -> list[str]:
    return [n.kind for n in traced.graph.all_nodes if n.kind != "prim::Constant"]


def test_a_trace_repeats_the_function_on_other_values() -> None:
    traced = jit.trace(lambda x, y: (x * 2 + y).relu(), (torch.ones(3), torch.ones(3)))

    result = traced(torch.tensor([1.0, -2.0, 0.5]), torch.tensor([1.0, 1.0, -3.0]))

    assert [3.0, 0.0, 0.0] == result.tolist()


@pytest.mark.parametrize("rows", [0, 1, 2, 7])
def test_sizes_stay_symbolic(rows: int) -> None:
    def f(x: Any) -> Any:
        n, m = x.shape
        flat = x.reshape(n * m)
        return flat.view(n, m) + torch.arange(x.size(0)).view(-1, 1), torch.zeros(n, 2)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        traced = jit.trace(f, torch.ones(2, 3))
    first, second = traced(torch.ones(rows, 3))
    expected, _ = f(torch.ones(rows, 3))

    assert expected.tolist() == first.tolist()
    assert (rows, 2) == tuple(second.shape)


def test_mutation_and_views_are_recorded() -> None:
    def f(x: Any) -> Any:
        y = x.clone()
        y[0] = 5
        row = y[1]
        row.add_(10)
        return y

    traced = jit.trace(f, torch.zeros(3, 2))

    assert [[5, 5], [11, 11], [1, 1]] == traced(torch.ones(3, 2)).tolist()


def test_a_trace_that_writes_its_argument_writes_the_callers() -> None:
    traced = jit.trace(lambda x: x.add_(1), torch.zeros(2))
    x = torch.zeros(2)
    traced(x)

    assert [1.0, 1.0] == x.tolist()


def test_an_example_that_is_part_of_a_tensor_stays_so() -> None:
    def beyond(x: torch.Tensor) -> torch.Tensor:
        return torch.as_strided(x, (2, 2), (1, 2), 20)

    x = torch.arange(40.0)[5:15]
    traced = jit.trace(beyond, (x,))
    assert [[20.0, 22.0], [21.0, 23.0]] == traced(x).tolist()


def test_nested_inputs_and_outputs_keep_their_structure() -> None:
    def f(pair: Any, items: Any, named: Any) -> Any:
        a, b = pair
        return Pair(a + items[0], (b * named["scale"], items[1]))

    traced = jit.trace(
        f,
        (
            (torch.ones(1), torch.ones(1)),
            [torch.ones(1), torch.ones(1)],
            {"scale": torch.ones(1)},
        ),
    )
    one, two, three, four, five = (torch.tensor([float(i)]) for i in range(1, 6))
    result = traced((one, two), [three, four], {"scale": five})

    assert 4.0 == result.first.item()
    assert [10.0, 4.0] == [t.item() for t in result.second]


def test_lists_and_dicts_come_out_when_asked_for() -> None:
    def f(x: Any) -> Any:
        return {"a": x, "b": [x + 1, x + 2]}

    with pytest.raises(jit.TracingError) as caught:
        jit.trace(lambda x: [x, x], torch.ones(1))
    traced = jit.trace(lambda x: {"a": x, "b": x + 1}, torch.ones(1), strict=False)

    assert "E0505" == caught.value.code
    assert 2.0 == traced(torch.ones(1))["b"].item()


def test_a_decision_of_python_is_told_with_the_users_line() -> None:
    def f(x: Any) -> Any:
        if x.sum() > 0:  # the line to be named
            return x + 1
        return x - 1

    with pytest.warns(jit.TracerWarning, match="E0501") as told:
        jit.trace(f, torch.ones(3))
    with pytest.raises(jit.TracingError) as caught:
        jit.trace(f, torch.ones(3), on_bake="error")

    assert __file__ == told[0].filename
    assert f.__code__.co_firstlineno + 1 == told[0].lineno
    assert "x.sum() > 0" in str(caught.value)


def test_all_decisions_are_listed_together() -> None:
    def f(x: Any) -> Any:
        for _ in range(x.shape[0]):
            x = x + 1
        return x if x[0] > 0 else -x

    with pytest.raises(jit.TracingError) as caught:
        jit.trace(f, torch.ones(3), on_bake="error")

    assert ["E0502", "E0501"] == [d.code for d in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("use", "code"),
    [
        (lambda x: x * int(x.shape[0]), "E0502"),
        (lambda x: x * len(x), "E0502"),
        (lambda x: x * float(x.sum()), "E0502"),
        (lambda x: sum(row for row in x), "E0502"),
        (lambda x: x + torch.tensor(x.tolist()), "E0503"),
        (lambda x: x + torch.tensor(x.tolist()), "E0503"),
        (lambda x: x * (2 if x.shape[0] > 2 else 3), "E0501"),
    ],
)
def test_what_leaves_the_trace_is_told(use: Any, code: str) -> None:
    with pytest.raises(jit.TracingError) as caught:
        jit.trace(use, torch.ones(3), on_bake="error")

    assert code == caught.value.code


def test_a_function_that_does_not_repeat_is_refused() -> None:
    count = itertools.count()

    with pytest.raises(jit.TracingError) as caught:
        jit.trace(lambda x: x + next(count), torch.ones(3))
    jit.trace(lambda x: x + next(count), torch.ones(3), check_trace=False)

    assert "E0504" == caught.value.code


def test_random_draws_are_operators_of_the_trace() -> None:
    traced = jit.trace(lambda x: x + torch.rand(3), torch.zeros(3))
    torch.manual_seed(3)
    first, second = traced(torch.zeros(3)), traced(torch.zeros(3))
    torch.manual_seed(3)

    assert first.tolist() != second.tolist()
    assert first.tolist() == traced(torch.zeros(3)).tolist()


def test_numpy_functions_are_traced_as_numpy_computes_them() -> None:
    def f(a: Any, b: Any) -> Any:
        c = np.exp(a) + b * 2
        d = np.where(c > 1, c, 0.0).sum(axis=1, keepdims=True)
        return (a - d) @ b.T, c.mean(), a.reshape(a.shape[0], -1), c[:, 0], c[None, 1:]

    rng = np.random.default_rng(0)
    traced = jit.trace(f, (rng.random((3, 4)), rng.random((3, 4))), on_bake="error")
    a, b = rng.random((5, 4)), rng.random((5, 4))

    for expected, result in zip(f(a, b), traced(a, b), strict=True):
        assert np.asarray(expected).dtype == np.asarray(result).dtype
        np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_arrays_can_be_changed_in_place() -> None:
    def f(x: Any) -> Any:
        y = x.copy()
        y[0] = 7.0
        y += 1
        return y

    traced = jit.trace(f, np.zeros(3))

    assert [8.0, 3.0, 3.0] == traced(np.full(3, 2.0)).tolist()


def test_a_traced_array_in_a_plain_one_is_an_error() -> None:
    def f(x: Any) -> Any:
        result = np.zeros(2)
        result[0] = x.sum()
        return result

    with pytest.raises(jit.TracingError) as caught:
        jit.trace(f, np.ones(3))

    assert "E0503" == caught.value.code


class Counting(nn.Module):
    """A layer with a parameter and a buffer that it changes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((2,), 3.0))
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Any) -> Any:
        self.calls.add_(1)
        return x * self.weight


class Nested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = Counting()
        self.second = Counting()

    def forward(self, x: Any) -> Any:
        return self.second(self.first(x)) + self.first.weight


def test_a_traced_module_has_the_parameters_of_the_module() -> None:
    module = Nested()
    traced = jit.trace(module, torch.ones(2))

    assert list(module.state_dict()) == list(traced.state_dict())
    assert traced.first.weight is module.first.weight
    assert "prim::GetAttr" in kinds(traced)


def test_tracing_leaves_buffers_as_they_were_and_running_does_not() -> None:
    module = Nested()
    traced = jit.trace(module, torch.ones(2))
    before = module.first.calls.item()
    traced(torch.ones(2))

    assert (0.0, 1.0) == (before, module.first.calls.item())


def test_a_traced_module_follows_its_parameters() -> None:
    module = Nested()
    traced = jit.trace(module, torch.ones(2))
    module.first.weight.data.fill_(0.0)

    assert [0.0, 0.0] == traced(torch.ones(2)).tolist()


def test_the_inputs_are_named_after_the_parameters() -> None:
    traced = jit.trace(Nested(), torch.ones(2))

    assert ["self", "x"] == [a.name for a in traced.schema.arguments]


def test_keyword_examples_are_bound_to_their_parameters() -> None:
    traced = jit.trace(
        lambda x, y: x - y,
        example_kwarg_inputs={"y": torch.ones(1), "x": torch.zeros(1)},
    )

    assert 3.0 == traced(torch.tensor([5.0]), y=torch.tensor([2.0])).item()


def test_further_inputs_are_checked() -> None:
    def f(x: Any) -> Any:
        return x + 1 if x.sum() > 0 else x - 1

    with (
        warnings.catch_warnings(),
        pytest.raises(jit.TracingError, match="differs") as caught,
    ):
        warnings.simplefilter("ignore", jit.TracerWarning)
        jit.trace(f, torch.ones(2), check_inputs=[(-torch.ones(2),)])

    assert "E0504" == caught.value.code


def test_a_trace_within_a_trace_is_refused() -> None:
    with pytest.raises(jit.TracingError) as caught:
        jit.trace(lambda x: jit.trace(lambda y: y + 1, torch.ones(1))(x), torch.ones(1))

    assert "E0508" == caught.value.code


def test_a_constant_result_is_refused() -> None:
    with pytest.raises(jit.TracingError, match="does not depend"):
        jit.trace(lambda x: 3, torch.ones(1))


def test_a_traced_callee_stays_a_call() -> None:
    inner = jit.trace(lambda x: x * 2, torch.ones(1))
    outer = jit.trace(lambda x: inner(x) + 1, torch.ones(1))

    assert "prim::CallFunction" in kinds(outer)
    assert 7.0 == outer(torch.tensor([3.0])).item()
    assert "prim::CallFunction" not in [n.kind for n in outer.inlined_graph.all_nodes]


@pytest.mark.parametrize(
    "inputs", [(), (torch.ones(2), torch.ones(2)), [1.0, 2.0]], ids=["0", "2", "list"]
)
def test_examples_in_the_wrong_number_are_told_with_the_signature(inputs):
    def single(x):
        return x * 2

    with pytest.raises(jit.TracingError, match=r"do not fit `single\(x\)`") as error:
        jit.trace(single, inputs)

    assert "E0507" == error.value.code


def test_what_cannot_be_called_is_not_traced():
    with pytest.raises(TypeError, match="takes a function or a module, not `int`"):
        jit.trace(3, torch.ones(2))


def test_a_number_that_is_baked_in_is_told_as_python_writes_it():
    with pytest.warns(jit.TracerWarning, match=r"the plain number 3\.0 by int"):
        jit.trace(lambda x: x * int(x.sum()), np.ones(3))


def test_products_that_machine_code_sums_in_another_order_are_confirmed():
    random = np.random.default_rng(0)
    weight = torch.from_numpy(random.standard_normal((768, 3072)).astype(np.float32))
    x = torch.from_numpy(random.standard_normal((1, 768)).astype(np.float32))

    traced = jit.trace(lambda x: x @ weight, x)

    assert np.allclose((x @ weight).numpy(), traced(x).numpy(), atol=1e-3)


def test_a_tensor_that_requires_gradients_is_no_constant_in_silence() -> None:
    weight = torch.ones(3, requires_grad=True)

    def scaled(x: Any) -> Any:
        return x * weight

    with pytest.warns(jit.TracerWarning, match="E0511") as told:
        jit.trace(scaled, torch.ones(3))
    assert 1 == len(told)
    with pytest.raises(jit.TracingError, match="E0511"):
        jit.trace(scaled, torch.ones(3), on_bake="error")
    with torch.no_grad():
        traced = jit.trace(scaled, torch.ones(3), on_bake="error")
    assert [1.0] * 3 == traced(torch.ones(3)).tolist()
