"""From a check that failed in machine code to the Python exception.

A region that fails leaves words in its state:

    0              number of the site, with RECURSION set where calls nest too deep
    1, 2, 3        the sites of the calls that led there: count, capacity, address
    4              first block of the memory that is released with the state
    5              the table of the constants
    6              whether Python's global lock was left, see `global_lock`
    7              the exception itself, if it has been made already
    8, …           operands of the node

The reference kernel of the node is run on the operands: it raises exactly what the
interpreter would have raised.
"""

from __future__ import annotations

import copy
import ctypes
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.ir.graph import Node
from jit.ir.registry import find_card
from jit.runtime import dispatch
from jit.runtime.bytecode import frame, structural
from jit.runtime.codegen.host import host_function
from jit.runtime.codegen.kinds import (
    Declined,
    Handle,
    Items,
    Lazy,
    ListValue,
    Repeated,
    Static,
    Tuple,
    is_array,
)
from jit.runtime.codegen.values import F64, I1, I64, POINTER, Buffer
from jit.runtime.tensor import wrap

TABLE, LOCK, ERROR, OPERANDS = 5, 6, 7, 8
MOST_WORDS = 122
STATE_WORDS = OPERANDS + MOST_WORDS
RECURSION = 1 << 32

Words = Any
Recipe = Callable[[Words], Any]
"""Makes the Python value of an operand from the words of a state."""


@dataclass(eq=False)
class Site:
    """A place in machine code that may fail or call."""

    number: int
    node: Node
    function: str
    operands: list[Recipe] = field(default_factory=list)
    error: Exception | None = None
    """What to raise if the reference kernel does not raise."""


def recipe(value: Any, words: list[ll.Value], type: T.Type | None = None) -> Recipe:
    """How to make an operand again; the words that it needs are appended."""
    match value:
        case Static(constant):
            return lambda state: constant
        case ll.Value():
            convert = _FROM_WORD[value.type]
            index = OPERANDS + len(words)
            words.append(value)
            return lambda state: convert(state[index])
        case Tuple(items):
            types = T.tuple_elements(type or T.ANY) or (None,) * len(items)
            parts = [recipe(v, words, t) for v, t in zip(items, types, strict=True)]
            return lambda state: tuple(part(state) for part in parts)
        case ListValue(element, header):
            words.append(header)
            return _list_recipe(OPERANDS + len(words) - 1, element.type)
        case Buffer():
            index = OPERANDS + len(words)
            words += [value.data, *value.sizes, *value.strides]
            return _tensor_recipe(index, value.dtype, value.rank, is_array(type))
        case Handle(word):
            words.append(word)
            place = OPERANDS + len(words) - 1
            return lambda state: object_at(state[place])
        case Items(items, element):
            parts = [recipe(item, words, element) for item in items]
            return lambda state: [part(state) for part in parts]
        case Repeated(count):
            place = OPERANDS + len(words)
            words.append(count)
            return lambda state: [None] * min(state[place], _MOST_REPEATED)
        case Lazy(node, inputs):
            given = zip(inputs, node.inputs, strict=True)
            parts = [recipe(item, words, v.type) for item, v in given]
            return lambda state: _text(node, [part(state) for part in parts])
    raise Declined(f"an operand {value!r} cannot be shown to the reference kernel")


_MOST_REPEATED = 10_000

_ELEMENTS: dict[T.Type, Any] = {
    T.INT: ctypes.c_int64,
    T.FLOAT: ctypes.c_double,
    T.BOOL: ctypes.c_bool,
}


def _list_recipe(index: int, element: T.Type) -> Recipe:
    """Reads a list from its header: address of the elements, and their number."""

    def read(state: Words) -> list[Any]:
        address, length = (ctypes.c_uint64 * 2).from_address(state[index])
        if not length:
            return []
        return list((_ELEMENTS[element] * length).from_address(address))

    return read


def _tensor_recipe(index: int, dtype: DType, rank: int, is_array: bool) -> Recipe:
    """Reads a tensor: address, sizes and strides."""

    def read(state: Words) -> Any:
        address, *numbers = [_signed(w) for w in state[index : index + 1 + 2 * rank]]
        sizes, strides = numbers[:rank], numbers[rank:]
        if 0 in sizes:
            array = np.empty(sizes, dtype.numpy)
            return array if is_array else wrap(array)
        reach = [(n - 1) * s for n, s in zip(sizes, strides, strict=True)]
        before = -sum(r for r in reach if r < 0)
        after = sum(r for r in reach if r > 0) + dtype.itemsize
        # the exception may keep what it was raised for: the memory is copied as it lies
        memory = bytearray(ctypes.string_at(address - before, before + after))
        array = np.ndarray(sizes, dtype.numpy, memory, before, strides)
        return array if is_array else wrap(array)

    return read


