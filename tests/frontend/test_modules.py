"""Scripted modules give what the modules give, and share types where they are equal."""

from __future__ import annotations

import copy
from typing import Final

import pytest

import jit
from jit import torch
from jit.ir.verifier import check_program

F = torch.nn.functional
nn = torch.nn
X = torch.arange(12.0).reshape(3, 4) / 10

CASES = []


def case(*inputs):
    """Add a class of modules with inputs, given one after the other."""

    def add(cls):
        CASES.append((cls, inputs))
        return cls

    return add


@case(X)
class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 5)
        self.fc2 = nn.Linear(5, 2)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


@case(X)
class Seq(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(4, 5),
            nn.GELU(),
            nn.LayerNorm(5),
            nn.Dropout(0.5),
            nn.Linear(5, 2),
        )
        self.eval()

    def forward(self, x):
        return self.net(x)


@case(torch.arange(128.0).reshape(2, 1, 8, 8) / 100)
class Conv(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(1, 3, 3, padding=1)
        self.bn = nn.BatchNorm2d(3)
        self.p = nn.MaxPool2d(2)
        self.f = nn.Flatten()
        self.fc = nn.Linear(48, 2)
        self.eval()

    def forward(self, x):
        return self.fc(self.f(self.p(torch.relu(self.bn(self.c(x))))))


@case(torch.arange(128.0).reshape(2, 1, 8, 8) / 100)
class ConvTrain(Conv):
    def __init__(self):
        super().__init__()
        self.train()


@case(X)
class ModList(nn.Module):
    scale: Final[float]

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.scale = 2.0
        self.use = True
        self.extra = None
        self.act = F.relu

    def helper(self, x, k: int = 2):
        return x * k

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = self.act(layer(x)) + i
        if self.extra is not None:
            x = self.extra(x)
        x = self.layers[0](x) + self.layers[-1](x) * len(self.layers)
        for layer in self.layers[1:]:
            x = layer(x)
        return self.helper(x) * self.scale


@case(X, X)
class Counter(nn.Module):
    n: int
    log: list[int]

    def __init__(self):
        super().__init__()
        self.n = 0
        self.register_buffer("total", torch.zeros(4))
        self.log = []

    def forward(self, x):
        self.n += 1
        self.total += x.sum(0)
        self.log.append(self.n)
        self.total = self.total * 2
        return self.total, self.n, len(self.log)


@case(torch.tensor([1, 2, 0]))
class Emb(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(3, 4)

    def forward(self, i):
        return self.e(i)


@case(X)
class Prop(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 3

    @property
    def double(self):
        return self.k * 2

    @staticmethod
    def st(x):
        return x + 1

    def forward(self, x, y: torch.Tensor | None = None):
        if y is None:
            y = x
        if self.training:
            x = x + 1
        return self.st(x) * self.double + y

    @jit.export
    def other(self, x):
        return x - self.k


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 4)

    def forward(self, x):
        return self.sub(x)

    def sub(self, x):
        return x


@case(X)
class Derived(Base):
    def sub(self, x):
        return self.l(x) * 2


@case(X)
class TwoSame(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Derived()
        self.b = Derived()

    def forward(self, x):
        return self.a(x) + self.b(x)


@case(X)
class Private(nn.Module):
    def __init__(self):
        super().__init__()
        self._scale = 2.0
        self._steps = [1, 2]

    def forward(self, x):
        for step in self._steps:
            x = x * self._scale + step
        return x


@case(X)
class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleDict({"a": nn.Linear(4, 4), "bc": nn.Tanh()})

    def forward(self, x):
        letters = 0
        for name, part in self.parts.items():
            x = part(x)
            letters += len(name)
        for part in self.parts.values():
            x = part(x)
        for name in self.parts:
            letters += len(name)
        if "a" in self.parts:
            x = self.parts["a"](x)
        return x + len(self.parts) + letters


@case(X, X)
class AnnotatedInInit(nn.Module):
    def __init__(self):
        super().__init__()
        self.counts: list[int] = []
        self.last: torch.Tensor | None = None
        self.names: dict[str, int] = {}

    def forward(self, x):
        last = self.last
        if last is not None:
            x = x + last
        self.last = x
        self.counts.append(len(self.counts))
        self.names["n"] = len(self.names)
        return x * len(self.counts) + self.names["n"]


@case(X)
class Super(Derived):
    def forward(self, x):
        return super().forward(x) + 1


@case(X)
class Loss(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 3)
        self.c = nn.CrossEntropyLoss()

    def forward(self, x):
        y = self.l(x)
        t = torch.tensor([0, 1, 2])
        return self.c(y, t), F.softmax(y, dim=1), F.mse_loss(y, y), F.log_softmax(y, -1)


@pytest.mark.parametrize(("cls", "inputs"), CASES, ids=[c.__name__ for c, _ in CASES])
def test_a_scripted_module_gives_what_the_module_gives(cls, inputs):
    torch.manual_seed(0)
    module = cls()
    scripted = jit.script(copy.deepcopy(module))

    for x in inputs:
        expected, actual = module(x), scripted(x)
        torch.testing.assert_close(expected, actual)
    assert not check_program(scripted.program, spans=True, specs=("no_exits",))


def test_an_exported_method_is_compiled():
    module = Prop()

    torch.testing.assert_close(X - 3, jit.script(module).other(X))


def test_equal_modules_share_one_type():
    program = jit.script(TwoSame()).program

    assert [n.rpartition(".")[2] for n in program.classes] == [
        "Linear",
        "Derived",
        "TwoSame",
    ]


def test_modules_with_different_constants_have_different_types():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = ModList(), ModList()
            self.b.scale = 3.0

        def forward(self, x):
            return self.a(x), self.b(x)

    pair = Pair()
    scripted = jit.script(pair)

    assert 2 == sum("ModList" in name for name in scripted.program.classes)
    torch.testing.assert_close(pair(X), scripted(X))


def test_a_scripted_submodule_keeps_its_compiled_methods():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = jit.script(MLP())

        def forward(self, x):
            return self.inner(x) * 2

    outer = Outer()

    torch.testing.assert_close(outer(X), jit.script(outer)(X))


def test_an_error_in_a_method_tells_the_calls_that_led_there():
    class Wrong(nn.Module):
        def forward(self, x):
            return self.helper(x)

        def helper(self, x):
            return x.nonexistent

    with pytest.raises(jit.Error) as caught:
        jit.script(Wrong())
    (diagnostic,) = caught.value.diagnostics
    assert "E0204" == diagnostic.code
    assert ["return self.helper(x)"] == [span.text for span in diagnostic.stack]


class ListOfModules(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = [nn.Linear(4, 4)]

    def forward(self, x):
        return self.parts[0](x)


class DictOfModules(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = {"a": nn.Linear(4, 4)}

    def forward(self, x):
        return self.parts["a"](x)


@pytest.mark.parametrize(
    ("cls", "container"), [(ListOfModules, "ModuleList"), (DictOfModules, "ModuleDict")]
)
def test_a_plain_container_of_modules_is_refused_with_the_right_one(cls, container):
    with pytest.raises(
        jit.CompileError, match=f"keep modules in a `torch.nn.{container}"
    ):
        jit.script(cls())


def test_a_literal_key_that_a_module_dict_lacks_is_told_with_those_it_has():
    class Chosen(ByName):
        def forward(self, x):
            return self.parts["b"](x)

    with pytest.raises(jit.CompileError, match='under this key, but under "a", "bc"'):
        jit.script(Chosen())
