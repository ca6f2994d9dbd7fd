"""The way from a Python call into machine code and back.

A call of a `NativeFunction` begins at a generated entry. It checks the types of its
arguments, takes their numbers and addresses out, calls the function and makes Python
objects of the results. Arguments that do not fit go to `slow`, a status that is not 0
to `fail`, both Python callables. A linked function, one of several that a
`jit.runtime.codegen.calls.native_function` tries in turn, returns MISS instead.

Where Python objects hold what is read directly is verified once, by `problem`.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import llvmlite.ir as ll

from jit.ir import types as T
from jit.runtime.codegen import failures
from jit.runtime.codegen.building import at, load, store
from jit.runtime.codegen.calls import global_lock, object_calling
from jit.runtime.codegen.calls.attributes import Attributes
from jit.runtime.codegen.calls.callable_type import HEAD, build_problem
from jit.runtime.codegen.calls.native_function import (
    LINKED,
    MISS,
    MOST_CONVERTED,
    TABLE,
    NativeFunction,
)
from jit.runtime.codegen.calls.picking import Picked, pick
from jit.runtime.codegen.calls.tensor_calling import (
    box_tensor,
    layout_problem,
    unbox_tensor,
)
from jit.runtime.codegen.host import (
    SLOTS,
    host_function,
    python_address,
    read_slot,
    slot,
)
from jit.runtime.codegen.kinds import (
    Declined,
    Kind,
    ListKind,
    Number,
    ObjectKind,
    StaticKind,
    TensorKind,
    TupleKind,
)
from jit.runtime.codegen.process.ownership import ARGUMENT, VIEW
from jit.runtime.codegen.values import F64, I1, I32, I64, POINTER
from jit.runtime.gathering import Gathering

if TYPE_CHECKING:
    from jit.runtime.codegen.program import Unit

TYPE = 8
"""Offset of the type of an object."""

DEEPEST = 8000
"""How many calls of machine code may be nested, whatever Python's own limit is."""

ENTRY_TYPE = ll.FunctionType(POINTER, [POINTER, POINTER.as_pointer(), I64, POINTER])

for _name in (
    "PyMem_RawRealloc",
    "Py_GetRecursionLimit",
    "PyTuple_SetItem",
    "PyLong_FromVoidPtr",
    "Py_DecRef",
):
    if _name not in SLOTS:
        slot(_name, python_address(_name))


@functools.cache
def problem() -> str:
    """Why native calls are not possible in this interpreter; empty if they are."""
    build = build_problem()
    if build:
        return build
    marked = object()
    if ctypes.c_size_t.from_address(id(marked) + TYPE).value != id(object):
        return "the type of an object is not where it is expected"
    pair = ("first", "second")
    words = (ctypes.c_size_t * 2).from_address(id(pair) + tuple.__basicsize__)
    length = ctypes.c_ssize_t.from_address(id(pair) + HEAD).value
    if length != 2 or tuple(words) != tuple(map(id, pair)):
        return "the items of a tuple are not where they are expected"
    if not NativeFunction.is_direct:
        return "types cannot be made callable by machine code"
    return layout_problem()


# the entry --------------------------------------------------------------------------


