"""Variables per block: what each name stands for here, and where it came from.

Each block has a Frame; a name is looked up from the inside to the outside and assigned
in the innermost. After a branch, the frame tells which names it assigned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jit.frontend.sugared import Emitted
from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.span import Span


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that has a value."""

    value: Emitted
    span: Span
    """Where it was assigned."""
    declared: T.Type | None = None
    """The type of its annotation, which later assignments must fit."""
    is_refinement: bool = False
    """Whether only the type changed: this is no assignment."""

    @property
    def type(self) -> T.Type | None:
        return self.value.type if isinstance(self.value, Value) else None


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that has no value here, at least on one path."""

    reason: str
    """Continues "`x` is not defined": "when the condition is false"."""
    span: Span
    """The construct that left it undefined."""
    is_refused: bool = False
    """Whether a statement that was refused would have assigned it."""


class Frame:
    """The names of one block."""

    def __init__(self, outer: Frame | None, *, is_scope: bool = False) -> None:
        self.outer = outer
        self.root: Frame = self if outer is None or is_scope else outer.root
        """The frame of the function or comprehension that this block belongs to."""
        self.names: dict[str, Variable | Missing] = {}
        self.facts: dict[str, tuple[T.Type, tuple[int, int]]] = {}
        """What is known of attributes and items, and since when: see `paths`."""
        self.is_closed = False
        """Whether control never reaches the end of the block: what follows is dead."""

    def find(self, name: str) -> Variable | Missing | None:
        """What a name stands for here; None if it is no variable at all."""
        frame: Frame | None = self
        while frame is not None:
            found = frame.names.get(name)
            if found is not None:
                return found
            frame = frame.outer
        return None

    def scopes(self) -> set[Frame]:
        """The function and the comprehensions around this block."""
        found = set()
        frame: Frame | None = self
        while frame is not None:
            found.add(frame.root)
            frame = frame.outer
        return found

    def assigned(self) -> list[str]:
        """The names that this block assigned, in order."""
        return [
            n
            for n, v in self.names.items()
            if not (isinstance(v, Variable) and v.is_refinement)
        ]

    def known_names(self) -> Iterator[str]:
        """Every name in sight."""
        frame: Frame | None = self
        while frame is not None:
            yield from frame.names
            frame = frame.outer
