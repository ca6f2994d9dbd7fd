"""A call checks the types of its arguments."""

import torch
from typing import List, Tuple


@torch.jit.script
def takes(i: int, s: str, a: List[int], t: Tuple[int, float]):
    return i + len(s) + len(a) + t[0]


def run():
    yield "right", takes(1, "ab", [1, 2, 3], (4, 0.5))
    yield "empty", takes(0, "", [], (0, 0.0))
    yield "str for int", lambda: takes("1", "ab", [1], (4, 0.5))
    yield "int for str", lambda: takes(1, 2, [1], (4, 0.5))
    yield "float for int", lambda: takes(1.5, "ab", [1], (4, 0.5))
    yield "list of str", lambda: takes(1, "ab", ["1"], (4, 0.5))
    yield "short tuple", lambda: takes(1, "ab", [1], (4,))
    yield "too many", lambda: takes(1, "ab", [1], (4, 0.5), 1)
