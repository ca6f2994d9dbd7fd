"""Annotations as type comments."""

import torch
from typing import List, Tuple

from tests.language.corpus import program

# Type comments, on one line and one for each parameter.


@program(([1, 2], 0.5))
def annotations_comments_one_line(a, b):
    # type: (List[int], float) -> Tuple[int, float]
    return len(a), b


@program((3, "n"))
def annotations_comments_several(
    a,  # type: int
    b,  # type: str
):
    # type: (...) -> str
    return b + str(a)
