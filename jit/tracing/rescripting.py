"""`on_bake="compile"`: functions that decide are scripted, and the trace is taken again.

The innermost function that holds a decision is compiled, so that the trace holds a call
of it with its control flow. A function that cannot be compiled leaves it to its caller.
While the trace is taken, calls of the function go to what was compiled, whoever makes
them: its code is another one for that time. Of a module, the whole module is compiled.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import CodeType, FrameType, FunctionType
from typing import Any, TypeVar

from jit.ir.diagnostic import Diagnostic, Error, TracingError
from jit.modules.script import script
from jit.modules.script_module import ScriptModule
from jit.torch.nn import Module
from jit.tracing.bakes import Bakes

_LOGGER = logging.getLogger("jit.tracing")
_WITHIN = ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>")
"""Code that is no function of its own."""

Captured = TypeVar("Captured")
"""What a trace gives."""


def capture_compiled(
    module: Module | None, capture: Callable[[Bakes], Captured]
) -> Captured | ScriptModule:
    """Capture until no decision is baked in; TracingError with all that is left.

    Gives the compiled module where that decides itself.
    """
    scripted = _Scripted(module)
    while True:
        bakes = Bakes("compile")
        with scripted.in_place():
            try:
                captured = capture(bakes)
            except _CannotScriptError as refused:
                scripted.refuse(refused.target, refused.error)
                continue
            except Exception:
                # what was decided before may be why
                if not bakes.found:
                    raise
        if not bakes.found:
            return captured
        for diagnostic, frames in zip(bakes.found, bakes.places, strict=True):
            if not scripted.script_innermost(frames):
                raise scripted.failure(bakes, diagnostic)
            _LOGGER.info("compiled for: %s", diagnostic.render())
        if scripted.root is not None:
            return scripted.root


class _CannotScriptError(Exception):
    """A function that stands for a scripted one was called in a way it does not take."""

    def __init__(self, target: FunctionType, error: Error) -> None:
        super().__init__(str(error))
        self.target = target
        self.error = error


class _Scripted:
    """What was compiled in place of functions and modules."""

    def __init__(self, module: Module | None) -> None:
        self.module = module
        self.root: ScriptModule | None = None
        """The whole module, if that is what decides."""
        self.functions: dict[FunctionType, Any] = {}
        self.modules: dict[Module, ScriptModule] = {}
        self.codes: dict[FunctionType, CodeType] = {}
        """The code of the functions as it was written."""
        self.copies: set[FunctionType] = set()
        """What was handed to the compiler, which keeps it."""
        self.refused: dict[Any, Error] = {}

    def script_innermost(self, frames: list[FrameType]) -> bool:
        """Compile the innermost function of these frames that can be."""
        return any(self._script(t) for t in self._targets(frames))

    def _targets(self, frames: list[FrameType]) -> Iterator[Any]:
        inside = set(self.module.modules()) if self.module is not None else set()
        for frame in frames:
            code = frame.f_code
            if code.co_name in _WITHIN or code.co_name == "<module>":
                continue
            first = (
                frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
            )
            if isinstance(first, Module) and first in inside:
                yield first
            else:
                yield from (f for f in _functions_of(frame) if f not in self.copies)

    def _script(self, target: Any) -> bool:
        if target in self.refused or target in self.functions or target in self.modules:
            return target not in self.refused
        try:
            if target is self.module:
                self.root = script(target)
            elif isinstance(target, Module):
                self.modules[target] = script(target)
            else:
                self.codes[target] = target.__code__
                copy = _copy(target)
                self.copies.add(copy)
                self.functions[target] = script(copy)
        except Error as error:
            self.refused[target] = error
            return False
        return True

    def refuse(self, target: FunctionType, error: Error) -> None:
        """Compile a function no more."""
        del self.functions[target]
        self.refused[target] = error

    def failure(self, bakes: Bakes, left: Diagnostic) -> TracingError:
        """The error for decisions that no compiled function can take."""
        reasons = [
            f"`{getattr(t, '__qualname__', type(t).__name__)}` cannot be compiled: {e}"
            for t, e in self.refused.items()
        ]
        notes = tuple(reasons) or ("no function around it can be compiled",)
        first = Diagnostic(
            left.code,
            left.headline,
            left.span,
            left.label,
            left.labels,
            notes,
            left.help,
        )
        return TracingError([first, *(d for d in bakes.found if d is not left)])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let calls go to what was compiled."""
        with ExitStack() as stack:
            for module, compiled in self.modules.items():
                stack.enter_context(_module_in_place(self.module, module, compiled))
            for target, compiled in self.functions.items():
                stack.enter_context(self._redirected(target, compiled))
            yield

    @contextmanager
    def _redirected(self, target: FunctionType, compiled: Any) -> Iterator[None]:
        def enter(*args: Any, **kwargs: Any) -> Any:
            with self._as_written():
                try:
                    return compiled(*args, **kwargs)
                except Error as error:
                    raise _CannotScriptError(target, error) from None

        target.__code__ = _code_that_calls(enter, self.codes[target])
        try:
            yield
        finally:
            target.__code__ = self.codes[target]

    @contextmanager
    def _as_written(self) -> Iterator[None]:
        """The functions with their own code, for the compiler, which reads the source."""
        now = {f: f.__code__ for f in self.functions}
        for function in self.functions:
            function.__code__ = self.codes[function]
        try:
            yield
        finally:
            for function, code in now.items():
                function.__code__ = code


def _functions_of(frame: FrameType) -> list[FunctionType]:
    """The functions that run the code of a frame."""
    code = frame.f_code
    found: Any = frame.f_globals
    for name in code.co_qualname.split("."):
        found = found.get(name) if isinstance(found, dict) else vars(found).get(name)
        if not isinstance(found, type):
            break
    found = getattr(found, "__func__", found)  # of a static or class method
    if isinstance(found, FunctionType) and found.__code__ is code:
        return [found]
    # it has no name, or another by now: all objects of the process are looked at
    all_ = gc.get_referrers(code)
    return [f for f in all_ if isinstance(f, FunctionType) and f.__code__ is code]


def _copy(function: FunctionType) -> FunctionType:
    """A function of the same code, which it keeps."""
    copy = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__annotations__ = function.__annotations__
    copy.__qualname__, copy.__module__ = function.__qualname__, function.__module__
    return copy


def _code_that_calls(enter: Callable[..., Any], like: CodeType) -> CodeType:
    """Code that passes all arguments on; it fits a function with code `like`."""
    # as many free variables as the function has are mentioned and not used
    names = [f"free_{i}" for i in range(len(like.co_freevars))]
    source = (
        f"def make({', '.join(names)}):\n"
        "    def call(*args, **kwargs):\n"
        f"        if 0: {', '.join(names) or 'pass'}\n"
        "        enter = 0.5\n"
        "        return enter(*args, **kwargs)\n"
        "    return call\n"
    )
    made = compile(source, "<redirected>", "exec")
    scope: dict[str, Any] = {}
    exec(made, scope)
    code: CodeType = scope["make"](*names).__code__
    constants = tuple(enter if c == 0.5 else c for c in code.co_consts)
    return code.replace(co_consts=constants)


@contextmanager
def _module_in_place(
    root: Module | None, module: Module, compiled: ScriptModule
) -> Iterator[None]:
    """Let a compiled module stand wherever a submodule stands."""
    assert root is not None
    stores = [m._modules for m in root.modules() if not isinstance(m, ScriptModule)]
    places = [(s, n) for s in stores for n, child in s.items() if child is module]
    for store, name in places:
        store[name] = compiled
    try:
        yield
    finally:
        for store, name in places:
            store[name] = module
