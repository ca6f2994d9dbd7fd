"""Optional: how it is made, and every way in which it becomes what it holds."""

import torch
from typing import Dict, List, Optional, Tuple

from tests.language.corpus import call, program


@program(None, 2)
def refined_by_is_none(n: Optional[int]):
    if n is None:
        return -1
    return n + 1


@program(None, 2)
def refined_by_is_not_none(n: Optional[int]):
    if n is not None:
        return n + 1
    return -1


@program(None, 2)
def refined_in_the_else_branch(n: Optional[int]):
    if n is None:
        m = 0
    else:
        m = n * 2
    return m


@program(None, 2)
def refined_by_not(n: Optional[int]):
    if n is not None:
        return n + 1
    return -1


@program(None, 2)
def refined_by_raise(n: Optional[int]):
    if n is None:
        raise ValueError("nothing")
    return n + 1


@program(None, 2)
def refined_by_assert(n: Optional[int]):
    assert n is not None
    return n + 1


@program(None, 2)
def refined_by_assert_with_message(n: Optional[int]):
    assert n is not None, "nothing"
    return n + 1


@program((None, None), (1, None), (None, 2), (1, 2))
def refined_by_and(a: Optional[int], b: Optional[int]):
    if a is not None and b is not None:
        return a + b
    return -1


@program((None, None), (1, None), (None, 2), (1, 2))
def refined_by_or(a: Optional[int], b: Optional[int]):
    if a is None or b is None:
        return -1
    return a + b


@program(None, 0, 5)
def refined_within_a_condition(n: Optional[int]):
    return n is not None and n > 0


@program(None, 0, 5)
def refined_within_an_or(n: Optional[int]):
    return n is None or n > 0


@program(None, 2)
def refined_in_a_conditional_expression(n: Optional[int]):
    return 0 if n is None else n + 1


@program(None, 2)
def refined_by_isinstance(n: Optional[int]):
    if isinstance(n, int):
        return n + 1
    return -1


@program((None, 1), (3, 1))
def refined_by_assignment(n: Optional[int], other: int):
    if n is None:
        n = other
    return n + 1


@program(None, torch.tensor([1.0, 2.0]))
def an_optional_tensor(x: Optional[torch.Tensor]):
    if x is None:
        return torch.zeros(1)
    return x * 2


@program(None, [1, 2])
def an_optional_list(a: Optional[List[int]]):
    if a is None:
        a = [0]
    return len(a) + a[0]


@program(None, "text")
def an_optional_str(s: Optional[str]):
    if s is not None:
        return s.upper()
    return ""


@program(None, call((1, "a")))
def an_optional_tuple(t: Optional[Tuple[int, str]]):
    if t is not None:
        n, s = t
        return s + str(n)
    return ""


@program((), (5,), (None,))
def a_default_of_none(n: Optional[int] = None):
    if n is None:
        return 0
    return n


@program([1, None, 3])
def a_list_of_optionals(a: List[Optional[int]]):
    total = 0
    for item in a:
        if item is not None:
            total += item
    return total


@program(({"a": 1, "b": None}, "a"), ({"a": 1, "b": None}, "b"))
def a_dict_of_optionals(d: Dict[str, Optional[int]], k: str):
    v = d[k]
    if v is None:
        return -1
    return v


@program([None, torch.ones(2)])
def a_list_of_optional_tensors(a: List[Optional[torch.Tensor]]):
    total = torch.zeros(2)
    for x in a:
        if x is not None:
            total = total + x
    return total


@program(True, False)
def one_branch_gives_none(flag: bool):
    x: Optional[int] = None
    if flag:
        x = 3
    return x


@program(([3, 8], 5), ([3], 5))
def found_in_a_loop(a: List[int], top: int):
    found: Optional[int] = None
    for x in a:
        if x > top and found is None:
            found = x
    if found is not None:
        return found * 10
    return 0


def half(n: int) -> Optional[int]:
    if n % 2 == 0:
        return n // 2
    return None


@program(4, 5)
def a_callee_gives_an_optional(n: int):
    h = half(n)
    if h is None:
        return -1
    return h


@program(None, 3)
def given_on_to_an_optional_parameter(n: Optional[int]):
    return a_default_of_none(n) + a_default_of_none()


@program((None, 1), (1, 1), (2, 1))
def compared_with_a_value(n: Optional[int], m: int):
    if n is not None:
        return n == m
    return False


@program(None, 1)
def wrapped_in_a_tuple(n: Optional[int]):
    t = (n, 1)
    m = t[0]
    if m is not None:
        return m + t[1]
    return 0
