"""The host table: all that generated code knows of the process it runs in.

A module declares `@host = global [CAPACITY x i64] zeroinitializer`; after loading, the
table is filled with addresses and offsets from the running interpreter and NumPy. No
address is baked into code, so that objects can be cached and shipped. Slots are only
appended; `VERSION` and the names of the slots are part of the key of cached code.
"""

from __future__ import annotations

import ctypes
import importlib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import llvmlite.ir as ll
import numpy as np

from jit.ir import dtypes

VERSION = 1
HOST = "host"
"""The name of the global."""
CAPACITY = 256
"""The length of the table, the same in all modules: slots may be declared after one."""

I64 = ll.IntType(64)
POINTER = ll.IntType(8).as_pointer()

SLOTS: list[str] = []
"""Names of the slots, in order."""
_FILL: dict[str, Any] = {}
_homes: dict[str, str] = {}
"""The module that declares a slot."""


def slot(name: str, value: Any) -> str:
    """Declare a slot; `value` is an int or a function that finds it when code is loaded."""
    assert name not in _FILL, name
    assert len(SLOTS) < CAPACITY, "the host table is full"
    SLOTS.append(name)
    _FILL[name] = value
    _homes[name] = sys._getframe(1).f_globals["__name__"]
    return name


_values: dict[str, int] = {}
"""What slots hold, as far as they have been found."""

_MENTION = re.compile(rf'@"?{HOST}\b"?')
_READ = re.compile(rf'@"?{HOST}"?, i64 0, i64 (\d+)')


def slots_of(text: str) -> list[str]:
    """Names of the slots that a module reads, in order; [] if it declares no table."""
    mentions = len(_MENTION.findall(text))
    reads = _READ.findall(text)
    if mentions == 0:
        return []
    if mentions != 1 + len(reads):  # it does more with the table than `read_slot` does
        return list(SLOTS)
    return [SLOTS[place] for place in sorted(set(map(int, reads)))]


def with_names_of_slots(text: str) -> str:
    """A module with the names of slots instead of their places, which depend on the
    order in which modules of this package were imported."""
    return _READ.sub(lambda found: SLOTS[int(found[1])], text)


@dataclass(frozen=True)
class Place:
    """Where code expects a slot: its place in the table when the code was made, which
    depends on the order in which modules were imported, and the module to ask for it."""

    index: int
    home: str


def places_of(names: Iterable[str]) -> dict[str, Place]:
    """Where code that is made now expects slots."""
    return {name: Place(SLOTS.index(name), _homes[name]) for name in names}


def fill_host_table(address: int, places: Mapping[str, Place]) -> None:
    """Write the values of slots to the table of a loaded module."""
    table = (ctypes.c_uint64 * CAPACITY).from_address(address)
    for name, place in places.items():
        if name not in _values:
            if name not in _FILL:
                importlib.import_module(place.home)
            value = _FILL[name]
            _values[name] = value() if callable(value) else value
        table[place.index] = _values[name]


def declare_host(module: ll.Module) -> ll.GlobalVariable:
    """The table as a global of a module; declared once."""
    if HOST in module.globals:
        return module.globals[HOST]
    made = ll.GlobalVariable(module, ll.ArrayType(I64, CAPACITY), HOST)
    made.initializer = ll.Constant(made.value_type, None)
    return made


def read_slot(builder: ll.IRBuilder, name: str) -> ll.Value:
    """The i64 in a slot."""
    table = declare_host(builder.module)
    index = SLOTS.index(name)
    place = builder.gep(table, [I64(0), I64(index)], inbounds=True)
    return builder.load(place)


def host_function(builder: ll.IRBuilder, name: str, type: ll.FunctionType) -> ll.Value:
    """A function whose address is in a slot, ready to be called."""
    return builder.inttoptr(read_slot(builder, name), type.as_pointer())


def python_address(name: str) -> Any:
    """What finds the address of a function of CPython."""
    return lambda: ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value


def numpy_function(index: int) -> Any:
    """The address in a place of NumPy's table of functions."""

    def find() -> int:
        core: Any = getattr(np, "_core", None) or np.core  # NumPy 1 has the second
        capsule = core._multiarray_umath._ARRAY_API
        get = ctypes.pythonapi.PyCapsule_GetPointer
        get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        table = ctypes.cast(get(capsule, None), ctypes.POINTER(ctypes.c_void_p))
        return int(table[index] or 0)

    return find


def _service(module: str, name: str) -> Any:
    """What a function of a module here gives; the module is imported when it is needed."""

    def find() -> int:
        home = importlib.import_module(f"jit.runtime.codegen.{module}")
        return int(getattr(home, name)())

    return find


for _name in (
    "PyObject_Vectorcall",
    "PyLong_FromLongLong",
    "PyLong_AsLongLongAndOverflow",
    "PyFloat_FromDouble",
    "PyBool_FromLong",
    "PyTuple_New",
    "PyList_New",
    "PyList_Append",
    "PyErr_Occurred",
    "PyErr_NoMemory",
    "PyType_GenericAlloc",
    "PyEval_SaveThread",
    "PyEval_RestoreThread",
    "PyMem_RawMalloc",
    "PyMem_RawFree",
    "_Py_Dealloc",
):
    slot(_name, python_address(_name))
slot("None", lambda: id(None))
slot("True", lambda: id(True))
slot("False", lambda: id(False))
slot("int", lambda: id(int))
slot("float", lambda: id(float))
slot("bool", lambda: id(bool))
slot("list", lambda: id(list))
slot("tuple", lambda: id(tuple))
slot("ndarray", lambda: id(np.ndarray))
slot("PyArray_New", numpy_function(93))
slot("PyArray_NewFromDescr", numpy_function(94))
for _dtype in dtypes.ALL:
    slot(f"descr.{_dtype.name}", lambda d=_dtype: id(d.numpy))
slot("Py_IncRef", python_address("Py_IncRef"))
slot("allocate", _service("process.memory", "allocate_address"))
slot("release", _service("process.memory", "release_address"))
slot("mem_handler", _service("process.memory", "handler_capsule"))
slot("ndarray.flags_offset", _service("process.memory", "flags_offset"))
slot("ndarray.mem_handler_offset", _service("process.memory", "mem_handler_offset"))
slot("parallel", _service("process.threads", "parallel_address"))
slot("take_random", _service("process.drawing", "take_address"))
slot("thread_count", _service("process.threads", "count_address"))
