"""A loop carries several variables of different types."""

import torch


@torch.jit.script
def fibonacci(n: int):
    a, b = 0, 1
    text = ""
    ratio = 0.0
    even = True
    for i in range(n):
        a, b = b, a + b
        text += str(a) + ","
        ratio = b / a
        even = a % 2 == 0
    return a, b, text, ratio, even


def run():
    for n in [0, 1, 2, 10]:
        yield f"{n}", fibonacci(n)
