"""Library functions that TorchScript refuses: Python's, math's, NumPy's, modules'."""

import math

import numpy as np
import torch
from typing import Dict, List, Tuple

from tests.language.corpus import program


@program(5, -6)
def invert_an_int(n: int):
    return ~n


@program(("ab", 3), ("ab", 0))
def strs_are_repeated(s: str, n: int):
    return s * n, n * s


@program(({"a": 1}, {"a": 1}), ({"a": 1}, {"a": 2}), ({"a": 1}, {}))
def dicts_are_compared(d: Dict[str, int], e: Dict[str, int]):
    return d == e, d != e


@program(({"a": 1}, {"b": 2, "a": 3}))
def dicts_are_joined(d: Dict[str, int], e: Dict[str, int]):
    return d | e, d


@program(([1, 2], [1, 3]), ([2], [1, 9]))
def lists_have_an_order(a: List[int], b: List[int]):
    return a < b, a <= b, a > b, a >= b


@program(((1, 2), (1, 3)), ((2, 0), (1, 9)))
def tuples_have_an_order(a: Tuple[int, int], b: Tuple[int, int]):
    return a < b, a >= b


@program(3.14159, -2.5)
def round_to_digits(x: float):
    return round(x, 2), round(x, 0)


@program([1, 2, 3])
def reversed_lists(a: List[int]):
    out: List[int] = []
    for x in reversed(a):
        out.append(x)
    return out, list(reversed(a)), [i for i in reversed(range(3))]


@program([1, 2, 3])
def map_and_filter(a: List[int]):
    return list(map(lambda x: x * 2, a)), list(filter(lambda x: x > 1, a))


@program([3, 1, 2])
def sorted_in_reverse(a: List[int]):
    return sorted(a, reverse=True)


@program(["bb", "a", "ccc"])
def sorted_by_length(a: List[str]):
    return sorted(a, key=len), max(a, key=len)


@program([1, 2, 3])
def a_tuple_of_a_list(a: List[int]):
    t = tuple(a)
    return len(t), t[0]


@program(5)
def a_range_is_a_value(n: int):
    r = range(1, n)
    return len(r), r[0], r[-1], 3 in r, sum(r)


@program(1 + 2j)
def parts_of_a_complex(z: complex):
    return z.real, z.imag, z.conjugate()


@program(([2, 3, 4], 3.0, 4.0))
def more_of_math(a: List[int], x: float, y: float):
    return (
        math.prod(a),
        math.hypot(x, y),
        math.log2(8.0),
        math.trunc(x),
        math.dist([x], [y]),
    )


@program((17, 5))
def integers_of_math(n: int, k: int):
    return math.isqrt(n), math.comb(n, k), math.perm(k, 2), math.lcm(n, k)


@program((0.1, 0.3))
def isclose(x: float, y: float):
    return math.isclose(x * 3, y), math.isclose(x, y)


@program(2.0, 2.5)
def is_integer(x: float):
    return x.is_integer()


@program(torch.ones(2))
def finfo_of_a_dtype(x):
    return (
        torch.finfo(x.dtype).eps,
        torch.finfo(torch.float32).max,
        torch.iinfo(torch.int32).max,
    )


@program(
    torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.complex64,
    torch.int32,
)  # fmt: skip
def finfo_while_running(dtype: torch.dtype):
    info = torch.finfo(dtype)
    return info.bits, info.min, info.tiny, info.resolution, info.dtype


@program(torch.uint8, torch.int8, torch.int32, torch.int64, torch.float32)
def iinfo_while_running(dtype: torch.dtype):
    info = torch.iinfo(dtype)
    return info.bits, info.max, info.min, info.dtype


@program(torch.tensor([0.0, 2.0]))
def bool_of_a_tensor(x):
    return x.bool()


@program(torch.arange(6.0).reshape(2, 3))
def index_with_an_ellipsis_alone(x):
    return x[...], x[..., None].shape


@program(torch.arange(6.0).reshape(2, 3))
def index_with_a_tuple(x):
    t = (1, 2)
    return x[t]


@program(torch.ones(2, requires_grad=True))
def enable_grad(x):
    with torch.enable_grad():
        y = x * 2
    return y


@program(["a", "b", "a"], [])
def dict_fromkeys(keys: List[str]):
    return dict.fromkeys(keys, 0), dict.fromkeys((1, 2), "x")


@program([[1], [2, 3]], [])
def sums_with_a_start(rows: List[List[int]]):
    return sum(rows, []), sum(rows, [0]), sum([r + [9] for r in rows], [5])


class Amount:
    def __init__(self, n: int):
        self.n = n

    def __add__(self, other: "Amount"):
        return Amount(self.n + other.n)


@program([1, 2, 3], [])
def sums_of_instances(a: List[int]):
    return sum([Amount(x) for x in a], Amount(10)).n


@program((3, 2.5, "s", [1]))
def classes_of_values(n: int, x: float, s: str, a: List[int]):
    same = type(n) == int, type(x) is float, type(s) != str, type(a) == list
    return same, type(n) == type(x), type(n > 2) is bool, type((n, s)) is tuple


def doubled(x):
    if type(x) == int:
        return x * 2
    return x + x + "!"


@program((3, "a"))
def the_class_of_an_argument_chooses(n: int, s: str):
    return doubled(n), doubled(s)


@program(([1, 2], 2.5))
def asarray(a: List[int], x: float):
    t = torch.asarray(a)
    return t, torch.asarray(x), torch.asarray([1.0, 2.0]), torch.asarray(t) + 1


