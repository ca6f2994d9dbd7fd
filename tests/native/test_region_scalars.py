"""Every lowering of numbers gives what the reference kernel gives, exceptions included."""

from __future__ import annotations

import itertools
import math
import struct

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit.runtime.ops  # noqa: F401 - the cards
from jit.ir import types as T
from jit.ir.parser import parse_graph
from jit.ir.registry import find_card
from jit.runtime import bytecode
from jit.runtime.codegen import lowering
from jit.runtime.codegen.program import compile_graph

INTS = [0, 1, -1, 2, -2, 3, -7, 10, 20, 21, 62, 63, 64, 65, -64, 2**31, 2**53, 2**53 + 1,
        -(2**53) - 1, 10**17 + 3, 2**62, -(2**62), 2**63 - 1, -(2**63),
        3037000500]  # fmt: skip
FLOATS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 3.0, -7.25, 0.1, 1e-300, 5e-324,
          1e300, -1e300, 710.0, 2.0**53, 2.0**53 + 2, 2.0**63, -(2.0**63), 1e17, math.pi,
          math.inf, -math.inf, math.nan]  # fmt: skip
VALUES = {T.INT: INTS, T.FLOAT: FLOATS, T.BOOL: [True, False]}


def cards() -> list[str]:
    """Names of the lowered operators whose arguments are all numbers."""
    lowering._load_families()
    found = []
    for name in lowering._table:
        kind, _, overload = name.partition(".")
        card = find_card(kind, overload)
        if card is not None and card.schema.arguments:
            types = [a.type for a in (*card.schema.arguments, *card.schema.returns)]
            if all(t in VALUES for t in types):
                found.append(name)
    return found


def bits(value: object) -> object:
    """A value as it is compared: floats by their bits, all nans being one."""
    if isinstance(value, tuple):
        return tuple(map(bits, value))
    if isinstance(value, float) and not math.isnan(value):
        return struct.pack("<d", value)
    return type(value), repr(value)


def outcome(run, args):
    """What a call gives: a value, or an exception's type, message and notes."""
    try:
        return bits(run(*args))
    except Exception as error:
        return type(error), str(error), getattr(error, "__notes__", [])


def graph_of(name: str):
    kind, _, overload = name.partition(".")
    schema = find_card(kind, overload).schema
    inputs = ", ".join(f"%a{i} : {a.type}" for i, a in enumerate(schema.arguments))
    used = ", ".join(f"%a{i}" for i in range(len(schema.arguments)))
    outputs = ", ".join(f"%r{i} : {r.type}" for i, r in enumerate(schema.returns))
    names = ", ".join(f"%r{i}" for i in range(len(schema.returns)))
    return parse_graph(
        f"graph({inputs}):\n  {outputs} = {name}({used})\n  return ({names})\n"
    )


@pytest.mark.parametrize("name", cards())
def test_a_lowering_agrees_with_the_reference_kernel(name):
    graph = graph_of(name)
    made = compile_graph(graph, "graph", lambda name, types: graph)
    assert not isinstance(made, list), made
    code = bytecode.assemble(graph)
    native = made.function(lambda *args: pytest.fail(f"{args} missed"))
    few = 5 if len(graph.inputs) > 2 else 1
    domains = [VALUES[v.type][::few] + VALUES[v.type][-1:] for v in graph.inputs]
    for args in itertools.product(*domains):
        expected = outcome(lambda *a: bytecode.run(code, a), args)
        assert expected == outcome(native, args), args


def test_there_are_lowerings_of_numbers():
    assert len(cards()) > 100


@pytest.mark.parametrize("kind", ["add", "sub", "mul", "floordiv", "remainder"])
@pytest.mark.parametrize(
    "constant", [0, 1, -1, 2, 3, -3, 8, 2**62, -(2**62), 2**63 - 1, -(2**63)]
)
def test_arithmetic_with_a_constant_agrees(kind, constant):
    def graph_with(text):
        return parse_graph(
            "graph(%a : int):\n"
            f"  %c : int = prim::Constant[value={constant}]()\n"
            f"  %r : int = aten::{kind}.int({text})\n"
            "  return (%r)\n"
        )

    edges = {0, 1, -1, 2**63 - 1, -(2**63)}
    for bound in (2**63, 2**63 - 1):
        for near in (bound // abs(constant or 1), bound - abs(constant)):
            edges |= {s * (near + d) for s in (1, -1) for d in (-1, 0, 1)}
    for text in ("%a, %c", "%c, %a"):
        graph = graph_with(text)
        made = compile_graph(graph, "graph", lambda name, types, g=graph: g)
        native = made.function(lambda *args: pytest.fail(f"{args} missed"))
        code = bytecode.assemble(graph)
        for value in sorted(edges):
            if -(2**63) <= value < 2**63:
                expected = outcome(
                    lambda a, code=code: bytecode.run(code, [a]), [value]
                )
                assert expected == outcome(native, [value]), (text, value)
