"""The interpreter: each instruction, exceptions and their script stacks."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401  declares the cards
from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import Card
from jit.ir.diagnostic import GraphError
from jit.ir.graph import Graph
from jit.ir.parser import parse_graph
from jit.ir.registry import _CARDS, register
from jit.ir.schema import parse_schema
from jit.ir.span import Source
from jit.runtime import bytecode
from jit.runtime.bytecode.frame import script_stack
from jit.runtime.objects import Object
from jit.runtime.program_values import FunctionReference
from jit.runtime.tensor import wrap


def run(text, *args, **keywords):
    return bytecode.run_graph(parse_graph(text), args, **keywords)


# values and registers ---------------------------------------------------------------


def test_arguments_come_back():
    assert 3 == run("graph(%x : int):\n  return (%x)", 3)


def test_a_graph_with_several_outputs_gives_a_tuple():
    assert (2, 1) == run("graph(%x : int, %y : int):\n  return (%y, %x)", 1, 2)


def test_a_graph_without_outputs_gives_an_empty_tuple():
    assert () == run("graph():\n  return ()")


def test_a_wrong_number_of_arguments_is_an_error():
    with pytest.raises(TypeError, match="takes 1 arguments, not 2"):
        run("graph(%x : int):\n  return (%x)", 1, 2)


def test_tensor_constants_are_tensors_and_shared():
    graph = Graph()
    builder = Builder(graph)
    graph.block.add_return(builder.constant(np.arange(3.0)))
    code = bytecode.assemble(graph)

    first, second = bytecode.run(code, []), bytecode.run(code, [])

    assert [0.0, 1.0, 2.0] == first.tolist()
    assert first is second


def test_array_constants_are_arrays():
    graph = Graph()
    builder = Builder(graph)
    graph.block.add_return(builder.constant(np.arange(3.0), T.ARRAY))

    assert np.ndarray is type(bytecode.run_graph(graph, []))


def test_true_and_one_are_different_constants():
    text = """graph():
  %a : int = prim::Constant[value=1]()
  %b : bool = prim::Constant[value=True]()
  %c : float = prim::Constant[value=1.0]()
  %t : (int, bool, float) = prim::TupleConstruct(%a, %b, %c)
  return (%t)
"""

    assert ["1", "True", "1.0"] == [repr(v) for v in run(text)]


def test_zero_and_negative_zero_are_different_constants():
    text = """graph():
  %a : float = prim::Constant[value=0.0]()
  %b : float = prim::Constant[value=-0.0]()
  %t : (float, float) = prim::TupleConstruct(%a, %b)
  return (%t)
"""

    assert ["0.0", "-0.0"] == [repr(v) for v in run(text)]


@pytest.fixture
def declare():
    """Declare cards for one test: `declare("test::f(int x) -> int", kernel)`."""
    kinds = []

    def declare_card(schema, function):
        parsed = parse_schema(schema)
        blanks = {"schema": parsed, "kernel": staticmethod(function)}
        kinds.append(parsed.kind)
        register(type("card", (Card,), blanks))

    yield declare_card
    for kind in kinds:
        _CARDS.pop(kind, None)


def test_registers_are_released_at_the_last_use(declare):
    class Thing:
        """Something that can be referred to weakly."""

    alive = []
    things = []

    def make():
        thing = Thing()
        things.append(weakref.ref(thing))
        return thing

    def look(number):
        alive.append(things[0]() is not None)
        return number

    declare("test::make() -> Any", make)
    declare("test::touch(Any x) -> int", lambda thing: 1)
    declare("test::look(int x) -> int", look)
    run(
        """graph(%x : int):
  %thing : Any = test::make()
  %a : int = test::look(%x)
  %b : int = test::touch(%thing)
  %c : int = test::look(%b)
  return (%c)
