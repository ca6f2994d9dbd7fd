"""What ends a command: a mistake of the person at the keyboard, or a failed run."""

from __future__ import annotations

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: done; the program raised; wrong use or file; Ctrl-C."""


class UsageError(Exception):
    """Wrong arguments or a wrong file; the message is one line."""


class RunError(Exception):
    """The program itself raised an exception, which is `__cause__`."""


def printable(text: str) -> str:
    """Text that cannot move the cursor: names in a file may hold anything."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text
    )
