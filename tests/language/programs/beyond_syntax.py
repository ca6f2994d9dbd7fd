"""Syntax that TorchScript refuses."""

import torch
from typing import Dict, List, Tuple

from tests.language.corpus import call, program

# try, except, else, finally.


@program(0, 1, 2)
def try_and_except(n: int):
    try:
        if n == 1:
            raise ValueError("one")
        result = 10 // (n - 2)
    except ValueError as e:
        return "value " + str(e)
    except ZeroDivisionError:
        return "zero"
    return str(result)


@program(0, 1)
def try_with_else(n: int):
    log: List[str] = []
    try:
        x = 1 // n
    except ZeroDivisionError:
        log.append("failed")
    else:
        log.append("went well")
    return log


@program(0, 1)
def try_with_finally(n: int):
    log: List[str] = []
    try:
        try:
            x = 1 // n
            log.append("went well")
        finally:
            log.append("finally")
    except ZeroDivisionError:
        log.append("failed")
    return log


@program({"a": 1})
def a_key_error_is_caught(d: Dict[str, int]):
    try:
        return d["b"]
    except KeyError:
        return -1


@program([1])
def an_index_error_is_caught(a: List[int]):
    try:
        return a[5]
    except IndexError:
        return -1


@program("x", "12")
def a_value_error_is_caught(s: str):
    try:
        return int(s)
    except ValueError:
        return -1


@program(0, 1)
def several_types_in_one_except(n: int):
    try:
        if n == 0:
            raise KeyError("k")
        raise IndexError("i")
    except (KeyError, IndexError):
        return "caught"


@program(0)
def raised_again(n: int):
    try:
        return 1 // n
    except ZeroDivisionError:
        raise


@program(0)
def raise_from(n: int):
    try:
        return 1 // n
    except ZeroDivisionError as e:
        raise ValueError("no division") from e


@program(3)
def exceptions_in_a_loop(n: int):
    total = 0
    for i in range(n):
        try:
            if i == 1:
                raise ValueError("skip")
            total += i * 10
        except ValueError:
            continue
    return total


def risky(n: int) -> int:
    if n > 2:
        raise ValueError("too large")
    return n


@program(1, 5)
def exceptions_of_callees(n: int):
    try:
        return risky(n)
    except ValueError as e:
        return len(str(e))


@program(0, 3)
def several_arguments_of_an_exception_are_its_text(n: int):
    try:
        if n > 0:
            raise ValueError("value", n)
        raise KeyError("key", 0)
    except ValueError as e:
        return str(e)
    except KeyError as e:
        return f"key: {e}"


@program(0, 1)
def an_exception_with_a_name_is_raised(n: int):
    error = ValueError(f"the number {n}")
    if n > 0:
        raise error
    return n


@program(0)
def an_exception_with_a_name_is_raised_from_another(n: int):
    try:
        return 1 // n
    except ZeroDivisionError as e:
        error = KeyError("division")
        raise error from e


class Countdown:
    def __init__(self, n: int):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n <= 0:
            raise StopIteration
        self.n -= 1
        return self.n


@program(4, 0)
def iterators_are_walked(n: int):
    found: List[int] = []
    for i in Countdown(n):
        if i == 2:
            continue
        found.append(i)
    return found


@program((5, 3), (5, 9), (0, 1))
def iterators_and_else(n: int, k: int):
    numbers = Countdown(n)
    for i in numbers:
        if i == k:
            found = f"{i}"
            break
    else:
        found = "none"
    rest = 0
    for i in numbers:
        rest += i
    return found, rest


class Pairs:
    def __init__(self, items: List[str]):
        self.items = items

    def __iter__(self):
        return Places(self.items)


class Places:
    def __init__(self, items: List[str]):
        self.items = items
        self.place = 0

    def __next__(self):
        if self.place == len(self.items):
            raise StopIteration()
        self.place += 1
        return self.place, self.items[self.place - 1]


@program((["a", "b"],), ([],))
def iterators_of_another_class(a: List[str]):
    text = ""
    pairs = Pairs(a)
    for n, s in pairs:
        for m, t in pairs:
            text += f"{n}{s}{m}{t} "
    return text


