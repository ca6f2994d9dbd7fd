"""Archives for commands: loaded, and their functions found by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from jit.cli.failure import UsageError
from jit.ir.program import Function
from jit.runtime.archive import LoadedArchive, load_archive


def read_archive(path: str, *, check: bool = False) -> LoadedArchive:
    """The content of an archive; ArchiveError or OSError if it cannot be read."""
    return load_archive(path, check_digest=check)


def find_function(archive: LoadedArchive, name: str | None) -> Function:
    """The function of an entry point or of a full name; by default the first entry."""
    functions = archive.program.functions
    if name is None:
        if archive.entries:
            return functions[main_entry(archive)]
        raise UsageError(
            "the archive has no entry point: say which function with --function NAME,"
            f" one of {listed(functions)}"
        )
    for entry in archive.entries:
        if entry.name == name:
            return functions[entry.function]
    if name in functions:
        return functions[name]
    raise UsageError(unknown("function", name, functions))


def main_entry(archive: LoadedArchive) -> str:
    """The function that a call of the model runs: `forward`, or else the first."""
    names = {e.name: e.function for e in reversed(archive.entries)}
    return names.get("forward", archive.entries[0].function)


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """The message about a name that does not exist."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean `{near[0]}`?" if near else f"; there are {listed(known)}"
    return f"there is no {what} `{name}`{hint}"


def listed(names: Iterable[str]) -> str:
    """Names in a message, not too many."""
    names = list(names)
    shown = ", ".join(f"`{n}`" for n in names[:8]) or "none"
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
