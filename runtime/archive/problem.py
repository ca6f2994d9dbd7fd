"""How the archive modules say what is wrong with a file."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from jit.ir.diagnostic import ArchiveError, Diagnostic

FOREIGN = "E0801"
TRUNCATED = "E0802"
ALTERED = "E0803"
NEWER = "E0804"
OVERSIZED = "E0805"
MALFORMED = "E0806"
BAD_PROGRAM = "E0807"
BAD_STATE = "E0808"
UNSAVABLE = "E0809"
REFUSED = "E0810"

COPY_AGAIN = "copy the file again from where it is whole, or save the model again"


def fail(code: str, headline: str, *notes: str, help: str = "") -> NoReturn:
    """Raise the ArchiveError of a problem."""
    raise ArchiveError(Diagnostic(code, headline, notes=notes, help=help))


def named(error: ArchiveError, name: str) -> ArchiveError:
    """The same error, saying which file it is about."""
    first, *rest = error.diagnostics
    notes = (f"in the file `{name}`", *first.notes)
    return ArchiveError((replace(first, notes=notes), *rest))
