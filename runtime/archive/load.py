"""Reading an archive: nothing in it is executed, everything is checked.

In order: what kind of file it is; the container, whose members must tile the file;
version and form of the manifest; a checksum for every member and tensor; the program,
parsed and verified; the values of the slots against their declared types. Sizes are
compared with the size of the file before they are used. The first thing that is wrong
is an ArchiveError that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from jit.ir import types as T
from jit.ir.diagnostic import ArchiveError, Diagnostic, GraphError
from jit.ir.parser import parse_program
from jit.ir.program import Program
from jit.ir.verifier import check_program
from jit.runtime.archive import manifest as manifests
from jit.runtime.archive import sources, tensors
from jit.runtime.archive.conformity import Conformity
from jit.runtime.archive.container import StoredMember, first_name, read_container
from jit.runtime.archive.files import display_name, read_source
from jit.runtime.archive.foreign import refuse
from jit.runtime.archive.manifest import EntryPoint, Manifest
from jit.runtime.archive.problem import (
    BAD_PROGRAM,
    BAD_STATE,
    COPY_AGAIN,
    MALFORMED,
    OVERSIZED,
    TRUNCATED,
    fail,
    named,
)
from jit.runtime.archive.save import EXTRA, MAX_TEXT, PROGRAM
from jit.runtime.archive.state_reading import StateReader
from jit.runtime.archive.tensors import CONSTANT, TensorTable
from jit.runtime.objects import Object
from jit.runtime.python_classes import type_of_instance


@dataclass(frozen=True)
class LoadedArchive:
    """What an archive held."""

    program: Program
    entries: tuple[EntryPoint, ...]
    root: Object | None
    """The instance whose methods the entries are; None for functions."""
    extra_files: dict[str, bytes]
    manifest: Manifest


def load_archive(source: Any, *, check_digest: bool = False) -> LoadedArchive:
    """The content of a path, a binary file object or bytes.

    Large files are mapped into memory; changing a tensor never changes the file.
    Each tensor is compared with its checksum; `check_digest` compares the SHA-256 of
    the whole as well.

    Raises ArchiveError if it is no archive of ours, or not whole, or not well formed;
    OSError where the system cannot read it.
    """
    name = display_name(source)
    data = read_source(source)
    try:
        return _load(data, check_digest=check_digest)
    except ArchiveError as error:
        if name is None:
            raise
        raise named(error, name) from error.__cause__


def read_members(data: memoryview) -> tuple[Manifest, dict[str, StoredMember]]:
    """Manifest and members by name; all but the tensors are checked to be whole."""
    if first_name(data) != manifests.MEMBER:
        if bytes(data[:4]) == b"PK\x03\x04" and len(data) < _SHORTEST:
            fail(TRUNCATED, f"the file ends after {len(data)} bytes", help=COPY_AGAIN)
        refuse(data)
    members = read_container(data)
    members[manifests.MEMBER].verify()
    manifest = manifests.read_manifest(members[manifests.MEMBER])
    expected = [
        manifests.MEMBER,
        PROGRAM,
        sources.MEMBER,
        *(EXTRA + name for name in manifest.extra),
        tensors.MEMBER,
    ]
    if manifest.version == manifests.VERSION and list(members) != expected:
        _wrong_members(set(members), set(expected))
    if not set(expected) <= set(members):
        _wrong_members(set(members), set(expected))
    for name, member in members.items():
        if name != tensors.MEMBER:  # each tensor has a checksum of its own
            member.verify()
    return manifest, members


_SHORTEST = 64
"""Bytes; a file that ends before cannot tell its first member's name."""


def _wrong_members(found: set[str], expected: set[str]) -> None:
    for name in sorted(expected - found):
        fail(MALFORMED, f"the member `{name}` is missing", help=COPY_AGAIN)
    for name in sorted(found - expected):
        fail(MALFORMED, f"the manifest does not mention the member `{name}`")
    fail(MALFORMED, "the members are not in their order")


