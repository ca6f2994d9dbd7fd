"""Take tuples apart that pass through `If`, `Loop` and `Try`.

    %t : (int, int) = prim::If(%c)             %p : int, %q : int = prim::If(%c)
      block0():                                  block0():
        %u : (int, int) =                          -> (%a, %b)
          prim::TupleConstruct(%a, %b)    →      block1():
        -> (%u)                                    -> (%b, %a)
      …                                        %t : (int, int) =
    %x, %y = prim::TupleUnpack(%t)               prim::TupleConstruct(%p, %q)

What then takes apart a tuple that was just put together gets its elements. Tuples
stay where they enter or leave the graph or lie in containers.

Idempotent.
"""

from __future__ import annotations

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.graph import Block, Graph, Node, Value

_BUILT = ("prim::TupleConstruct", "prim::NamedTupleConstruct")


def run(graph: Graph) -> bool:
    """Return whether any tuple was taken apart."""
    changed = False
    for node in graph.all_nodes:
        if node.kind == "prim::Loop":
            changed |= _split_carried(node)
        elif node.blocks:
            changed |= _split_outputs(node)
    changed |= _forward_elements(graph)
    return changed


def _split_outputs(node: Node) -> bool:
    """Let an `If` or `Try` give the elements of tuples."""
    changed = False
    i = 0
    while i < len(node.outputs):
        elements = T.tuple_elements(node.outputs[i].type)
        if elements is None:
            i += 1
            continue
        for block in node.blocks:
            parts = _unpack_at_end(block, block.returns[i], elements)
            _replace_inputs(block.result, i, parts)
        _split_output(node, i, elements)
        changed = True
    return changed


def _split_carried(loop: Node) -> bool:
    """Let a loop carry the elements of tuples."""
    (body,) = loop.blocks
    changed = False
    i = 0
    while i < len(loop.outputs):
        elements = T.tuple_elements(loop.outputs[i].type)
        if elements is None:
            i += 1
            continue
        before = Builder(loop)
        _replace_inputs(loop, i + 2, _unpack(before, loop.inputs[i + 2], elements))
        parts = _unpack_at_end(body, body.returns[i + 1], elements)
        _replace_inputs(body.result, i + 1, parts)
        start = Builder(next(body.nodes, body.result))
        start.span, start.stack = loop.span, loop.stack
        _split_value(body.param, i + 1, elements, start)
        _split_output(loop, i, elements)
        changed = True
    return changed


def _unpack(make: Builder, value: Value, elements: tuple[T.Type, ...]) -> list[Value]:
    """The elements of a tuple, those it was built of where that is in sight."""
    if value.node.kind in _BUILT:
        return list(value.node.inputs)
    if value.node.kind == "prim::Uninitialized":
        return [make.node("prim::Uninitialized", (), [e]).output for e in elements]
    return list(make.node("prim::TupleUnpack", [value], elements).outputs)


def _unpack_at_end(
    block: Block, value: Value, elements: tuple[T.Type, ...]
) -> list[Value]:
    make = Builder(block)
    assert block.owner is not None
    make.span, make.stack = block.owner.span, block.owner.stack
    return _unpack(make, value, elements)


def _replace_inputs(node: Node, index: int, values: list[Value]) -> None:
    """Put several inputs in place of one."""
    rest = node.inputs[index + 1 :]
    while len(node.inputs) > index:
        node.remove_input(len(node.inputs) - 1)
    for value in (*values, *rest):
        node.add_input(value)


def _split_output(node: Node, index: int, elements: tuple[T.Type, ...]) -> None:
    """Put outputs for the elements in place of one; the tuple is built after the node."""
    place = node.next or node.block.result
    make = Builder(place)
    make.span, make.stack = node.span, node.stack
    _split_value(node, index, elements, make)


def _split_value(
    node: Node, index: int, elements: tuple[T.Type, ...], make: Builder
) -> None:
    old = node.outputs[index]
    parts = [node.add_output(e, old.name) for e in elements]
    kind = "prim::TupleConstruct"
    if isinstance(old.type, T.NamedTupleType):
        kind = "prim::NamedTupleConstruct"
    built = make.node(kind, parts, [old.type], output_names=[old.name])
    old.replace_all_uses_with(built.output)
    node.remove_output(index)
    # the new outputs stand at the end: bring them where the old one stood
    count = len(parts)
    moved = node.outputs[-count:] if count else []
    rest = node.outputs[: len(node.outputs) - count]
    node.outputs[:] = [*rest[:index], *moved, *rest[index:]]
    for i, value in enumerate(node.outputs):
        value.index = i


def _forward_elements(graph: Graph) -> bool:
    """Give the elements of tuples built in sight to those who take them apart."""
    changed = False
    for node in graph.all_nodes:
        if node.kind == "prim::TupleUnpack":
            built = node.inputs[0].node
            if built.kind in _BUILT:
                for output, value in zip(node.outputs, built.inputs, strict=True):
                    value.name = value.name or output.name
                    output.replace_all_uses_with(value)
                node.destroy()
                changed = True
        elif node.kind == "prim::TupleIndex":
            built, index = node.inputs[0].node, node.inputs[1].constant
            count = len(built.inputs) if built.kind in _BUILT else 0
            if isinstance(index, int) and -count <= index < count:
                node.output.replace_all_uses_with(built.inputs[index])
                node.destroy()
                changed = True
    return changed
