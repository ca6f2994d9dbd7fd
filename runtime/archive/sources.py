"""The member `sources.json`: the lines that run-time errors show.

Only lines in which a span of the program starts are kept, not the files:

    {"model.py": [[12, "    return x + y"], [13, …]]}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jit.ir.graph import Graph
from jit.ir.program import Program
from jit.ir.span import Source, Span
from jit.runtime.archive.container import StoredMember
from jit.runtime.archive.problem import MALFORMED, OVERSIZED, fail
from jit.runtime.archive.strict_json import read_json, write_json

MEMBER = "sources.json"
MAX_BYTES = 256 << 20
MAX_LINES = 1_000_000
"""Between the first and the last line of one file."""


def write_sources(program: Program) -> bytes:
    """The lines that the spans of a program start in, by file."""
    lines: dict[str, dict[int, str | None]] = {}
    for graph in program.graphs():
        for span in _spans(graph):
            text = span.source.line(span.line)
            if text is None:
                continue
            known = lines.setdefault(span.source.file, {})
            # two texts with one name: the line is then unknown, rather than wrong
            known[span.line] = text if known.get(span.line, text) == text else None
    return write_json(
        {
            file: [[n, text] for n, text in sorted(found.items()) if text is not None]
            for file, found in sorted(lines.items())
        }
    )


def _spans(graph: Graph) -> Iterator[Span]:
    for node in graph.all_nodes:
        yield node.span
        yield from node.stack
        for value in node.attributes.values():
            if isinstance(value, Graph):
                yield from _spans(value)


def read_sources(member: StoredMember) -> dict[str, Source]:
    """Sources by file name, for the parser; empty lines stand where none was kept."""
    content = read_json(member.data, MEMBER, limit=MAX_BYTES)
    if not isinstance(content, dict):
        _bad()
    return {file: _source(file, entries) for file, entries in content.items()}


def _source(file: str, entries: Any) -> Source:
    if not isinstance(entries, list) or not entries:
        return _bad() if entries != [] else Source(file)
    lines: dict[int, str] = {}
    for entry in entries:
        match entry:
            case [int(number), str(text)] if number >= 0 and "\n" not in text:
                lines[number] = text
            case _:
                _bad()
    first, last = min(lines), max(lines)
    if last - first >= MAX_LINES:
        fail(OVERSIZED, f"`{MEMBER}` spreads over more than {MAX_LINES} lines")
    text = "\n".join(lines.get(n, "") for n in range(first, last + 1))
    return Source(file, text, first)


def _bad() -> Any:
    fail(MALFORMED, f"`{MEMBER}` is not one that TraceScript writes")
