"""Who keeps memory of a region alive: counted blocks, released when the last value dies.

A block comes from the allocator of the process. Of the 64 bytes that lie before it, the
allocator leaves the last 32 to us:

    -32 count of owners     -24 previous block     -16 next block     -8 attached block

All blocks of a call are chained to its state, so that a call which fails releases them
without knowing what was alive. An attached block is released with the one that names it:
the elements of a list with its header.

An owner, a leaf of tensors and lists, is the address of a block or of a Python object:

    bit 0   it is a Python object; an argument of the call, which the caller keeps alive,
            or, in a region of objects, one with a reference of ours
    bit 1   the tensor is a view: not the whole block, not the argument itself

In a region of objects, see `codegen.objects.slots`, every owner is counted, and what
a function owns stands in slots of its frame. A block that an object outside refers to
has left the chain: it is its own neighbour.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import llvmlite.ir as ll

from jit.runtime.codegen.building import at, load, loop, new_function, store
from jit.runtime.codegen.host import host_function, read_slot
from jit.runtime.codegen.kinds import Handle, Items, Lazy, ListValue, Tuple
from jit.runtime.codegen.values import I64, POINTER, Buffer

ARGUMENT, VIEW = 1, 2
CHAIN, CALLS = 4, 3
"""Words of the state: the first block, the calls that led to a failure."""

_COUNT, _PREVIOUS, _NEXT, _ATTACHED = -32, -24, -16, -8
NULL = ll.Constant(POINTER, None)
VOID = ll.VoidType()


class Owner(NamedTuple):
    """A leaf that is an owner."""

    word: ll.Value
    is_object: bool = False
    """Whether it is the address of a Python object itself, without bits."""


NEEDED = {
    "release": ("unlink",),
    "retain_any": ("count_up",),
    "release_any": ("unlink", "count_down"),
    "release_slots": ("release_any",),
    "leave_chain": ("unlink",),
    "capsule": ("leave_chain",),
}
"""Functions that functions of this module call, which are given to them."""


def owners_of(value: Any) -> list[Owner]:
    """The owners of all parts of a value."""
    match value:
        case Buffer():
            return [] if value.owner is None else [Owner(value.owner)]
        case ListValue():
            return [Owner(value.header)]
        case Handle(word):
            return [Owner(word, True)]
        case Tuple(items) | Items(items) | Lazy(_, items):
            return [owner for item in items for owner in owners_of(item)]
    return []


def _allocate(b: ll.IRBuilder, bytes: ll.Value) -> ll.Value:
    type = ll.FunctionType(POINTER, [I64])
    return b.call(host_function(b, "allocate", type), [bytes])


def _free(b: ll.IRBuilder, block: ll.Value) -> None:
    type = ll.FunctionType(VOID, [POINTER, I64])
    b.call(host_function(b, "release", type), [block, I64(0)])


def _is_set(b: ll.IRBuilder, pointer: ll.Value) -> ll.Value:
    return b.icmp_unsigned("!=", pointer, NULL)


def _chain(b: ll.IRBuilder, state: ll.Value) -> ll.Value:
    return at(b, state, 8 * CHAIN)


def make_new_block(module: ll.Module, name: str) -> ll.Function:
    """`(state, bytes)`: a block with one owner; null if there is no memory."""
    b, a = new_function(module, name, [("state", POINTER), ("bytes", I64)], POINTER)
    block = _allocate(b, a["bytes"])
    with b.if_then(b.not_(_is_set(b, block)), likely=False):
        b.ret(NULL)
    place = _chain(b, a["state"])
    first = load(b, place, POINTER)
    store(b, I64(1), at(b, block, _COUNT))
    store(b, NULL, at(b, block, _PREVIOUS))
    store(b, first, at(b, block, _NEXT))
    store(b, NULL, at(b, block, _ATTACHED))
    with b.if_then(_is_set(b, first)):
        store(b, block, at(b, first, _PREVIOUS))
    store(b, block, place)
    b.ret(block)
    return b.function


def make_unlink(module: ll.Module, name: str) -> ll.Function:
    """`(state, block)`: take a block out of the chain; nobody releases it then."""
    b, a = new_function(module, name, [("state", POINTER), ("block", POINTER)])
    block = a["block"]
    previous = load(b, at(b, block, _PREVIOUS), POINTER)
    following = load(b, at(b, block, _NEXT), POINTER)
    with b.if_else(_is_set(b, previous)) as (inner, first):
        with inner:
            store(b, following, at(b, previous, _NEXT))
        with first:
            store(b, following, _chain(b, a["state"]))
    with b.if_then(_is_set(b, following)):
        store(b, previous, at(b, following, _PREVIOUS))
    b.ret_void()
    return b.function


def _is_counted(b: ll.IRBuilder, owner: ll.Value) -> ll.Value:
    """Whether an owner is a block."""
    word = b.ptrtoint(owner, I64)
    borrowed = b.icmp_signed("!=", b.and_(word, I64(ARGUMENT)), I64(0))
    return b.and_(_is_set(b, owner), b.not_(borrowed))


def block_of(b: ll.IRBuilder, owner: ll.Value) -> ll.Value:
    """The block, or the object, that an owner names."""
    word = b.and_(b.ptrtoint(owner, I64), I64(~(ARGUMENT | VIEW)))
    return b.inttoptr(word, POINTER)


def count_of_block(b: ll.IRBuilder, owner: ll.Value) -> ll.Value:
    """How many owners a block has, whose owner says that it is one."""
    return load(b, at(b, block_of(b, owner), _COUNT), I64)


def make_retain(module: ll.Module, name: str) -> ll.Function:
    """`(owner)`: one owner more."""
    b, a = new_function(module, name, [("owner", POINTER)])
    b.function.attributes.add("alwaysinline")
    with b.if_then(_is_counted(b, a["owner"])):
        place = at(b, block_of(b, a["owner"]), _COUNT)
        store(b, b.add(load(b, place, I64), I64(1)), place)
    b.ret_void()
    return b.function


def make_release(module: ll.Module, name: str, unlink: ll.Function) -> ll.Function:
    """`(state, owner)`: one owner less; the last one gives the block back."""
    b, a = new_function(module, name, [("state", POINTER), ("owner", POINTER)])
    b.function.attributes.add("alwaysinline")
    slow, inner = new_function(
        module, f"{name}.block", [("state", POINTER), ("block", POINTER)]
    )
    with b.if_then(_is_counted(b, a["owner"])):
        b.call(slow.function, [a["state"], block_of(b, a["owner"])])
    b.ret_void()
    block = inner["block"]
    place = at(slow, block, _COUNT)
    left = slow.sub(load(slow, place, I64), I64(1))
    store(slow, left, place)
    with slow.if_then(slow.icmp_signed("==", left, I64(0))):
        slow.call(unlink, [inner["state"], block])
        _free_whole(slow, block)
    slow.ret_void()
    return b.function


def _free_whole(b: ll.IRBuilder, block: ll.Value) -> None:
    attached = load(b, at(b, block, _ATTACHED), POINTER)
    with b.if_then(_is_set(b, attached)):
        _free(b, attached)
    _free(b, block)


def make_release_state(module: ll.Module, name: str) -> ll.Function:
    """`(state)`: release everything that a call which failed still has."""
    b, a = new_function(module, name, [("state", POINTER)])
    place = at(b, a["state"], 8 * CALLS)
    calls = load(b, place, POINTER)
    with b.if_then(_is_set(b, calls)):
        free = ll.FunctionType(VOID, [POINTER])
        b.call(host_function(b, "PyMem_RawFree", free), [calls])
        store(b, NULL, place)
    head, body, done = (b.function.append_basic_block(n) for n in ("head", "b", "done"))
    first = load(b, _chain(b, a["state"]), POINTER)
    before = b.block
    b.branch(head)
    b.position_at_end(head)
    block = b.phi(POINTER)
    b.cbranch(_is_set(b, block), body, done)
    b.position_at_end(body)
    following = load(b, at(b, block, _NEXT), POINTER)
    _free_whole(b, block)
    block.add_incoming(first, before)
    block.add_incoming(following, b.block)
    b.branch(head)
    b.position_at_end(done)
    store(b, NULL, _chain(b, a["state"]))
    b.ret_void()
    return b.function


def make_attach(module: ll.Module, name: str) -> ll.Function:
    """`(block, bytes)`: a new attached block that holds what the old one held; null if
    there is no memory. `used` bytes are copied."""
    arguments = [("block", POINTER), ("bytes", I64), ("used", I64)]
    b, a = new_function(module, name, arguments, POINTER)
    b.function.attributes.add("noinline")
    new = _allocate(b, a["bytes"])
    with b.if_then(b.not_(_is_set(b, new)), likely=False):
        b.ret(NULL)
    place = at(b, a["block"], _ATTACHED)
    old = load(b, place, POINTER)
    with b.if_then(_is_set(b, old)):
        copy = module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, I64])
        b.call(copy, [new, old, a["used"], ll.Constant(ll.IntType(1), 0)])
        _free(b, old)
    store(b, new, place)
    b.ret(new)
    return b.function


# regions of objects -------------------------------------------------------------------

_MORTAL = sys.version_info < (3, 12)
"""Whether every object is counted, None and small ints too."""
_PLAIN = sys.version_info < (3, 14) and not hasattr(sys, "_is_gil_enabled")
_I32 = ll.IntType(32)


def make_count_up(module: ll.Module, name: str) -> ll.Function:
    """`(object)`: one reference more."""
    b, a = new_function(module, name, [("object", POINTER)])
    object = a["object"]
    b.function.attributes.add("alwaysinline")
    if _MORTAL:
        store(b, b.add(load(b, object, I64), I64(1)), object)
    else:
        type = ll.FunctionType(VOID, [POINTER])
        b.call(host_function(b, "Py_IncRef", type), [object])
    b.ret_void()
    return b.function


def make_count_down(module: ll.Module, name: str) -> ll.Function:
    """`(object)`: one reference less; without any, the object goes."""
    b, a = new_function(module, name, [("object", POINTER)])
    object = a["object"]
    if _MORTAL:
        b.function.attributes.add("alwaysinline")
        left = b.sub(load(b, object, I64), I64(1))
        store(b, left, object)
        with b.if_then(b.icmp_signed("==", left, I64(0)), likely=False):
            type = ll.FunctionType(VOID, [POINTER])
            b.call(host_function(b, "_Py_Dealloc", type), [object])
    else:
        type = ll.FunctionType(VOID, [POINTER])
        b.call(host_function(b, "Py_DecRef", type), [object])
    b.ret_void()
    return b.function


def _is_object(b: ll.IRBuilder, owner: ll.Value) -> ll.Value:
    word = b.ptrtoint(owner, I64)
    return b.icmp_signed("!=", b.and_(word, I64(ARGUMENT)), I64(0))


def make_retain_any(module: ll.Module, name: str, count_up: ll.Function) -> ll.Function:
    """`(owner)`: one owner more, of a block or of an object."""
    b, a = new_function(module, name, [("owner", POINTER)])
    with b.if_then(b.not_(_is_set(b, a["owner"]))):
        b.ret_void()
    target = block_of(b, a["owner"])
    with b.if_else(_is_object(b, a["owner"])) as (object, block):
        with object:
            b.call(count_up, [target])
        with block:
            place = at(b, target, _COUNT)
            store(b, b.add(load(b, place, I64), I64(1)), place)
    b.ret_void()
    return b.function


def make_release_any(
    module: ll.Module, name: str, unlink: ll.Function, count_down: ll.Function
) -> ll.Function:
    """`(state, owner)`: one owner less, of a block or of an object."""
    b, a = new_function(module, name, [("state", POINTER), ("owner", POINTER)])
    with b.if_then(b.not_(_is_set(b, a["owner"]))):
        b.ret_void()
    target = block_of(b, a["owner"])
    with b.if_else(_is_object(b, a["owner"])) as (object, block):
        with object:
            b.call(count_down, [target])
        with block:
            left = count_block_down(b, target)
            with b.if_then(b.icmp_signed("==", left, I64(0))):
                b.call(unlink, [a["state"], target])
                _free_whole(b, target)
    b.ret_void()
    return b.function


def count_block_down(b: ll.IRBuilder, block: ll.Value) -> ll.Value:
    """One owner less of a block; how many are left."""
    place = at(b, block, _COUNT)
    left = b.sub(load(b, place, I64), I64(1))
    store(b, left, place)
    return left


def make_release_slots(
    module: ll.Module, name: str, release: ll.Function
) -> ll.Function:
    """`(state, slots, count)`: release what stands in slots, and empty them."""
    arguments = [("state", POINTER), ("slots", POINTER), ("count", I64)]
    b, a = new_function(module, name, arguments)
    b.function.attributes.add("noinline")
    with loop(b, I64(0), a["count"]) as index:
        place = at(b, a["slots"], b.shl(index, I64(3)))
        owner = load(b, place, POINTER)
        store(b, NULL, place)
        b.call(release, [a["state"], owner])
    b.ret_void()
    return b.function


def make_leave_chain(module: ll.Module, name: str, unlink: ll.Function) -> ll.Function:
    """`(state, block)`: let a block outlive the call; its owners are counted as before."""
    b, a = new_function(module, name, [("state", POINTER), ("block", POINTER)])
    block = a["block"]
    place = at(b, block, _PREVIOUS)
    is_out = b.icmp_unsigned("==", load(b, place, POINTER), block)
    with b.if_then(is_out):
        b.ret_void()
    b.call(unlink, [a["state"], block])
    store(b, block, place)
    store(b, block, at(b, block, _NEXT))
    b.ret_void()
    return b.function


def make_release_outside(module: ll.Module, name: str) -> ll.Function:
    """`(capsule)`: what a capsule does that goes: its block has one owner less."""
    b, a = new_function(module, name, [("capsule", POINTER)], internal=False)
    get = ll.FunctionType(POINTER, [POINTER, POINTER])
    block = b.call(host_function(b, "PyCapsule_GetPointer", get), [a["capsule"], NULL])
    left = count_block_down(b, block)
    with b.if_then(b.icmp_signed("==", left, I64(0))):
        _free_whole(b, block)
    b.ret_void()
    return b.function


def make_capsule(module: ll.Module, name: str, leave: ll.Function) -> ll.Function:
    """`(state, block)`: a capsule that takes over one owner of a block; null if there is
    no memory for it."""
    b, a = new_function(module, name, [("state", POINTER), ("block", POINTER)], POINTER)
    b.call(leave, [a["state"], a["block"]])
    make = ll.FunctionType(POINTER, [POINTER, POINTER, POINTER])
    destructor = b.inttoptr(read_slot(b, "release_outside"), POINTER)
    b.ret(
        b.call(host_function(b, "PyCapsule_New", make), [a["block"], NULL, destructor])
    )
    return b.function
