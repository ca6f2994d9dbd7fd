"""Where something was written: source files and spans of them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Source:
    """Text that spans point into.

    Lines are numbered as in the file the user sees: `first_line` is the number of
    the first line of `text`.
    """

    file: str
    """The name shown to people: a path, or `<cell 3>`."""
    text: str = field(repr=False, default="")
    first_line: int = 1

    def line(self, number: int) -> str | None:
        """The text of one line, without its end; None outside of the text."""
        lines = self.text.split("\n")
        index = number - self.first_line
        return lines[index] if 0 <= index < len(lines) else None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of source: lines from 1, columns from 0, the end exclusive.

    Printed form: `model.py:12:8`.
    """

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int
    function: str = ""
    """Name of the function it lies in, for stacks."""

    def __str__(self) -> str:
        return f"{self.source.file}:{self.line}:{self.column}"

    def to(self, end: Span) -> Span:
        """The span from the start of this one to the end of another."""
        return Span(
            self.source,
            self.line,
            self.column,
            end.end_line,
            end.end_column,
            self.function,
        )

    @property
    def text(self) -> str:
        """The source line it starts in, stripped; empty if the text is unknown."""
        return (self.source.line(self.line) or "").strip()


NOWHERE = Span(Source("<none>"), 0, 0, 0, 0)
"""The span of nodes that were written by nobody, in graphs built by hand."""
