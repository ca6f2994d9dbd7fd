"""Leaving early: return, assert, raise, warnings, and `with` around them."""

import torch
import warnings
from typing import List, Optional

from tests.language.corpus import program


@program(-1, 0, 5)
def return_from_a_branch(n: int):
    if n < 0:
        return "negative"
    if n == 0:
        return "zero"
    return "positive"


@program((0, 0), (0, 1), (1, 0))
def return_from_nested_branches(a: int, b: int):
    if a == 0:
        if b == 0:
            return 1
        b = 10
    else:
        return a * 100
    return b


@program(torch.tensor([1.0]), torch.tensor([-1.0]))
def return_from_with(x):
    with torch.no_grad():
        if bool(x > 0):
            return x * 2
        x = x - 1
    return x


@program((3, 1), (3, 9))
def return_from_while(n: int, k: int):
    while n > 0:
        if n == k:
            return True
        n -= 1
    return False


@program(1)
def return_without_a_value(n: int):
    if n > 0:
        return
    n = 3


@program(torch.ones(1))
def no_return_at_all(x):
    x.add_(1)


@program(1, None)
def return_none_or_a_value(n: Optional[int]) -> Optional[int]:
    if n is None:
        return None
    return n * 2


# assert, with and without a message.


@program(1, 0)
def assert_without_a_message(n: int):
    assert n > 0
    return n


@program(1, -5)
def assert_with_a_message(n: int):
    assert n > 0, "n must be positive"
    return n


@program(1, -5)
def assert_with_an_fstring(n: int):
    assert n > 0, f"n is {n}"
    return n


@program([1], [])
def assert_a_list(a: List[int]):
    assert a, "nothing there"
    return a[0]


@program(torch.ones(2), torch.zeros(2))
def assert_a_tensor(x):
    assert x.sum() > 0
    return x


@program(True, False)
def torch_assert(flag: bool):
    torch._assert(flag, "no flag")
    return 1


# raise: built-in types, without a call, the user's own.


@program(0, 1, 2, 3, 4, 5, 6)
def raise_built_in_types(n: int):
    if n == 1:
        raise ValueError("value")
    if n == 2:
        raise RuntimeError("run time")
    if n == 3:
        raise IndexError("index")
    if n == 4:
        raise KeyError("key")
    if n == 5:
        raise TypeError("type")
    if n == 6:
        raise NotImplementedError("later")
    return n


@program(1, 2, 3, 4)
def raise_with_several_arguments(n: int):
    if n == 1:
        raise ValueError("value", n)
    if n == 2:
        raise KeyError("key", 2.5, n > 1)
    if n == 3:
        raise RuntimeError(n, [n, n], ("a", None))
    return n


@program(0, 1)
def raise_a_class(n: int):
    if n > 0:
        raise ValueError
    return n


@program(0, 1)
def raise_with_a_message_that_is_computed(n: int):
    if n > 0:
        raise ValueError("n is " + str(n) + ", not " + str(n - 1))
    return n


@program(0, 1)
def raise_with_an_fstring(n: int):
    if n > 0:
        raise ValueError(f"n is {n}")
    return n


@program(0, 1)
def raise_with_format(n: int):
    if n > 0:
        raise ValueError("n is {}".format(n))
    return n


@program(0, 1)
def raise_with_percent(n: int):
    if n > 0:
        raise ValueError("n is %d" % n)
    return n


class Refusal(Exception):
    pass


@program(0, 1)
def raise_a_type_of_ones_own(n: int):
    if n > 0:
        raise Refusal("no")
    return n


@program(0, 1)
def raise_in_a_loop(n: int):
    total = 0
    for i in range(5):
        total += i
        if total > 3 and n > 0:
            raise RuntimeError("too much")
    return total


def positive(n: int) -> int:
    if n <= 0:
        raise ValueError("not positive")
    return n


@program(1, -1)
def raise_in_a_callee(n: int):
    return positive(n) + 1


@program(1, -1)
def raise_inside_with(n: int):
    with torch.no_grad():
        x = positive(n)
    return x


# warnings.warn goes on.


@program(1)
def warnings_go_on(n: int):
    warnings.warn("careful")
    return n + 1


# del of names, items and keys.


@program([1, 2, 3])
def delete_an_item(a: List[int]):
    del a[1]
    return a


@program([1, 2, 3, 4, 5])
def delete_a_last_item(a: List[int]):
    del a[-1]
    del a[0]
    return a


@program(1)
def delete_a_name(n: int):
    x = n + 1
    y = x * 2
    del x
    return y


@program(torch.ones(2))
def delete_a_tensor(x):
    y = x + 1
    z = y * 2
    del y
    return z


# Statements that do nothing.


@program(1)
def statements_that_do_nothing(n: int):
    """A docstring."""
    pass
    n
    n + 1
    "a string on its own"
    return n
