"""The zip file around an archive: members stored as they are, one after the other.

    [local header, manifest.json] [local header, program.txt] … [directory] [end record]

Any zip tool can list and extract it. Reading is stricter than zip: the members must
tile the file from its first byte to the directory, nothing may be compressed,
encrypted, repeated or left over, and both headers of a member must agree. A file then
has one meaning only, whoever reads it, and every size is checked against the size of
the file before anything is allocated. `zipfile` from the standard library accepts
prefixes, gaps, overlaps and duplicates, which is why it is not used here.

A member may ask to start at a multiple of 64 bytes; its local header then carries an
extra field of padding, as Android's zipalign does. Files past 4 GiB use zip64.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from jit.runtime.archive.problem import (
    ALTERED,
    COPY_AGAIN,
    MALFORMED,
    OVERSIZED,
    TRUNCATED,
    fail,
)

ALIGNMENT = 64
"""Bytes; a cache line, and enough for any vector instruction."""
MAX_MEMBERS = 4096
MAX_NAME = 512
"""Bytes of a member's name."""

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END_64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR_64 = struct.Struct("<4sIQI")
_EXTRA = struct.Struct("<HH")

_UTF8_NAMES = 0x0800
_VERSION = 45
_DATE = 0x0021
"""1 January 1980: equal contents give equal bytes."""
_ZIP64 = 0x0001
_PADDING = 0xD935
_ELSEWHERE = 0xFFFFFFFF
"""In a 32-bit field: the value stands in a zip64 record."""
_LARGE = _ELSEWHERE
"""Sizes and offsets from here on go to zip64 records."""

_SEGMENT = re.compile(r'[^/\\:*?"<>|\x00-\x1f\x7f]+')


@dataclass(frozen=True)
class Member:
    """One file inside an archive, as pieces that are written in a row."""

    name: str
    pieces: tuple[Any, ...]
    """Objects with the buffer interface, of bytes."""
    aligned: bool = False

    @property
    def size(self) -> int:
        return sum(memoryview(p).nbytes for p in self.pieces)

    @property
    def checksum(self) -> int:
        value = 0
        for piece in self.pieces:
            value = zlib.crc32(piece, value)
        return value


@dataclass(frozen=True)
class StoredMember:
    """One file inside an archive that was read: where its bytes are."""

    name: str
    offset: int
    data: memoryview
    checksum: int

    def verify(self) -> None:
        """Raise ArchiveError E0803 if the bytes are not those that were written."""
        if zlib.crc32(self.data) != self.checksum:
            fail(
                ALTERED,
                f"the member `{self.name}` is not what was saved: its checksum differs",
                help=COPY_AGAIN,
            )


@dataclass(frozen=True)
class _Place:
    name: bytes
    checksum: int
    size: int
    offset: int
    """Of the local header."""


def name_problem(name: str) -> str | None:
    """Why a member may not have this name; None if it may.

    Names are relative paths with `/`; nothing in them can lead out of a folder on any
    system.
    """
    if not name:
        return "it is empty"
    try:
        encoded = name.encode("utf-8")
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if len(encoded) > MAX_NAME:
        return f"it is longer than {MAX_NAME} bytes"
    for segment in name.split("/"):
        if segment in ("", ".", ".."):
            return f"`{segment}` is not a file or folder"
        if not _SEGMENT.fullmatch(segment):
            return "it holds a character that some systems give a meaning"
    return None


# writing


def write_container(file: BinaryIO, members: Sequence[Member]) -> None:
    """Write members to a file that is at its start; nothing is read or sought."""
    places = []
    offset = 0
    for member in members:
        place = _Place(
            member.name.encode("utf-8"), member.checksum, member.size, offset
        )
        header = _local_header(place, aligned=member.aligned)
        file.write(header)
        for piece in member.pieces:
            file.write(piece)
        places.append(place)
        offset += len(header) + place.size
    directory = b"".join(map(_central_header, places))
    file.write(directory)
    file.write(_end_records(len(places), len(directory), offset))


