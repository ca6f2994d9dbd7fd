"""Conditions: what counts as true, what is evaluated, and how branches nest."""

import torch
from typing import Dict, List, Optional

from tests.language.corpus import program

# Conditions of every kind.


@program(True, False)
def a_bool_decides(flag: bool):
    if flag:
        return "yes"
    return "no"


@program(0, 1, -3)
def an_int_is_true_unless_zero(n: int):
    if n:
        return "yes"
    return "no"


@program(0.0, -0.0, 0.5, float("nan"))
def a_float_is_true_unless_zero(x: float):
    if x:
        return "yes"
    return "no"


@program(torch.tensor(0.0), torch.tensor([2.0]), torch.tensor(True), torch.ones(2))
def a_tensor_of_one_element_decides(x):
    if x:
        return "yes"
    return "no"


@program("", "a", " ")
def a_str_is_true_unless_empty(s: str):
    if len(s) > 0 and s:
        return "yes"
    return "no"


@program([], [0])
def a_list_is_true_unless_empty(a: List[int]):
    if a:
        return "yes"
    return "no"


@program({}, {"a": 0})
def a_dict_is_true_unless_empty(d: Dict[str, int]):
    if d:
        return "yes"
    return "no"


@program(5, 0)
def while_an_int_is_true(n: int):
    steps = 0
    while n:
        n -= 1
        steps += 1
    return steps


@program([1, 2, 3], [])
def while_a_list_is_not_empty(a: List[int]):
    total = 0
    while a:
        total += a.pop()
    return total


@program("abc", "")
def not_of_a_str(s: str):
    return not s


@program([1], [])
def not_of_a_list(a: List[int]):
    return not a


@program(0, 3)
def not_of_an_int(n: int):
    return not n


@program(torch.tensor(1), torch.tensor(0))
def not_of_a_tensor(x):
    if not x:
        return 0
    return 1


# Chained conditional expressions, and conditional expressions in every place.


@program(-1, 0, 1)
def chained_conditional_expression(n: int):
    return "negative" if n < 0 else "zero" if n == 0 else "positive"


@program((1, True), (1, False))
def conditional_expression_as_argument(n: int, flag: bool):
    return abs(-n if flag else n + 10)


@program((1, True), (1, False))
def conditional_expression_of_tensors(n: int, flag: bool):
    x = torch.ones(2) * n if flag else torch.zeros(3)
    return x + 1


@program((True, True), (True, False), (False, True), (False, False))
def conditional_expression_nested_in_its_condition(a: bool, b: bool):
    return 1 if (b if a else not b) else 2


@program(None, 3)
def conditional_expression_gives_an_optional(n: Optional[int]):
    m = None if n is None else n + 1
    return m


# and, or and not evaluate no more than they must.


@program([], [0], [1], [5, 1])
def and_guards_an_index(a: List[int]):
    return len(a) > 0 and a[0] > 0


@program([], [0], [1], [5, 1])
def or_guards_an_index(a: List[int]):
    return len(a) == 0 or a[0] > 0


@program((1, 2, 3), (3, 2, 1), (1, 1, 1), (2, 1, 2))
def chain_of_and_and_or(a: int, b: int, c: int):
    return a < b and b < c or a > b and b > c


@program((1, 2, 3), (1, 3, 2), (2, 2, 2), (3, 2, 1))
def chained_comparisons(a: int, b: int, c: int):
    return a < b < c, a <= b <= c, a == b == c, a < b > c, a != b != c


@program((0, 5), (2, 5), (9, 5))
def chained_comparison_with_calls(n: int, top: int):
    return 0 < abs(n) < top + 1


def note(log: List[int], value: int) -> bool:
    log.append(value)
    return value % 2 == 0


@program(1, 2, 3, 4)
def operands_are_evaluated_once_and_in_order(n: int):
    log: List[int] = []
    result = note(log, n) and note(log, n + 2) or note(log, 10)
    return result, log


@program((3, 1), (1, 3))
def middle_of_a_chain_is_evaluated_once(a: int, b: int):
    log: List[int] = []
    found = False
    if 0 < len(log) + a and (note(log, a) or note(log, b)):
        found = True
    return found, log


@program((1.5, 2), (2.5, 2), (2.0, 2))
def ints_and_floats_compare(x: float, n: int):
    return x < n, x == n, n <= x, x != n


@program((True, False), (True, True))
def bools_compare(a: bool, b: bool):
    return a == b, a != b, a and not b, a or b, not a


# Branches within branches.


@program((0, 0), (0, 1), (1, 0), (1, 1), (2, 5))
def branches_in_branches(a: int, b: int):
    if a == 0:
        if b == 0:
            out = "00"
        else:
            out = "01"
    elif a == 1:
        if b == 0:
            out = "10"
        else:
            out = "11"
    else:
        out = "other"
    return out


@program(0, 1, 2, 3)
def a_name_defined_in_every_branch(n: int):
    if n == 0:
        x, y = 1, "a"
    elif n == 1:
        x, y = 2, "b"
    elif n == 2:
        x, y = 3, "c"
    else:
        x, y = 4, "d"
    return x, y


@program(0, 1)
def a_branch_that_raises_defines_nothing(n: int):
    if n > 0:
        x = n * 2
    else:
        raise ValueError("not positive")
    return x


@program(1, 2, 3)
def a_branch_that_returns_defines_nothing(n: int):
    if n == 1:
        return -1
    elif n == 2:
        return -2
    else:
        x = n * 10
    return x + 1


@program((torch.tensor([1.0, -1.0]), True), (torch.tensor([1.0, -1.0]), False))
def branches_change_a_tensor(x, flag: bool):
    y = x
    if flag:
        y = y.relu()
    else:
        y = y.neg()
    return y * 2
