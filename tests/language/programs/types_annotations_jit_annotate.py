"""torch.jit.annotate gives an expression a type."""

import torch
from typing import List, Optional


@torch.jit.script
def annotated(n: int):
    a = torch.jit.annotate(List[int], [])
    b = torch.jit.annotate(Optional[int], None)
    for i in range(n):
        a.append(i)
        b = i
    return a, b


def run():
    yield "none", annotated(0)
    yield "some", annotated(3)
