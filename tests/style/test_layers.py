"""The layers: ir ← passes ← runtime ← the rest of jit, and what each may import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = {
    "ir": ("jit.passes", "jit.runtime"),
    "passes": ("jit.runtime",),
    "runtime": (),
}
OURS_IN_JIT = ("jit.ir", "jit.passes", "jit.runtime")
OUTSIDE = {
    "numpy": ("ir", "passes", "runtime", "jit"),
    "ml_dtypes": ("ir", "passes", "runtime", "jit"),
    "graphviz": ("ir/dot.py",),
    "safetensors": ("runtime/archive", "jit/torch/serialization.py"),
    "torch": ("jit/torch/compiler_backend.py",),
    "functorch": ("jit/torch/compiler_backend.py",),
    "astunparse": ("jit/python_text.py",),
    "llvmlite": ("runtime/codegen",),
}
"""Where each library may be imported."""


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of each import of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield node.lineno, "." * node.level + (node.module or "")
            else:
                for name in node.names:
                    yield node.lineno, f"{node.module}.{name.name}"


def sources(layer: str) -> list[Path]:
    folder = ROOT / layer
    linked = {folder / name for name in ("ir", "passes", "runtime")}
    found = folder.rglob("*.py")
    if layer == "jit":
        return [p for p in found if not linked & set(p.parents)]
    return list(found)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("layer", ["ir", "passes", "runtime"])
def test_a_layer_imports_only_what_stands_below_it(layer: str) -> None:
    problems = []
    for path in sources(layer):
        for line, name in imports(path):
            place = f"{path.relative_to(ROOT)}:{line}"
            if name.startswith("."):
                problems.append(f"{place}: relative import `{name}`")
            if any(within(name, other) for other in FORBIDDEN[layer]):
                problems.append(f"{place}: {layer} must not import `{name}`")
            if within(name, "jit") and not any(within(name, o) for o in OURS_IN_JIT):
                problems.append(f"{place}: {layer} must not import `{name}`")

    assert problems == []


@pytest.mark.parametrize("layer", ["ir", "passes", "runtime", "jit"])
def test_a_library_is_imported_where_it_belongs(layer: str) -> None:
    problems = []
    for path in sources(layer):
        relative = path.relative_to(ROOT).as_posix()
        for line, name in imports(path):
            library = name.partition(".")[0]
            if library in sys.stdlib_module_names or library in ("jit", ""):
                continue
            places = OUTSIDE.get(library, ())
            if not any(relative == p or relative.startswith(p + "/") for p in places):
                problems.append(f"{relative}:{line}: `{library}` does not belong here")

    assert problems == []


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_importing_jit_loads_nothing_else() -> None:
    loaded = run(
        "import sys, jit; print([m for m in sys.modules if m.startswith(('jit.', 'numpy',"
        " 'torch', 'llvmlite'))])"
    )

    assert loaded == "[]"


def test_no_module_of_ours_imports_torch() -> None:
    loaded = run(
        "import sys, jit; from jit import torch; jit.script; jit.trace; jit.load;"
        " import jit.cli; print('torch' in sys.modules)"
    )

    assert loaded == "False"


def test_importing_jit_starts_no_thread() -> None:
    count = run(
        "import threading, jit; from jit import torch; jit.script;"
        " print(threading.active_count())"
    )

    assert count == "1"
