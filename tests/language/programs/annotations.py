"""Annotations in their spellings."""

import torch
from typing import Dict, List, Optional, Tuple

from tests.language.corpus import program

# Annotations with built-in generics.


@program(([1, 2], ("n", [0.5])), ([], ("", [])))
def builtin_generics(a: list[int], t: tuple[str, list[float]]) -> list[str]:
    out: list[str] = []
    for i in a:
        out.append(t[0] + str(i))
    out.append(str(len(t[1])))
    return out


# torch.jit.annotate gives an expression a type.


@program(0, 3)
def jit_annotate(n: int):
    a = torch.jit.annotate(List[int], [])
    b = torch.jit.annotate(Optional[int], None)
    for i in range(n):
        a.append(i)
        b = i
    return a, b


# Annotations written as strings.


@program([1, 2], ([], 5))
def strings(a: "List[int]", b: "Optional[int]" = None) -> "int":
    s = len(a)
    if b is not None:
        s += b
    return s


# torch.Tensor as an annotation, alone and nested.


@program(
    (torch.ones(2), [torch.ones(2), torch.tensor([1.0, 2.0])]), (torch.ones(2), [])
)
def tensor(x: torch.Tensor, rest: List[torch.Tensor]) -> Tuple[torch.Tensor, int]:
    for r in rest:
        x = x + r
    return x, len(rest)


# Annotations from the typing module.


@program(([1, 2], ("n", 1.0), "x"), ([], ("n", 1.0), None))
def typing_typed(
    a: List[int], b: Tuple[str, float], c: Optional[str]
) -> Tuple[int, str]:
    name = b[0]
    if c is not None:
        name = name + c
    return len(a), name


@program(({"a": 1, "b": 2}, "b"))
def typing_lookup(d: Dict[str, int], key: str) -> int:
    return d[key]
