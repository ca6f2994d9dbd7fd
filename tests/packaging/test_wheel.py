"""The built wheel runs the README's lines, whatever files lie beside the script."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    # a copy, because a build leaves files beside the sources
    sources = tmp_path_factory.mktemp("sources") / "tracescript"
    sources.mkdir()
    for name in ("jit", "ir", "passes", "runtime"):
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, sources / name, symlinks=True, ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(sources)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's contents, to be put on the path."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(code: str, installed: Path, folder: Path) -> str:
    """Run a script in a folder, with the installed wheel and not this checkout."""
    script = folder / "script.py"
    script.write_text(code, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def readme_lines() -> str:
    """The code that the README opens with."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", text, re.S)
    assert found is not None
    return found.group(1)


def test_the_wheel_holds_one_package_and_no_links(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    tops = {n.partition("/")[0] for n in names if ".dist-info/" not in n}
    assert {"jit"} == tops
    assert {"jit/ir/graph.py", "jit/passes/pipeline.py", "jit/py.typed"} <= set(names)


def test_the_readmes_lines_run_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = f"import jit; assert {str(installed)!r} in jit.__file__\n{readme_lines()}"

    assert "graph(%x : " in run(code, installed, tmp_path)


def test_files_named_like_our_layers_do_not_matter(
    installed: Path, tmp_path: Path
) -> None:
    for name in ("ir", "passes", "runtime"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not this one')\n")

    assert "graph(%x : " in run(readme_lines(), installed, tmp_path)
