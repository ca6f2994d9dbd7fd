"""Statements: branches, loops, early exits, assert, raise, print."""

import torch
import contextlib
import io
from typing import List, Tuple

from tests.language.corpus import call, program, scenario

# `not` binds tighter than `and`, and `and` tighter than `or`.


@torch.jit.script
def and_or_not_mixed(a: bool, b: bool, c: bool):
    return a or b and c, not a and b, not (a or b) or c


@scenario
def and_or_not_mixed_scenario():
    for n in range(8):
        a, b, c = bool(n & 4), bool(n & 2), bool(n & 1)
        yield f"{a}, {b}, {c}", and_or_not_mixed(a, b, c)


# `and` and `or` evaluate the right operand only when it decides.


def and_or_short_circuit_seen(log: List[int], n: int, answer: bool) -> bool:
    log.append(n)
    return answer


@program((True, True), (True, False), (False, True), (False, False))
def and_or_short_circuit_both(a: bool, b: bool):
    log: List[int] = []
    r = and_or_short_circuit_seen(log, 1, a) and and_or_short_circuit_seen(log, 2, b)
    return r, log


@program((True, True), (True, False), (False, True), (False, False))
def and_or_short_circuit_either(a: bool, b: bool):
    log: List[int] = []
    r = and_or_short_circuit_seen(log, 1, a) or and_or_short_circuit_seen(log, 2, b)
    return r, log


@program(([1, -1], 0), ([1, -1], 5))
def and_or_short_circuit_guarded(a: List[int], i: int):
    return i < len(a) and a[i] > 0


# assert passes when true and raises when false, with and without a message.


@program(1, 0)
def assert_check(x: int):
    assert x > 0
    return x


@program(1, -1)
def assert_check_message(x: int):
    assert x > 0, f"{x} is not positive"
    return x


@program(torch.ones(2), torch.zeros(2))
def assert_check_tensor(x):
    assert x.sum() > 0, "sum"
    return x


# break leaves the innermost loop only.


@program((5, 2), (5, 0), (2, 9), (0, 0))
def break_from_loop(n: int, stop: int):
    found: List[int] = []
    for i in range(n):
        for j in range(n):
            if j == stop:
                break
            found.append(10 * i + j)
        if i == 2:
            break
    return found


# break and continue in one loop, after which its variables hold.


@program([1, -5, 2, 1000, 3], [-1, -2], [1, 2, 3], [])
def break_and_continue_together(a: List[int]):
    s = 0
    seen = 0
    for x in a:
        seen += 1
        if x < 0:
            continue
        if x > 100:
            break
        s += x
    return s, seen


# str and list are conditions: empty is false.


@program("", " ")
def condition_containers_of_str(s: str):
    if s:
        return True
    return False


@program([], [7, 8], [0])
def condition_containers_of_list(a: List[int]):
    if a:
        return a[0]
    return -1


# ints and floats are conditions: zero is false.


@program(0, 1, -1)
def condition_numbers_of_int(i: int):
    if i:
        return "true"
    return "false"


@program(0.0, 0.1, -2.0)
def condition_numbers_of_float(x: float):
    return "true" if x else "false"


@program(4)
def condition_numbers_countdown(n: int):
    steps = 0
    while n:
        n -= 1
        steps += 1
    return steps


# A one-element Tensor is a condition; a larger one raises.


@program(torch.tensor([1.0, 2.0]), torch.tensor([1.0, -2.0]), torch.zeros(0))
def condition_tensor_positive(x):
    if x.sum() > 0:
        return x + 1
    return x - 1


@program(
    torch.tensor(3), torch.tensor(0.0), torch.tensor([[True]]), torch.tensor([1, 1])
)
def condition_tensor_truth(x):
    if x:
        return 1
    else:
        return 0


# Conditional expressions, nested and chained.


@program(0, 3, 5, 6)
def conditional_expression_grade(x: int):
    return "low" if x < 3 else "middle" if x < 6 else "high"


@program((True, True), (True, False), (False, True), (False, False))
def conditional_expression_pick(a: bool, b: bool):
    return (1 if b else 2) if a else (3 if b else 4)


# continue goes on with the next iteration, in for and in while.


@program(0, 1, 2, 7)
def continue_odd(n: int):
    found: List[int] = []
    for i in range(n):
        if i % 2 == 0:
            continue
        found.append(i)
    return found


@program((6, 3), (6, 10))
def continue_skip(n: int, bad: int):
    total = 0
    while n > 0:
        n -= 1
        if n == bad:
            continue
        total += n
    return total


# A return inside a branch ends the function.


@program(-1, 0, 5, 6, 50, 51)
def early_return_if(x: int) -> str:
    if x < 0:
        return "negative"
    y = x * 2
    if y > 10:
        if y > 100:
            return "huge"
        return "big"
    return "small"