""",
        1,
    )

    assert [True, False] == alive


# structural kinds -------------------------------------------------------------------


def test_tuples_are_built_indexed_sliced_and_unpacked():
    text = """graph(%x : int, %y : str, %z : int):
  %t : (int, str, int) = prim::TupleConstruct(%x, %y, %z)
  %i : int = prim::Constant[value=-1]()
  %two : int = prim::Constant[value=2]()
  %zero : int = prim::Constant[value=0]()
  %last : int = prim::TupleIndex(%t, %i)
  %front : (int, str) = prim::TupleSlice(%t, %zero, %two)
  %a : int, %b : str = prim::TupleUnpack(%front)
  %r : (int, str, int) = prim::TupleConstruct(%last, %b, %a)
  return (%r)
"""

    assert (3, "y", 1) == run(text, 1, "y", 3)


def test_named_tuples_have_names():
    text = """graph(%x : int):
  %p : NamedTuple[m.Point](x : int, y : int) = prim::NamedTupleConstruct(%x, %x)
  return (%p)
"""

    point = run(text, 4)

    assert (4, 4) == (point.x, point.y)
    assert "Point(x=4, y=4)" == repr(point)


def test_lists_are_new_at_each_execution():
    text = """graph(%x : int):
  %l : int[] = prim::ListConstruct(%x)
  return (%l)
"""
    code = bytecode.assemble(parse_graph(text))

    assert bytecode.run(code, [1]) is not bytecode.run(code, [1])


def test_dicts_keep_the_order_of_their_keys():
    text = """graph(%a : str, %b : str, %x : int):
  %d : Dict(str, int) = prim::DictConstruct(%b, %x, %a, %x)
  return (%d)
"""

    assert ["b", "a"] == list(run(text, "a", "b", 1))


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([1], r"not enough values to unpack \(expected 2, got 1\)"),
        ([1, 2, 3], r"too many values to unpack \(expected 2\)"),
    ],
)
def test_lists_of_another_length_are_not_unpacked(items, message):
    text = """graph(%l : int[]):
  %a : int, %b : int = prim::ListUnpack(%l)
  return (%b)
"""
    assert 2 == run(text, [1, 2])

    with pytest.raises(ValueError, match=message):
        run(text, items)


def test_isinstance_looks_at_the_value():
    graph = Graph()
    x = graph.add_input(T.ANY, "x")
    node = Builder(graph).node(
        "prim::isinstance", [x], [T.BOOL], types=("int", "Tensor[]", "NoneType")
    )
    graph.block.add_return(node.output)
    values = [1, True, None, [wrap(np.ones(1))], [1], 1.0]

    found = [bytecode.run_graph(graph, [v]) for v in values]

    assert [True, False, True, True, False, False] == found


def test_attributes_are_read_and_written():
    graph = Graph()
    cls = T.ClassType("m.C")
    x = graph.add_input(T.INT, "x")
    builder = Builder(graph)
    instance = builder.node("prim::CreateObject", [], [cls]).output
    builder.node("prim::SetAttr", [instance, x], [], name="n")
    graph.block.add_return(
        builder.node("prim::GetAttr", [instance], [T.INT], name="n").output
    )

    assert 7 == bytecode.run_graph(graph, [7])


def test_an_attribute_that_was_never_set_is_an_attribute_error():
    graph = Graph()
    x = graph.add_input(T.ClassType("m.C"), "x")
    node = Builder(graph).node("prim::GetAttr", [x], [T.INT], name="n")
    graph.block.add_return(node.output)

    with pytest.raises(AttributeError, match="object has no attribute 'n'"):
        bytecode.run_graph(graph, [Object(T.ClassType("m.C"))])


def test_print_goes_to_standard_output(capsys):
    text = """graph(%x : int, %s : str):
   = prim::Print(%x, %s)
   = prim::Print()
  return (%x)
"""
    run(text, 3, "a b")

    assert "3 a b\n\n" == capsys.readouterr().out


# control flow -----------------------------------------------------------------------

MAXIMUM = """graph(%a : int, %b : int):
  %c : bool = aten::gt(%a, %b)
  %m : int, %w : str = prim::If(%c)
    block0():
      %first : str = prim::Constant[value="first"]()
      -> (%a, %first)
    block1():
      %second : str = prim::Constant[value="second"]()
      -> (%b, %second)
  %r : (int, str) = prim::TupleConstruct(%m, %w)
  return (%r)
