"""Python's built-in functions, on every type that they take."""

import torch
from typing import Dict, List, Tuple

from tests.language.corpus import program


@program(-3, 0, 4)
def abs_of_an_int(n: int):
    return abs(n)


@program(-1.5, 0.5)
def abs_of_a_float(x: float):
    return abs(x)


@program(torch.tensor([-1.0, 2.0]))
def abs_of_a_tensor(x):
    return abs(x)


@program((3, 5), (5, 3))
def min_and_max_of_two(a: int, b: int):
    return min(a, b), max(a, b)


@program((3.5, 1.5))
def min_and_max_of_two_floats(a: float, b: float):
    return min(a, b), max(a, b)


@program((3, 5, 1, 4))
def min_and_max_of_several(a: int, b: int, c: int, d: int):
    return min(a, b, c, d), max(a, b, c)


@program([3, 1, 2], [])
def min_of_a_list(a: List[int]):
    return min(a)


@program([3, 1, 2], [])
def max_of_a_list(a: List[int]):
    return max(a)


@program((3, 2.5))
def max_of_an_int_and_a_float(a: int, b: float):
    return max(float(a), b), min(float(a), b)


@program([1, 2, 3], [])
def sum_of_ints(a: List[int]):
    return sum(a)


@program([0.5, 1.5])
def sum_of_floats(a: List[float]):
    return sum(a)


@program([True, False, True])
def sum_of_bools(a: List[bool]):
    return sum(a)


@program(([1], "ab", {"a": 1}, torch.ones(3, 2)))
def len_of_everything(a: List[int], s: str, d: Dict[str, int], x):
    return len(a), len(s), len(d), len(x), len((1, 2, 3))


@program(2.5, 3.5, -2.5, 2.6, torch_is_wrong="it gives a float")
def round_to_an_int(x: float):
    return round(x)


@program((7, 2), (-7, 2), (7, -2))
def divmod_of_ints(a: int, b: int):
    return divmod(a, b)


@program((7.5, 2.0), (-7.5, 2.0))
def divmod_of_floats(a: float, b: float):
    return divmod(a, b)


@program((2.0, 3.0), (2.0, -1.0))
def pow_of_floats(a: float, b: float):
    return pow(a, b)


@program([True, True], [True, False], [])
def any_and_all(a: List[bool]):
    return any(a), all(a)


@program(torch.tensor([True, False]))
def any_and_all_of_a_tensor(x):
    return x.any(), x.all()


@program(["b", "a"])
def sorted_of_strs(a: List[str]):
    return sorted(a)


@program((3, 1, 2))
def sorted_of_a_literal(a: int, b: int, c: int):
    return sorted([a, b, c])


@program(torch.ones(2))
def isinstance_of_a_tensor(x):
    return isinstance(x, torch.Tensor)


@program((1, 0.5, "a", True))
def isinstance_of_scalars(n: int, x: float, s: str, b: bool):
    return (
        isinstance(n, int),
        isinstance(x, (int, float)),
        isinstance(s, str),
        isinstance(b, bool),
    )


@program(([1], (1, "a")))
def isinstance_of_containers(a: List[int], t: Tuple[int, str]):
    return isinstance(a, list), isinstance(t, tuple), isinstance(a, tuple)


@program((1, 2.5, "7", True))
def conversions(n: int, x: float, s: str, b: bool):
    return float(n), int(x), int(s), float(s), str(n), int(b), bool(n)


@program("abc")
def list_of_a_str(s: str):
    return list(s)


@program({"a": 1})
def list_of_keys(d: Dict[str, int]):
    return list(d.keys()), list(d)


@program(("a", "a"), ("a", "b"))
def hash_of_strs(a: str, b: str):
    return hash(a) == hash(b)


@program((1, 1), (1, 2))
def hash_of_ints(a: int, b: int):
    return hash(a) == hash(b)


class Optionally(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 3

    def forward(self, x: int):
        if hasattr(self, "scale"):
            x = x * self.scale
        if hasattr(self, "shift"):
            x = x + self.shift
        return x


@program(5)
class hasattr_of_a_module(Optionally):
    pass


class Getting(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 3

    def forward(self, x: int):
        return x * getattr(self, "scale")


@program(5)
class getattr_of_a_module(Getting):
    pass


@program(5)
def range_as_a_list(n: int):
    return [i for i in range(n)], list(range(1, n, 2))


@program((1, 2))
def complex_of_ints(a: int, b: int):
    return complex(a, b)


@program(torch.tensor([3.0, 1.0]))
def min_and_max_of_tensors(x):
    return torch.min(x[0], x[1]), torch.max(x)


# abs; min and max of two numbers.


@program((3, 5), (-5, 3), (0, 0), (-2, -7))
def abs_min_max_ints(a: int, b: int):
    return abs(a), min(a, b), max(a, b)


@program((1.5, -1.5), (-0.5, 2.0))
def abs_min_max_floats(a: float, b: float):
    return abs(a), min(a, b), max(a, b)


# divmod of ints and of floats, for all signs.


@program((7, 2), (-7, 2), (7, -2), (-7, -2), (0, 3))
def divmod_ints(a: int, b: int):
    return divmod(a, b)


@program((7.5, 2.0), (-7.5, 2.0))
def divmod_floats(a: float, b: float):
    return divmod(a, b)


# ord and chr; hex, oct and bin of ints.


@program("a", "Z", " ")
def ord_chr_hex_oct_bin_code(s: str):
    return ord(s), chr(ord(s) + 1)


@program(0, 1, 255, 4096)
def ord_chr_hex_oct_bin_bases(i: int):
    return hex(i), oct(i), bin(i)


# round of a float goes to the nearest whole number, halves to the even one.


@program(0.4, 0.6, 0.5, 1.5, 2.5, -0.5, -1.5, -2.6, 7.0)
def round_of(x: float):
    return float(round(x))


class GettingOr(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 3

    def forward(self, x: int):
        return x * getattr(self, "scale", 4) + getattr(self, "shift", 7)


@program(5)
class getattr_with_a_default(GettingOr):
    pass


@program("a", "")
def bool_of_a_str(s: str):
    return bool(s)


@program((3, "a"))
def constructors_of_containers(n: int, s: str):
    d = {s: n}
    return dict(d), list(d), list((n, n + 1)), str(n), str(s)


@program((torch.tensor(2), torch.tensor(3)), torch_is_wrong="it gives ints")
def min_and_max_of_two_tensors(x, y):
    return max(x, y), min(x, y)
