"""Turn the parameters and attributes of one module into constants.

    %w : Tensor = prim::GetAttr[name="weight"](%self)
    %y : Tensor = aten::mul(%x, %w)            →    %w : Float(2) = prim::Constant[…]()
                                                    %y : Tensor = aten::mul(%x, %w)

Calls of methods and submodules are inlined first. A slot stays a slot if some method
sets it, writes to it in place, gives it to its caller or to a call that could not be
inlined. The constants are copies: what happens to the module later does not change the
frozen program, and no gradients reach them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

import numpy as np

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.constants import NotConstantError, make_constant
from jit.ir.graph import Graph, Node, Value
from jit.ir.program import ClassDefinition, Function, Program
from jit.passes import fold_batch_norm, inline, pipeline
from jit.passes.analysis.aliases import aliases, is_mutable
from jit.passes.runner import run_pass

Path = tuple[str, ...]
"""Names of slots from `self` on: ("conv", "weight")."""


class Instance(Protocol):
    """An instance of a class or module type."""

    @property
    def slots(self) -> Mapping[str, Any]: ...


def freeze(
    program: Program,
    type: T.ModuleType,
    slots: Mapping[str, Any],
    *,
    methods: Collection[str] | None = None,
    preserved: Collection[str] = (),
    numerics: bool = True,
) -> Program:
    """A program with the methods of a module, whose slots became constants.

    `slots` are the values of one instance; submodules have `slots` of their own. The
    methods, all of them unless `methods` names some, keep their signatures, `self`
    included, so that the same instance can be given to them. Slots named by `preserved`
    stay slots. `numerics` allows what changes results in rounding.
    """
    copy = program.copy()
    definition = copy.class_of(type)
    names = definition.methods if methods is None else methods
    functions = [copy.functions[f"{type.name}.{name}"] for name in names]
    for method in functions:
        inline.run(method.graph)
    # flags first: what is changed in training only is not changed at all
    for kinds in (_is_plain, _is_any):
        kept: set[Path] = {(name,) for name in preserved}
        for method in functions:
            kept |= _kept_paths(method.graph)
        paths = {p for m in functions for p in _paths(m.graph).values() if p}
        kept = _with_aliases(kept, paths, slots)
        for method in functions:
            _replace_slots(method.graph, slots, kept, kinds)
            pipeline.clean(method.graph)
    for method in functions:
        if numerics and fold_batch_norm.run(method.graph):
            run_pass("dce", method.graph)
    return _without_unused(copy, definition, functions, preserved)


def _is_plain(type: T.Type) -> bool:
    return not is_mutable(type)


def _is_any(type: T.Type) -> bool:
    return True


def _with_aliases(
    kept: set[Path], paths: set[Path], slots: Mapping[str, Any]
) -> set[Path]:
    """The paths that have to stay, with those that lead to the same by another way.

    A submodule may stand in two places, and two slots may share the storage of a tensor.
    """
    ways = {path[:n] for path in paths | kept for n in range(1, len(path) + 1)}
    held = {path: _slot(slots, path) for path in ways if _has_slot(slots, path)}
    owners = {path: id(held.get(path[:-1], slots)) for path in held}
    while True:
        places = {(owners[p], p[-1]) for p in kept if p in held}
        instances = {id(held[p]) for p in kept if hasattr(held.get(p), "slots")}
        arrays = [a for p in kept if (a := _array(held.get(p))) is not None]
        found = {
            path
            for path, value in held.items()
            if (owners[path], path[-1]) in places
            or id(value) in instances
            or ((mine := _array(value)) is not None and _shares(mine, arrays))
        }
        if found <= kept:
            return kept
        kept = kept | found


def _has_slot(slots: Mapping[str, Any], path: Path) -> bool:
    for name in path[:-1]:
        below = getattr(slots.get(name), "slots", None)
        if below is None:
            return False
        slots = below
    return path[-1] in slots


def _array(value: Any) -> Any:
    """The array of a tensor; None for anything else."""
    array = getattr(value, "array", value)
    return array if isinstance(array, np.ndarray) else None


def _shares(array: Any, others: list[Any]) -> bool:
    return any(np.may_share_memory(array, other) for other in others)


def _paths(graph: Graph) -> dict[Value, Path]:
    """Where values that come from `self` are found."""
    found: dict[Value, Path] = {}
    if graph.inputs:
        found[graph.inputs[0]] = ()
    for node in graph.all_nodes:
        if node.kind == "prim::GetAttr" and node.inputs[0] in found:
            found[node.output] = (*found[node.inputs[0]], node.attributes["name"])
    return found


def _is_instance(value: Value) -> bool:
    return _is_class(value.type)


def _is_class(type: T.Type) -> bool:
    return isinstance(type, T.ModuleType | T.ClassType | T.InterfaceType)


def _kept_paths(graph: Graph) -> set[Path]:
    """The slots that have to stay slots, as far as one method says."""
    kept: set[Path] = set()
    for value, path in _paths(graph).items():
        for use in value.uses:
            node = use.node
            if node.kind == "prim::SetAttr" and use.index == 0:
                kept.add((*path, node.attributes["name"]))
            elif _is_instance(value) and node.kind != "prim::GetAttr":
                kept.add(path)
    return kept | _changed_paths(graph)


def _changed_paths(graph: Graph) -> set[Path]:
    """The slots whose values are written in place or leave the graph.

    Each slot counts as storage of its own, not as something that arguments may overlap.
    """
    copy = graph.copy()
    stands: dict[Path, Value] = {}
    make = Builder(next(copy.nodes, copy.block.result))
    for value, path in _paths(copy).items():
        if path and not _is_instance(value):
            if path not in stands:
                stands[path] = make.node("prim::Uninitialized", (), [value.type]).output
            value.replace_all_uses_with(stands[path])
    known = aliases(copy)
    return {
        path
        for path, value in stands.items()
        if is_mutable(value.type) and not known.is_private(value)
    }


def _replace_slots(
    graph: Graph,
    slots: Mapping[str, Any],
    kept: set[Path],
    accepts: Callable[[T.Type], bool],
) -> None:
    for value, path in _paths(graph).items():
        if not path or any(path[: len(k)] == k for k in kept):
            continue
        if not accepts(value.type):
            continue
        node = value.node
        constant = _constant(_slot(slots, path), value.type, node)
        if constant is not None:
            constant.name = value.name or path[-1]
            value.replace_all_uses_with(constant)
    for node in reversed(graph.find_nodes("prim::GetAttr")):
        if not node.output.uses:
            node.destroy()


def _slot(slots: Mapping[str, Any], path: Path) -> Any:
    for name in path[:-1]:
        owner: Instance = slots[name]
        slots = owner.slots
    return slots[path[-1]]


def _constant(value: Any, type: T.Type, node: Node) -> Value | None:
    """A slot's value as a constant before a node; None if it cannot be one."""
    make = Builder(node)
    array = getattr(value, "array", value)
    if isinstance(array, np.ndarray):
        array = array.copy()
        array.setflags(write=False)
        if isinstance(type, T.ArrayType):
            return make.constant(array, type)
        return make.constant(array)
    if isinstance(value, list) and isinstance(type, T.ListType):
        items = [_constant(item, type.element, node) for item in value]
        known = [item for item in items if item is not None]
        return make.list(known, type.element) if len(known) == len(items) else None
    try:
        return make.insert(make_constant(value)).output
    except NotConstantError:
        return None


