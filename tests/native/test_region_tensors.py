"""Views, new tensors and elements: machine code agrees with the interpreter.

Values, strides, what shares memory with what, which result is which argument, exceptions,
and that no memory is left behind.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit.runtime.ops  # noqa: F401 - the cards
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.dtypes import dtype_of
from jit.ir.graph import Graph
from jit.ir.parser import parse_graph
from jit.passes import pipeline
from jit.runtime import bytecode
from jit.runtime.codegen.process import memory
from jit.runtime.codegen.program import compile_graph
from jit.runtime.grad_mode import set_flags
from jit.runtime.parameter import Parameter
from jit.runtime.tensor import Tensor, wrap


def count_up(*sizes, dtype="f4"):
    return wrap(np.arange(int(np.prod(sizes)), dtype=dtype).reshape(sizes))


PLAIN = count_up(2, 3)
TRANSPOSED = wrap(count_up(3, 2).array.T)
STRIDED = wrap(count_up(4, 6).array[::2, ::-2])
EMPTY = count_up(0, 3)
ONE = count_up(1, 1)

CONSTANTS = {
    "m1": "int = prim::Constant[value=-1]()",
    "c0": "int = prim::Constant[value=0]()",
    "c1": "int = prim::Constant[value=1]()",
    "c2": "int = prim::Constant[value=2]()",
    "none": "NoneType = prim::Constant()",
    "false": "bool = prim::Constant[value=0]()",
}


def graph_of(inputs, body, result="%r"):
    lines = [f"  %{n} : {t}" for n, t in CONSTANTS.items() if f"%{n}" in body]
    text = "\n".join([f"graph({inputs}):", *lines, body, f"  return ({result})", ""])
    return pipeline.optimize(parse_graph(text))


def shown(value, args):
    if isinstance(value, tuple):
        return tuple(shown(item, args) for item in value)
    if not isinstance(value, Tensor):
        return repr(value)
    array = value.array
    tensors = [a for a in args if isinstance(a, Tensor)]
    shared = [np.may_share_memory(array, a.array) for a in tensors]
    # new memory is contiguous in machine code, whatever order NumPy gives it
    strides = array.strides if array.size and any(shared) else None
    same = [i for i, a in enumerate(args) if a is value]
    flags = array.flags.writeable
    return same, array.dtype, array.shape, strides, array.tolist(), flags, shared


def outcome(run, args):
    try:
        result = run(*args)
    except Exception as error:
        return type(error), str(error), error.__notes__
    return shown(result, args)


MATRIX = "%x : Float(*, *)"
WITH_INT = "%x : Float(*, *), %i : int"
WITH_INTS = "%x : Float(*, *), %i : int, %j : int"
LIST = "  %l : int[] = prim::ListConstruct(%i, %j)\n"

CASES = {
    "transpose": (
        MATRIX, "  %r : Tensor = aten::transpose.int(%x, %c0, %m1)",
        [(PLAIN,), (TRANSPOSED,), (STRIDED,), (EMPTY,)],
    ),
    "t": (MATRIX, "  %r : Tensor = aten::t(%x)", [(PLAIN,), (STRIDED,)]),
    "unsqueeze": (
        MATRIX, "  %r : Tensor = aten::unsqueeze(%x, %m1)", [(PLAIN,), (STRIDED,)],
    ),
    "select": (
        WITH_INT, "  %r : Tensor = aten::select.int(%x, %c0, %i)",
        [(PLAIN, 0), (PLAIN, -1), (STRIDED, 1), (PLAIN, 2), (PLAIN, -3), (EMPTY, 0)],
    ),
    "slice": (
        WITH_INT, "  %r : Tensor = aten::slice.Tensor(%x, %c1, %i, %none, %c2)",
        [(PLAIN, 0), (PLAIN, -1), (STRIDED, 1), (PLAIN, 5), (PLAIN, -9)],
    ),
    "view": (
        WITH_INTS, LIST + "  %r : Tensor = aten::view(%x, %l)",
        [(PLAIN, 3, 2), (PLAIN, -1, 6), (PLAIN, -1, 4), (TRANSPOSED, 3, 2),
         (TRANSPOSED, 2, 3), (STRIDED, 3, 2), (STRIDED, -1, 3), (PLAIN, -1, -1),
         (PLAIN, -2, 3), (EMPTY, -1, 0), (EMPTY, 0, 5)],
    ),
    "reshape": (
        WITH_INTS, LIST + "  %r : Tensor = aten::reshape(%x, %l)",
        [(PLAIN, 3, 2), (TRANSPOSED, 3, 2), (TRANSPOSED, 2, 3), (STRIDED, 3, 2),
         (STRIDED, 6, -1), (PLAIN, 7, 1)],
    ),
    "flatten": (
        MATRIX, "  %r : Tensor = aten::flatten.using_ints(%x, %c0, %m1)",
        [(PLAIN,), (TRANSPOSED,), (STRIDED,), (EMPTY,)],
    ),
    "expand": (
        WITH_INTS, LIST + "  %r : Tensor = aten::expand(%x, %l, %false)",
        [(ONE, 3, 2), (count_up(1, 3), 2, -1), (PLAIN, 3, 3), (ONE, 0, 0)],
    ),
    "filled": (
        WITH_INTS,
        LIST + "  %z : Tensor = aten::zeros(%l, %none, %none, %none, %none)\n"
        "  %o : Tensor = aten::ones(%l, %none, %none, %none, %none)\n"
        "  %v : Tensor = aten::t(%o)\n"
        "  %r : (Tensor, Tensor, Tensor, Tensor) ="
        " prim::TupleConstruct(%z, %o, %o, %v)",
        [(PLAIN, 2, 3), (PLAIN, 0, 3), (PLAIN, -1, 3), (PLAIN, 2**62, 2**3)],
    ),
    "a view of new memory": (
        WITH_INTS,
        LIST + "  %o : Tensor = aten::ones(%l, %none, %none, %none, %none)\n"
        "  %r : Tensor = aten::t(%o)",
        [(PLAIN, 2, 3), (PLAIN, 0, 3)],
    ),
    "a number of a tensor": (
        MATRIX, "  %r : float = aten::Float.Tensor(%x)", [(ONE,), (PLAIN,)],
    ),
    "a branch": (
        MATRIX,
        "  %s : int = aten::size.int(%x, %c0)\n"
        "  %b : bool = aten::gt.int(%s, %c1)\n"
        "  %r : Tensor = prim::If(%b)\n"
        "    block0():\n      -> (%x)\n"
        "    block1():\n      %t : Tensor = aten::t(%x)\n      -> (%t)",
        [(PLAIN,), (ONE,)],
    ),
    "a loop of changing sizes": (
        WITH_INT,
        "  %true : bool = prim::Constant[value=1]()\n"
        "  %r : Float(*, *) = prim::Loop(%i, %true, %x)\n"
        "    block0(%k : int, %y : Float(*, *)):\n"
        "      %z : Tensor = aten::slice.Tensor(%y, %c0, %c1, %none, %c1)\n"
        "      %w : Tensor = aten::transpose.int(%z, %c0, %c1)\n"
        "      %m : int[] = aten::size(%w)\n"
        "      %p : Tensor = aten::reshape(%w, %m)\n"
        "      %q : Float(*, *) = aten::zeros_like(%p, %none, %none, %none, %none,"
        " %none)\n"
        "      -> (%true, %q)",
        [(count_up(5, 6), n) for n in (0, 1, 2, 7)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_machine_code_agrees_with_the_interpreter(name):
    inputs, body, calls = CASES[name]
    graph = graph_of(inputs, body)
    made = compile_graph(graph, "graph", lambda name, types: graph)
    assert not isinstance(made, list), list(map(str, made))
    native = made.function(lambda *args: pytest.fail(f"{args} missed"))
    code = bytecode.assemble(graph)
    for args in calls:
        expected = outcome(lambda *a: bytecode.run(code, a), args)
        used = memory.statistics().current
        assert expected == outcome(native, args), args
        assert used == memory.statistics().current, args


def test_arguments_of_another_dtype_or_rank_miss():
    graph = graph_of(MATRIX, "  %r : Tensor = aten::t(%x)")
    made = compile_graph(graph, "graph", lambda name, types: graph)
    native = made.function(lambda *args: "slow")
    for given in (
        count_up(2, 3, dtype="f8"), count_up(3), PLAIN.array, 3,
        wrap(np.ones((2, 3), ">f4")),
    ):  # fmt: skip
        assert "slow" == native(given)


def test_tensors_that_require_gradients_are_taken_where_gradients_are_off():
    graph = graph_of(MATRIX, "  %r : Tensor = aten::t(%x)")
    made = compile_graph(graph, "graph", lambda name, types: graph)
    native = made.function(lambda *args: "slow")
    parameter = Parameter(wrap(np.ones((2, 3), "f4")))
    for given in (parameter, wrap(np.ones((2, 3), "f4")).requires_grad_()):
        assert "slow" == native(given)  # it has to write the tape
        set_flags(False)
        try:
            result = native(given)
        finally:
            set_flags(True)
        assert (3, 2) == result.shape
        assert not result.requires_grad


def test_constants_are_read_and_returned_as_they_are():
    constant = count_up(2, 3).array
    graph = Graph()
    row = graph.add_input(T.INT, "i")
    build = Builder(graph)
    held = build.constant(constant, T.TensorType(dtype_of(constant.dtype), (2, 3)))
    part = build.op("aten::select", held, 0, row)
    graph.block.add_return(build.tuple([held, part]))
    made = compile_graph(graph, "graph", lambda name, types: graph)
    assert not isinstance(made, list), list(map(str, made))
    native = made.function(lambda *args: "slow")
    whole, part = native(1)
    assert [[0, 1, 2], [3, 4, 5]] == whole.tolist()
    assert [3, 4, 5] == part.tolist()
    assert np.may_share_memory(whole.array, part.array)
    assert whole is native(0)[0]


def test_arrays_come_back_as_arrays():
    graph = parse_graph("graph(%x : Array[float64](*, *)):\n  return (%x)\n")
    made = compile_graph(graph, "graph", lambda name, types: graph)
    native = made.function(lambda *args: "slow")
    given = np.ones((2, 3))
    assert given is native(given)
    assert "slow" == native(wrap(given))
