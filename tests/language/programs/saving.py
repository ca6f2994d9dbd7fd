"""Saving and loading."""

import torch
import io
import os
import tempfile

from tests.language.corpus import scenario

# Tensors of every dtype, and views, keep dtype and shape in a file.


class Store(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("a", torch.tensor([True, False]))
        self.register_buffer("b", torch.tensor([1, 255], dtype=torch.uint8))
        self.register_buffer("c", torch.tensor([-1, 2], dtype=torch.int32))
        self.register_buffer("d", torch.tensor([1e-300, 0.1], dtype=torch.float64))
        self.register_buffer("e", torch.tensor([0.5, 2.0], dtype=torch.float16))
        self.register_buffer("f", torch.arange(6).reshape(2, 3).t())
        self.register_buffer("g", torch.zeros(0, 3))
        self.register_buffer("h", torch.tensor(float("nan")))

    def forward(self, i: int):
        return self.a, self.b, self.c, self.d, self.e, self.f[i], self.g, self.h


@scenario
def dtypes():
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(Store()), buffer)
    buffer.seek(0)
    m = torch.jit.load(buffer)
    yield "forward", m(1)
    yield "transposed", m.f


# A scripted function, saved and loaded, gives the same results.


@torch.jit.script
def function_collatz(n: int):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@torch.jit.script
def function_pieces(x, k: float):
    if k > 0:
        return x * k, [x + 1, x - 1]
    return -x, [x]


def reload(f):
    buffer = io.BytesIO()
    torch.jit.save(f, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer)


@scenario
def function():
    f = reload(function_collatz)
    for n in [1, 27]:
        yield f"collatz {n}", f(n)
    g = reload(function_pieces)
    yield "positive", g(torch.tensor([1.0, 2.0]), 0.5)
    yield "negative", g(torch.tensor([1.0, 2.0]), -1.0)
    yield "saved twice", reload(g)(torch.ones(1), 3.0)


# A saved function carries its callees.


def inner(x, n: int):
    for i in range(n):
        x = x * 2
    return x


@torch.jit.script
def function_with_callees(x, n: int):
    if n < 0:
        raise ValueError("negative")
    return inner(x, n) + inner(x, 1)


@scenario
def function_with_callees_scenario():
    buffer = io.BytesIO()
    torch.jit.save(function_with_callees, buffer)
    buffer.seek(0)
    f = torch.jit.load(buffer)
    for n in [0, 3]:
        yield f"{n}", f(torch.ones(2), n)
    yield "raises", lambda: f(torch.ones(2), -1)


# The method `save` writes to a path what load reads back.


@torch.jit.script
def method(x, s: str):
    return x + len(s), s + "!"


@scenario
def method_scenario():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "f.pt")
        method.save(path)
        g = torch.jit.load(path)
    yield "same", g(torch.ones(2), "abc")
    yield "empty", g(torch.zeros(0), "")


# A scripted module, saved and loaded, keeps state, methods and mode.


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
        self.register_buffer("calls", torch.tensor(0))
        self.name = "net"
        self.act = torch.nn.ReLU()

    def forward(self, x):
        self.calls += 1
        y = self.act(x * self.w)
        if self.training:
            y = y + 100
        return y, self.calls * 1, self.name

    @torch.jit.export
    def scaled(self, x):
        return x * 2


@scenario
def module():
    m = torch.jit.script(Net())
    m.eval()
    yield "before", m(torch.tensor([1.0, -1.0]))
    buffer = io.BytesIO()
    torch.jit.save(m, buffer)
    buffer.seek(0)
    n = torch.jit.load(buffer)
    yield "after", n(torch.tensor([1.0, -1.0]))
    yield "method", n.scaled(torch.ones(1))
    yield "training", n.training
    yield "original", m.calls
    yield "attribute", n.name
    yield "keys", sorted(n.state_dict().keys())


# A traced function and a traced module, saved and loaded.


def f(x):
    return x * 2 + 1, x.sum()


def traced_reload(g):
    buffer = io.BytesIO()
    torch.jit.save(g, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer)


@scenario
def traced():
    g = traced_reload(torch.jit.trace(f, torch.ones(2)))
    yield "function", g(torch.arange(3.0))
    lin = torch.nn.Linear(2, 1)
    lin.load_state_dict({"weight": torch.tensor([[2.0, 3.0]]), "bias": torch.ones(1)})
    m = traced_reload(torch.jit.trace(lin, torch.ones(1, 2)))
    yield "module", m(torch.tensor([[1.0, 1.0], [0.0, -1.0]]))
    yield "weight", m.weight
