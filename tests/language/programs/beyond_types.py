"""Types that TorchScript does not infer: parameters, empty containers, refinement."""

import torch
from typing import Callable, Dict, List, Literal, Optional, Sequence, Tuple, Union

from tests.language.corpus import program


@program((1, 2), (1.5, 2.0), ("a", "b"), torch_is_wrong="it takes tensors")
def parameters_are_typed_by_the_call(a, b):
    return a + b


@program(3)
def an_empty_list_is_typed_by_use(n: int):
    out = []
    for i in range(n):
        out.append(i * i)
    return out


@program("a b a")
def an_empty_dict_is_typed_by_use(text: str):
    counts = {}
    for w in text.split():
        counts[w] = counts.get(w, 0) + 1
    return counts


@program("ab a c")
def a_list_in_a_dict_is_typed_by_use(text: str):
    d: Dict[int, List[str]] = {}
    for w in text.split():
        if len(w) not in d:
            d[len(w)] = []
        d[len(w)].append(w)
    return d


class Logging(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.log: List[int] = []
        self.seen: Dict[str, int] = {}

    def forward(self, n: int):
        self.log.append(n)
        self.seen[str(n)] = n
        return self.log, len(self.seen)


@program(3, 4)
class annotated_attributes_in_init(Logging):
    pass


@program(None, 3)
def refined_by_while(n: Optional[int]):
    while n is None:
        n = 5
    return n + 1


@program([], [1, 2])
def refined_by_break(a: List[int]):
    found: Optional[int] = None
    i = 0
    while True:
        if i >= len(a):
            found = -1
            break
        if a[i] > 1:
            found = a[i]
            break
        i += 1
    return found


@program(None, 0, 3)
def refined_by_truth(n: Optional[int]):
    if n:
        return n + 1
    return -1


@program(None, "", "a")
def refined_by_the_truth_of_a_str(s: Optional[str]):
    if not s:
        return "nothing"
    return s.upper()


@program(None, [], [1])
def refined_by_the_truth_of_a_list(a: Optional[List[int]]):
    if a:
        return a[0]
    return -1


@program(0, 5, torch_is_wrong="it gives a bool")
def or_gives_an_operand(n: int):
    return n or 7


@program("", "x", torch_is_wrong="it gives a bool")
def or_gives_a_str(s: str):
    return s or "default"


@program(None, 4)
def or_gives_a_default(n: Optional[int]):
    return n or 7


@program(0, 5, torch_is_wrong="it gives a bool")
def and_gives_an_operand(n: int):
    return n and n * 2


@program(3)
def literal_types(n: int, mode: Literal["up", "down"] = "up"):
    if mode == "up":
        return n + 1
    return n - 1


@program([1, 2, 3])
def sequences(a: Sequence[int]):
    return a[0] + len(a)


@program(((1, 2, 3),), ((4,),))
def tuples_of_any_length(t: Tuple[int, ...]):
    total = 0
    for x in t:
        total += x
    return total, len(t)


def applied(fn: Callable[[int], int], n: int) -> int:
    return fn(n) + fn(n + 1)


def square(n: int) -> int:
    return n * n


@program(3)
def function_arguments(n: int):
    return applied(square, n), applied(lambda x: x + 1, n)


OPERATIONS = {"square": square, "negate": lambda n: -n}


@program(3)
def dicts_of_functions(n: int):
    return OPERATIONS["square"](n)


LIMIT = 5
WORDS = ["zero", "one"]
TABLE = {"a": 1}
WEIGHT = torch.tensor([1.0, 2.0])


@program(3)
def constants_of_the_module(n: int):
    return n + LIMIT, WORDS[1], TABLE["a"], len(WORDS)


@program(torch.ones(2))
def tensors_of_the_module(x):
    return x * WEIGHT


def factorial(n: int) -> int:
    if n <= 1:
        return 1
    return n * factorial(n - 1)


@program(6)
def recursion(n: int):
    return factorial(n)


def is_even(n: int) -> bool:
    if n == 0:
        return True
    return is_odd(n - 1)


def is_odd(n: int) -> bool:
    if n == 0:
        return False
    return is_even(n - 1)


@program(7)
def mutual_recursion(n: int):
    return is_even(n), is_odd(n)


@program((torch.ones(2, 3),))
def torch_size(x):
    s = x.shape
    return s[0], s[-1], len(s), s.numel(), list(s)


class Optionals(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("cache", None)
        self.limit: Optional[int] = 3

    def forward(self, n: int):
        if self.limit is not None:
            return n + self.limit
        return n


@program(2)
class refined_attributes(Optionals):
    pass


@program([1, None])
def refined_subscripts(a: List[Optional[int]]):
    if a[0] is not None:
        return a[0] + 1
    return -1


@program([1, None, 3], [], [None])
def refined_items_under_a_name(a: List[Optional[int]]):
    total = 0
    for i in range(len(a)):
        if a[i] is None:
            a[i] = 10
            total += a[i]
            continue
        total += a[i]
    return total, a


@program(({"a": 1},), ({"a": None},), ({},))
def refined_values_of_a_dict(d: Dict[str, Optional[int]]):
    if "a" not in d or d["a"] is None:
        d["a"] = 5
    return d["a"] * 2


@program([1, "a"], ["a", 1], [1, 2])
def refined_items_of_a_union(a: List[Union[int, str]]):
    if isinstance(a[0], int) and isinstance(a[-1], str):
        return a[0] + len(a[-1])
    return -1


@program([[2], [None]], [[None]])
def refined_items_of_items(a: List[List[Optional[int]]]):
    return a[0][0] + 1 if a[0][0] is not None else 0


@program((torch.ones(2, 3),))
def sizes_are_joined(x):
    s = x.shape[:1] + (4,)
    t = (1,) + x.shape
    return torch.zeros(s + t).shape == (2, 4, 1, 2, 3), s.numel(), list(t)


@program((torch.ones(2, 3),))
def sizes_are_tuples(x):
    s = x.shape
    a, b = s
    return isinstance(s, tuple), isinstance(s, torch.Size), a * b, s < (3, 0), s != (2,)


@program((torch.ones(2, 3),), (torch.ones(3),))
def sizes_of_numbers(x):
    s = torch.Size([x.dim(), 5])
    return s.numel(), x[..., :2].size().numel(), s.index(5), s.count(2), list(s)
