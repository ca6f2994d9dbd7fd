"""Values without a program: what `torch.save` writes, and `torch.load` reads.

A container of two members, `values.json` and `tensors.safetensors`, both as in an
archive of a program; `values.json` holds the records of the tensors and the state.
To the values of an archive come

    {"ordered_dict": [[key, value], …]}  {"size": [2, 3]}  {"bytes": "6162"}

and a tensor may have a `view`: dtype, offset, sizes and strides of its elements in a
memory that others look into too, or that has another order.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any, BinaryIO, NoReturn

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.program import Program
from jit.runtime.archive import tensors
from jit.runtime.archive.container import Member, read_container, write_container
from jit.runtime.archive.manifest import MAX_BYTES, MAX_TENSORS, read_records
from jit.runtime.archive.problem import FOREIGN, MALFORMED, NEWER, UNSAVABLE, fail
from jit.runtime.archive.save import producer
from jit.runtime.archive.state_reading import StateReader
from jit.runtime.archive.state_writing import StateWriter
from jit.runtime.archive.strict_json import read_json, write_json
from jit.runtime.archive.tensors import TensorTable, record_of
from jit.runtime.device import Device, Layout, MemoryFormat
from jit.runtime.kernels.strides import restride, root
from jit.runtime.parameter import Parameter
from jit.runtime.size import Size
from jit.runtime.tensor import Tensor, wrap_as

MEMBER = "values.json"
FORMAT = "tracescript-values"
VERSION = 1

_PLAIN = (
    type(None), bool, int, float, complex, str, bytes, Size, dtypes.DType, Device, Layout,
    MemoryFormat, list, tuple, set, dict, OrderedDict,
)  # fmt: skip
_MAX_DIMS = 32


# writing


def write_values(file: BinaryIO, value: Any) -> None:
    """Write a value to a file that is at its start; E0809 for what is no data."""
    writer = _ValueWriter(value)
    state = writer.write_value()
    records = [record_of(name, array) for name, array in writer.arrays.items()]
    content = {
        "format": FORMAT,
        "version": VERSION,
        "reader": VERSION,
        "producer": producer(),
        "tensors": [
            {"name": r.name, "dtype": r.dtype.name, "shape": list(r.shape),
             "crc32": r.checksum}
            for r in records
        ],
        "state": state,
    }  # fmt: skip
    pieces = tuple(tensors.tensor_pieces(records, writer.arrays.values()))
    members = [
        Member(MEMBER, (write_json(content),)),
        Member(tensors.MEMBER, pieces, aligned=True),
    ]
    if members[0].size > MAX_BYTES or len(records) > MAX_TENSORS:
        fail(UNSAVABLE, "there are more values than a file holds")
    write_container(file, members)


class _ValueWriter(StateWriter):
    """Turns a tree of containers into JSON, and gathers tensors and their memories."""

    def __init__(self, value: Any) -> None:
        super().__init__(Program())
        self._value = value
        found, self._twice = _walk(value)
        self._memories = _memories([t.array for t in found])

    def write_value(self) -> dict[str, Any]:
        encoded = self.encode(self._value, T.ANY, "")
        while self._queue:
            self._queue.popleft()()
        del self._state["objects"]
        return {"value": encoded, **self._state}

    def encode(self, value: Any, type: T.Type, path: str, depth: int = 0) -> Any:
        match value:
            case Tensor() | np.ndarray() | np.generic():
                pass
            case _ if value.__class__ not in _PLAIN:
                _unsavable(path, value)
            case Size():
                return {"size": list(value)}
            case bytes():
                return {"bytes": value.hex()}
        return super().encode(value, T.ANY, path, depth)

    def _container(self, value: Any, type: T.Type, path: str, depth: int) -> Any:
        made = super()._container(value, type, path, depth)
        if isinstance(value, OrderedDict):
            return {"ordered_dict": made["dict"]}
        return made

    def _tensor(self, value: Tensor, path: str) -> int:
        if id(value) in self._tensors:
            return self._tensors[id(value)]
        place = self._tensors[id(value)] = len(self._tensors)
        entry: dict[str, Any] = {
            "requires_grad": value._requires_grad,
            "parameter": isinstance(value, Parameter),
        }
        self._state["tensors"].append(entry)
        array = value.array
        memory = self._memories.get(_address(root(array)))
        if memory is None:
            entry["data"] = self.array(array, path)
            return place
        item = array.itemsize
        entry["data"] = self.array(memory, f"memory:{path}")
        entry["view"] = {
            "dtype": value.dtype.name,
            "offset": (_address(array) - _address(memory)) // item if array.size else 0,
            "shape": list(array.shape),
            "strides": [s // item for s in array.strides],
        }
        return place


def _walk(value: Any) -> tuple[list[Tensor], set[int]]:
    """All tensors, and the identities of the containers that are reached twice."""
    found: list[Tensor] = []
    seen: set[int] = set()
    twice: set[int] = set()
    pending = [value]
    while pending:
        item = pending.pop()
        if not isinstance(item, Tensor | list | set | dict | tuple):
            continue
        if id(item) in seen:
            if not isinstance(item, tuple):
                twice.add(id(item))
            continue
        seen.add(id(item))
        if isinstance(item, Tensor):
            found.append(item)
        elif isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        else:
            pending += item
    return found, twice


def _memories(arrays: list[np.ndarray]) -> dict[int, np.ndarray]:
    """By the address of the whole, the part of each memory that is to be stored.

    Left out are memories of one contiguous tensor: it is stored as it is. Elements have
    the dtype of all tensors over them, or are bytes where these differ.
    """
    groups: dict[int, list[np.ndarray]] = {}
    for array in arrays:
        groups.setdefault(_address(root(array)), []).append(array)
    found = {}
    for address, members in groups.items():
        views = {
            (a.ctypes.data, a.shape, a.strides, a.dtype) for a in members if a.size
        }
        if len(views) == 1 and members[0].flags.c_contiguous:
            continue
        if not views or any(s < 0 for a in members for s in a.strides):
            continue  # stored each in its own order; torch has no such strides
        found[address] = _extent(root(members[0]), [a for a in members if a.size])
    return found


def _extent(base: np.ndarray, views: list[np.ndarray]) -> np.ndarray:
    start = min(_address(v) for v in views)
    end = max(
        _address(v)
        + sum((n - 1) * s for n, s in zip(v.shape, v.strides, strict=True))
        + v.itemsize
        for v in views
    )
    whole = np.lib.stride_tricks.as_strided(
        base, (base.nbytes // base.itemsize,), (base.itemsize,)
    ).view(np.uint8)
    piece = whole[start - _address(base) : end - _address(base)]
    kinds = {v.dtype for v in views}
    one = next(iter(kinds))
    fits = all((_address(v) - start) % one.itemsize == 0 for v in views)
    if len(kinds) == 1 and fits:
        return piece.view(one)
    if any((_address(v) - start) % v.itemsize for v in views):
        # so that every view starts at a multiple of its elements
        most = max(v.itemsize for v in views)
        start -= (start - _address(base)) % most
        piece = whole[start - _address(base) : end - _address(base)]
    return piece


def _address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def _unsavable(path: str, value: Any) -> NoReturn:
    where = f"the value at `{path}`" if path else "the value"
    help = "save tensors, numbers, texts, and lists, tuples, dicts and sets of them"
    if hasattr(value, "save_to_buffer"):
        help = "save what was compiled with `jit.save(model, path)`"
    elif hasattr(value, "state_dict") and hasattr(value, "forward"):
        help = (
            "save `model.state_dict()`; or the model itself, with what it does, by"
            " `jit.save(jit.script(model), path)`"
        )
    elif hasattr(value, "state_dict"):
        help = "save its `state_dict()`"
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        help = "save it as a plain tuple, or as a dict: `value._asdict()`"
    kind = type(value).__qualname__
    fail(UNSAVABLE, f"{where} cannot be saved: it is a `{kind}`", help=help)


# reading


def read_values(data: memoryview) -> Any:
    """The value of a file whose first member is `values.json`."""
    members = read_container(data)
    member = members[MEMBER]
    member.verify()
    content = read_json(member.data, MEMBER, limit=MAX_BYTES)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        fail(FOREIGN, f"`{MEMBER}` is not of a file that torch.save wrote")
    reader, records = content.get("reader"), content.get("tensors")
    if type(reader) is not int or reader < 1 or not isinstance(records, list):
        _bad("its version or its list of tensors is none")
    if reader > VERSION:
        fail(
            NEWER,
            f"the file needs a newer TraceScript: its format is {reader}, this release"
            f" reads up to {VERSION}",
            help="pip install --upgrade tracescript",
        )
    if set(members) != {MEMBER, tensors.MEMBER}:
        _bad("it has other members than values and tensors")
    table = TensorTable(members[tensors.MEMBER], list(read_records(records)))
    return _ValueReader(table).read_value(content.get("state"))


class _ValueReader(StateReader):
    """Turns JSON into values; checks every name and number."""

    def read_value(self, state: Any) -> Any:
        if not isinstance(state, dict) or state.keys() != {
            "value",
            "tensors",
            "shared",
        }:
            _bad("the state has other parts than value, tensors and shared")
        entries, shared = state["tensors"], state["shared"]
        if not isinstance(entries, list) or not isinstance(shared, list):
            _bad("a table is none")
        self.tensors = [self._read_tensor(entry) for entry in entries]
        self.shared = [self._empty(entry) for entry in shared]
        for made, entry in zip(self.shared, shared, strict=True):
            self._fill(made, entry)
        return self.decode(state["value"])

    def decode(self, value: Any) -> Any:
        match value:
            case {"ordered_dict": list()} if len(value) == 1:
                made = OrderedDict[Any, Any]()
                self._fill(made, value)
                return made
            case {"size": list(sizes)} if len(value) == 1:
                if not all(type(n) is int for n in sizes):
                    _bad("a size is no number")
                return Size(sizes)
            case {"bytes": str(digits)} if len(value) == 1:
                try:
                    return bytes.fromhex(digits)
                except ValueError:
                    _bad("bytes are none")
            case {"enum": _} | {"named_tuple": _} | {"function": _} | {"object": _}:
                _bad("it holds what belongs to programs")
        return super().decode(value)

    def _empty(self, entry: Any) -> Any:
        match entry:
            case {"ordered_dict": list()} if len(entry) == 1:
                return OrderedDict()
        return super()._empty(entry)

    def _read_tensor(self, entry: Any) -> Tensor:
        if not isinstance(entry, dict) or "view" not in entry:
            return super()._read_tensor(entry)
        match entry:
            case {
                "data": str(name),
                "requires_grad": bool(wanted),
                "parameter": bool(is_parameter),
                "view": {
                    "dtype": str(dtype),
                    "offset": int(offset),
                    "shape": list(shape),
                    "strides": list(strides),
                },
            } if len(entry) == 4 and len(entry["view"]) == 4:
                array = self._view(self._array(name), dtype, offset, shape, strides)
                made = wrap_as(Parameter if is_parameter else Tensor, array)
                made._requires_grad = wanted
                return made
        return _bad("a tensor is described in another way")

    def _view(
        self, memory: np.ndarray, dtype: str, offset: int, shape: Any, strides: Any
    ) -> np.ndarray:
        named = {d.name: d for d in dtypes.ALL}
        numbers = [*shape, *strides]
        if dtype not in named or len(shape) > _MAX_DIMS or memory.ndim != 1:
            _bad("a view is of another kind")
        if not all(type(n) is int and abs(n) < 2**56 for n in numbers):
            _bad("a view has sizes that are none")
        wanted = named[dtype].numpy
        if memory.dtype != wanted and memory.dtype != np.uint8:
            _bad("a view has another dtype than its memory")
        whole = memory.nbytes // wanted.itemsize * wanted.itemsize
        elements = memory.view(np.uint8)[:whole].view(wanted)
        if wanted == np.bool_ and memory.view(np.uint8).max(initial=0) > 1:
            _bad("a view holds bools that are none")
        if 0 in shape and math.prod(max(n, 1) for n in shape) >= 2**60:
            _bad("a view has sizes that are none")
        try:
            return restride(elements, shape, strides, offset)
        except (RuntimeError, ValueError) as error:
            _bad(f"a view does not fit its memory: {error}")


def _bad(problem: str) -> NoReturn:
    fail(MALFORMED, f"the file is not one that torch.save writes here: {problem}")
