"""Paths, file objects and memory; saves that fail; maps; files of other programs."""

from __future__ import annotations

import errno
import io
import os
import pickle
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import jit.runtime.ops  # noqa: F401
from jit.ir import types as T
from jit.ir.diagnostic import ArchiveError
from jit.ir.program import ClassDefinition, Program
from jit.runtime.archive import EntryPoint, files, load_archive, save_archive
from jit.runtime.objects import Object
from jit.runtime.tensor import wrap

DOUBLE = (EntryPoint("double", "m.double"),)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "model.trs"


def large(value: float = 1.0) -> tuple[Program, tuple[()], Object]:
    """What to save so that the file is mapped."""
    program = Program()
    program.add_class(ClassDefinition("m.Holder", "class")).add("w", T.TENSOR)
    array = np.full(files.MAP_FROM // 4 + 5, value, np.float32)
    return program, (), Object(T.ClassType("m.Holder"), {"w": wrap(array)})


# sources and targets


def test_paths_files_and_bytes_hold_the_same(program, root, entries, path):
    save_archive(path, program, entries, root)
    with open(path, "rb") as file:
        from_file = load_archive(file)
    for source in (path, str(path), os.fsencode(path), path.read_bytes()):
        if not isinstance(source, bytes) or source[:1] == b"P":
            loaded = load_archive(source)
            assert loaded.manifest.sha256 == from_file.manifest.sha256


def test_the_name_of_the_file_does_not_matter(program, path):
    other = path.with_suffix(".zip")
    save_archive(other, program, DOUBLE)

    assert load_archive(other).program.functions.keys() == program.functions.keys()


def test_errors_name_the_file(path):
    path.write_bytes(b"something else")

    with pytest.raises(ArchiveError, match=r"in the file `.*model\.trs`"):
        load_archive(path)


def test_a_missing_file_is_the_error_of_the_system(program, path):
    with pytest.raises(FileNotFoundError):
        load_archive(path)
    with pytest.raises(FileNotFoundError):
        save_archive(path / "deeper" / "still", program, DOUBLE)


def test_text_files_and_other_things_are_type_errors(program):
    for target in (3, None, object()):
        with pytest.raises(TypeError, match="an archive is written to a path"):
            save_archive(target, program, DOUBLE)
        with pytest.raises(TypeError, match="an archive is read from a path"):
            load_archive(target)
    with pytest.raises(TypeError, match="binary mode"):
        load_archive(io.StringIO("text"))


# atomic saves


def test_a_save_leaves_one_file(program, path):
    save_archive(path, program, DOUBLE)
    save_archive(path, program, DOUBLE)

    assert ["model.trs"] == os.listdir(path.parent)


def fail_with(error):
    def fail(*args, **kwargs):
        raise error

    return fail


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_save_that_fails_leaves_the_old_file(program, path, monkeypatch, step, error):
    save_archive(path, program, DOUBLE)
    before = path.read_bytes()
    monkeypatch.setattr(files.os, step, fail_with(error))

    with pytest.raises(type(error)):
        save_archive(path, *large())
    assert before == path.read_bytes()
    assert ["model.trs"] == os.listdir(path.parent)


@pytest.mark.parametrize("count", [0, 1, 3, 7, 11])
def test_a_write_that_fails_leaves_the_old_file(program, path, monkeypatch, count):
    save_archive(path, program, DOUBLE)
    before = path.read_bytes()
    real = open

    class Full(io.FileIO):
        left = count

        def write(self, data):
            self.left -= 1
            if self.left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    def open_full(name, mode):
        return Full(name, mode) if "x" in mode else real(name, mode)

    monkeypatch.setattr(files, "open", open_full, raising=False)
    with pytest.raises(OSError, match="No space"):
        save_archive(path, *large())
    assert before == path.read_bytes()
    assert ["model.trs"] == os.listdir(path.parent)


def test_a_value_that_cannot_be_saved_leaves_the_old_file(program, path):
    save_archive(path, program, DOUBLE)
    before = path.read_bytes()
    holding, entries, root = large()
    root.slots["w"] = "no tensor"

    with pytest.raises(ArchiveError):
        save_archive(path, holding, entries, root)
    assert before == path.read_bytes()


KILLED = """
import os, sys
import jit.runtime.ops
from jit.runtime.archive import files, save_archive
from jit.ir.program import ClassDefinition, Program
from jit.runtime.objects import Object
at = sys.argv[2]
setattr(files.os, at, lambda *args: os._exit(9))
program = Program()
made = program.add_class(ClassDefinition("m.Holder", "class"))
save_archive(sys.argv[1], program, (), Object(made.type), extra_files={"x": "y" * 100000})
"""


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_process_that_dies_in_a_save_leaves_the_old_file(program, path, step):
    save_archive(path, program, DOUBLE)
    before = path.read_bytes()

    died = subprocess.run([sys.executable, "-c", KILLED, path, step], check=False)

    assert 9 == died.returncode
    assert before == path.read_bytes()
    save_archive(path, program, DOUBLE)
    load_archive(path)


@pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")
def test_mode_and_link_of_the_old_file_are_kept(program, path):
    link = path.with_name("link.trs")
    save_archive(path, program, DOUBLE)
    path.chmod(0o640)
    link.symlink_to(path)

    save_archive(link, program, DOUBLE)
    assert link.is_symlink()
    assert 0o640 == stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="a device is needed")
