"""Functions of Python's own library: which they are, and what to write instead."""

from __future__ import annotations

import random
import sys
import sysconfig
from collections.abc import Callable
from types import FunctionType
from typing import Any

OUTSIDE = "call it outside of the function, and pass the result in"

INSTEAD: dict[str, str] = {
    "random.choice": "draw a position with `torch.randint`, and index with it",
    "random.gauss": "use `torch.randn`",
    "random.normalvariate": "use `torch.randn`",
    "random.randint": "use `torch.randint`",
    "random.random": "use `torch.rand`",
    "random.randrange": "use `torch.randint`",
    "random.sample": "use `torch.randperm`, and index with a part of it",
    "random.seed": "use `torch.manual_seed` outside of the function",
    "random.shuffle": "use `torch.randperm`, and index with it",
    "random.uniform": "use `torch.rand`, scaled and shifted",
    "builtins.eval": "write the expression itself",
    "builtins.exec": "write the statements themselves",
    "builtins.iter": "loop with `for`",
    "builtins.next": "loop with `for`, or index",
    "builtins.frozenset": "use a `set`",
    "builtins.setattr": "assign the attribute by its name, `x.name = value`",
    "builtins.vars": "name the values one by one",
    "sys.exit": "raise an exception",
}
"""By module and name; what is not here has to be called outside."""

_FOLDERS = tuple(
    folder
    for name in ("stdlib", "platstdlib")
    if (folder := sysconfig.get_paths().get(name))
)
_PACKAGES = tuple(
    folder
    for name in ("purelib", "platlib")
    if (folder := sysconfig.get_paths().get(name))
)


def is_of_library(fn: FunctionType) -> bool:
    """Whether a function comes with Python: its source is not meant to be compiled."""
    if fn.__module__ == "__main__":
        return False
    file = fn.__code__.co_filename
    if file.startswith("<frozen"):
        return True
    return file.startswith(_FOLDERS) and not file.startswith(_PACKAGES)


def instead_of(obj: Any) -> str:
    """Advice in place of a call; empty for what does not come with Python."""
    module, name = _place(obj)
    advice = INSTEAD.get(f"{module}.{name}")
    if advice is None and module.partition(".")[0] in sys.stdlib_module_names:
        return OUTSIDE
    return advice or ""


def _place(obj: Callable[..., Any]) -> tuple[str, str]:
    # functions of `random` are methods of a hidden instance
    if isinstance(getattr(obj, "__self__", None), random.Random):
        return "random", obj.__name__
    return getattr(obj, "__module__", None) or "", getattr(obj, "__name__", "")
