"""Lists of lists: items of items, rows that are shared with their list."""

import torch
from typing import List


@torch.jit.script
def transpose(a: List[List[int]]):
    out: List[List[int]] = []
    for j in range(len(a[0])):
        row: List[int] = []
        for i in range(len(a)):
            row.append(a[i][j])
        out.append(row)
    return out


@torch.jit.script
def assign(a: List[List[int]]):
    row = a[0]
    row.append(7)
    a[1][0] = 9
    return a


def run():
    yield "transpose", transpose([[1, 2, 3], [4, 5, 6]])
    yield "no columns", transpose([[]])
    yield "assign", assign([[1], [2, 3]])
