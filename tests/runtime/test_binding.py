"""Which overload a call means, and what messages say when there is none."""

from __future__ import annotations

import numpy as np
import pytest

from jit import torch
from jit.ir.dtypes import dtype_of
from jit.runtime import dispatch
from jit.runtime.binding import NoOverloadError, call_operator

X = torch.ones(2, 3)


class Listener:
    def operator(self, card, args):
        self.called = card.schema.name, list(args)
        return dispatch.run(card, args)

    def shape(self, tensor):
        return tensor.array.shape

    def dtype(self, tensor, follow=False):
        return dtype_of(tensor.array.dtype)

    def index(self, tensor):
        return int(tensor.array)

    def fresh(self, tensor):
        self.made = tensor


@pytest.fixture
def called(monkeypatch):
    listener = Listener()

    def run(act):
        monkeypatch.setattr(dispatch, "observer", listener)
        act()
        monkeypatch.setattr(dispatch, "observer", None)
        return listener.called

    return run


@pytest.mark.parametrize(
    ("act", "name"),
    [
        (lambda: torch.add(X, X), "aten::add.Tensor"),
        (lambda: torch.add(X, 2), "aten::add.Scalar"),
        (lambda: torch.add(X, True), "aten::add.Scalar"),
        (lambda: torch.add(2, X), "aten::add.Tensor"),
        (lambda: torch.add(X, np.float32(2)), "aten::add.Scalar"),
        (lambda: torch.add(X, np.ones(3)), "aten::add.Tensor"),
        (lambda: torch.add(input=X, other=X), "aten::add.Tensor"),
        (lambda: torch.pow(X, X), "aten::pow.Tensor_Tensor"),
        (lambda: torch.pow(X, 2), "aten::pow.Tensor_Scalar"),
        (lambda: torch.pow(2, X), "aten::pow.Scalar"),
        (lambda: torch.sum(X), "aten::sum"),
        (lambda: torch.sum(X, 0), "aten::sum.dim_IntList"),
        (lambda: torch.sum(X, (0, 1)), "aten::sum.dim_IntList"),
        (lambda: torch.sum(X, axis=-1, keepdims=True), "aten::sum.dim_IntList"),
        (lambda: torch.max(X), "aten::max"),
        (lambda: torch.max(X, 1), "aten::max.dim"),
        (lambda: torch.max(X, X), "aten::max.other"),
        (lambda: X.split(1), "aten::split.Tensor"),
        (lambda: X.split([1, 1]), "aten::split.sizes"),
        (lambda: torch.div(X, X, rounding_mode="floor"), "aten::div.Tensor_mode"),
        (lambda: torch.arange(3), "aten::arange"),
        (lambda: torch.arange(1, 3), "aten::arange.start"),
        (lambda: torch.arange(1, 3, 2), "aten::arange.start_step"),
        (lambda: torch.clamp(X, 0, 1), "aten::clamp"),
        (lambda: torch.clamp(X, min=X), "aten::clamp.Tensor"),
        (lambda: torch.where(X > 0, X, 0.0), "aten::where.ScalarOther"),
    ],
)
def test_values_decide_the_overload(called, act, name):
    assert name == called(act)[0]


@pytest.mark.parametrize(
    "act",
    [
        lambda: X.view(3, 2),
        lambda: X.view([3, 2]),
        lambda: X.view((3, 2)),
        lambda: X.view(torch.Size([3, 2])),
        lambda: X.view(size=(3, 2)),
        lambda: X.view(torch.tensor(3), 2),
        lambda: X.view(np.int64(3), 2),
    ],
)
def test_sizes_may_be_given_one_by_one_or_together(called, act):
    name, (_, size) = called(act)

    assert "aten::view" == name
    assert [3, 2] == size
    assert [int, int] == [type(n) for n in size]


def test_one_number_stands_for_a_list_of_known_length(called):
    _, args = called(lambda: torch.sum(X, 1))

    assert [1] == args[1]


def test_all_arguments_of_the_schema_are_given(called):
    name, args = called(lambda: torch.add(X, X))

    assert "aten::add.Tensor" == name
    assert [1] == args[2:]


def test_a_second_call_of_the_same_types_means_the_same(called):
    assert called(lambda: torch.add(X, X)) == called(lambda: torch.add(X, X))
    assert "aten::add.Scalar" == called(lambda: torch.add(X, 1))[0]
    assert "aten::add.Tensor" == called(lambda: torch.add(X, X, alpha=3))[0]


def test_numbers_alone_are_tensors_for_functions_of_torch():
    result = torch.add(2, 3)

    assert 5 == result.item()
    assert torch.int64 is result.dtype
    assert 5 == call_operator("aten::add", (2, 3))


def test_a_list_of_tensors_comes_as_a_tuple():
    assert isinstance(torch.split(X, 1), tuple)
    assert isinstance(torch.unbind(X), tuple)


def test_out_receives_the_result():
    out = torch.zeros(2, 3)

    assert out is torch.add(X, X, out=out)
    assert [[2.0] * 3] * 2 == out.tolist()


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (torch.zeros(2, 3, dtype=torch.int64), RuntimeError, "can't be cast"),
        (1, TypeError, "argument 'out' must be Tensor, not int"),
        ([1], TypeError, "argument 'out' must be Tensor, not list"),
    ],
)
def test_out_that_does_not_fit_is_an_error(out, error, message):
    with pytest.raises(error, match=message):
        torch.add(X, X, out=out)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: torch.add(X, "a"),
            r"add\(\): argument `other` is `str`, expected `Ten",
        ),
        (lambda: torch.add(X), r"add\(\): argument `other` is missing"),
        (lambda: torch.add(X, 2, beta=3), "there is no argument `beta`"),
        (lambda: torch.exp(X, X, X), "3 positional arguments are given, it takes 1"),
        (lambda: torch.exp(X, input=X), "argument `input` is given twice"),
        (lambda: torch.zeros(2.5), "argument `size` is `float`, expected `int"),
        (lambda: X.view(2, "a"), "argument `size` is"),
        (lambda: torch.cat(X), r"argument `tensors` is `Tensor` \(float32\[2, 3\]\)"),
        (lambda: torch.sum(X, 0.5), "argument `dim` is `float`"),
    ],
)
def test_a_call_that_fits_nothing_names_the_nearest_miss(act, message):
    with pytest.raises(NoOverloadError, match=message) as caught:
        act()

    assert isinstance(caught.value, TypeError)
    assert "nearest: aten::" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 3


def test_an_unknown_operator_names_the_nearest():
    with pytest.raises(AttributeError, match="no operator `aten::soft_max`; near"):
        call_operator("aten::soft_max", (X, 0))


def test_an_operator_does_not_change_its_defaults():
    first = torch.add(X, X)
    second = torch.add(X, X)

    assert first.tolist() == second.tolist()
