"""Functions of a program as Python callables that the interpreter runs.

Machine code calls them where it is not known before a call which function it means: a
method of an interface, a function that is a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jit.ir import types as T
from jit.ir.graph import Graph, Node
from jit.ir.program import Program
from jit.runtime import bytecode
from jit.runtime.python_classes import method_named

FindGraph = Callable[[str, Sequence[T.Type]], Graph]


def callee_of(node: Node) -> str:
    """The function that a node calls; empty if only the call says it."""
    target = node.inputs[0]
    if node.kind == "prim::CallFunction":
        constant = target.node.kind == "prim::Constant"
        name: str = target.node.attributes.get("name", "") if constant else ""
        return name
    if isinstance(target.type, T.ClassType | T.ModuleType):
        return f"{target.type.name}.{node.attributes['name']}"
    return ""


def called_by(graph: Graph) -> Iterator[str]:
    """The functions that a graph calls itself, as far as they are known."""
    for node in graph.all_nodes:
        if node.kind in ("prim::CallFunction", "prim::CallMethod"):
            name = callee_of(node)
            if name:
                yield name


def calls_itself(graph: Graph, name: str) -> bool:
    """Whether a function may be running already when it is called."""
    program: Program | None = graph.program
    seen: set[str] = set()
    pending = list(called_by(graph))
    while pending:
        found = pending.pop()
        if found == name:
            return True
        if found not in seen and program is not None:
            seen.add(found)
            function = program.functions.get(found)
            if function is not None:
                pending += called_by(function.graph)
    return False


def fork_of(node: Node) -> Callable[..., Any]:
    """A function of the inputs of a fork: it starts what the node calls, compiled."""
    program = node.graph.program
    executors: list[Any] = []

    def fork(target: Any, *args: Any) -> Any:
        from jit.runtime import futures
        from jit.runtime.executor import Executor

        if not executors:
            assert program is not None
            executors.append(Executor.of(program))
        return futures.fork(executors[0].call, target.name, args)

    return fork


def function_of(node: Node, find_graph: FindGraph) -> Callable[..., Any]:
    """A function of the inputs of a call node: it runs what the node calls."""
    if node.kind == "prim::fork":
        return fork_of(node)
    codes: dict[str, bytecode.Code] = {}
    program = node.graph.program

    def find_code(name: str) -> bytecode.Code:
        found = codes.get(name)
        if found is None:
            if program is None or name not in program.functions:
                raise NameError(f"the program has no function `{name}`")
            schema = program.functions[name].schema
            graph = find_graph(name, [a.type for a in schema.arguments])
            found = codes[name] = bytecode.assemble(graph, name, find_code)
        return found

    name = callee_of(node)
    if node.kind == "prim::CallFunction":

        def call_function(target: Any, *args: Any) -> Any:
            return bytecode.run(find_code(name or target.name), args)

        return call_function
    method = node.attributes["name"]

    def call_method(target: Any, *args: Any) -> Any:
        assert program is not None
        code = find_code(name or method_named(program, target, method))
        return bytecode.run(code, (target, *args))

    return call_method