@program(3)
def what_a_body_raises_ends_no_iterator(n: int):
    try:
        for i in Countdown(n):
            if i == 1:
                raise StopIteration("body")
    except StopIteration as e:
        return str(e)
    return "ended"


# Lambdas and local functions.


@program([3, -1, 2])
def a_lambda_as_a_sort_key(a: List[int]):
    return sorted(a, key=lambda x: -x), sorted(a, key=lambda x: x * x)


@program([(2, "b"), (1, "z"), (2, "a")])
def a_lambda_on_tuples(a: List[Tuple[int, str]]):
    a.sort(key=lambda t: t[1])
    return a


@program(3)
def a_lambda_with_a_name(n: int):
    double = lambda x: x * 2
    return double(n) + double(1)


@program(3)
def a_local_function(n: int):
    def square(x: int) -> int:
        return x * x

    return square(n) + square(n + 1)


@program((3, 10))
def a_local_function_sees_names_around_it(n: int, k: int):
    def shifted(x: int) -> int:
        return x + k

    return shifted(n) + shifted(0)


@program(3)
def a_local_import(n: int):
    import math

    return math.floor(n + 0.5)


# Sets.


@program([3, 1, 3, 2])
def sets(a: List[int]):
    s = set(a)
    s.add(9)
    s.discard(1)
    return len(s), 3 in s, 1 in s, sorted(list(s))


@program(([1, 2, 3], [2, 3, 4]))
def set_operators(a: List[int], b: List[int]):
    x, y = set(a), set(b)
    return sorted(x & y), sorted(x | y), sorted(x - y), sorted(x ^ y), x == y, x < y


@program([1, 2, 3])
def set_literals_and_comprehensions(a: List[int]):
    s = {x % 2 for x in a}
    return len(s), len({1, 2, 2}), 5 in {1, 5}


# else after loops, walrus, match.


@program(([1, 2, 3], 2), ([1, 2, 3], 9))
def for_else(a: List[int], x: int):
    for item in a:
        if item == x:
            found = "yes"
            break
    else:
        found = "no"
    return found


@program(([4, 5], 5), ([4, 5], 2), ([], 1))
def for_else_of_two_breaks(a: List[int], x: int):
    for i, item in enumerate(a):
        if item == x:
            found, at = item * 2.0, i
            break
        if item > 2 * x:
            at = -i
            found = 0.5
            break
    else:
        return 0.0, -1
    return found, at


@program(([[1, 2], [3]], 3), ([[1, 2], [3]], 2), ([[1, 2], [3]], 7))
def for_else_continues_the_loop_around(rows: List[List[int]], x: int):
    for row in rows:
        for item in row:
            if item == x:
                found = row
                break
        else:
            continue
        size = len(found)
        break
    else:
        return "nowhere"
    return f"{found} {size}"


@program((3, 1), (3, 0), (0, 0))
def for_else_around_try(n: int, k: int):
    for i in range(n):
        try:
            y = 10 // k
            break
        except ZeroDivisionError:
            k += i
    else:
        y = -1
    return y


@program((5, 3), (5, 9))
def while_else_defines(n: int, k: int):
    while n > 0:
        if n == k:
            left = str(n)
            break
        n -= 1
    else:
        left = "none"
    return left


@program((5, 3), (5, 9))
def while_else(n: int, k: int):
    while n > 0:
        if n == k:
            break
        n -= 1
    else:
        return "never"
    return "met"


@program([1, 5, 2])
def walrus(a: List[int]):
    out: List[int] = []
    if (n := len(a)) > 2:
        out.append(n)
    while (x := a.pop()) != 1:
        out.append(x)
    return out


@program([1, 2, 3, 4])
def walrus_in_a_comprehension(a: List[int]):
    return [y for x in a if (y := x * 2) > 4]


@program(0, 1, 2, 7)
def match_of_values(n: int):
    match n:
        case 0:
            return "zero"
        case 1 | 2:
            return "few"
        case _:
            return "many"


