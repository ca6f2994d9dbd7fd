"""The one way in which the front end refuses: `raise fail(span, code, headline)`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from jit.ir.diagnostic import CompileError, Diagnostic, Label
from jit.ir.span import Span
from jit.ir.types import Type


def fail(
    span: Span | None,
    code: str,
    headline: str,
    *,
    label: str = "",
    labels: Iterable[Label] = (),
    notes: Iterable[str] = (),
    help: str = "",
) -> CompileError:
    """The error for one place of the source. The caller raises it."""
    return CompileError(
        Diagnostic(
            code,
            headline,
            span,
            label=label,
            labels=tuple(labels),
            notes=tuple(notes),
            help=help,
        )
    )


def a_type(type: Type | None) -> str:
    """A type in the middle of a sentence: "an `int`", "a `Tensor`"."""
    text = str(type)
    return f"{'an' if text[0] in 'aeiouAEIO' else 'a'} `{text}`"


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Advice that names the nearest of some names, or nothing."""
    found = difflib.get_close_matches(name, list(candidates), 2, 0.6)
    if not found:
        return ""
    return "did you mean " + " or ".join(f"`{f}`" for f in found) + "?"
