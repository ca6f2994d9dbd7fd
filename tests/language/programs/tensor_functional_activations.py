"""relu, gelu, softmax, log_softmax, sigmoid and leaky_relu of nn.functional."""

import torch


@torch.jit.script
def activations(x):
    return (
        torch.nn.functional.relu(x),
        torch.nn.functional.gelu(x),
        torch.nn.functional.leaky_relu(x, 0.1),
        torch.nn.functional.silu(x),
    )


@torch.jit.script
def softmaxes(x, d: int):
    return torch.softmax(x, d), torch.nn.functional.log_softmax(x, dim=d)


def run():
    yield "activations", activations(torch.tensor([-3.0, -0.5, 0.0, 2.0]))
    x = torch.tensor([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]])
    yield "softmax -1", softmaxes(x, -1)
    yield "softmax 0", softmaxes(x, 0)
