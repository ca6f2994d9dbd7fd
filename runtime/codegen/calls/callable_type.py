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
import types
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
_CALL, _DESCR_GET, _MEMBERS = 50, 54, 72
_DEFAULT, _BASETYPE, _VECTORCALL = 1 << 18, 1 << 10, 1 << 11
_METHOD = 1 << 17
"""The flag of a type whose objects are called with `self` in front, without a bound
method being made."""

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


def _make_base(name: bytes, binds: bool) -> Any:
    """A type that has the words; `object` where it cannot be made.

    With `binds` its objects become methods as functions do, by the very slot of those.
    """
    if build_problem():
        return object
    py = ctypes.pythonapi
    members = (_Member * 2)(
        _Member(b"__vectorcalloffset__", _SSIZE, VECTORCALL, _READONLY, None),
        _Member(None, 0, 0, 0, None),
    )
    call = ctypes.cast(py.PyVectorcall_Call, ctypes.c_void_p).value
    get_slot = py.PyType_GetSlot
    get_slot.restype, get_slot.argtypes = (
        ctypes.c_void_p,
        [ctypes.py_object, ctypes.c_int],
    )
    bind = get_slot(types.FunctionType, _DESCR_GET) if binds else None
    slots = (_Slot * 4)(
        _Slot(_CALL, call),
        _Slot(_MEMBERS, ctypes.addressof(members)),
        _Slot(_DESCR_GET, bind) if binds else _Slot(0, None),
        _Slot(0, None),
    )
    flags = _DEFAULT | _BASETYPE | _VECTORCALL
    spec = _Spec(name, SIZE, 0, flags, slots)
    _kept.extend((members, slots, spec))
    make = py.PyType_FromSpec
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p]
    made = make(ctypes.addressof(spec))
    return made if made.__basicsize__ == SIZE else object


_Words: Any = _make_base(b"jit.Words", binds=False)
_MethodWords: Any = _make_base(b"jit.MethodWords", binds=True)


class DirectCallable(_Words):  # type: ignore[misc]
    """Base of types whose calls may begin in machine code."""

    __slots__ = ()

    is_direct = False
    """Whether calls of the type look for the address of a function."""

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        cls.is_direct = _Words is not object and _set_flags(cls, _VECTORCALL)


class DirectMethod(_MethodWords):  # type: ignore[misc]
    """The same for types whose objects are methods of the classes that hold them."""

    __slots__ = ()

    is_direct = False

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        if _MethodWords is not object:
            cls.is_direct = _set_flags(cls, _VECTORCALL | _METHOD)

    if _MethodWords is object:

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            return self if instance is None else types.MethodType(self, instance)


def _set_flags(cls: type, flags: int) -> bool:
    """Let CPython look for the address in objects of a type."""
    place = ctypes.c_ulong.from_address(id(cls) + _FLAGS_OFFSET)
    if place.value != cls.__flags__:
        return False
    place.value |= flags
    return cls.__flags__ & flags == flags


def read_word(made: DirectCallable | DirectMethod, index: int) -> int:
    """A word of an object."""
    return ctypes.c_int64.from_address(id(made) + HEAD + 8 * index).value


def write_word(made: DirectCallable | DirectMethod, index: int, value: int) -> None:
    """Set a word of an object."""
    ctypes.c_int64.from_address(id(made) + HEAD + 8 * index).value = value


def slot_offset(cls: type, name: str) -> int:
    """Where objects of a class with `__slots__` hold one: what its descriptor names."""
    descriptor = next(vars(c)[name] for c in cls.__mro__ if name in vars(c))
    member = ctypes.c_void_p.from_address(id(descriptor) + 40).value
    assert member is not None
    return ctypes.c_ssize_t.from_address(member + 16).value
