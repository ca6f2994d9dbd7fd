"""The values of a module's slots as JSON and back, exact to the bit.

    true  3  2.5  "text"  null                   as in JSON
    {"float": "nan"}  {"int": "0x1000…"}         numbers that JSON cannot tell
    {"complex": [0.0, -1.5]}
    {"list": […]}  {"tuple": […]}  {"set": […]}  {"dict": [[key, value], …]}
    {"named_tuple": ["NamedTuple[P](x : int)", […]]}
    {"enum": ["Enum[Color, int](RED=1)", "RED"]}
    {"dtype": "float32"}  {"device": "cuda:0"}  {"layout": "strided"}
    {"memory_format": "preserve_format"}  {"function": "model.f"}
    {"tensor": 0}  {"array": "a.name"}  {"object": 2}  {"shared": 0}

Tensors, objects, and containers that are reached twice stand in tables and are meant
by number: what was one thing before is one thing after, cycles included.
"""

from __future__ import annotations

import enum
import struct
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.dtypes import DType
from jit.ir.program import Program
from jit.ir.type_text import format_type
from jit.runtime.archive.conformity import key_text
from jit.runtime.archive.problem import UNSAVABLE, fail
from jit.runtime.archive.tensors import CONSTANT, PADDING
from jit.runtime.device import Device, Layout, MemoryFormat
from jit.runtime.objects import Object
from jit.runtime.parameter import Parameter
from jit.runtime.program_values import FunctionReference
from jit.runtime.python_classes import slots_of, type_of_instance
from jit.runtime.tensor import Tensor

MAX_NESTING = 100
"""Of containers in containers."""
_LONGEST_NAME = 200

_PLAIN: dict[T.Type, Callable[[Any], Any]] = {
    T.INT: int,
    T.FLOAT: float,
    T.COMPLEX: complex,
    T.STR: str,
}


class StateWriter:
    """Turns values into JSON and gathers the arrays that they hold."""

    def __init__(self, program: Program) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        """By the names under which they are stored."""
        self._program = program
        self._names: dict[tuple[Any, ...], str] = {}
        self._tensors: dict[int, int] = {}
        self._objects: dict[int, int] = {}
        self._shared: dict[int, int] = {}
        self._state: dict[str, list[Any]] = {"tensors": [], "objects": [], "shared": []}
        self._queue: deque[Callable[[], None]] = deque()
        self._twice: set[int] = set()

    def write(self, root: Object | None) -> dict[str, Any]:
        """The JSON of a tree of objects, whose types are known to be right."""
        if root is None:
            return {"root": None, **self._state}
        self._twice = _reached_twice(root, self._program)
        encoded = self.encode(root, root.type, "")
        while self._queue:
            self._queue.popleft()()
        return {"root": encoded, **self._state}

    def encode(self, value: Any, type: T.Type, path: str, depth: int = 0) -> Any:
        """The JSON of one value; `type` is what the program declares for it."""
        if depth > MAX_NESTING:
            _unsavable(path, f"it nests deeper than {MAX_NESTING} containers")
        type = _narrow(value, type)
        if isinstance(value, int | float | complex | str) and type in _PLAIN:
            value = _PLAIN[type](
                value
            )  # NumPy's float64 is a float, and IntEnum an int
        of = type_of_instance(value)
        if of is not None:
            return {"object": self._object(value, of, path)}
        match value:
            case None | bool() | str():
                return value
            case Tensor():
                return {"tensor": self._tensor(value, path)}
            case np.ndarray():
                return {"array": self.array(value, path)}
            case np.generic():
                return {"scalar": self.array(np.asarray(value), path)}
            case enum.Enum():
                return {"enum": [format_type(type), value.name]}
            case int() | float() | complex():
                return _encode_number(value)
            case list() | set() | dict() if id(value) in self._twice:
                return {"shared": self._share(value, type, path)}
            case list() | set() | dict() | tuple():
                return self._container(value, type, path, depth)
        found = _encode_named(value)
        if found is None:
            _unsavable(path, f"it is a `{value.__class__.__name__}`")
        return found

    def _container(self, value: Any, type: T.Type, path: str, depth: int) -> Any:
        def each(items: Any, types: Any) -> list[Any]:
            return [
                self.encode(v, t, f"{path}.{i}", depth + 1)
                for i, (v, t) in enumerate(zip(items, types, strict=False))
            ]

        element = getattr(type, "element", T.ANY)
        match value:
            case list():
                return {"list": each(value, [element] * len(value))}
            case set():
                encoded = each(value, [element] * len(value))
                return {"set": sorted(encoded, key=repr)}
            case dict():
                key, item = (
                    (type.key, type.value)
                    if isinstance(type, T.DictType)
                    else (T.ANY, T.ANY)
                )
                pairs = zip(
                    each(value, [key] * len(value)),
                    [
                        self.encode(v, item, f"{path}.{_step(k)}", depth + 1)
                        for k, v in value.items()
                    ],
                    strict=True,
                )
                return {"dict": [list(pair) for pair in pairs]}
        types = T.tuple_elements(type) or [T.ANY] * len(value)
        if hasattr(value, "_fields"):
            return {"named_tuple": [format_type(type), each(value, types)]}
        return {"tuple": each(value, types)}

    def _object(self, value: Any, of: T.ClassType | T.ModuleType, path: str) -> int:
        if id(value) not in self._objects:
            self._objects[id(value)] = len(self._objects)
            entry: dict[str, Any] = {"type": format_type(of), "slots": {}}
            self._state["objects"].append(entry)
            declared = self._program.class_of(of).attributes
            slots = slots_of(value, declared)

            def fill() -> None:
                for name, attribute in declared.items():
                    place = f"{path}.{name}" if path else name
                    entry["slots"][name] = self.encode(
                        slots[name], attribute.type, place
                    )

            self._queue.append(fill)
        return self._objects[id(value)]

    def _share(self, value: Any, type: T.Type, path: str) -> int:
        if id(value) not in self._shared:
            place = self._shared[id(value)] = len(self._shared)
            self._state["shared"].append(None)

            def fill() -> None:
                self._state["shared"][place] = self._container(value, type, path, 0)

            self._queue.append(fill)
        return self._shared[id(value)]

    def _tensor(self, value: Tensor, path: str) -> int:
        if id(value) not in self._tensors:
            self._tensors[id(value)] = len(self._tensors)
            self._state["tensors"].append(
                {
                    "data": self.array(value.array, path),
                    "requires_grad": value._requires_grad,
                    "parameter": isinstance(value, Parameter),
                }
            )
        return self._tensors[id(value)]

    def array(self, array: np.ndarray, path: str) -> str:
        """The name under which an array is stored, the same for the same memory."""
        try:
            dtypes.dtype_of(array.dtype)
        except TypeError as error:
            _unsavable(path, str(error))
        key = (array.ctypes.data, array.dtype, array.shape, array.strides)
        if key not in self._names:
            name = path
            reserved = name.startswith((PADDING, CONSTANT, "__")) or not name
            if reserved or len(name) > _LONGEST_NAME or name in self.arrays:
                name = f"tensor:{len(self.arrays)}"
            self._names[key] = name
            self.arrays[name] = array
        return self._names[key]


