"""The reference page of the IR says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from jit.ir.parser import parse_graph
from jit.ir.printer import format_graph
from jit.ir.structural import STRUCTURAL_KINDS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "ir.md"


def test_the_example_is_canonical_text(cards) -> None:
    text = PAGE.read_text(encoding="utf-8")
    (example,) = re.findall(r"```text\n(graph\(%.*?)```", text, re.S)

    assert example == format_graph(parse_graph(example))


def test_the_table_lists_all_structural_kinds() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rest = text.partition("## Structural")[2]
    listed = set(re.findall(r"prim::[A-Za-z_]+|aten::wait", rest))

    assert STRUCTURAL_KINDS == listed
