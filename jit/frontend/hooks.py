"""Forward hooks of modules: a method `__call__` that calls them around `forward`.

    def __call__(self, x, n: int=2):
        given = (x, n,)
        changed = self._pre_hook_0(given)      None, a tuple, or the only argument
        ...
        result = self.forward(*given)
        changed = self._hook_0(given, result)  None, or another result
        ...
        return result

A hook is compiled as a method. What it returns is known then, so nothing is decided
while the program runs.
"""

from __future__ import annotations
import __future__

import ast
import copy
import types
from dataclasses import dataclass, field
from typing import Any

from jit.frontend.failures import fail
from jit.frontend.signature import plain_function
from jit.frontend.source import function_source, keep_source

CALL = "__call__"
"""The method that calls the hooks and `forward`."""


@dataclass(slots=True)
class Hooks:
    """The hooks of a module, as methods."""

    methods: dict[str, types.FunctionType] = field(default_factory=dict)
    call: types.FunctionType | None = None
    """The method `__call__`; None where there are no hooks."""

    @property
    def key(self) -> tuple[int, ...]:
        """What modules of one type have in common."""
        return tuple(map(id, self.methods.values()))


def hooks_of(module: Any) -> Hooks:
    """The hooks of a module; CompileError E0106 for those that are not compiled."""
    made = Hooks()
    before = _added(made, module, "_pre_hook", "_forward_pre_hooks")
    after = _added(made, module, "_hook", "_forward_hooks")
    if made.methods:
        made.call = _caller(module, before, after)
    return made


def _added(made: Hooks, module: Any, title: str, store: str) -> list[str]:
    names = []
    for number, hook in getattr(module, store, {}).items():
        if number in getattr(module, f"{store}_with_kwargs", ()):
            raise _refused(module, "that takes keyword arguments")
        if number in getattr(module, f"{store}_always_called", ()):
            raise _refused(module, "that is called after exceptions")
        names.append(f"{title}_{len(names)}")
        made.methods[names[-1]] = plain_function(hook)
    return names


def _refused(module: Any, what: str) -> Exception:
    return fail(
        None,
        "E0106",
        f"the module `{type(module).__name__}` has a hook {what}, which is not compiled",
        help="remove the hook, or do its work in `forward`",
    )


def _caller(module: Any, before: list[str], after: list[str]) -> types.FunctionType:
    """The method that calls everything, with the parameters of `forward`."""
    forward = plain_function(type(module).forward)
    parameters = copy.deepcopy(function_source(forward).definition.args)
    if parameters.vararg or parameters.kwarg or parameters.kwonlyargs:
        raise _refused(module, "and a `forward` with other than plain parameters")
    names = [p.arg for p in (*parameters.posonlyargs, *parameters.args)]
    parameters.defaults = [ast.Constant(None) for _ in parameters.defaults]
    owner, *rest = names
    lines = [f"def {CALL}({ast.unparse(parameters)}):"]
    lines.append(f"    given = ({''.join(f'{name}, ' for name in rest)})")
    for hook in before:
        lines += [
            f"    changed{hook} = {owner}.{hook}(given)",
            f"    if changed{hook} is not None:",
            f"        if isinstance(changed{hook}, tuple):",
            f"            given = changed{hook}",
            "        else:",
            f"            given = (changed{hook},)",
        ]
    lines.append(f"    result = {owner}.forward(*given)")
    for hook in after:
        lines += [
            f"    changed{hook} = {owner}.{hook}(given, result)",
            f"    if changed{hook} is not None:",
            f"        result = changed{hook}",
        ]
    text = "\n".join([*lines, "    return result", ""])
    return _method_like(forward, text)


def _method_like(forward: types.FunctionType, text: str) -> types.FunctionType:
    """The function of a text, with names, defaults and annotations of another."""
    file = keep_source(text)
    flags = __future__.annotations.compiler_flag
    names = dict(forward.__globals__)
    exec(compile(text, file, "exec", flags=flags), names)
    made: types.FunctionType = names[CALL]
    made.__defaults__ = forward.__defaults__
    hints = dict(forward.__annotations__)
    hints.pop("return", None)
    made.__annotations__ = hints
    return made
