"""Escapes, raw strs and triple quotes."""

import torch


@torch.jit.script
def literals():
    a = 'tab\tnew\nline\\ "quote" \x41'
    b = r"raw\n"
    c = """two
lines"""
    d = f"{len(b)}"
    return a, b, c, d


def run():
    yield "literals", literals()
