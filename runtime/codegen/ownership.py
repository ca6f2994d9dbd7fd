"""Who keeps memory of a region alive: counted blocks, released when the last value dies.

A block comes from the allocator of the process. Of the 64 bytes that lie before it, the
allocator leaves the last 32 to us:

    -32 count of owners     -24 previous block     -16 next block     -8 attached block

All blocks of a call are chained to its state, so that a call which fails releases them
without knowing what was alive. An attached block is released with the one that names it:
the elements of a list with its header.

An owner, a leaf of tensors and lists, is the address of a block or of a Python object:

    bit 0   it is an argument of the call, which the caller keeps alive
    bit 1   the tensor is a view: not the whole block, not the argument itself
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as ll

from jit.runtime.codegen.building import at, load, new_function, store
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.kinds import Items, ListValue, Tuple
from jit.runtime.codegen.values import I64, POINTER, Buffer

ARGUMENT, VIEW = 1, 2
CHAIN, CALLS = 4, 3
"""Words of the state: the first block, the calls that led to a failure."""

_COUNT, _PREVIOUS, _NEXT, _ATTACHED = -32, -24, -16, -8
NULL = ll.Constant(POINTER, None)
VOID = ll.VoidType()


def owners_of(value: Any) -> list[ll.Value]:
    """The owners of all parts of a value."""
    match value:
        case Buffer():
            return [] if value.owner is None else [value.owner]
        case ListValue():
            return [value.header]
        case Tuple(items) | Items(items):
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