class Entry:
    """Makes the entry of a function: guards, unboxing, call, boxing."""

    def __init__(self, unit: Unit, takes_arrays: bool = False) -> None:
        self.unit = unit
        self.takes_arrays = takes_arrays
        function = ll.Function(unit.module, ENTRY_TYPE, "entry")
        self.made = function
        self.self, self.args, self.count, self.names = function.args
        frame = function.append_basic_block("frame")
        start = function.append_basic_block("start")
        self._frame_end = ll.IRBuilder(frame).branch(start)
        self.b = ll.IRBuilder(start)
        words = self.stack(ll.ArrayType(I64, failures.STATE_WORDS))
        self.state = self.b.bitcast(words, POINTER)
        self.miss = function.append_basic_block("miss")
        self.error = function.append_basic_block("error")
        self.attributes: Attributes | None = None
        self.repeats = False
        """Whether a call that fails is run again by the slow path."""
        self.borrowed: list[ll.Value] = []
        """Where references are that the entry holds until the call is done."""
        self.lists: list[ll.Value] = []
        """Where the lists are that the entry made of arguments."""

    def stack(self, type: ll.Type) -> ll.Value:
        """Room for one value in the frame of the entry."""
        builder = ll.IRBuilder()
        builder.position_before(self._frame_end)
        return builder.alloca(type)

    def in_frame(self, make: Callable[[ll.IRBuilder], Any]) -> None:
        """Make code that runs before everything else."""
        builder = ll.IRBuilder()
        builder.position_before(self._frame_end)
        make(builder)

    def guard(self, holds: ll.Value) -> None:
        """Go to the slow path unless a condition holds."""
        go_on = self.made.append_basic_block("ok")
        self.b.cbranch(holds, go_on, self.miss).set_weights((1 << 20, 1))
        self.b.position_at_end(go_on)

    def borrow(self, object: ll.Value) -> None:
        """Keep an object alive until the call is done."""
        place = self.stack(POINTER)
        null = ll.Constant(POINTER, None)
        self.in_frame(lambda frame: frame.store(null, place))
        self.call("Py_IncRef", ll.VoidType(), object)
        self.b.store(object, place)
        self.borrowed.append(place)

    def field(self, base: ll.Value, offset: int, type: ll.Type) -> ll.Value:
        """What an object holds at an offset."""
        place = self.b.gep(base, [I64(offset)], inbounds=True)
        return self.b.load(self.b.bitcast(place, type.as_pointer()))

    def call(self, name: str, result: ll.Type, *arguments: ll.Value) -> ll.Value:
        """Call a function of the host table."""
        type = ll.FunctionType(result, [a.type for a in arguments])
        return self.b.call(host_function(self.b, name, type), arguments)

    def object(self, name: str) -> ll.Value:
        """An object of the host table."""
        return self.b.inttoptr(read_slot(self.b, name), POINTER)

    def is_null(self, pointer: ll.Value) -> ll.Value:
        return self.b.icmp_unsigned("==", pointer, ll.Constant(POINTER, None))

    def check_result(self, pointer: ll.Value) -> ll.Value:
        """Hand on the exception of a call that gave NULL."""
        go_on = self.made.append_basic_block("made")
        self.b.cbranch(self.is_null(pointer), self.error, go_on)
        self.b.position_at_end(go_on)
        return pointer

    # unboxing -------------------------------------------------------------------------

    def unbox(self, given: ll.Value, kind: Kind) -> list[ll.Value]:
        """The leaves of an argument."""
        match kind:
            case Number(type):
                return [self._unbox_number(given, type)]
            case StaticKind(None):
                self.guard(self.b.icmp_unsigned("==", given, self.object("None")))
                return []
            case TupleKind(items, None):
                return self._unbox_tuple(given, items)
            case TensorKind():
                return self._unbox_tensor(given, self._at_border(kind))
            case TupleKind(_, T.NamedTupleType() as type):
                return object_calling.unbox_named_tuple(self, given, kind, type)
            case ListKind(element):
                return object_calling.unbox_list(self, given, element)
            case ObjectKind(type):
                return [object_calling.unbox_object(self, given, type)]
        raise Declined(f"an argument is `{kind}`")

    def _unbox_tensor(self, given: ll.Value, kind: TensorKind) -> list[ll.Value]:
        """The leaves of a tensor; its array, which `x.data = y` may replace while the
        call runs, is held."""
        leaves = unbox_tensor(self, given, kind)
        if not kind.is_array:
            slot = read_slot(self.b, "Tensor.array")
            self.borrow(load(self.b, at(self.b, given, slot), POINTER))
        return leaves

    def _at_border(self, kind: TensorKind) -> TensorKind:
        """What callers give and get for a tensor."""
        is_array = kind.is_array or self.takes_arrays
        return TensorKind(kind.dtype, kind.rank, is_array)

    def has_type(self, given: ll.Value, name: str) -> ll.Value:
        """Whether an object is of exactly a type."""
        return self.b.icmp_unsigned(
            "==", self.field(given, TYPE, I64), read_slot(self.b, name)
        )

    def _unbox_number(self, given: ll.Value, type: T.Type) -> ll.Value:
        b = self.b
        if type == T.BOOL:
            is_true = b.icmp_unsigned("==", given, self.object("True"))
            is_false = b.icmp_unsigned("==", given, self.object("False"))
            self.guard(b.or_(is_true, is_false))
            return is_true
        self.guard(self.has_type(given, str(type)))
        if type == T.FLOAT:
            return self.field(given, HEAD, F64)
        over = self.stack(I32)
        number = self.call("PyLong_AsLongLongAndOverflow", I64, given, over)
        self.guard(b.icmp_signed("==", b.load(over), I32(0)))
        return number

    def _unbox_float(self, given: ll.Value, index: int) -> ll.Value:
        """The same for an argument, which may be an int where callers want that."""
        if index >= MOST_CONVERTED:
            return self._unbox_number(given, T.FLOAT)
        b = self.b
        float_, int_, after = (
            self.made.append_basic_block(n) for n in ("float", "int", "number")
        )
        b.cbranch(self.has_type(given, "float"), float_, int_)
        b.position_at_end(float_)
        number = self.field(given, HEAD, F64)
        b.branch(after)
        b.position_at_end(int_)
        linked = self.field(self.self, HEAD + 8 * LINKED, I64)
        wanted = b.and_(linked, I64(2 << index))
        self.guard(b.icmp_unsigned("!=", wanted, I64(0)))
        converted = b.sitofp(self._unbox_number(given, T.INT), F64)
        from_int = b.block
        b.branch(after)
        b.position_at_end(after)
        made = b.phi(F64)
        made.add_incoming(number, float_)
        made.add_incoming(converted, from_int)
        return made

    def _unbox_tuple(self, given: ll.Value, items: Sequence[Kind]) -> list[ll.Value]:
        self.guard(self.has_type(given, "tuple"))
        length = self.field(given, HEAD, I64)
        self.guard(self.b.icmp_signed("==", length, I64(len(items))))
        items_at = at(self.b, given, read_slot(self.b, "tuple.items"))
        return [
            leaf
            for index, kind in enumerate(items)
            for leaf in self.unbox(self.field(items_at, 8 * index, POINTER), kind)
        ]

    # boxing ---------------------------------------------------------------------------

    def box(self, leaves: list[ll.Value], kind: Kind) -> ll.Value:
        """A new reference to the object of a result; `leaves` loses its own."""
        match kind:
            case Number(T.INT):
                return self.check_result(
                    self.call("PyLong_FromLongLong", POINTER, leaves.pop(0))
                )
            case Number(T.FLOAT):
                return self.check_result(
                    self.call("PyFloat_FromDouble", POINTER, leaves.pop(0))
                )
            case Number(T.BOOL):
                word = self.b.zext(leaves.pop(0), I64)
                return self.call("PyBool_FromLong", POINTER, word)
            case StaticKind(None):
                self.call("Py_IncRef", ll.VoidType(), self.object("None"))
                return self.object("None")
            case TupleKind(items, None):
                made = self.check_result(
                    self.call("PyTuple_New", POINTER, I64(len(items)))
                )
                for index, item in enumerate(items):
                    boxed = self.box(leaves, item)
                    self.call("PyTuple_SetItem", I32, made, I64(index), boxed)
                return made
            case TupleKind(items, T.NamedTupleType() as type):
                words = [self.box(leaves, item) for item in items]
                return object_calling.box_named_tuple(self, words, type)
            case ObjectKind():
                return leaves.pop(0)
            case ListKind(element):
                return object_calling.box_list(self, leaves.pop(0), element)
            case TensorKind() if self.unit.objects:
                return object_calling.box_tensor(self, leaves, kind)
            case TensorKind(is_array=True, rank=0):
                return self._box_scalar(leaves, kind)
            case TensorKind():
                border = self._at_border(kind)
                return self.check_result(box_tensor(self, leaves, border, self.state))
        raise Declined(f"the result is `{kind}`")

    def _box_scalar(self, leaves: list[ll.Value], kind: TensorKind) -> ll.Value:
        """NumPy gives scalars for arrays without dimensions; an argument stays itself.

        The block is left to the call's state: another result may share it.
        """
        b = self.b
        data, owner = leaves[:2]
        mark = b.and_(b.ptrtoint(owner, I64), I64(ARGUMENT | VIEW))
        result = self.stack(POINTER)
        is_itself = b.icmp_unsigned("==", mark, I64(ARGUMENT))
        with b.if_else(is_itself, likely=False) as (itself, scalar):
            with itself:
                b.store(box_tensor(self, leaves, kind, self.state), result)
            with scalar:
                descr = b.inttoptr(read_slot(b, f"descr.{kind.dtype.name}"), POINTER)
                none = ll.Constant(POINTER, None)
                made = self.call("PyArray_Scalar", POINTER, data, descr, none)
                b.store(made, result)
        return self.check_result(b.load(result))

    # the whole ------------------------------------------------------------------------

    def make(
        self,
        inner: ll.Function,
        arguments: Sequence[Kind],
        results: Sequence[Kind],
        gathering: Gathering | None,
    ) -> None:
        """The whole entry."""
        b = self.b
        if isinstance(gathering, Picked):
            self.repeats = True
            given = pick(self, gathering, self._arguments(gathering.count))
        elif gathering is not None:
            self.attributes = Attributes(self, gathering)
            given = self.attributes.gather()
        else:
            given = self._arguments(len(arguments))
        for index in (1, 2, 3, 4, failures.ERROR):
            store(b, I64(0), at(b, self.state, 8 * index))
        table = self.field(self.self, HEAD + 8 * TABLE, I64)
        store(b, table, at(b, self.state, 8 * failures.TABLE))
        leaves: list[ll.Value] = []
        for index, (one, kind) in enumerate(zip(given, arguments, strict=True)):
            if self.attributes is not None and self.attributes.has(index):
                leaves += self.attributes.unbox(one, kind)
            elif self.attributes is None and kind == Number(T.FLOAT):
                leaves.append(self._unbox_float(one, index))
            else:
                leaves += self.unbox(one, kind)
        if self.attributes is not None:
            self.attributes.hold()
        deepest, limited = I64(DEEPEST), I1(0)
        if self.unit.has_calls and self.unit.objects:
            limit = b.sext(self.call("Py_GetRecursionLimit", I32), I64)
            within = b.icmp_signed("<", limit, I64(DEEPEST))
            deepest = b.select(within, limit, I64(DEEPEST))
        elif self.unit.has_calls:
            limit = b.sext(self.call("Py_GetRecursionLimit", I32), I64)
            limited = b.icmp_signed(">", limit, I64(DEEPEST))
            deepest = b.select(limited, I64(DEEPEST), limit)
        global_lock.begin(b, self.unit, self.state, arguments, leaves)
        made = b.call(inner, [self.state, deepest, *leaves])
        global_lock.end(b, self.state)
        failed = self.made.append_basic_block("failed")
        went_well = self.made.append_basic_block("went_well")
        status = b.extract_value(made, 0)
        b.cbranch(b.icmp_signed("==", status, I64(0)), went_well, failed).set_weights(
            (1 << 20, 1)
        )
        b.position_at_end(went_well)
        found = [
            b.extract_value(made, i + 1)
            for i in range(sum(len(k.leaf_types()) for k in results))
        ]
        whole = results[0] if len(results) == 1 else TupleKind(tuple(results))
        boxed = self.box(found, whole)
        self._let_go()
        b.ret(boxed)
        self._make_failed(failed, limited)
        self._make_rest()

    def _arguments(self, count: int) -> list[ll.Value]:
        """The arguments of a call, if there are so many."""
        b = self.b
        given = b.and_(self.count, I64(2**63 - 1))
        fits = b.icmp_unsigned("==", given, I64(count))
        self.guard(b.and_(fits, self.is_null(self.names)))
        places = [b.gep(self.args, [I64(i)], inbounds=True) for i in range(count)]
        return [b.load(place) for place in places]

    def _let_go(self) -> None:
        object_calling.release_arguments(self)
        if self.attributes is not None:
            self.attributes.let_go()

    def _make_failed(self, block: ll.Block, limited: ll.Value) -> None:
        b, state = self.b, self.state
        b.position_at_end(block)
        if self.repeats:
            b.call(self.unit.ownership("release_state"), [state])
            b.branch(self.miss)
            return
        number = b.load(b.bitcast(state, I64.as_pointer()))
        is_deep = b.icmp_unsigned(">=", number, I64(failures.RECURSION))
        # Python allows deeper calls than the stack of this thread: it runs them
        with b.if_then(b.and_(limited, is_deep), likely=False):
            b.call(self.unit.ownership("release_state"), [state])
            self._let_go()
            for place in (*self.borrowed, *self.lists):
                b.store(ll.Constant(POINTER, None), place)
            b.branch(self.miss)
        box = self.check_result(self.call("PyLong_FromVoidPtr", POINTER, state))
        arguments = self.stack(POINTER)
        b.store(box, arguments)
        called = self.call(
            "PyObject_Vectorcall", POINTER, self._held("fail"),
            arguments, I64(1), ll.Constant(POINTER, None),
        )  # fmt: skip
        self.call("Py_DecRef", ll.VoidType(), box)
        b.call(self.unit.ownership("release_state"), [state])
        kept, self.lists = self.lists, []  # they went with the state
        self._let_go()
        self.lists = kept
        b.ret(called)

    def _held(self, name: str) -> ll.Value:
        """What the function holds in a slot of Python."""
        place = at(self.b, self.self, read_slot(self.b, f"NativeFunction.{name}"))
        return load(self.b, place, POINTER)

    def _make_rest(self) -> None:
        b = self.b
        b.position_at_end(self.miss)
        object_calling.release_arguments(self)
        is_linked = self.field(self.self, HEAD + 8 * LINKED, I64)
        with b.if_then(b.icmp_unsigned("!=", is_linked, I64(0))):
            b.ret(b.inttoptr(I64(MISS), POINTER))
        b.ret(
            self.call(
                "PyObject_Vectorcall", POINTER, self._held("slow"),
                self.args, self.count, self.names,
            )
        )  # fmt: skip
        b.position_at_end(self.error)
        self._let_go()
        b.ret(ll.Constant(POINTER, None))


def is_boxed(kind: Kind) -> bool:
    """Whether entries take and give values of a kind."""
    if isinstance(kind, TupleKind):
        return kind.type is None and all(map(is_boxed, kind.items))
    return isinstance(kind, Number | TensorKind) or kind == StaticKind(None)


def make_entry(
    unit: Unit,
    inner: ll.Function,
    arguments: Sequence[Kind],
    results: Sequence[Kind],
    gathering: Gathering | None = None,
    takes_arrays: bool = False,
) -> None:
    """Add the function `entry` to a module."""
    Entry(unit, takes_arrays).make(inner, arguments, results, gathering)
