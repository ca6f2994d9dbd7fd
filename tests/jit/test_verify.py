"""`jit.verify`: every way to run a call, compared."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import jit
from jit import torch
from jit.passes import dce
from jit.runtime.executor import enable_native
from jit.torch import nn


@jit.script
def decide(x, n: int):
    total = torch.zeros_like(x)
    for i in range(n):
        if i % 2 == 0:
            continue
        total += x * i
    if n > 100:
        raise ValueError(f"too many: {n}")
    print(n)
    return total


def test_the_ways_that_agree_are_listed() -> None:
    done = jit.verify(decide, torch.ones(3), 4)

    assert "plain Python" == done.ways[0]
    assert {"the graph as captured", "a usual call", "saved and loaded"} <= {*done.ways}
    assert any(way.startswith("the graph after `") for way in done.ways)


def test_equal_exceptions_agree() -> None:
    assert jit.verify(decide, torch.ones(3), 101).ways


def test_modules_and_traces_are_verified() -> None:
    module = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5), nn.ReLU())
    traced = jit.trace(lambda x: (x * 2).relu_(), torch.ones(3))

    assert "saved and loaded" in jit.verify(jit.script(module), torch.ones(2, 4)).ways
    assert "saved and loaded" in jit.verify(traced, -torch.ones(5)).ways


def test_a_pass_that_changes_the_meaning_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(graph):
        for node in graph.all_nodes:
            if node.kind == "aten::sub":
                node.kind = "aten::add"
                return True
        return False

    @jit.script
    def f(x, y):
        return x.sin() - y

    monkeypatch.setattr(dce, "run", wrong)
    with pytest.raises(jit.VerificationError, match="after `dce`") as caught:
        jit.verify(f, torch.ones(2), torch.ones(2))

    assert "E0702" == caught.value.code
    assert "they part at `aten::add.Tensor` in line" in str(caught.value)


@pytest.fixture
def native() -> Iterator[None]:
    pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")
    before = enable_native(True)
    yield
    enable_native(before)


def test_machine_code_is_one_of_the_ways(native: None) -> None:
    assert "machine code" in jit.verify(decide, torch.ones(3), 4).ways


def test_a_node_whose_machine_code_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, native: None
) -> None:
    from jit.runtime.codegen import lowering

    def wrong(region, node):
        return region.b.mul(*region.numbers(node))

    @jit.script
    def f(x: int, y: int) -> int:
        z = x * y
        return z + x

    lowering._load_families()
    monkeypatch.setenv("JIT_CACHE", "0")
    monkeypatch.setitem(lowering._table, "aten::add.int", wrong)
    with pytest.raises(jit.VerificationError, match="machine code does not") as caught:
        jit.verify(f, 2, 3)

    assert "they part at `aten::add.int` in line" in str(caught.value)


def test_arguments_are_left_as_they_were() -> None:
    @jit.script
    def f(x):
        return x.add_(1)

    x = torch.zeros(2)
    jit.verify(f, x)

    assert [0.0, 0.0] == x.tolist()


def test_what_was_not_captured_is_refused() -> None:
    with pytest.raises(TypeError, match="was not captured"):
        jit.verify(lambda x: x, torch.ones(1))