# NumPy.


@program((np.arange(4.0), 2.0))
def functions_of_numpy(x: np.ndarray, k: float):
    return float(np.sum(x * k)), float(np.sqrt(x).mean()), x.shape[0]


@program(np.array([[1.0, 2.0], [3.0, 4.0]]))
def methods_of_arrays(x: np.ndarray):
    return float(x.sum()), float(x.T[0, 1]), float(x.max()), x.ndim


# Modules.


class Layers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])
        self.named = torch.nn.ModuleDict({"a": torch.nn.ReLU(), "b": torch.nn.Tanh()})

    def forward(self, x, i: int, name: str):
        return self.layers[i](x) + self.named[name](x)


X = torch.tensor([1.0, -1.0])


@program((X, 0, "a"), (X, 1, "b"), (X, -1, "a"), (X, 2, "a"), (X, 0, "c"))
class modules_are_chosen_while_running(Layers):
    pass


class Gain(torch.nn.Module):
    def __init__(self, k: float):
        super().__init__()
        self.k = torch.nn.Parameter(torch.tensor(k))
        self.calls = 0

    @property
    def doubled(self):
        return self.k * 2

    def forward(self, x, times: int = 1):
        self.calls += 1
        return x * self.k * times

    def backwards(self, x):
        return x / self.k


@program((X, [0, 1, -1]), (X, []), (X, [1, 2]), (X, [-3]))
class chosen_modules_keep_state(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gains = torch.nn.ModuleList([Gain(2.0), Gain(3.0)])

    def forward(self, x, order: List[int]):
        counts: List[int] = []
        for i in order:
            gain = self.gains[i]
            x = gain(x, times=2) + gain.doubled
            x = gain.backwards(x)
            self.gains[i].calls += 10
            counts.append(gain.calls)
        return x, counts


@program((X, 0), (X, 1), (X, -2), (X, 2))
class chosen_stacks_of_modules(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stacks = torch.nn.ModuleList(
            [
                torch.nn.Sequential(torch.nn.ReLU(), Gain(2.0)),
                torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Sigmoid()),
            ]
        )

    def forward(self, x, i: int):
        stack = self.stacks[i]
        for layer in stack:
            x = layer(x)
        return x, stack[-1](x), len(stack)


@program((X, 0), (X, 1), (X, -1), (X, -3))
class chosen_parameters(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scales = torch.nn.ParameterList(
            [torch.nn.Parameter(torch.ones(2) * k) for k in (2.0, 3.0)]
        )

    def forward(self, x, i: int):
        return x * self.scales[i]


@program((X, "a"), (X, "b"), (X, "none"))
class modules_under_keys(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = torch.nn.ModuleDict({"a": Gain(2.0), "b": torch.nn.Tanh()})

    def forward(self, x, name: str):
        if name in self.heads:
            head = self.heads[name]
            return head(x)
        return self.heads[name + "!"](x)


class Parent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 2

    def forward(self, x):
        return x * self.k


@program(X)
class super_forward(Parent):
    def forward(self, x):
        return super().forward(x) + 1


@program(X)
class slices_of_module_lists(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])

    def forward(self, x):
        for layer in self.layers[1:]:
            x = layer(x)
        return x


@program(X)
class named_parameters_in_forward(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Parameter(torch.ones(2))
        self.b = torch.nn.Parameter(torch.ones(2) * 2)

    def forward(self, x):
        for name, p in self.named_parameters():
            x = x + p
        return x


@program(X)
class named_parameters_of_equal_children(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Scaled(2.0)
        self.b = Scaled(3.0)
        self.c = self.a

    def forward(self, x):
        names: List[str] = []
        for name, p in self.named_parameters():
            names.append(name)
            x = x * p
        for p in self.parameters():
            x = x + p
        count = 0
        for m in self.modules():
            count += 1
        return x, names, count


class Scaled(torch.nn.Module):
    def __init__(self, k: float):
        super().__init__()
        self.k = torch.nn.Parameter(torch.tensor([k, k + 1]))

    def forward(self, x):
        return x * self.k


@program((X, 0), (X, 1), (X, 5))
class break_in_a_loop_over_modules(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Tanh()])

    def forward(self, x, n: int):
        for i, layer in enumerate(self.layers):
            if i == n:
                break
            x = layer(x) + 1
        return x


# What torch does wrongly, part by part.


@program((6, 4), torch_is_wrong="it is evaluated twice")
def the_left_operand_of_modulo_is_evaluated_once(a: int, b: int):
    log: List[int] = []
    return noted(log, a) % b, log


def noted(log: List[int], n: int) -> int:
    log.append(n)
    return n


@program(9223372036854775807)
def ints_that_are_too_large(n: int):
    return n - 1


@program((X, 0), (X, 1), (X, 5))
class continue_in_a_loop_over_modules(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleDict(
            {"a": torch.nn.ReLU(), "b": torch.nn.Tanh(), "c": torch.nn.Sigmoid()}
        )

    def forward(self, x, n: int):
        used: List[str] = []
        last = -1
        for i, (name, layer) in enumerate(self.layers.items()):
            if i == n:
                continue
            for k in range(3):
                if k > i:
                    break
                x = layer(x) + k
            if i + n > 5:
                break
            used.append(name)
            last = i
        return x, used, last, i


@program((1, 5), (0, 9))
def return_from_a_loop_over_a_tuple(n: int, k: int):
    for x in (1, "a", 2.5):
        if n == 0:
            return k
        n -= 1
    return -1
