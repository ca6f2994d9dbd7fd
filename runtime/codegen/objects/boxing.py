"""Functions that make Python objects of tensors and lists inside of a region, and back.

A tensor that is an argument, or was an object before, is that very object again. One that
was made here becomes an array over its block. The array owns the block if nobody else
does; otherwise it holds a capsule that counts as one owner, so that machine code and
Python see the same memory, whoever lives longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.runtime.codegen.building import at, load, loop, new_function
from jit.runtime.codegen.calls import tensor_calling
from jit.runtime.codegen.host import host_function, read_slot
from jit.runtime.codegen.kinds import Number, TensorKind
from jit.runtime.codegen.numbers import lists
from jit.runtime.codegen.objects import objects
from jit.runtime.codegen.process import memory, ownership
from jit.runtime.codegen.process.ownership import ARGUMENT, NULL, VIEW, VOID
from jit.runtime.codegen.values import F64, I1, I32, I64, POINTER, Buffer

if TYPE_CHECKING:
    from jit.runtime.codegen.program import Unit
    from jit.runtime.codegen.region import Region


def _call(b: ll.IRBuilder, name: str, result: ll.Type, *args: ll.Value) -> ll.Value:
    type = ll.FunctionType(result, [a.type for a in args])
    return b.call(host_function(b, name, type), args)


def _is_null(b: ll.IRBuilder, pointer: ll.Value) -> ll.Value:
    return b.icmp_unsigned("==", pointer, NULL)


# tensors --------------------------------------------------------------------------------


def box_function(unit: Unit, rank: int, *, is_array: bool) -> ll.Function:
    """`(state, data, owner, descr, numbers)`: the object of a tensor; takes over one
    owner. Null, with an exception, if there is no memory."""
    word = "array" if is_array else "tensor"
    return unit.function(
        f"object.{word}.{rank}", lambda m, n: _make_box(unit, m, n, rank, is_array)
    )


def _make_box(
    unit: Unit, module: ll.Module, name: str, rank: int, is_array: bool
) -> ll.Function:
    arguments = [(n, POINTER) for n in ("state", "data", "owner", "descr", "numbers")]
    b, a = new_function(module, name, arguments, POINTER)
    owner = a["owner"]
    word = b.ptrtoint(owner, I64)

    def finish(array: ll.Value) -> None:
        made = tensor_calling.finish(b, array, TensorKind(None, rank, is_array))  # type: ignore[arg-type]
        if is_array and rank == 0:
            with b.if_then(b.not_(_is_null(b, made)), likely=True):
                b.ret(_call(b, "PyArray_Return", POINTER, made))
        b.ret(made)

    with b.if_then(_is_null(b, owner), likely=False):
        finish(_array(b, a, rank, NULL))
    target = ownership.block_of(b, owner)
    is_object = b.icmp_signed("!=", b.and_(word, I64(ARGUMENT)), I64(0))
    is_view = b.icmp_signed("!=", b.and_(word, I64(VIEW)), I64(0))
    with b.if_then(is_object):
        with b.if_then(b.not_(is_view)):
            b.ret(target)
        base = tensor_calling.array_of(b, target)
        _call(b, "Py_IncRef", VOID, base)
        _call(b, "Py_DecRef", VOID, target)
        finish(_array(b, a, rank, base))
    count = load(b, at(b, target, -32), I64)
    previous = load(b, at(b, target, -24), POINTER)
    is_mine = b.icmp_signed("==", count, I64(1))
    is_in = b.icmp_unsigned("!=", previous, target)
    alone = b.and_(b.and_(is_mine, is_in), b.not_(is_view))
    with b.if_then(alone):
        b.call(unit.ownership("unlink"), [a["state"], target])
        strides = at(b, a["numbers"], 8 * rank) if rank > 1 else NULL
        array = memory.array_over(b, a["descr"], rank, a["numbers"], target, strides)
        with b.if_then(_is_null(b, array), likely=False):
            _call(b, "release", VOID, target, I64(0))
        finish(array)
    capsule = b.call(unit.ownership("capsule"), [a["state"], target])
    with b.if_then(_is_null(b, capsule), likely=False):
        b.ret(NULL)
    finish(_array(b, a, rank, capsule))
    return b.function


def _array(
    b: ll.IRBuilder, a: dict[str, ll.Value], rank: int, base: ll.Value
) -> ll.Value:
    """A new array over memory that `base`, a reference that it takes, keeps alive."""
    _call(b, "Py_IncRef", VOID, a["descr"])
    strides = at(b, a["numbers"], 8 * rank)
    flags = b.alloca(I32)
    b.store(I32(tensor_calling.WRITEABLE), flags)
    is_ndarray: Any = None
    if base is not NULL:
        kind = load(b, at(b, base, objects.TYPE), I64)
        is_ndarray = b.icmp_unsigned("==", kind, read_slot(b, "ndarray"))
        with b.if_then(is_ndarray):
            place = at(b, base, read_slot(b, "ndarray.flags_offset"))
            writeable = b.and_(load(b, place, I32), I32(tensor_calling.WRITEABLE))
            b.store(writeable, flags)
    array = _call(
        b, "PyArray_NewFromDescr", POINTER,
        b.inttoptr(read_slot(b, "ndarray"), POINTER), a["descr"], I32(rank),
        a["numbers"], strides, a["data"], b.load(flags), NULL,
    )  # fmt: skip
    if base is not NULL:
        with b.if_else(_is_null(b, array), likely=False) as (badly, well):
            with badly:
                _call(b, "Py_DecRef", VOID, base)
            with well:
                _call(b, "PyArray_SetBaseObject", I32, array, base)
    return array


class _Inside:
    """What `unbox_tensor` needs of an entry, in a region: a guard that fails is an
    exception."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.unit = region.unit
        self.holds: list[ll.Value] = []

    @property
    def b(self) -> ll.IRBuilder:
        return self.region.b

    def has_type(self, given: ll.Value, name: str) -> ll.Value:
        return objects.has_type(self.region, given, name)

    def guard(self, holds: ll.Value) -> None:
        region = self.region
        assert region.node is not None
        wrong = TypeError(
            f"`{region.node.full_name}` gave a tensor of another dtype or rank than its"
            " type says"
        )
        region.fail_unless(holds, region.node, [], wrong)


