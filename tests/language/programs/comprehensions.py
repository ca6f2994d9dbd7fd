"""Comprehensions and generators, over everything that can be iterated."""

import torch
from typing import Dict, List, Tuple

from tests.language.corpus import program


@program([1, 2, 3], [])
def over_a_list(a: List[int]):
    return [x * x for x in a]


@program([1, 2, 3, 4])
def with_a_condition(a: List[int]):
    return [x for x in a if x % 2 == 0]


@program([1, 2, 3, 4])
def with_a_conditional_value(a: List[int]):
    return [x if x % 2 == 0 else -x for x in a]


@program(4, 0)
def over_a_range(n: int):
    return [i * 2 for i in range(n)]


@program("abc")
def over_a_str(s: str):
    return [c.upper() for c in s]


@program({"b": 1, "a": 2})
def over_a_dict(d: Dict[str, int]):
    return [k + "!" for k in d]


@program({"b": 1, "a": 2})
def over_keys(d: Dict[str, int]):
    return [k for k in d.keys()]


@program({"b": 1, "a": 2})
def over_values(d: Dict[str, int]):
    return [v + 1 for v in d.values()]


@program({"b": 1, "a": 2})
def over_items(d: Dict[str, int]):
    return [k + str(v) for k, v in d.items()]


@program(([1, 2], [10, 20]))
def over_zip(a: List[int], b: List[int]):
    return [x * y for x, y in zip(a, b)]


@program(["a", "b"])
def over_enumerate(a: List[str]):
    return [s + str(i) for i, s in enumerate(a)]


@program([(1, "a"), (2, "b")])
def over_tuples(a: List[Tuple[int, str]]):
    return [s + str(n) for n, s in a]


@program(3)
def over_a_tuple(n: int):
    return [x * n for x in (1, 2, 3)]


@program(torch.arange(4.0).reshape(2, 2))
def over_rows(x):
    return [row.sum() for row in x]


@program([[1, 2], [], [3]])
def nested_in_the_value(a: List[List[int]]):
    return [[x * 2 for x in row] for row in a]


@program(3)
def of_tensors(n: int):
    return torch.stack([torch.ones(2) * i for i in range(n)])


@program([1, 2])
def the_target_does_not_leak(a: List[int]):
    x = 100
    b = [x + 1 for x in a]
    return x, b


@program(([1, 2], 10))
def sees_names_around_it(a: List[int], k: int):
    return [x + k for x in a]


@program(["a", "bb"])
def dict_comprehension(a: List[str]):
    return {s: len(s) for s in a}


@program(3)
def dict_comprehension_over_a_range(n: int):
    return {i: i * i for i in range(n)}


@program({"a": 1, "b": 2})
def dict_comprehension_over_items(d: Dict[str, int]):
    return {k + "x": v * 2 for k, v in d.items()}


@program([1, 2, 3], [])
def generator_in_any(a: List[int]):
    return any(x > 2 for x in a)


@program([1, 2, 3], [])
def generator_in_all(a: List[int]):
    return all(x > 0 for x in a)


@program([1, 2, 3], [])
def generator_in_sum(a: List[int]):
    return sum(x * x for x in a)


@program([1, 2, 3])
def generator_in_join(a: List[int]):
    return ",".join(str(x) for x in a)


@program([1, 2, 3])
def list_in_join(a: List[int]):
    return ",".join([str(x) for x in a])


@program([3, 1])
def within_a_call(a: List[int]):
    return max([x * 2 for x in a]) + len([x for x in a])


class Stack(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])

    def forward(self, x):
        return torch.stack([layer(x) for layer in self.layers])


@program(torch.tensor([-1.0, 0.0, 1.0]))
class over_modules(Stack):
    pass


# A list comprehension over a list.


@program([1, -2, 3], [])
def list_of(a: List[int]):
    return [x * 10 for x in a]


# A list comprehension over a range.


@program(0, 1, 4)
def range_of(n: int):
    return [i * i for i in range(n)]
