"""Display names: unique, stable, as close to the hints as they can be.

    hints   x    x    x.1   ""   "two words"   7
    names   x    x.1  x.2   0    two_words     1

A value whose hint is empty or a bare number is numbered in order of appearance, so
that the names of a text that was parsed and printed again are the names of the text.
"""

from __future__ import annotations

import re

from jit.ir.graph import Block, Graph, Value

_FOREIGN = re.compile(r"[^A-Za-z0-9_.]")
_SUFFIX = re.compile(r"\.\d+\Z")


def clean_hint(hint: str) -> str:
    """The hint in the characters of a value name; empty for a bare number."""
    hint = _FOREIGN.sub("_", hint)
    return "" if hint.isdecimal() else hint


class Names(dict[Value, str]):
    """Names of the values of one graph, without the `%`, chosen when asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: set[str] = set()
        self._last_suffix: dict[str, int] = {}
        self._count = 0

    def __missing__(self, value: Value) -> str:
        name = self._choose(clean_hint(value.name))
        self._taken.add(name)
        self[value] = name
        return name

    def _choose(self, hint: str) -> str:
        if not hint:
            number, self._count = self._count, self._count + 1
            return str(number)
        if hint not in self._taken:
            return hint
        base = _SUFFIX.sub("", hint)
        suffix = self._last_suffix.get(base, 0) + 1
        while f"{base}.{suffix}" in self._taken:
            suffix += 1
        self._last_suffix[base] = suffix
        return f"{base}.{suffix}"


def names_of(graph: Graph) -> Names:
    """The names of all values of a graph, in the order in which it is printed."""
    names = Names()
    _name_block(graph.block, names)
    return names


def _name_block(block: Block, names: Names) -> None:
    for value in block.params:
        names[value]
    for node in block.nodes:
        for value in node.outputs:
            names[value]
        for inner in node.blocks:
            _name_block(inner, names)
