"""Objects on disk, and loading of modules: once each, gone with their libraries."""

from __future__ import annotations

import ctypes
import gc
import os
import stat
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import llvmlite.ir as ll

from jit.runtime.codegen import host
from jit.runtime.codegen.making import cache, engine, target


def module(value: int, name: str = "f") -> str:
    return f"define i64 @{name}() {{\n  ret i64 {value}\n}}\n"


def call(text: str) -> int:
    return int(engine.load(text, ["f"]).function("f", ctypes.c_int64)())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, and statistics that begin at zero."""
    path = tmp_path / "objects"
    monkeypatch.setenv("JIT_CACHE_DIR", str(path))
    monkeypatch.delenv("JIT_CACHE", raising=False)
    monkeypatch.setattr(cache, "statistics", cache.Statistics())
    monkeypatch.setattr(cache, "limit_bytes", cache.limit_bytes)
    gc.collect()
    engine._loaded.clear()
    yield path


def objects(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.o"))


def test_code_is_made_once_and_found_the_next_time(folder: Path) -> None:
    assert 11 == call(module(11))
    engine._loaded.clear()
    assert 11 == call(module(11))

    assert cache.Statistics(hits=1, misses=1, stores=1) == cache.statistics
    assert [folder / f"{engine.key_of(module(11))}.o"] == objects(folder)


def test_the_folder_and_its_files_belong_to_the_user_alone(folder: Path) -> None:
    call(module(11))

    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert 0 == objects(folder)[0].stat().st_mode & 0o077


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "another", "text"])
def test_a_damaged_file_is_made_again(folder: Path, damage: str) -> None:
    call(module(11))
    path = objects(folder)[0]
    content = path.read_bytes()
    if damage == "another":
        call(module(12))
        content = next(p for p in objects(folder) if p != path).read_bytes()
    changed = {
        "cut": content[:-10],
        "flipped": content[:-50] + bytes([content[-50] ^ 1]) + content[-49:],
        "empty": b"",
        "another": content,
        "text": b"not an object",
    }
    path.write_bytes(changed[damage])
    engine._loaded.clear()

    assert 11 == call(module(11))
    assert 1 == cache.statistics.damaged
    engine._loaded.clear()
    assert 11 == call(module(11))
    assert 1 == cache.statistics.hits


def test_it_can_be_turned_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIT_CACHE", "0")

    assert 11 == call(module(11))
    assert not folder.exists()
    assert cache.Place(None, "JIT_CACHE is 0") == cache.place()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_folder_that_others_may_write_to_is_not_used(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)

    assert 11 == call(module(11))
    assert [] == objects(folder)
    assert "may be written by others: chmod 700 it" in cache.place().reason


def test_a_folder_that_cannot_be_made_is_no_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write_text("a file")
    monkeypatch.setenv("JIT_CACHE_DIR", str(folder / "inside"))

    assert 11 == call(module(11))
    assert cache.place().folder is None
    assert str(folder) in cache.place().reason


def test_a_relative_folder_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIT_CACHE_DIR", "objects")

    assert cache.Place(None, "objects is not an absolute path") == cache.place()


def test_a_store_that_fails_is_counted_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    cache.place()
    monkeypatch.setattr(os, "replace", refuse)

    assert 11 == call(module(11))
    assert 1 == cache.statistics.failed
    assert [] == list(folder.iterdir())


def test_files_used_longest_ago_go_first(folder: Path) -> None:
    for place, key in enumerate(["old", "used", "new"]):
        cache.store(key, b"x" * 1000)
        os.utime(folder / f"{key}.o", (1000.0 + place, 1000.0 + place))
    os.utime(folder / "old.o", (2000.0, 2000.0))
    cache.find("used")
    cache.evict(2500, 100)

    assert [folder / "old.o", folder / "used.o"] == objects(folder)
    assert 1 == cache.statistics.evicted


@pytest.mark.parametrize("name, limit", [("limit_bytes", 20_000), ("limit_files", 20)])
def test_the_folder_stays_below_its_bounds(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr(cache, name, limit)
    for number in range(200):
        cache.store(f"key{number}", b"x" * 1000)

    files, size = cache.size()
    assert files < 20 + 32
    assert size < 60_000


def test_what_a_process_left_unfinished_is_removed(folder: Path) -> None:
    cache.store("key", b"code")
    abandoned, begun = folder / "a.part", folder / "b.part"
    abandoned.write_bytes(b"")
    begun.write_bytes(b"")
    long_ago = time.time() - 10_000
    os.utime(abandoned, (long_ago, long_ago))
    cache.evict(1 << 20, 100)

    assert [begun, folder / "key.o"] == sorted(folder.iterdir())


def test_clearing_removes_all(folder: Path) -> None:
    call(module(11))
    cache.clear()

    assert (0, 0) == cache.size()


def test_other_files_in_the_folder_are_left_alone(folder: Path) -> None:
    cache.store("key", b"code")
    (folder / "notes.txt").write_text("mine")
    cache.evict(0, 0)
    cache.clear()

    assert [folder / "notes.txt"] == list(folder.iterdir())


def test_processes_share_the_folder(folder: Path) -> None:
    code = """
        import ctypes, sys
        from jit.runtime.codegen.making import engine
        for turn in range(2):
            for n in range(20):
                text = f"define i64 @f() {{ ret i64 {n} }}"
                library = engine.load(text, ["f"])
                assert n == library.function("f", ctypes.c_int64)()
            engine._loaded.clear()
        from jit.runtime.codegen.making import cache
        assert cache.statistics.damaged == 0
    """
    started = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
        for _ in range(4)
    ]

    assert [0] * 4 == [process.wait(timeout=300) for process in started]
    assert 20 == len(objects(folder))
    assert [] == list(folder.glob("*.part"))


# the key ------------------------------------------------------------------------------


def test_the_key_depends_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {engine.key_of("text")}
    here = target.host()
    for other in (
        replace(here, cpu="other"),
        replace(here, features="+other"),
        replace(here, triple="other"),
    ):
        monkeypatch.setattr(target, "host", lambda other=other: other)
        engine._makers.forget()
        keys.add(engine.key_of("text"))
    monkeypatch.undo()
    engine._makers.forget()

    assert 4 == len(keys)


def test_the_key_depends_on_the_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    before = engine.key_of("text")
    monkeypatch.setattr(host, "VERSION", host.VERSION + 1)
    engine._makers.forget()
    after = engine.key_of("text")
    monkeypatch.undo()
    engine._makers.forget()

    assert before != after


def reader(*names: str) -> str:
    """A module that reads slots of the host table."""
    made = ll.Module("reader")
    for name in names:
        kind = ll.FunctionType(ll.IntType(64), [])
        function = ll.Function(made, kind, f"read_{name}")
        b = ll.IRBuilder(function.append_basic_block())
        b.ret(host.read_slot(b, name))
    return str(made)


def test_the_key_depends_on_what_the_slots_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = reader("allocate")
    before = engine.key_of(text)
    renamed = ["other" if name == "allocate" else name for name in host.SLOTS]
    monkeypatch.setattr(host, "SLOTS", renamed)

    assert before != engine.key_of(text)


# the host table -----------------------------------------------------------------------


def test_the_slots_that_a_module_reads_are_found_in_its_text() -> None:
    assert ["None", "allocate"] == host.slots_of(reader("None", "allocate"))
    assert [] == host.slots_of(module(1))


def test_a_module_that_does_more_with_the_table_gets_all_slots() -> None:
    text = "@host = global [256 x i64] zeroinitializer\n"
    text += "define ptr @f() { ret ptr @host }"

    assert host.SLOTS == host.slots_of(text)


def test_the_table_is_filled_with_what_is_read() -> None:
    library = engine.load(reader("None", "True"), ["read_None", "read_True"])

    assert id(None) == library.function("read_None", ctypes.c_int64)()
    assert id(True) == library.function("read_True", ctypes.c_int64)()


# libraries ----------------------------------------------------------------------------


def test_equal_modules_are_loaded_once() -> None:
    first = engine.load(module(21), ["f"])

    assert first is engine.load(module(21), ["f"])
    assert first is not engine.load(module(22), ["f"])


def test_a_library_is_unloaded_when_it_is_dropped() -> None:
    library = engine.load(module(31), ["f"])
    key = engine.key_of(module(31))
    seen = weakref.ref(library)
    assert any(name.startswith(key) for name in engine._loaded)
    del library
    gc.collect()

    assert seen() is None
    assert not any(name.startswith(key) for name in engine._loaded)


def test_a_function_keeps_its_library() -> None:
    function = engine.load(module(41), ["f"]).function("f", ctypes.c_int64)
    gc.collect()

    assert 41 == function()


def test_many_modules_are_loaded_and_unloaded(folder: Path) -> None:
    code = engine.object_code(module(7))
    kept = []
    for turn in range(1000):
        library = engine._link(code, {}, ["f"], {})
        if turn % 100 == 0:
            kept.append(library)

    assert [7] * 10 == [k.function("f", ctypes.c_int64)() for k in kept]


def test_code_that_is_kept_outlives_its_linker() -> None:
    address = engine.load(module(51), ["f"]).keep().address("f")
    code = engine.object_code(module(7))
    for _ in range(600):
        engine._link(code, {}, ["f"], {})
    gc.collect()

    assert 51 == engine.function_pointer(address, ctypes.c_int64)()


def test_threads_load_at_once() -> None:
    results: list[int] = []

    def work(start: int) -> None:
        results.extend(call(module(1000 + (start + n) % 30)) for n in range(30))

    workers = [threading.Thread(target=work, args=(7 * n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(list(range(1000, 1030)) * 4) == sorted(results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_while_code_is_made_leaves_a_compiler_that_works() -> None:
    code = """
        import ctypes, os, threading
        from jit.runtime.codegen.making import engine
        def call(n):
            text = f"define i64 @f() {{ ret i64 {n} }}"
            return engine.load(text, ["f"]).function("f", ctypes.c_int64)()
        stop = False
        def work():
            n = 0
            while not stop:
                call(n := n + 1)
        busy = threading.Thread(target=work)
        busy.start()
        codes = set()
        for n in range(20):
            child = os.fork()
            if child == 0:
                os._exit(call(1_000_000 + n) - 1_000_000)
            codes.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        stop = True
        busy.join()
        print(sorted(codes) == list(range(20)))
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**os.environ, "JIT_CACHE": "0"},
        timeout=100,
    )

    assert ("True\n", "") == (done.stdout, done.stderr)


def test_a_module_that_is_not_well_formed_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="expected instruction opcode"):
        engine.load("define i64 @f() { nonsense }", ["f"])


def test_a_function_that_is_nowhere_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="missing"):
        engine.load(module(61), ["missing"])


def test_code_is_made_for_the_layout_of_the_machine() -> None:
    text = "define i64 @f(ptr %p) {\n  %x = load i64, ptr %p\n  ret i64 %x\n}"

    assert "load i64, ptr %p, align 8" in str(engine.optimize(text))
