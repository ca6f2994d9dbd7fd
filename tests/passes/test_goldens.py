"""Graphs before and after each pass, from `tests/golden/passes`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "golden" / "passes"


CASE = re.compile(
    r"^\[case ([^\n]*)\]\n\[graph\]\n(.*?)\[after (\w+)\]\n(.*?\n)\n*(?=\[case|\Z)",
    re.M | re.S,
)


def cases() -> list[tuple[str, ...]]:
    """Title, text before, pass, text after."""
    found = []
    for path in sorted(FOLDER.glob("*.test")):
        text = path.read_text()
        matches = CASE.findall(text)
        assert text.count("[case ") == len(matches), f"{path.name} is malformed"
        found += matches
    return found


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [pytest.param(*case[1:], id=f"{case[2]}: {case[0]}") for case in cases()],
)
def test_a_pass_turns_one_graph_into_the_other(check, before, name, after):
    check(name, before, after)
