"""math.pi, math.e, math.inf, math.nan and torch.pi."""

import torch
import math


@torch.jit.script
def constants():
    return math.pi, math.e, math.inf, math.nan, torch.pi


def run():
    yield "constants", constants()
