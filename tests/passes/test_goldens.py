"""Graphs before and after each pass, from `tests/golden/passes`."""

from __future__ import annotations

from pathlib import Path

import pytest

from jit.ir.parser import parse_graph
from jit.passes import find_pass
from tests.golden_format import all_cases, update_section

FOLDER = Path(__file__).parent.parent / "golden" / "passes"
CASES = [
    (case, section)
    for case in all_cases(FOLDER)
    for section in case.sections
    if section.kind.startswith("after ")
]


@pytest.mark.parametrize(
    ("case", "section"),
    CASES,
    ids=[f"{section.kind[6:]}: {case.title}" for case, section in CASES],
)
def test_a_pass_turns_one_graph_into_the_other(check, updates_goldens, case, section):
    before = case.sections[0].text
    name = section.kind.removeprefix("after ")
    if updates_goldens:
        graph = parse_graph(before)
        find_pass(name)(graph)
        update_section(case, section.kind, str(graph).rstrip("\n"))
    else:
        check(name, before, f"{section.text}\n")


def test_each_file_is_about_one_pass():
    assert {(c.path.stem, s.kind) for c, s in CASES} == {
        (c.path.stem, f"after {c.path.stem}") for c, _ in CASES
    }
