"""The types of the variables of generated programs, and what is drawn at random.

A name tells its type by its first letter, as in `Kind`.
"""

from __future__ import annotations

import random
from enum import Enum
from typing import Any


class Kind(Enum):
    """The types of variables; the value is the first letter of their names."""

    INT = "i"
    FLOAT = "f"
    BOOL = "b"
    STR = "s"
    INTS = "l"
    ROWS = "r"
    WORDS = "q"
    DICT = "d"
    SET = "c"
    PAIR = "p"
    MAYBE = "o"
    NOTE = "u"
    VECTOR = "v"
    MATRIX = "m"
    WHOLE = "w"
    TENSOR = "t"
    STACK = "x"

    @property
    def annotation(self) -> str:
        return _ANNOTATIONS[self]

    @property
    def is_tensor(self) -> bool:
        return self in TENSORS

    @property
    def is_container(self) -> bool:
        """Whether the caller's own is copied by a compiled function."""
        return self in CONTAINERS


_ANNOTATIONS = {
    Kind.INT: "int",
    Kind.FLOAT: "float",
    Kind.BOOL: "bool",
    Kind.STR: "str",
    Kind.INTS: "List[int]",
    Kind.ROWS: "List[List[int]]",
    Kind.WORDS: "List[str]",
    Kind.DICT: "Dict[str, int]",
    Kind.SET: "Set[int]",  # its order is never looked at
    Kind.PAIR: "Tuple[int, float]",
    Kind.MAYBE: "Optional[int]",
    Kind.NOTE: "Optional[str]",
    Kind.VECTOR: "Tensor",  # float32, one size for all
    Kind.MATRIX: "Tensor",  # float32, as many columns as vectors are long
    Kind.WHOLE: "Tensor",  # int64, as long as vectors
    Kind.TENSOR: "Tensor",  # floats of any shape
    Kind.STACK: "List[Tensor]",  # of vectors
}
TENSORS = (Kind.VECTOR, Kind.MATRIX, Kind.WHOLE, Kind.TENSOR)
CONTAINERS = (
    Kind.INTS, Kind.ROWS, Kind.WORDS, Kind.DICT, Kind.SET, Kind.STACK,
)  # fmt: skip
OPTIONALS = (Kind.MAYBE, Kind.NOTE)
PLAIN = tuple(k for k in Kind if not k.is_tensor and k is not Kind.STACK)
"""Kinds without tensors."""


class Choices:
    """Draws from one source of randomness."""

    def __init__(self, source: random.Random) -> None:
        self.random = source

    def pick(self, *options: Any) -> Any:
        return self.random.choice(options)

    def chance(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == one_in - 1

    def count(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        return self.random.randint(low, high)

    def some(self, options: Any, low: int, high: int) -> list[Any]:
        """A list of `low` to `high` options."""
        return [self.pick(*options) for _ in range(self.count(low, high))]
