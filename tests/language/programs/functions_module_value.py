"""A module-level name bound to a library function or module is usable in a script."""

import torch

F = torch.nn.functional
activate = torch.relu


@torch.jit.script
def both(x):
    return activate(x), F.relu(x - 1)


def run():
    yield "values", both(torch.tensor([-1.0, 0.5, 2.0]))
