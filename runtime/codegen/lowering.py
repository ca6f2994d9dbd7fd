"""The table of lowerings: which function makes machine code of which node.

    @lowering("aten::add.int")
    def add_int(region, node):
        return checked(region, node, region.b.sadd_with_overflow, *region.inputs(node))

A lowering takes the region and the node and gives the value of the output, a tuple for
several outputs, None for none. It may raise Declined with the reason.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jit.ir import types as T
from jit.ir.graph import Node
from jit.passes.analysis.facts import card_of, fact_of
from jit.runtime.codegen.kinds import Declined, Handle, Items, Tuple
from jit.runtime.codegen.values import Buffer
from jit.runtime.ops.shaped import MISFITS, Shaped, dtype_by_rule

if TYPE_CHECKING:
    from jit.runtime.codegen.region import Region

Lowering = Callable[["Region", Node], Any]

FAMILIES = [
    "control",
    "objects.attempts",
    "objects.instances",
    "objects.python_operators",
    "numbers.scalars",
    "numbers.mathematics",
    "numbers.lists",
    "numbers.list_operators",
    "tensors.views",
    "tensors.dims",
    "tensors.joining",
    "tensors.splitting",
    "tensors.creation",
    "tensors.elements",
    "tensors.scattering",
    "tensors.masks",
    "tensors.putting",
    "tensors.view_writes",
    "products.products",
    "products.contractions",
    "products.attention",
    "convolutions.convolutions",
    "convolutions.pooling",
    "convolutions.padding",
    "convolutions.resampling",
    "convolutions.pooling_gradients",
    "convolutions.pooling_places",
    "convolutions.columns",
    "convolutions.grid_sampling",
    "nests.pointwise",
    "nests.reductions",
    "nests.groups",
    "nests.casts",
    "nests.normalizations",
    "nests.losses",
    "nests.gathers",
    "nests.scans",
    "nests.ordering",
    "nests.draws",
    "nests.choices",
]
"""Modules of this package that hold lowerings; a family is appended here."""

_table: dict[str, Lowering] = {}
_takes_objects: set[str] = set()
_object_table: dict[str, Lowering] = {}


@dataclass(frozen=True)
class Reason:
    """Why machine code is not made of a node."""

    kind: str
    """The full name of the node, `aten::sort`."""
    why: str
    node: Node | None = None

    def __str__(self) -> str:
        place = ""
        if self.node is not None and self.node.span.text:
            place = f"  [{self.node.span.source.file}:{self.node.span.line}]"
        return f"{self.kind}: {self.why}{place}"


def lowering(*names: str, objects: bool = False) -> Callable[[Lowering], Lowering]:
    """Put a function into the table for full names, kind and overload.

    With `objects` it takes operands that are Python objects; nodes with such operands
    never come to other functions.
    """

    def register(function: Lowering) -> Lowering:
        for name in names:
            assert name not in _table, name
            _table[name] = function
            if objects:
                _takes_objects.add(name)
        return function

    return register


def object_lowering(*names: str) -> Callable[[Lowering], Lowering]:
    """Put a function into the table for nodes of which an operand, or every result, is a
    Python object."""

    def register(function: Lowering) -> Lowering:
        for name in names:
            assert name not in _object_table, name
            _object_table[name] = function
        return function

    return register


@functools.cache
def _load_families() -> None:
    for name in FAMILIES:
        importlib.import_module(f"jit.runtime.codegen.{name}")


def find(node: Node) -> Lowering | None:
    """The lowering of a node."""
    _load_families()
    return _table.get(node.full_name)


def find_reason(node: Node) -> Reason | None:
    """Why no machine code can be made of a node, before it is tried."""
    if node.kind not in ("prim::Constant", "prim::Uninitialized") and not find(node):
        return Reason(node.full_name, "there is no lowering", node)
    return None


def lower(region: Region, node: Node) -> Any:
    """Make the machine code of a node. Declined if there is no lowering."""
    found = find(node)
    if region.slots is not None and node.full_name not in _takes_objects:
        with_objects = _object_table.get(node.full_name)
        given = [region.values.get(v) for v in node.inputs]
        if with_objects is not None and (
            found is None or any(map(is_object, given)) or not any(given)
        ):
            return with_objects(region, node)
        for value, held in zip(node.inputs, given, strict=True):
            if is_object(held):
                raise Declined(f"`{value.type}` is a Python object here")
    if found is None:
        raise Declined("there is no lowering")
    _check_dtypes(region, node)
    return found(region, node)


def _check_dtypes(region: Region, node: Node) -> None:
    """Declined for dtypes that the operator refuses: its kernel says so."""
    card = card_of(node)
    if card is None or not issubclass(card, Shaped) or card.dtypes is None:
        return
    held = [region.values.get(v) for v in node.inputs]
    facts = [
        T.TensorType(x.dtype) if isinstance(x, Buffer) else fact_of(v)
        for x, v in zip(held, node.inputs, strict=True)
    ]
    try:
        dtype_by_rule(card, facts)
    except MISFITS as e:
        raise Declined(str(e)) from None


def is_object(value: Any) -> bool:
    """Whether a value is a Python object, or has one among its items."""
    match value:
        case Handle():
            return True
        case Items(items) | Tuple(items):
            return any(map(is_object, items))
    return False


__all__ = ["Declined", "Lowering", "Reason", "find", "lower", "lowering"]