"""


def test_if_runs_one_branch():
    assert (5, "first") == run(MAXIMUM, 5, 3)
    assert (5, "second") == run(MAXIMUM, 3, 5)


def test_a_branch_without_effect_and_outputs_is_skipped(capsys):
    text = """graph(%c : bool):
   = prim::If(%c)
    block0():
       = prim::Print(%c)
      -> ()
    block1():
      -> ()
  return (%c)
"""
    run(text, True)
    run(text, False)

    assert "True\n" == capsys.readouterr().out


FIBONACCI = """graph(%n : int):
  %zero : int = prim::Constant[value=0]()
  %one : int = prim::Constant[value=1]()
  %true : bool = prim::Constant[value=True]()
  %a : int, %b : int = prim::Loop(%n, %true, %zero, %one)
    block0(%i : int, %p : int, %q : int):
      %s : int = aten::add(%p, %q)
      -> (%true, %q, %s)
  return (%a)
"""


@pytest.mark.parametrize(("n", "expected"), [(-1, 0), (0, 0), (1, 1), (10, 55)])
def test_a_counted_loop_runs_n_times(n, expected):
    assert expected == run(FIBONACCI, n)


def test_a_loop_stops_when_its_condition_is_false():
    text = """graph(%n : int):
  %most : int = prim::Constant[value=9223372036854775807]()
  %two : int = prim::Constant[value=2]()
  %one : int = prim::Constant[value=1]()
  %zero : int = prim::Constant[value=0]()
  %start : bool = aten::gt(%n, %one)
  %rest : int, %steps : int = prim::Loop(%most, %start, %n, %zero)
    block0(%i : int, %x : int, %k : int):
      %half : int = aten::floordiv(%x, %two)
      %more : int = aten::add(%k, %one)
      %go : bool = aten::gt(%half, %one)
      -> (%go, %half, %more)
  return (%steps)
"""

    assert [0, 0, 1, 3, 9] == [run(text, n) for n in (0, 1, 2, 8, 1000)]


def test_carried_values_can_change_places():
    text = """graph(%n : int, %x : str, %y : str):
  %true : bool = prim::Constant[value=True]()
  %a : str, %b : str = prim::Loop(%n, %true, %x, %y)
    block0(%i : int, %p : str, %q : str):
      -> (%true, %q, %p)
  %r : (str, str) = prim::TupleConstruct(%a, %b)
  return (%r)
"""

    assert ("y", "x") == run(text, 3, "x", "y")


def test_the_condition_of_the_next_iteration_can_be_a_carried_value():
    text = """graph(%n : int, %p : bool, %q : bool):
  %false : bool = prim::Constant[value=False]()
  %zero : int = prim::Constant[value=0]()
  %one : int = prim::Constant[value=1]()
  %true : bool = prim::Constant[value=True]()
  %a : bool, %b : bool, %k : int = prim::Loop(%n, %true, %p, %q, %zero)
    block0(%i : int, %x : bool, %y : bool, %steps : int):
      %more : int = aten::add(%steps, %one)
      -> (%x, %y, %false, %more)
  return (%k)
"""

    assert [1, 2, 3] == [
        run(text, 9, p, q) for p, q in ((False, True), (True, False), (True, True))
    ]


def test_the_counter_of_a_loop_can_be_kept():
    text = """graph(%n : int):
  %true : bool = prim::Constant[value=True]()
  %zero : int = prim::Constant[value=0]()
  %last : int = prim::Loop(%n, %true, %zero)
    block0(%i : int, %p : int):
      -> (%true, %i)
  return (%last)
"""

    assert 4 == run(text, 5)


def test_an_inner_loop_may_change_a_copy_of_the_outer_counter():
    text = """graph(%n : int):
  %true : bool = prim::Constant[value=True]()
  %zero : int = prim::Constant[value=0]()
  %one : int = prim::Constant[value=1]()
  %total : int = prim::Loop(%n, %true, %zero)
    block0(%i : int, %sum : int):
      %j : int = prim::Loop(%n, %true, %i)
        block0(%k : int, %p : int):
          %next : int = aten::add(%p, %one)
          -> (%true, %next)
      %s : int = aten::add(%sum, %j)
      -> (%true, %s)
  return (%total)
