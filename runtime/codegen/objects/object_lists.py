"""Lists that are Python objects, and the way between them and lists in plain memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node
from jit.passes.analysis.facts import is_never_changed
from jit.runtime.codegen.building import at, load
from jit.runtime.codegen.kinds import Handle, Items, ListValue, Number
from jit.runtime.codegen.numbers import lists
from jit.runtime.codegen.objects import boxing, conversions, escapes, objects
from jit.runtime.codegen.values import I64

if TYPE_CHECKING:
    from jit.runtime.codegen.region import Region


def is_object(node: Node) -> bool:
    """Whether a new list is a Python object: its elements are, and it may change or goes
    out."""
    if escapes.is_list_of_numbers(node.output.type):
        return False
    returned = any(use.node.kind == "prim::Return" for use in node.output.uses)
    return returned or not is_never_changed(node.output)


def construct(region: Region, items: Items, type: T.ListType) -> Handle:
    """A new Python list."""
    return Handle(conversions.box(region, items, type), type)


def replace_elements(region: Region, found: ListValue, word: ll.Value) -> None:
    """Make the elements of a list in memory those of a Python list."""
    b = region.b
    length = load(b, at(b, word, objects.HEAD), I64)
    fits = b.icmp_signed("<=", length, lists.read_header(region, found, lists.CAPACITY))
    grow, go_on = region.append_block("grow"), region.append_block("replace")
    b.cbranch(fits, go_on, grow)
    b.position_at_end(grow)
    lists.write_header(region, found, lists.LENGTH, I64(0))
    lists._resize(region, found, length)
    b.branch(go_on)
    b.position_at_end(go_on)
    read = boxing.read_list_function(region.unit, found.element)
    data = lists.read_header(region, found, lists.DATA)
    assert region.node is not None
    wrong = TypeError(f"the list does not hold what `{found.element.type}` says")
    region.fail_unless(b.call(read, [word, data]), region.node, [], wrong)
    lists.write_header(region, found, lists.LENGTH, length)


def read_list(region: Region, given: Handle) -> ListValue:
    """A list in memory with the elements of a Python list; empty for None, which stands
    for a list that nobody reads."""
    assert isinstance(given.type, T.ListType)
    found = lists.new_list(region, Number(given.type.element), I64(0))
    missing = objects.is_none(region, given.word)
    with region.b.if_then(region.b.not_(missing), likely=True):
        replace_elements(region, found, given.word)
    return found
