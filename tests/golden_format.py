"""The format of `.test` files: cases of Python source and what becomes of it.

    [case a value used after `if` becomes an output]
    def f(c: bool, x):
        ...
    [graph]
    graph(%c : bool, ...
    [run] f(True, 2) == 3

    [case a name that one path lacks]
    def f(c: bool):
        if c:
            y = 1
        return y  # error E0201: `y` is not defined when the condition is false

Sections are `[graph]`, `[code]`, `[schema]`, and `[run] expression`, which must be true.
Cases about passes have no source: `[graph]` is what `[after cse]` is made of.
The function of a case is the last one that its source defines. A case whose source
says `# error` has no sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

CASE = re.compile(r"^\[case (.*)\]$")
SECTION = re.compile(r"^\[(graph|code|schema|run|after \w+)\](?: (.*))?$")
ERROR = re.compile(r"#\s*error (E\d{4})(?::\s*(.*))?$")


@dataclass(frozen=True)
class Section:
    """One expectation about a case."""

    kind: str
    argument: str
    """What follows the bracket: the expression of a run."""
    text: str = ""


@dataclass(frozen=True)
class Case:
    """One source with its expectations."""

    path: Path
    title: str
    source: str
    sections: tuple[Section, ...] = field(default=())

    @property
    def errors(self) -> list[tuple[int, str, str]]:
        """Line, code and headline of the errors that the source announces."""
        found = []
        for number, line in enumerate(self.source.split("\n"), 1):
            match = ERROR.search(line)
            if match:
                found.append((number, match[1], match[2] or ""))
        return found


def read_cases(path: Path) -> list[Case]:
    """The cases of a file, in order."""
    cases: list[Case] = []
    lines: list[str] = []
    sections: list[Section] = []
    title = None
    for line in [*path.read_text(encoding="utf-8").split("\n"), "[case end]"]:
        start = CASE.match(line)
        if start:
            if title is not None:
                cases.append(_case(path, title, lines, sections))
            title, lines, sections = start[1], [], []
            continue
        section = SECTION.match(line)
        if section:
            sections.append(Section(section[1], section[2] or ""))
        elif sections:
            last = sections[-1]
            sections[-1] = replace(last, text=f"{last.text}{line}\n")
        else:
            lines.append(line)
    return cases


def _case(path: Path, title: str, lines: list[str], sections: list[Section]) -> Case:
    trimmed = tuple(replace(s, text=s.text.strip("\n")) for s in sections)
    return Case(path, title, "\n".join(lines).strip("\n") + "\n", trimmed)


def write_cases(path: Path, cases: list[Case]) -> None:
    """Write cases in the form in which they are read."""
    parts = []
    for case in cases:
        lines = [f"[case {case.title}]"]
        if case.source.strip():
            lines.append(case.source.rstrip("\n"))
        for s in case.sections:
            lines.append(f"[{s.kind}]{' ' if s.argument else ''}{s.argument}")
            if s.text:
                lines.append(s.text)
        parts.append("\n".join(lines))
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def update_section(case: Case, kind: str, text: str) -> None:
    """Rewrite one section of a case in its file."""
    cases = []
    for other in read_cases(case.path):
        if other.title == case.title:
            sections = tuple(
                replace(s, text=text) if s.kind == kind else s for s in other.sections
            )
            other = replace(other, sections=sections)
        cases.append(other)
    write_cases(case.path, cases)


def all_cases(folder: Path) -> Iterator[Case]:
    """The cases of all files of a folder."""
    for path in sorted(folder.glob("*.test")):
        yield from read_cases(path)
