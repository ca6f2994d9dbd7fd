"""math.gcd and math.factorial of ints."""

import torch
import math


@torch.jit.script
def gcd(a: int, b: int):
    return math.gcd(a, b)


@torch.jit.script
def factorial(n: int):
    return math.factorial(n)


def run():
    for a, b in [(12, 18), (-12, 18), (7, 0), (0, 0), (17, 5)]:
        yield f"gcd {a}, {b}", gcd(a, b)
    for n in [0, 1, 10, 20]:
        yield f"{n}!", factorial(n)
    yield "negative", lambda: factorial(-1)
