"""Put the bodies of called functions and methods in place of the calls.

    %f : Function<g> = prim::Constant[name="g"]()
    %y : int = prim::CallFunction(%f, %x)        →    %y : int = aten::neg(%x)

The stack of each copied node grows by the call's span, so that an error still shows how
it was reached. Functions that call themselves, directly or through others, stay calls,
and so do calls through interfaces.

Idempotent.
"""

from __future__ import annotations

from collections.abc import Iterator

from jit.ir import types as T
from jit.ir.clone import clone_nodes
from jit.ir.graph import Block, Graph, Node
from jit.ir.program import Function, Program

LARGEST = 100_000
"""Graphs with so many nodes take no more calls."""


def run(graph: Graph) -> bool:
    """Return whether any call was inlined."""
    program = graph.program
    if program is None:
        return False
    changed = False
    recursive: dict[str, bool] = {}
    budget = LARGEST
    pending = [n for n in graph.all_nodes if callee(n, program) is not None]
    while pending and budget > 0:
        call = pending.pop()
        function = callee(call, program)
        assert function is not None
        if function.graph is graph or _is_recursive(function, program, recursive):
            continue
        copies = inline_call(call, function)
        budget -= len(copies)
        changed = True
        pending += [
            n
            for top in copies
            for n in (top, *(m for b in top.blocks for m in b.all_nodes))
            if callee(n, program) is not None
        ]
    return changed


def callee(node: Node, program: Program) -> Function | None:
    """The function that a node surely calls; None for other nodes."""
    name = None
    if node.kind == "prim::CallFunction":
        type = node.inputs[0].type
        if isinstance(type, T.FunctionType):
            name = type.name
    elif node.kind == "prim::CallMethod":
        type = node.inputs[0].type
        if isinstance(type, T.ClassType | T.ModuleType):
            name = f"{type.name}.{node.attributes['name']}"
    return program.functions.get(name) if name is not None else None


def inline_call(call: Node, function: Function) -> list[Node]:
    """Replace a call by a copy of the function's nodes, which are returned."""
    arguments = call.inputs[1:] if call.kind == "prim::CallFunction" else call.inputs
    mapping = dict(zip(function.graph.inputs, arguments, strict=True))
    before = call.previous
    results = clone_nodes(function.graph.block, call, mapping)
    copies = []
    place = call.previous
    while place is not before:
        assert place is not None
        copies.append(place)
        place = place.previous
    copies.reverse()
    stack = (call.span, *call.stack)
    for top in copies:
        top.stack += stack
        for block in top.blocks:
            for node in block.all_nodes:
                node.stack += stack
    for output, result in zip(call.outputs, results, strict=True):
        if output.name and result.node in copies:
            result.name = output.name
        output.replace_all_uses_with(result)
    call.destroy()
    return copies


def _is_recursive(function: Function, program: Program, known: dict[str, bool]) -> bool:
    """Whether a function may call itself, however indirectly."""
    if function.name not in known:
        seen: set[str] = set()
        pending = list(_callees(function.graph.block, program))
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                inner = program.functions[name].graph.block
                pending += _callees(inner, program)
        known[function.name] = function.name in seen
    return known[function.name]


def _callees(block: Block, program: Program) -> Iterator[str]:
    for node in block.all_nodes:
        function = callee(node, program)
        if function is not None:
            yield function.name
