"""The names that a function sees outside of itself: closure, globals, builtins."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any


@dataclass(frozen=True, slots=True)
class Scope:
    """Names by where Python would look for them, nearest first."""

    closure: Mapping[str, Any]
    globals: Mapping[str, Any]

    @staticmethod
    def of(fn: FunctionType) -> Scope:
        """The scope of a function."""
        closure = {}
        for name, cell in zip(
            fn.__code__.co_freevars, fn.__closure__ or (), strict=True
        ):
            try:
                closure[name] = cell.cell_contents
            except ValueError:
                continue  # not assigned yet
        return Scope(closure, fn.__globals__)

    @staticmethod
    def empty() -> Scope:
        return Scope({}, {})

    def find(self, name: str) -> tuple[Any] | None:
        """The object of a name in a one-element tuple; None if there is none."""
        for names in (self.closure, self.globals, vars(builtins)):
            if name in names:
                return (names[name],)
        return None

    def names(self) -> Iterator[str]:
        """All names in sight."""
        yield from self.closure
        yield from self.globals
        yield from vars(builtins)