def _without_unused(
    program: Program,
    definition: ClassDefinition,
    methods: list[Function],
    preserved: Collection[str],
) -> Program:
    """Only the methods, what they still call, and the classes that these use."""
    result = Program()
    whole: set[T.Type] = set()
    for name in preserved:
        whole |= _types_below(program, definition.attributes[name].type)
    names: set[str] = set()
    pending = [m.name for m in methods]
    for found in program.classes.values():
        if found.type in whole:
            pending += [f"{found.name}.{method}" for method in found.methods]
    while pending:
        name = pending.pop()
        if name in names:
            continue
        names.add(name)
        for node in program.functions[name].graph.all_nodes:
            called = inline.callee(node, program)
            if called is not None:
                pending.append(called.name)
            elif node.kind == "prim::CallMethod":
                # through an interface: any method of that name may be meant
                suffix = f".{node.attributes['name']}"
                pending += [f for f in program.functions if f.endswith(suffix)]
    graphs = [program.functions[name].graph for name in names]
    read = {
        node.attributes["name"]
        for graph in graphs
        for node in graph.all_nodes
        if node.kind in ("prim::GetAttr", "prim::SetAttr")
    }
    used = {v.type for graph in graphs for v in _all_values(graph)}
    used |= {definition.type, *whole}
    for found in program.classes.values():
        if found.kind == "interface" or found.type in whole:
            result.add_class(found)
        elif found.type in used:
            slots = {
                name: slot
                for name, slot in found.attributes.items()
                if name in read and (not _is_class(slot.type) or slot.type in used)
            }
            if found is definition:
                slots |= {n: s for n, s in found.attributes.items() if n in preserved}
            kept = [m for m in found.methods if f"{found.name}.{m}" in names]
            result.add_class(
                ClassDefinition(found.name, found.kind, slots, kept, found.bases)
            )
    for name, function in program.functions.items():
        if name in names or _is_interface_method(program, name):
            result.add_function(function)
    return result


def _types_below(program: Program, type: T.Type) -> set[T.Type]:
    """A module type and those of its submodules."""
    if not isinstance(type, T.ModuleType):
        return set()
    below = program.class_of(type).attributes.values()
    return {type}.union(*(_types_below(program, a.type) for a in below))


def _is_interface_method(program: Program, name: str) -> bool:
    owner = program.classes.get(name.rpartition(".")[0])
    return owner is not None and owner.kind == "interface"


def _all_values(graph: Graph) -> list[Value]:
    return [
        *graph.inputs,
        *(v for node in graph.all_nodes for v in node.outputs),
    ]
