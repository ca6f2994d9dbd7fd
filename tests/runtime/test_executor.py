"""The executor: arguments, specialisation, calls between functions, threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  declares the cards
from jit.ir import types as T
from jit.ir.parser import parse_graph
from jit.ir.program import Function, Program
from jit.ir.schema import parse_schema
from jit.runtime.executor import Executor
from jit.runtime.tensor import Tensor, wrap


def program_of(**functions: tuple[str, str]) -> Program:
    """A program of functions: schema behind the name, graph."""
    program = Program()
    for name, (schema, text) in functions.items():
        graph = parse_graph(text)
        parsed = parse_schema(f"m.{name}{schema}")
        program.add_function(Function(name, graph, parsed))
    return program


DOUBLE = (
    "(Tensor x, int n=2) -> Tensor",
    """graph(%x : Tensor, %n : int):
  %r : Tensor = aten::mul(%x, %n)
  return (%r)
""",
)
PICK = (
    "(int[] l, float f, str? s=None) -> (int[], float, str?)",
    """graph(%l : int[], %f : float, %s : str?):
  %r : (int[], float, str?) = prim::TupleConstruct(%l, %f, %s)
  return (%r)
""",
)


@pytest.fixture(params=[True, False], ids=["optimised", "as captured"])
def executor(request):
    program = program_of(double=DOUBLE, pick=PICK)
    return Executor(program, optimize=request.param)


# arguments --------------------------------------------------------------------------


def test_missing_arguments_get_their_defaults(executor):
    x = wrap(np.array([1.0, 2.0]))

    assert [2.0, 4.0] == executor.call("double", [x]).tolist()
    assert [3.0, 6.0] == executor.call("double", [x, 3]).tolist()


def test_arrays_become_tensors(executor):
    result = executor.call("double", [np.array([1.0])])

    assert Tensor is type(result)


def test_tuples_become_lists_and_ints_become_floats(executor):
    result = executor.call("pick", [(1, 2), 3, "s"])

    assert ([1, 2], 3.0, "s") == result
    assert float is type(result[1])


def test_lists_are_copied(executor):
    given = [1, 2]
    result = executor.call("pick", [given, 1.0])

    assert given == result[0]
    assert given is not result[0]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            [1],
            "double() Expected a value of type 'Tensor' for argument 'x' but instead"
            " found type 'int'.\nPosition: 0\nValue: 1\nDeclaration: ",
        ),
        (
            [np.ones(1), 1.5],
            "double() Expected a value of type 'int' for argument 'n' but instead"
            " found type 'float'.\nPosition: 1\nValue: 1.5\nDeclaration: ",
        ),
    ],
)
def test_other_types_are_refused_by_name(executor, args, message):
    with pytest.raises(TypeError) as raised:
        executor.call("double", args)

    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], r"double\(\) is missing a value for argument 'x'"),
        ([1, 2, 3], r"double\(\) takes 2 arguments, not 3"),
    ],
)
def test_the_number_of_arguments_is_checked(executor, args, message):
    with pytest.raises(TypeError, match=message):
        executor.call("double", args)


def test_elements_of_lists_are_checked(executor):
    with pytest.raises(TypeError, match=r"'int\[\]' for argument 'l' but .* 'str\[\]'"):
        executor.call("pick", [["a"], 1.0])


def test_ints_of_more_than_64_bits_are_refused(executor):
    with pytest.raises(OverflowError, match="64 bits"):
        executor.call("double", [np.ones(1), 2**63])


def test_unknown_functions_are_named(executor):
    with pytest.raises(NameError, match="the program has no function `other`"):
        executor.call("other", [])


# specialisation ---------------------------------------------------------------------


def test_a_function_is_compiled_once_for_each_dtype_and_rank():
    executor = Executor(program_of(double=DOUBLE))
    for sizes in ((2,), (3,), (0,)):
        executor.call("double", [np.ones(sizes, np.float32)])
    executor.call("double", [np.ones((2, 2), np.float32)])
    executor.call("double", [np.ones(2, np.int64)])

    assert [
        "double(Float(*), int)",
        "double(Float(*, *), int)",
        "double(Long(*), int)",
    ] == [str(s) for s in executor.specialisations("double")]


def test_a_miss_can_be_explained():
    executor = Executor(program_of(double=DOUBLE))
    executor.call("double", [np.ones(2, np.float32)])
    executor.call("double", [np.ones((), np.float32)])
    first, second = executor.specialisations("double")

    assert "argument 0 is `Float()`, not `Float(*)`" == second.difference(first)


def test_the_optimised_graph_knows_dtypes_and_the_captured_one_does_not_change():
    program = program_of(double=DOUBLE)
    before = str(program.functions["double"].graph)
    graph = Executor(program).graph_for("double", [np.ones(2, np.float32)])

    assert "Float(*)" == str(graph.outputs[0].type)
    assert before == str(program.functions["double"].graph)


def test_without_optimisation_the_captured_graph_runs():
    program = program_of(double=DOUBLE)
    executor = Executor(program, optimize=False)

    assert program.functions["double"].graph is executor.graph_for(
        "double", [np.ones(1)]
    )


def test_another_level_of_algebra_compiles_again():
    from jit import passes

    executor = Executor(program_of(double=DOUBLE))
    executor.call("double", [np.ones(1)])
    before = passes.set_math("strict")
    try:
        executor.call("double", [np.ones(1)])
    finally:
        passes.set_math(before)

    assert 2 == len(executor.specialisations("double"))


# calls ------------------------------------------------------------------------------

EVEN = (
    "(int n) -> bool",
    """graph(%n : int):
  %zero : int = prim::Constant[value=0]()
  %one : int = prim::Constant[value=1]()
  %true : bool = prim::Constant[value=True]()
  %odd : Function<odd> = prim::Constant[name="odd"]()
  %stop : bool = aten::eq(%n, %zero)
  %r : bool = prim::If(%stop)
    block0():
      -> (%true)
    block1():
      %less : int = aten::sub(%n, %one)
      %inner : bool = prim::CallFunction(%odd, %less)
      -> (%inner)
  return (%r)
