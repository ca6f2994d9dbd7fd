"""The member `manifest.json`: what an archive holds, said before anything is read.

    {
     "format": "tracescript",      always first, so that the file tells what it is
     "version": 1,                 of the format, by which it was written
     "reader": 1,                  the oldest version whose readers understand it
     "producer": "tracescript 0.1.0",
     "sha256": "…",                of the whole content
     "entries": [{"name": "forward", "function": "model.MLP.forward",
                  "arguments": [{"name": "x", "type": "Tensor"}], "returns": "Tensor"}],
     "docs": {"model.MLP.forward": "…"},
     "tensors": [{"name": "fc.weight", "dtype": "float32", "shape": [2, 3],
                  "crc32": 123}],
     "state": {…},                 the tree of objects, see `state_writing`
     "extra": ["notes.txt"],
     "metadata": {}
    }

Arguments may have a `default`, shown as Python writes it; the program's text decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from jit.ir import dtypes
from jit.ir.program import Function, Program
from jit.ir.type_text import format_type
from jit.runtime.archive.container import Member, StoredMember, name_problem
from jit.runtime.archive.problem import (
    ALTERED,
    COPY_AGAIN,
    FOREIGN,
    MALFORMED,
    NEWER,
    OVERSIZED,
    fail,
)
from jit.runtime.archive.strict_json import read_json, write_json
from jit.runtime.archive.tensors import PADDING, TensorRecord

MEMBER = "manifest.json"
FORMAT = "tracescript"
VERSION = 1
"""Of the format. A reader takes every archive whose `reader` is not above it."""

MAX_BYTES = 256 << 20
MAX_ENTRIES = 100_000
MAX_TENSORS = 1_000_000
MAX_DIMS = 32
"""What every supported NumPy can hold."""
MAX_ELEMENTS = 1 << 60

_NO_DIGEST = "0" * 64


@dataclass(frozen=True)
class EntryPoint:
    """A function that a file offers to its users.

    Several may have one name: versions of one function for different types.
    """

    name: str
    """What people call, `forward`."""
    function: str
    """The function of the program, `model.MLP.forward`; if its first argument is an
    object, that is the root of the archive."""


@dataclass(frozen=True)
class Manifest:
    """What an archive says about itself."""

    producer: str
    entries: tuple[EntryPoint, ...]
    tensors: tuple[TensorRecord, ...]
    state: Any
    docs: dict[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    version: int = VERSION
    reader: int = VERSION
    sha256: str = _NO_DIGEST
    """Names the whole content."""


# writing


def write_manifest(
    manifest: Manifest, program: Program, others: list[Member]
) -> Member:
    """The member of a manifest, the digest of everything in it."""
    text = write_json(
        {
            "format": FORMAT,
            "version": manifest.version,
            "reader": manifest.reader,
            "producer": manifest.producer,
            "sha256": _NO_DIGEST,
            "entries": [_entry_json(e, program) for e in manifest.entries],
            "docs": manifest.docs,
            "tensors": [
                {
                    "name": t.name,
                    "dtype": t.dtype.name,
                    "shape": list(t.shape),
                    "crc32": t.checksum,
                }
                for t in manifest.tensors
            ],
            "state": manifest.state,
            "extra": list(manifest.extra),
            "metadata": manifest.metadata,
        }
    )
    contents = ((m.name, m.size, m.pieces) for m in others)
    digest = _digest(text, contents)
    return Member(MEMBER, (_with_digest(text, _NO_DIGEST, digest),))


def _entry_json(entry: EntryPoint, program: Program) -> dict[str, Any]:
    function = program.functions[entry.function]
    return {"name": entry.name, "function": entry.function, **signature_json(function)}


def signature_json(function: Function) -> dict[str, Any]:
    """Arguments and result of a function, for readers without our parsers."""
    arguments = []
    for a in function.schema.arguments:
        shown: dict[str, Any] = {"name": a.name, "type": format_type(a.type)}
        if not a.is_required:
            shown["default"] = repr(a.default)
        if a.keyword_only:
            shown["keyword_only"] = True
        arguments.append(shown)
    returns = [format_type(r.type) for r in function.schema.returns]
    result = returns[0] if len(returns) == 1 else f"({', '.join(returns)})"
    return {"arguments": arguments, "returns": result}


def _with_digest(text: bytes, old: str, new: str) -> bytes:
    before, sign, after = text.partition(f'"sha256": "{old}"'.encode())
    assert sign
    return before + f'"sha256": "{new}"'.encode() + after


def _digest(manifest: bytes, members: Iterable[tuple[str, int, Iterable[Any]]]) -> str:
    """SHA-256 of the manifest without its digest, then of the other members."""
    found = hashlib.sha256()
    for name, size, pieces in ((MEMBER, len(manifest), [manifest]), *members):
        found.update(f"{name}\0{size}\0".encode())
        for piece in pieces:
            found.update(piece)
    return found.hexdigest()


# reading


def read_manifest(member: StoredMember) -> Manifest:
    """The manifest of a member.

    Raises ArchiveError E0804 for formats of the future before anything else is looked
    at, E0806 for contents that cannot be a manifest.
    """
    content = read_json(member.data, MEMBER, limit=MAX_BYTES)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        fail(FOREIGN, f"`{MEMBER}` is not the manifest of a TraceScript archive")
    version, reader = content.get("version"), content.get("reader")
    if (
        type(version) is not int
        or type(reader) is not int
        or not 1 <= reader <= version
    ):
        _bad("version", "reader")
    producer = content.get("producer")
    if reader > VERSION:
        fail(
            NEWER,
            f"the archive needs a newer TraceScript: its format is {reader}, this"
            f" release reads up to {VERSION}",
            f"it was written by {str(producer)[:80]!r}",
            help="pip install --upgrade tracescript",
        )
    if version == VERSION and set(content) != _NAMES:
        # later versions may say more than we understand
        _bad(*(set(content) ^ _NAMES))
    return Manifest(
        producer=_text(content, "producer"),
        entries=tuple(_read_entries(_list(content, "entries", MAX_ENTRIES))),
        tensors=tuple(read_records(_list(content, "tensors", MAX_TENSORS))),
        state=content.get("state"),
        docs=_read_docs(content.get("docs")),
        extra=tuple(_read_extra(_list(content, "extra", MAX_ENTRIES))),
        metadata=_dict(content, "metadata"),
        version=version,
        reader=reader,
        sha256=_read_digest(content.get("sha256")),
    )


_NAMES = {
    "format", "version", "reader", "producer", "sha256", "entries", "docs", "tensors",
    "state", "extra", "metadata",
}  # fmt: skip


def entries_agree(member: StoredMember, program: Program) -> bool:
    """Whether the signatures in the manifest are those of the program."""
    content = read_json(member.data, MEMBER, limit=MAX_BYTES)
    return all(
        entry
        == {
            "name": entry["name"],
            "function": entry["function"],
            **signature_json(program.functions[entry["function"]]),
        }
        for entry in content["entries"]
    )


def verify_digest(manifest: Manifest, members: dict[str, StoredMember]) -> None:
    """Raise ArchiveError E0803 unless the SHA-256 is that of the content."""
    text = bytes(members[MEMBER].data)
    if f'"sha256": "{manifest.sha256}"'.encode() not in text:
        _bad("sha256")
    others = (
        (m.name, len(m.data), [m.data]) for m in members.values() if m.name != MEMBER
    )
    blank = _with_digest(text, manifest.sha256, _NO_DIGEST)
    if _digest(blank, others) != manifest.sha256:
        fail(
            ALTERED,
            "the content is not what was saved: its SHA-256 differs",
            help=COPY_AGAIN,
        )


def _read_entries(items: list[Any]) -> Iterable[EntryPoint]:
    for item in items:
        match item:
            case {
                "name": str(name),
                "function": str(function),
                "arguments": list(),
                "returns": str(),
            }:
                yield EntryPoint(name, function)
            case _:
                _bad("entries")


def read_records(items: list[Any]) -> Iterable[TensorRecord]:
    """The records of tensors; ArchiveError for what cannot be one."""
    named = {d.name: d for d in dtypes.ALL}
    seen = set()
    for item in items:
        match item:
            case {
                "name": str(name),
                "dtype": str(dtype),
                "shape": list(shape),
                "crc32": int(checksum),
            } if len(item) == 4 and dtype in named and name not in seen:
                seen.add(name)
                if name.startswith((PADDING, "__")):
                    _bad("tensors")
                yield TensorRecord(name, named[dtype], _sizes(shape), checksum)
            case _:
                _bad("tensors")


def _sizes(shape: list[Any]) -> tuple[int, ...]:
    if len(shape) > MAX_DIMS:
        fail(OVERSIZED, f"a tensor has {len(shape)} dimensions, more than {MAX_DIMS}")
    elements = 1
    for size in shape:
        if type(size) is not int or size < 0:
            _bad("tensors")
        # NumPy multiplies the sizes other than zero even where there is no element
        elements *= max(size, 1)
    if elements > MAX_ELEMENTS:
        fail(OVERSIZED, f"a tensor has more than {MAX_ELEMENTS} elements")
    return tuple(shape)


def _read_docs(content: Any) -> dict[str, str]:
    if not isinstance(content, dict) or not all(
        isinstance(v, str) for v in content.values()
    ):
        _bad("docs")
    return content


def _read_extra(items: list[Any]) -> Iterable[str]:
    for name in items:
        if not isinstance(name, str) or name_problem(name) is not None:
            _bad("extra")
        yield name
    if len(set(items)) != len(items):
        _bad("extra")


def _read_digest(content: Any) -> str:
    if not isinstance(content, str) or not re.fullmatch("[0-9a-f]{64}", content):
        _bad("sha256")
    return content


def _text(content: dict[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str):
        _bad(name)
    return value


def _list(content: dict[str, Any], name: str, limit: int) -> list[Any]:
    value = content.get(name)
    if not isinstance(value, list):
        _bad(name)
    if len(value) > limit:
        fail(OVERSIZED, f"the manifest has {len(value)} {name}, more than {limit}")
    return value


def _dict(content: dict[str, Any], name: str) -> dict[str, Any]:
    value = content.get(name)
    if not isinstance(value, dict):
        _bad(name)
    return value


def _bad(*names: str) -> NoReturn:
    shown = ", ".join(f"`{name}`" for name in sorted(names))
    fail(MALFORMED, f"the manifest is not one that TraceScript writes: see {shown}")
