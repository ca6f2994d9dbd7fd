"""Escapes, raw strs, triple quotes and adjacent literals."""

import torch


@torch.jit.script
def literals():
    a = 'tab\tnew\nline\\ "quote" \x41'
    b = r"raw\n"
    c = """two
lines"""
    d = "adjacent"
    return a, b, c, d


def run():
    yield "literals", literals()
