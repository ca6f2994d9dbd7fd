"""Functions inside of functions, and lambdas: compiled when they are called.

    def f(n: int):
        def g(x: int):                f.g(n, x): what g reads of f is a parameter
            return x + n        →
        return g(1)                   f.g(%n, %one)

A captured name is what it stands for when the function is called, as in Python.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from jit.frontend import tree as t
from jit.frontend.assigned import free_names
from jit.frontend.capturing import Bound
from jit.frontend.environment import Frame, Missing, Variable
from jit.frontend.scope import Scope
from jit.frontend.shared_variables import cell_name
from jit.frontend.signature import Parameter, Signature, hint_of_parameter
from jit.frontend.sugared import Emitted, Sugared
from jit.ir import types as T
from jit.ir.schema import REQUIRED

if TYPE_CHECKING:
    from jit.frontend.compiler import Callee
    from jit.frontend.emit import Emitter


class LocalFunction(Sugared):
    """A function or lambda defined inside of the function that is being compiled."""

    stays_itself = True

    def __init__(
        self,
        tree: t.FunctionTree,
        scope: Scope,
        frame: Frame | None,
        defaults: dict[str, Emitted],
        captured: Bound | None = None,
    ) -> None:
        self.tree = tree
        self.scope = scope
        """What its own function sees outside of itself."""
        self.frame = frame
        """The frame in which it was defined; None once it was passed on."""
        self.defaults = defaults
        """What its defaults were when it was defined."""
        self.captured = captured
        """What it reads of the functions around it, once it was passed on."""

    def describe(self) -> str:
        if self.tree.name == "<lambda>":
            return "a lambda"
        return f"the function `{self.tree.name}`"

    def contents(self) -> dict[str, Any]:
        return {
            "tree": self.tree,
            "defaults": self.defaults,
            "captured": self.captured,
        }

    def is_same(self, other: object) -> bool:
        return (
            isinstance(other, LocalFunction)
            and self.tree is other.tree
            and self.defaults == other.defaults
            and self.captured == other.captured
        )

    def settle(self, frame: Frame) -> None:
        if self.captured is None:
            self.frame = frame

    def call(self, e: Emitter, call: t.Call) -> Emitted:
        from jit.frontend.arguments import emit_arguments

        return call_local(e, call, self, emit_arguments(e, call, spreads=True))


def emit_definition(e: Emitter, s: t.Define) -> None:
    """A `def` inside of a function."""
    found = LocalFunction(s.function, e.scope, e.frame, _defaults(e, s.defaults))
    e.assign(s.function.name, found, s.span)


def emit_lambda(e: Emitter, node: t.Lambda) -> Emitted:
    """A lambda."""
    return LocalFunction(node.function, e.scope, e.frame, _defaults(e, node.defaults))


def _defaults(
    e: Emitter, defaults: tuple[tuple[str, t.Expr], ...]
) -> dict[str, Emitted]:
    return {name: e.expr(value) for name, value in defaults}


def call_local(e: Emitter, call: t.Call, fn: LocalFunction, args: Any) -> Emitted:
    """Call a local function with emitted arguments."""
    from jit.frontend.call_python import call_version

    signature = signature_of_local(fn)
    bound = capture(e, fn)

    def version(arg_types: dict[str, T.Type], bound: Bound) -> Callee:
        return e.compilation.local(fn, signature, e.owner, arg_types, bound)

    name = "lambda" if fn.tree.name == "<lambda>" else fn.tree.name
    return call_version(
        e, call.span, name, signature.parameters, args, version, bound, fn.defaults
    )


def signature_of_local(fn: LocalFunction) -> Signature:
    """Names and annotated types of the parameters of a local function."""
    parameters = []
    for p in fn.tree.params:
        hint = None
        if p.annotation is not None:
            hint = hint_of_parameter(p.annotation, fn.scope)
        # its defaults are values of the graph, filled in at each call
        parameters.append(Parameter.of_tree(p, hint, REQUIRED, fn.tree))
    returns = None
    if fn.tree.returns is not None:
        hint = hint_of_parameter(fn.tree.returns, fn.scope)
        returns = hint if isinstance(hint, T.Type) else None
    return Signature(fn.tree.name, tuple(parameters), returns, fn.tree)


# what it captures -------------------------------------------------------------------


def capture(e: Emitter, fn: LocalFunction) -> Bound:
    """What the names that a function reads of others stand for now."""
    if fn.captured is not None:
        return dict(fn.captured)
    found: Bound = {}
    pending = _free_names(e, fn)
    while pending:
        name = pending.pop()
        variable = _find(e, fn, name)
        if name in found or variable is None:
            continue
        if isinstance(variable, Missing):
            found[name] = variable
            continue
        value = variable.value
        if isinstance(value, LocalFunction) and value.frame is not None:
            # a function beside it, or itself: it finds its names where this one does
            found[name] = _without_frame(value)
            pending += _free_names(e, value)
        else:
            found[name] = closed(e, value)
    return {name: found[name] for name in sorted(found)}


def _free_names(e: Emitter, fn: LocalFunction) -> list[str]:
    """The names that a function captures; of a shared variable the list it lives in."""
    return [cell_name(n) if n in e.shared else n for n in sorted(free_names(fn.tree))]


def _without_frame(fn: LocalFunction) -> LocalFunction:
    """The function without the frame that only its own graph has."""
    return LocalFunction(fn.tree, fn.scope, None, fn.defaults)


def _find(e: Emitter, fn: LocalFunction, name: str) -> Variable | Missing | None:
    """A name as the function sees it: not as a comprehension around the call does."""
    assert fn.frame is not None
    scopes = fn.frame.scopes()
    frame: Frame | None = e.frame
    while frame is not None:
        if frame.root in scopes and name in frame.names:
            return frame.names[name]
        frame = frame.outer
    return None


def closed(e: Emitter, x: Any) -> Any:
    """The same thing with all that its functions capture, to be passed on."""
    if isinstance(x, LocalFunction) and x.captured is None:
        return LocalFunction(
            x.tree, x.scope, None, closed(e, x.defaults), capture(e, x)
        )
    if isinstance(x, Sugared):
        contents = x.contents()
        if not any(
            isinstance(c, Sugared | list | tuple | dict) for c in contents.values()
        ):
            return x
        made = copy.copy(x)
        for name, content in contents.items():
            setattr(made, name, closed(e, content))
        return made
    if isinstance(x, list | tuple):
        return type(x)([closed(e, item) for item in x])
    if isinstance(x, dict):
        return {name: closed(e, item) for name, item in x.items()}
    return x
