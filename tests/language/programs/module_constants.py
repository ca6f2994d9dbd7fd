"""`__constants__` and Final attributes choose branches."""

import torch
from typing import Final


class Chooser(torch.nn.Module):
    __constants__ = ["mode"]
    double: Final[bool]

    def __init__(self, mode: str, double: bool):
        super().__init__()
        self.mode = mode
        self.double = double

    def forward(self, x):
        if self.mode == "add":
            y = x + 1
        else:
            y = x - 1
        if self.double:
            y = y * 2
        return y


def run():
    for mode in ["add", "sub"]:
        for double in [True, False]:
            m = torch.jit.script(Chooser(mode, double))
            yield f"{mode}, {double}", m(torch.tensor([1.0, -2.0]))