def _local_header(place: _Place, *, aligned: bool) -> bytes:
    extra = b""
    size = place.size
    if size >= _LARGE:
        extra = _EXTRA.pack(_ZIP64, 16) + struct.pack("<QQ", size, size)
        size = _ELSEWHERE
    if aligned:
        data = place.offset + _LOCAL.size + len(place.name) + len(extra) + _EXTRA.size
        padding = b"\0" * (-data % ALIGNMENT)
        extra += _EXTRA.pack(_PADDING, len(padding)) + padding
    return (
        _LOCAL.pack(
            b"PK\x03\x04", _VERSION, _UTF8_NAMES, 0, 0, _DATE,
            place.checksum, size, size, len(place.name), len(extra),
        )
        + place.name
        + extra
    )  # fmt: skip


def _central_header(place: _Place) -> bytes:
    large = b""
    size, offset = place.size, place.offset
    if size >= _LARGE:
        large += struct.pack("<QQ", size, size)
        size = _ELSEWHERE
    if offset >= _LARGE:
        large += struct.pack("<Q", offset)
        offset = _ELSEWHERE
    extra = _EXTRA.pack(_ZIP64, len(large)) + large if large else b""
    return (
        _CENTRAL.pack(
            b"PK\x01\x02", _VERSION, _VERSION, _UTF8_NAMES, 0, 0, _DATE,
            place.checksum, size, size, len(place.name), len(extra), 0, 0, 0, 0, offset,
        )
        + place.name
        + extra
    )  # fmt: skip


def _end_records(count: int, size: int, offset: int) -> bytes:
    records = b""
    short = offset
    if offset >= _LARGE:
        records += _END_64.pack(
            b"PK\x06\x06", _END_64.size - 12, _VERSION, _VERSION, 0, 0,
            count, count, size, offset,
        )  # fmt: skip
        records += _LOCATOR_64.pack(b"PK\x06\x07", 0, offset + size, 1)
        short = _ELSEWHERE
    return records + _END.pack(b"PK\x05\x06", 0, 0, count, count, size, short, 0)


# reading


def first_name(data: memoryview) -> str | None:
    """The name in the first local header; None where there is none to read."""
    if len(data) < _LOCAL.size or bytes(data[:4]) != b"PK\x03\x04":
        return None
    length = struct.unpack_from("<H", data, 26)[0]
    try:
        return bytes(data[_LOCAL.size : _LOCAL.size + length]).decode("utf-8")
    except UnicodeDecodeError:
        return None


def read_container(data: memoryview) -> dict[str, StoredMember]:
    """The members of an archive by name, in order; checksums are not yet compared.

    Raises ArchiveError for anything that `write_container` does not write.
    """
    count, start, end = _find_directory(data)
    members: dict[str, StoredMember] = {}
    position = 0
    for place in _read_directory(data, count, start, end):
        if place.offset != position:
            fail(
                MALFORMED,
                f"the members do not follow each other: byte {position} belongs to none"
                " or to two",
            )
        member = _read_member(data, place, start)
        if member.name in members:
            fail(MALFORMED, f"there are two members `{member.name}`")
        members[member.name] = member
        position = member.offset + place.size
    if position != start:
        fail(MALFORMED, f"bytes {position} to {start} belong to no member")
    return members


def _find_directory(data: memoryview) -> tuple[int, int, int]:
    """Count of members, start and end of the directory."""
    size = len(data)
    if size < _END.size or bytes(data[size - _END.size : size - 18]) != b"PK\x05\x06":
        fail(
            TRUNCATED,
            "the file ends before its directory: a part of it is missing",
            f"it has {size} bytes",
            help=COPY_AGAIN,
        )
    end = size - _END.size
    _, disk, first_disk, here, count, length, start, comment = _END.unpack_from(
        data, end
    )
    if disk or first_disk or here != count or comment:
        fail(MALFORMED, "the end record is not one that TraceScript writes")
    if count > MAX_MEMBERS:
        fail(OVERSIZED, f"there are {count} members, more than {MAX_MEMBERS}")
    if start == _ELSEWHERE:
        start, end = _find_large_directory(data, end, count, length)
    if start + length != end:
        fail(MALFORMED, "the directory does not end where the end record begins")
    return count, start, end