@program((0, 0), (0, 3), (2, 3))
def match_of_tuples(a: int, b: int):
    match (a, b):
        case (0, 0):
            return "origin"
        case (0, y):
            return f"on the axis at {y}"
        case (x, y) if x < y:
            return f"below {x + y}"
        case _:
            return "somewhere"


@program("go", "stop", "what")
def match_of_strs(s: str):
    match s:
        case "go":
            return 1
        case "stop":
            return 2
    return 3


@program([], [1], [1, 2, 3])
def match_of_lists(a: List[int]):
    match a:
        case []:
            return "empty"
        case [x]:
            return f"one: {x}"
        case [x, *rest]:
            return f"{x} and {len(rest)}"


# Comprehensions with conditions and several generators.


@program([1, 2, 3, 4])
def comprehension_with_a_condition(a: List[int]):
    return [x * 10 for x in a if x % 2 == 0 if x > 2]


@program(([1, 2], [3, 4]))
def comprehension_with_two_generators(a: List[int], b: List[int]):
    return [x * y for x in a for y in b], [(i, j) for i in range(3) for j in range(i)]


@program([1, 2, 3])
def dict_comprehension_with_a_condition(a: List[int]):
    return {x: x * x for x in a if x != 2}


# Stars.


@program([1, 2])
def star_in_a_list_literal(a: List[int]):
    return [0, *a, 9, *a], [*a]


@program([1, 2, 3])
def a_starred_target_of_a_list(a: List[int]):
    first, *rest = a
    *most, last = a
    return first, rest, most, last


def three(a: int, b: int, c: int = 0) -> int:
    return a * 100 + b * 10 + c


@program({"a": 1})
def star_star_in_literals(d: Dict[str, int]):
    return {**d, "b": 2}, {"a": 0, **d}


def total(*args: int) -> int:
    n = 0
    for a in args:
        n += a
    return n


@program((1, 2))
def star_args(a: int, b: int):
    return total(), total(a), total(a, b, a)


def named(**kwargs: int) -> int:
    n = 0
    for k, v in kwargs.items():
        n = n * 10 + v + len(k)
    return n


@program((1, 2))
def star_star_kwargs(a: int, b: int):
    return named(), named(x=a), named(x=a, yy=b)


@program((5,), call(5, shift=2))
def keyword_only_with_a_default(n: int, *, shift: int = 1):
    return n + shift


# Operators.


@program(7, -7)
def augmented_floor_division_and_modulo(n: int):
    a = n
    a //= 2
    b = n
    b %= 3
    c = 2
    c **= 3
    return a, b, c


@program(torch.eye(2))
def augmented_matrix_product(x):
    x @= torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    return x


@program((3.14159, 42, "x"))
def specs_in_fstrings(x: float, n: int, s: str):
    return f"{x:.2f}|{n:5d}|{n:05d}|{s:>4}|{s:<4}|{n:x}|{n:,}|{x:8.3f}|{x:.1e}"


@program((3, "it's"))
def conversions_in_fstrings(n: int, s: str):
    return f"{s!r} {n!r} {s!s}", f"{n=}"


@program((3.14159, 5), torch_is_wrong="specs are not read")
def format_with_specs(x: float, n: int):
    return "{:.1f} {:>3}".format(x, n), "{0} {1} {0}".format(n, x > 3)


@program([1, 2, 3, 4])
def slices_are_assigned(a: List[int]):
    a[1:3] = [7, 8, 9]
    a[:1] = []
    return a


@program([1, 2, 3, 4])
def slices_are_deleted(a: List[int]):
    del a[1:3]
    return a


@program(True, False)
def an_annotation_without_a_value(flag: bool):
    x: int
    if flag:
        x = 1
    else:
        x = 2
    return x


@program(3, torch_is_wrong="it gives floats")
def ints_to_the_power_of_ints(n: int):
    return n**2, 2**10, pow(n, 3)


def placed(x: int, y: int = 0) -> int:
    return x * 10 + y


@program((1, 2))
def star_star_in_a_call(a: int, b: int):
    d = {"x": a, "y": b}
    return placed(**d), placed(**{"x": b})
