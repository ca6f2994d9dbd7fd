"""Type comments, on one line and one for each parameter."""

import torch
from typing import List, Tuple


@torch.jit.script
def one_line(a, b):
    # type: (List[int], float) -> Tuple[int, float]
    return len(a), b


@torch.jit.script
def several(
    a,  # type: int
    b,  # type: str
):
    # type: (...) -> str
    return b + str(a)


def run():
    yield "one line", one_line([1, 2], 0.5)
    yield "several lines", several(3, "n")
