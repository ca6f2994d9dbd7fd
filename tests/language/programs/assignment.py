"""Assignment in all its forms: targets, unpacking, augmented, annotated, retyped."""

import torch
from typing import Dict, List, Optional, Tuple

from tests.language.corpus import call, program


@program(3)
def several_targets(n: int):
    a = b = n
    b += 1
    return a, b


@program(3)
def several_targets_share_a_list(n: int):
    a = b = [n]
    b.append(n + 1)
    return a, b


@program((1, 2, 3))
def nested_destructuring(a: int, b: int, c: int):
    (x, y), z = (a, b), c
    (p, (q, r)) = (z, (y, x))
    return x, y, z, p, q, r


@program((1, 2))
def swap(a: int, b: int):
    a, b = b, a
    return a, b


@program([3, 1, 2])
def swap_items(a: List[int]):
    a[0], a[2] = a[2], a[0]
    return a


@program((1, 2, 3, 4), torch_is_wrong="the rest is a tuple")
def starred_takes_the_rest_of_a_tuple(a: int, b: int, c: int, d: int):
    first, *rest = (a, b, c, d)
    *start, last = (a, b, c, d)
    one, *middle, four = (a, b, c, d)
    return first, rest, start, last, one, middle, four


@program([1, 2], [1, 2, 3])
def a_list_is_unpacked(a: List[int]):
    x, y = a
    return x * 10 + y


