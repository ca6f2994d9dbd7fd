"""torch.jit.is_scripting() is true inside a script and false outside."""

import torch


def where() -> int:
    if torch.jit.is_scripting():
        return 1
    else:
        return 0


scripted = torch.jit.script(where)


def run():
    yield "plain", where()
    yield "scripted", scripted()
