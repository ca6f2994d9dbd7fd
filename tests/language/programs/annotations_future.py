"""Annotations that Python does not evaluate."""

from __future__ import annotations

from typing import List, Tuple

from tests.language.corpus import program

# Annotations under `from __future__ import annotations`.


@program(([0.5, 1.5], 3), ([], 0))
def annotations_future(a: List[float], n: int) -> Tuple[float, int]:
    s = 0.0
    for x in a:
        s += x
    return s, n
