"""print writes ints, strs and bools, parted by spaces, to Python's stdout."""

import torch
import contextlib
import io


@torch.jit.script
def show(i: int, s: str, b: bool):
    print(i, s, b)
    print()
    for k in range(i):
        print("line", k)
    return i


def run():
    for i in [0, 2]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            result = show(i, "text", i > 0)
        yield f"{i}", (result, out.getvalue())
