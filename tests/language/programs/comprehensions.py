"""Comprehensions over everything that can be iterated."""

from typing import List

from tests.language.corpus import program

# A list comprehension over a list.


@program([1, -2, 3], [])
def list_of(a: List[int]):
    return [x * 10 for x in a]


# A list comprehension over a range.


@program(0, 1, 4)
def range_of(n: int):
    return [i * i for i in range(n)]
