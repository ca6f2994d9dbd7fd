"""What is read may be called as well: `node.kind` and `node.kind()` are the same.

Programs that walk graphs of TorchScript call what here are plain attributes, `nodes()`,
`kind()`, `inputs()`, `outputs()`, `blocks()` and `type()`; so each of these values can be
called, and gives itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

E = TypeVar("E")


class Word(str):
    """A name that gives itself when it is called."""

    __slots__ = ()

    def __call__(self) -> str:
        return self


def word(text: str) -> Word:
    """The one Word of a text, whose hash is known once it was looked up."""
    found = _words.get(text)
    if found is None:
        found = _words[text] = Word(text)
    return found


_words: dict[str, Word] = {}


class Members(list[E]):
    """A list that gives itself when it is called."""

    __slots__ = ()

    def __call__(self) -> Members[E]:
        return self


class Walk(Generic[E]):
    """An iterator that gives itself when it is called."""

    __slots__ = ("_steps",)

    def __init__(self, steps: Iterator[E]) -> None:
        self._steps = steps

    def __iter__(self) -> Iterator[E]:
        return self._steps

    def __next__(self) -> E:
        return next(self._steps)

    def __call__(self) -> Walk[E]:
        return self
