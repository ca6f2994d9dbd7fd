"""Loops: what can be iterated, how loops end, and what they carry."""

import torch
from typing import Dict, List, Optional, Tuple

from tests.language.corpus import program

# range with one, two and three arguments.


@program(0, 3, -2)
def range_with_one_argument(n: int):
    out: List[int] = []
    for i in range(n):
        out.append(i)
    return out


@program((2, 5), (5, 2), (-2, 1))
def range_with_two_arguments(a: int, b: int):
    out: List[int] = []
    for i in range(a, b):
        out.append(i)
    return out


@program((0, 7, 3), (7, 0, -2), (0, 5, -1), (5, 0, 1), (1, 2, 0))
def range_with_a_step(a: int, b: int, step: int):
    out: List[int] = []
    for i in range(a, b, step):
        out.append(i)
    return out


@program(4)
def range_counts_down(n: int):
    out: List[int] = []
    for i in range(n - 1, -1, -1):
        out.append(i)
    return out


# Lists, strs, dicts and their views, tensors, tuples, literals.


@program(["a", "b"], [])
def over_a_list_of_strs(a: List[str]):
    out = ""
    for s in a:
        out = s + out
    return out


@program([[1, 2], [], [3]])
def over_a_list_of_lists(a: List[List[int]]):
    total = 0
    for row in a:
        for item in row:
            total += item
    return total


@program("hello", "")
def over_a_str(s: str):
    out: List[str] = []
    for c in s:
        out.append(c + c)
    return out


@program({"b": 1, "a": 2}, {})
def over_a_dict(d: Dict[str, int]):
    out = ""
    for k in d:
        out += k
    return out


@program({"b": 1, "a": 2}, {})
def over_keys(d: Dict[str, int]):
    out: List[str] = []
    for k in d.keys():
        out.append(k)
    return out


@program({"b": 1, "a": 2}, {})
def over_values(d: Dict[str, int]):
    out: List[int] = []
    for v in d.values():
        out.append(v)
    return out


@program({"b": 1, "a": 2}, {})
def over_items(d: Dict[str, int]):
    out = ""
    for k, v in d.items():
        out += k + str(v)
    return out


@program({"b": 1, "a": 2})
def over_items_as_pairs(d: Dict[str, int]):
    out: List[Tuple[str, int]] = []
    for pair in d.items():
        out.append(pair)
    return out


@program(torch.arange(6.0).reshape(3, 2), torch.zeros(0, 2))
def over_rows_of_a_tensor(x):
    total = torch.zeros(2)
    for row in x:
        total += row * row
    return total


@program(torch.tensor([1, 2, 3]))
def over_elements_of_a_vector(x):
    total = torch.tensor(0)
    for item in x:
        total = total * 10 + item
    return total


@program((1, "a", 2.5))
def over_a_tuple_of_one_type(a: int, b: str, c: float):
    total = 0
    for n in (a, a + 1, a + 2):
        total += n
    return total, b, c


@program()
def over_a_tuple_of_several_types():
    out = ""
    for item in (1, "a", 2.5):
        out += str(item)
    return out


@program((1, 2))
def over_a_list_literal(a: int, b: int):
    total = 0
    for n in [a, b, a * b]:
        total += n
    return total


@program(2)
def over_a_tuple_of_tuples(n: int):
    total = 0
    for a, b in ((1, 2), (3, 4)):
        total += a * b * n
    return total


# enumerate and zip.


@program(["a", "b"], [])
def enumerate_a_list(a: List[str]):
    out = ""
    for i, s in enumerate(a):
        out += str(i) + s
    return out


@program(["a", "b"])
def enumerate_from_a_start(a: List[str]):
    out = ""
    for i, s in enumerate(a, 1):
        out += str(i) + s
    return out


@program(["a", "b"], torch_is_wrong="it counts from 0, or from the number of items")
def enumerate_with_start_as_keyword(a: List[str]):
    out = ""
    for i, s in enumerate(a, start=-1):
        out += str(i) + s
    return out


@program("xyz")
def enumerate_a_str(s: str):
    out = ""
    for i, c in enumerate(s):
        out += c + str(i)
    return out


@program({"a": 1.5, "b": 2.5})
def enumerate_items(d: Dict[str, float]):
    total = 0.0
    for i, (k, v) in enumerate(d.items()):
        total += i * v + len(k)
    return total


