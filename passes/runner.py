"""Run passes: verify after each, dump, time.

`JIT_CHECK=1` verifies the graph after each pass that changed it; a failure names the
pass and shows the graph before it. `JIT_DEBUG=passes` prints the graph after each pass
that changed it. Both are read when a pass runs, so tests can set them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from jit.ir.graph import Graph
from jit.ir.verifier import assert_valid
from jit.passes import find_pass


@dataclass(slots=True)
class Run:
    """One run of a pass."""

    name: str
    changed: bool
    seconds: float
    nodes: int
    """How many nodes the graph has afterwards."""


@dataclass(slots=True)
class Record:
    """What passes ran, in order; collected by `record`."""

    runs: list[Run] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{'pass':<18}{'changed':<9}{'nodes':>6}{'ms':>9}"]
        for run in self.runs:
            changed = "yes" if run.changed else ""
            milliseconds = run.seconds * 1e3
            lines.append(
                f"{run.name:<18}{changed:<9}{run.nodes:>6}{milliseconds:>9.2f}"
            )
        return "\n".join(lines)


_record: Record | None = None


@contextmanager
def record() -> Iterator[Record]:
    """Collect what passes run meanwhile, with their times."""
    global _record
    saved, _record = _record, Record()
    try:
        yield _record
    finally:
        _record = saved


def run_pass(name: str, graph: Graph) -> bool:
    """Run one pass by its name and return whether it changed the graph.

    An invalid graph after it, under `JIT_CHECK=1`, is a GraphError with the name of the
    pass and the graph as it was before.
    """
    check = os.environ.get("JIT_CHECK") == "1"
    before = str(graph) if check else ""
    start = time.perf_counter()
    changed = find_pass(name)(graph)
    seconds = time.perf_counter() - start
    if _record is not None:
        count = sum(1 for _ in graph.all_nodes)
        _record.runs.append(Run(name, changed, seconds, count))
    if check:
        try:
            assert_valid(graph)
        except Exception as error:
            error.add_note(f"after the pass `{name}`; the graph before it:\n{before}")
            raise
    if changed and "passes" in os.environ.get("JIT_DEBUG", "").split(","):
        print(f"# after {name}\n{graph}", file=sys.stderr)
    return changed


def run_passes(names: tuple[str, ...], graph: Graph) -> bool:
    """Run passes in order; return whether any changed the graph."""
    changed = False
    for name in names:
        changed |= run_pass(name, graph)
    return changed
