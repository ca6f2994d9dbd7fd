"""The clauses of the language with the programs that show them: `clauses.md`, read.

## Loops
- while True – `statements.while_true_break`, `loops.while_true_until_break`
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parent / "clauses.md"

_NAME = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Clause:
    """One clause with its programs."""

    part: str
    """What TorchScript takes, or what is beyond it."""
    section: str
    text: str
    programs: tuple[str, ...]


def read_clauses() -> list[Clause]:
    """The clauses, in the order of the file."""
    part = section = ""
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "#":
            part = rest
        elif mark == "##":
            section = rest
        elif mark == "-":
            text, _, programs = rest.partition(" – ")
            found.append(Clause(part, section, text, tuple(_NAME.findall(programs))))
    return found
