"""Lowerings of operators on strings, dicts and lists that are Python objects.

Each is a call of CPython's C API. An index or key that is not there is a failed check, so
that the reference kernel raises.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Node, Value
from jit.runtime.codegen.building import at, load, store
from jit.runtime.codegen.kinds import Declined, Handle, Items, Static
from jit.runtime.codegen.lowering import object_lowering
from jit.runtime.codegen.objects import boxed, conversions, objects
from jit.runtime.codegen.process.ownership import NULL
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I1, I32, I64, POINTER

KEYS = ("str", "int", "bool", "float", "complex", "any")


def _word(region: Region, value: Value) -> ll.Value:
    """The object of an operand."""
    return conversions.box(region, region.value(value), value.type)


def no_error(region: Region, word: ll.Value) -> None:
    """Hand on an exception that the C API left beside a result that may be null."""
    b = region.b
    here = b.block
    is_null = b.icmp_unsigned("==", word, NULL)
    with b.if_then(is_null, likely=False):
        raised = region.host("PyErr_Occurred", POINTER, [])
        asked = b.block
    is_fine = b.phi(I1)
    is_fine.add_incoming(b_is_null(asked, raised), asked)
    is_fine.add_incoming(I1(1), here)
    objects.require(region, is_fine)


def b_is_null(block: ll.Block, word: ll.Value) -> ll.Value:
    """Whether an address is null, computed at the end of a block."""
    builder = ll.IRBuilder(block)
    builder.position_before(block.terminator)
    return builder.icmp_unsigned("==", word, NULL)


# strings --------------------------------------------------------------------------------


@object_lowering("aten::len.str")
def len_str(region: Region, node: Node) -> ll.Value:
    """The number of characters."""
    return region.host("PyUnicode_GetLength", I64, [_word(region, node.inputs[0])])


@object_lowering("aten::add.str")
def add_str(region: Region, node: Node) -> Handle:
    """One string after the other."""
    words = [_word(region, v) for v in node.inputs]
    made = region.host("PyUnicode_Concat", POINTER, words)
    return objects.fresh(region, made, T.STR)


@object_lowering("aten::eq.str", "aten::ne.str")
def equal_str(region: Region, node: Node) -> ll.Value:
    """Whether two strings are equal."""
    b = region.b
    words = [_word(region, v) for v in node.inputs]
    function = region.function("equal_text", _make_equal)
    same = b.call(function, words)
    return same if node.kind == "aten::eq" else b.not_(same)


def _make_equal(module: ll.Module, name: str) -> ll.Function:
    """`(a, b)`: whether two strings are equal; they are often the same object, or differ
    in length."""
    from jit.runtime.codegen.building import new_function
    from jit.runtime.codegen.host import host_function

    b, a = new_function(module, name, [("a", POINTER), ("b", POINTER)], I1)
    with b.if_then(b.icmp_unsigned("==", a["a"], a["b"])):
        b.ret(I1(1))
    length = host_function(b, "PyUnicode_GetLength", ll.FunctionType(I64, [POINTER]))
    sizes = [b.call(length, [a[n]]) for n in ("a", "b")]
    with b.if_then(b.icmp_signed("!=", *sizes)):
        b.ret(I1(0))
    type = ll.FunctionType(I32, [POINTER, POINTER])
    order = b.call(host_function(b, "PyUnicode_Compare", type), [a["a"], a["b"]])
    b.ret(b.icmp_signed("==", order, I32(0)))
    return b.function


@object_lowering("aten::lt.str", "aten::le.str", "aten::gt.str", "aten::ge.str")
def compare_str(region: Region, node: Node) -> ll.Value:
    """Which of two strings comes first."""
    words = [_word(region, v) for v in node.inputs]
    order = region.host("PyUnicode_Compare", I32, words)
    sign = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}[node.kind[6:]]
    return region.b.icmp_signed(sign, order, I32(0))


@object_lowering("aten::Bool.str")
def bool_str(region: Region, node: Node) -> ll.Value:
    """Whether there is a character."""
    return region.b.icmp_signed("!=", len_str(region, node), I64(0))


@object_lowering("aten::__contains__.str_in")
def contains_str(region: Region, node: Node) -> ll.Value:
    """Whether a string occurs in another."""
    words = [_word(region, v) for v in node.inputs]
    found = region.host("PyUnicode_Contains", I32, words)
    objects.require(region, region.b.icmp_signed(">=", found, I32(0)))
    return region.b.icmp_signed(">", found, I32(0))


@object_lowering("aten::__getitem__.str", "prim::StringIndex")
def character(region: Region, node: Node) -> Handle:
    """One character."""
    b = region.b
    word, index = _word(region, node.inputs[0]), region.number(node.inputs[1])
    length = region.host("PyUnicode_GetLength", I64, [word])
    index = _from_front(region, node, index, length)
    made = region.host("PySequence_GetItem", POINTER, [word, index])
    assert b is region.b
    return objects.fresh(region, made, T.STR)


def _from_front(
    region: Region, node: Node, index: ll.Value, length: ll.Value
) -> ll.Value:
    """An index counted from the front; leaves the region if it is out of range."""
    b = region.b
    negative = b.icmp_signed("<", index, I64(0))
    index = b.select(negative, b.add(index, length), index)
    region.fail_unless(b.icmp_unsigned("<", index, length), node)
    return index


@object_lowering("aten::str")
def text(region: Region, node: Node) -> Handle:
    """The text of a value."""
    word = _word(region, node.inputs[0])
    return objects.fresh(region, region.host("PyObject_Str", POINTER, [word]), T.STR)


@object_lowering("aten::join")
def join(region: Region, node: Node) -> Handle:
    """The strings of a list, one after the other."""
    words = [_word(region, v) for v in node.inputs]
    made = region.host("PyUnicode_Join", POINTER, words)
    return objects.fresh(region, made, T.STR)


_PLAIN = (T.INT, T.FLOAT, T.BOOL, T.STR)


@object_lowering("aten::format")
def format_text(region: Region, node: Node) -> Handle:
    """A template filled in."""
    template, *given = node.inputs
    fields = template.constant
    if not isinstance(fields, str) or "._" in fields:
        raise Declined("the template is not a constant")
    if not all(v.type in _PLAIN for v in given):
        raise Declined("it is filled in with other values than numbers and strings")
    pieces = fields.split("{}")
    if len(pieces) == len(given) + 1 and not any("{" in p or "}" in p for p in pieces):
        return _joined(region, pieces, given)
    words = [_word(region, v) for v in given]
    return objects.fresh(region, boxed.call_object(region, fields.format, words), T.STR)


def _joined(region: Region, pieces: list[str], given: list[Value]) -> Handle:
    """Texts of values between pieces that are known."""
    found: list[Any] = [Static(pieces[0])]
    for value, piece in zip(given, pieces[1:], strict=True):
        word = _word(region, value)
        if value.type != T.STR:
            made = region.host("PyObject_Str", POINTER, [word])
            word = objects.fresh(region, made, T.STR).word
        found += [Handle(word, T.STR), Static(piece)]
    whole = Items(tuple(v for v in found if v != Static("")), T.STR)
    words = [
        objects.constant(region, ""),
        conversions.box(region, whole, T.ListType(T.STR)),
    ]
    made = region.host("PyUnicode_Join", POINTER, words)
    return objects.fresh(region, made, T.STR)


# lists ----------------------------------------------------------------------------------

LENGTH, ITEMS = objects.HEAD, objects.HEAD + 8
"""Where a list has its length, and the address of its items."""


def _list(region: Region, value: Value) -> ll.Value:
    found = region.value(value)
    if not isinstance(found, Handle):
        raise Declined("the list is not a Python object")
    return found.word


def _length(region: Region, word: ll.Value) -> ll.Value:
    return load(region.b, at(region.b, word, LENGTH), I64)


def _place(region: Region, word: ll.Value, index: ll.Value) -> ll.Value:
    b = region.b
    return at(b, load(b, at(b, word, ITEMS), POINTER), b.shl(index, I64(3)))


@object_lowering("aten::len.t")
def len_list(region: Region, node: Node) -> ll.Value:
    """The number of elements."""
    return _length(region, _list(region, node.inputs[0]))


@object_lowering("aten::Bool.t")
def bool_list(region: Region, node: Node) -> ll.Value:
    """Whether there is an element."""
    return region.b.icmp_signed("!=", len_list(region, node), I64(0))


@object_lowering("aten::__getitem__.t", "aten::select.t")
def item(region: Region, node: Node) -> Any:
    """One element."""
    word = _list(region, node.inputs[0])
    index = region.number(node.inputs[1])
    index = _from_front(region, node, index, _length(region, word))
    found = load(region.b, _place(region, word, index), POINTER)
    return [conversions.unbox(region, found, node.output.type, owned=False)]


@object_lowering("aten::_set_item.t")
def set_item(region: Region, node: Node) -> Any:
    """Put a value in the place of an element."""
    b = region.b
    word = _list(region, node.inputs[0])
    index = region.number(node.inputs[1])
    index = _from_front(region, node, index, _length(region, word))
    new = _word(region, node.inputs[2])
    place = _place(region, word, index)
    old = load(b, place, POINTER)
    b.call(region.unit.ownership("count_up"), [new])
    store(b, new, place)
    b.call(region.unit.ownership("count_down"), [old])
    return [region.value(node.inputs[0])]


@object_lowering("aten::append.t")
def append(region: Region, node: Node) -> Any:
    """Add an element at the end."""
    words = [_list(region, node.inputs[0]), _word(region, node.inputs[1])]
    done = region.host("PyList_Append", I32, words)
    objects.require(region, region.b.icmp_signed("==", done, I32(0)))
    return [region.value(node.inputs[0])]


@object_lowering("aten::pop.t")
def pop(region: Region, node: Node) -> Any:
    """Take the last element out."""
    b = region.b
    word = _list(region, node.inputs[0])
    index = region.number(node.inputs[1])
    if not isinstance(index, ll.Constant) or index.constant != -1:
        raise Declined("an element that is not the last one is taken out")
    length = _length(region, word)
    last = _from_front(region, node, index, length)
    found = load(b, _place(region, word, last), POINTER)
    made = conversions.unbox(region, found, node.output.type, owned=False)
    done = region.host("PyList_SetSlice", I32, [word, last, length, NULL])
    objects.require(region, b.icmp_signed("==", done, I32(0)))
    return [made]


# dicts ----------------------------------------------------------------------------------


def _names(pattern: str) -> list[str]:
    return [pattern.replace("{N}", key) for key in KEYS]


@object_lowering("prim::DictConstruct")
def dict_construct(region: Region, node: Node) -> Handle:
    """A new dict."""
    made = objects.fresh(
        region, region.host("PyDict_New", POINTER, []), node.output.type
    )
    words = [_word(region, v) for v in node.inputs]
    for key, value in zip(words[::2], words[1::2], strict=True):
        put(region, made.word, key, value)
    return made


def put(region: Region, word: ll.Value, key: ll.Value, value: ll.Value) -> None:
    done = region.host("PyDict_SetItem", I32, [word, key, value])
    objects.require(region, region.b.icmp_signed("==", done, I32(0)))


@object_lowering(*_names("aten::len.Dict_{N}"))
def len_dict(region: Region, node: Node) -> ll.Value:
    """The number of keys."""
    return region.host("PyDict_Size", I64, [_word(region, node.inputs[0])])


@object_lowering(*_names("aten::__contains__.{N}"))
def contains_key(region: Region, node: Node) -> ll.Value:
    """Whether there is a key."""
    words = [_word(region, v) for v in node.inputs]
    found = region.host("PyDict_Contains", I32, words)
    objects.require(region, region.b.icmp_signed(">=", found, I32(0)))
    return region.b.icmp_signed(">", found, I32(0))


@object_lowering(*_names("aten::__getitem__.Dict_{N}"))
def value_of_key(region: Region, node: Node) -> Any:
    """The value of a key."""
    words = [_word(region, v) for v in node.inputs]
    found = region.host("PyDict_GetItemWithError", POINTER, words)
    no_error(region, found)
    is_there = region.b.icmp_unsigned("!=", found, NULL)
    region.fail_unless(is_there, node)
    return [conversions.unbox(region, found, node.output.type, owned=False)]


@object_lowering(*_names("aten::_set_item.{N}"))
def set_key(region: Region, node: Node) -> None:
    """Give a key a value."""
    put(region, *(_word(region, v) for v in node.inputs))


@object_lowering(
    *(f"aten::{kind}.{key}" for kind in ("keys", "values", "items") for key in KEYS)
)
def parts(region: Region, node: Node) -> Handle:
    """A new list of the keys, the values, or both."""
    name = {"keys": "Keys", "values": "Values", "items": "Items"}[node.kind[6:]]
    word = _word(region, node.inputs[0])
    made = region.host(f"PyDict_{name}", POINTER, [word])
    return objects.fresh(region, made, node.output.type)
