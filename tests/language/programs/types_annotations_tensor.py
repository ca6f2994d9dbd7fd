"""torch.Tensor as an annotation, alone and nested."""

import torch
from typing import List, Tuple


@torch.jit.script
def total(x: torch.Tensor, rest: List[torch.Tensor]) -> Tuple[torch.Tensor, int]:
    for r in rest:
        x = x + r
    return x, len(rest)


def run():
    yield "two", total(torch.ones(2), [torch.ones(2), torch.tensor([1.0, 2.0])])
    yield "none", total(torch.ones(2), [])
