"""`torch.compile`: a function or module compiled by `jit.script`, when it is called."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from jit.ir.diagnostic import CompileError
from jit.torch.nn import Module

BACKENDS = ("tracescript", "inductor", "eager")
"""`inductor` is torch's usual one, and means ours; `eager` compiles nothing."""
MODES = (
    "default",
    "reduce-overhead",
    "max-autotune",
    "max-autotune-no-cudagraphs",
)


class NotCompiledWarning(UserWarning):
    """A function or module runs as plain Python, for the reason told."""


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = "tracescript",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    name: str | None = None,
    disable: bool = False,
) -> Any:
    """A function or module that is compiled by `jit.script` when it is first called.

    What cannot be compiled raises the CompileError that says why and what to write
    instead, with `fullgraph=True`; otherwise it tells that as a NotCompiledWarning and
    runs as plain Python. Sizes may differ between calls, whatever `dynamic` says, and
    there is one `mode` of compiling. Without `model`, a decorator is returned.

    A compiled module shares parameters, buffers and `training` with the original.
    """
    if model is None:
        return functools.partial(
            compile,
            fullgraph=fullgraph,
            dynamic=dynamic,
            backend=backend,
            mode=mode,
            options=options,
            name=name,
            disable=disable,
        )
    _check(backend, mode, options)
    if not callable(model):
        raise RuntimeError(
            "torch.compile takes a function or a module, not a"
            f" `{type(model).__name__}`"
        )
    if disable or backend == "eager" or isinstance(model, type):
        return model
    if isinstance(model, Module):
        return CompiledModule(model, fullgraph)
    return CompiledFunction(model, fullgraph)


def _check(backend: Any, mode: str | None, options: dict[str, Any] | None) -> None:
    if not isinstance(backend, str):
        raise RuntimeError(
            "a backend that is a function gets graphs of torch.fx, which there are none"
            " of here; leave `backend` out"
        )
    if backend not in BACKENDS:
        raise RuntimeError(
            f"Invalid backend: {backend!r}, see `torch.compiler.list_backends()` for"
            f" available backends: {', '.join(BACKENDS)}"
        )
    if mode is not None and options is not None:
        raise RuntimeError(
            "Either mode or options can be specified, but both can't be specified at the"
            " same time."
        )
    if mode is not None and mode not in MODES:
        raise RuntimeError(
            f"Unrecognized mode={mode}, should be one of: {', '.join(MODES)}"
        )
    for option in options or {}:
        raise RuntimeError(f"Unexpected optimization option {option}, there are none")


class _Compiling:
    """Compiles one thing at its first call; if that is not possible, it stays Python."""

    def __init__(self, original: Callable[..., Any], fullgraph: bool) -> None:
        self._original = original
        self._fullgraph = fullgraph
        self.scripted: Any = None
        """What jit.script made; None before the first call, or where it could not."""
        self._stays_python = False

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        from jit import script

        if self._stays_python:
            return self._original(*args, **kwargs)
        try:
            if self.scripted is None:
                self.scripted = script(self._original)
            if isinstance(self._original, Module):
                self._follow()
            return self.scripted(*args, **kwargs)
        except CompileError as error:
            if self._fullgraph:
                raise
            self._stay_python(error)
        return self._original(*args, **kwargs)

    def _follow(self) -> None:
        """Have the compiled modules train, or not, as the original ones do."""
        for original, compiled in zip(
            self._original.modules(),  # type: ignore[attr-defined]
            self.scripted.modules(),
            strict=False,
        ):
            if original.training != compiled.training:
                compiled.training = original.training

    def _stay_python(self, error: CompileError) -> None:
        self._stays_python = True
        self.scripted = None
        what = getattr(self._original, "__qualname__", type(self._original).__name__)
        warnings.warn(
            f"`{what}` is not compiled and runs as plain Python:\n{error}",
            NotCompiledWarning,
            stacklevel=4,
        )


class CompiledFunction:
    """A function that torch.compile made."""

    def __init__(self, function: Callable[..., Any], fullgraph: bool) -> None:
        functools.update_wrapper(self, function)
        self._compiling = _Compiling(function, fullgraph)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._compiling.call(args, kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        return functools.partial(self, instance)

    @property
    def scripted(self) -> Any:
        """The ScriptFunction, once it was called; for `.graph` and `.explain`."""
        return self._compiling.scripted

    def __repr__(self) -> str:
        return f"<torch.compile of {self.__wrapped__!r}>"  # type: ignore[attr-defined]


class CompiledModule(Module):
    """A module that torch.compile made; everything but a call goes to the original."""

    def __init__(self, module: Module, fullgraph: bool) -> None:
        super().__init__()
        self._orig_mod = module
        object.__setattr__(self, "_compiling", _Compiling(module, fullgraph))
        object.__setattr__(self, "__signature__", inspect.signature(module.forward))
        self.train(module.training)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._compiling.call(args, kwargs)

    @property
    def scripted(self) -> Any:
        """The ScriptModule, once it was called; for `.graph` and `.explain`."""
        return self._compiling.scripted

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("_orig_mod"), name)
