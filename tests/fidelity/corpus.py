"""What a function of the scoreboard is, and how topic files are loaded for a contender.

    @inputs((array([1.0, 2.0]), 3), (array([]), 0))
    def scaled(x, n: int):
        return x * n

is one function with two calls; the first is what a trace is made with. A topic file
calls arrays by the name `xp`, and names only what torch, NumPy and JAX have in common;
each contender gets the file with its own module for `xp`. In topic files of tensors,
whose functions have no such common form, the line is `import torch`.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path(__file__).parent / "programs"
OF_ARRAYS = "import torch as xp"
OF_TENSORS = "import torch"

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Array:
    """An argument that each contender gets as its own kind of array."""

    rows: Any


@dataclass(frozen=True)
class Entry:
    """A function and the arguments it is called with."""

    topic: str
    name: str
    function: Callable[..., Any]
    calls: tuple[tuple[Any, ...], ...]


_collected: list[tuple[Any, tuple[Any, ...]]] = []


def array(rows: Any) -> Any:
    """An array of these numbers."""
    return Array(rows)


def inputs(*calls: Any) -> Callable[[F], F]:
    """Add a function: each call is a tuple of arguments, or the only argument."""

    def add(function: F) -> F:
        given = tuple(c if isinstance(c, tuple) else (c,) for c in calls)
        _collected.append((function, given))
        return function

    return add


def topics() -> list[str]:
    """The names of the topic files."""
    return sorted(p.stem for p in FOLDER.glob("*.py"))


def load(topic: str, arrays: str, tensors: str | None, folder: Path) -> list[Entry]:
    """The functions of a topic, with a contender's modules imported instead.

    `tensors` is None for contenders without torch's namespace: of topics that need it
    they get no functions.
    """
    lines = (FOLDER / f"{topic}.py").read_text(encoding="utf-8").split("\n")
    if OF_TENSORS in lines and tensors is None:
        return []
    replaced = {OF_ARRAYS: arrays, OF_TENSORS: tensors}
    text = "\n".join(replaced.get(line) or line for line in lines)
    path = folder / f"{topic}.py"
    path.write_text(text, encoding="utf-8")
    name = f"fidelity_{topic}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _collected.clear()
    spec.loader.exec_module(module)
    return [Entry(topic, f.__name__, f, calls) for f, calls in _collected]


def names() -> list[tuple[str, str]]:
    """All functions as topic and name, read off the files."""
    found = []
    for topic in topics():
        lines = (FOLDER / f"{topic}.py").read_text(encoding="utf-8").split("\n")
        marked = False
        for line in lines:
            if line.startswith("@inputs("):
                marked = True
            elif marked and line.startswith("def "):
                found.append((topic, line[4:].partition("(")[0]))
                marked = False
    return found
