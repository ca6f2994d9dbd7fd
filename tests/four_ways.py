"""Functions run in four ways: plain Python, interpreter, machine code, loaded from a file
in a process that has no source.

`run(cases)` gives a list with a dict for each case: what `plain`, `interpreted`,
`native` and `loaded` gave, as text, in which instances are shown by class and attributes.
Run as a program, this file loads archives and prints what they give.
"""

from __future__ import annotations

import enum
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jit
from jit import torch

Case = tuple[Callable[..., Any], tuple[Any, ...]]


class Cases:
    """Functions with arguments, added by decorating them: `@case(1, "x")`."""

    def __init__(self) -> None:
        self.cases: list[Case] = []

    def __call__(self, *args: Any) -> Callable[[Any], Any]:
        def add(function: Any) -> Any:
            self.cases.append((function, args))
            return function

        return add

    @property
    def names(self) -> list[str]:
        return [function.__name__ for function, _ in self.cases]

    def run(self, folder: Path) -> dict[str, dict[str, str]]:
        """The outcomes of the cases by name."""
        return dict(zip(self.names, run(self.cases, folder), strict=True))


def shown(value: Any, seen: tuple[int, ...] = ()) -> str:
    """A value as text that says all about it."""
    if id(value) in seen:
        return "..."
    if isinstance(value, torch.Tensor):
        return f"Tensor({value.tolist()})"
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    inner = (*seen, id(value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        parts = zip(value._fields, value, strict=True)
        held = ", ".join(f"{n}={shown(v, inner)}" for n, v in parts)
        return f"{type(value).__name__}({held})"
    if isinstance(value, list | tuple):
        held = ", ".join(shown(v, inner) for v in value)
        return f"[{held}]" if isinstance(value, list) else f"({held})"
    if isinstance(value, set):
        return f"{{{', '.join(sorted(map(shown, value)))}}}"
    if isinstance(value, dict):
        held = ", ".join(f"{shown(k)}: {shown(v, inner)}" for k, v in value.items())
        return f"{{{held}}}"
    if value is None or isinstance(value, int | float | complex | str):
        return repr(value)
    slots = [n for c in type(value).__mro__ for n in getattr(c, "__slots__", ())]
    attributes = {n: getattr(value, n) for n in slots if hasattr(value, n)}
    attributes |= getattr(value, "__dict__", {})
    held = ", ".join(f"{n}={shown(attributes[n], inner)}" for n in sorted(attributes))
    return f"{type(value).__name__}({held})"


def outcome(function: Callable[..., Any], args: Sequence[Any]) -> str:
    """What a call gives, or the exception that it raises."""
    try:
        return shown(function(*args))
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"


def run(cases: Sequence[Case], folder: Path) -> list[dict[str, str]]:
    """The outcomes of all cases. Arguments are made of values that pickle knows."""
    found = []
    for number, (function, args) in enumerate(cases):
        try:
            compiled = jit.script(function)
            compiled.save(folder / f"{number}.trs")
        except jit.Error as error:
            found.append({"plain": outcome(function, args), "compiled": str(error)})
            continue
        (folder / f"{number}.args").write_bytes(pickle.dumps(args))

        def again(args: tuple[Any, ...] = args) -> Any:
            return pickle.loads(pickle.dumps(args))

        found.append(
            {
                "plain": outcome(function, again()),
                "interpreted": outcome(compiled.interpret, again()),
                "native": outcome(compiled, again()),
            }
        )
    command = [sys.executable, __file__, str(folder), str(len(cases))]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    )
    for outcomes, loaded in zip(found, json.loads(done.stdout), strict=True):
        if "native" in outcomes:
            outcomes["loaded"] = loaded
    return found


def assert_same(outcomes: dict[str, str]) -> None:
    """All four ways give what plain Python gives."""
    expected = outcomes["plain"]

    assert dict.fromkeys(outcomes, expected) == outcomes


def main(folder: Path, count: int) -> None:
    """Load and run what `run` saved."""
    found = []
    for number in range(count):
        if not (folder / f"{number}.trs").exists():
            found.append("")
            continue
        loaded = jit.load(folder / f"{number}.trs")
        args = pickle.loads((folder / f"{number}.args").read_bytes())
        found.append(outcome(loaded, args))
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
