"""Kernels in libraries of their own, and code that is found by what it is for."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import llvmlite.ir as ll

import jit
from jit import torch
from jit.runtime.codegen.making import cache, emission, engine, kernels, sources
from jit.runtime.codegen.making.collecting import collection_paused
from jit.runtime.executor import enable_native

I64 = ll.IntType(64)
TYPE = ll.FunctionType(I64, [I64])


class Built:
    """A function that multiplies, and how often it has been built."""

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self.times = 0

    def __call__(self, module: ll.Module, name: str) -> ll.Function:
        self.times += 1
        function = ll.Function(module, TYPE, name)
        b = ll.IRBuilder(function.append_basic_block())
        b.ret(b.mul(function.args[0], I64(self.factor)))
        return function

    @property
    def kernel(self) -> kernels.Kernel:
        return kernels.Kernel(f"times {self.factor}", TYPE, self)


def caller(kernel: kernels.Kernel) -> str:
    """A module whose `f` calls a kernel."""
    module = ll.Module("caller")
    called = kernel.declare(module)
    function = ll.Function(module, TYPE, "f")
    b = ll.IRBuilder(function.append_basic_block())
    b.ret(b.call(called, [function.args[0]]))
    return str(module)


def call(library: engine.Library, name: str, argument: int) -> int:
    return int(library.function(name, ctypes.c_int64, ctypes.c_int64)(argument))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, and nothing loaded that a test could find."""
    monkeypatch.setenv("JIT_CACHE_DIR", str(tmp_path / "objects"))
    monkeypatch.delenv("JIT_CACHE", raising=False)
    monkeypatch.setattr(cache, "statistics", cache.Statistics())
    gc.collect()
    engine._loaded.clear()
    yield tmp_path / "objects"


@pytest.fixture
def native() -> Iterator[None]:
    before = enable_native(True)
    yield
    enable_native(before)


# kernels ------------------------------------------------------------------------------


def test_a_kernel_is_built_once_in_a_process() -> None:
    built = Built(3)
    first, second = built.kernel.load(), built.kernel.load()

    assert first is second
    assert 1 == built.times
    assert 42 == call(first, built.kernel.symbol, 14)


def test_a_kernel_is_not_built_where_it_is_on_disk() -> None:
    Built(3).kernel.load()
    engine._loaded.clear()
    again = Built(3)
    library = again.kernel.load()

    assert 0 == again.times
    assert 42 == call(library, again.kernel.symbol, 14)


