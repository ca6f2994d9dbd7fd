"""`trs inspect`, `graph`, `code`, `doctor`, `--version`, `--help`; bad files."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import jit


def test_inspect_says_what_an_archive_holds(trs, module):
    code, out, err = trs("inspect", module)

    assert (0, "") == (code, err)
    assert "  forward(x : Tensor) -> Tensor\n" in out
    assert "      2          0  m.Net.forward\n" in out
    assert "      8  float32[2]  weight\n" in out


def test_inspect_prints_the_same_as_json(trs, function):
    code, out, _ = trs("inspect", function, "--json", "--check")

    found = json.loads(out)
    assert 0 == code
    assert found["checked"]
    assert function.stat().st_size == found["size"]
    assert [
        {
            "name": "scale",
            "function": "m.scale",
            "signature": "(x : Tensor, by : float = 2.0) -> Tensor",
        }
    ] == found["entries"]
    assert [{"name": "m.scale", "nodes": 1, "constants": 0}] == found["functions"]
    assert {"notes.txt": 1} == found["extra"]
    assert {"author": "me"} == found["metadata"]


def test_inspect_runs_nothing(trs, write, texts):
    code, out, _ = trs("inspect", write(texts["raises"]))

    assert 0 == code
    assert "refuse(x : Tensor) -> Tensor" in out


def test_names_from_a_file_cannot_move_the_cursor(trs, write, texts):
    path = write(texts["raises"], metadata={"\x1b[2J": "\x1b]0;x\x07"})

    _, out, _ = trs("inspect", path)

    assert "\x1b" not in out
    assert "\\x1b[2J" in out


def test_graph_prints_the_text_of_the_main_function(trs, module):
    code, out, _ = trs("graph", module)

    assert 0 == code
    assert out.startswith("graph(%self : Module<m.Net>,\n")
    assert 'prim::GetAttr[name="weight"](%self)' in out


def test_graph_finds_functions_by_entry_and_by_full_name(trs, module):
    for name in ("twice", "m.Net.twice"):
        code, out, _ = trs("graph", module, "--function", name)
        assert 0 == code
        assert 2 == out.count("prim::CallMethod")

    code, _, err = trs("graph", module, "--function", "m.Net.twise")
    assert 2 == code
    assert "did you mean `m.Net.twice`?" in err


def test_the_optimized_graph_has_no_calls(trs, module):
    code, out, _ = trs("graph", module, "--function", "twice", "--optimized")

    assert 0 == code
    assert "prim::CallMethod" not in out


def test_graph_shows_places_when_asked_to(trs, write, texts):
    path = write(texts["raises"])

    assert "model.py:3:4" in trs("graph", path, "--spans")[1]
    assert "model.py" not in trs("graph", path)[1]


def test_graph_writes_dot_text(trs, module, tmp_path):
    code, out, _ = trs("graph", module, "--dot", tmp_path / "g.dot")

    assert (0, "") == (code, out)
    assert (tmp_path / "g.dot").read_text().startswith("digraph")


def test_graph_says_how_to_get_pictures(trs, module, tmp_path, monkeypatch):
    monkeypatch.setattr("jit.ir.dot.render_svg", lambda graph: None)
    code, _, err = trs("graph", module, "--svg", tmp_path / "g.svg")
    assert 2 == code
    assert "apt install graphviz" in err

    monkeypatch.setattr("jit.ir.dot.render_svg", lambda graph: "<svg/>")
    assert 0 == trs("graph", module, "--svg", tmp_path / "g.svg")[0]
    assert "<svg/>" == (tmp_path / "g.svg").read_text()


def test_code_prints_python_that_parses(trs, function):
    code, out, _ = trs("code", function)

    assert 0 == code
    compile(out, "<code>", "exec")
    assert "def scale(" in out


def test_doctor_names_what_is_there_and_what_is_missing(trs, monkeypatch):
    from jit.cli import doctor

    monkeypatch.setattr(doctor, "_version", lambda name: None)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    monkeypatch.setenv("JIT_DISABLE", "1")

    code, out, _ = trs("doctor")

    assert 0 == code
    assert "pip install 'tracescript[native]'" in out
    assert "apt install graphviz" in out
    assert "JIT_DISABLE  is set to '1'" in out


@pytest.mark.parametrize("command", ["run", "inspect", "graph", "code"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "missing.trs: No such file or directory"),
        (b"something", "missing.trs: this is not a `.trs` archive [E0801]"),
        (b"PK\x03\x04", "missing.trs: the file ends after 4 bytes [E0802]"),
    ],
)
def test_bad_files_are_one_line_and_exit_code_2(
    trs, tmp_path, command, content, message
):
    path = tmp_path / "missing.trs"
    if content is not None:
        path.write_bytes(content)

    code, out, err = trs(command, path)

    assert (2, "") == (code, out)
    assert message in err
    assert 1 == err.count("\n")


def test_version_and_help(trs):
    code, out, _ = trs("--version")
    assert 0 == code
    assert out.startswith(f"trs {jit.__version__} (Python ")

    for arguments in (["--help"], ["run", "--help"]):
        code, out, _ = trs(*arguments)
        assert 0 == code
        assert "examples:" in out
    assert 2 == trs()[0]
    assert 2 == trs("unknown")[0]
    assert 2 == trs("run")[0]


def test_the_module_is_the_command(function, array):
    done = subprocess.run(
        [sys.executable, "-m", "jit", "run", function, "--input", array],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert "[6. 8.]" in done.stdout


def test_a_reader_that_leaves_is_no_traceback(function):
    shell = f"'{sys.executable}' -m jit graph '{function}' | true"
    for _ in range(3):
        done = subprocess.run(
            ["bash", "-c", shell], capture_output=True, text=True, check=False
        )
        assert "" == done.stderr
