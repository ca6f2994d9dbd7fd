"""Dicts: making them, every method, order, key types, errors."""

import torch
from typing import Dict, List, Tuple

from tests.language.corpus import program


@program("k")
def literals(k: str):
    return {"a": 1, k: 2}


@program()
def dict_of_keywords():
    return dict(a=1, b=2)


@program()
def dict_of_pairs():
    return dict([("a", 1), ("b", 2)])


@program({"a": 1})
def dict_of_a_dict_is_a_copy(d: Dict[str, int]):
    e = dict(d)
    e["b"] = 2
    return d, e


@program(({"a": 1}, "a"), ({"a": 1}, "b"))
def an_index_is_checked(d: Dict[str, int], k: str):
    return d[k]


@program(({"a": 1}, "a"), ({"a": 1}, "b"))
def get_with_a_default(d: Dict[str, int], k: str):
    return d.get(k, -1)


@program(({"a": 1}, "a"), ({"a": 1}, "b"))
def get_without_a_default(d: Dict[str, int], k: str):
    v = d.get(k)
    if v is None:
        return -2
    return v


@program(({"a": 1}, "a"), ({"a": 1}, "b"))
def setdefault(d: Dict[str, int], k: str):
    v = d.setdefault(k, 7)
    return v, d


@program(({"a": 1, "b": 2}, "a"), ({"a": 1}, "b"))
def pop(d: Dict[str, int], k: str):
    v = d.pop(k)
    return v, d


@program(({"a": 1}, "a"), ({"a": 1}, "b"))
def pop_with_a_default(d: Dict[str, int], k: str):
    v = d.pop(k, 9)
    return v, d


@program({"a": 1}, {})
def popitem(d: Dict[str, int]):
    k, v = d.popitem()
    return k, v, len(d)


@program(({"a": 1, "b": 2}, {"b": 3, "c": 4}))
def update(d: Dict[str, int], other: Dict[str, int]):
    d.update(other)
    return d


@program({"a": 1})
def clear(d: Dict[str, int]):
    e = d
    d.clear()
    return len(e)


@program({"a": 1})
def copy_is_another_dict(d: Dict[str, int]):
    e = d.copy()
    e["b"] = 2
    return d, e


@program({"b": 1, "a": 2})
def keys_values_items(d: Dict[str, int]):
    return list(d.keys()), list(d.values()), list(d.items())


@program(({"a": 1}, "a"), ({"a": 1}, "b"))
def membership(d: Dict[str, int], k: str):
    return k in d, k not in d


@program(({"a": 1, "b": 2}, "a"), ({"a": 1}, "z"))
def delete(d: Dict[str, int], k: str):
    del d[k]
    return d


@program({"a": 1, "b": 2}, {})
def length(d: Dict[str, int]):
    return len(d)


@program()
def order_of_insertion():
    d: Dict[str, int] = {}
    d["z"] = 1
    d["a"] = 2
    d["m"] = 3
    d["z"] = 4
    del d["a"]
    d["a"] = 5
    return list(d.keys()), list(d.values())


@program({1: "a", 2: "b"})
def keys_of_int(d: Dict[int, str]):
    d[3] = "c"
    return d[1], 2 in d, list(d.keys())


@program({0.5: 1})
def keys_of_float(d: Dict[float, int]):
    d[1.5] = 2
    return d[0.5], list(d.keys())


@program({True: 1, False: 0})
def keys_of_bool(d: Dict[bool, int]):
    return d[True], d[False]


@program(torch.ones(1))
def keys_of_tensors(x):
    d: Dict[torch.Tensor, int] = {}
    d[x] = 5
    return d[x], x in d, len(d)


@program("a b a c a")
def counting_words(text: str):
    found: Dict[str, int] = {}
    for word in text.split(" "):
        if word in found:
            found[word] += 1
        else:
            found[word] = 1
    return found


@program("a b a")
def places_of_words(text: str):
    found: Dict[str, List[int]] = {}
    for i, word in enumerate(text.split(" ")):
        if word not in found:
            found[word] = []
        found[word].append(i)
    return found


@program({"a": {"b": 1}})
def nested_dicts(d: Dict[str, Dict[str, int]]):
    d["a"]["c"] = 2
    d["x"] = {"y": 3}
    return d


@program({"a": torch.ones(2)})
def values_of_tensors(d: Dict[str, torch.Tensor]):
    d["b"] = d["a"] * 2
    d["a"].add_(1)
    return d["a"] + d["b"], list(d.keys())


@program({"a": (1, "x")})
def values_of_tuples(d: Dict[str, Tuple[int, str]]):
    n, s = d["a"]
    d["b"] = (n + 1, s + "y")
    return d


@program()
def an_empty_dict_has_a_type():
    d: Dict[int, List[str]] = {}
    d[3] = ["a"]
    return d


def put(d: Dict[str, int], k: str):
    d[k] = len(d)


@program({})
def a_dict_is_a_reference(d: Dict[str, int]):
    e = d
    put(d, "a")
    put(e, "b")
    return d, e


@program({"a": 1, "b": 2})
def items_are_changed_in_a_loop(d: Dict[str, int]):
    for k in list(d.keys()):
        d[k] = d[k] * 10
    return d


@program(({"a": 1}, {"a": 1}), ({"a": 1}, {"a": 2}))
def compared_by_their_items(d: Dict[str, int], e: Dict[str, int]):
    same = len(d) == len(e)
    for k, v in d.items():
        if k not in e or e[k] != v:
            same = False
    return same


# A dict is read, assigned, measured and searched; a missing key raises.


@program("banana", "")
def simple_count(s: str):
    d: Dict[str, int] = {}
    for c in s:
        if c in d:
            d[c] += 1
        else:
            d[c] = 1
    return d, len(d)


@program(({"a": 1}, "a"), ({"a": 1}, "b"))
def simple_get(d: Dict[str, int], k: str):
    return d[k]


# get, pop, keys, values and items of a dict keep insertion order.


@program({"b": 2, "a": 1}, {})
def methods(d: Dict[str, int]):
    d["z"] = 26
    first = d.get("a", -1)
    popped = d.pop("z")
    s = ""
    for k, v in d.items():
        s += k + str(v)
    return first, popped, list(d.keys()), list(d.values()), s
