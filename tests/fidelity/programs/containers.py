"""Lists, tuples, dicts, sets."""

import torch as xp

from tests.fidelity.corpus import array, inputs

TWO, THREE = array([1.0, 2.0]), array([3.0, 4.0, 5.0])


@inputs(4, 0)
def list_appended(n: int):
    found = [0]
    for i in range(n):
        found.append(i * i)
    return found


@inputs(([3, 1, 2],), ([5],))
def list_sorted(items: "list[int]"):
    return sorted(items)


@inputs(([3, 1, 2],), ([5],))
def list_changed_for_the_caller(items: "list[int]"):
    items.append(9)
    items[0] = 7
    return len(items)


@inputs(([1, 2, 3, 4],), ([1],))
def list_sliced(items: "list[int]"):
    return items[1:], items[::-1], items[-1]


@inputs(([1, 2], 5), ([1, 2], 1), ([1, 2], -3))
def list_index_out_of_range(items: "list[int]", n: int):
    return items[n]


@inputs(5, 1)
def list_comprehension(n: int):
    return [i * 2 for i in range(n)]


@inputs(9, 2)
def list_comprehension_with_if(n: int):
    return [i for i in range(n) if i % 3 == 0]


@inputs(3, 1)
def nested_comprehension(n: int):
    return [[i * j for j in range(n)] for i in range(2)]


@inputs(([1, 2, 3],), ([],))
def list_concatenated(items: "list[int]"):
    return items + [4] * 2


@inputs(([1, 2, 3],), ([4, 5, 6],))
def list_unpacked(items: "list[int]"):
    first, *rest = items
    return first, rest


@inputs(([1, 2, 3], 2), ([1, 2, 3], 9))
def list_contains(items: "list[int]", n: int):
    return n in items


@inputs(([2, 1], [1, 2]), ([1], [1]))
def list_aliased(a: "list[int]", b: "list[int]"):
    c = [*a]
    d = c
    d.append(3)
    return c == b, len(c)


@inputs(([5, 6, 7], 1), ([5], 0))
def list_pop_and_insert(items: "list[int]", n: int):
    kept = [*items]
    taken = kept.pop(n)
    kept.insert(0, taken * 2)
    return kept


@inputs((1, 2.5), (3, 4.5))
def tuple_of_unlike(n: int, x: float):
    pair = (n, x)
    a, b = pair
    return b, a, len(pair)


@inputs("a b a", "")
def dict_of_counts(s: str):
    counts = {}
    for word in s.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


@inputs("a", "z")
def dict_lookup(key: str):
    table = {"a": 1, "b": 2}
    return table[key]


@inputs("a", "z")
def dict_contains(key: str):
    table = {"a": 1, "b": 2}
    if key in table:
        return table[key]
    return -1


@inputs(3, 0)
def dict_comprehension(n: int):
    return {i: i * i for i in range(n)}


@inputs(2, 3)
def dict_items(n: int):
    table = {"x": n, "y": n + 1}
    total = 0
    for key, value in table.items():
        total += value * len(key)
    del table["x"]
    return total, list(table.keys())


@inputs(([1, 2, 2, 3],), ([],))
def set_of_items(items: "list[int]"):
    return len(set(items))


@inputs(([1, 2], [2, 3]), ([1], [4]))
def set_operations(a: "list[int]", b: "list[int]"):
    return sorted(set(a) | set(b)), sorted(set(a) & set(b))


@inputs(TWO, THREE)
def list_of_arrays(x):
    parts = [x, x * 2]
    parts.append(x + 1)
    return xp.stack(parts)


@inputs(TWO, THREE)
def dict_of_arrays(x):
    parts = {"a": x, "b": x * 2}
    return parts["a"] + parts["b"]


@inputs(TWO, THREE)
def list_of_rows(x):
    return xp.stack([x[i] * i for i in range(x.shape[0])])


@inputs(([TWO, TWO],), ([THREE],))
def arrays_in_a_list(parts: "list[xp.Tensor]" if hasattr(xp, "Tensor") else "list"):
    total = parts[0] * 0
    for part in parts:
        total = total + part
    return total


@inputs(((1, 2), 3), ((4, 5), 6))
def nested_tuple(pair: "tuple[int, int]", n: int):
    (a, b), c = pair, n
    return a + b * c


@inputs(([3, 1, 2],), ([9, -9],))
def sorted_by_key(items: "list[int]"):
    return sorted(items, key=lambda n: -n)


@inputs(([1, 5, 3],), ([2],))
def functions_of_lists(items: "list[int]"):
    return sum(items), min(items), max(items), any(items), all(items)


@inputs(5, 2)
def slice_assigned(n: int):
    items = [0, 1, 2, 3]
    items[1:3] = [n, n, n]
    return items
