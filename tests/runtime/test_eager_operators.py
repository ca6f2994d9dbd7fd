"""Eager operators that are called often go into machine code, and stay what they are."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jit import torch
from jit.runtime import codegen, dispatch
from jit.runtime.eager import linking
from jit.runtime.eager.operator import PATIENCE, EagerOperator
from jit.runtime.executor import background

pytestmark = pytest.mark.skipif(not codegen.is_available(), reason="needs llvmlite")


def use_often(call: Callable[[], Any], operator: Any) -> int:
    """Call until code is linked; how many linked functions there are."""
    for _ in range(2):
        for _ in range(PATIENCE + 2):
            call()
        background.wait()
    return len(operator.natives)


def hits(operator: Any) -> int:
    return sum(native.hits for native in operator.natives)


@pytest.fixture(autouse=True)
def _anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has room for code of its own."""
    monkeypatch.setattr(linking, "_made", 0)
    # views have code as long as no tensor has required gradients
    monkeypatch.setattr(dispatch, "recorder", None)


def fresh(kind: str) -> EagerOperator:
    from jit.runtime.binding import make_operator

    made = make_operator(kind)
    assert isinstance(made, EagerOperator)
    return made


RANDOM = np.random.default_rng(7)
X = torch.tensor(RANDOM.standard_normal((4, 6)).astype(np.float32))
Y = torch.tensor(RANDOM.standard_normal((4, 6)).astype(np.float32))
IMAGE = torch.tensor(RANDOM.standard_normal((1, 3, 9, 9)).astype(np.float32))
KERNEL = torch.tensor(RANDOM.standard_normal((5, 3, 3, 3)).astype(np.float32))

CALLS = {
    "add": (X, Y),
    "sub": (X, 2),
    "mul": (X, 0.5),
    "div": (X, Y),
    "relu": (X,),
    "exp": (X,),
    "gelu": (X,),
    "sum": (X,),
    "mean": (X, 1),
    "amax": (X, 1, True),
    "softmax": (X, -1),
    "matmul": (X, Y.t()),
    "le": (X, Y),
    "where": (X > 0, X, Y),
    "flip": (X, 0, -1),
    "roll": (X, 2, 1),
    "repeat": (X, 2, 3),
    "constant_pad_nd": (X, (1, 0, 2, -1)),
    "cumprod": (X, 1),
    "conv2d": (IMAGE, KERNEL),
    "layer_norm": (X, (6,)),
    "reshape": (X, (3, 8)),
    "transpose": (X, 0, 1),
    "unsqueeze": (X, 1),
    "select": (X, 0, 2),
    "cat": ([X, Y],),
    "stack": ((X, Y), 1),
}


@pytest.mark.parametrize("name", CALLS)
def test_code_gives_what_python_gave(name: str) -> None:
    operator, args = fresh(f"aten::{name}"), CALLS[name]
    expected = operator(*args)

    assert use_often(lambda: operator(*args), operator) == 1
    before = hits(operator)
    found = operator(*args)

    assert before + 1 == hits(operator)
    assert expected.dtype == found.dtype
    assert expected.stride() == found.stride()
    assert type(expected) is type(found)
    np.testing.assert_allclose(
        found.numpy(), expected.numpy(), rtol=2e-6, atol=2e-6, strict=True
    )


def test_signs_of_python_are_direct_and_keep_their_sides() -> None:
    add = vars(torch.Tensor)["__add__"]
    use_often(lambda: X + Y, add)
    before = hits(add)
    assert (X + Y).tolist() == torch.add(X, Y).tolist()
    assert before + 1 == hits(add)
    with pytest.raises(TypeError, match="unsupported operand"):
        X + "text"
    assert torch.Tensor.__add__(X, "text") is NotImplemented
    assert (2 - X).tolist() == torch.rsub(X, 2).tolist()


def test_an_item_is_a_view_wherever_the_index_points() -> None:
    item = vars(torch.Tensor)["__getitem__"]
    x = torch.arange(12.0).reshape(3, 4)
    assert use_often(lambda: x[0], item) >= 1
    before = hits(item)
    assert [[4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0]] == [
        x[1].tolist(),
        x[-1].tolist(),
    ]
    assert before + 2 == hits(item)
    x[2].fill_(0.0)
    assert [0.0] * 4 == x[2].tolist()
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        x[3]
    assert [0.0, 4.0, 0.0] == x[:, 0].tolist()


