"""Programs that must be refused: each with its code, its line, and words of the message.

A comment `# E0301: cannot add` stands at the line that is to be shown. Where the mistake
is in a callee, the mark stands there.
"""

from __future__ import annotations

import inspect
import re
import types
from pathlib import Path

import pytest

from jit import torch
from jit.ir.diagnostic import CompileError, Diagnostic
from tests.language import results
from tests.language.corpus import Program
from tests.language.running import made, quiet
from tests.language.topics import (
    load_topic,
    refused_names,
    source_of,
    topic_names,
)

MARK = re.compile(r"# (E0\d{3}): (.+)$")

RECORDED = results.read_record()["refused"]

TOPICS = topic_names("refused")
NAMES = refused_names()

TAKEN_BY_TORCH: dict[str, str] = {
    "a_layout_is_returned": "it gives a number in its place",
    "a_metaclass": "it does not look at the metaclass",
    "len_of_an_int": "it fails at every call",
    "len_of_an_optional": "it fails at a call with None",
    "sum_of_an_int": "it fails at every call",
}
"""Programs that torch takes, and why they are refused here."""


@pytest.fixture(scope="session")
def refusals(tmp_path_factory) -> dict[str, tuple[types.ModuleType, Program]]:
    """All programs that are to be refused, by topic and name."""
    folder: Path = tmp_path_factory.mktemp("refused")
    found = {}
    for topic in TOPICS:
        module, programs = load_topic(topic, folder, "refused")
        found |= {f"{topic}.{p.name}": (module, p) for p in programs}
    return found


def marks(topic: str) -> dict[int, tuple[str, str]]:
    """The codes and words that are expected, by line."""
    found = {}
    for number, line in enumerate(source_of(topic, "refused").split("\n"), 1):
        if mark := MARK.search(line):
            found[number] = mark.group(1), mark.group(2)
    return found


def diagnostics(program: Program) -> list[Diagnostic]:
    """What the compiler says of a program; it must say something."""
    with pytest.raises(CompileError) as error, quiet():
        # the graph: what depends on the types of arguments may wait until it is asked
        torch.jit.script(made(program, torch)).graph
    return list(error.value.diagnostics)


def said(d: Diagnostic) -> str:
    """All that a diagnostic says, without the line of source that it shows."""
    return "\n".join((d.headline, d.label, *d.notes, d.help))


@pytest.mark.parametrize("name", NAMES)
def test_refused_with_its_code_and_line(name: str, refusals) -> None:
    topic = name.partition(".")[0]
    _, program = refusals[name]
    expected = marks(topic)
    lines, first = inspect.getsourcelines(program.subject)
    own = {n for n in expected if first <= n < first + len(lines)}

    shown = set()
    for d in diagnostics(program):
        assert d.span is not None, f"no line: {said(d)}"
        assert d.span.line in expected, f"line {d.span.line}: {d.code} {said(d)}"
        code, words = expected[d.span.line]
        assert code == d.code, said(d)
        assert words in said(d)
        shown.add(d.span.line)
    assert own <= shown
    assert shown


def test_there_are_enough_programs_and_all_are_recorded(refusals) -> None:
    assert sorted(NAMES) == sorted(refusals)
    assert len(NAMES) >= 120
    assert {name.partition(".")[2] for name in NAMES} == set(RECORDED)


def test_torch_refuses_them_too() -> None:
    taken = {name for name, answer in RECORDED.items() if answer == "taken"}

    assert set(TAKEN_BY_TORCH) == taken
