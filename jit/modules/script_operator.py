"""An operator as a compiled function: a graph of one node."""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import Card
from jit.ir.graph import Graph
from jit.ir.program import Function, Program
from jit.ir.registry import overloads_of
from jit.ir.schema import Argument, FunctionSchema
from jit.modules.script_function import ScriptFunction


def script_operator(kind: str, name: str) -> ScriptFunction:
    """The operator's overloads as versions of a function, those that take arguments of
    the same names as the first."""
    program = Program()
    versions = {}
    names: list[str] | None = None
    for card in overloads_of(kind):
        schema = card.schema
        found = [a.name for a in schema.arguments]
        names = names or found
        types = tuple(a.type for a in schema.arguments)
        if found != names or schema.is_vararg or schema.is_generic or types in versions:
            continue
        versions[types] = program.unique_name(name)
        program.add_function(_function(card, versions[types]))
    return ScriptFunction(program, versions)


def _function(card: type[Card], name: str) -> Function:
    schema = card.schema
    graph = Graph()
    inputs = [graph.add_input(a.type, a.name) for a in schema.arguments]
    b = Builder(graph)
    results = [a.type for a in schema.returns]
    made = b.node(schema.kind, inputs, results, overload=schema.overload).outputs
    if not made:
        result = b.constant(None)
    elif len(made) == 1:
        result = made[0]
    else:
        type = T.TupleType(tuple(results))
        result = b.node("prim::TupleConstruct", made, [type]).output
    graph.block.add_return(result)
    returned = Argument("", result.type)
    return Function(
        name, graph, FunctionSchema(name, "", schema.arguments, (returned,))
    )
