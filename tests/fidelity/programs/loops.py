"""for, while, break, continue, else."""

import torch as xp

from tests.fidelity.corpus import array, inputs

TWO, FIVE = array([1.0, 2.0]), array([1.0, 2.0, 3.0, 4.0, 5.0])


@inputs(3, 0, 10)
def count_up(n: int):
    total = 0
    for i in range(n):
        total += i
    return total


@inputs((TWO, 3), (TWO, 0), (FIVE, 4))
def repeat_by_a_number(x, n: int):
    for _ in range(n):
        x = x * 2
    return x


@inputs(TWO, FIVE, array([1.0]))
def repeat_by_a_size(x):
    for _ in range(x.shape[0]):
        x = x + 1
    return x


@inputs(array([[1.0, 2.0]]), array([[1.0, 2.0], [3.0, 4.0]]))
def over_rows(x):
    total = xp.zeros(2)
    for row in x:
        total = total + row * row
    return total


@inputs(array([[1.0, 2.0]]), array([[1.0, 2.0], [3.0, 4.0]]))
def over_numbered_rows(x):
    total = xp.zeros(2)
    for i, row in enumerate(x):
        total = total + row * (i + 1)
    return total


@inputs(TWO, array([100.0, 200.0]))
def until_large(x):
    while x.sum() < 50:
        x = x * 2
    return x


@inputs(27, 1, 6)
def collatz(n: int):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@inputs((TWO, 5.0), (TWO, 100.0))
def break_on_a_value(x, limit: float):
    for _ in range(5):
        if x.sum() > limit:
            break
        x = x * 2
    return x


@inputs(10, 3)
def skip_some(n: int):
    total = 0
    for i in range(n):
        if i % 3 == 0:
            continue
        total += i
    return total


@inputs(7, 9, 2)
def loop_with_else(n: int):
    for i in range(2, n):
        if n % i == 0:
            break
    else:
        return True
    return False


@inputs(8, 1)
def while_with_else(n: int):
    while n > 1:
        if n % 2:
            break
        n //= 2
    else:
        return -1
    return n


@inputs(4, 1)
def nested_loops(n: int):
    total = 0
    for i in range(n):
        for j in range(i):
            total += i * j
    return total


@inputs(9, 0)
def downwards(n: int):
    total = 0
    for i in range(n, 0, -2):
        total = total * 3 + i
    return total


@inputs(([3, 1, 2],), ([],))
def over_a_list(items: "list[int]"):
    total = 1
    for item in items:
        total *= item
    return total


@inputs(([1, 2], [3, 4]), ([5], [6]))
def over_two_lists(a: "list[int]", b: "list[int]"):
    total = 0
    for x, y in zip(a, b):
        total += x * y
    return total


@inputs("hello", "")
def over_a_string(s: str):
    count = 0
    for c in s:
        if c in "aeiou":
            count += 1
    return count


@inputs(5, 100)
def return_from_a_loop(n: int):
    for i in range(n):
        if i * i > 20:
            return i
    return -1


@inputs(5, 0)
def loop_variable_afterwards(n: int):
    i = -1
    for i in range(n):
        pass
    return i


@inputs((5, 3), (0, 3))
def swapped_in_a_loop(n: int, m: int):
    a, b = 0, m
    for _ in range(n):
        a, b = b, a + b
    return a


@inputs(TWO, array([3.0, 9.0]))
def newton(x):
    y = x
    while abs((y * y - x).sum()) > 1e-3:
        y = (y + x / y) / 2
    return y


@inputs(([4, 8, 15],), ([1],))
def reversed_order(items: "list[int]"):
    total = 0
    for item in reversed(items):
        total = total * 10 + item
    return total


@inputs(20, 2)
def while_true(n: int):
    count = 0
    while True:
        if n < 3:
            break
        n -= 3
        count += 1
    return count
