"""Functions: parameters, calls, closures, callees."""

import torch
from typing import List, Optional, Tuple

from tests.language.corpus import call, program, scenario

# A call checks the types of its arguments.


@program(
    (1, "ab", [1, 2, 3], (4, 0.5)),
    (0, "", [], (0, 0.0)),
    (1, "ab", [1], (4, 0.5), 1),
)
def argument_types(i: int, s: str, a: List[int], t: Tuple[int, float]):
    return i + len(s) + len(a) + t[0]


@program(
    ("1", "ab", [1], (4, 0.5)),
    (1, 2, [1], (4, 0.5)),
    (1.5, "ab", [1], (4, 0.5)),
    (1, "ab", ["1"], (4, 0.5)),
    (1, "ab", [1], (4,)),
    python_differs="Python looks at no annotation",
)
def argument_types_checked(i: int, s: str, a: List[int], t: Tuple[int, float]):
    return i + len(s) + len(a) + t[0]


# Plain Python functions that a script calls are compiled on the way.


def square(x):
    return x * x


def norm(x):
    return square(x).sum()


@program(torch.tensor([1.0, 3.0]), torch.zeros(2), torch.zeros(0))
def callees(x):
    n = norm(x)
    if n > 0:
        return x / n
    return x


# A function that a closure holds is called by the script.


def make(fn):
    def apply_twice(x: int) -> int:
        return fn(fn(x))

    return torch.jit.script(apply_twice)


def double(x: int) -> int:
    return 2 * x


def decrement(x: int) -> int:
    return x - 1


@scenario
def closure():
    yield "double", make(double)(5)
    yield "decrement", make(decrement)(5)


# Default arguments of every simple type.


@program(1, (1, 3, 1.5), (1, 3, 1.5, "x", False, 9), ())
def defaults(
    a: int,
    b: int = 2,
    c: float = 0.5,
    d: str = "d",
    e: bool = True,
    f: Optional[int] = None,
):
    return a, b, c, d, e, f


# torch.jit.is_scripting() is true inside a script and false outside.


def where() -> int:
    if torch.jit.is_scripting():
        return 1
    else:
        return 0


scripted = torch.jit.script(where)


@scenario
def is_scripting():
    yield "plain", where()
    yield "scripted", scripted()


# Keyword-only parameters, called from Python and from a script.


@program(call(2, scale=3, shift=4))
def keyword_only_scaled(x: int, *, scale: int, shift: int):
    return x * scale + shift


@program(5)
def keyword_only_caller(x: int):
    return keyword_only_scaled(x, shift=1, scale=10)


# Keyword arguments in any order, from Python and from a script.


@program(call(c=5, a=1), call(1, c=4), call(1, d=4), call(1, a=4))
def keywords_digits(a: int, b: int = 2, c: int = 3):
    return a * 100 + b * 10 + c


@program(6)
def keywords_caller(x: int):
    return keywords_digits(c=x, a=7), keywords_digits(x, c=9), keywords_digits(1, b=x)


# A module-level name bound to a library function or module is usable in a script.


F = torch.nn.functional


activate = torch.relu


@program(torch.tensor([-1.0, 0.5, 2.0]))
def module_value(x):
    return activate(x), F.relu(x - 1)


# Several results are a tuple; a one-element and an empty tuple are tuples too.


@program(3)
def return_tuple_three(x: int):
    return x, float(x), str(x)


@program(3)
def return_tuple_one(x: int):
    return (x,)


@program(torch.ones(1))
def return_tuple_nested(x):
    return x, (x + 1, [x + 2, x + 3])


# Scripting a scripted function gives a function that does the same.


@torch.jit.script
def script_of_script(x: int):
    return x + 1


again = torch.jit.script(script_of_script)


@scenario
def script_of_script_scenario():
    yield "once", script_of_script(1)
    yield "again", again(1)


# A script calls another script.


def scripted_callee_relu_or_double(x, double: bool):
    if double:
        return x * 2
    return torch.relu(x)


@program(torch.tensor([-1.0, 0.0, 2.0]), torch.tensor([-1, 3]))
def scripted_callee_outer(x):
    y = x
    for i in range(3):
        y = scripted_callee_relu_or_double(y, i % 2 == 0)
    return y


# A tuple is spread with `*` in a call.


def digits(a: int, b: int, c: int):
    return a * 100 + b * 10 + c


@program(call((1, 2, 3)))
def star_tuple_spread(t: Tuple[int, int, int]):
    return digits(*t)


@program((4, (5, 6)))
def star_tuple_partly(a: int, t: Tuple[int, int]):
    return digits(a, *t)


# An unannotated parameter is a Tensor, and the result type is inferred.


@program((torch.ones(2), torch.arange(2)))
def unannotated_add(x, y):
    return x + y


@program(torch.ones(2, 3, 4))
def unannotated_rank(x):
    return x.dim()
