"""Lists, dicts and sets that Python gives to a compiled function are copied.

That is TorchScript's rule. A function that changes one is told about: its caller would
see the change in plain Python.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from jit.ir import types as T
from jit.ir.diagnostic import ScriptWarning
from jit.ir.graph import Node
from jit.ir.program import Function
from jit.passes import inline
from jit.passes.analysis import effects
from jit.passes.analysis.aliases import aliases

_COPIED = (list, dict, set)
_CONTAINERS = T.ListType | T.DictType | T.SetType


def tell_of_copies(function: Function, values: Sequence[Any]) -> None:
    """Give a ScriptWarning where a function changes a container that Python gave it."""
    if not any(isinstance(v, _COPIED) for v in values):
        return
    graph = function.graph.copy()
    inline.run(graph)
    known = aliases(graph)
    for parameter, value in zip(graph.inputs, values, strict=False):
        if not isinstance(value, _COPIED):
            continue
        writer = next(filter(_changes_container, known.writers(parameter)), None)
        if writer is not None:
            name = function.name.rpartition(".")[2]
            warnings.warn(
                f"`{name}` changes `{parameter.name}` ({writer.span}), which is a copy of"
                " what Python gives it: the caller does not see the change. Return what"
                " was changed",
                ScriptWarning,
                stacklevel=4,
            )


def _changes_container(node: Node) -> bool:
    return any(isinstance(v.type, _CONTAINERS) for v in effects.written_values(node))
