"""Turn what a graph reads of its modules into inputs and constants.

    graph(%self : Module<M>, %x):              graph(%self, %x, %self_w : Float(*, *)):
      %w : Tensor =                       →      %y : Tensor = aten::mul(%x, %self_w)
        prim::GetAttr[name="w"](%self)
      %y : Tensor = aten::mul(%x, %w)

Calls are inlined first; where only the interface of a submodule is known, those of the
module that is there. An attribute stays an attribute if the graph sets it, on whatever
instance of that module type: two paths may lead to one instance.

This is no pass of the pipeline: who lifts has to give, and check, the values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.constants import make_constant
from jit.ir.graph import Graph, Value
from jit.passes import inline
from jit.passes.analysis import effects


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a module among the arguments, or of a submodule of it."""

    argument: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """The graph is made for this value of an attribute."""

    value: Any


Choice = T.Type | Fixed | None
"""What becomes of an attribute: an input of a type, a constant, or nothing.

Of a submodule that is known by an interface: the type of the module that is there.
"""
Choose = Callable[[Attribute, T.Type], Choice]


def lift(graph: Graph, choose: Choose) -> list[Attribute]:
    """Lift the attributes for which `choose` wants it; the new inputs, in order.

    The graph is changed; it is no longer the graph of its function.
    """
    inline.run(graph)
    while _name_modules(graph, choose):
        inline.run(graph)
    choices: dict[Attribute, Choice] = {}
    lifted: dict[Attribute, Value] = {}
    for value, attribute in _read_attributes(graph):
        if attribute not in choices:
            choices[attribute] = choose(attribute, value.type)
        choice = choices[attribute]
        if isinstance(choice, Fixed):
            make = Builder(value.node)
            constant = make.insert(make_constant(choice.value)).output
            constant.name = value.name
            value.replace_all_uses_with(constant)
        elif choice is not None:
            if attribute not in lifted:
                name = _name(graph, attribute)
                lifted[attribute] = graph.add_input(choice, name)
            value.replace_all_uses_with(lifted[attribute])
    for node in reversed(graph.find_nodes("prim::GetAttr")):
        if not node.output.uses:
            node.destroy()
    return list(lifted)


def drop_unused_inputs(graph: Graph, droppable: Callable[[int], bool]) -> list[int]:
    """Remove inputs that nobody reads; the positions of those that stay."""
    kept = []
    inputs = graph.inputs
    for index in reversed(range(len(inputs))):
        if inputs[index].uses or not droppable(index):
            kept.append(index)
        else:
            graph.block.param.remove_output(index)
    return kept[::-1]


def _name_modules(graph: Graph, choose: Choose) -> bool:
    """Give submodules behind interfaces the types of the modules that are there."""
    changed = False
    for value, attribute in _read_attributes(graph):
        if isinstance(value.type, T.InterfaceType):
            choice = choose(attribute, value.type)
            if isinstance(choice, T.ModuleType):
                value.type = choice
                changed = True
    return changed


def _read_attributes(graph: Graph) -> list[tuple[Value, Attribute]]:
    """What the graph reads and does not set, other than submodules."""
    owners = {
        value: Attribute(index, ())
        for index, value in enumerate(graph.inputs)
        if isinstance(value.type, T.ModuleType)
    }
    if not owners:
        return []
    is_set = _attributes_set(graph)
    found = []
    for node in graph.all_nodes:
        if node.kind != "prim::GetAttr" or node.inputs[0] not in owners:
            continue
        owner, name = node.inputs[0], node.attributes["name"]
        if is_set(owner.type, name):
            continue
        above = owners[owner]
        attribute = Attribute(above.argument, (*above.path, name))
        if isinstance(node.output.type, T.ModuleType):
            owners[node.output] = attribute
        else:
            found.append((node.output, attribute))
    return found


def _attributes_set(graph: Graph) -> Callable[[T.Type, str], bool]:
    """Whether an attribute of a module type may be set while the graph runs."""
    graphs = [graph]
    if graph.program is not None and any(
        n.kind in effects.CALLS for n in graph.all_nodes
    ):
        graphs += graph.program.graphs()
    setters = [n for g in graphs for n in g.find_nodes("prim::SetAttr")]
    pairs = {(n.inputs[0].type, n.attributes["name"]) for n in setters}
    loose = {name for type, name in pairs if not isinstance(type, T.ModuleType)}
    return lambda type, name: name in loose or (type, name) in pairs


def _name(graph: Graph, attribute: Attribute) -> str:
    return "_".join((graph.inputs[attribute.argument].name or "self", *attribute.path))
