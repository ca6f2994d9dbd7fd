"""Module: registration, walking, hooks, state dicts, copies, printed form."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import pytest

from jit import torch
from jit.torch import nn


class Scale(nn.Module):
    def __init__(self, size=2):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.register_buffer("count", torch.tensor(0))
        self.register_buffer("scratch", torch.zeros(size), persistent=False)

    def forward(self, x):
        return x * self.weight


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Scale()
        self.none = None
        self.second = nn.Sequential(OrderedDict(a=Scale(), b=nn.ReLU()))

    def forward(self, x):
        return self.second(self.first(x))


def test_names_come_in_the_order_of_registration():
    pair = Pair()

    assert ["first.weight", "second.a.weight"] == [
        n for n, _ in pair.named_parameters()
    ]
    assert ["", "first", "second", "second.a", "second.b"] == [
        n for n, _ in pair.named_modules()
    ]
    assert ["first", "second"] == [n for n, _ in pair.named_children()]
    assert [
        "first.count", "first.scratch", "second.a.count", "second.a.scratch",
    ] == [n for n, _ in pair.named_buffers()]  # fmt: skip
    assert [] == list(pair.parameters(recurse=False))


def test_a_shared_module_is_walked_once_and_saved_twice():
    shared = Scale()
    both = nn.ModuleList([shared, shared])

    assert 1 == len(list(both.parameters()))
    assert ["0.weight", "1.weight"] == [
        n for n, _ in both.named_parameters(remove_duplicate=False)
    ]
    assert ["0.weight", "0.count", "1.weight", "1.count"] == list(both.state_dict())


def test_assignment_moves_a_name_between_its_stores():
    module = Scale()

    module.weight = nn.Parameter(torch.zeros(3))
    module.count = torch.tensor(5)
    module.extra = Scale()
    module.extra = None
    module.plain = 3
    module.plain = nn.Parameter(torch.ones(1))
    del module.count

    assert (3,) == tuple(module.weight.shape)
    assert not hasattr(module, "count")
    assert "extra" in module._modules
    assert ["weight", "plain"] == list(module._parameters)
    assert "plain" in dir(module)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda m: setattr(m, "weight", torch.ones(2)),
            TypeError,
            "cannot assign 'torch.FloatTensor' as parameter 'weight'"
            " (torch.nn.Parameter or None expected)",
        ),
        (
            lambda m: setattr(m, "count", 3),
            TypeError,
            "cannot assign 'int' as buffer 'count' (torch.nn.Buffer, torch.Tensor or"
            " None expected)",
        ),
        (
            lambda m: m.register_buffer("forward", None),
            KeyError,
            "attribute 'forward' already exists",
        ),
        (
            lambda m: m.register_parameter("a.b", None),
            KeyError,
            'parameter name can\'t contain ".", got: a.b',
        ),
        (
            lambda m: m.add_module("", nn.ReLU()),
            KeyError,
            'module name can\'t be empty string ""',
        ),
        (
            lambda m: m.missing,
            AttributeError,
            "'Scale' object has no attribute 'missing'",
        ),
        (
            lambda m: m.get_submodule("weight"),
            AttributeError,
            "`weight` is not an nn.Module",
        ),
        (
            lambda m: nn.Module()(1),
            NotImplementedError,
            'Module [Module] is missing the required "forward" function',
        ),
        (
            lambda m: m.train("yes"),
            ValueError,
            "training mode is expected to be boolean",
        ),
        (
            lambda m: m.to(torch.int64),
            TypeError,
            "nn.Module.to only accepts floating point or complex dtypes, but got desired"
            " dtype=torch.int64",
        ),
    ],
)
def test_mistakes_are_told_in_torchs_words(act, error, message):
    with pytest.raises(error) as caught:
        act(Scale())

    told = caught.value.args[0]
    assert message == told


def test_registration_before_init_is_refused():
    class Hasty(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(torch.ones(1))

    with pytest.raises(AttributeError, match=r"before Module\.__init__\(\) call"):
        Hasty()


def test_modes_and_flags_reach_every_module():
    pair = Pair().eval()
    assert not any(m.training for m in pair.modules())

    pair.train()
    pair.requires_grad_(False)

    assert all(m.training for m in pair.modules())
    assert not any(p.requires_grad for p in pair.parameters())


def test_conversion_keeps_the_parameters_and_skips_integers():
    pair = Pair()
    before = pair.first.weight

    pair.double()

    assert before is pair.first.weight
    assert torch.float64 is pair.first.weight.dtype
    assert torch.float64 is pair.first.scratch.dtype
    assert torch.int64 is pair.first.count.dtype
    assert torch.float16 is pair.to(dtype=torch.float16).first.weight.dtype


def test_hooks_see_and_replace_arguments_and_results():
    seen = []
    module = Scale()

    def before(m, args):
        seen.append("before")
        return (args[0] + 1,)

    def after(m, args, result):
        seen.append(("after", args[0].tolist()))
        return {"result": result}

    module.register_forward_hook(after)
    handle = module.register_forward_pre_hook(before)

    made = module(torch.zeros(2))
    handle.remove()
    again = module(torch.zeros(2))

    assert [1.0, 1.0] == made["result"].tolist()
    assert [0.0, 0.0] == again["result"].tolist()
    assert ["before", ("after", [1.0, 1.0]), ("after", [0.0, 0.0])] == seen


def test_hooks_with_keywords_come_in_order_and_always():
    order = []

    class Failing(nn.Module):
        def forward(self, x, fail=False):
            if fail:
                raise ValueError("on purpose")
            return x

    module = Failing()
    module.register_forward_hook(lambda *a: order.append("second"))
    module.register_forward_hook(
        lambda m, args, kwargs, out: order.append(("first", dict(kwargs))),
        prepend=True,
        with_kwargs=True,
    )
    module.register_forward_hook(lambda *a: order.append("always"), always_call=True)
    module.register_forward_pre_hook(
        lambda m, args, kwargs: (args, {**kwargs, "fail": True}), with_kwargs=True
    )

    with pytest.raises(ValueError, match="on purpose"):
        module(1)
    assert ["always"] == order

    module._forward_pre_hooks.clear()
    with module.register_forward_hook(lambda *a: 7):
        assert 7 == module(1)
    assert 1 == module(1)
    assert ("first", {}) == order[1]


def test_a_state_dict_shares_memory_and_leaves_out_what_does_not_persist():
    pair = Pair()

    state = pair.state_dict()
    state["first.weight"][0] = 9

    assert [
        "first.weight", "first.count", "second.a.weight", "second.a.count",
    ] == list(state)  # fmt: skip
    assert 9 == pair.first.weight[0].item()
    assert not state["first.weight"].requires_grad
    assert pair.state_dict(keep_vars=True)["first.weight"] is pair.first.weight
    assert ["p.first.weight"] == list(pair.state_dict(prefix="p."))[:1]


def test_loading_copies_into_the_same_tensors():
    pair, other = Pair(), Pair()
    weight = pair.first.weight
    other.first.weight.data.fill_(4)
    other.first.count.fill_(2)

    result = pair.load_state_dict(other.state_dict())

    assert "<All keys matched successfully>" == repr(result)
    assert weight is pair.first.weight
    assert [4, 4] == weight.tolist()
    assert 2 == pair.first.count.item()
    other.first.weight.data.fill_(5)
    assert [4, 4] == weight.tolist()


def test_loading_tells_everything_that_does_not_fit():
    pair = Pair()
    state = pair.state_dict()
    del state["first.count"]
    state["first.other"] = torch.ones(1)
    state["second.a.weight"] = torch.ones(3)

    with pytest.raises(RuntimeError) as caught:
        pair.load_state_dict(state)

    expected = (
        "Error(s) in loading state_dict for Pair:"
        '\n\tMissing key(s) in state_dict: "first.count". '
        '\n\tUnexpected key(s) in state_dict: "first.other". '
        "\n\tsize mismatch for second.a.weight: copying a param with shape"
        " torch.Size([3]) from checkpoint, the shape in current model is"
        " torch.Size([2])."
    )
    assert expected == str(caught.value)
    del state["second.a.weight"]
    found = pair.load_state_dict(state, strict=False)
    assert ([], []) == tuple(found)


def test_loading_may_assign_the_tensors_themselves():
    module = Scale()
    given = torch.full((2,), 3.0, dtype=torch.float64)

    module.load_state_dict({"weight": given, "count": torch.tensor(1)}, assign=True)

    assert isinstance(module.weight, nn.Parameter)
    assert torch.float64 is module.weight.dtype
    given[0] = 8
    assert 8 == module.weight[0].item()


def test_extra_state_is_saved_and_restored():
    class Versioned(nn.Module):
        version = 1

        def get_extra_state(self):
            return {"version": self.version}

        def set_extra_state(self, state):
            self.version = state["version"]

    old, new = Versioned(), Versioned()
    old.version = 5

    new.load_state_dict(old.state_dict())

    assert 5 == new.version
    assert ["_extra_state"] == list(old.state_dict())


@pytest.mark.parametrize(
    "how", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_have_tensors_of_their_own(how):
    linear = nn.Linear(2, 2)
    linear.tied = linear.weight

    made = how(linear)
    made.weight.data.zero_()

    assert not torch.equal(made.weight, linear.weight)
    assert isinstance(made.weight, nn.Parameter)
    assert made.tied is made.weight
    assert repr(linear) == repr(made)


def test_zero_grad_forgets_or_clears():
    module = Scale()
    module.weight.grad = torch.ones(2)

    module.zero_grad(set_to_none=False)
    assert [0, 0] == module.weight.grad.tolist()
    module.zero_grad()
    assert module.weight.grad is None


def test_apply_visits_children_first():
    names = []

    Pair().apply(lambda m: names.append(type(m).__name__))

    assert ["Scale", "Scale", "ReLU", "Sequential", "Pair"] == names


def test_printed_form():
    class Named(Pair):
        def extra_repr(self):
            return "one\ntwo"

    expected = (
        "Named(\n  one\n  two\n  (first): Scale()\n  (second): Sequential(\n"
        "    (a): Scale()\n    (b): ReLU()\n  )\n)"
    )
    assert expected == repr(Named())


def test_a_parameter_shares_the_memory_of_its_tensor():
    data = torch.ones(2)

    made = nn.Parameter(data)
    data[0] = 5

    assert [5, 1] == made.tolist()
    assert made.requires_grad
    assert "Parameter containing:\ntensor([5., 1.], requires_grad=True)" == repr(made)
    assert not nn.Parameter(
        torch.ones(1, dtype=torch.int64), requires_grad=False
    ).requires_grad
    assert not isinstance(made + 1, nn.Parameter)
