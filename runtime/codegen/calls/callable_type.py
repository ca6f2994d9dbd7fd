"""DirectCallable: the base of types whose calls begin in machine code.

Objects have some words that Python does not see, the first of them the address of the
function that a call begins with (`vectorcall`). A call of an object where it is not set,
or of any object where `is_direct` is False, goes to `__call__` as usual.

Subclasses are ordinary classes. CPython before 3.12 does not let them inherit the flag
by which it knows that a type has such an address, so each one gets it when it is made.
"""

from __future__ import annotations

import ctypes
import sys
import sysconfig
from typing import Any

HEAD = object.__basicsize__
"""Where the fields of an object begin: behind reference count and type."""
WORDS = 4
"""How many words an object has; the meaning of all but the first is its type's."""
CONDITIONS, POSITIONAL = 1, 2
"""Words of an object with `natives`, see `native_function`: the word of the process for
which they are made; how many arguments may be given by position."""
VECTORCALL = HEAD
SIZE = HEAD + 8 * WORDS

_FLAGS_OFFSET = 168
"""Where a type has its flags."""


class _Slot(ctypes.Structure):
    _fields_ = [("slot", ctypes.c_int), ("function", ctypes.c_void_p)]


class _Spec(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("basicsize", ctypes.c_int),
        ("itemsize", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("slots", ctypes.POINTER(_Slot)),
    ]


class _Member(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("offset", ctypes.c_ssize_t),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


_SSIZE, _READONLY = 19, 1
_CALL, _MEMBERS = 50, 72
_DEFAULT, _BASETYPE, _VECTORCALL = 1 << 18, 1 << 10, 1 << 11

_kept: list[Any] = []
"""What the type refers to without a reference count."""


def build_problem() -> str:
    """Why objects cannot be laid out here; empty if they can."""
    if sys.implementation.name != "cpython":
        return f"the interpreter is {sys.implementation.name}, not CPython"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this build of CPython has no global lock"
    if HEAD != 16 or ctypes.sizeof(ctypes.c_void_p) != 8:
        return "objects do not begin as in the usual build of CPython"
    if (
        ctypes.c_ulong.from_address(id(object) + _FLAGS_OFFSET).value
        != object.__flags__
    ):
        return "the flags of a type are not where they are expected"
    return ""


def _make_base() -> Any:
    """The type that has the words; `object` where it cannot be made."""
    if build_problem():
        return object
    py = ctypes.pythonapi
    members = (_Member * 2)(
        _Member(b"__vectorcalloffset__", _SSIZE, VECTORCALL, _READONLY, None),
        _Member(None, 0, 0, 0, None),
    )
    call = ctypes.cast(py.PyVectorcall_Call, ctypes.c_void_p).value
    slots = (_Slot * 3)(
        _Slot(_CALL, call),
        _Slot(_MEMBERS, ctypes.addressof(members)),
        _Slot(0, None),
    )
    flags = _DEFAULT | _BASETYPE | _VECTORCALL
    spec = _Spec(b"jit.Words", SIZE, 0, flags, slots)
    _kept.extend((members, slots, spec))
    make = py.PyType_FromSpec
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p]
    made = make(ctypes.addressof(spec))
    return made if made.__basicsize__ == SIZE else object


_Words: Any = _make_base()


class DirectCallable(_Words):  # type: ignore[misc]
    """Base of types whose calls may begin in machine code."""

    __slots__ = ()

    is_direct = False
    """Whether calls of the type look for the address of a function."""

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        cls.is_direct = _Words is not object and _set_flag(cls)


def _set_flag(cls: type) -> bool:
    """Let CPython look for the address in objects of a type."""
    place = ctypes.c_ulong.from_address(id(cls) + _FLAGS_OFFSET)
    if place.value != cls.__flags__:
        return False
    place.value |= _VECTORCALL
    return bool(cls.__flags__ & _VECTORCALL)


def read_word(made: DirectCallable, index: int) -> int:
    """A word of an object."""
    return ctypes.c_int64.from_address(id(made) + HEAD + 8 * index).value


def write_word(made: DirectCallable, index: int, value: int) -> None:
    """Set a word of an object."""
    ctypes.c_int64.from_address(id(made) + HEAD + 8 * index).value = value


def slot_offset(cls: type, name: str) -> int:
    """Where objects of a class with `__slots__` hold one: what its descriptor names."""
    descriptor = next(vars(c)[name] for c in cls.__mro__ if name in vars(c))
    member = ctypes.c_void_p.from_address(id(descriptor) + 40).value
    assert member is not None
    return ctypes.c_ssize_t.from_address(member + 16).value
