"""Calls of the functions by which the interpreter executes a node.

A node without machine code of its own is called with its operands as Python objects; what
it gives is taken apart again. So every program compiles; which nodes run this way is told
in the explanation of a call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node
from jit.ir.registry import find_card
from jit.runtime.bytecode import structural
from jit.runtime.codegen import failures
from jit.runtime.codegen.building import at, store
from jit.runtime.codegen.kinds import Declined, ListValue
from jit.runtime.codegen.objects import conversions, object_lists, objects
from jit.runtime.codegen.process.ownership import NULL
from jit.runtime.codegen.values import I64, POINTER, Buffer

if TYPE_CHECKING:
    from jit.runtime.codegen.region import Region

_CONTROL = ("prim::If", "prim::Loop", "prim::Try")
_RESHAPES = frozenset(
    f"aten::{name}_"
    for name in (
        "resize", "resize_as", "t", "transpose", "swapaxes", "swapdims", "squeeze",
        "unsqueeze", "set", "as_strided", "detach", "requires_grad", "swap",
    )
)  # fmt: skip
"""They change the sizes of a tensor in place, which machine code has read already."""


def call(region: Region, node: Node, why: str) -> Any:
    """Call the reference function of a node; `why` it has no machine code is kept.

    Declined if that is not possible.
    """
    if node.kind == "prim::FusionGroup":
        return _in_place(region, node)
    if node.kind in _CONTROL:
        raise Declined(why)
    if node.kind in ("prim::CallFunction", "prim::CallMethod", "prim::fork"):
        function = region.unit.interpreted(node)
        inputs = list(node.inputs)
    else:
        function, inputs = reference(node), list(node.inputs)
    operands = [region.operand(v) for v in inputs]
    if node.kind in _RESHAPES and any(isinstance(v, Buffer) for v in operands):
        raise Declined("it changes sizes in place")
    region.unit.note_boxed(node, why)
    written = _written(node)
    for index in written:
        if isinstance(operands[index], Buffer):
            region.unit.writes = True
    words = [
        conversions.box(region, operand, value.type)
        for operand, value in zip(operands, inputs, strict=True)
    ]
    result = call_object(region, function, words)
    objects.not_null(region, result)
    for index in written:
        if isinstance(operands[index], ListValue):
            object_lists.replace_elements(region, operands[index], words[index])
    return _results(region, node, result, operands)


def reference(node: Node) -> Callable[..., Any]:
    card = find_card(node.kind, node.overload)
    if card is not None and card.on_tape is not None:
        raise Declined("it asks about gradients, of which machine code knows nothing")
    if structural.function_of(node) is None and (card is None or card.kernel is None):
        raise Declined("nothing executes it")
    return failures.reference(node)


def call_object(
    region: Region,
    function: Any,
    words: Sequence[ll.Value],
) -> ll.Value:
    """Call a Python callable, known when code is made; a new reference or null."""
    b = region.b
    assert region.slots is not None
    room = region.slots.room(max(len(words), 1))
    for index, word in enumerate(words):
        store(b, word, at(b, room, 8 * index))
    callee = objects.constant(region, function)
    return region.host(
        "PyObject_Vectorcall", POINTER, [callee, room, I64(len(words)), NULL]
    )


def _written(node: Node) -> list[int]:
    """Which inputs a node changes."""
    card = find_card(node.kind, node.overload)
    if card is None:
        return []
    arguments = card.schema.arguments
    return [i for i, a in enumerate(arguments) if a.alias and a.alias.is_write]


def _results(
    region: Region,
    node: Node,
    result: ll.Value,
    operands: Sequence[Any],
) -> Any:
    if not node.outputs:
        region.b.call(region.unit.ownership("count_down"), [result])
        return ()
    if len(node.outputs) == 1 and node.kind not in structural.SPREADS:
        found = conversions.unbox(region, result, node.output.type)
        return [_same_list(node, found, operands)]
    held = objects.fresh(region, result, T.ANY)
    return [
        conversions.unbox(
            region, conversions.item_at(region, held.word, index), output.type
        )
        for index, output in enumerate(node.outputs)
    ]


def _same_list(node: Node, found: Any, operands: Sequence[Any]) -> Any:
    """A list of machine code that a node changed and gives back is itself."""
    written = _written(node)
    if (
        written
        and isinstance(operands[written[0]], ListValue)
        and node.output.type == node.inputs[written[0]].type
    ):
        return operands[written[0]]
    return found


def _in_place(region: Region, node: Node) -> Any:
    """The nodes of a fused group, one by one."""
    block = node.attributes["Subgraph"].block
    for value, parameter in zip(node.inputs, block.params, strict=True):
        region.values[parameter] = region.value(value)
    dying, region.dying = region.dying, []
    found = region.emit_block(block)
    region.dying = dying
    return region.claim_all(found, node)
