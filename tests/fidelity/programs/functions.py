"""Calls, defaults, closures, lambdas, recursion, state outside."""

import functools


from tests.fidelity.corpus import array, inputs

TWO, OTHER = array([1.0, 2.0]), array([-3.0, 4.0])
SCALE = 3
FACTORS = [2.0, 5.0]
calls = [0]


def double(x):
    return x * 2


def shifted(x, by: float = 1.0):
    return x + by


def larger(x):
    if x.sum() > 0:
        return x
    return -x


@inputs(TWO, OTHER)
def call_of_a_function(x):
    return double(double(x))


@inputs(TWO, OTHER)
def call_of_one_that_decides(x):
    return larger(x) + 1


@inputs(TWO, OTHER)
def default_and_keyword(x):
    return shifted(x) + shifted(x, by=2.0)


@inputs((TWO, 3), (OTHER, 0))
def keyword_only(x, n: int, *, more: int = 2):
    return x * n + more


@inputs(TWO, OTHER)
def local_function(x):
    def inner(y):
        return y * y

    return inner(x) + 1


@inputs(TWO, OTHER)
def closure_over_a_local(x):
    k = x.shape[0] + 1

    def inner(y):
        return y * k

    return inner(x)


@inputs(TWO, OTHER)
def lambda_called(x):
    twice = lambda y: y + y  # noqa: E731
    return twice(x) * 2


@inputs(([1, 2, 3],), ([4],))
def map_and_filter(items: "list[int]"):
    return [n for n in map(lambda n: n * 2, items)]


@inputs(6, 0)
def recursion(n: int) -> int:
    if n <= 1:
        return 1
    return n * recursion(n - 1)


@inputs(7, 4)
def mutual_recursion(n: int):
    return is_even(n)


def is_even(n: int) -> bool:
    if n == 0:
        return True
    return is_odd(n - 1)


def is_odd(n: int) -> bool:
    if n == 0:
        return False
    return is_even(n - 1)


@inputs(TWO, OTHER)
def global_constant(x):
    return x * SCALE


@inputs(TWO, OTHER)
def global_list(x):
    return x * FACTORS[1]


@inputs(TWO, OTHER)
def several_results(x):
    return x, x * 2, x.sum()


@inputs((TWO, 2), (OTHER, 5))
def spread_of_arguments(x, n: int):
    pair = (n, n + 1)
    return add_three(n, *pair) * x


def add_three(a: int, b: int, c: int) -> int:
    return a + b + c


@inputs((TWO, OTHER), (OTHER, OTHER))
def any_number_of_arguments(*parts):
    return parts[0] + parts[1]


@inputs(TWO, OTHER)
def function_as_an_argument(x):
    return apply_twice(double, x)


def apply_twice(f, x):
    return f(f(x))


@inputs(([1, 2, 3],), ([5],))
def folded(items: "list[int]"):
    return functools.reduce(lambda a, b: a * 10 + b, items)


@inputs(3, 4)
def nonlocal_counter(n: int):
    count = 0

    def more():
        nonlocal count
        count += n

    more()
    more()
    return count


@inputs(3, 4)
def generator_consumed(n: int):
    return sum(i * i for i in range(n))


@inputs(TWO, OTHER)
def type_of_a_value(x):
    if isinstance(x, int):
        return x
    return x * 2


@inputs((2, 3), (5, 1))
def unpacked_keywords(a: int, b: int):
    return add_three(**{"a": a, "b": b, "c": 1})