def test_without_a_cache_kernels_are_built(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("JIT_CACHE", "0")
    first = Built(3)
    first.kernel.load()
    engine._loaded.clear()
    second = Built(3)
    second.kernel.load()

    assert (1, 1) == (first.times, second.times)
    assert not folder.exists()


def test_other_keys_and_other_types_are_other_kernels() -> None:
    one, other = Built(3).kernel, Built(4).kernel
    wider = kernels.Kernel(one.key, ll.FunctionType(I64, [I64, I64]), one.build)

    assert 3 == len({one.symbol, other.symbol, wider.symbol})


def test_sources_that_changed_make_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    Built(3).kernel.load()
    engine._loaded.clear()
    monkeypatch.setattr(sources, "DIGEST", "changed")
    engine._surroundings.cache_clear()
    again = Built(3)
    again.kernel.load()
    monkeypatch.undo()
    engine._surroundings.cache_clear()

    assert 1 == again.times


def test_the_digest_of_the_sources_names_size_and_time_of_all_files(
    tmp_path: Path,
) -> None:
    (tmp_path / "inside").mkdir()
    file = tmp_path / "inside" / "generator.py"
    file.write_text("x = 1\n")
    (tmp_path / "notes.txt").write_text("no source")
    before = list(sources._files(str(tmp_path)))
    file.write_text("x = 12\n")
    resized = list(sources._files(str(tmp_path)))
    os.utime(file, (1.0, 1.0))

    assert 1 == len(before)
    assert 3 == len({*before, *resized, *sources._files(str(tmp_path))})


def test_a_program_calls_a_kernel_of_another_library() -> None:
    kernel = Built(3).kernel
    library = engine.load(caller(kernel), ["f"], uses={kernel.symbol: kernel.load()})
    gc.collect()

    assert 42 == call(library, "f", 14)


def test_a_kernel_lives_as_long_as_what_calls_it() -> None:
    kernel = Built(3).kernel
    library = engine.load(caller(kernel), ["f"], uses={kernel.symbol: kernel.load()})
    gc.collect()
    assert 1 == sum(made is library.uses[kernel.symbol] for made in _loaded())

    del library
    gc.collect()
    assert [] == _loaded()


def _loaded() -> list[engine.Library]:
    return list(engine._loaded.values())


def test_a_module_that_does_not_link_is_an_error() -> None:
    kernel = Built(3).kernel

    with pytest.raises(RuntimeError, match="cannot be linked"):
        engine.load(caller(kernel), ["f"])


def test_damaged_kernels_are_built_again(folder: Path) -> None:
    Built(3).kernel.load()
    engine._loaded.clear()
    for path in folder.glob("*.o"):
        path.write_bytes(path.read_bytes()[:-7])
    again = Built(3)

    assert 42 == call(again.kernel.load(), again.kernel.symbol, 14)
    assert 1 == again.times == cache.statistics.damaged


def test_modules_that_are_made_together_are_found_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "_fresh", {})
    built = [Built(factor) for factor in range(2, 8)]
    program = built[0].kernel
    text = caller(program)
    engine.make_ready([b.kernel.wanted() for b in built], text, tidy=True)
    libraries = [b.kernel.load() for b in built]
    uses = {program.symbol: libraries[0]}
    engine.load(text, ["f"], tidy=True, uses=uses)

    assert [1] * 6 == [b.times for b in built]
    found = [call(m, b.kernel.symbol, 7) for m, b in zip(libraries, built, strict=True)]
    assert [14, 21, 28, 35, 42, 49] == found
    assert {} == engine._fresh


def test_what_was_made_ready_twice_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_fresh", {})
    monkeypatch.setattr(engine.cache, "has", lambda key: False)
    kernel = Built(11).kernel
    text = caller(kernel)
    for _ in range(2):
        engine.make_ready([kernel.wanted()], text, tidy=True)
        library = kernel.load()
        kept = engine.load(text, ["f"], tidy=True, uses={kernel.symbol: library})

    assert kept.address("f")
    assert {} == engine._fresh


def test_modules_made_together_are_as_those_made_alone() -> None:
    texts = [Built(factor).kernel.text() for factor in range(2, 6)]
    modules: list[Any] = [(lambda t=text: t, True) for text in texts]
    together = emission.object_codes(modules)

    assert texts == [text for text, _ in together]
    alone = [emission.object_code(text, tidy=True) for text in texts]
    assert alone == [code for _, code in together]


def test_a_module_that_is_not_well_formed_is_an_error_also_among_others() -> None:
    texts = [Built(2).kernel.text(), "define i64 @f() { ret i32 1 }"]

    with pytest.raises(RuntimeError):
        emission.object_codes([(lambda t=text: t, True) for text in texts])


def test_threads_that_want_a_kernel_get_one() -> None:
    built = Built(3)
    found: list[engine.Library] = []
    begin = threading.Barrier(6)

    def work() -> None:
        begin.wait()
        found.append(built.kernel.load())

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert 1 == built.times == len({id(library) for library in found})


def test_the_collector_waits_while_code_is_made() -> None:
    found = []
    with collection_paused():
        found.append(gc.isenabled())
        with pytest.raises(ValueError, match="inside"), collection_paused():
            raise ValueError("inside")
        found.append(gc.isenabled())

    assert [False, False, True] == [*found, gc.isenabled()]


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        with collection_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


# programs -----------------------------------------------------------------------------


