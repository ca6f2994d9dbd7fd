"""The `is*` predicates."""

import torch


@torch.jit.script
def letters(s: str):
    return s.isalpha(), s.isalnum(), s.isupper(), s.islower(), s.istitle()


@torch.jit.script
def others(s: str):
    return s.isdigit(), s.isdecimal(), s.isnumeric(), s.isspace()


def run():
    for s in ["", "abc", "ABC", "Abc", "a1", "12", " ", "a b"]:
        yield f"{s!r}", (letters(s), others(s))
