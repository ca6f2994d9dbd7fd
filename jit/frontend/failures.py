"""The one way in which the front end refuses: `raise fail(span, code, headline)`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from jit.ir.diagnostic import CompileError, Diagnostic, Error, Label
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


@contextmanager
def reporting(obj: Any) -> Iterator[None]:
    """Whatever goes wrong inside is an error with a code."""
    try:
        yield
    except Error:
        raise
    except RecursionError as error:
        raise CompileError(
            Diagnostic(
                "E0107",
                "the source is nested too deeply to be compiled",
                help="split the expression or function into several",
            )
        ) from error
    except Exception as error:
        shown = getattr(obj, "__qualname__", type(obj).__name__)
        raise CompileError(
            Diagnostic(
                "E0199",
                f"the compiler failed on `{shown}`: {type(error).__name__}: {error}",
                notes=("this is a mistake of the compiler, not of the source",),
                help="report it together with the source of the function",
            )
        ) from error
