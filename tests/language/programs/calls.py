"""Functions: parameters, calls, values, what the compiler knows of itself."""

import functools
import torch
from typing import Dict, List, Optional, Tuple

from tests.language.corpus import call, program, scenario

SCALE = 3
NAMES = ["a", "b"]
LIMITS = {"low": 1, "high": 9}
PAIR = (2, 5)


def weighted(x: int, weight: int = 2, *, shift: int = 0) -> int:
    return x * weight + shift


@program((5,), (5, 3), call(5, shift=1), call(x=5, weight=1, shift=2))
def defaults_and_keywords(x: int, weight: int = 2, *, shift: int = 0):
    return x * weight + shift


@program(5)
def keywords_in_calls(n: int):
    return weighted(n), weighted(n, 3), weighted(n, shift=1), weighted(x=n, weight=4)


@program()
def defaults_of_every_type(
    n: int = 1,
    x: float = 0.5,
    s: str = "a",
    b: bool = True,
    a: Optional[List[int]] = None,
):
    return n, x, s, b, a is None


def three(a: int, b: int, c: int) -> int:
    return a * 100 + b * 10 + c


@program(1)
def star_in_a_call(n: int):
    t = (2, 3)
    return three(n, *t), three(*t, n), three(*(n, n, n))


def squared(x: int) -> int:
    return x * x


def sum_of_squares(a: int, b: int) -> int:
    return squared(a) + squared(b)


@program((3, 4))
def callees_are_compiled_on_the_way(a: int, b: int):
    return sum_of_squares(a, b)


@program(3)
def globals_are_constants(n: int):
    return n * SCALE, PAIR[0] + PAIR[1]


def adder(k: int):
    def add(x: int) -> int:
        return x + k

    return add


plus_five = adder(5)


@program(3)
def a_closure_of_a_constant(n: int):
    return plus_five(n)


chosen = squared


@program(3)
def a_function_under_another_name(n: int):
    return chosen(n)


class Tools:
    @staticmethod
    def doubled(x: int) -> int:
        return x * 2


@program(3)
def a_static_method(n: int):
    return Tools.doubled(n)


def logged(fn):
    @functools.wraps(fn)
    def wrapper(x: int) -> int:
        return fn(x) + 1

    return wrapper


@logged
def wrapped(x: int) -> int:
    return x * 10


@program(3, torch_is_wrong="it compiles what was wrapped")
def a_wrapped_function(n: int):
    return wrapped(n)


@torch.jit.ignore
def ignored(x: int) -> int:
    return int(str(x) + "0")


@torch.jit.unused
def unused(x: int) -> int:
    return eval("x")


@program(5, 500, python_differs="an unused function raises in a script")
def an_unused_function_raises_when_called(n: int):
    if n > 100:
        return unused(n)
    return n


@scenario
def an_ignored_function_stays_in_python():
    @torch.jit.script
    def f(n: int):
        return ignored(n) + 1

    yield "result", f(4)


@torch.jit.script
def scripted(x: int) -> int:
    return x + 100


@program(1)
def a_scripted_callee(n: int):
    return scripted(n)


doubled_trace = torch.jit.trace(lambda x: x * 2 + 1, torch.ones(2))


@program(torch.tensor([1.0, 5.0]))
def a_traced_callee(x):
    return doubled_trace(x) + 1


@program(torch.ones(2), python_differs="plain Python is not scripted")
def is_scripting(x):
    if torch.jit.is_scripting():
        return x * 2
    return x


@program(torch.ones(2))
def is_tracing(x):
    if torch.jit.is_tracing():
        return x * 2
    return x


def counted(n: int) -> int:
    if torch.jit.is_scripting():
        return n
    else:
        return len(globals()) * 0 - n


@program(3, python_differs="the branch for plain Python is not compiled")
def what_scripting_leaves_out(n: int):
    return counted(n)


@program((1, 2))
def several_results(a: int, b: int):
    return a + b, a - b, (a, [b])


def first_and_rest(a: List[int]) -> Tuple[int, List[int]]:
    return a[0], a[1:]


@program([1, 2, 3])
def several_results_of_a_callee(a: List[int]):
    first, rest = first_and_rest(a)
    return first, rest


@program((torch.ones(2), 3))
def unannotated_parameters_are_tensors(x, n: int):
    return x * n


def swapped(t: Tuple[int, str]) -> Tuple[str, int]:
    return t[1], t[0]


@program((1, "a"))
def tuples_are_given_and_returned(n: int, s: str):
    return swapped((n, s))


def changed(a: List[int], d: Dict[str, int]) -> None:
    a.append(1)
    d["k"] = 2


@program()
def containers_are_given_by_reference():
    a: List[int] = []
    d: Dict[str, int] = {}
    changed(a, d)
    return a, d


@scenario
def script_if_tracing():
    @torch.jit.script_if_tracing
    def looped(x):
        for _ in range(x.shape[0]):
            x = x + 1
        return x

    yield "plain", looped(torch.zeros(2))
    traced = torch.jit.trace(lambda x: looped(x) * 1, torch.zeros(2))
    yield "more rows", traced(torch.zeros(4))


@scenario
def names_and_schemas():
    def f(x: int, y: float = 0.5) -> float:
        return x * y

    g = torch.jit.script(f)
    yield "name", g.name
    yield "result", g(2)
    yield "by keyword", g(x=2, y=2.0)
    yield "a scripted thing again", torch.jit.script(g) is g


# Overloads of one function are declared before it.


@torch.jit._overload
def sized(x: int) -> int:
    pass


@torch.jit._overload
def sized(x: str) -> int:
    pass


def sized(x):
    if isinstance(x, int):
        return x
    return len(x)


@program((3, "abc"))
def overloads_of_a_function(n: int, s: str):
    return sized(n), sized(s)


@scenario
def schemas_and_qualified_names():
    def f(x: int, y: float = 0.5) -> float:
        return x * y

    g = torch.jit.script(f)
    yield "schema", str(g.schema)
    yield "qualified name", g.qualified_name.rpartition(".")[2]


@torch.jit._overload
def shown(x: float, mark: str) -> float:
    pass


@torch.jit._overload
def shown(x: Optional[str], mark: str) -> Optional[str]:
    pass


def shown(x, mark: str = "!"):
    if isinstance(x, float):
        return x * len(mark)
    if x is None:
        return None
    return x + mark


@program(("ab", None), ("", "x"))
def overloads_of_several_parameters(s: str, t: Optional[str]):
    return shown(0.5, "abc"), shown(s, "?"), shown(t, mark="."), shown(None, s)
