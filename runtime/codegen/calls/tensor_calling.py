"""Tensors and arrays at the border of machine code: taken apart, and made again.

An argument is read where it lies: its fields are at the offsets that `layout_problem`
verifies. A result that is a whole block becomes an array that owns the block; a result
that is a view keeps what it views alive; an argument that is returned is that argument.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from typing import TYPE_CHECKING

import llvmlite.ir as ll
import numpy as np

from jit.runtime import grad_mode
from jit.runtime.codegen.building import at, load, new_function, store
from jit.runtime.codegen.calls.callable_type import slot_offset
from jit.runtime.codegen.host import host_function, numpy_function, read_slot, slot
from jit.runtime.codegen.kinds import TensorKind
from jit.runtime.codegen.process import memory, ownership
from jit.runtime.codegen.process.ownership import ARGUMENT, VIEW
from jit.runtime.codegen.values import I1, I32, I64, POINTER
from jit.runtime.parameter import Parameter
from jit.runtime.tensor import Tensor, wrap

if TYPE_CHECKING:
    from jit.runtime.codegen.calls.calling import Entry

TYPE, DATA, RANK, SIZES, STRIDES, DESCR = 8, 16, 24, 32, 40, 56
"""Offsets in an ndarray."""
ALIGNED, WRITEABLE = 0x100, 0x400
NULL = ll.Constant(POINTER, None)
VOID = ll.VoidType()
_NONES = ("grad", "grad_fn", "_output", "_view", "_autograd")


slot("Tensor", lambda: id(Tensor))
slot("Parameter", lambda: id(Parameter))
for _name in ("array", "_requires_grad", *_NONES):
    slot(f"Tensor.{_name}", lambda n=_name: slot_offset(Tensor, n))
slot("thread_data", grad_mode.reader_address)
slot("grad_key", lambda: grad_mode.thread_key() if grad_mode.reader_address() else 0)
slot("PyArray_SetBaseObject", numpy_function(282))
slot("PyArray_Return", numpy_function(76))
slot("PyArray_Scalar", numpy_function(60))
# None is not counted where it is immortal
slot("count_of_none", lambda: 0 if sys.version_info >= (3, 12) else len(_NONES))


@functools.cache
def layout_problem() -> str:
    """Why arrays and Tensors cannot be read directly; empty if they can."""
    array = np.zeros((3, 5), np.float32)[:, 1:]
    word = ctypes.c_int64

    def at_offset(offset: int) -> int:
        return word.from_address(id(array) + offset).value

    def words(offset: int) -> tuple[int, ...]:
        return tuple((word * 2).from_address(at_offset(offset)))

    found = (at_offset(DATA), at_offset(RANK) & 0xFFFFFFFF, words(SIZES),
             words(STRIDES), at_offset(DESCR))  # fmt: skip
    expected = (array.ctypes.data, 2, array.shape, array.strides, id(array.dtype))
    if found != expected:
        return "the fields of arrays are not where they are expected"
    tensor = wrap(array)
    if word.from_address(id(tensor) + slot_offset(Tensor, "array")).value != id(array):
        return "the slots of Tensor are not where they are expected"
    return ""


# arguments ----------------------------------------------------------------------------


def unbox_tensor(entry: Entry, given: ll.Value, kind: TensorKind) -> list[ll.Value]:
    """Guards, then the leaves of a tensor argument."""
    b = entry.b
    array = given
    if not kind.is_array:
        is_tensor = entry.has_type(given, "Tensor")
        entry.guard(b.or_(is_tensor, entry.has_type(given, "Parameter")))
        entry.guard(wants_no_gradient(b, given))
        array = load(b, at(b, given, read_slot(b, "Tensor.array")), POINTER)
        entry.guard(b.icmp_unsigned("!=", array, NULL))
    entry.guard(entry.has_type(array, "ndarray"))
    rank = load(b, at(b, array, RANK), I32)
    descr = load(b, at(b, array, DESCR), I64)
    is_dtype = b.icmp_unsigned("==", descr, read_slot(b, f"descr.{kind.dtype.name}"))
    entry.guard(b.and_(b.icmp_signed("==", rank, I32(kind.rank)), is_dtype))
    flags = load(b, at(b, array, read_slot(b, "ndarray.flags_offset")), I32)
    wanted = ALIGNED | (WRITEABLE if entry.unit.writes else 0)
    entry.guard(b.icmp_signed("==", b.and_(flags, I32(wanted)), I32(wanted)))
    sizes = load(b, at(b, array, SIZES), POINTER)
    strides = load(b, at(b, array, STRIDES), POINTER)
    owner = b.inttoptr(b.or_(b.ptrtoint(given, I64), I64(ARGUMENT)), POINTER)
    leaves = [load(b, at(b, array, DATA), POINTER)]
    leaves += [load(b, at(b, sizes, 8 * d), I64) for d in range(kind.rank)]
    leaves += [load(b, at(b, strides, 8 * d), I64) for d in range(kind.rank)]
    return [*leaves, owner]


def wants_no_gradient(b: ll.IRBuilder, tensor: ll.Value) -> ll.Value:
    """Whether a call with a tensor needs no tape: machine code writes none."""
    wants = load(b, at(b, tensor, read_slot(b, "Tensor._requires_grad")), I64)
    plain = b.icmp_unsigned("==", wants, read_slot(b, "False"))
    before = b.block
    with b.if_then(b.not_(plain), likely=False):
        reader = read_slot(b, "thread_data")
        known = b.icmp_unsigned("!=", reader, I64(0))
        asking = b.block
        with b.if_then(known, likely=True):
            kind = ll.FunctionType(POINTER, [I32])
            read = b.inttoptr(reader, kind.as_pointer())
            found = b.call(read, [b.trunc(read_slot(b, "grad_key"), I32)])
            off = b.icmp_unsigned("!=", found, NULL)
            told = b.block
        is_off = b.phi(I1)
        is_off.add_incoming(I1(0), asking)
        is_off.add_incoming(off, told)
        rare = b.block
    result = b.phi(I1)
    result.add_incoming(plain, before)
    result.add_incoming(is_off, rare)
    return result


# results ------------------------------------------------------------------------------


def box_tensor(
    entry: Entry, leaves: list[ll.Value], kind: TensorKind, state: ll.Value
) -> ll.Value:
    """A new reference to a tensor result; the exception is set where it is null."""
    b, rank = entry.b, kind.rank
    count = 2 + 2 * rank
    mine = leaves[:count]
    del leaves[:count]
    room = entry.stack(ll.ArrayType(I64, max(2 * rank, 1)))
    for index, value in enumerate(mine[1:-1]):
        b.store(value, b.gep(room, [I64(0), I64(index)], inbounds=True))
    numbers = b.bitcast(room, POINTER)
    descr = b.inttoptr(read_slot(b, f"descr.{kind.dtype.name}"), POINTER)
    type = ll.FunctionType(POINTER, [POINTER] * 5)
    box = entry.unit.kernel(f"box {kind!r}", type, lambda m, n: _make_box(m, n, kind))
    return b.call(box, [state, mine[0], mine[-1], descr, numbers])


_BOX_ARGUMENTS = [(n, POINTER) for n in ("state", "data", "owner", "descr", "numbers")]


def _make_box(module: ll.Module, name: str, kind: TensorKind) -> ll.Function:
    """`(state, data, owner, descr, sizes and strides)`: the object of a result."""
    unlink = ownership.make_unlink(module, "unlink")
    rare = _make_rare_box(module, kind, unlink)
    b, a = new_function(module, name, _BOX_ARGUMENTS, POINTER)
    owner, rank = a["owner"], kind.rank
    word = b.ptrtoint(owner, I64)
    target = ownership.block_of(b, owner)
    is_rare = b.icmp_signed("!=", b.and_(word, I64(ARGUMENT | VIEW)), I64(0))
    with b.if_then(is_rare, likely=False):
        b.ret(b.call(rare, list(b.function.args)))
    is_boxed = b.icmp_signed("<", load(b, at(b, target, -32), I64), I64(0))
    with b.if_then(is_boxed, likely=False):
        b.ret(b.call(rare, list(b.function.args)))
    b.call(unlink, [a["state"], target])
    strides = _unusual_strides(b, a["numbers"], rank, kind.dtype.itemsize)
    array = memory.array_over(b, a["descr"], rank, a["numbers"], target, strides)
    with b.if_then(b.icmp_unsigned("==", array, NULL), likely=False):
        _release(b, target)
        b.ret(NULL)
    made = finish(b, array, kind)
    _mark(b, target, array, made)
    b.ret(made)
    return b.function


def _make_rare_box(
    module: ll.Module, kind: TensorKind, unlink: ll.Function
) -> ll.Function:
    """The object of a result that is an argument, a view, or what another result is."""
    b, a = new_function(module, "box_rare", _BOX_ARGUMENTS, POINTER)
    b.function.attributes.discard("optsize")
    b.function.attributes.update(("noinline", "optnone"))  # to be made quickly
    owner, rank = a["owner"], kind.rank
    word = b.ptrtoint(owner, I64)
    target = ownership.block_of(b, owner)
    base = b.alloca(POINTER)
    is_argument = b.icmp_signed("!=", b.and_(word, I64(ARGUMENT)), I64(0))
    is_view = b.icmp_signed("!=", b.and_(word, I64(VIEW)), I64(0))
    with b.if_else(is_argument) as (given, own):
        with given:
            with b.if_then(b.not_(is_view)):
                # what is held as a Tensor may have to be given as an array
                found = array_of(b, target) if kind.is_array else target
                _count_up(b, found)
                b.ret(found)
            b.store(array_of(b, target), base)
        with own:
            is_boxed = b.icmp_signed("<", load(b, at(b, target, -32), I64), I64(0))
            with b.if_else(is_boxed) as (known, new):
                with known:
                    # null if a view came first: then this is one more view
                    found = load(b, at(b, target, -16), POINTER)
                    is_there = b.icmp_unsigned("!=", found, NULL)
                    with b.if_then(b.and_(b.not_(is_view), is_there)):
                        _count_up(b, found)
                        b.ret(found)
                    b.store(load(b, at(b, target, -24), POINTER), base)
                    _count_up(b, b.load(base))
                with new:
                    # an array of the bytes of the block owns it
                    b.store(_bytes_of_block(b, a["state"], target, unlink), base)
    made = _view(b, a, rank, b.load(base))
    with b.if_then(b.not_(is_argument)):
        _count_down(b, b.load(base))
    b.ret(finish(b, made, kind))
    return b.function


def _bytes_of_block(
    b: ll.IRBuilder, state: ll.Value, block: ll.Value, unlink: ll.Function
) -> ll.Value:
    """A new array of the bytes of a block, which it owns; if there is none, null is
    returned from the function that is being built."""
    size = b.alloca(I64)
    b.store(load(b, at(b, block, -56), I64), size)
    descr = b.inttoptr(read_slot(b, "descr.uint8"), POINTER)
    b.call(unlink, [state, block])
    whole = memory.array_over(b, descr, 1, b.bitcast(size, POINTER), block)
    with b.if_then(b.icmp_unsigned("==", whole, NULL), likely=False):
        _release(b, block)
        b.ret(NULL)
    _mark(b, block, whole, NULL)
    return whole


def _unusual_strides(
    b: ll.IRBuilder, numbers: ll.Value, rank: int, itemsize: int
) -> ll.Value:
    """The strides of a result that fills its block; null where they are row-major."""
    if rank < 2:
        return NULL
    usual: ll.Value = I1(1)
    empty: ll.Value = I1(0)
    step: ll.Value = I64(itemsize)
    for d in reversed(range(rank)):
        size = load(b, at(b, numbers, 8 * d), I64)
        stride = load(b, at(b, numbers, 8 * (rank + d)), I64)
        short = b.icmp_signed("==", size, I64(1))
        fits = b.or_(short, b.icmp_signed("==", stride, step))
        usual = b.and_(usual, fits)
        empty = b.or_(empty, b.icmp_signed("==", size, I64(0)))
        step = b.mul(step, size)
    return b.select(b.or_(usual, empty), NULL, at(b, numbers, 8 * rank))


def _mark(b: ll.IRBuilder, block: ll.Value, array: ll.Value, made: ll.Value) -> None:
    """Remember what a block became, for other results that share it."""
    store(b, I64(-1), at(b, block, -32))
    store(b, array, at(b, block, -24))
    store(b, made, at(b, block, -16))


def _release(b: ll.IRBuilder, block: ll.Value) -> None:
    type = ll.FunctionType(VOID, [POINTER, I64])
    b.call(host_function(b, "release", type), [block, I64(0)])


def _count_up(b: ll.IRBuilder, object: ll.Value) -> None:
    type = ll.FunctionType(VOID, [POINTER])
    b.call(host_function(b, "Py_IncRef", type), [object])


def _count_down(b: ll.IRBuilder, object: ll.Value) -> None:
    type = ll.FunctionType(VOID, [POINTER])
    b.call(host_function(b, "Py_DecRef", type), [object])


def array_of(b: ll.IRBuilder, object: ll.Value) -> ll.Value:
    """The array of an argument, a Tensor or an array."""
    type = load(b, at(b, object, TYPE), I64)
    result = b.alloca(POINTER)
    b.store(object, result)
    with b.if_then(b.icmp_unsigned("!=", type, read_slot(b, "ndarray"))):
        place = at(b, object, read_slot(b, "Tensor.array"))
        b.store(load(b, place, POINTER), result)
    return b.load(result)


def _view(
    b: ll.IRBuilder, a: dict[str, ll.Value], rank: int, base: ll.Value
) -> ll.Value:
    """A new array that looks into the memory of another."""
    _count_up(b, a["descr"])
    make = ll.FunctionType(
        POINTER, [POINTER, POINTER, I32, POINTER, POINTER, POINTER, I32, POINTER]
    )
    flags = load(b, at(b, base, read_slot(b, "ndarray.flags_offset")), I32)
    kind = b.inttoptr(read_slot(b, "ndarray"), POINTER)
    strides = at(b, a["numbers"], 8 * rank)
    array = b.call(
        host_function(b, "PyArray_NewFromDescr", make),
        [kind, a["descr"], I32(rank), a["numbers"], strides, a["data"],
         b.and_(flags, I32(WRITEABLE)), NULL],
    )  # fmt: skip
    with b.if_then(b.icmp_unsigned("!=", array, NULL), likely=True):
        _count_up(b, base)
        set_base = ll.FunctionType(I32, [POINTER, POINTER])
        b.call(host_function(b, "PyArray_SetBaseObject", set_base), [array, base])
    return array


def finish(b: ll.IRBuilder, array: ll.Value, kind: TensorKind) -> ll.Value:
    """What the caller gets for an array: itself, a NumPy scalar, or a Tensor."""
    if kind.is_array:
        return array
    result = b.alloca(POINTER)
    b.store(NULL, result)
    with b.if_then(b.icmp_unsigned("!=", array, NULL), likely=True):
        type = b.inttoptr(read_slot(b, "Tensor"), POINTER)
        make = ll.FunctionType(POINTER, [POINTER, I64])
        made = b.call(host_function(b, "PyType_GenericAlloc", make), [type, I64(0)])
        b.store(made, result)
        is_made = b.icmp_unsigned("!=", made, NULL)
        with b.if_else(is_made, likely=True) as (well, badly):
            with well:
                _fill_slots(b, made, array)
            with badly:
                _count_down(b, array)
    return b.load(result)


def _fill_slots(b: ll.IRBuilder, tensor: ll.Value, array: ll.Value) -> None:
    def put(name: str, value: ll.Value) -> None:
        store(b, value, at(b, tensor, read_slot(b, f"Tensor.{name}")))

    put("array", array)
    none = b.inttoptr(read_slot(b, "None"), POINTER)
    count = b.add(load(b, none, I64), read_slot(b, "count_of_none"))
    store(b, count, none)
    for name in _NONES:
        put(name, none)
    false = b.inttoptr(read_slot(b, "False"), POINTER)
    _count_up(b, false)
    put("_requires_grad", false)
