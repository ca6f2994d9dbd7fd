"""Dicts: literals, methods, order, errors."""

from typing import Dict

from tests.language.corpus import program

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
