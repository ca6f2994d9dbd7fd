"""forward with Optional, list and tuple arguments and a tuple result."""

import torch
from typing import List, Optional, Tuple


class Cell(torch.nn.Module):
    def forward(
        self, x, state: Optional[Tuple[torch.Tensor, torch.Tensor]] = None
    ) -> Tuple[torch.Tensor, Tuple[torch.Tensor, torch.Tensor]]:
        if state is None:
            state = (torch.zeros_like(x), torch.ones_like(x))
        h, c = state
        c = c * 2 + x
        h = h + c
        return h, (h, c)


class Runner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = Cell()

    def forward(self, xs: List[torch.Tensor]):
        y, state = self.cell(xs[0])
        for x in xs[1:]:
            y, state = self.cell(x, state)
        return y, state


def run():
    cell = torch.jit.script(Cell())
    yield "no state", cell(torch.ones(2))
    yield "state", cell(torch.ones(1), (torch.tensor([5.0]), torch.tensor([6.0])))
    m = torch.jit.script(Runner())
    yield "runner", m([torch.ones(1), torch.zeros(1), torch.ones(1)])