@program(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
def enumerate_rows(x):
    total = torch.zeros(2)
    for i, row in enumerate(x):
        total = total + i * row
    return total


@program(([1, 2, 3], [10, 20]), ([], [1]))
def zip_two_lists(a: List[int], b: List[int]):
    out: List[int] = []
    for x, y in zip(a, b):
        out.append(x + y)
    return out


@program(([1, 2], ["a", "b"], [0.5, 1.5]))
def zip_three_lists(a: List[int], b: List[str], c: List[float]):
    out = ""
    for x, y, z in zip(a, b, c):
        out += str(x) + y
        if z > 1.0:
            out += "!"
    return out


@program((3, [5, 6, 7, 8]))
def zip_a_range_and_a_list(n: int, a: List[int]):
    total = 0
    for i, x in zip(range(n), a):
        total += i * x
    return total


@program((["a", "b"], [1, 2]))
def enumerate_of_zip(a: List[str], b: List[int]):
    out = ""
    for i, (s, n) in enumerate(zip(a, b)):
        out += s + str(n * i)
    return out


@program((["a", "b"], [1, 2]))
def zip_of_enumerate(a: List[str], b: List[int]):
    out = ""
    for (i, s), n in zip(enumerate(a), b):
        out += str(i) + s + str(n)
    return out


@program([(1, (2, 3)), (4, (5, 6))])
def targets_nest(a: List[Tuple[int, Tuple[int, int]]]):
    total = 0
    for x, (y, z) in a:
        total = total * 10 + x * y + z
    return total


# How loops end.


@program(10, 0, 3)
def break_leaves_the_inner_loop_only(n: int):
    out: List[int] = []
    for i in range(n):
        for j in range(n):
            if j > i:
                break
            out.append(i * 10 + j)
        if i == 2:
            break
    return out


@program(10)
def continue_goes_on_with_the_next(n: int):
    out: List[int] = []
    for i in range(n):
        if i % 3 != 0:
            continue
        out.append(i)
    return out


@program(27, 1)
def while_true_until_break(n: int):
    steps = 0
    while True:
        if n == 1:
            break
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@program(1, 8)
def while_true_until_return(n: int):
    k = 0
    while True:
        k += 1
        if k * k > n:
            return k


@program(([1, 5, 2], 5), ([1, 5, 2], 7), ([], 1))
def return_from_a_loop(a: List[int], x: int):
    for i, item in enumerate(a):
        if item == x:
            return i
    return -1


@program(([[1, 2], [3, 4]], 3), ([[1, 2], [3, 4]], 9))
def return_from_nested_loops(a: List[List[int]], x: int):
    for i, row in enumerate(a):
        for j, item in enumerate(row):
            if item == x:
                return (i, j)
    return (-1, -1)


@program(4)
def while_with_break_and_continue(n: int):
    out: List[int] = []
    i = 0
    while i < 100:
        i += 1
        if i % 2 == 0:
            continue
        if i > n * 2:
            break
        out.append(i)
    return out


# What a loop carries, and what is left after it.


@program(6, 0)
def several_names_are_carried(n: int):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a, b


@program(3)
def a_tensor_is_carried(n: int):
    x = torch.eye(2)
    for i in range(n):
        x = x @ torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    return x


@program([], [3, 1, 2])
def an_optional_is_carried(a: List[int]):
    best: Optional[int] = None
    for x in a:
        if best is None:
            best = x
        elif x > best:
            best = x
    return best


@program(3)
def the_loop_variable_lives_on(n: int):
    i = -1
    for i in range(n):
        pass
    return i


@program(3)
def the_loop_variable_may_be_assigned(n: int):
    out: List[int] = []
    for i in range(n):
        i = i * 10
        out.append(i)
    return out


@program(4)
def range_is_fixed_before_the_loop(n: int):
    count = 0
    for i in range(n):
        n = n + 1
        count += 1
    return count, n


@program([1, 2], torch_is_wrong="it looks at the length once")
def a_list_may_grow_while_it_is_iterated(a: List[int]):
    for x in a:
        if len(a) < 6:
            a.append(x * 10)
    return a


@program(3)
def loops_in_loops(n: int):
    total = 0
    for i in range(n):
        k = i
        while k > 0:
            for j in range(k):
                total += j + 1
            k -= 1
    return total


@program(torch.zeros(3))
def the_condition_is_a_tensor(x):
    steps = 0
    while x.sum() < 10:
        x = x + 1.5
        steps += 1
    return x, steps


@program(5)
def a_str_is_carried(n: int):
    s = ""
    while len(s) < n:
        s = s + str(len(s))
    return s


@program(3, 0)
def a_list_is_carried(n: int):
    a: List[int] = [0]
    for i in range(n):
        a = a + [a[-1] + i]
    return a


@program(2)
def an_empty_body(n: int):
    for _ in range(n):
        pass
    while n > 0:
        n -= 1
    return n
