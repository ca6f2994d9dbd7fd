"""List and tuple attributes."""

import torch
from typing import List


class Sizes(torch.nn.Module):
    log: List[int]

    def __init__(self):
        super().__init__()
        self.sizes = [2, 3]
        self.pair = (1, "p")
        self.log = []

    def forward(self, x: int):
        self.log.append(x)
        s = 0
        for n in self.sizes:
            s += n * x
        return s + self.pair[0], self.pair[1], len(self.log)


def run():
    m = torch.jit.script(Sizes())
    yield "first", m(10)
    yield "second", m(-1)
    yield "log", list(m.log)