""",
)
ODD = (
    "(int n) -> bool",
    """graph(%n : int):
  %even : Function<even> = prim::Constant[name="even"]()
  %inner : bool = prim::CallFunction(%even, %n)
  %r : bool = aten::__not__(%inner)
  return (%r)
""",
)


@pytest.mark.parametrize("optimize", [True, False])
def test_functions_may_call_each_other_in_a_circle(optimize):
    executor = Executor(program_of(even=EVEN, odd=ODD), optimize=optimize)

    assert [True, False, True] == [executor.call("even", [n]) for n in (0, 1, 10)]


def test_an_executor_serves_several_threads():
    executor = Executor(program_of(double=DOUBLE, even=EVEN, odd=ODD))
    failures = []

    def work(rank):
        x = np.ones((2,) * rank)
        for n in range(20):
            if executor.call("double", [x, n]).array.sum() != n * x.sum():
                failures.append((rank, n))
            if executor.call("even", [n]) != (n % 2 == 0):
                failures.append(n)

    threads = [threading.Thread(target=work, args=[rank]) for rank in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()

    assert [] == failures
    assert 5 == len(executor.specialisations("double"))


def test_named_tuples_are_taken_by_their_fields():
    from collections import namedtuple

    point = T.NamedTupleType("m.Point", (("x", T.INT), ("y", T.INT)))
    program = Program()
    graph = parse_graph(
        f"""graph(%p : {point}):
  %x : int, %y : int = prim::TupleUnpack(%p)
  %s : int = aten::sub(%x, %y)
  return (%s)
"""
    )
    schema = parse_schema(f"m.f({point} p) -> int")
    program.add_function(Function("f", graph, schema))
    executor = Executor(program)

    assert 2 == executor.call("f", [namedtuple("Point", "x y")(5, 3)])
    assert 2 == executor.call("f", [(5, 3)])
