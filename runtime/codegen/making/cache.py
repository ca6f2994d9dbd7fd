"""Machine code on disk: one file for each object, named by what the code depends on.

The folder is `JIT_CACHE_DIR`, or `tracescript` in the user's cache folder, and belongs to
the user alone: whoever could write there could run code here, so a folder that others
own or may write to is not used. `JIT_CACHE=0` turns the cache off. Files are written
beside their place and renamed, so that processes at the same time see whole files, and
carry a digest: what is damaged is made again. When the folder is full, the files that
were used longest ago go first.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"TRSOBJ1\n"
_SUFFIX = ".o"
_UNFINISHED = ".part"
_DIGEST_BYTES = hashlib.sha256().digest_size

limit_bytes = 512 << 20
"""What the folder may hold."""
limit_files = 1 << 14
"""How many files: to look through the folder takes time for each."""
_STORES_BETWEEN_CHECKS = 32
"""To look through the folder takes as long as many stores."""
_PLACE_OF_CHECK = os.urandom(1)[0] % _STORES_BETWEEN_CHECKS
"""Which of these stores looks: drawn, because most processes store little, and all of them
together much."""
_UNFINISHED_SECONDS = 3600
"""After this time a file that was begun is taken as left behind."""


@dataclass
class Statistics:
    """What the cache did in this process."""

    hits: int = 0
    misses: int = 0
    stores: int = 0
    damaged: int = 0
    """Files that were not what they should have been."""
    evicted: int = 0
    failed: int = 0
    """Stores that did not succeed: no room, no permission."""


statistics = Statistics()


@dataclass(frozen=True)
class Place:
    """Where objects are kept; `folder` is None if they are not, and `reason` says why."""

    folder: Path | None
    reason: str = ""


def place() -> Place:
    """Where objects are kept, as the environment says now."""
    return _place(
        os.environ.get("JIT_CACHE", "1"),
        os.environ.get("JIT_CACHE_DIR") or _usual_folder(),
    )


def _usual_folder() -> str:
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "tracescript", "objects")


@functools.lru_cache(maxsize=8)
def _place(switch: str, folder: str) -> Place:
    if switch == "0":
        return Place(None, "JIT_CACHE is 0")
    if not os.path.isabs(folder):
        return Place(None, f"{folder} is not an absolute path")
    path = Path(folder)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
    except OSError as error:
        return Place(None, f"{folder}: {error.strerror}")
    if hasattr(os, "geteuid"):
        if found.st_uid != os.geteuid():
            return Place(None, f"{folder} belongs to another user")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return Place(None, f"{folder} may be written by others: chmod 700 it")
    return Place(path)


def find(key: str) -> bytes | None:
    """The object that was stored under a key, if it is there and whole."""
    folder = place().folder
    if folder is None:
        return None
    path = folder / (key + _SUFFIX)
    try:
        content = path.read_bytes()
    except OSError:
        statistics.misses += 1
        return None
    code = _unpack(key, content)
    if code is None:
        statistics.damaged += 1
        statistics.misses += 1
        _remove(path)
        return None
    statistics.hits += 1
    with contextlib.suppress(OSError):  # its time of use matters to eviction only
        os.utime(path)
    return code


def has(key: str) -> bool:
    """Whether there is a file for a key; it may be damaged."""
    folder = place().folder
    return folder is not None and (folder / (key + _SUFFIX)).exists()


def store(key: str, code: bytes) -> None:
    """Keep an object; a disk that cannot take it is no failure of the program."""
    folder = place().folder
    if folder is None:
        return
    try:
        handle, unfinished = tempfile.mkstemp(_UNFINISHED, key[:16] + "-", folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + _digest(key, code) + code)
            os.replace(unfinished, folder / (key + _SUFFIX))
        except BaseException:
            _remove(unfinished)
            raise
    except OSError:
        statistics.failed += 1
        return
    statistics.stores += 1
    if statistics.stores % _STORES_BETWEEN_CHECKS == _PLACE_OF_CHECK:
        evict(limit_bytes, limit_files)


def _digest(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + code).digest()


def _unpack(key: str, content: bytes) -> bytes | None:
    start = len(_MAGIC) + _DIGEST_BYTES
    digest, code = content[len(_MAGIC) : start], content[start:]
    if not content.startswith(_MAGIC) or digest != _digest(key, code):
        return None
    return code


def evict(most_bytes: int, most_files: int) -> None:
    """Remove what was used longest ago until the rest fits, and what was left behind."""
    files = _files()
    count = len(files)
    total = sum(size for _, size, _ in files)
    now = time.time()
    for used, size, path in sorted(files):
        abandoned = path.endswith(_UNFINISHED) and now - used > _UNFINISHED_SECONDS
        if total > most_bytes or count > most_files or abandoned:
            _remove(path)
            statistics.evicted += 1
            total -= size
            count -= 1


def size() -> tuple[int, int]:
    """How many files the folder holds, and their bytes."""
    files = _files()
    return len(files), sum(size for _, size, _ in files)


def clear() -> None:
    """Remove all objects."""
    for _, _, path in _files():
        _remove(path)


def _files() -> list[tuple[float, int, str]]:
    """Time of last use, size and path of our files."""
    folder = place().folder
    if folder is None:
        return []
    found = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.endswith((_SUFFIX, _UNFINISHED)):
                continue
            with contextlib.suppress(OSError):  # another process has removed it
                status = entry.stat(follow_symlinks=False)
                found.append((status.st_mtime, status.st_size, entry.path))
    return found


def _remove(path: str | Path) -> None:
    with contextlib.suppress(OSError):  # another process was faster
        os.unlink(path)
