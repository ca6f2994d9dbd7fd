"""Forward hooks of modules: a method `__call__` that calls them around `forward`.

    def __call__(self, *given, n):         where a call names `n`
        changed = self._pre_hook_0(given)      None, a tuple, or the only argument
        ...
        result = self.forward(*given, n=n)
        changed = self._hook_0(given, result)  None, or another result
        ...
        return result

A hook is compiled as a method. What it returns is known then, so nothing is decided
while the program runs. A call from Python has a method with the parameters of `forward`
for it, whose hooks see defaults too.
"""

from __future__ import annotations
import __future__

import ast
import copy
import types
from dataclasses import dataclass, field
from typing import Any

from jit.frontend.failures import fail
from jit.frontend.scope import undecorated
from jit.frontend.signature import plain_function
from jit.frontend.source import function_source, keep_source

CALL = "__call__"
"""The method that calls the hooks and `forward`."""


@dataclass(slots=True)
class Hooks:
    """The hooks of a module, as methods."""

    methods: dict[str, types.FunctionType] = field(default_factory=dict)
    call: Any = None
    """What calls from Python call; None where there are no hooks."""
    body: list[str] = field(default_factory=list)
    """The statements of the methods, around the call of `forward`."""
    inner: dict[tuple[str, ...], types.FunctionType] = field(default_factory=dict)
    """What calls in compiled code call, by the names of their keyword arguments."""

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
        made.body = _body(before, after)
        made.call = _with_parameters_of(module, made.body)
    return made


def caller(hooks: Hooks, module: Any, names: tuple[str, ...]) -> types.FunctionType:
    """The method for calls in compiled code with keyword arguments of these names."""
    found = hooks.inner.get(names)
    if found is None:
        forward = plain_function(type(module).forward)
        parameters = ", ".join(("self", "*given", *names))
        passed = "".join(f", {n}={n}" for n in names)
        found = hooks.inner[names] = _method(parameters, hooks.body, passed, forward)
    return found


def _added(made: Hooks, module: Any, title: str, store: str) -> list[str]:
    names: list[str] = []
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


def _body(before: list[str], after: list[str]) -> list[str]:
    """The statements of the method, around the call of `forward`."""
    lines = []
    for hook in before:
        lines += [
            f"changed{hook} = self.{hook}(given)",
            f"if changed{hook} is not None:",
            f"    if isinstance(changed{hook}, tuple):",
            f"        given = changed{hook}",
            "    else:",
            f"        given = (changed{hook},)",
        ]
    lines.append("")
    for hook in after:
        lines += [
            f"changed{hook} = self.{hook}(given, result)",
            f"if changed{hook} is not None:",
            f"    result = changed{hook}",
        ]
    return [*lines, "return result"]


def _with_parameters_of(module: Any, body: list[str]) -> types.FunctionType:
    """The method with the parameters, defaults and annotations of `forward`."""
    forward = plain_function(type(module).forward)
    parameters = copy.deepcopy(function_source(forward).definition.args)
    if parameters.vararg or parameters.kwarg or parameters.kwonlyargs:
        raise _refused(module, "and a `forward` with other than plain parameters")
    first, *rest = (*parameters.posonlyargs, *parameters.args)
    first.arg, first.annotation = "self", None
    parameters.defaults = [ast.Constant(None) for _ in parameters.defaults]
    given = f"given = ({''.join(f'{p.arg}, ' for p in rest)})"
    made = _method(ast.unparse(parameters), [given, *body], "", forward)
    made.__defaults__ = forward.__defaults__
    hints = dict(forward.__annotations__)
    hints.pop("return", None)
    made.__annotations__ = hints
    return made


def _method(
    parameters: str, body: list[str], passed: str, forward: types.FunctionType
) -> types.FunctionType:
    """A method as text, in the module of `forward`; the empty line calls that."""
    call = f"result = self.forward(*given{passed})"
    lines = [f"def {CALL}({parameters}):", *(f"    {line or call}" for line in body)]
    text = "\n".join([*lines, ""])
    flags = __future__.annotations.compiler_flag
    names = dict(undecorated(forward).__globals__)
    exec(compile(text, keep_source(text), "exec", flags=flags), names)
    made: types.FunctionType = names[CALL]
    return made