def read_tensor(region: Region, word: ll.Value, kind: TensorKind) -> Buffer:
    """The tensor that an object is; its owner is the reference to the object."""
    inside: Any = _Inside(region)
    leaves = tensor_calling.unbox_tensor(inside, word, kind)
    found = kind.build(leaves)
    assert isinstance(found, Buffer)
    return found


# lists of numbers -------------------------------------------------------------------------


def list_function(unit: Unit, element: Number) -> ll.Function:
    """`(header)`: a new Python list of the elements; null with an exception. None for a
    list that nobody reads, which has no header."""
    return unit.function(
        f"object.list.{element}", lambda m, n: _make_list(m, n, element)
    )


def _make_list(module: ll.Module, name: str, element: Number) -> ll.Function:
    b, a = new_function(module, name, [("header", POINTER)], POINTER)
    with b.if_then(_is_null(b, a["header"]), likely=False):
        nothing = b.inttoptr(read_slot(b, "None"), POINTER)
        _call(b, "Py_IncRef", VOID, nothing)
        b.ret(nothing)
    length = load(b, at(b, a["header"], lists.LENGTH), I64)
    data = load(b, at(b, a["header"], lists.DATA), POINTER)
    made = _call(b, "PyList_New", POINTER, length)
    with b.if_then(_is_null(b, made), likely=False):
        b.ret(NULL)
    stored = lists.memory_type(element)
    with loop(b, I64(0), length) as i:
        value = b.load(b.gep(b.bitcast(data, stored.as_pointer()), [i]))
        if element.type == T.BOOL:
            item = _call(b, "PyBool_FromLong", POINTER, b.zext(value, I64))
        elif element.type == T.INT:
            item = _call(b, "PyLong_FromLongLong", POINTER, value)
        else:
            item = _call(b, "PyFloat_FromDouble", POINTER, value)
        with b.if_then(_is_null(b, item), likely=False):
            _call(b, "Py_DecRef", VOID, made)
            b.ret(NULL)
        _call(b, "PyList_SetItem", I32, made, i, item)
    b.ret(made)
    return b.function


def read_list_function(unit: Unit, element: Number) -> ll.Function:
    """`(state, object, data)`: write the elements of a Python list to memory; whether
    all are numbers of the type."""
    return unit.function(
        f"elements.{element}", lambda m, n: _make_read_list(m, n, element)
    )


def _make_read_list(module: ll.Module, name: str, element: Number) -> ll.Function:
    b, a = new_function(module, name, [("object", POINTER), ("data", POINTER)], I1)
    length = load(b, at(b, a["object"], objects.HEAD), I64)
    items = load(b, at(b, a["object"], objects.HEAD + 8), POINTER)
    stored = lists.memory_type(element)
    over = b.alloca(I32)
    with loop(b, I64(0), length) as i:
        item = load(b, at(b, items, b.shl(i, I64(3))), POINTER)
        place = b.gep(b.bitcast(a["data"], stored.as_pointer()), [i])
        kind = load(b, at(b, item, objects.TYPE), I64)
        right = b.icmp_unsigned("==", kind, read_slot(b, str(element.type)))
        with b.if_then(b.not_(right), likely=False):
            b.ret(I1(0))
        if element.type == T.FLOAT:
            b.store(load(b, at(b, item, objects.HEAD), F64), place)
        elif element.type == T.BOOL:
            true = b.inttoptr(read_slot(b, "True"), POINTER)
            b.store(b.zext(b.icmp_unsigned("==", item, true), stored), place)
        else:
            number = _call(b, "PyLong_AsLongLongAndOverflow", I64, item, over)
            with b.if_then(b.icmp_signed("!=", b.load(over), I32(0)), likely=False):
                b.ret(I1(0))
            b.store(number, place)
    b.ret(I1(1))
    return b.function
