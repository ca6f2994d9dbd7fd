"""Decisions that a trace would bake in: found, told with the user's line.

Each decision is a diagnostic of the E05 family. `on_bake="warn"` gives a
`TracerWarning` for each, `"error"` raises one `TracingError` that lists them all. With
`"guard"` the program checks each at every call, with `"compile"` the functions that
decide are scripted; both tell their lists to the logger `jit.tracing`.
"""

from __future__ import annotations

import dis
import functools
import itertools
import linecache
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from jit.ir.diagnostic import Diagnostic, TracerWarning, TracingError
from jit.ir.span import NOWHERE, Source, Span

ON_BAKE = ("warn", "error", "guard", "compile")
"""What can be asked for."""
_LOGGER = logging.getLogger("jit.tracing")
_STORE_SUBSCR = dis.opmap["STORE_SUBSCR"]
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_INSIDE = tuple(
    os.path.realpath(os.path.join(_PACKAGE, part)) + os.sep
    for part in ("", "ir", "passes", "runtime")
)


_RECORDING = os.path.join(_PACKAGE, "tracing", "recording.py")
_NUMPY = os.path.dirname(os.path.realpath(np.__file__)) + os.sep


def user_frame() -> FrameType | None:
    """The innermost frame of Python that is not TraceScript's own or NumPy's."""
    return next(user_frames(), None)


def user_frames(within: bool = False) -> Iterator[FrameType]:
    """The frames of Python that are not TraceScript's own or NumPy's, innermost first.

    `within` leaves out those that called for the trace.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if within and frame.f_code.co_filename == _RECORDING:
            return
        if not _is_library(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back


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


def _warn(diagnostic: Diagnostic) -> None:
    span = diagnostic.span or NOWHERE
    warnings.warn_explicit(
        TracerWarning(diagnostic.render()), None, span.source.file, span.line
    )


class Bakes:
    """The decisions of one trace."""

    def __init__(self, mode: str, quiet: bool = False) -> None:
        self.mode = mode
        """One of ON_BAKE."""
        self.is_quiet = quiet
        """Whether a second trace is taken, to compare: nothing is told."""
        self.found: list[Diagnostic] = []
        self.places: list[list[FrameType]] = []
        """For each decision the user's frames, innermost first; for `"compile"` only."""
        self.fatal: TracingError | None = None
        """What ended the trace, in case that NumPy makes another exception of it."""
        self._unchecked: list[Diagnostic] = []
        """Decisions that no check in the program can watch over."""

    def _report(self, diagnostic: Diagnostic) -> None:
        if self.is_quiet or diagnostic in self.found:
            return
        self.found.append(diagnostic)
        if self.mode == "compile":
            self.places.append(list(user_frames(within=True)))
        elif self.mode == "guard":
            _LOGGER.info("checked at each call: %s", diagnostic.render())
        elif self.mode == "warn":
            _warn(diagnostic)

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
                f"a traced value becomes the plain {_kind(concrete)} {concrete!r} by {how}",
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

    def attribute(self, owner: str, name: str, content: Any) -> None:
        """`forward` assigned an attribute that is neither parameter nor buffer."""
        diagnostic = Diagnostic(
            "E0510",
            f"`forward` assigns the attribute `{name}` of `{owner}`, which is"
            f" {_short(content)} now",
            notes=("the trace leaves it as it was, and keeps what was read of it",),
            severity=self._severity,
            help="register it as a buffer, which a trace assigns too, or script the"
            " module",
        )
        self._unchecked.append(diagnostic)
        self._report(diagnostic)

    def kept(self, shape: tuple[int, ...]) -> None:
        """A tensor that requires gradients, no part of what is traced, is a constant."""
        diagnostic = Diagnostic(
            "E0511",
            f"a Tensor of sizes {shape} that requires gradients is kept as a constant",
            span_of_frame(user_frame()),
            "calls of the trace give it no gradient, and do not see it change",
            severity=self._severity,
            help="trace the module that it belongs to, pass it as an argument, or take"
            " its `.detach()`",
        )
        if self.mode == "error":
            self._report(diagnostic)
        elif not self.is_quiet:  # it can neither be checked nor compiled
            _warn(diagnostic)

    def flag(self, name: str, content: bool) -> None:
        """Python asked for a flag of a tensor that no operator tells."""
        diagnostic = Diagnostic(
            "E0501",
            f"Python goes by `{name}` of a traced tensor, which is {content} now",
            span_of_frame(user_frame()),
            "the trace keeps this one path",
            severity=self._severity,
            help="put the code into a function with `@jit.script`",
        )
        self._unchecked.append(diagnostic)
        self._report(diagnostic)

    def written(self) -> NoReturn:
        """A tensor is changed in place that is neither an input nor of the module."""
        raise TracingError(
            Diagnostic(
                "E0509",
                "a tensor from outside of the traced function is changed in place",
                span_of_frame(user_frame()),
                "the trace holds a constant copy of it, which must not change",
                help="pass the tensor in, or make it a buffer of a module",
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
        return "warning" if self.mode == "warn" else "error"

    def finish(self) -> None:
        """Raise what was found if that is asked for, or cannot be met otherwise."""
        if self.is_quiet:
            return
        if self.mode == "error" and self.found:
            raise TracingError(self.found)
        if self.mode in ("guard", "compile") and self._unchecked:
            raise TracingError(self._unchecked)


def _kind(concrete: Any) -> str:
    return "text" if isinstance(concrete, str) else "number"


def _short(content: Any) -> str:
    text = f"a {type(content).__name__}"
    if isinstance(content, bool | int | float | str):
        text = repr(content)
    return text if len(text) <= 40 else f"{text[:37]}..."
