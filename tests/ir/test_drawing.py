"""Drawings: DOT text always, pictures where Graphviz is installed."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from jit.ir import dot
from jit.ir.graph import Graph
from jit.ir.parser import parse_graph

GRAPH = """
graph(%x : Tensor, %c : bool):
  %label : str = prim::Constant[value="<&\\""]()
  %y : Tensor = prim::If(%c)
    block0():
      %z : Tensor = test::f[k=3](%x, %label)
      -> (%z)
    block1():
      -> (%x)
  %g : Tensor = prim::FusionGroup_0(%y)
  return (%g)
with prim::FusionGroup_0 = graph(%a : Tensor):
  return (%a)
"""


@pytest.fixture
def graph() -> Graph:
    return parse_graph(GRAPH, allow_unknown=True)


@pytest.fixture
def without_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    dot._warn_once.cache_clear()


@pytest.fixture
def with_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A `dot` that answers with its arguments and the text it was given."""
    if os.name != "posix":
        pytest.skip("the stand-in for `dot` is a script")
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "print('<?xml version=\"1.0\"?>')\n"
        "print('<svg>', *sys.argv[1:], sys.stdin.read().split()[0], '</svg>')\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))


def test_the_dot_text_of_a_graph() -> None:
    graph = parse_graph("""
graph(%x : Tensor, %c : bool):
  %two : int = prim::Constant[value=2]()
  %y : Tensor = prim::If(%c)
    block0():
      %z : Tensor = test::f[k=3](%x, %two)
      -> (%z)
    block1():
      -> (%x)
  return (%y)
""", allow_unknown=True)  # fmt: skip

    assert (
        "digraph {\n"
        '  node [shape=box, style="rounded,filled", fillcolor=white];\n'
        '  node [fontname="Helvetica", fontsize=11];\n'
        '  edge [fontname="Helvetica", fontsize=9];\n'
        '  n0 [label="%x : Tensor\\n%c : bool", fillcolor=lightgrey];\n'
        '  n1 [label="prim::If"];\n'
        "  subgraph cluster_1 {\n"
        '    label="prim::If block0";\n'
        '    n2 [label="test::f\\nk=3\\n1: 2"];\n'
        '    n3 [label="return", fillcolor=lightgrey];\n'
        "  }\n"
        "  subgraph cluster_2 {\n"
        '    label="prim::If block1";\n'
        '    n4 [label="return", fillcolor=lightgrey];\n'
        "  }\n"
        '  n5 [label="return", fillcolor=lightgrey];\n'
        '  n0 -> n1 [label="%c : bool"];\n'
        '  n0 -> n2 [label="%x : Tensor"];\n'
        '  n2 -> n3 [label="%z : Tensor"];\n'
        "  n1 -> n3 [style=dotted, arrowhead=none];\n"
        '  n0 -> n4 [label="%x : Tensor"];\n'
        "  n1 -> n4 [style=dotted, arrowhead=none];\n"
        '  n1 -> n5 [label="%y : Tensor"];\n'
        "}\n" == dot.to_dot(graph)
    )


def test_graphs_inside_of_nodes_are_clusters_and_labels_are_quoted(
    graph: Graph,
) -> None:
    text = dot.to_dot(graph)

    assert 'label="prim::FusionGroup Subgraph";' in text
    assert r"1: \"<&\\\"\"" in text


def test_a_dot_file_is_text(graph: Graph, without_dot: None, tmp_path: Path) -> None:
    path = graph.draw(str(tmp_path / "g.dot"))

    assert dot.to_dot(graph) == Path(path).read_text(encoding="utf-8")


def test_without_graphviz_a_drawing_is_written_as_text(
    graph: Graph, without_dot: None, tmp_path: Path
) -> None:
    with pytest.warns(RuntimeWarning, match="`dot` of Graphviz is not installed"):
        path = graph.draw(str(tmp_path / "g.svg"))
    again = graph.draw(str(tmp_path / "g.svg"))

    assert str(tmp_path / "g.dot") == path == again
    assert Path(path).read_text(encoding="utf-8").startswith("digraph {")


def test_without_graphviz_a_notebook_shows_the_escaped_text(
    graph: Graph, without_dot: None
) -> None:
    assert graph._repr_svg_() is None
    assert graph._repr_html_().startswith("<pre>graph(%x : Tensor,\n")
    assert "[value=&quot;&lt;&amp;\\&quot;&quot;]" in graph._repr_html_()


def test_with_graphviz_a_drawing_is_a_picture(
    graph: Graph, with_dot: None, tmp_path: Path
) -> None:
    path = graph.draw(str(tmp_path / "g.svg"))

    assert str(tmp_path / "g.svg") == path
    assert "<svg> -Kdot -Tsvg digraph </svg>" in Path(path).read_text()


def test_with_graphviz_a_notebook_shows_the_picture(
    graph: Graph, with_dot: None
) -> None:
    assert "<svg> -Kdot -Tsvg digraph </svg>\n" == graph._repr_svg_()
    assert graph._repr_svg_() == graph._repr_html_()


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_takes_the_text(graph: Graph) -> None:
    picture = dot.render_svg(graph)

    assert picture is not None
    assert picture.startswith("<svg")
    assert "prim::FusionGroup Subgraph" in picture


def test_an_unknown_kind_of_file_is_refused(graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"the suffix must be one of \.svg"):
        graph.draw(str(tmp_path / "g.jpeg"))

    assert [] == list(tmp_path.iterdir())
