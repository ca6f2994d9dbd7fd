"""Functions given as text: `CompilationUnit`, and `define` of a module.

Python executes the definitions, so that defaults and annotations mean what they mean in
a file. The text is kept where Python looks for source, so errors show its lines.
"""

from __future__ import annotations

import ast
import math
import textwrap
import typing
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from jit.frontend.failures import fail
from jit.frontend.source import keep_source
from jit.ir.span import Source, Span
from jit.modules import printed_names
from jit.modules.marks import annotate
from jit.modules.script_function import ScriptFunction


def functions_in(text: str, known: dict[str, Any]) -> dict[str, FunctionType]:
    """The functions that a text defines, by name; they see `known` and one another.

    Raises CompileError E0108 if the text is not Python, or does something else.
    """
    lines = textwrap.dedent(text).strip("\n") + "\n"
    file = keep_source(lines)
    source = Source(file, lines.rstrip("\n"), 1)
    try:
        tree = ast.parse(lines, file)
    except SyntaxError as error:
        line, column = error.lineno or 1, (error.offset or 1) - 1
        place = Span(source, line, column, line, column + 1)
        raise fail(place, "E0108", f"the text is not Python: {error.msg}") from None
    for statement in tree.body:
        if not isinstance(statement, ast.FunctionDef):
            end = statement.end_lineno or statement.lineno
            column = statement.end_col_offset or 0
            raise fail(
                Span(source, statement.lineno, statement.col_offset, end, column),
                "E0108",
                "a text may only define functions",
                help="write `def`; what they need of elsewhere, give them as arguments",
            )
    exec(compile(tree, file, "exec"), known)
    names = [s.name for s in tree.body if isinstance(s, ast.FunctionDef)]
    return {name: known[name] for name in names}


_HINTS = (
    "Any", "Callable", "Dict", "Final", "List", "NamedTuple", "Optional", "Set", "Tuple",
    "Union",
)  # fmt: skip


def words() -> dict[str, Any]:
    """What every text knows: `torch`, `math`, words of `typing` and of printed code."""
    from jit import torch

    made: dict[str, Any] = {n: getattr(typing, n) for n in _HINTS}
    made |= {"torch": torch, "Tensor": torch.Tensor, "math": math}
    printed = (
        annotate,
        printed_names.uninitialized,
        printed_names.unchecked_cast,
        printed_names.unchecked_unwrap_optional,
    )
    return made | {word.__name__: word for word in printed}


class CompilationUnit:
    """Compiled functions given as text, which may call one another.

        unit = jit.CompilationUnit('''
        def twice(x):
            return 2 * x
        ''')
        unit.twice(torch.ones(3))

    Unannotated parameters are Tensors. Raises CompileError, and then defines nothing.
    """

    def __init__(self, lang: str = "") -> None:
        self._names = words()
        self._functions: dict[str, ScriptFunction] = {}
        self.define(lang)

    def define(self, lang: str) -> None:
        """Compile the functions of a text, which may call those that are there."""
        names = dict(self._names)
        found = functions_in(lang, names)
        made = {name: ScriptFunction.compile(fn) for name, fn in found.items()}
        for function in made.values():
            function.graph  # noqa: B018  raises what would wait for a call
        self._names = names
        self._functions.update(made)

    def find_function(self, name: str) -> ScriptFunction | None:
        """The function of a name; None if there is none."""
        return self._functions.get(name)

    def get_functions(self) -> list[ScriptFunction]:
        """All functions, in the order of their definitions."""
        return list(self._functions.values())

    def __getattr__(self, name: str) -> ScriptFunction:
        functions: Mapping[str, ScriptFunction] = self.__dict__.get("_functions", {})
        if name not in functions:
            known = ", ".join(functions) or "none"
            raise AttributeError(f"the unit has no function `{name}`: it has {known}")
        return functions[name]

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self._functions})
