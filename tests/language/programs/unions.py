"""Union and Any: values of several types, narrowed by isinstance."""

import torch
from typing import Any, Dict, List, Optional, Tuple, Union

from tests.language.corpus import call, program


@program(3, "abc")
def narrowed_by_isinstance(x: Union[int, str]):
    if isinstance(x, int):
        return x + 1
    else:
        return len(x)


@program(3, 2.5, "abc")
def narrowed_twice(x: Union[int, float, str]):
    if isinstance(x, int):
        return "int"
    elif isinstance(x, float):
        return "float"
    return x


@program(3, "abc")
def narrowed_by_assert(x: Union[int, str]):
    assert isinstance(x, int)
    return x * 2


@program(3, "abc", None)
def union_with_none(x: Union[int, str, None]):
    if x is None:
        return 0
    if isinstance(x, str):
        return len(x)
    return x


@program(3, "abc")
def pep604(x: int | str):
    if isinstance(x, str):
        return x
    return str(x)


@program(3, None)
def pep604_optional(x: int | None):
    if x is not None:
        return x
    return -1


@program(True, False)
def branches_give_a_union(flag: bool) -> Union[int, str]:
    if flag:
        return 1
    return "one"


@program(True, False)
def a_variable_of_union_type(flag: bool):
    x: Union[int, str] = 1
    if flag:
        x = "text"
    if isinstance(x, str):
        return x
    return str(x)


@program([1, "a", 2])
def a_list_of_unions(a: List[Union[int, str]]):
    total = 0
    for x in a:
        if isinstance(x, int):
            total += x
        else:
            total += len(x)
    return total


@program({"a": 1, "b": "text"})
def a_dict_of_unions(d: Dict[str, Union[int, str]]):
    total = 0
    for v in d.values():
        if isinstance(v, int):
            total += v
        else:
            total += 100
    return total


@program([1, 2], ["a"])
def union_of_lists(a: Union[List[int], List[str]]):
    if torch.jit.isinstance(a, List[int]):
        return a[0]
    return -1


@program(torch.ones(2), [torch.ones(2), torch.ones(2)])
def a_tensor_or_tensors(x: Union[torch.Tensor, List[torch.Tensor]]):
    if isinstance(x, torch.Tensor):
        return x * 10
    return x[0] + x[1]


@program(3, 2.5)
def isinstance_of_a_tuple_of_types(x: Union[int, float, str]):
    if isinstance(x, (int, float)):
        return "number"
    return "text"


@program(call((1, 2)), "ab")
def union_of_a_tuple_and_a_str(x: Union[Tuple[int, int], str]):
    if isinstance(x, str):
        return len(x)
    else:
        a, b = x
        return a + b


# Any holds everything, and is narrowed before it is used.


@program(3, 1.5, "abc", True)
def any_narrowed(x: Any):
    if isinstance(x, bool):
        return "bool"
    if isinstance(x, int):
        return "int"
    if isinstance(x, float):
        return "float"
    if isinstance(x, str):
        return "str " + x
    return "other"


@program(torch.ones(2), 3)
def any_narrowed_to_a_tensor(x: Any):
    if isinstance(x, torch.Tensor):
        return x * 2
    return torch.zeros(1)


@program([1, 2], ["a"], 5)
def any_narrowed_to_a_list(x: Any):
    if torch.jit.isinstance(x, List[int]):
        return x[0] + x[1]
    return -1


@program({"a": 1}, {"a": "b"}, 5)
def any_narrowed_to_a_dict(x: Any):
    if torch.jit.isinstance(x, Dict[str, int]):
        return x["a"]
    return -1


@program((1, "a"), (1, 2), 5)
def any_narrowed_to_a_tuple(x: int, y: Any = 7):
    if torch.jit.isinstance(y, int):
        return x + y
    return -1


def kind(x: Any) -> str:
    if isinstance(x, int):
        return "int"
    if isinstance(x, str):
        return "str"
    if isinstance(x, torch.Tensor):
        return "tensor"
    return "other"


@program((1, "a", torch.ones(1)))
def a_callee_takes_anything(a: int, b: str, c):
    return kind(a), kind(b), kind(c), kind(1.5), kind([1])


@program()
def a_list_literal_of_several_types():
    a: List[Any] = [1, "a", 2.5]
    return len(a), kind(a[0]), kind(a[1]), kind(a[2])


@program(1)
def isinstance_is_known_while_compiling(n: int):
    x = 0
    if isinstance(n, str):
        x = n + 1  # never compiled
    if isinstance(n, (float, int)):
        x += 10
    return x, isinstance(n, int), isinstance(2.5, float), isinstance("a", int)


@program(([1], None), (None, "a"))
def isinstance_of_an_optional(a: Optional[List[int]], s: Optional[str]):
    out = 0
    if isinstance(s, str):
        out += len(s)
    if a is not None and len(a) > 0:
        out += a[0] * 10
    return out


@program(None, 3, torch_is_wrong="an Any is never None")
def any_may_be_none(x: Any):
    return x is None


# Lists and dicts of mixed literals.


@program(3)
def mixed_lists(n: int):
    return [n, "a"], [n, 2.5], [n, None], [n, True], [[n], ["a"]], [n, None, "a"]


@program(3)
def mixed_dicts(n: int):
    return {"a": n, "b": "c"}, {n: "a", n + 1: [1]}, {"a": n, "b": None}


@program(0, 1)
def an_item_of_a_mixed_list(i: int):
    items = [7, "word"]
    x = items[i]
    if isinstance(x, int):
        return x + 1
    return len(x)


@program(3)
def a_loop_over_a_mixed_list(n: int):
    total = 0
    for x in [n, "abc", n * 2]:
        if isinstance(x, int):
            total += x
        else:
            total += len(x)
    return total


@program(3)
def a_mixed_list_changes(n: int):
    items = [n, "a"]
    items.append("b")
    items.append(2)
    items[0] = "z"
    return items, len(items), items[1:], str(len(items))


@program(3)
def a_mixed_dict_changes(n: int):
    d = {"a": n, "b": "c"}
    d["d"] = "e"
    v = d["a"]
    assert isinstance(v, int)
    return v + 1, d


@program(1, 3)
def mixed_lists_meet(n: int):
    if n > 2:
        items = [n, "a"]
    else:
        items = ["b", n]
    return items + [2, "c"]


def shown(items: List[Union[str, int]]) -> str:
    text = ""
    for x in items:
        if isinstance(x, str):
            text += x
        else:
            text += str(x)
    return text


@program(3)
def a_mixed_list_is_passed_on(n: int):
    items = [n, "a"]
    items.append("b")
    return shown(items)


@program(3)
def a_mixed_list_of_tuples(n: int):
    pairs = [(n, "a"), (n, 2)]
    first, second = pairs[1]
    if isinstance(second, int):
        first += second
    return pairs, first


@program((torch.ones(2), 3))
def a_mixed_list_with_a_tensor(x, n: int):
    items = [x, n]
    first = items[0]
    if isinstance(first, torch.Tensor):
        return first + 1, items
    return x, items


@program(3)
def searching_a_mixed_list(n: int):
    items = [n, "a", 2.5]
    return (
        "a" in items,
        n + 1 in items,
        items.index(2.5),
        items.count(n),
        items == [3, "b"],
    )


@program(3)
def literals_join_a_mixed_list(n: int):
    items = [n, "a"] + ["b"]
    items += [4]
    items.extend([5, "c"])
    return [1.5, *items], {**{"a": 1}, "b": items}


@program(3)
def an_empty_list_beside_others(n: int):
    return [[], [n]], {"a": [], "b": [n]}
