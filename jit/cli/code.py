"""Print a function as Python-like source."""

from __future__ import annotations

import argparse

from jit.cli.failure import printable
from jit.cli.models import find_function, read_archive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a .trs archive")
    parser.add_argument(
        "--function", "-f", metavar="NAME", help="an entry point or a full name"
    )


def run(options: argparse.Namespace) -> None:
    function = find_function(read_archive(options.model), options.function)

    from jit.python_text import code

    print(printable(code(function).rstrip()))
