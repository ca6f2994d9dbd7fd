"""torch.equal, torch.allclose, isnan and isinf."""

import torch


@torch.jit.script
def equal(x, y):
    return torch.equal(x, y), torch.allclose(x, y)


@torch.jit.script
def special(x):
    return torch.isnan(x), torch.isinf(x), torch.isfinite(x)


def run():
    x = torch.tensor([1.0, 2.0])
    yield "equal", equal(x, x.clone())
    yield "close", equal(x, x + 1e-7)
    yield "different", equal(x, x + 1)
    yield "special", special(torch.tensor([0.0, float("nan"), float("-inf")]))
