"""forward calls other methods, with defaults and keywords, which call others."""

import torch


class Helper(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 3

    def scale(self, x, by: int = 2):
        return x * by * self.k

    def twice(self, x):
        return self.scale(self.scale(x), by=1)

    def forward(self, x, many: bool):
        if many:
            return self.twice(x)
        return self.scale(x)


def run():
    m = torch.jit.script(Helper())
    yield "one", m(torch.ones(2), False)
    yield "many", m(torch.ones(2), True)
    yield "keyword", m(torch.ones(1), many=False)
