"""Bring functions of one program, with all they call, into another.

A traced function that calls a scripted one holds a copy of it; names that clash with
different definitions are changed on the way.
"""

from __future__ import annotations

from collections.abc import Iterator

from jit.ir import types as T
from jit.ir.clone import clone_graph
from jit.ir.equality import difference
from jit.ir.graph import Graph
from jit.ir.program import Attribute, ClassDefinition, Function, Program


def link(target: Program, source: Program, name: str) -> str:
    """Copy function `name` and what it needs; return its name in `target`."""
    if target is source:
        return name
    functions, classes = reachable(source, [name])
    renamed = _rename(target, source, functions, classes)
    for old in classes:
        new = renamed.get(old, old)
        if new not in target.classes:
            target.add_class(_copy_class(source.classes[old], new, renamed))
    for old in functions:
        new = renamed.get(old, old)
        if new not in target.functions:
            _copy_function(target, source.functions[old], new, renamed)
    return renamed.get(name, name)


def link_class(target: Program, source: Program, type: T.Type) -> T.Type:
    """Copy a class or module type with its methods; return the type in `target`."""
    if target is source:
        return type
    definition = source.class_of(type)
    functions, classes = reachable(
        source,
        [f"{definition.name}.{m}" for m in definition.methods],
        [definition.name],
    )
    renamed = _rename(target, source, functions, classes)
    for old in classes:
        new = renamed.get(old, old)
        if new not in target.classes:
            target.add_class(_copy_class(source.classes[old], new, renamed))
    for old in functions:
        new = renamed.get(old, old)
        if new not in target.functions:
            _copy_function(target, source.functions[old], new, renamed)
    return rename_type(type, renamed)


def reachable(
    program: Program, functions: list[str], classes: list[str] | None = None
) -> tuple[list[str], list[str]]:
    """Names of the functions and classes that some functions and classes need."""
    found_functions: dict[str, None] = {}
    found_classes: dict[str, None] = {}
    todo = list(functions)
    todo_classes = list(classes or [])

    def see(type: T.Type) -> None:
        match type:
            case T.ClassType(name) | T.ModuleType(name) | T.InterfaceType(name):
                todo_classes.append(name)
            case T.FunctionType(name):
                todo.append(name)
        for inner in T.children(type):
            see(inner)

    while todo or todo_classes:
        while todo_classes:
            name = todo_classes.pop()
            if name in found_classes:
                continue
            found_classes[name] = None
            definition = program.classes[name]
            for attribute in definition.attributes.values():
                see(attribute.type)
            methods = [f"{name}.{m}" for m in definition.methods]
            # those of an interface have no function
            todo += [m for m in methods if m in program.functions]
            todo_classes += definition.bases
        while todo:
            name = todo.pop()
            if name in found_functions:
                continue
            found_functions[name] = None
            for graph in _graphs_within(program.functions[name].graph):
                for type in _types_within(graph):
                    see(type)
    return sorted(found_functions), sorted(found_classes)


def _graphs_within(graph: Graph) -> Iterator[Graph]:
    yield graph
    for node in graph.all_nodes:
        for attribute in node.attributes.values():
            if isinstance(attribute, Graph):
                yield from _graphs_within(attribute)


def _types_within(graph: Graph) -> Iterator[T.Type]:
    for block in graph.block.all_blocks:
        yield from (v.type for v in block.params)
        for node in block.nodes:
            yield from (v.type for v in node.outputs)


def _rename(
    target: Program, source: Program, functions: list[str], classes: list[str]
) -> dict[str, str]:
    """New names of what `target` defines otherwise."""
    renamed: dict[str, str] = {}
    for name in classes:
        other = target.classes.get(name)
        if other is not None and other != source.classes[name]:
            renamed[name] = target.unique_name(name)
    for name in functions:
        owner, _, method = name.rpartition(".")
        if owner in renamed:
            renamed[name] = f"{renamed[owner]}.{method}"
            continue
        known = target.functions.get(name)
        if known is not None and known is not source.functions[name]:
            mine = source.functions[name]
            if known.schema != mine.schema or difference(known.graph, mine.graph):
                renamed[name] = target.unique_name(name)
    return renamed


def rename_type(type: T.Type, renamed: dict[str, str]) -> T.Type:
    """`type` with the names of classes and functions replaced."""
    match type:
        case T.ClassType(n) | T.ModuleType(n) | T.InterfaceType(n) | T.FunctionType(n):
            return type.__class__(renamed.get(n, n))
    return T.rebuild(type, lambda inner: rename_type(inner, renamed))


def _copy_class(
    definition: ClassDefinition, name: str, renamed: dict[str, str]
) -> ClassDefinition:
    attributes = {
        a.name: Attribute(a.name, rename_type(a.type, renamed), a.role)
        for a in definition.attributes.values()
    }
    bases = tuple(renamed.get(b, b) for b in definition.bases)
    return ClassDefinition(
        name,
        definition.kind,
        attributes,
        list(definition.methods),
        bases,
        definition.python,
    )


def _copy_function(
    target: Program, function: Function, name: str, renamed: dict[str, str]
) -> None:
    graph = clone_graph(function.graph)
    for inner in _graphs_within(graph):
        for block in inner.block.all_blocks:
            for value in block.params:
                value.type = rename_type(value.type, renamed)
            for node in block.nodes:
                for value in node.outputs:
                    value.type = rename_type(value.type, renamed)
                if node.kind == "prim::Constant" and "name" in node.attributes:
                    old = node.attributes["name"]
                    node.attributes["name"] = renamed.get(old, old)
    schema = function.schema
    if renamed:
        schema = _rename_schema(function, name, renamed)
    target.add_function(Function(name, graph, schema, function.doc))


def _rename_schema(function: Function, name: str, renamed: dict[str, str]):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    schema = function.schema
    return replace(
        schema,
        kind=name,
        arguments=tuple(
            replace(a, type=rename_type(a.type, renamed)) for a in schema.arguments
        ),
        returns=tuple(
            replace(r, type=rename_type(r.type, renamed)) for r in schema.returns
        ),
    )
