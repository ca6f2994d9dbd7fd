"""`@jit.ignore` stays Python, `@jit.unused` raises when it is called."""

from __future__ import annotations

import io

import pytest

import jit
from jit import torch

SEEN: list[object] = []


@jit.ignore
def note(x, n: int = 2) -> int:
    SEEN.append((x.tolist(), n))
    return sum(yield_ones(n))


def yield_ones(n):
    yield from [1] * n


@jit.ignore
def shout(text: str) -> None:
    SEEN.append(text.upper())


@jit.ignore
def halve(x: torch.Tensor) -> torch.Tensor:
    x *= 0.5
    return x


@jit.ignore
def lie(x) -> int:
    return "no int"


@jit.unused
def later(x, y):
    yield x


def calls(x, n: int):
    total = note(x) + note(x, n=n)
    shout("a" * total)
    y = halve(x)
    return total, y + x


@pytest.fixture(params=["interpreter", "native"])
def mode(request, monkeypatch):
    from jit.runtime.executor import enable_native

    SEEN.clear()
    before = enable_native(request.param == "native")
    yield
    enable_native(before)


def test_an_ignored_function_is_called_in_python(mode):
    x = torch.tensor([4.0, 8.0])
    total, doubled = jit.script(calls)(x, 3)

    assert 5 == total
    assert [([4.0, 8.0], 2), ([4.0, 8.0], 3), "AAAAA"] == SEEN
    assert [2.0, 4.0] == x.tolist()
    assert [4.0, 8.0] == doubled.tolist()


def test_what_it_returns_is_what_it_says(mode):
    def f(x):
        return lie(x) + 1

    with pytest.raises(TypeError, match="declared to return 'int' and returned 'str'"):
        jit.script(f)(torch.ones(1))


def test_it_is_called_though_nobody_reads_its_result(mode):
    def f(x):
        for i in range(3):
            shout("b")
        return x

    jit.script(f)(torch.ones(1))
    assert ["B"] * 3 == SEEN


def test_a_program_that_calls_python_is_not_saved():
    with pytest.raises(jit.ArchiveError, match="marked `@ignore` and stays") as error:
        jit.script(calls).save(io.BytesIO())

    assert "E0809" == error.value.code


def test_an_unused_function_raises_where_it_is_called(mode):
    def f(x):
        if x.sum() > 0:
            return later(x, 3)
        return x

    scripted = jit.script(f)

    assert [-1.0] == scripted(-torch.ones(1)).tolist()
    with pytest.raises(RuntimeError, match="`later` is marked `@unused`"):
        scripted(torch.ones(1))
    buffer = io.BytesIO()
    scripted.save(buffer)
    buffer.seek(0)
    assert [-1.0] == jit.load(buffer)(-torch.ones(1)).tolist()


class Counter:
    def __init__(self, n: int):
        self.n = n

    @jit.ignore
    def describe(self, sign: str) -> str:
        return f"{sign}{self.n}".join("<>")

    def twice(self) -> str:
        return self.describe("+") + self.describe("-")


def test_an_ignored_method_gets_the_instance(mode):
    def f(n: int):
        return Counter(n).twice()

    assert f(3) == jit.script(f)(3)


class Net(torch.nn.Module):
    @jit.ignore
    def report(self, x) -> int:
        return 1

    @jit.unused
    def other(self, x):
        return x

    def forward(self, x, n: int):
        if n > 2:
            return self.other(x)
        return x + 1


class Reporting(Net):
    def forward(self, x, n: int):
        return x + self.report(x)


def test_methods_of_modules(mode):
    scripted = jit.script(Net())

    assert [2.0] == scripted(torch.ones(1), 1).tolist()
    with pytest.raises(RuntimeError, match="`other` is marked `@unused`"):
        scripted(torch.ones(1), 3)
    with pytest.raises(jit.CompileError, match="needs the Python object") as error:
        jit.script(Reporting())
    assert "E0205" == error.value.code
