"""What the compiler tells people: a headline, their line, why, and what to write.

    error[E0301]: cannot add `Optional[int]` and `int`
      --> model.py:16:12
       |
    15 | def h(x: Optional[int]):
       |       - `x` may be None here
    16 |     return x + 1
       |            ^^^^^ `aten::add` has no overload for these types
       = help: write `if x is not None:` first

Codes: E01 source, E02 names, E03 types, E04 shapes, E05 tracing, E06 graph,
E07 run time, E08 archives. Every code has a page in `docs/errors/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jit.ir.span import Span


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that explains the first, `x` may be None here."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem, as data; rendered late."""

    code: str
    """Stable code, `E0301`."""
    headline: str
    """What is wrong, on its own; lower case, no full stop, names in backticks."""
    span: Span | None = None
    label: str = ""
    """Text behind the carets."""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    """What to write instead."""
    severity: str = "error"
    stack: tuple[Span, ...] = field(default=())
    """Places that led here, innermost first: who called what is being compiled."""

    def render(self) -> str:
        """The message as people see it."""
        lines = [f"{self.severity}[{self.code}]: {self.headline}"]
        labels = list(self.labels)
        if self.span is not None:
            labels.insert(0, Label(self.span, self.label))
            lines += _render_snippet(self.span, labels)
        for place in self.stack:
            lines.append(f"   = note: compiled because of the call at {place}:")
            if place.text:
                lines.append(f"           {place.text}")
        lines += [f"   = note: {note}" for note in self.notes]
        if self.help:
            lines.append(f"   = help: {self.help}")
        return "\n".join(lines)


def _render_snippet(primary: Span, labels: Sequence[Label]) -> list[str]:
    shown = [
        x
        for x in labels
        if x.span.source == primary.source
        and x.span.source.line(x.span.line) is not None
    ]
    elsewhere = [x for x in labels if x not in shown and x.span is not primary]
    width = max((len(str(x.span.line)) for x in shown), default=1)
    lines = [f"{' ' * width}--> {primary}"]
    if shown:
        lines.append(f"{' ' * width} |")
    previous = None
    for mark in sorted(shown, key=lambda x: (x.span.line, x.span.column)):
        span = mark.span
        text = (span.source.line(span.line) or "").rstrip()
        if span.line != previous:
            if previous is not None and span.line > previous + 1:
                lines.append(f"{' ' * width} …")
            lines.append(f"{span.line:>{width}} | {text}")
        previous = span.line
        end = span.end_column if span.end_line == span.line else len(text)
        sign = "^" if span == primary else "-"
        carets = sign * max(1, end - span.column)
        # the source may hold tabs: keep them, so that the carets stay below
        lead = "".join("\t" if c == "\t" else " " for c in text[: span.column])
        lines.append(f"{' ' * width} | {lead}{carets} {mark.text}".rstrip())
    lines += [f"{' ' * width} = {mark.span}: {mark.text}" for mark in elsewhere]
    return lines


class Error(RuntimeError):
    """Base of everything TraceScript raises about programs.

    It derives from RuntimeError, as `torch.jit.Error` does.
    `diagnostics` holds the problems as data, `code` the first one's code.
    """

    def __init__(self, diagnostics: Diagnostic | Sequence[Diagnostic]) -> None:
        if isinstance(diagnostics, Diagnostic):
            diagnostics = (diagnostics,)
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__(diagnostics)

    @property
    def code(self) -> str:
        return self.diagnostics[0].code

    def __str__(self) -> str:
        parts = [d.render() for d in self.diagnostics]
        if len(parts) > 1:
            parts.append(f"{len(parts)} errors")
        return "\n\n".join(parts)


class CompileError(Error):
    """Source that cannot be compiled (E01 to E04)."""


class TracingError(Error):
    """A trace that would not be the traced function (E05)."""


class GraphError(Error):
    """A graph or its text is not well formed (E06)."""


class ArchiveError(Error):
    """A file that is not a readable `.trs` archive (E08)."""


class ScriptWarning(UserWarning):
    """A script that does not do quite what Python does."""


class TracerWarning(UserWarning):
    """A trace keeps a decision that Python took; see E05 pages."""
