"""`.trs` archives: programs, tensors and values as data in one file.

    save_archive("f.trs", program, [EntryPoint("f", "model.f")])
    loaded = load_archive("f.trs")
    Executor(loaded.program).call(loaded.entries[0].function, [x])

The layout is described in `docs/reference/archive.md`.
"""

from __future__ import annotations

from jit.runtime.archive.load import LoadedArchive, load_archive
from jit.runtime.archive.manifest import EntryPoint, Manifest
from jit.runtime.archive.save import save_archive

__all__ = ["EntryPoint", "LoadedArchive", "Manifest", "load_archive", "save_archive"]