# enumerate over a list, with and without a start.


@program([5, 6, 7], [])
def enumerate_plain(a: List[int]):
    s = 0
    for i, x in enumerate(a):
        s += i * x
    return s


@program((["a", "b"], 5), ([], 5))
def enumerate_started(a: List[str], start: int):
    out = ""
    for i, s in enumerate(a, start):
        out += str(i) + s
    return out


# enumerate of zip, with nested targets.


@program(([1, 2], [3, 4]), ([1, 2, 3], [9]), ([], []))
def enumerate_zip_nested(a: List[int], b: List[int]):
    out: List[int] = []
    for i, (x, y) in enumerate(zip(a, b)):
        out.append(100 * i + 10 * x + y)
    return out


# for over a list of ints, floats, strs or Tensors.


@program([1, 2, 3], [])
def for_list_ints(a: List[int]):
    s = 0
    for x in a:
        s = s * 10 + x
    return s


@program(["a", "bc", ""])
def for_list_strs(a: List[str]):
    s = ""
    for x in a:
        s = x + s
    return s


@program([torch.ones(2), torch.tensor([3.0, 4.0])])
def for_list_tensors(a: List[torch.Tensor]):
    s = torch.zeros(2)
    for x in a:
        s = s * 2 + x
    return s


# for over a list literal and over a nested list.


@program(3)
def for_literal_literal(n: int):
    s = 0
    for x in [n, 2 * n, 7]:
        s += x
    return s


@program([[1, 2], [], [3]], [])
def for_literal_nested(a: List[List[int]]):
    out: List[int] = []
    for row in a:
        s = 0
        for x in row:
            s += x
        out.append(s)
    return out


# for over range(n) counts from 0; a negative n gives no iteration.


@program(3, 1, 0, -2)
def for_range_one(n: int):
    out: List[int] = []
    for i in range(n):
        out.append(i)
    return out


# for over range(a, b, step), also with a negative step; step 0 raises.


@program((0, 10, 3), (0, 9, 3), (10, 0, -3), (5, 5, 1), (0, 5, -1), (0, 5, 0))
def for_range_three(a: int, b: int, step: int):
    out: List[int] = []
    for i in range(a, b, step):
        out.append(i)
    return out


# for over range(a, b) counts from a up to b, exclusive.


@program((2, 5), (-2, 2), (3, 3), (5, 2))
def for_range_two(a: int, b: int):
    out: List[int] = []
    for i in range(a, b):
        out.append(i)
    return out


# for over a str gives its characters.


@program("", "x", "education")
def for_str_vowels(s: str):
    n = 0
    for c in s:
        if c in "aeiou":
            n += 1
    return n


@program("", "x", "education")
def for_str_backwards(s: str):
    r = ""
    for c in s:
        r = c + r
    return r


# for over a Tensor gives its rows; over a 0-d Tensor it raises.


@program(torch.tensor([1.0, 2.0, 3.0]), torch.arange(6).reshape(3, 2))
def for_tensor_rows(x):
    s = torch.zeros_like(x[0])
    n = 0
    for row in x:
        s = s * 2 + row
        n += 1
    return s, n


@program(torch.zeros(0, 3), torch.tensor(1.0))
def for_tensor_count(x):
    n = 0
    for row in x:
        n += 1
    return n


# for over a tuple of values of different types.


@program(call(("a", "", "abc")))
def for_tuple_lengths(t: Tuple[str, str, str]):
    n = 0
    for s in t:
        n = n * 10 + len(s)
    return n


@program((2, 0.5))
def for_tuple_mixed(i: int, x: float):
    s = 0.0
    for v in (i, x, True):
        s += float(v)
    return s


# if, elif and else pick one branch.


@program(-3, 0, 5, 10, 99)
def if_elif_else(x: int) -> str:
    if x < 0:
        name = "negative"
    elif x == 0:
        name = "zero"
    elif x < 10:
        name = "small"
    else:
        name = "large"
    return name


# Nested ifs, with a variable assigned on every path.


@program((1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0), (0.0, 0.0))
def if_nested(x: float, y: float):
    if x > 0:
        if y > 0:
            q = 1
        else:
            q = 4
    else:
        if y > 0:
            q = 2
        else:
            q = 3
    return q


# An if without else changes a variable only when it is taken.


@program(-5, 0, 7, 10, 11)
def if_without_else(x: int):
    changed = False
    if x > 10:
        x = 10
        changed = True
    if x < 0:
        x = 0
        changed = True
    return x, changed


# A loop carries several variables of different types.


