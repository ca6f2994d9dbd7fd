"""What names the sources of this package: code made by other sources is another's code.

Machine code that is found by what was asked for, and not by its text, depends on all that
makes the text: generators, formulas of cards, passes, the front end.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

_FOLDERS = ("ir", "passes", "runtime", "frontend", "torch", "tracing", "modules")


def _files(folder: str) -> Iterator[str]:
    """Path, size and time of change of the sources in a folder, as words."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.name.endswith(".py"):
                status = entry.stat()
                yield f"{entry.path} {status.st_size} {status.st_mtime_ns}"
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _files(entry.path)


def _digest() -> str:
    home = Path(__file__).parents[3]
    words = [word for name in _FOLDERS for word in _files(str(home / name))]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


DIGEST = _digest()
"""Of the sources as they were when this was imported, before any generator was."""
