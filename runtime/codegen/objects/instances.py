"""Instances in machine code: what modules hold in slots, and classes as attributes.

An instance of a class is an object of Python whose attributes anybody may assign, so
what is read is looked at: numbers by the conversion, containers by their exact type.
"""

from __future__ import annotations

import ctypes
from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node
from jit.runtime.codegen.building import at, load
from jit.runtime.codegen.host import SLOTS, python_address, slot
from jit.runtime.codegen.kinds import Declined, Handle
from jit.runtime.codegen.lowering import object_lowering
from jit.runtime.codegen.objects import boxed, conversions, objects, python_operators
from jit.runtime.codegen.process.ownership import NULL
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I32, POINTER
from jit.runtime.python_classes import class_of

for _name in ("PyObject_GetAttr", "PyObject_GenericSetAttr"):
    if _name not in SLOTS:
        slot(_name, python_address(_name))

_TP_NEW = 312
"""Offset of `tp_new` in a type."""

slot(
    "object.__new__",
    lambda: ctypes.c_uint64.from_address(id(object) + _TP_NEW).value,
)

_NUMBERS = (T.INT, T.FLOAT, T.BOOL)


@object_lowering("prim::GetAttr")
def get_attribute(region: Region, node: Node) -> Any:
    """What an instance holds under a name."""
    b = region.b
    found = region.value(node.inputs[0])
    if not isinstance(found, Handle):
        raise Declined("the instance is not a Python object")
    name = objects.constant(region, node.attributes["name"])
    if isinstance(node.inputs[0].type, T.ClassType):
        return _get_from_instance(region, node, found, name)
    slots = load(b, at(b, found.word, objects.slots_offset(region)), POINTER)
    held = region.host("PyDict_GetItemWithError", POINTER, [slots, name])
    python_operators.no_error(region, held)
    region.fail_unless(b.icmp_unsigned("!=", held, NULL), node)
    return [conversions.unbox(region, held, node.output.type, owned=False)]


def _get_from_instance(region: Region, node: Node, found: Handle, name: Any) -> Any:
    type = node.output.type
    exact = _exact_type(type)
    if exact is None and type not in _NUMBERS and not _is_looked_at(type):
        return boxed.call(region, node, "attributes of this type are looked at")
    held = region.host("PyObject_GetAttr", POINTER, [found.word, name])
    made = objects.fresh(region, held, type)
    if exact is not None:
        region.fail_unless(objects.has_type(region, made.word, exact), node)
    return [conversions.unbox(region, made.word, type, owned=False)]


def _exact_type(type: T.Type) -> str | None:
    """The type that an object has to have, as the host table calls it."""
    match type:
        case T.ListType():
            return "list"
        case T.DictType():
            return "exact dict"
        case T.SimpleType("str"):
            return "str"
    return None


def _is_looked_at(type: T.Type) -> bool:
    """Whether all that is done with a value is safe, whatever it is."""
    if isinstance(type, T.OptionalType):
        return _is_looked_at(type.element) or type.element in _NUMBERS
    return isinstance(type, T.ClassType)


@object_lowering("prim::SetAttr")
def set_attribute(region: Region, node: Node) -> None:
    """Let an instance hold a value under a name."""
    b = region.b
    found = region.value(node.inputs[0])
    if not isinstance(found, Handle):
        raise Declined("the instance is not a Python object")
    name = objects.constant(region, node.attributes["name"])
    value = node.inputs[1]
    word = conversions.box(region, region.value(value), value.type)
    if isinstance(node.inputs[0].type, T.ClassType):
        arguments = [found.word, name, word]
        status = region.host("PyObject_GenericSetAttr", I32, arguments)
        objects.require(region, b.icmp_signed("==", status, ll.Constant(I32, 0)))
        return
    slots = load(b, at(b, found.word, objects.slots_offset(region)), POINTER)
    python_operators.put(region, slots, name, word)


@object_lowering("prim::CreateObject")
def create_object(region: Region, node: Node) -> Any:
    """A new instance without attributes, as `object.__new__` gives it."""
    program = node.graph.program
    type = node.output.type
    assert isinstance(type, T.ClassType)
    if program is None or type.name not in program.classes:
        raise Declined("the class is not known")
    cls = objects.constant(region, class_of(program.classes[type.name]))
    made = region.host(
        "object.__new__", POINTER, [cls, objects.constant(region, ()), NULL]
    )
    return [objects.fresh(region, made, type)]
