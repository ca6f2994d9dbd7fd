"""Conversions between values of machine code and Python objects.

box(region, value, type)        the address of an object that stands for a value
unbox(region, word, type)       the value that an object stands for
convert(region, value, kind)    a value as another kind, where ways meet
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.ir.graph import Value
from jit.runtime.codegen import kinds
from jit.runtime.codegen.building import at, load, new_function
from jit.runtime.codegen.host import host_function, read_slot
from jit.runtime.codegen.kinds import (
    Declined,
    Handle,
    Items,
    Kind,
    Lazy,
    ListKind,
    ListValue,
    Number,
    ObjectKind,
    Static,
    StaticKind,
    TensorKind,
    Tuple,
    TupleKind,
    Unset,
    is_array,
    kind_of_type,
    leaves_of,
)
from jit.runtime.codegen.objects import boxing, escapes, object_lists, objects
from jit.runtime.codegen.process.ownership import NULL, owners_of
from jit.runtime.codegen.values import F64, I1, I32, I64, POINTER, Buffer
from jit.runtime.program_values import named_tuple_class

if TYPE_CHECKING:
    from jit.runtime.codegen.region import Region


# kinds --------------------------------------------------------------------------------


def held_kind(type: T.Type) -> Kind:
    """How a value that comes from Python is held: lists stay objects."""
    return _without_lists(kind_of_type(type, True), type)


def _without_lists(kind: Kind, type: T.Type) -> Kind:
    match kind:
        case ListKind():
            return ObjectKind(type)
        case TupleKind(items, name):
            types = T.tuple_elements(type) or ()
            pairs = zip(items, types, strict=True)
            return TupleKind(tuple(_without_lists(k, t) for k, t in pairs), name)
    return kind


def kind_of(region: Region, value: Any, type: T.Type) -> Kind:
    """How a value is handed on: what is only known to the generator becomes an object."""
    match value:
        case Static() if value.value is not None:
            return ObjectKind(type)
        case Items() | Lazy():
            return ObjectKind(type)
        case Unset():
            return held_kind(value.type)
        case Tuple(items):
            types = T.tuple_elements(type) or (T.ANY,) * len(items)
            parts = [kind_of(region, v, t) for v, t in zip(items, types, strict=True)]
            return TupleKind(tuple(parts), value.type)
    return kinds.kind_of(value, type)


def common_kind(found: Sequence[Kind], type: T.Type) -> Kind:
    """A kind that stands for values of several kinds."""
    first = found[0]
    if all(kind == first for kind in found):
        return first
    elements = T.tuple_elements(type)
    if elements is not None and all(
        isinstance(k, TupleKind) and len(k.items) == len(elements) for k in found
    ):
        columns = zip(
            *(k.items for k in found if isinstance(k, TupleKind)), strict=True
        )
        parts = [common_kind(c, t) for c, t in zip(columns, elements, strict=True)]
        name = type if isinstance(type, T.NamedTupleType) else None
        return TupleKind(tuple(parts), name)
    return ObjectKind(type)


def convert(region: Region, value: Any, kind: Kind) -> Any:
    """A value with an owner of its own as a value of another kind, with one as well."""
    if isinstance(value, Unset):
        return _nothing(region, kind)
    match kind:
        case Number():
            same = isinstance(value, ll.Value)
        case TensorKind():
            same = isinstance(value, Buffer)
        case ListKind():
            same = isinstance(value, ListValue)
        case StaticKind():
            same = isinstance(value, Static)
        case TupleKind(items):
            if isinstance(value, Tuple):
                pairs = zip(value.items, items, strict=True)
                return Tuple(tuple(convert(region, v, k) for v, k in pairs), kind.type)
            same = False
        case ObjectKind(type):
            if isinstance(value, Handle):
                return Handle(value.word, type)
            same = False
    if same:
        return value
    before, region._fresh = region._fresh, []
    if isinstance(kind, ObjectKind):
        made: Any = Handle(box(region, value, kind.type), kind.type)
    elif isinstance(value, Handle):
        made = unbox(region, value.word, value.type, owned=False)
    else:
        raise Declined(f"a value of one kind is `{kind}` elsewhere")
    for owner in owners_of(made):
        if not region._take_fresh(owner):
            region._retain(owner)
    for owner in region._fresh:
        region._release(owner)
    region._fresh = before
    region.release(value)
    return made


def _nothing(region: Region, kind: Kind) -> Any:
    """A value that nobody reads; objects are None."""
    match kind:
        case ObjectKind(type):
            word = objects.constant(region, None)
            region.b.call(region.unit.ownership("count_up"), [word])
            return Handle(word, type)
        case TupleKind(items):
            return Tuple(tuple(_nothing(region, k) for k in items), kind.type)
        case StaticKind():
            return Static(kind.value)
    return kind.build(leaves_of(Unset(T.NONE), kind))


# to objects -----------------------------------------------------------------------------


def box(region: Region, value: Any, type: T.Type) -> ll.Value:
    """The address of an object, which stays alive until the node is done."""
    match value:
        case Handle(word):
            return word
        case Static(constant):
            return objects.constant(region, constant)
        case Unset():
            return objects.constant(region, None)
        case ll.Value():
            return _box_number(region, value)
        case Buffer():
            return _box_buffer(region, value, is_array(type))
        case Tuple(items):
            return _box_tuple(region, value, type)
        case ListValue():
            return _box_list(region, value)
        case Items(items, element):
            return _box_items(region, items, element)
        case Lazy(node, inputs):
            from jit.runtime.codegen import failures
            from jit.runtime.codegen.objects import boxed

            types = [v.type for v in node.inputs]
            words = [box(region, v, t) for v, t in zip(inputs, types, strict=True)]
            made = boxed.call_object(region, failures.reference(node), words)
            return objects.fresh(region, made, T.STR).word
    raise Declined(f"{value!r} as a Python object")


def _box_number(region: Region, value: ll.Value) -> ll.Value:
    b = region.b
    if value.type == I1:
        true, false = (objects.constant(region, v) for v in (True, False))
        return b.select(value, true, false)
    name = "PyLong_FromLongLong" if value.type == I64 else "PyFloat_FromDouble"
    assert value.type in (I64, F64)
    made = region.host(name, POINTER, [value])
    return objects.fresh(region, made, T.NUMBER).word


def _box_buffer(region: Region, value: Buffer, is_array: bool) -> ll.Value:
    b, rank = region.b, value.rank
    room = region.stack(ll.ArrayType(I64, max(2 * rank, 1)))
    for index, number in enumerate((*value.sizes, *value.strides)):
        b.store(number, b.gep(room, [I64(0), I64(index)], inbounds=True))
    owner = NULL if value.owner is None else value.owner
    b.call(region.unit.ownership("retain_any"), [owner])
    descr = b.inttoptr(read_slot(b, f"descr.{value.dtype.name}"), POINTER)
    make = boxing.box_function(region.unit, rank, is_array=is_array)
    arguments = [region.state, value.data, owner, descr, b.bitcast(room, POINTER)]
    return objects.fresh(region, b.call(make, arguments), T.TENSOR).word


def _box_tuple(region: Region, value: Tuple, type: T.Type) -> ll.Value:
    from jit.runtime.codegen.objects import boxed

    elements = T.tuple_elements(type) or (T.ANY,) * len(value.items)
    pairs = zip(value.items, elements, strict=True)
    words = [box(region, item, element) for item, element in pairs]
    if value.type is not None:
        make: Any = named_tuple_class(value.type)  # type: ignore[arg-type]
        made = boxed.call_object(region, make, words)
        return objects.fresh(region, made, type).word
    made = region.host("PyTuple_New", POINTER, [I64(len(words))])
    found = objects.fresh(region, made, type)
    for index, word in enumerate(words):
        region.b.call(region.unit.ownership("count_up"), [word])
        region.host("PyTuple_SetItem", I32, [made, I64(index), word])
    return found.word


def _box_items(region: Region, items: Sequence[Any], element: T.Type) -> ll.Value:
    words = [box(region, item, element) for item in items]
    made = region.host("PyList_New", POINTER, [I64(len(words))])
    found = objects.fresh(region, made, T.ListType(element))
    for index, word in enumerate(words):
        region.b.call(region.unit.ownership("count_up"), [word])
        region.host("PyList_SetItem", I32, [made, I64(index), word])
    return found.word


def _box_list(region: Region, value: ListValue) -> ll.Value:
    make = boxing.list_function(region.unit, value.element)
    made = region.b.call(make, [value.header])
    return objects.fresh(region, made, T.ListType(value.element.type)).word


# from objects -----------------------------------------------------------------------------


def unbox(region: Region, word: ll.Value, type: T.Type, *, owned: bool = True) -> Any:
    """The value that an object stands for, made for the node.

    With `owned`, the reference is taken over.
    """
    kind = held_kind(type)
    match kind:
        case Number(number):
            return _unbox_number(region, word, number, owned)
        case StaticKind(None):
            if owned:
                region.b.call(region.unit.ownership("count_down"), [word])
            return Static(None)
    if not owned:
        region.b.call(region.unit.ownership("count_up"), [word])
    handle = region.claim(Handle(word, type))
    match kind:
        case TensorKind():
            found = boxing.read_tensor(region, word, kind)
            region.moved(handle)
            return region.claim(found)
        case TupleKind():
            elements = T.tuple_elements(type) or ()
            items = [
                unbox(region, item_at(region, word, index), element)
                for index, element in enumerate(elements)
            ]
            return Tuple(tuple(items), kind.type)
    return handle


def narrowed(region: Region, value: Any, type: T.Type) -> Any:
    """A value of which more is known now: an object may turn out to be a number."""
    if isinstance(value, Handle):
        if isinstance(held_kind(type), ObjectKind):
            return Handle(value.word, type)
        return unbox(region, value.word, type, owned=False)
    return value


def settled(region: Region, value: Any, output: Value) -> Any:
    """What a node made, a list of numbers held as all that may be the same list is."""
    if not isinstance(value, ListValue | Handle):
        return value
    if not escapes.is_list_of_numbers(output.type):
        return value
    if region.unit.is_local(output):
        return (
            object_lists.read_list(region, value)
            if isinstance(value, Handle)
            else value
        )
    if isinstance(value, ListValue):
        return Handle(box(region, value, output.type), output.type)
    return value


def _unbox_number(
    region: Region, word: ll.Value, type: T.Type, owned: bool
) -> ll.Value:
    name = f"number.{type}.{'owned' if owned else 'borrowed'}"
    count_down = region.unit.ownership("count_down")
    function = region.function(
        name, lambda m, n: _make_number(m, n, type, count_down if owned else None)
    )
    room = region.slots.number_room(type)  # type: ignore[union-attr]
    well = region.b.call(function, [word, room])
    objects.require(region, well)
    return region.b.load(room)


def _make_number(
    module: ll.Module, name: str, type: T.Type, count_down: ll.Function | None
) -> ll.Function:
    """`(object, place)`: write the number of an object; whether it is one."""
    held = Number(type).leaf_types()[0]
    b, a = new_function(
        module, name, [("object", POINTER), ("place", held.as_pointer())], I1
    )
    b.function.attributes.add("nounwind")
    object, place = a["object"], a["place"]

    def done(well: ll.Value) -> None:
        if count_down is not None:
            b.call(count_down, [object])
        b.ret(well)

    def call(api: str, result: ll.Type, *arguments: ll.Value) -> ll.Value:
        kind = ll.FunctionType(result, [x.type for x in arguments])
        return b.call(host_function(b, api, kind), arguments)

    def no_error() -> ll.Value:
        return b.icmp_unsigned("==", call("PyErr_Occurred", POINTER), NULL)

    kind = load(b, at(b, object, objects.TYPE), I64)
    if type == T.BOOL:
        true = b.inttoptr(read_slot(b, "True"), POINTER)
        false = b.inttoptr(read_slot(b, "False"), POINTER)
        is_true = b.icmp_unsigned("==", object, true)
        with b.if_then(b.or_(is_true, b.icmp_unsigned("==", object, false))):
            b.store(is_true, place)
            done(I1(1))
        truth = call("PyObject_IsTrue", I32, object)
        b.store(b.icmp_signed(">", truth, I32(0)), place)
        done(b.icmp_signed(">=", truth, I32(0)))
    elif type == T.FLOAT:
        with b.if_then(b.icmp_unsigned("==", kind, read_slot(b, "float")), likely=True):
            b.store(load(b, at(b, object, objects.HEAD), F64), place)
            done(I1(1))
        b.store(call("PyFloat_AsDouble", F64, object), place)
        done(no_error())
    else:
        over = b.alloca(I32)
        number = call("PyLong_AsLongLongAndOverflow", I64, object, over)
        b.store(number, place)
        with b.if_then(b.icmp_signed("!=", b.load(over), I32(0)), likely=False):
            # the C API raises where it is asked without a place for the overflow
            call("PyLong_AsLongLong", I64, object)
            done(I1(0))
        with b.if_then(b.icmp_signed("==", number, I64(-1)), likely=False):
            done(no_error())
        done(I1(1))
    return b.function


def item_at(region: Region, word: ll.Value, index: int) -> ll.Value:
    """A new reference to an item of a tuple or list, as often as there are."""
    count_up = region.unit.ownership("count_up")
    function = region.function("item_at", lambda m, n: _make_item(m, n, count_up))
    made = region.b.call(function, [word, I64(index)])
    return objects.not_null(region, made)


def _make_item(module: ll.Module, name: str, count_up: ll.Function) -> ll.Function:
    """`(object, index)`: a new reference to an item; null with an exception."""
    b, a = new_function(module, name, [("object", POINTER), ("index", I64)], POINTER)
    kind = load(b, at(b, a["object"], objects.TYPE), I64)
    with b.if_then(b.icmp_unsigned("==", kind, read_slot(b, "tuple")), likely=True):
        place = at(b, a["object"], tuple.__basicsize__)
        item = load(b, at(b, place, b.shl(a["index"], I64(3))), POINTER)
        b.call(count_up, [item])
        b.ret(item)
    type = ll.FunctionType(POINTER, [POINTER, I64])
    get = host_function(b, "PySequence_GetItem", type)
    b.ret(b.call(get, [a["object"], a["index"]]))
    return b.function
