"""Print or draw the graph of a function.

By default that of the entry point `forward`, as it was captured. --optimized shows what
runs: inlined, simplified, fused.
"""

from __future__ import annotations

import argparse
import sys

from jit.cli.failure import UsageError, printable
from jit.cli.models import find_function, read_archive
from jit.ir.graph import Graph


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a .trs archive")
    parser.add_argument(
        "--function", "-f", metavar="NAME", help="an entry point or a full name"
    )
    parser.add_argument("--optimized", action="store_true", help="the graph that runs")
    parser.add_argument(
        "--spans", action="store_true", help="show where each node comes from"
    )
    drawing = parser.add_mutually_exclusive_group()
    drawing.add_argument("--dot", metavar="FILE", help="write the drawing as DOT text")
    drawing.add_argument(
        "--svg", metavar="FILE", help="write the drawing; needs the program dot"
    )


def run(options: argparse.Namespace) -> None:
    from jit.ir.dot import to_dot
    from jit.ir.printer import format_graph

    archive = read_archive(options.model)
    graph = find_function(archive, options.function).graph
    if options.optimized:
        from jit.passes.pipeline import optimize

        graph = optimize(graph)
    if options.dot:
        with open(options.dot, "w", encoding="utf-8") as file:
            file.write(to_dot(graph))
    elif options.svg:
        _draw(graph, options.svg)
    else:
        sys.stdout.write(printable(format_graph(graph, spans=options.spans)))


def _draw(graph: Graph, path: str) -> None:
    from jit.ir.dot import render_svg

    drawn = render_svg(graph)
    if drawn is None:
        raise UsageError(
            "drawing needs the program `dot` of Graphviz (apt install graphviz, brew"
            " install graphviz); or write the text with --dot FILE"
        )
    with open(path, "w", encoding="utf-8") as file:
        file.write(drawn)
