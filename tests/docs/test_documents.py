"""What the documents say is there: files, links, commands, codes, and code that runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import jit
import jit.runtime.ops  # the text of programs names operators
from jit.ir.parser import parse_program

ROOT = Path(__file__).parents[2]
GUIDES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SOURCES = [
    path
    for folder in ("ir", "passes", "runtime", "jit")
    for path in (ROOT / folder).rglob("*.py")
    if not any(parent.is_symlink() for parent in path.parents)
]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def fenced(name: str, language: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text_of(name), re.S | re.M)
    return [block for kind, block in blocks if kind == language]


def named_paths(name: str) -> list[str]:
    """The paths in backticks, outside of fenced blocks."""
    prose = re.sub(r"```.*?```", "", text_of(name), flags=re.S)
    words = re.findall(r"`([^`\s]+)`", prose)
    return [w for w in words if re.fullmatch(r"[\w./<>…-]+", w) and is_path(w)]


def is_path(word: str) -> bool:
    endings = (".py", ".md", ".test", ".toml", "/")
    return word.endswith(endings) or word.split("/")[0] in ("docs", "tests", "runtime")


def exists(word: str) -> bool:
    pattern = re.sub(r"<\w+>|…", "*", word).rstrip("/")
    if "/" in pattern and any(True for _ in ROOT.glob(pattern)):
        return True
    # the name of a file whose folder the sentence or the heading tells
    folders = ("", "jit", "jit/frontend", "docs/decisions", "docs/errors")
    return any(
        any(True for _ in (ROOT / folder).glob(end))
        for folder in folders
        for end in (pattern, f"{pattern}-*.md")
    )


@pytest.mark.parametrize(
    ("document", "path"), [(d, p) for d in GUIDES for p in named_paths(d)]
)
def test_a_path_that_a_guide_names_is_there(document: str, path: str) -> None:
    assert exists(path)


def test_the_paths_of_the_guides_are_found() -> None:
    assert "jit/frontend/emit_control.py" in named_paths("ARCHITECTURE.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", document.read_text(encoding="utf-8"))

    inside = [link for link in links if "://" not in link]
    assert [] == [link for link in inside if not (document.parent / link).exists()]


@pytest.mark.parametrize("document", GUIDES)
def test_make_has_the_targets_that_a_guide_names(document: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.M))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", text_of(document), re.M))

    assert named <= targets


def test_every_code_that_the_sources_use_has_a_page() -> None:
    used = {
        code
        for path in SOURCES
        for code in re.findall(r'"(E\d{4})"', path.read_text(encoding="utf-8"))
    }
    pages = {page.stem for page in (ROOT / "docs" / "errors").glob("E*.md")}

    assert used
    assert set() == used - pages
    assert set() == pages - used


def test_the_readme_works_from_its_code_to_its_commands(tmp_path: Path) -> None:
    """The code, the graph that is shown for it, and the commands on the saved file."""
    (code,) = fenced("README.md", "python")
    script = tmp_path / "readme.py"
    script.write_text(code, encoding="utf-8")
    printed = run([sys.executable, str(script)], tmp_path)

    graph = next(b for b in fenced("README.md", "") if b.startswith("graph("))
    for part in graph.split("  …\n"):
        assert part in printed

    np.save(tmp_path / "x.npy", np.ones((3, 4), np.float32))
    commands = [
        line.partition("#")[0]
        for block in fenced("README.md", "")
        for line in block.splitlines()
        if line.startswith("trs ")
    ]
    assert 3 <= len(commands)
    for command in commands:
        assert run([sys.executable, "-m", "jit", *shlex.split(command)[1:]], tmp_path)


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_the_lines_about_machine_code_run(tmp_path: Path) -> None:
    for block in fenced("docs/reference/machine-code.md", "python"):
        path = tmp_path / "block.py"
        path.write_text(block, encoding="utf-8")
        done = subprocess.run([sys.executable, path], capture_output=True, text=True)
        assert 0 == done.returncode, done.stderr


def test_the_lines_of_the_archive_reference_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = parse_program(
        "def model.f(Tensor x) -> Tensor:\n"
        "graph(%x : Tensor):\n  %y : Tensor = aten::relu(%x)\n  return (%y)\n"
    )
    (code,) = fenced("docs/reference/archive.md", "python")
    scope = {"program": program}
    exec(code, scope)

    assert scope["loaded"].program.functions.keys() == program.functions.keys()  # type: ignore[attr-defined]
    assert jit.load(tmp_path / "f.trs")(np.array([-1.0, 2.0])).tolist() == [0, 2]


def test_the_page_of_operators_is_what_the_cards_say():
    pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")
    from jit.runtime.ops import reference

    page = ROOT / "docs" / "reference" / "ops.md"

    assert page.read_text(encoding="utf-8") == reference.text(), (
        "write it anew: python -m jit.runtime.ops.reference > docs/reference/ops.md"
    )
