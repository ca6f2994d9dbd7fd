"""str and list are conditions: empty is false."""

import torch
from typing import List


@torch.jit.script
def of_str(s: str):
    if s:
        return True
    return False


@torch.jit.script
def of_list(a: List[int]):
    if a:
        return a[0]
    return -1


def run():
    yield "empty str", of_str("")
    yield "str", of_str(" ")
    yield "empty list", of_list([])
    yield "list", of_list([7, 8])
    yield "list of zero", of_list([0])
