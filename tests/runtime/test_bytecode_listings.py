"""Bytecode as text: graphs of `tests/golden/bytecode` and what they are assembled to."""

from __future__ import annotations

from pathlib import Path

import pytest

import jit.runtime.ops  # noqa: F401  declares the cards
from jit.ir.parser import parse_graph
from jit.ir.span import Source
from jit.runtime import bytecode

GOLDENS = Path(__file__).parent.parent / "golden" / "bytecode"


def read_cases(path: Path) -> list[tuple[str, str, str]]:
    """Title, graph and listing of each case of a file."""
    cases = []
    for part in path.read_text().split("[case ")[1:]:
        title, _, rest = part.partition("]\n")
        graph, _, listing = rest.partition("[bytecode]\n")
        cases.append((title, graph, listing.strip()))
    return cases


def write_cases(path: Path, cases: list[tuple[str, str, str]]) -> None:
    texts = [f"[case {t}]\n{g}[bytecode]\n{listing}\n" for t, g, listing in cases]
    path.write_text("\n".join(texts))


ALL = [
    (path, case) for path in sorted(GOLDENS.glob("*.test")) for case in read_cases(path)
]


@pytest.mark.parametrize(
    ("path", "case"), ALL, ids=[f"{p.stem}: {c[0]}" for p, c in ALL]
)
def test_a_graph_is_assembled_as_the_listing_says(path, case, request):
    title, text, expected = case
    actual = bytecode.disassemble(bytecode.assemble(parse_graph(text), "f"))
    if request.config.getoption("--update-goldens", default=False):
        cases = [
            (t, g, actual if t == title else listing)
            for t, g, listing in read_cases(path)
        ]
        write_cases(path, cases)
        return

    assert expected == actual


def test_a_listing_shows_the_source_line_once():
    source = Source("m.py", "def f(x):\n    return x + 1 + x\n")
    graph = parse_graph(
        """graph(%x : int):
  %one : int = prim::Constant[value=1]()
  %a : int = aten::add(%x, %one) # m.py:2:11
  %b : int = aten::add(%a, %x) # m.py:2:11
  return (%b)
""",
        sources={"m.py": source},
    )

    listing = bytecode.disassemble(bytecode.assemble(graph))

    assert 1 == listing.count("# m.py:2: return x + 1 + x")