def _find_large_directory(
    data: memoryview, end: int, count: int, length: int
) -> tuple[int, int]:
    place = end - _LOCATOR_64.size - _END_64.size
    if place < 0:
        fail(MALFORMED, "the zip64 records are missing")
    record = _END_64.unpack_from(data, place)
    start = record[9]
    expected = (
        b"PK\x06\x06", _END_64.size - 12, _VERSION, _VERSION, 0, 0,
        count, count, length, start,
    )  # fmt: skip
    locator = _LOCATOR_64.unpack_from(data, place + _END_64.size)
    if record != expected or locator != (b"PK\x06\x07", 0, place, 1):
        fail(MALFORMED, "the zip64 records are not ones that TraceScript writes")
    return start, place


def _read_directory(
    data: memoryview, count: int, start: int, end: int
) -> Iterator[_Place]:
    position = start
    for _ in range(count):
        if end - position < _CENTRAL.size:
            fail(MALFORMED, "the directory is shorter than its members need")
        fields = _CENTRAL.unpack_from(data, position)
        flags, method, checksum, stored, size, name_length, extra_length = (
            *fields[3:5], *fields[7:12],
        )  # fmt: skip
        names = position + _CENTRAL.size
        extras = names + name_length
        after = extras + extra_length
        if after > end:
            fail(MALFORMED, "the directory is shorter than its members need")
        name = bytes(data[names:extras])
        if method or stored != size or flags & ~_UTF8_NAMES:
            fail(
                MALFORMED,
                f"the member `{_shown(name)}` is compressed or encrypted",
                help="save the model again; zip tools cannot rewrite an archive",
            )
        size, offset = _read_large(bytes(data[extras:after]), size, fields[-1])
        place = _Place(name, checksum, size, offset)
        if bytes(data[position:after]) != _central_header(place):
            fail(
                MALFORMED,
                f"the entry of `{_shown(name)}` in the directory is not one that"
                " TraceScript writes",
            )
        yield place
        position = after
    if position != end:
        fail(MALFORMED, "the directory is longer than its members need")


def _read_large(extra: bytes, size: int, offset: int) -> tuple[int, int]:
    """Size and offset, from the zip64 field where the 32-bit fields point to it."""
    wanted = 16 * (size == _ELSEWHERE) + 8 * (offset == _ELSEWHERE)
    if not wanted or len(extra) != wanted + _EXTRA.size:
        return size, offset
    numbers = list(struct.unpack_from(f"<{wanted // 8}Q", extra, _EXTRA.size))
    if size == _ELSEWHERE:
        size = numbers.pop(0)
        numbers.pop(0)
    if offset == _ELSEWHERE:
        offset = numbers.pop(0)
    return size, offset


def _read_member(data: memoryview, place: _Place, limit: int) -> StoredMember:
    """Check the local header, which repeats the entry of the directory."""
    try:
        name = place.name.decode("utf-8")
    except UnicodeDecodeError:
        fail(MALFORMED, f"the name of the member `{_shown(place.name)}` is not Unicode")
    problem = name_problem(name)
    if problem is not None:
        fail(MALFORMED, f"a member may not be named {name!r}: {problem}")
    plain = _local_header(place, aligned=False)
    aligned = _local_header(place, aligned=True)
    start = place.offset
    for header in (plain, aligned):
        if bytes(data[start : start + len(header)]) == header:
            break
    else:
        fail(
            MALFORMED,
            f"the header of the member `{name}` and the directory do not agree",
        )
    offset = start + len(header)
    if place.size > limit - offset:
        fail(OVERSIZED, f"the member `{name}` is larger than the file")
    content = data[offset : offset + place.size]
    return StoredMember(name, offset, content, place.checksum)


def _shown(name: bytes) -> str:
    return ascii(name[:80].decode("utf-8", "replace"))[1:-1]
