"""The member `tensors.safetensors`: all tensors of an archive, ready to be mapped.

The format is safetensors: 8 bytes of length, a JSON header, then the bytes of the
tensors. The package's own writer orders tensors by dtype and aligns them to their
elements only, and its reader maps nothing but whole files, or copies. So the header
is written and read here: each tensor starts at a multiple of 64 bytes, the gaps being
tensors of bytes named `padding:0`, `padding:1`…, since the format allows no gaps. The
result is an ordinary safetensors file for everybody else; tests read it with the
package.

Two dtypes are stored as pairs of floats, since safetensors has no name for them in
every release: complex64 as F32 and complex128 as F64, with a last axis of 2. The
manifest holds the real dtype and sizes; since it decides the whole layout, a reader
predicts the header and compares, and never acts upon what the header says.
"""

from __future__ import annotations

import json
import math
import struct
import sys
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError, deserialize

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.runtime.archive.container import ALIGNMENT, StoredMember
from jit.runtime.archive.problem import (
    ALTERED,
    COPY_AGAIN,
    MALFORMED,
    fail,
)

MEMBER = "tensors.safetensors"
CONSTANT = "constant:"
"""How the names of the program's constants begin; the digest follows."""
PADDING = "padding:"
"""How the names of gaps begin; no tensor may be named so."""
_LENGTH = struct.Struct("<Q")

_STORED_AS = {
    dtypes.bool_: "BOOL",
    dtypes.uint8: "U8",
    dtypes.int8: "I8",
    dtypes.int16: "I16",
    dtypes.int32: "I32",
    dtypes.int64: "I64",
    dtypes.float16: "F16",
    dtypes.bfloat16: "BF16",
    dtypes.float32: "F32",
    dtypes.float64: "F64",
    dtypes.complex64: "F32",
    dtypes.complex128: "F64",
}


@dataclass(frozen=True)
class TensorRecord:
    """What the manifest says about one tensor."""

    name: str
    dtype: DType
    shape: tuple[int, ...]
    checksum: int

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def bytes_of(array: np.ndarray) -> np.ndarray:
    """The elements in C order, little-endian, as one axis of bytes."""
    plain = np.ascontiguousarray(array).reshape(-1)
    little = plain.dtype.newbyteorder("<")
    plain = plain.astype(little, copy=False)
    return plain.view(np.uint8)


def record_of(name: str, array: np.ndarray) -> TensorRecord:
    """The record of an array that is about to be stored."""
    checksum = zlib.crc32(bytes_of(array).data)
    return TensorRecord(name, dtypes.dtype_of(array.dtype), array.shape, checksum)


@dataclass(frozen=True)
class Layout:
    """Where everything stands in the member; the records alone decide it."""

    header: bytes
    offsets: dict[str, int]
    """Of the tensors, from the start of the member."""
    gaps: tuple[tuple[int, int], ...]
    """Starts and ends of the padding."""
    size: int


def layout_of(records: Iterable[TensorRecord]) -> Layout:
    """The layout for tensors in the order given."""
    header: dict[str, Any] = {}
    gaps: list[tuple[int, int]] = []
    position = 0
    for record in records:
        gap = -position % ALIGNMENT
        if gap and record.nbytes:
            end = position + gap
            header[f"{PADDING}{len(gaps)}"] = {
                "dtype": "U8", "shape": [gap], "data_offsets": [position, end],
            }  # fmt: skip
            gaps.append((position, end))
            position = end
        end = position + record.nbytes
        header[record.name] = {
            "dtype": _STORED_AS[record.dtype],
            "shape": [*record.shape, *([2] if record.dtype.is_complex else [])],
            "data_offsets": [position, end],
        }
        position = end
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-(_LENGTH.size + len(text)) % ALIGNMENT)
    start = _LENGTH.size + len(text)
    return Layout(
        _LENGTH.pack(len(text)) + text,
        {
            name: start + entry["data_offsets"][0]
            for name, entry in header.items()
            if not name.startswith(PADDING)
        },
        tuple((start + a, start + b) for a, b in gaps),
        start + position,
    )


def tensor_pieces(records: Sequence[TensorRecord], arrays: Iterable[Any]) -> list[Any]:
    """The pieces of the member, for tensors in the order given."""
    layout = layout_of(records)
    pieces: list[Any] = [layout.header]
    position = len(layout.header)
    for record, array in zip(records, arrays, strict=True):
        start = layout.offsets[record.name]
        pieces += [b"\0" * (start - position), bytes_of(array)]
        position = start + record.nbytes
    return pieces


class TensorTable:
    """The tensors of an archive by name; each is checked when it is first asked for.

    The arrays look into the memory that was mapped or read.
    """

    def __init__(self, member: StoredMember, records: Sequence[TensorRecord]) -> None:
        self.records = {r.name: r for r in records}
        self._data = member.data
        self._layout = layout_of(records)
        self._arrays: dict[str, np.ndarray] = {}
        self._check_layout()

    def _check_layout(self) -> None:
        """The header must be the one that the manifest's records lead to."""
        header = self._layout.header
        if len(self._data) != self._layout.size:
            fail(
                MALFORMED,
                f"`{MEMBER}` has {len(self._data)} bytes where the manifest needs"
                f" {self._layout.size}",
            )
        if bytes(self._data[: len(header)]) != header:
            fail(MALFORMED, f"the header of `{MEMBER}` and the manifest do not agree")
        if any(any(self._data[a:b]) for a, b in self._layout.gaps):
            fail(MALFORMED, f"the padding of `{MEMBER}` is not empty")

    def verify_format(self) -> None:
        """Let the safetensors package, a reader that others audit, read the member."""
        try:
            deserialize(bytes(self._data))  # type: ignore[no-untyped-call]
        except SafetensorError as error:
            fail(MALFORMED, f"safetensors cannot read `{MEMBER}`: {error}")

    def __getitem__(self, name: str) -> np.ndarray:
        """The array of a name; ArchiveError E0803 if its bytes were changed."""
        if name not in self._arrays:
            self._arrays[name] = self._read(self.records[name])
        return self._arrays[name]

    def _read(self, record: TensorRecord) -> np.ndarray:
        start = self._layout.offsets[record.name]
        content = self._data[start : start + record.nbytes]
        if zlib.crc32(content) != record.checksum:
            fail(
                ALTERED,
                f"the tensor `{record.name}` is not what was saved: its checksum differs",
                help=COPY_AGAIN,
            )
        if not record.nbytes:
            return np.empty(record.shape, record.dtype.numpy)
        if record.dtype is dtypes.bool_ and np.frombuffer(content, np.uint8).max() > 1:
            fail(MALFORMED, f"the tensor `{record.name}` holds bools that are none")
        array = np.frombuffer(content, record.dtype.numpy)
        if sys.byteorder == "big":
            array = array.byteswap()
        return array.reshape(record.shape)