def test_lists_of_other_lengths_are_other_code() -> None:
    operator = fresh("aten::cat")
    use_often(lambda: operator([X, Y]), operator)
    assert [12, 6] == list(operator([X, Y, X]).shape)
    assert [4, 6] == list(operator([X]).shape)
    with pytest.raises(RuntimeError):
        operator([X, torch.ones(1, 2)])


def test_other_kinds_of_arguments_go_to_python() -> None:
    operator = fresh("aten::add")
    use_often(lambda: operator(X, Y), operator)
    before = hits(operator)
    whole = torch.tensor([1, 2])
    assert operator(whole, whole).tolist() == [2, 4]
    assert operator(X, Y, alpha=2).tolist() == (X + Y * 2).tolist()
    assert before == hits(operator)


def test_other_dims_are_other_code() -> None:
    operator = fresh("aten::sum")
    use_often(lambda: operator(X, 1), operator)
    assert [4] == list(operator(X, 1).shape)
    assert [6] == list(operator(X, 0).shape)
    assert [] == list(operator(X).shape)


def test_named_arguments_find_the_code_of_their_places() -> None:
    operator = fresh("aten::conv2d")
    expected = operator(IMAGE, KERNEL, padding=1)
    use_often(lambda: operator(IMAGE, KERNEL, padding=1), operator)
    assert len(operator._named.natives) == 1
    before = hits(operator._named)
    found = operator(IMAGE, KERNEL, padding=1)
    assert before + 1 == hits(operator._named)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-5, atol=1e-5)
    assert [1, 5, 13, 13] == list(operator(IMAGE, KERNEL, padding=3).shape)
    assert [1, 5, 9, 9] == list(operator(IMAGE, KERNEL, padding="same").shape)


def test_a_refused_call_with_names_raises_what_python_raises() -> None:
    operator = fresh("aten::sum")
    use_often(lambda: operator(X, dim=1, keepdim=True), operator)
    assert len(operator._named.natives) == 1
    assert [4, 1] == list(operator(X, dim=1, keepdim=True).shape)
    with pytest.raises(IndexError, match="Dimension out of range"):
        operator(X, dim=5, keepdim=True)
    with pytest.raises(TypeError, match="there is no argument `dims`"):
        operator(X, dims=1, keepdims=True)


def test_a_refused_call_raises_what_python_raises() -> None:
    operator = fresh("aten::add")
    three, four = torch.ones(3), torch.ones(4)
    with pytest.raises(RuntimeError) as expected:
        operator(three, four)
    assert use_often(lambda: operator(four, four), operator) == 1
    with pytest.raises(RuntimeError) as found:
        operator(three, four)
    assert str(expected.value) == str(found.value)


def test_gradients_are_recorded_after_code_is_linked() -> None:
    operator = fresh("aten::exp")
    use_often(lambda: operator(X), operator)
    w = torch.ones(2, 2, requires_grad=True)
    operator(w).sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), np.full((2, 2), np.e), rtol=1e-6)


def test_a_view_shares_memory_and_a_write_reaches_the_tape() -> None:
    operator = fresh("aten::select")
    x = torch.ones(3, 4)
    use_often(lambda: operator(x, 0, 1), operator)
    row = operator(x, 0, 1)
    row.fill_(5.0)
    assert [1.0, 5.0, 1.0] == x[:, 0].tolist()
    w = torch.ones(4, requires_grad=True)
    operator(x, 0, 1).mul_(w)
    assert x.requires_grad
    x.sum().backward()
    assert [5.0] * 4 == w.grad.tolist()


def test_tracing_sees_operators_that_are_linked() -> None:
    import jit

    use_often(lambda: torch.relu(X), torch.relu)
    traced = jit.trace(lambda x: torch.relu(x), (X,))
    assert "aten::relu" in str(traced.graph)


def test_nothing_is_made_where_machine_code_is_off() -> None:
    import jit

    operator = fresh("aten::cos")
    before = jit.set_compile_mode("off")
    try:
        assert use_often(lambda: operator(X), operator) == 0
    finally:
        jit.set_compile_mode(before)


def test_the_number_of_kinds_with_code_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linking, "MOST_MADE", 1)
    first, second = fresh("aten::sin"), fresh("aten::cos")
    assert use_often(lambda: first(X), first) == 1
    assert use_often(lambda: second(X), second) == 0


def test_operators_are_copied_and_shown_like_functions() -> None:
    assert copy.deepcopy(torch.relu) is torch.relu
    assert torch.relu.__name__ == "relu"
    assert torch.Tensor.exp.__qualname__ == "Tensor.exp"
    assert torch.ones(1).exp.__name__ == "exp"