"""

    assert sum(i + 4 for i in range(4)) == run(text, 4)


def test_a_fusion_group_runs_in_place():
    graph = parse_graph(
        """graph(%x : Tensor, %y : Tensor):
  %z : Tensor = prim::FusionGroup_0(%x, %y)
  %one : int = prim::Constant[value=1]()
  %r : Tensor = aten::add(%z, %x, %one)
  return (%r)
with prim::FusionGroup_0 = graph(%a : Tensor, %b : Tensor):
  %two : int = prim::Constant[value=2]()
  %s : Tensor = aten::add(%a, %b, %two)
  %m : Tensor = aten::mul(%s, %b)
  return (%m)
"""
    )
    x, y = wrap(np.array([1.0, 2.0])), wrap(np.array([3.0, 4.0]))

    assert [22.0, 42.0] == bytecode.run_graph(graph, [x, y]).tolist()


# calls ------------------------------------------------------------------------------


def linker(**texts):
    """Codes of functions by name."""
    codes = {}
    for name, text in texts.items():
        codes[name] = bytecode.assemble(parse_graph(text), name, codes.__getitem__)
    return codes


FACTORIAL = """graph(%n : int):
  %one : int = prim::Constant[value=1]()
  %f : Function<factorial> = prim::Constant[name="factorial"]()
  %c : bool = aten::le(%n, %one)
  %r : int = prim::If(%c)
    block0():
      -> (%one)
    block1():
      %less : int = aten::sub(%n, %one)
      %inner : int = prim::CallFunction(%f, %less)
      %product : int = aten::mul(%n, %inner)
      -> (%product)
  return (%r)
"""


def test_functions_call_each_other():
    codes = linker(factorial=FACTORIAL)

    assert 3628800 == bytecode.run(codes["factorial"], [10])


def test_recursion_without_end_is_a_recursion_error():
    codes = linker(
        f="""graph(%n : int):
  %f : Function<f> = prim::Constant[name="f"]()
  %r : int = prim::CallFunction(%f, %n)
  return (%r)
"""
    )

    with pytest.raises(
        RecursionError, match="maximum recursion depth exceeded"
    ) as raised:
        bytecode.run(codes["f"], [1])

    (note,) = raised.value.__notes__
    assert 42 == len(note.split("\n"))
    assert f"… {len(script_stack(raised.value)) - 40} more …" in note


def test_a_function_can_be_an_argument():
    codes = linker(
        up="graph(%s : str):\n  %r : str = aten::upper(%s)\n  return (%r)",
        down="graph(%s : str):\n  %r : str = aten::lower(%s)\n  return (%r)",
        apply="""graph(%f : Function<any>, %s : str):
  %r : str = prim::CallFunction(%f, %s)
  return (%r)
""",
    )

    found = [
        bytecode.run(codes["apply"], [FunctionReference(f), "aB"])
        for f in ("up", "down")
    ]

    assert ["AB", "ab"] == found


def test_the_method_of_an_interface_is_that_of_the_instance():
    graph = Graph()
    x = graph.add_input(T.InterfaceType("m.Shape"), "x")
    node = Builder(graph).node("prim::CallMethod", [x], [T.STR], name="name")
    graph.block.add_return(node.output)
    codes = {
        f"m.{n}.name": bytecode.assemble(
            parse_graph(
                f"""graph(%self : Class<m.{n}>):
  %s : str = prim::Constant[value="{n}"]()
  return (%s)
