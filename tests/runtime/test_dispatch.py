"""Dispatch: what kernels see, what callers get, what the observer is told."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from jit import torch
from jit.ir.card import Card
from jit.ir.dtypes import DType, dtype_of
from jit.ir.registry import find_card
from jit.ir.schema import parse_schema
from jit.runtime import dispatch
from jit.runtime.tensor import wrap


def make_card(schema: str, kernel) -> type[Card]:
    return type(
        "card",
        (Card,),
        {"schema": parse_schema(schema), "kernel": staticmethod(kernel)},
    )


def test_a_kernel_gets_arrays_and_python_values():
    seen = []
    card = make_card(
        "test::f(Tensor x, Tensor? y, Tensor[] z, Tensor?[] w, Scalar s, ScalarType d)"
        " -> Tensor",
        lambda *args: seen.extend(args) or np.ones(1),
    )
    x, y = torch.ones(1), torch.zeros(2)

    dispatch.run(card, (x, None, [x, y], [None, y], 2.5, torch.int64))

    assert x.array is seen[0]
    assert seen[1] is None
    assert [x.array.tolist(), y.array.tolist()] == [a.tolist() for a in seen[2]]
    assert seen[3][0] is None
    assert y.array is seen[3][1]
    assert 2.5 == seen[4]
    assert isinstance(seen[5], DType)


def test_a_numpy_scalar_becomes_a_zero_dim_tensor():
    card = make_card("test::f(Tensor x) -> Tensor", lambda x: np.float32(2.5))

    result = dispatch.run(card, (torch.ones(1),))

    assert () == result.shape
    assert torch.float32 is result.dtype


def test_an_in_place_operator_returns_the_very_tensor():
    card = make_card(
        "test::f_(Tensor(a!) x, Tensor y) -> Tensor(a!)",
        lambda x, y: np.copyto(x, y) or x,
    )
    x = torch.zeros(2)

    assert x is dispatch.run(card, (x, torch.ones(2)))
    assert [1.0, 1.0] == x.tolist()


def test_a_view_shares_storage_and_is_the_argument_where_the_kernel_returns_it():
    same = make_card("test::f(Tensor(a) x) -> Tensor(a)", lambda x: x)
    seen = make_card("test::g(Tensor(a) x) -> Tensor(a)", lambda x: x[1:])
    x = torch.zeros(3)

    assert x is dispatch.run(same, (x,))
    assert np.shares_memory(x.array, dispatch.run(seen, (x,)).array)


def test_several_results_are_a_tuple_with_the_names_of_the_schema():
    card = make_card(
        "test::top(Tensor x) -> (Tensor values, Tensor indices)",
        lambda x: (x, np.arange(2)),
    )
    plain = make_card("test::two(Tensor x) -> (Tensor, int)", lambda x: (x, 3))

    values, indices = result = dispatch.run(card, (torch.ones(2),))

    assert values is result.values
    assert indices is result.indices
    assert repr(result).startswith("torch.return_types.top(\nvalues=tensor([1., 1.])")
    assert 3 == dispatch.run(plain, (torch.ones(2),))[1]
    assert [0, 1] == pickle.loads(pickle.dumps(result)).indices.tolist()


def test_a_list_of_results_is_a_list_of_tensors():
    card = make_card("test::parts(Tensor x) -> Tensor[]", lambda x: [x[:1], x[1:]])

    result = dispatch.run(card, (torch.arange(3),))

    assert isinstance(result, list)
    assert [[0], [1, 2]] == [r.tolist() for r in result]


def test_an_operator_without_results_gives_none():
    card = make_card("test::f(Tensor x) -> ()", lambda x: None)

    assert dispatch.run(card, (torch.ones(1),)) is None


def test_numpy_warnings_of_kernels_are_off():
    card = make_card("test::f(Tensor x) -> Tensor", lambda x: 1.0 / x)

    assert [float("inf")] == dispatch.run(card, (torch.zeros(1),)).tolist()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((1.5, torch.ones(1)), "argument `x` of `test::f` is `float`"),
        ((torch.ones(1),), "takes all 2 arguments"),
        ((torch.ones(1), "a"), "argument `y` of `test::f` is `str`"),
    ],
)
def test_arguments_that_are_no_tensors_are_named(args, message):
    card = make_card("test::f(Tensor x, Tensor y) -> Tensor", lambda x, y: x)

    with pytest.raises(TypeError, match=message):
        dispatch.run(card, args)


def test_a_card_without_a_kernel_says_so():
    card = type(
        "card", (Card,), {"schema": parse_schema("test::f(Tensor x) -> Tensor")}
    )

    with pytest.raises(NotImplementedError, match="`test::f` has no kernel"):
        dispatch.run(card, (torch.ones(1),))


class Listener:
    """An observer that notes operators and questions."""

    def __init__(self):
        self.names = []

    def operator(self, card, args):
        self.names.append(card.schema.name)
        return dispatch.run(card, args)

    def shape(self, tensor):
        self.names.append("shape")
        return tensor.array.shape

    def dtype(self, tensor, follow=False):
        return dtype_of(tensor.array.dtype)

    def fact(self, tensor, kind):
        self.names.append(kind)
        return True

    def length(self, tensor, how):
        self.names.append(how)

    def escape(self, tensor, how):
        self.names.append(how)

    def array(self, tensor):
        self.names.append("numpy()")
        return tensor.array


@pytest.fixture
def listener(monkeypatch):
    made = Listener()
    monkeypatch.setattr(dispatch, "observer", made)
    return made


def test_the_observer_sees_calls_and_not_runs(listener):
    card = find_card("aten::exp", "")
    x = wrap(np.ones(1))

    dispatch.call(card, (x,))
    dispatch.run(card, (x,))
    dispatch.runner(card)(x)

    assert ["aten::exp"] == listener.names


@pytest.mark.parametrize(
    ("ask", "names"),
    [
        (lambda x: x + 1, ["aten::add.Scalar"]),
        (lambda x: 1 - x, ["aten::rsub.Scalar"]),
        (lambda x: 1 / x, ["aten::reciprocal", "aten::mul.Scalar"]),
        (lambda x: x.shape, ["shape"]),
        (lambda x: x.size(0), ["aten::size.int"]),
        (len, ["len(...)"]),
        (lambda x: x.item(), ["aten::item"]),
        (bool, ["aten::Bool.Tensor"]),
        (int, ["aten::Int.Tensor"]),
        (float, ["aten::Float.Tensor"]),
        (lambda x: x.numpy(), ["numpy()"]),
        (np.asarray, ["a NumPy function"]),
        (lambda x: x.tolist(), ["tolist()"]),
        # not needed here, but perhaps in another run
        (lambda x: x.float(), ["aten::to.dtype"]),
        (lambda x: x.is_contiguous(), ["aten::is_contiguous"]),
        (lambda x: x.stride(0), ["aten::stride.int"]),
        (lambda x: x.data, ["aten::detach"]),
        (lambda x: x.double(), ["aten::to.dtype"]),
        (lambda x: x.exp(), ["aten::exp"]),
        (lambda x: torch.add(x, x, alpha=2), ["aten::add.Tensor"]),
    ],
)
def test_the_observer_is_told_what_python_asks_of_a_tensor(listener, ask, names):
    x = wrap(np.ones(1, np.float32))

    ask(x)

    assert names == listener.names