@program(0, 1, 2, 10)
def loop_carried_several(n: int):
    a, b = 0, 1
    text = ""
    ratio = 0.0
    even = True
    for i in range(n):
        a, b = b, a + b
        text += str(a) + ","
        ratio = b / a
        even = a % 2 == 0
    return a, b, text, ratio, even


# A loop carries a Tensor whose shape changes.


@program(
    (torch.tensor([1.0]), 0),
    (torch.tensor([1.0]), 1),
    (torch.tensor([1.0]), 3),
    (torch.zeros(0), 2),
)
def loop_carried_tensor(x, n: int):
    for i in range(n):
        x = torch.cat([x, x + i])
    return x


# A variable assigned before a loop as its target is alive after the loop.


@program([1, 9, 2], [1, 2], [])
def loop_variable_after_loop_last(a: List[int]):
    x = -1
    for x in a:
        if x > 5:
            break
    return x


@program(4, 0)
def loop_variable_after_loop_last_index(n: int):
    i = -1
    for i in range(n):
        pass
    return i


# A function without return gives None.


@torch.jit.script
def no_return_nothing(x):
    x.add_(1)


@torch.jit.script
def no_return_bare(a: int) -> None:
    if a > 0:
        return
    assert a > -5


@scenario
def no_return():
    x = torch.zeros(2)
    yield "falls off the end", (no_return_nothing(x), x)
    yield "bare return", no_return_bare(1)
    yield "no return", no_return_bare(0)
    yield "raises", lambda: no_return_bare(-9)


# pass, docstrings and expression statements do nothing.


@program(0, 3, 4)
def pass_and_expression_statements(x: int):
    """Return one more."""
    pass
    x + 100
    if x > 3:
        pass
    else:
        x += 1
    "a string"
    return x


# print writes ints, strs and bools, parted by spaces, to Python's stdout.


@torch.jit.script
def print_of(i: int, s: str, b: bool):
    print(i, s, b)
    print()
    for k in range(i):
        print("line", k)
    return i


@scenario
def print_of_scenario():
    for i in [0, 2]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            result = print_of(i, "text", i > 0)
        yield f"{i}", (result, out.getvalue())


# raise of a built-in exception, called or not, ends the function.


@program(0, 3, 10, -1, 11, 7)
def raise_from_loop(x: int):
    if x < 0:
        raise ValueError("negative")
    elif x > 10:
        raise RuntimeError(f"{x} is too large")
    elif x == 7:
        raise IndexError
    return x * 2


# An exception raised in a callee, inside a loop, reaches the caller.


def check(x: int) -> int:
    if x == 0:
        raise ValueError("zero")
    return 12 // x


@program([1, 2, -3], [1, 0, 3], [])
def raise_in_callee(a: List[int]):
    s = 0
    for x in a:
        s += check(x)
    return s


# The bounds of a range are read once, and assigning the loop variable is local.


@program(0, 1, 4)
def range_bounds_fixed(n: int):
    turns = 0
    for i in range(n):
        n += 10
        i = i * 100
        turns += 1
    return turns, n


# A return inside loops ends the function, whatever the nesting.


@program(([4, 5, 4], 4), ([4, 5, 6], 6), ([4, 5, 6], 7), ([], 1))
def return_from_loop_find(a: List[int], x: int):
    for i in range(len(a)):
        if a[i] == x:
            return i
    return -1


@program((12, 10), (13, 10))
def return_from_loop_pair(total: int, limit: int):
    for a in range(limit):
        b = a
        while b < limit:
            if a * b == total:
                return a, b
            b += 1
    return -1, -1


# while runs until its condition is false, which may be at once.


@program(1, 2, 6, 27)
def while_from_loop(n: int):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


# `while True` ends at a break.


@program(1.0, 2.0, 100.0)
def while_true_break(x: float):
    guess = x
    steps = 0
    while True:
        better = (guess + x / guess) / 2
        steps += 1
        if abs(better - guess) < 1e-9 or steps > 50:
            break
        guess = better
    return guess, steps


# zip stops at the shortest; it takes lists, ranges and Tensors.


@program(([1, 2, 3], [4, 5, 6]), ([1, 2, 3], [4]), ([], [1]))
def zip_dot(a: List[int], b: List[int]):
    s = 0
    for x, y in zip(a, b):
        s += x * y
    return s


@program(([1, 2, 3], ["a", "b", "c"], 2))
def zip_three(a: List[int], b: List[str], n: int):
    out = ""
    for x, s, i in zip(a, b, range(n)):
        out += s + str(x + i)
    return out


@program((torch.tensor([[1.0, 2.0], [3.0, 4.0]]), [10.0, 1.0]))
def zip_with_tensor(x, a: List[float]):
    s = torch.zeros(2)
    for row, k in zip(x, a):
        s = s + row * k
    return s
