"""`jit.save` and `jit.load`: captured programs as `.trs` archives.

The archive holds the program's text, its tensors and its signatures. Loading reads data:
it executes and unpickles nothing.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from jit.frontend.classes import complete_classes
from jit.ir import types as T
from jit.ir.linking import reachable
from jit.ir.program import Program
from jit.modules.script_function import ScriptFunction
from jit.modules.script_module import ScriptModule
from jit.runtime.archive import EntryPoint, load_archive, save_archive
from jit.runtime.executor import Executor
from jit.runtime.python_classes import bind_classes


def save(m: Any, f: Any, _extra_files: Any = None) -> None:
    """Write a captured function or module to a path or a binary file object.

    A path is written atomically: the old file stays whole until the new one is.
    `_extra_files` are texts or bytes by name, kept with the program.

    Raises TypeError for what was not captured, CompileError for a function of which no
    version could be compiled, ArchiveError E0809 for state that no file can hold.
    """
    if isinstance(m, ScriptModule | ScriptFunction):
        complete_classes(m.program)
    if isinstance(m, ScriptModule):
        definition = m.program.class_of(m.__script_object__.type)
        entries = [
            EntryPoint(name, f"{definition.name}.{name}") for name in definition.methods
        ]
        save_archive(f, m.program, entries, m.__script_object__, _extra_files)
    elif isinstance(m, ScriptFunction):
        entries = [EntryPoint(name, function) for name, function in m.entries()]
        program = _needed(m.program, [e.function for e in entries])
        save_archive(f, program, entries, None, _extra_files)
    else:
        raise TypeError(
            f"a `{type(m).__name__}` cannot be saved: save what jit.script or jit.trace"
            " returned"
        )


def _needed(program: Program, names: list[str]) -> Program:
    """The part of a program that some functions need."""
    functions, classes = reachable(program, names)
    if len(functions) == len(program.functions):
        return program
    part = program.copy()
    part.functions = {n: part.functions[n] for n in program.functions if n in functions}
    part.classes = {n: part.classes[n] for n in program.classes if n in classes}
    return part


def load(
    f: Any,
    map_location: Any = None,
    _extra_files: MutableMapping[str, Any] | None = None,
) -> Any:
    """Read a `.trs` archive from a path, a binary file object or bytes.

    Goes by the content, not by the name. `map_location` may name the CPU only.
    Values of `_extra_files` are replaced by the files of these names, as bytes.

    Returns a ScriptFunction or ScriptModule, callable without its source.
    Raises ArchiveError (E08) for a file that is truncated, altered, of a newer version or
    of another format, and FileNotFoundError if there is none.
    """
    if map_location is not None and str(map_location) != "cpu":
        raise RuntimeError(
            f"map_location={map_location!r}: programs run on the CPU, pass 'cpu' or None"
        )
    loaded = load_archive(f)
    bind_classes(loaded.program, Executor(loaded.program).call)
    if _extra_files is not None:
        for name in list(_extra_files):
            _extra_files[name] = loaded.extra_files.get(name, b"")
    if loaded.root is not None:
        return ScriptModule(loaded.program, loaded.root)
    versions: dict[tuple[T.Type, ...], str] = {}
    for entry in loaded.entries:
        schema = loaded.program.functions[entry.function].schema
        versions[tuple(a.type for a in schema.arguments)] = entry.function
    made = ScriptFunction(loaded.program, versions)
    made.__name__ = loaded.entries[0].name
    return made
