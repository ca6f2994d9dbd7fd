"""Decisions that a trace would bake in: found, told with the user's line.

Each decision is a diagnostic of the E05 family. `on_bake="warn"` gives a
`TracerWarning` for each, `"error"` raises one `TracingError` that lists them all.
"""

from __future__ import annotations

import dis
import functools
import itertools
import linecache
import os
import sys
import warnings
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from jit.ir.diagnostic import Diagnostic, TracerWarning, TracingError
from jit.ir.span import NOWHERE, Source, Span

_STORE_SUBSCR = dis.opmap["STORE_SUBSCR"]
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_INSIDE = tuple(
    os.path.realpath(os.path.join(_PACKAGE, part)) + os.sep
    for part in ("", "ir", "passes", "runtime")
)


_NUMPY = os.path.dirname(os.path.realpath(np.__file__)) + os.sep


def user_frame() -> FrameType | None:
    """The innermost frame of Python that is not TraceScript's own or NumPy's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not _is_library(frame.f_code.co_filename):
            return frame
        frame = frame.f_back
    return None


@functools.cache
def _is_library(file: str) -> bool:
    return os.path.realpath(file).startswith((*_INSIDE, _NUMPY))


def span_of_frame(frame: FrameType | None) -> Span:
    """The expression that a frame is evaluating."""
    if frame is None:
        return NOWHERE
    code = frame.f_code
    positions = next(
        itertools.islice(code.co_positions(), frame.f_lasti // 2, None),
        (frame.f_lineno, None, None, None),
    )
    line, end_line, column, end_column = positions
    line = line or frame.f_lineno
    source = source_line(code.co_filename, line)
    text = source.line(line) or ""
    start = _character(text, column or 0)
    if end_line != line or end_column is None:
        end = len(text.rstrip())
    else:
        end = _character(text, end_column)
    return Span(source, line, start, line, end, code.co_name)


def _is_storing(frame: FrameType | None) -> bool:
    """Whether a frame executes `x[i] = value`, when NumPy asks for a plain number."""
    if frame is None:
        return False
    return frame.f_code.co_code[frame.f_lasti] == _STORE_SUBSCR


def _character(text: str, byte: int) -> int:
    """Columns of code objects count bytes of UTF-8, spans count characters."""
    return len(text.encode()[:byte].decode(errors="replace"))


def source_line(file: str, line: int) -> Source:
    """One line of a file, as a source of spans; no line where none is known."""
    text = linecache.getline(file, line).rstrip("\n")
    return Source(file, text, line) if text else Source(file, "", line + 1)


class Bakes:
    """The decisions of one trace."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.found: list[Diagnostic] = []
        self.fatal: TracingError | None = None
        """What ended the trace, in case that NumPy makes another exception of it."""

    def _report(self, diagnostic: Diagnostic) -> None:
        if diagnostic in self.found:
            return
        self.found.append(diagnostic)
        if self.mode == "warn":
            span = diagnostic.span or NOWHERE
            warnings.warn_explicit(
                TracerWarning(diagnostic.render()), None, span.source.file, span.line
            )

    def branch(self, taken: Any) -> None:
        """Python asked whether a traced value is true."""
        self._report(
            Diagnostic(
                "E0501",
                f"Python takes a decision on a traced value, which is {bool(taken)} now",
                span_of_frame(user_frame()),
                "the trace keeps this one path",
                severity=self._severity,
                help="put the `if` or `while` into a function with `@jit.script`, or"
                " choose with `torch.where`",
            )
        )

    def number(self, how: str, concrete: Any) -> None:
        """Python made a plain number of a traced value."""
        concrete = concrete.item() if isinstance(concrete, np.generic) else concrete
        if _is_storing(user_frame()):
            self.stored()
        self._report(
            Diagnostic(
                "E0502",
                f"a traced value becomes the plain number {concrete!r} by {how}",
                span_of_frame(user_frame()),
                "the trace keeps this number",
                severity=self._severity,
                help="let sizes stay as they are (`x.shape[0] * 2`, `x.view(n, -1)`), or"
                " put the code into a function with `@jit.script`",
            )
        )

    def escape(self, how: str) -> None:
        """The elements of a traced tensor leave the trace."""
        self._report(
            Diagnostic(
                "E0503",
                f"a traced tensor leaves the trace by {how}",
                span_of_frame(user_frame()),
                "what Python computes from it becomes a constant",
                severity=self._severity,
                help="stay with torch functions inside of a traced function",
            )
        )

    def stored(self) -> NoReturn:
        """A traced array is stored in a plain one; nothing could follow it there."""
        self.fatal = TracingError(
            Diagnostic(
                "E0503",
                "a traced array is stored in a plain NumPy array",
                span_of_frame(user_frame()),
                "the trace cannot see what becomes of it",
                help="build the result from traced arrays: `np.stack`,"
                " `np.concatenate`, `np.where`",
            )
        )
        raise self.fatal

    def unsupported(self, what: str) -> NoReturn:
        """A NumPy call that no operator stands for."""
        raise TracingError(
            Diagnostic(
                "E0505",
                f"`{what}` cannot be traced",
                span_of_frame(user_frame()),
                "there is no operator for this call",
                help="use another NumPy function, or compute it outside and pass it in",
            )
        )

    @property
    def _severity(self) -> str:
        return "error" if self.mode == "error" else "warning"

    def finish(self) -> None:
        """Raise what was found if that is asked for."""
        if self.mode == "error" and self.found:
            raise TracingError(self.found)
