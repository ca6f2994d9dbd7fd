"""Functions of which only parts become machine code: results, exceptions, reasons."""

from __future__ import annotations

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit.ir.verifier import assert_valid
from jit.passes import partition
from jit.runtime.codegen import program
from jit.runtime.codegen.kinds import Declined
from jit.runtime.executor import Executor, enable_native


def two_loops(a: int, b: int, s: str) -> str:
    t, v = 0, 0
    for i in range(a):
        t += i * b
    u = s * 2
    for i in range(a):
        t += i // b
        v = t * t + 1
    return u + str(t) + str(v)


def parts_of_a_loop(a: int, b: int) -> int:
    t = 0
    for i in range(a):
        c = a * b + i
        t += len("x" * i) + c * 2 // b
    return t


def caught(a: int, b: int) -> str:
    r = ""
    try:
        c = a * 3 + b
        r = str(c // b)
    except ZeroDivisionError:
        r = "zero"
    return r


def calls_texts(a: int) -> int:
    b = a * a + 1
    return length(b) + b * 2 - 1


def length(a: int) -> int:
    return len("x" * a)


CASES = [
    (two_loops, [(5, 2, "a"), (3, 0, "b"), (2**40, 2**62, "z")]),
    (parts_of_a_loop, [(5, 2), (3, 0), (4, 2**62)]),
    (caught, [(1, 2), (1, 0), (2**62, 1)]),
    (calls_texts, [(3,), (0,), (2**62,)]),
]


def outcome(executor, name, args):
    try:
        return executor.call(name, args)
    except Exception as error:
        return type(error), str(error), error.__notes__


def refuse_objects(*_):
    raise Declined("there are no Python objects here")


@pytest.mark.parametrize(
    ("function", "calls"), CASES, ids=[f.__name__ for f, _ in CASES]
)
def test_parts_run_as_the_whole_would(function, calls, monkeypatch):
    monkeypatch.setattr(program, "_compile_objects", refuse_objects)
    scripted = jit.script(function)
    name = scripted.qualified_name
    before = enable_native(False)
    try:
        slow = Executor(scripted.program)
        expected = [outcome(slow, name, args) for args in calls]
        enable_native(True)
        fast = Executor(scripted.program)
        assert expected == [outcome(fast, name, args) for args in calls]
        explanation = fast.explain(name, calls[0])
    finally:
        enable_native(before)
    assert not explanation.is_native
    assert explanation.regions == len(explanation.codes) > 0
    assert all(reason.why for reason in explanation.reasons)
    assert_valid(fast.graph_for(name, calls[0]))


def test_a_run_is_taken_out_and_replaced():
    graph = jit.script(two_loops).graph.copy()
    texts = ("aten::mul.left_str", "aten::mul.str", "aten::str", "aten::add.str")
    found = partition.runs(graph, lambda node: node.full_name not in texts)
    assert 2 == len(found)
    for nodes in found:
        partition.replace(nodes, partition.extract(nodes))
    assert_valid(graph)
    assert 2 == len(graph.find_nodes("prim::NativeRegion"))
    assert not graph.find_nodes("prim::Loop")
