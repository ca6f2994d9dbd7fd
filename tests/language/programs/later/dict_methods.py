"""get, pop, keys, values and items of a dict keep insertion order."""

import torch
from typing import Dict


@torch.jit.script
def methods(d: Dict[str, int]):
    d["z"] = 26
    first = d.get("a", -1)
    popped = d.pop("z")
    s = ""
    for k, v in d.items():
        s += k + str(v)
    return first, popped, list(d.keys()), list(d.values()), s


def run():
    yield "two", methods({"b": 2, "a": 1})
    yield "empty", methods({})
