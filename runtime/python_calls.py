"""Functions that stay Python and are called from programs: `@jit.ignore`.

    %y : int = prim::PythonCall[name="model.log"](%x)

The node names the function, which is known in this process alone; a file cannot hold
such a program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jit.ir import types as T
from jit.runtime.program_values import describe, is_instance

KIND = "prim::PythonCall"

_FUNCTIONS: dict[str, Callable[..., Any]] = {}


def register(fn: Callable[..., Any]) -> str:
    """The name by which nodes call a function."""
    name = base = f"{fn.__module__}.{fn.__qualname__}".replace("<locals>.", "")
    number = 0
    while _FUNCTIONS.setdefault(name, fn) is not fn:
        number += 1
        name = f"{base}_{number}"
    return name


def calling(name: str, type: T.Type) -> Callable[..., Any]:
    """What a node does: the call, whose result has to be of the type of the node.

    Raises NameError where nobody knows the function, TypeError for another result.
    """

    def call(*args: Any) -> Any:
        fn = _FUNCTIONS.get(name)
        if fn is None:
            raise NameError(
                f"the Python function '{name}' is not known in this process"
            )
        result = fn(*args)
        if not is_instance(result, type):
            raise TypeError(
                f"the ignored function '{name}' is declared to return '{type}' and"
                f" returned '{describe(result)}'"
            )
        return result

    return call
