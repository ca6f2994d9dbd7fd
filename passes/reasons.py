"""Why rules and passes decline, for those who ask: `python -m jit opt --why fuse`.

with why() as reasons:
    run_pass("fuse", graph)
print(*reasons, sep="\n")
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jit.ir.graph import Node
from jit.ir.span import Span


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something that could have been done was not."""

    subject: str
    """The rule or pass."""
    kind: str
    """Kind of the node in question."""
    text: str
    span: Span


_reasons: list[Reason] | None = None


@contextmanager
def why() -> Iterator[list[Reason]]:
    """Collect the reasons that rules and passes give for declining."""
    global _reasons
    saved, _reasons = _reasons, []
    try:
        yield _reasons
    finally:
        _reasons = saved


def decline(subject: str, node: Node, text: str) -> None:
    """Give a reason, if somebody collects them."""
    if _reasons is not None:
        _reasons.append(Reason(subject, node.kind, text, node.span))
