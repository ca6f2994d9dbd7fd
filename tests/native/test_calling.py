"""The callable type: attributes, methods, collection, calls from many threads."""

from __future__ import annotations

import gc
import sys
import threading
import weakref

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit.runtime.ops  # noqa: F401 - the cards
from jit.ir.parser import parse_graph
from jit.runtime.codegen.calls import calling
from jit.runtime.codegen.program import compile_graph

ADD = """graph(%a : int, %b : int):
  %r : int = aten::add.int(%a, %b)
  return (%r)
"""
PARTS = """graph(%t : (int, (float, bool)), %n : NoneType):
  return (%t)
"""
ENDLESS = """graph(%n : int):
  %zero : int = prim::Constant[value=0]()
  %true : bool = prim::Constant[value=1]()
  %r : int = prim::Loop(%n, %true, %zero)
    block0(%i : int, %s : int):
      %x : int = aten::__xor__.int(%s, %i)
      -> (%true, %x)
  return (%r)
"""


def make(text):
    graph = parse_graph(text)
    made = compile_graph(graph, "model.f", lambda name, types: graph)
    assert not isinstance(made, list), list(map(str, made))
    return made.function(lambda *args, **kwargs: ("slow", args, kwargs))


def test_this_interpreter_can_call_machine_code():
    assert "" == calling.problem()


def test_a_function_has_attributes_and_a_dict():
    f = make(ADD)
    f.graph = "text"
    assert "text" == f.graph
    assert "f" == f.__name__
    assert "text" == f.__dict__["graph"]


def test_a_function_in_a_class_is_a_method():
    f = make(ADD)

    class Holder:
        method = f

    holder = Holder()
    assert ("slow", (holder, 1), {}) == holder.method(1)
    assert f is Holder.method


def test_tuples_and_none_are_taken_apart_and_put_together():
    f = make(PARTS)
    assert (3, (0.5, True)) == f((3, (0.5, True)), None)
    assert "slow" == f((3, (0.5, 1)), None)[0]
    assert "slow" == f((3, (0.5, True), 2), None)[0]
    assert "slow" == f([3, (0.5, True)], None)[0]
    assert "slow" == f((3, (0.5, True)), 0)[0]


def test_functions_are_collected():
    f = make(ADD)
    f.myself = f
    gone = weakref.ref(f)
    del f
    gc.collect()
    assert gone() is None


def test_calls_keep_no_references():
    f = make(ADD)
    fail_at = 2**63 - 1
    f(1000, 2000)
    before = sys.getrefcount(None), sys.getrefcount(f)
    for _ in range(1000):
        f(1000, 2000)
        f(1.5, 2)
        with pytest.raises(OverflowError):
            f(fail_at, 1)
    after = sys.getrefcount(None), sys.getrefcount(f)
    assert abs(after[0] - before[0]) < 500
    assert before[1] == after[1]


def test_threads_call_at_once():
    f = make(ENDLESS)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(f(10**6))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [0] * 8 == results