def object_at(address: int) -> Any:
    """The Python object at an address."""
    return ctypes.cast(ctypes.c_void_p(address), ctypes.py_object).value


class _TextError(Exception):
    """The text of a message could not be made."""

    def __init__(self, node: Node, error: Exception) -> None:
        super().__init__(node, error)
        self.node = node
        self.error = error


def _text(node: Node, parts: list[Any]) -> Any:
    try:
        return reference(node)(*parts)
    except Exception as error:
        raise _TextError(node, error) from error


def _signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def _double(word: int) -> float:
    number: float = struct.unpack("<d", word.to_bytes(8, "little"))[0]
    return number


_FROM_WORD: dict[ll.Type, Callable[[int], Any]] = {I64: _signed, F64: _double, I1: bool}


def reference(node: Node) -> Callable[..., Any]:
    """The function by which the interpreter executes a node."""
    if node.kind in ("prim::CallFunction", "prim::CallMethod"):
        return _too_deep
    found = structural.function_of(node)
    if found is not None:
        return found
    card = find_card(node.kind, node.overload)
    assert card is not None, node.full_name
    return dispatch.runner(card)


def _too_deep(*args: Any) -> None:
    raise RecursionError("maximum recursion depth exceeded")


def raise_failure(sites: Sequence[Site], address: int) -> Any:
    """Raise the exception of a state. Its memory is still there."""
    error = settle(sites, address)
    frame.add_stack_note(error)
    raise error


def settle(sites: Sequence[Site], address: int) -> BaseException:
    """The exception of a state, with the places that led to it; the state forgets both."""
    state = (ctypes.c_uint64 * STATE_WORDS).from_address(address)
    calls = _read_calls(state)
    places = [(sites[c].node, sites[c].function) for c in reversed(calls)]
    state[1] = 0
    error: BaseException
    if state[ERROR]:
        error = object_at(state[ERROR])
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(error))
        state[ERROR] = 0
    else:
        site = sites[state[0] & (RECURSION - 1)]
        node, error = _ask_reference(site, state)
        places.append((node, site.function))
    lines = [line for place in places for line in frame.places_of(*place)]
    frame.record_lines(error, lines)
    return error


def _ask_reference(site: Site, state: Words) -> tuple[Node, Exception]:
    """What the reference kernel of a site raises, and the node that raised."""
    node = site.node
    operands: list[Any] = []
    try:
        operands = [operand(state) for operand in site.operands]
        if site.operands or site.error is None:
            reference(node)(*operands)
        if site.error is not None:
            return node, copy.copy(site.error)
    except _TextError as error:
        return error.node, error.error
    except Exception as error:
        return node, error
    return node, SystemError(
        f"machine code refused `{node.full_name}` with operands that the reference"
        f" kernel takes: {operands!r}"
    )


def _read_calls(state: Any) -> list[int]:
    """The sites of the calls, innermost first."""
    count, address = state[1], state[3]
    if not address:
        return []
    return list((ctypes.c_uint64 * count).from_address(address))


def make_record_call(module: ll.Module, name: str) -> ll.Function:
    """A function that appends a site to the calls of a state."""
    type = ll.FunctionType(ll.VoidType(), [POINTER, I64])
    function = ll.Function(module, type, name)
    function.linkage = "internal"
    for attribute in ("noinline", "cold", "nounwind"):
        function.attributes.add(attribute)
    state, site = function.args
    b = ll.IRBuilder(function.append_basic_block("entry"))
    words = b.bitcast(state, I64.as_pointer())
    count_at, capacity_at, address_at = (
        b.gep(words, [I64(i)], inbounds=True) for i in (1, 2, 3)
    )
    count, capacity = b.load(count_at), b.load(capacity_at)
    with b.if_then(b.icmp_signed("==", count, capacity)):
        more = b.add(b.mul(capacity, I64(2)), I64(16))
        type = ll.FunctionType(POINTER, [POINTER, I64])
        resize = host_function(b, "PyMem_RawRealloc", type)
        old = b.inttoptr(b.load(address_at), POINTER)
        new = b.ptrtoint(b.call(resize, [old, b.mul(more, I64(8))]), I64)
        with b.if_then(b.icmp_signed("==", new, I64(0))):
            # without memory the stack stays incomplete
            b.ret_void()
        b.store(new, address_at)
        b.store(more, capacity_at)
    calls = b.inttoptr(b.load(address_at), I64.as_pointer())
    b.store(site, b.gep(calls, [count], inbounds=True))
    b.store(b.add(count, I64(1)), count_at)
    b.ret_void()
    return function
