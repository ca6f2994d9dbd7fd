"""The values of a module's slots from the JSON that `state_writing` describes."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.diagnostic import GraphError
from jit.ir.dtypes import DType
from jit.ir.program import Program
from jit.ir.type_text import parse_type
from jit.runtime import device
from jit.runtime.archive.problem import MALFORMED, fail
from jit.runtime.archive.tensors import CONSTANT, TensorTable
from jit.runtime.device import Device
from jit.runtime.enums import enum_class
from jit.runtime.objects import Object
from jit.runtime.parameter import Parameter
from jit.runtime.program_values import FunctionReference, named_tuple_class
from jit.runtime.python_classes import class_of, set_slot
from jit.runtime.tensor import Tensor, wrap_as

_NAMED = {
    "layout": (device.STRIDED,),
    "memory_format": (
        device.CONTIGUOUS_FORMAT,
        device.PRESERVE_FORMAT,
        device.CHANNELS_LAST,
    ),
}


@dataclass
class StateReader:
    """Turns JSON into values; every name and number in it is checked.

    Raises ArchiveError E0806 for JSON that `StateWriter` does not write. Whether the
    values are of the declared types is another question: `Conformity` answers it.
    """

    table: TensorTable
    program: Program = field(default_factory=Program)
    tensors: list[Tensor] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)
    shared: list[Any] = field(default_factory=list)

    def read(self, state: Any) -> Object | None:
        """The root of the tree of objects; None if there is none."""
        _need(
            isinstance(state, dict)
            and state.keys() == {"root", "tensors", "objects", "shared"}
            and all(
                isinstance(state[k], list) for k in ("tensors", "objects", "shared")
            ),
            "the state has other parts than root, tensors, objects and shared",
        )
        self.tensors = [self._read_tensor(entry) for entry in state["tensors"]]
        root_place = state["root"]
        self.objects = [
            self._read_shell(entry, {"object": i} == root_place)
            for i, entry in enumerate(state["objects"])
        ]
        self.shared = [self._empty(entry) for entry in state["shared"]]
        for made, entry in zip(self.shared, state["shared"], strict=True):
            self._fill(made, entry)
        for made, entry in zip(self.objects, state["objects"], strict=True):
            for name, value in entry["slots"].items():
                set_slot(made, name, self.decode(value))
        if state["root"] is None:
            return None
        root = self.decode(state["root"])
        _need(isinstance(root, Object), "the root is no object")
        assert isinstance(root, Object)
        return root

    def decode(self, value: Any) -> Any:
        """The value of its JSON."""
        match value:
            case None | bool() | int() | str():
                return value
            case float():
                return value
            case {"list": list(items)} if len(value) == 1:
                return [self.decode(v) for v in items]
            case {"tuple": list(items)} if len(value) == 1:
                return tuple(self.decode(v) for v in items)
            case {"set": list()} | {"dict": list()} if len(value) == 1:
                made = self._empty(value)
                self._fill(made, value)
                return made
            case {"named_tuple": [str(text), list(items)]} if len(value) == 1:
                return self._named_tuple(text, items)
            case dict() if len(value) == 1:
                ((tag, content),) = value.items()
                return self._decode_tagged(tag, content)
        return _bad(value)

    def _decode_tagged(self, tag: str, content: Any) -> Any:
        match tag, content:
            case "float", str():
                return _decode_float(content)
            case "int", str():
                return _decode_int(content)
            case "complex", [real, imag]:
                parts = self.decode(real), self.decode(imag)
                _need(all(type(p) is float for p in parts), "a complex number is none")
                return complex(*parts)
            case "enum", [str(text), str(name)]:
                return _enum_member(text, name)
            case "dtype", str():
                named = {d.name: d for d in dtypes.ALL}
                return _pick(named, content)
            case "function", str():
                return FunctionReference(content)
            case "device", str():
                try:
                    return Device(content)
                except RuntimeError as error:
                    _need(False, str(error))
            case "layout" | "memory_format", str():
                return _pick({n._name: n for n in _NAMED[tag]}, content)
            case "tensor" | "object" | "shared", int():
                table: list[Any] = getattr(self, _TABLES[tag])
                _need(0 <= content < len(table), f"there is no {tag} {content}")
                return table[content]
            case "array" | "scalar", str():
                array = self._array(content)
                if tag == "array":
                    return array
                _need(array.ndim == 0, f"`{content}` is not a scalar")
                return array[()]
        return _bad({tag: content})

    def _array(self, name: str) -> np.ndarray:
        _need(
            name in self.table.records and not name.startswith(CONSTANT),
            f"there is no tensor `{name}`",
        )
        return self.table[name]

    def _read_tensor(self, entry: Any) -> Tensor:
        match entry:
            case {
                "data": str(name),
                "requires_grad": bool(wanted),
                "parameter": bool(is_parameter),
            } if len(entry) == 3:
                cls = Parameter if is_parameter else Tensor
                tensor = wrap_as(cls, self._array(name))
                tensor._requires_grad = wanted
                return tensor
        return _bad(entry)  # type: ignore[no-any-return]

    def _read_shell(self, entry: Any, is_root: bool) -> Any:
        match entry:
            case {"type": str(text), "slots": dict()} if len(entry) == 2:
                type = _parse(text)
                _need(not any(n.startswith("__") for n in entry["slots"]), "a slot")
                if isinstance(type, T.ClassType) and not is_root:
                    return self._instance(type)
                if isinstance(type, T.ClassType | T.ModuleType):
                    return Object(type)
        return _bad(entry)

    def _instance(self, type: T.ClassType) -> Any:
        """An instance of a class of the program, without attributes."""
        definition = self.program.classes.get(type.name)
        if definition is None or definition.type != type:
            return Object(type)  # which fits nothing: Conformity will tell
        return object.__new__(class_of(definition))

    def _empty(self, entry: Any) -> Any:
        match entry:
            case {"list": list()} if len(entry) == 1:
                return []
            case {"set": list()} if len(entry) == 1:
                return set()
            case {"dict": list()} if len(entry) == 1:
                return {}
        return _bad(entry)

    def _fill(self, made: Any, entry: Any) -> None:
        ((tag, items),) = entry.items()
        if tag == "list":
            made += [self.decode(v) for v in items]
            return
        for item in items:
            _need(
                tag == "set" or (isinstance(item, list) and len(item) == 2),
                "a dict holds something that is not a key with a value",
            )
            key = self.decode(item if tag == "set" else item[0])
            _need(
                key.__class__ in _KEYS or _is_hashable_tuple(key),
                f"a `{key.__class__.__name__}` is no key",
            )
            _need(key not in made, "a key is repeated")
            if tag == "set":
                made.add(key)
            else:
                made[key] = self.decode(item[1])

    def _named_tuple(self, text: str, items: list[Any]) -> Any:
        type = _parse(text)
        if not isinstance(type, T.NamedTupleType) or len(type.fields) != len(items):
            return _bad({"named_tuple": text})
        try:
            made = named_tuple_class(type)
        except ValueError as error:
            _need(False, str(error))
        return made(*(self.decode(v) for v in items))


_TABLES = {"tensor": "tensors", "object": "objects", "shared": "shared"}
_KEYS = (bool, int, float, complex, str, type(None), DType, Device, Tensor, Object)


def _is_hashable_tuple(key: Any) -> bool:
    if isinstance(key, tuple):
        return all(k.__class__ in _KEYS or _is_hashable_tuple(k) for k in key)
    return isinstance(key, enum.Enum)


def _decode_float(text: str) -> float:
    if text in ("nan", "inf", "-inf"):
        return float(text)
    if text.startswith("bits:"):
        try:
            value: float = struct.unpack(">d", bytes.fromhex(text[5:]))[0]
        except (ValueError, struct.error):
            _bad(text)
        return value
    return _bad(text)  # type: ignore[no-any-return]


def _decode_int(text: str) -> int:
    try:
        value = int(text, 16)
    except ValueError:
        _bad(text)
    _need(text == hex(value), f"{text[:40]!r} is no number")
    return value


def _enum_member(text: str, name: str) -> Any:
    type = _parse(text)
    if not isinstance(type, T.EnumType):
        return _bad({"enum": text})
    try:
        return enum_class(type)[name]
    except (ValueError, KeyError) as error:
        return _need(False, f"there is no `{name}` in `{text}`: {error}")


def _parse(text: str) -> T.Type:
    try:
        return parse_type(text)
    except GraphError as error:
        fail(MALFORMED, f"{text[:80]!r} is not a type: {error.diagnostics[0].headline}")


def _pick(named: dict[str, Any], name: str) -> Any:
    _need(name in named, f"there is no {name[:40]!r}")
    return named[name]


def _need(condition: bool, problem: str) -> Any:
    if not condition:
        fail(MALFORMED, f"the manifest is not one that TraceScript writes: {problem}")


def _bad(value: Any) -> Any:
    return _need(False, f"{repr(value)[:80]} is no value")
