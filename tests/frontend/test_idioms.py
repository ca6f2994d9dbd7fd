"""Programs as they are written in Python: decorators, memos, sorts, tokens, tables."""

# The programs are written as users write them.
# ruff: noqa: C400, C416, E731, C401, C402, C417, PERF402, RUF034

from __future__ import annotations

import functools
from typing import Any

import pytest

import jit
from jit import torch

CASES: list[tuple[Any, tuple[Any, ...]]] = []


def case(*calls):
    """Add a function with the arguments of some calls."""

    def add(function):
        CASES.extend((function, arguments) for arguments in calls)
        return function

    return add


def traced_calls(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs) + 1

    return wrapper


def scaled(k: int):
    def deco(f):
        @functools.wraps(f)
        def inner(x: int) -> int:
            return f(x) * k

        return inner

    return deco


@traced_calls
def base(a: int, b: int = 2):
    return a * b


@scaled(10)
def tens(x: int) -> int:
    return x + 1


@case((3,))
def decorated(x: int):
    return base(x), base(x, 5), base(x, b=7), tens(x)


@case((3,))
def while_ref(x: int):
    n: int | None = x
    s = 0
    while n is not None:
        s += n
        n = n - 1 if n > 1 else None
    return s


@case(([1, 2, 3, 4],))
def pipeline(xs: list[int]):
    evens = filter(lambda v: v % 2 == 0, xs)
    return (
        sum(map(lambda v: v * v, evens)),
        " ".join(str(v) for v in xs if v > 1),
        {v: [w for w in xs if w < v] for v in xs},
    )


@case(("the cat the dog",))
def group(text: str):
    counts = {}
    first = {}
    for i, w in enumerate(text.split()):
        counts[w] = counts.get(w, 0) + 1
        first.setdefault(w, []).append(i)
    return sorted(counts.items(), key=lambda kv: (-kv[1], kv[0])), first


@case((4,))
def memo(n: int):
    cache: dict[int, int] = {}

    def fib(k: int) -> int:
        if k < 2:
            return k
        if k not in cache:
            cache[k] = fib(k - 1) + fib(k - 2)
        return cache[k]

    return fib(n), sorted(cache)


@case(([5, 3, 8, 1],))
def quick(xs: list[int]):
    def sort(v: list[int]) -> list[int]:
        if len(v) <= 1:
            return v
        head, *rest = v
        return [
            *sort([a for a in rest if a < head]),
            head,
            *sort([a for a in rest if a >= head]),
        ]

    return sort(xs)


@case((3,))
def counter(n: int):
    total = 0
    hist = []

    def add(k):
        nonlocal total
        total += k
        hist.append(total)

    for i in range(n):
        add(i)
    add(k=10)
    return total, hist


@case(([3, 1, 2],))
def stack(xs: list[int]):
    st = []
    for x in xs:
        st.append(x)
    out = []
    while st:
        out.append(st.pop())
    return out, st


@case(("a(b)c",))
def tokens(s: str):
    out = []
    for ch in s:
        match ch:
            case "(" | ")":
                out.append(("paren", ch))
            case c if c.isalpha():
                out.append(("name", c))
            case _:
                out.append(("other", ch))
    return out


@case(([[1, 2], [3, 4]],))
def matrix(m: list[list[int]]):
    return (
        [list(r) for r in zip(*[[1, 2], [3, 4]])],
        [[sum(a * b for a, b in zip(r, c)) for c in [[1, 3], [2, 4]]] for r in m],
        max(max(r) for r in m),
        any(v > 3 for r in m for v in r),
    )


@case((3,))
def uniq(x: int):
    seen = set()
    dup = []
    for v in [1, 2, x, 3, 2]:
        if v in seen:
            dup.append(v)
        seen.add(v)
    return dup, seen


@case((5,))
def gen_sum(n: int):
    return (
        sum(i for i in range(n) if i % 2),
        max((i * i for i in range(n)), default=0),
        min(x for x in [3, 1, 2]),
        set(i % 3 for i in range(n)),
        dict((i, i * i) for i in range(n)),
        list(i for i in range(n)),
        sorted(-i for i in range(n)),
    )


@case((2,))
def ops_tab(k: int):
    ops = [lambda a, b: a + b, lambda a, b: a * b, max]
    d = {"add": lambda a: a + 1}
    return [f(3, k) for f in ops], ops[k](1, 2), d["add"](k)


@case((3,))
def tern_fn(x: int):
    f = double if x > 100 else double
    g = (lambda v: v + 1) if True else double
    return f(x), g(x)


def double(v: int):
    return v * 2


@case((3,), (0,))
def made_where_the_other_path_leaves(x: int):
    if x > 0:
        n = x * 2
        steps = range(n)
        scale = lambda v, k=n + 1: v * k
    else:
        return -1, [0]
    try:
        shift = functools.partial(max, x - 1)
    except ValueError:
        raise
    return scale(2) + shift(1), [i for i in steps]


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f"{f.__name__}{a}" for f, a in CASES]
)
def test_an_idiom_gives_what_python_gives(function, arguments, same_everywhere):
    same_everywhere(function, arguments)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)
        self.k = 3

    def forward(self, x, n: int):
        def step(h):
            return torch.relu(self.layer(h)) * self.k

        activations = {"a": torch.relu, "b": torch.tanh}
        layers = [self.layer, step]
        ys = [step(x) for _ in range(2)]
        total = functools.reduce(lambda a, b: a + b, ys)
        return activations["b"](total + self.k) + layers[n](x)


def test_functions_inside_of_forward_read_the_module():
    net, x = Net(), torch.ones(1, 2)
    scripted = jit.script(net)

    for n in (0, 1):
        assert torch.allclose(net(x, n), scripted(x, n))