def _load(data: memoryview, *, check_digest: bool) -> LoadedArchive:
    manifest, members = read_members(data)
    table = TensorTable(members[tensors.MEMBER], manifest.tensors)
    if check_digest:
        manifests.verify_digest(manifest, members)
        table.verify_format()
    lines = sources.read_sources(members[sources.MEMBER])
    program = _read_program(members[PROGRAM], _Constants(table), lines)
    for name, doc in manifest.docs.items():
        if name not in program.functions:
            fail(MALFORMED, f"there is documentation for `{name}`, which is missing")
        program.functions[name].doc = doc
    root = _read_state(manifest, program, table)
    _check_entries(members[manifests.MEMBER], manifest, program, root)
    extra = {name: bytes(members[EXTRA + name].data) for name in manifest.extra}
    return LoadedArchive(program, manifest.entries, root, extra, manifest)


class _Constants(Mapping[str, Any]):
    """The program's constants by digest, read-only."""

    def __init__(self, table: TensorTable) -> None:
        self._table = table
        self._names = [n for n in table.records if n.startswith(CONSTANT)]

    def __getitem__(self, digest: str) -> np.ndarray:
        array = self._table[CONSTANT + digest]
        array.setflags(write=False)
        return array

    def __iter__(self) -> Iterator[str]:
        return (name.removeprefix(CONSTANT) for name in self._names)

    def __len__(self) -> int:
        return len(self._names)


def _read_program(
    member: StoredMember, constants: Mapping[str, Any], lines: Mapping[str, Any]
) -> Program:
    import jit.runtime.ops  # noqa: F401  the parser looks operators up

    if len(member.data) > MAX_TEXT:
        fail(OVERSIZED, f"`{PROGRAM}` has more than {MAX_TEXT} bytes")
    try:
        text = bytes(member.data).decode("utf-8")
    except UnicodeDecodeError as error:
        fail(BAD_PROGRAM, f"`{PROGRAM}` is not UTF-8: {error}")
    try:
        program = parse_program(text, constants=constants, sources=lines)
    except GraphError as error:
        _bad_text(error.diagnostics[0])
    problems = check_program(program)
    if problems:
        more = [f"and {len(problems) - 1} more problems"] if len(problems) > 1 else []
        fail(BAD_PROGRAM, f"the program is not valid: {problems[0]}", *more)
    return program


def _bad_text(problem: Diagnostic) -> NoReturn:
    notes = []
    if problem.span is not None:
        notes.append(f"at {problem.span}: {problem.span.text[:120]}")
    hint = ""
    if problem.code == "E0602":
        hint = "a newer TraceScript may have it: pip install --upgrade tracescript"
    fail(
        BAD_PROGRAM, f"the program is not valid: {problem.headline}", *notes, help=hint
    )


def _read_state(
    manifest: Manifest, program: Program, table: TensorTable
) -> Object | None:
    reader = StateReader(table, program)
    root = reader.read(manifest.state)
    conformity = Conformity(program)
    for i, made in enumerate(reader.objects):
        path = "self" if made is root else f"objects[{i}]"
        type = type_of_instance(made)
        assert type is not None
        problem = conformity.problem(made, type, path)
        if problem is not None:
            fail(BAD_STATE, problem)
    return root


def _check_entries(
    member: StoredMember, manifest: Manifest, program: Program, root: Object | None
) -> None:
    conformity = Conformity(program)
    if not manifest.entries and root is None:
        fail(MALFORMED, "the archive offers nothing: no entry point and no module")
    for entry in manifest.entries:
        function = program.functions.get(entry.function)
        if function is None:
            fail(MALFORMED, f"the program has no function `{entry.function}`")
        if root is None or not function.schema.arguments:
            continue
        first = function.schema.arguments[0].type
        if isinstance(first, T.ModuleType | T.ClassType):
            problem = conformity.problem(root, first, "self")
            if problem is not None:
                fail(BAD_STATE, problem)
    if not manifests.entries_agree(member, program):
        fail(MALFORMED, "the manifest and the program differ in a signature")