def _step(key: Any) -> str:
    """A key in the name of a tensor."""
    return key if isinstance(key, str) else key_text(key)


def _reached_twice(root: Object, program: Program) -> set[int]:
    """Identities of the lists, sets and dicts that are reached more than once."""
    seen: set[int] = set()
    twice: set[int] = set()
    pending: list[Any] = [root]
    while pending:
        value = pending.pop()
        of = type_of_instance(value)
        if of is not None or isinstance(value, list | set | dict):
            if id(value) in seen:
                twice.add(id(value))
                continue
            seen.add(id(value))
        if of is not None:
            pending += slots_of(value, program.class_of(of).attributes).values()
        elif isinstance(value, dict):
            pending += value.keys()
            pending += value.values()
        elif isinstance(value, list | set | tuple):
            pending += value
    return twice


def _narrow(value: Any, type: T.Type) -> T.Type:
    """The part of an optional or union type that a value can be of."""
    if isinstance(type, T.OptionalType):
        type = type.element
    if not isinstance(type, T.UnionType):
        return type
    wanted: Any = T.Type
    match value:
        case enum.Enum():
            wanted = T.EnumType
        case tuple() if hasattr(value, "_fields"):
            wanted = T.NamedTupleType
        case tuple():
            wanted = T.TupleType
        case list():
            wanted = T.ListType
        case set():
            wanted = T.SetType
        case dict():
            wanted = T.DictType
    fitting = [m for m in type.members if isinstance(m, wanted)]
    return fitting[0] if len(fitting) == 1 else T.ANY


def _encode_number(value: Any) -> Any:
    match value:
        case int():
            return value if -(2**63) <= value < 2**63 else {"int": hex(value)}
        case float():
            return _encode_float(value)
    return {"complex": [_encode_float(value.real), _encode_float(value.imag)]}


def _encode_float(value: float) -> Any:
    if value - value == 0:
        return value
    if value == value:
        return {"float": "inf" if value > 0 else "-inf"}
    bits = struct.pack(">d", value).hex()
    return {"float": "nan" if bits == _NAN else f"bits:{bits}"}


_NAN = struct.pack(">d", float("nan")).hex()


def _encode_named(value: Any) -> Any:
    match value:
        case DType():
            return {"dtype": value.name}
        case Device():
            return {"device": str(value)}
        case Layout():
            return {"layout": value._name}
        case MemoryFormat():
            return {"memory_format": value._name}
        case FunctionReference(name):
            return {"function": name}
    return None


def _unsavable(path: str, why: str) -> NoReturn:
    fail(
        UNSAVABLE,
        f"the attribute `{path}` cannot be saved: {why}",
        help="make it a tensor, a number, a string or a container of these; or delete"
        " it, if no compiled method needs it",
    )