def test_devices_are_written_to_as_they_are(program):
    save_archive("/dev/null", program, DOUBLE)

    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


# maps


def test_large_tensors_are_mapped_at_multiples_of_64_bytes(path):
    save_archive(path, *large())

    weight = load_archive(path).root.slots["w"].array

    base = weight
    while isinstance(base, np.ndarray):
        base = base.base
    assert "mmap" in type(base.obj if isinstance(base, memoryview) else base).__name__
    assert 0 == weight.ctypes.data % 64
    assert 1.0 == weight[-1]


def test_tensors_that_are_read_are_aligned_too(archive):
    root = load_archive(archive).root

    assert 0 == root.slots["weight"].array.ctypes.data % 64
    assert 0 == root.slots["long"].array.ctypes.data % 64


def test_writing_to_a_mapped_tensor_changes_no_file(path):
    save_archive(path, *large())
    before = path.read_bytes()

    load_archive(path).root.slots["w"].array[...] = 7
    assert before == path.read_bytes()


def test_a_mapped_file_can_be_saved_over(path):
    save_archive(path, *large(1.0))
    old = load_archive(path)
    save_archive(path, *large(2.0))

    assert 1.0 == old.root.slots["w"].array[0]
    assert 2.0 == load_archive(path).root.slots["w"].array[0]


# files of other programs


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return buffer.getvalue()


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.ones(3))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty file"),
        (zipped("m/data.pkl", "m/code/a.py", "m/constants.pkl"), "TorchScript archive"),
        (zipped("m/data.pkl", "m/data/0"), "checkpoint of torch.save"),
        (pickle.dumps(Bomb()), "a pickle"),
        (npz(), ".npz"),
        (b"\x93NUMPY\1\0", ".npy"),
        (b"\x10\0\0\0\0\0\0\0{" + b" " * 50, "safetensors"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"<html>", "HTML"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git-lfs"),
        (zipped("readme.txt"), "zip archive of something else"),
        (b"hello, world", "not a `.trs` archive"),
        (b"\0" * 4096, "not a `.trs` archive"),
        (b"P", "not a `.trs` archive"),
    ],
)
def test_a_foreign_file_is_recognised(data, what):
    with pytest.raises(ArchiveError, match=r"not a `\.trs` archive") as caught:
        load_archive(data)
    assert "E0801" == caught.value.code
    assert what in str(caught.value)


def test_a_zip_with_a_manifest_of_another_program_is_foreign():
    from jit.runtime.archive.container import Member, write_container

    buffer = io.BytesIO()
    write_container(buffer, [Member("manifest.json", (b'{"name": "an extension"}',))])

    with pytest.raises(
        ArchiveError, match="not the manifest of a TraceScript"
    ) as caught:
        load_archive(buffer.getvalue())
    assert "E0801" == caught.value.code


def test_a_truncated_archive_says_so(archive):
    with pytest.raises(ArchiveError, match="a part of it is missing") as caught:
        load_archive(archive[:-100])
    assert "E0802" == caught.value.code