def unrolled(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    x = torch.softmax(torch.matmul(x, w), -1)
    x = torch.softmax(torch.matmul(x, w), -1)
    x = torch.softmax(torch.matmul(x, w), -1)
    return torch.softmax(torch.matmul(x, w), -1)


def test_equal_layers_have_equal_kernels(
    native: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    load = kernels.Kernel.load

    def noting(kernel: kernels.Kernel) -> engine.Library:
        asked.append(kernel.key)
        return load(kernel)

    monkeypatch.setattr(kernels.Kernel, "load", noting)
    x, w = torch.ones(3, 4), torch.ones(4, 4) * 0.1
    scripted = jit.script(unrolled)
    actual = scripted(x, w)

    assert torch.allclose(unrolled(x, w), actual)
    assert scripted.explain(x, w).is_native
    assert 2 <= len(asked) == len(set(asked))


PROGRAM = """
    import json
    import jit
    from jit import torch
    from jit.runtime.codegen.making import cache

    def f(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.softmax(torch.matmul(x, y) * 2.0 + 1.0, -1)

    def h(x: torch.Tensor, i: int) -> torch.Tensor:
        return x[i] + 1.0

    class Layer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.linear(x))

    torch.manual_seed(0)
    x = torch.tensor([[0.1, 0.5, 0.2], [0.3, 0.1, 0.4], [0.7, 0.2, 0.6]])
    scripted, module, picked = jit.script(f), jit.script(Layer()), jit.script(h)
    found = [scripted(x, x).tolist(), module(x).tolist(), picked(x, 1).tolist()]
    for call in (lambda: scripted(x, torch.ones(2, 2)), lambda: picked(x, 7)):
        try:
            call()
        except Exception as error:
            found.append([type(error).__name__, str(error), error.__notes__])
    seconds = scripted.explain(x, x).seconds
    print(json.dumps([found, sorted(seconds), cache.statistics.stores]))
"""


def start(folder: Path, program: str = PROGRAM, **variables: str) -> Any:
    file = folder.parent / "program.py"
    file.write_text(textwrap.dedent(program))
    env = {**os.environ, "JIT_NATIVE": "1", **variables}
    command = [sys.executable, str(file)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


def results(process: Any) -> Any:
    import json

    output, _ = process.communicate(timeout=300)
    assert 0 == process.returncode
    return json.loads(output)


def test_a_second_process_takes_whole_programs_from_disk(folder: Path) -> None:
    found, stages, stores = results(start(folder, PYTHONHASHSEED="1"))
    again, stages_again, stores_again = results(start(folder, PYTHONHASHSEED="2"))

    assert found == again
    assert ["llvm", "lowering"] == stages
    assert stores > 0
    assert (["cache"], 0) == (stages_again, stores_again)


def test_processes_that_begin_together_agree(folder: Path) -> None:
    started = [start(folder) for _ in range(3)]
    found = [results(process)[0] for process in started]

    assert found[0] == found[1] == found[2]
    assert found[0] == results(start(folder))[0]


def test_programs_run_without_a_cache(folder: Path) -> None:
    found, stages, stores = results(start(folder, JIT_CACHE="0"))

    assert (["llvm", "lowering"], 0) == (stages, stores)
    assert found == results(start(folder))[0]


def test_constants_that_differ_are_other_programs(folder: Path) -> None:
    program = PROGRAM.replace("* 2.0", "* 3.0")
    first = results(start(folder))[0]
    changed = results(start(folder, program))[0]

    assert first[0] != changed[0]
    assert first[1:3] == changed[1:3]
    assert changed == results(start(folder, program, JIT_CACHE="0"))[0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_compiles_new_kernels(folder: Path) -> None:
    program = """
        import json, os
        import jit
        from jit import torch

        def f(x: torch.Tensor) -> torch.Tensor:
            return torch.exp(x) * 2.0

        def g(x: torch.Tensor) -> torch.Tensor:
            return torch.softmax(torch.matmul(x, x), -1)

        x = torch.ones(3, 3)
        before = jit.script(f)(x).tolist()
        child = os.fork()
        g_found = jit.script(g)(x).tolist()
        if child == 0:
            os._exit(0 if abs(g_found[0][0] - 1 / 3) < 1e-6 else 1)
        _, status = os.waitpid(child, 0)
        print(json.dumps([status, before == jit.script(f)(x).tolist()]))
    """

    assert [0, True] == results(start(folder, program))
