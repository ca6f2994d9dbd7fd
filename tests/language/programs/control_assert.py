"""assert passes when true and raises when false, with and without a message."""

import torch


@torch.jit.script
def check(x: int):
    assert x > 0
    return x


@torch.jit.script
def check_message(x: int):
    assert x > 0, f"{x} is not positive"
    return x


@torch.jit.script
def check_tensor(x):
    assert x.sum() > 0, "sum"
    return x


def run():
    yield "true", check(1)
    yield "false", lambda: check(0)
    yield "message, true", check_message(1)
    yield "message, false", lambda: check_message(-1)
    yield "tensor, true", check_tensor(torch.ones(2))
    yield "tensor, false", lambda: check_tensor(torch.zeros(2))