@program(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
def a_tensor_is_unpacked(x):
    a, b = x.unbind(0)
    return a - b


@program("a b")
def a_split_str_is_unpacked(s: str):
    x, y = s.split(" ")
    return y + x


@program(torch.ones(2, 3))
def a_shape_is_unpacked(x):
    rows, columns = x.shape
    return rows * 10 + columns


@program([1, 2, 3])
def items_are_assigned(a: List[int]):
    a[0] = 10
    a[-1] += 5
    a[1] *= a[0]
    return a


@program({"a": 1})
def keys_are_assigned(d: Dict[str, int]):
    d["b"] = 2
    d["a"] += 10
    return d


@program(torch.zeros(2, 3))
def places_of_a_tensor_are_assigned(x):
    x[0, 1] = 5.0
    x[1] += 1
    x[:, 2] *= 3
    return x


@program([[1, 2], [3]])
def nested_places_are_assigned(a: List[List[int]]):
    a[0][1] = 7
    a[1][0] += 1
    return a


@program({"a": [1, 2]})
def places_in_a_dict_of_lists(d: Dict[str, List[int]]):
    d["a"][0] = 9
    d["a"] += [3]
    return d


# Annotated.


@program(3)
def annotated_locals(n: int):
    a: int = n
    b: float = 0.5
    c: List[int] = []
    d: Dict[str, int] = {}
    e: Tuple[int, str] = (1, "a")
    c.append(a)
    d["k"] = a
    return a, b, c, d, e


@program(3)
def an_annotation_makes_a_float(n: int):
    x: float = 3.0
    x += n
    return x


# Augmented, of every type.


@program((7, 2))
def augmented_ints(a: int, b: int):
    a += b
    a -= 1
    a *= 3
    return a


@program((7.0, 2.0))
def augmented_floats(a: float, b: float):
    a += b
    a -= 1.5
    a *= 3.0
    a /= 4.0
    return a


@program((12, 10))
def augmented_bits(a: int, b: int):
    x = a
    x |= b
    y = a
    y &= b
    z = a
    z ^= b
    w = a
    w <<= 2
    v = a
    v >>= 2
    return x, y, z, w, v


@program("a")
def augmented_strs(s: str):
    s += "b"
    s += s
    return s


@program([1])
def augmented_lists(a: List[int]):
    b = a
    a += [2]
    a *= 2
    return a, b


@program(torch.tensor([1.0, 2.0]))
def augmented_tensors_are_in_place(x):
    y = x
    x += 1
    x -= 0.5
    x *= 2
    x /= 4
    return y


@program(torch.tensor([1.0, 2.0]))
def plain_operators_make_new_tensors(x):
    y = x
    x = x + 1
    return x, y


# Retyping in straight-line code.


@program(3)
def a_name_changes_its_type(n: int):
    x = n
    y = x + 1
    x = "text"
    z = len(x)
    x = [1.5, 2.5]
    return y, z, x


@program(2)
def a_parameter_changes_its_type(n: int):
    n = str(n)
    return n + "!"


# Attributes.


class Counting(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.count = 1
        self.ratio = 1.5
        self.items = [1]
        self.register_buffer("total", torch.zeros(2))

    def forward(self, x):
        self.count += 2
        self.count *= 3
        self.ratio /= 2
        self.items += [self.count]
        self.items[0] -= 1
        self.total += x
        return self.count, self.ratio, self.items, self.total * 1


@program(torch.ones(2), torch.ones(2))
class attributes_are_augmented(Counting):
    pass


# Annotated assignments to locals.


@program(1, -1)
def annotated(x: int):
    a: int = x + 1
    b: float = 0.5
    c: List[float] = []
    d: Optional[int] = None
    e: Tuple[int, str] = (a, "e")
    if x > 0:
        d = x
    c.append(b)
    return a, b, c, d, e


# del of a list item.


@program(([1, 2, 3], 0), ([1, 2, 3], -1), ([1, 2, 3], 3))
def delete(a: List[int], i: int):
    del a[i]
    return a


# Tuples are taken apart on assignment, also nested.


@program(call((1, 2.0, "x")))
def destructuring_flat(t: Tuple[int, float, str]):
    a, b, c = t
    return c, b, a


@program(call((1, (2, 3))))
def destructuring_nested(t: Tuple[int, Tuple[int, int]]):
    a, (b, c) = t
    return a * 100 + b * 10 + c


# A name may take another type in straight-line code.


@program(4, -4)
def retyping(x: int):
    y = x
    a = y + 1
    y = str(y)
    b = y + "!"
    y = [y, b]
    return a, b, y


# One value assigned to several targets.


@program(3)
def several_targets_twice(x: int):
    a = b = x + 1
    a += 1
    return a, b


@program(torch.zeros(2))
def several_targets_shared(x):
    a = b = x + 1
    a.add_(10)
    return a, b


# A starred target takes the rest of a tuple.


@program(call((1, 2, 3)))
def starred_head(t: Tuple[int, int, int]):
    a, *rest = t
    return a, rest[0], rest[1], len(rest)


@program(call((1, 2, 3, 4)))
def starred_middle(t: Tuple[int, int, int, int]):
    a, *rest, b = t
    return a, b, rest[0], rest[-1], len(rest)


# The right side is evaluated before any target is assigned.


@program((1, 2))
def swap_swap(a: int, b: int):
    a, b = b, a
    return a, b


@program((1, 2, 3))
def swap_rotate(a: int, b: int, c: int):
    a, b, c = b, c, a + b
    return a, b, c


# A list is unpacked; a wrong length raises when it runs.


@program([5, 3], [5], [5, 3, 1])
def unpack_list(a: List[int]):
    x, y = a
    return x - y


# An int that is divided becomes a float.


@program(7)
def augmented_division_of_an_int(a: int):
    a /= 2
    return a


# Bit operations on items and attributes.


@program([6, 1])
def augmented_bits_of_items(a: List[int]):
    a[0] |= 9
    a[0] &= 13
    a[0] ^= 1
    a[1] <<= 4
    a[1] >>= 1
    return a


class Flags(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bits = 6

    def forward(self, n: int):
        self.bits |= n
        self.bits &= 13
        self.bits ^= 1
        self.bits <<= 2
        self.bits >>= 1
        return self.bits


@program(1, 9)
class augmented_bits_of_attributes(Flags):
    pass
