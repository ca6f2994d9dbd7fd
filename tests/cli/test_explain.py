"""`trs explain` and `trs bench`: how calls run, and how long they take."""

from __future__ import annotations

import json

import pytest

from jit.runtime import codegen
from jit.runtime.executor import enable_native


def test_explain_lists_the_operators_with_bytes_and_operations(trs, function):
    code, out, err = trs("explain", function, "--input", "float32[1000, 50]")

    assert (0, "") == (code, err)
    lines = out.splitlines()
    assert lines[0].startswith("m.scale(Float(1000, 50), float): ")
    assert "  aten::mul.Scalar" in lines
    assert "    reads 200 kB, writes 200 kB, 50 kflop" in lines
    assert any(
        line.startswith("  moves 400 kB and computes 50 kflop") for line in lines
    )


@pytest.fixture
def native():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")
    before = enable_native(True)
    yield
    enable_native(before)


def test_what_machine_code_was_made_of_can_be_printed(trs, function, native):
    call = ["explain", function, "--input", "float32[3]"]

    _, llvm, _ = trs(*call, "--llvm")
    _, assembly, _ = trs(*call, "--asm")

    assert '@"entry"(' in llvm
    assert "entry:" in assembly


def test_stages_are_printed_as_machine_code_is_made(trs, function, native, monkeypatch):
    monkeypatch.setenv("JIT_DEBUG", "llvm,asm")

    _, _, err = trs("run", function, "--input", "float32[3]")

    assert "# llvm of m.scale\n" in err
    assert "# asm of m.scale\n" in err


def test_only_one_stage_is_printed_at_a_time(trs, function):
    code, _, err = trs("explain", function, "--llvm", "--asm")

    assert 2 == code
    assert "not allowed with" in err


def test_bench_tells_times_and_work(trs, function):
    code, out, err = trs(
        "bench", function, "-i", "float32[100]", "--seconds", "0.01", "--threads", "1"
    )

    assert (0, "") == (code, err)
    names = [line.split("  ")[0] for line in out.splitlines()]
    expected = ["executor", "first call", "a call", "work"]
    if codegen.is_available():
        expected = [*expected[:3], "memory", "work", "bound"]
    assert expected == names


def test_bench_prints_json(trs, function):
    call = ["bench", function, "-i", "float32[100]", "--seconds", "0.01", "--json"]
    _, out, _ = trs(*call)

    found = json.loads(out)
    assert (800, 100) == (found["bytes_moved"], found["flops"])
    assert 0 < found["fastest"] <= found["median"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seconds", "0"], "--seconds: it must be more than 0"),
        (["--threads", "0"], "--threads: "),
        (["-i", "float31[2]"], "there is no dtype `float31`; did you mean `float32`?"),
    ],
)
def test_wrong_arguments_are_told(trs, function, arguments, message):
    code, _, err = trs("bench", function, *arguments)

    assert 2 == code
    assert message in err


def test_an_exception_of_the_program_ends_the_measurement(trs, write, texts):
    code, _, err = trs("bench", write(texts["raises"]), "-i", "float32[2]")

    assert 1 == code
    assert "the program raised ValueError: x is refused" in err