"""
            )
        )
        for n in ("Circle", "Square")
    }
    code = bytecode.assemble(graph, "f", codes.__getitem__)

    found = [
        bytecode.run(code, [Object(T.ClassType(f"m.{n}"))])
        for n in ("Circle", "Square")
    ]

    assert ["Circle", "Square"] == found


def test_code_can_run_in_several_threads_at_once():
    code = bytecode.assemble(parse_graph(FIBONACCI))
    found = []

    def work():
        found.extend(bytecode.run(code, [n]) for n in range(60))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()

    assert 4 * sum(bytecode.run(code, [n]) for n in range(60)) == sum(found)


# exceptions -------------------------------------------------------------------------

TRY = """graph(%s : str):
  %one : int = prim::Constant[value=1]()
  %i : int = prim::Try()
    block0():
      %parsed : int = aten::Int(%s)
      %more : int = aten::add(%parsed, %one)
      -> (%more)
    block1(%e : Exception):
      %wrong : bool = prim::ExceptionMatches[names=("ValueError",)](%e)
      %r : int = prim::If(%wrong)
        block0():
          %m : str = prim::ExceptionMessage(%e)
          %n : int = aten::len(%m)
          -> (%n)
        block1():
           = prim::ReRaise(%e)
          %u : int = prim::Uninitialized()
          -> (%u)
      -> (%r)
  return (%i)
"""


def test_the_body_of_a_try_runs_to_its_end():
    assert 42 == run(TRY, "41")


def test_the_handler_gets_the_exception():
    message = "invalid literal for int() with base 10: 'x'"

    assert len(message) == run(TRY, "x")


def test_an_exception_can_be_raised_again():
    with pytest.raises(OverflowError, match="does not fit into an int of 64 bits"):
        run(TRY, str(2**63 - 1))


def test_an_exception_of_a_callee_reaches_the_handler_of_the_caller():
    codes = linker(
        inner="""graph(%s : str):
  %i : int = aten::Int(%s)
  return (%i)
""",
        outer="""graph(%s : str):
  %f : Function<inner> = prim::Constant[name="inner"]()
  %i : int = prim::Try()
    block0():
      %r : int = prim::CallFunction(%f, %s)
      -> (%r)
    block1(%e : Exception):
      %minus : int = prim::Constant[value=-1]()
      -> (%minus)
  return (%i)
""",
    )

    assert [7, -1] == [bytecode.run(codes["outer"], [s]) for s in ("7", "x")]


def test_inner_handlers_come_first():
    text = """graph(%s : str):
  %a : str = prim::Constant[value="inner"]()
  %b : str = prim::Constant[value="outer"]()
  %c : str = prim::Constant[value="none"]()
  %r : str = prim::Try()
    block0():
      %p : str = prim::Try()
        block0():
          %i : int = aten::Int(%s)
          -> (%c)
        block1(%e : Exception):
          -> (%a)
      -> (%p)
    block1(%f : Exception):
      -> (%b)
  return (%r)
"""

    assert ["none", "inner"] == [run(text, s) for s in ("1", "x")]


def test_what_a_handler_raises_reaches_the_outer_handler():
    text = """graph(%s : str):
  %b : str = prim::Constant[value="outer"]()
  %r : str = prim::Try()
    block0():
      %p : str = prim::Try()
        block0():
          %i : int = aten::Int(%s)
          -> (%s)
        block1(%e : Exception):
           = prim::ReRaise(%e)
          -> (%s)
      -> (%p)
    block1(%f : Exception):
      -> (%b)
  return (%r)
"""

    assert ["1", "outer"] == [run(text, s) for s in ("1", "x")]


def test_interrupts_are_not_caught(declare):
    def interrupt():
        raise KeyboardInterrupt

    declare("test::interrupt() -> int", interrupt)
    text = """graph():
  %zero : int = prim::Constant[value=0]()
  %r : int = prim::Try()
    block0():
      %i : int = test::interrupt()
      -> (%i)
    block1(%e : Exception):
      -> (%zero)
  return (%r)
"""

    with pytest.raises(KeyboardInterrupt):
        run(text)


@pytest.mark.parametrize("kind", ["prim::ReturnStmt", "test::nothing"])
def test_nodes_that_nothing_executes_are_an_error(kind):
    graph = Graph()
    x = graph.add_input(T.INT, "x")
    Builder(graph).node(kind, [x])
    graph.block.add_return(x)

    with pytest.raises(GraphError) as raised:
        bytecode.assemble(graph)

    assert "E0701" == raised.value.code


# script stacks ----------------------------------------------------------------------

SOURCE = Source("m.py", "def f(x):\n    return g(x)\n\ndef g(x):\n    return 1 // x\n")


def stack_codes():
    codes = {}
    texts = {
        "m.f": """graph(%x : int):
  %g : Function<m.g> = prim::Constant[name="m.g"]()
  %r : int = prim::CallFunction(%g, %x) # m.py:2:11
  return (%r)
