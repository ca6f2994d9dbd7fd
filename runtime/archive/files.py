"""Bytes of an archive from and to paths, file objects and memory.

A save to a path is atomic: the bytes go to a new file beside it, are forced to the
disk, and take the name in one step. Whatever happens, the path holds either the old
file or the whole new one.
"""

from __future__ import annotations

import contextlib
import errno
import io
import mmap
import os
import secrets
import stat
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from jit.runtime.archive.container import ALIGNMENT

MAP_FROM = 1 << 20
"""Bytes. Smaller files are read, which is as quick and lets go of the file; larger
ones are mapped, and must not be overwritten in place while they are in use."""


def display_name(source: Any) -> str | None:
    """How a source is called in messages; None if it has no name."""
    if isinstance(source, str | os.PathLike):
        return os.fsdecode(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else None


def read_source(source: Any) -> memoryview:
    """The bytes of a path, a binary file object or a bytes-like object.

    They are writable and belong to nobody else; writing never reaches the file. They
    start at a multiple of 64 bytes. Errors of the system are passed on as they are.
    """
    if isinstance(source, str | os.PathLike):
        return _read_path(os.fspath(source))
    if isinstance(source, bytes | bytearray | memoryview):
        return _aligned(memoryview(source).cast("B"))
    if callable(getattr(source, "read", None)):
        content = source.read()
        if not isinstance(content, bytes | bytearray | memoryview):
            raise TypeError(
                "an archive is read from a file opened in binary mode, `open(path,"
                f" 'rb')`; this one gives `{type(content).__name__}`"
            )
        return _aligned(memoryview(content).cast("B"))
    raise TypeError(
        "an archive is read from a path, a binary file or bytes, not from"
        f" `{type(source).__name__}`"
    )


def _read_path(path: str | bytes) -> memoryview:
    with open(path, "rb") as file:
        information = os.fstat(file.fileno())
        if stat.S_ISREG(information.st_mode) and information.st_size >= MAP_FROM:
            # a private mapping: pages that are written to are copied
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        return _aligned(memoryview(file.read()))


def _aligned(content: memoryview) -> memoryview:
    """A copy in memory that starts at a multiple of 64 bytes."""
    room = np.empty(len(content) + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    target = room.data[start : start + len(content)]
    target[:] = content
    return target


def write_target(target: Any, write: Callable[[BinaryIO], None]) -> None:
    """Let `write` fill a path, atomically, or a binary file object."""
    if isinstance(target, str | os.PathLike):
        _write_path(os.fsdecode(target), write)
    elif isinstance(target, io.TextIOBase):
        raise TypeError(
            "an archive is written to a file opened in binary mode, `open(path, 'wb')`;"
            f" this one, `{type(target).__name__}`, takes text"
        )
    elif callable(getattr(target, "write", None)):
        write(target)
    else:
        raise TypeError(
            "an archive is written to a path or a binary file, not to"
            f" `{type(target).__name__}`"
        )


def _write_path(path: str, write: Callable[[BinaryIO], None]) -> None:
    path = os.path.realpath(path)  # a link keeps pointing to what is replaced
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and not stat.S_ISREG(mode):
        with open(path, "wb") as file:  # a pipe or device has no old content to keep
            write(file)
        return
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            if mode is not None:
                os.chmod(temporary, stat.S_IMODE(mode))
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:  # an interrupt must not leave the file either
        _remove(temporary)
        if isinstance(error, OSError) and error.filename == temporary:
            error.filename = path  # the other one says nothing to who saves
        raise
    _sync_folder(folder)


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _sync_folder(folder: str) -> None:
    """Force the new name to the disk, where folders can be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        # some file systems cannot do it for folders; the content is safe already
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
