"""Lists of one number that only its place 0 is read and written of: cells of the frame.

The front end keeps a variable that the body of a `try` assigns in such a list, so that
the handler sees it. LLVM makes a register of a cell.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ll

from jit.ir.graph import Use, Value
from jit.runtime.codegen.kinds import Cell, Declined, Unset, kind_of_type
from jit.runtime.codegen.objects.escapes import is_list_of_numbers
from jit.runtime.codegen.region import Region


def is_cell(value: Value) -> bool:
    """Whether a new list of one element can be a cell."""
    return is_list_of_numbers(value.type) and all(map(_is_plain, value.uses))


def _is_plain(use: Use) -> bool:
    node = use.node
    reads = node.full_name == "aten::__getitem__.t"
    writes = node.full_name == "aten::_set_item.t" and not any(
        v.uses for v in node.outputs
    )
    return (reads or writes) and use.index == 0 and node.inputs[1].constant == 0


def make(region: Region, first: Any) -> Cell:
    """A new cell."""
    if isinstance(first, Unset):
        (held,) = kind_of_type(first.type).leaf_types()
        return Cell(region.stack(held))
    if not isinstance(first, ll.Value):
        raise Declined("the element is not known as a number")
    place = region.stack(first.type)
    region.b.store(first, place)
    return Cell(place)
