"""torch.tensor of numbers, lists and nested lists, with and without dtype."""

import torch


@torch.jit.script
def numbers(i: int, x: float, b: bool):
    return torch.tensor(i), torch.tensor(x), torch.tensor(b)


@torch.jit.script
def lists(i: int, x: float):
    return torch.tensor([i, i + 1]), torch.tensor([[x, 1.0], [2.0, x]])


@torch.jit.script
def typed(i: int):
    return (
        torch.tensor([i, 2], dtype=torch.float64),
        torch.tensor(i, dtype=torch.int32),
        torch.tensor([0.5, i * 1.0], dtype=torch.float32),
    )


def run():
    yield "numbers", numbers(3, 0.5, True)
    yield "lists", lists(3, 0.5)
    yield "typed", typed(-7)
