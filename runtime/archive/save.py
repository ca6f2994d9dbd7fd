"""Writing an archive: everything is gathered and checked before the first byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from jit.ir.printer import constants, format_program
from jit.ir.program import Program
from jit.ir.verifier import check_program
from jit.runtime import python_calls
from jit.runtime.archive import manifest as manifests
from jit.runtime.archive import sources, tensors
from jit.runtime.archive.conformity import Conformity
from jit.runtime.archive.container import (
    MAX_MEMBERS,
    Member,
    name_problem,
    write_container,
)
from jit.runtime.archive.files import write_target
from jit.runtime.archive.manifest import EntryPoint, Manifest
from jit.runtime.archive.problem import UNSAVABLE, fail
from jit.runtime.archive.state_writing import StateWriter
from jit.runtime.archive.strict_json import write_json
from jit.runtime.objects import Object

PROGRAM = "program.txt"
MAX_TEXT = 256 << 20
"""Bytes of the program's text."""
EXTRA = "extra/"


def save_archive(
    target: Any,
    program: Program,
    entries: Sequence[EntryPoint],
    root: Object | None = None,
    extra_files: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a program to a path, atomically, or to a binary file object.

    `root` is the instance whose methods the entries are, with all it holds.
    `extra_files` are texts or bytes by name, `metadata` anything that JSON can say.
    The same content gives the same bytes.

    Raises ArchiveError E0809 for what cannot be saved; nothing is written then.
    """
    members = archive_members(program, entries, root, extra_files, metadata)
    write_target(target, lambda file: write_container(file, members))


def archive_members(
    program: Program,
    entries: Sequence[EntryPoint],
    root: Object | None = None,
    extra_files: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> list[Member]:
    """The members of an archive, manifest first, tensors last."""
    _check(program, entries, root)
    state = StateWriter(program)
    tree = state.write(root)
    arrays = dict(state.arrays)
    for digest, array in sorted(constants(program).items()):
        arrays[f"{tensors.CONSTANT}{digest}"] = array
    records = [tensors.record_of(name, array) for name, array in arrays.items()]
    extra = _extra_members(extra_files or {})
    text = format_program(program, spans=True, overloads=True)
    others = [
        Member(PROGRAM, (text.encode("utf-8"),)),
        Member(sources.MEMBER, (sources.write_sources(program),)),
        *extra,
        Member(
            tensors.MEMBER,
            tuple(tensors.tensor_pieces(records, arrays.values())),
            aligned=True,
        ),
    ]
    manifest = Manifest(
        producer=producer(),
        entries=tuple(entries),
        tensors=tuple(records),
        state=tree,
        docs={f.name: f.doc for f in program.functions.values() if f.doc},
        extra=tuple(m.name.removeprefix(EXTRA) for m in extra),
        metadata=_metadata(metadata or {}),
    )
    members = [manifests.write_manifest(manifest, program, others), *others]
    _check_limits(members, manifest)
    return members


def _check_limits(members: Sequence[Member], manifest: Manifest) -> None:
    """No reader would take what exceeds the limits of readers."""
    first, text, lines = members[:3]
    for what, count, limit in (
        ("files", len(members), MAX_MEMBERS),
        ("entry points", len(manifest.entries), manifests.MAX_ENTRIES),
        ("tensors", len(manifest.tensors), manifests.MAX_TENSORS),
        ("bytes of values", first.size, manifests.MAX_BYTES),
        ("bytes of program", text.size, MAX_TEXT),
        ("bytes of source lines", lines.size, sources.MAX_BYTES),
    ):
        if count > limit:
            fail(UNSAVABLE, f"there are {count} {what}, and an archive holds {limit}")


def producer() -> str:
    """Name and version of what writes."""
    try:
        return f"tracescript {version('tracescript')}"
    except PackageNotFoundError:
        return "tracescript"  # run from its source, not installed


def _check(
    program: Program, entries: Sequence[EntryPoint], root: Object | None
) -> None:
    """Whatever could not be loaded again must not be saved."""
    import jit.runtime.ops  # noqa: F401  the verifier looks operators up

    problems = check_program(program)
    if problems:
        fail(UNSAVABLE, f"the program is not valid: {problems[0]}")
    for function in program.functions.values():
        for node in function.graph.find_nodes(python_calls.KIND):
            fail(
                UNSAVABLE,
                f"`{function.name}` calls `{node.attributes['name']}`, which is marked"
                " `@ignore` and stays Python",
                help="remove the mark, or the call",
            )
    if not entries and root is None:
        fail(UNSAVABLE, "there is nothing to save: no entry point and no module")
    for entry in entries:
        if entry.function not in program.functions:
            fail(UNSAVABLE, f"the program has no function `{entry.function}`")
    if root is not None:
        if root.type.name not in program.classes:
            fail(UNSAVABLE, f"the program does not define `{root.type}`")
        problem = Conformity(program).problem(root, root.type, "self")
        if problem is not None:
            fail(UNSAVABLE, problem)


def _extra_members(files: Mapping[str, Any]) -> list[Member]:
    members = []
    for name, content in sorted(files.items()):
        if not isinstance(name, str):
            fail(UNSAVABLE, f"an extra file is named {name!r}, which is no text")
        problem = name_problem(EXTRA + name) or name_problem(name)
        if problem is not None:
            fail(
                UNSAVABLE,
                f"an extra file may not be named {name!r}: {problem}",
                help="use a relative path with `/`, such as `notes/readme.txt`",
            )
        if isinstance(content, str):
            content = content.encode("utf-8")
        if not isinstance(content, bytes | bytearray | memoryview):
            kind = type(content).__name__
            fail(UNSAVABLE, f"the extra file `{name}` is a `{kind}`, not text or bytes")
        members.append(Member(EXTRA + name, (bytes(content),)))
    return members


def _metadata(content: Mapping[str, Any]) -> dict[str, Any]:
    try:
        write_json(dict(content))
    except (TypeError, ValueError, RecursionError) as error:
        fail(UNSAVABLE, f"the metadata cannot be written as JSON: {error}")
    return dict(content)
