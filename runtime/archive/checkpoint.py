"""Checkpoints that torch wrote: tensors and containers, without executing the pickle.

Two layouts: since torch 1.6 a zip file with `data.pkl` and one member for each storage,
before that pickles in a row with the storages behind them. Tensors over one storage
share their memory here too; large files stay mapped.
"""

from __future__ import annotations

import io
import struct
import sys
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.runtime import device
from jit.runtime.archive.pickle_reading import Builder, PickleReader
from jit.runtime.archive.problem import (
    ALTERED,
    COPY_AGAIN,
    MALFORMED,
    OVERSIZED,
    REFUSED,
    TRUNCATED,
    fail,
)
from jit.runtime.device import Device
from jit.runtime.kernels.strides import restride
from jit.runtime.parameter import Parameter
from jit.runtime.size import Size
from jit.runtime.tensor import Tensor, wrap, wrap_as

LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How files of torch before 1.6 begin."""
_PROTOCOL = 1001
MAX_DIMS = 64

Place = Callable[[str], None]
"""Raises RuntimeError where a device cannot be had."""

_STORAGES = {
    "Float": dtypes.float32,
    "Double": dtypes.float64,
    "Half": dtypes.float16,
    "BFloat16": dtypes.bfloat16,
    "Long": dtypes.int64,
    "Int": dtypes.int32,
    "Short": dtypes.int16,
    "Char": dtypes.int8,
    "Byte": dtypes.uint8,
    "Bool": dtypes.bool_,
    "ComplexFloat": dtypes.complex64,
    "ComplexDouble": dtypes.complex128,
}


@dataclass(frozen=True, eq=False)
class _StorageType:
    dtype: DType | None
    """None for bytes whose dtype each tensor says."""


@dataclass(frozen=True, eq=False)
class _Storage:
    content: np.ndarray
    """Bytes."""
    dtype: DType | None

    def elements(self, dtype: DType) -> np.ndarray:
        """The memory as elements of a dtype."""
        whole = len(self.content) // dtype.itemsize * dtype.itemsize
        return self.content[:whole].view(dtype.numpy)


# what names in a pickle stand for


def _tensor_of(
    storage: Any, offset: Any, sizes: Any, strides: Any, dtype: Any
) -> Tensor:
    numbers_are = type(sizes) in (tuple, Size) and type(strides) in (tuple, Size)
    if not (
        isinstance(storage, _Storage)
        and isinstance(dtype, DType)
        and numbers_are
        and all(type(n) is int for n in (offset, *sizes, *strides))
    ):
        _bad("a tensor is made of something else than a storage and sizes")
    if len(sizes) > MAX_DIMS or any(abs(n) >= 2**56 for n in (*sizes, *strides)):
        fail(OVERSIZED, "a tensor has more dimensions or elements than memory can hold")
    elements = storage.elements(dtype)
    if dtype is dtypes.bool_ and storage.content.size and storage.content.max() > 1:
        _bad("a storage holds bools that are none")
    try:
        return wrap(restride(elements, sizes, strides, offset))
    except (RuntimeError, ValueError) as error:
        _bad(f"a tensor does not fit its storage: {error}")


def _rebuild_tensor(storage: Any, offset: Any, sizes: Any, strides: Any) -> Tensor:
    return _tensor_of(storage, offset, sizes, strides, getattr(storage, "dtype", None))


def _rebuild_tensor_v2(
    storage: Any,
    offset: Any,
    sizes: Any,
    strides: Any,
    requires_grad: Any,
    hooks: Any,
    metadata: Any = None,
) -> Tensor:
    made = _rebuild_tensor(storage, offset, sizes, strides)
    return _finished(made, requires_grad, hooks, metadata)


def _rebuild_tensor_v3(
    storage: Any,
    offset: Any,
    sizes: Any,
    strides: Any,
    requires_grad: Any,
    hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> Tensor:
    made = _tensor_of(storage, offset, sizes, strides, dtype)
    return _finished(made, requires_grad, hooks, metadata)


def _finished(made: Tensor, requires_grad: Any, hooks: Any, metadata: Any) -> Tensor:
    if hooks or metadata:
        _bad("a tensor has hooks, or lazy conjugation or negation")
    if type(requires_grad) is not bool or (requires_grad and not _has_gradient(made)):
        _bad("a tensor says wrongly whether it requires gradients")
    made._requires_grad = requires_grad
    return made


def _has_gradient(tensor: Tensor) -> bool:
    return tensor.dtype.is_floating_point or tensor.dtype.is_complex


def _rebuild_parameter(data: Any, requires_grad: Any, hooks: Any) -> Tensor:
    if not isinstance(data, Tensor):
        _bad("a parameter is made of something else than a tensor")
    return _finished(wrap_as(Parameter, data.array), requires_grad, hooks, None)


def _size(sizes: Any) -> Size:
    if type(sizes) is not tuple or not all(type(n) is int for n in sizes):
        _bad("a torch.Size holds something else than numbers")
    return Size(sizes)


def _device(name: Any, index: Any = None) -> Device:
    try:
        return Device(name, index)
    except (RuntimeError, TypeError) as error:
        _bad(str(error))


def _set(items: Any = ()) -> set[Any]:
    if type(items) not in (list, tuple) or not all(
        isinstance(i, bool | int | float | complex | str | bytes | None) for i in items
    ):
        _bad("a set holds something else than numbers and texts")
    return set(items)


def _complex(real: Any, imag: Any) -> complex:
    if type(real) is not float or type(imag) is not float:
        _bad("a complex number is none")
    return complex(real, imag)


def _bytes(text: Any, encoding: Any) -> bytes:
    if type(text) is not str or encoding != "latin1":
        _bad("bytes are written in another way than torch does")
    try:
        return text.encode("latin1")
    except UnicodeEncodeError:
        _bad("bytes are none")


def _ordered(pairs: Any = ()) -> OrderedDict[Any, Any]:
    if type(pairs) not in (list, tuple) or len(pairs):
        _bad("an OrderedDict is made of something else than its items")
    return OrderedDict()


def _layout(name: Any) -> Any:
    if name != "torch.strided":
        _bad("a layout is another than torch.strided")
    return device.STRIDED


def _known_names() -> dict[tuple[str, str], Any]:
    rebuild = "torch._utils"
    names: dict[tuple[str, str], Any] = {
        ("collections", "OrderedDict"): Builder("OrderedDict", _ordered, 0, 1),
        (rebuild, "_rebuild_tensor"): Builder("_rebuild_tensor", _rebuild_tensor, 4, 4),
        (rebuild, "_rebuild_tensor_v2"): Builder(
            "_rebuild_tensor_v2", _rebuild_tensor_v2, 6, 7
        ),
        (rebuild, "_rebuild_tensor_v3"): Builder(
            "_rebuild_tensor_v3", _rebuild_tensor_v3, 7, 8
        ),
        (rebuild, "_rebuild_parameter"): Builder(
            "_rebuild_parameter", _rebuild_parameter, 3, 3
        ),
        ("torch", "Size"): Builder("torch.Size", _size, 1, 1),
        ("torch", "device"): Builder("torch.device", _device, 1, 2),
        ("torch.serialization", "_get_layout"): Builder("_get_layout", _layout, 1, 1),
        ("_codecs", "encode"): Builder("bytes", _bytes, 2, 2),
        ("torch", "UntypedStorage"): _StorageType(None),
        ("torch.storage", "UntypedStorage"): _StorageType(None),
    }
    for module in ("builtins", "__builtin__"):
        names[module, "set"] = Builder("set", _set, 0, 1)
        names[module, "complex"] = Builder("complex", _complex, 2, 2)
    for name, dtype in _STORAGES.items():
        names["torch", f"{name}Storage"] = _StorageType(dtype)
    for dtype in dtypes.ALL:
        names["torch", dtype.name] = dtype
    return names


_NAMES = _known_names()


def _refuse(module: str, name: str) -> NoReturn:
    shown = ascii(f"{module}.{name}"[:120])[1:-1]
    if module.startswith("torch.nn.modules") or (
        module.split(".")[0] not in _LIBRARIES and name[:1].isupper()
    ):
        what = "which looks like a pickled module or object: it would need its source"
        help = (
            "with torch, save `model.state_dict()` and load that into the model here; a"
            " model that has been compiled here is saved whole by `jit.save`"
        )
    else:
        what = "which is no tensor, container, number or text"
        help = "save tensors, numbers, texts and containers of them only"
    fail(
        REFUSED,
        f"the checkpoint names `{shown}`, {what}",
        "nothing in it was executed",
        help=help,
    )


_LIBRARIES = ("torch", "builtins", "__builtin__", "numpy", "collections", "os", "posix")


# files


def load_checkpoint(data: memoryview, place: Place) -> Any:
    """What a file of torch.save holds; `place` is told each storage's device.

    Raises ArchiveError for what is no such file, or is not whole, or holds more than
    data.
    """
    if bytes(data[: len(LEGACY)]) == LEGACY:
        return _load_legacy(data, place)
    return _load_zip(data, place)


class _Window(io.RawIOBase):
    """Bytes in memory as a file that is read only, without a copy."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self._position, len(self._data))[whence]
        self._position = start + offset
        if self._position < 0:
            raise OSError("before the beginning")
        return self._position

    def readinto(self, buffer: Any) -> int:
        piece = self._data[self._position : self._position + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


_BAD_ZIP = (
    zipfile.BadZipFile, struct.error, OSError, ValueError, NotImplementedError, EOFError,
    OverflowError,
)  # fmt: skip


class _Members:
    """The members of a zip file, as they lie in memory."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        try:
            infos = zipfile.ZipFile(_Window(data)).infolist()
        except _BAD_ZIP as error:
            fail(
                TRUNCATED,
                f"the zip file is not whole: {str(error)[:200]}",
                help=COPY_AGAIN,
            )
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) != len(infos):
            _bad("two members have one name")
        roots = [
            n for n in self._infos if n.endswith("/data.pkl") and n.count("/") == 1
        ]
        if len(roots) != 1:
            _bad("it has no `data.pkl`, or more than one")
        self._folder = roots[0].removesuffix("data.pkl")

    def __contains__(self, name: str) -> bool:
        return self._folder + name in self._infos

    def __getitem__(self, name: str) -> memoryview:
        info = self._infos.get(self._folder + name)
        if info is None:
            fail(
                MALFORMED,
                f"the member `{ascii(name)[1:-1]}` is missing",
                help=COPY_AGAIN,
            )
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            _bad(f"the member `{ascii(name)[1:-1]}` is compressed or encrypted")
        header = bytes(self._data[info.header_offset : info.header_offset + 30])
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            _bad("a member has no header")
        start = info.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
        content = self._data[start : start + info.file_size]
        if len(content) != info.file_size:
            fail(TRUNCATED, "a member is larger than the file", help=COPY_AGAIN)
        if zlib.crc32(content) != info.CRC:
            fail(
                ALTERED,
                f"the member `{ascii(name)[1:-1]}` is not what was saved: its checksum"
                " differs",
                help=COPY_AGAIN,
            )
        return content


def _load_zip(data: memoryview, place: Place) -> Any:
    members = _Members(data)
    order = bytes(members["byteorder"]) if "byteorder" in members else b"little"
    swapped = order.strip() != sys.byteorder.encode()
    storages: dict[str, _Storage] = {}

    def storage_of(kind: _StorageType, key: str, location: str, count: int) -> _Storage:
        if key not in storages:
            place(location)
            content = members[f"data/{key}"]
            itemsize = kind.dtype.itemsize if kind.dtype else 1
            if len(content) != count * itemsize:
                _bad(f"the storage `{ascii(key)[1:-1]}` has another size than it says")
            found = np.frombuffer(content, np.uint8)
            if found.ctypes.data % 16 or not found.flags.writeable:
                found = found.copy()
            if swapped and kind.dtype is None:
                _bad("bytes of a machine of another byte order")
            if swapped and kind.dtype is not None:
                _swap(found, kind.dtype)
            storages[key] = _Storage(found, kind.dtype)
        known = storages[key]
        return (
            known if known.dtype is kind.dtype else _Storage(known.content, kind.dtype)
        )

    reader = PickleReader(
        members["data.pkl"], _NAMES, _refuse, lambda i: storage_of(*_identity(i, 5))
    )
    return _whole(reader.read())


def _identity(found: Any, length: int) -> tuple[_StorageType, str, str, int]:
    """Type, key, device and number of elements of a storage."""
    match found:
        case ("storage", _StorageType(), str(), str(), int(), *_) if (
            len(found) == length and found[4] >= 0
        ):
            return found[1:5]  # type: ignore[no-any-return]
    return _bad("a storage is named in another way than torch does")


def _swap(content: np.ndarray, dtype: DType) -> None:
    size = dtype.itemsize // (2 if dtype.is_complex else 1)
    content.view(f"u{size}").byteswap(inplace=True)


def _load_legacy(data: memoryview, place: Place) -> Any:
    storages: dict[str, _Storage] = {}
    room = len(data)

    def storage_of(identity: Any) -> _Storage:
        nonlocal room
        kind, key, location, count = _identity(identity, 6)
        if identity[5] is not None:
            _bad("it has views of storages, as torch before 0.4 wrote them")
        if key not in storages:
            place(location)
            size = count * (kind.dtype.itemsize if kind.dtype else 1)
            room -= size
            if room < 0:
                fail(
                    TRUNCATED, "the storages are larger than the file", help=COPY_AGAIN
                )
            storages[key] = _Storage(np.zeros(size, np.uint8), kind.dtype)
        return storages[key]

    reader = PickleReader(data, _NAMES, _refuse, storage_of)
    reader.read()  # the magic number
    if reader.read() != _PROTOCOL:
        _bad("its protocol is another than 1001")
    system = reader.read()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        _bad("it was written on a machine of another byte order")
    made = reader.read()
    keys = reader.read()
    if type(keys) is not list or set(map(str, keys)) != storages.keys():
        _bad("its list of storages is another than the storages")
    position = reader.position
    for key in keys:
        position = _fill(storages[key], data, position)
    return _whole(made)


def _fill(storage: _Storage, data: memoryview, position: int) -> int:
    """Read the bytes of a storage, after their number of elements."""
    size = len(storage.content)
    itemsize = storage.dtype.itemsize if storage.dtype else 1
    end = position + 8 + size
    if end > len(data):
        fail(TRUNCATED, "the file ends inside a storage", help=COPY_AGAIN)
    if int.from_bytes(data[position : position + 8], "little") != size // itemsize:
        _bad("a storage has another size than it says")
    storage.content[:] = np.frombuffer(data[position + 8 : end], np.uint8)
    if storage.dtype is dtypes.bool_ and size and storage.content.max() > 1:
        _bad("a storage holds bools that are none")
    return end


_DATA = (
    type(None), bool, int, float, complex, str, bytes, Tensor, DType, Device,
    device.Layout,
)  # fmt: skip


def _whole(value: Any) -> Any:
    """The value; ArchiveError if a name or storage is in it as such."""
    seen: set[int] = set()
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, _DATA):
            continue
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            pending += [*item.values(), *getattr(item, "__dict__", {}).values()]
        elif isinstance(item, list | tuple | set | frozenset):
            pending += item
        else:
            _bad(f"it holds a `{type(item).__name__}` as a value")
    return value


def _bad(problem: str) -> NoReturn:
    fail(MALFORMED, f"the checkpoint is not one that torch writes: {problem}")