""",
        "m.g": """graph(%x : int):
  %one : int = prim::Constant[value=1]()
  %r : int = aten::floordiv(%one, %x) # m.py:5:11
  return (%r)
""",
    }
    for name, text in texts.items():
        graph = parse_graph(text, sources={"m.py": SOURCE})
        codes[name] = bytecode.assemble(graph, name, codes.__getitem__)
    return codes


STACK = """script stack, innermost last:
  File "m.py", line 2, in m.f
    return g(x)
  File "m.py", line 5, in m.g
    return 1 // x"""


def test_an_error_has_pythons_type_and_message_and_the_scripts_stack():
    with pytest.raises(ZeroDivisionError) as raised:
        bytecode.run(stack_codes()["m.f"], [0])

    assert "integer division or modulo by zero" == str(raised.value)
    assert [STACK] == raised.value.__notes__


def test_inlined_calls_are_part_of_the_stack():
    codes = stack_codes()
    call = next(
        i.node
        for i in codes["m.f"].instructions
        if i.name == "m.g" and i.node is not None
    )
    graph = parse_graph(
        """graph(%x : int):
  %one : int = prim::Constant[value=1]()
  %r : int = aten::floordiv(%one, %x) # m.py:5:11
  return (%r)
""",
        sources={"m.py": SOURCE},
    )
    node = graph.find_nodes("aten::floordiv")[0]
    node.stack = (call.span,)

    with pytest.raises(ZeroDivisionError) as raised:
        bytecode.run(bytecode.assemble(graph, "m.f"), [0])

    assert ["m.py", "m.py"] == [
        line.split('"')[1] for line in script_stack(raised.value) if "File" in line
    ]
    assert "return g(x)" in script_stack(raised.value)[0]


def test_nodes_from_nowhere_are_named_by_their_kind():
    with pytest.raises(ValueError, match="invalid literal") as raised:
        run("graph(%s : str):\n  %i : int = aten::Int(%s)\n  return (%i)", "x")

    assert [
        'script stack, innermost last:\n  In graph "graph", at aten::Int.str'
    ] == raised.value.__notes__


def test_an_exception_that_is_raised_again_keeps_its_first_place():
    text = """graph(%x : int):
  %one : int = prim::Constant[value=1]()
  %r : int = prim::Try() # m.py:1:0
    block0():
      %q : int = aten::floordiv(%one, %x) # m.py:5:11
      -> (%q)
    block1(%e : Exception):
       = prim::ReRaise(%e) # m.py:2:4
      -> (%x)
  return (%r)
"""
    code = bytecode.assemble(parse_graph(text, sources={"m.py": SOURCE}), "m.g")

    with pytest.raises(ZeroDivisionError) as raised:
        bytecode.run(code, [0])

    assert [
        'script stack, innermost last:\n  File "m.py", line 5, in m.g\n    return 1 // x'
    ] == raised.value.__notes__


def test_interpreters_inside_of_interpreters_make_one_stack(declare):
    codes = stack_codes()
    declare("test::inner(int x) -> int", lambda x: bytecode.run(codes["m.g"], [x]))
    graph = parse_graph(
        """graph(%x : int):
  %r : int = test::inner(%x) # m.py:2:11
  return (%r)
""",
        sources={"m.py": SOURCE},
    )

    with pytest.raises(ZeroDivisionError) as raised:
        bytecode.run(bytecode.assemble(graph, "m.f"), [0])

    assert [STACK] == raised.value.__notes__


def test_an_exception_leaves_no_cycle_of_frames():
    class Big(str):
        """A value that can be referred to weakly."""

    value = Big("x")
    reference = weakref.ref(value)
    code = bytecode.assemble(parse_graph(TRY))
    bytecode.run(code, [value])
    del value
    gc.collect()

    assert reference() is None
