"""A trace returns tuples, nested tuples, lists, and dicts under strict=False."""

import torch


def nested(x):
    return x, (x + 1, (x * 2,))


def lists(x):
    return [x, x + 1], x


def dicts(x):
    return {"a": x + 1, "b": x * 2}


def run():
    one = torch.ones(2)
    x = torch.tensor([3.0, -4.0])
    yield "nested", torch.jit.trace(nested, one)(x)
    yield "list", torch.jit.trace(lists, one, strict=False)(x)
    yield "dict", torch.jit.trace(dicts, one, strict=False)(x)
