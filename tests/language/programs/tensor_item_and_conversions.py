"""item, int(), float() and bool() of a one-element Tensor; others raise."""

import torch


@torch.jit.script
def numbers(x):
    return int(x), float(x), bool(x)


@torch.jit.script
def item_plus(x):
    return float(x.item()) + 1.0


def run():
    yield "float", numbers(torch.tensor(2.75))
    yield "negative", numbers(torch.tensor(-2.75))
    yield "int", numbers(torch.tensor([3]))
    yield "bool", numbers(torch.tensor([[False]]))
    yield "item", item_plus(torch.tensor([0.5]))
    yield "two elements", lambda: numbers(torch.tensor([1, 2]))
    yield "no elements", lambda: item_plus(torch.zeros(0))
