"""The names that a function sees outside of itself: closure, globals, builtins."""

from __future__ import annotations

import builtins
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

_class_of: weakref.WeakKeyDictionary[FunctionType, weakref.ref[type]] = (
    weakref.WeakKeyDictionary()
)


def undecorated(fn: FunctionType) -> FunctionType:
    """The function inside of `@torch.no_grad()`, whose body is compiled."""
    return _peeled(fn)[0]


def recording_of(fn: FunctionType) -> bool | None:
    """Whether gradients are recorded in a function, if its decorators say it."""
    return _peeled(fn)[1]


def _peeled(fn: Any) -> tuple[FunctionType, bool | None]:
    mode = None
    while (found := getattr(fn, "_jit_grad_mode", None)) and found[0] is fn:
        fn, mode = fn.__wrapped__, found[1]
    return fn, mode


def remember_class(fn: FunctionType, cls: type) -> None:
    """Let a method know its class by name, wherever that is bound."""
    fn = undecorated(fn)
    if fn.__qualname__ == f"{cls.__qualname__}.{fn.__name__}":
        _class_of[fn] = weakref.ref(cls)


@dataclass(frozen=True, slots=True)
class Scope:
    """Names by where Python would look for them, nearest first."""

    closure: Mapping[str, Any]
    globals: Mapping[str, Any]
    itself: FunctionType | None = None
    """The function; its decorators run before its name is bound."""

    @staticmethod
    def of(fn: FunctionType) -> Scope:
        """The scope of a function."""
        fn = undecorated(fn)
        closure: dict[str, Any] = {}
        for name, cell in zip(
            fn.__code__.co_freevars, fn.__closure__ or (), strict=True
        ):
            try:
                closure[name] = cell.cell_contents
            except ValueError:
                continue  # not assigned yet
        return Scope(closure, fn.__globals__, fn)

    @staticmethod
    def empty() -> Scope:
        return Scope({}, {})

    def find(self, name: str) -> tuple[Any] | None:
        """The object of a name in a one-element tuple; None if there is none."""
        if name in self.closure:
            return (self.closure[name],)
        if self._is_own(name):
            return (self.itself,)
        fn: Any = self.itself
        found = _class_of.get(fn) if fn is not None else None
        cls = found() if found is not None else None
        if cls is not None and name == cls.__name__ and name not in self.globals:
            return (cls,)  # not bound yet, or inside of a function
        for names in (self.globals, vars(builtins)):
            if name in names:
                return (names[name],)
        return None

    def _is_own(self, name: str) -> bool:
        """Whether a name will be bound to the function once its decorators have run.

        Until then it may be bound to nothing, or to what an earlier run of the same
        cell of a notebook left.
        """
        fn = self.itself
        if fn is None or name != fn.__name__:
            return False
        return fn.__qualname__ == name or name in fn.__code__.co_freevars

    def names(self) -> Iterator[str]:
        """All names in sight."""
        yield from self.closure
        yield from self.globals
        yield from vars(builtins)
