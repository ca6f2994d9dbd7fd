"""Types that do not fit: in branches, loops, results, containers, operators."""

from typing import Any, Dict, List, Optional, Tuple, Union

from tests.language.corpus import refused


@refused
def branches_disagree(n: int):
    if n > 0:
        x = 1
    else:
        x = "a"  # E0302: use two names
    return x


@refused
def a_branch_changes_a_type(n: int):
    x = 1  # E0302: `x` is a `str` on one path and an `int` on the other
    if n > 0:
        x = "a"
    return x + 1


@refused
def a_loop_changes_a_type(n: int):
    x = 1
    for i in range(n):
        x = "a"  # E0302: str
    return x


@refused
def results_disagree(n: int):
    if n > 0:
        return 1
    return "a"  # E0303: return values of one type


@refused
def a_result_is_not_what_it_says(n: int) -> str:
    return n  # E0303: is declared to return `str`


@refused
def a_result_is_missing(n: int) -> int:  # E0303: return a value on every path
    if n > 0:
        return 1


@refused
def a_conditional_expression_disagrees(n: int):
    return 1 if n > 0 else "a"  # E0302: str


@refused
def keys_of_a_dict_disagree(n: int):
    return {"a": 1, n: 2}  # E0302: different types


@refused
def an_item_of_another_type(a: List[int]):
    a.append("x")  # E0301: str
    return a


@refused
def an_item_assigned_of_another_type(a: List[int]):
    a[0] = "x"  # E0301: str
    return a


@refused
def a_value_of_another_type(d: Dict[str, int]):
    d["a"] = "x"  # E0301: str
    return d


@refused
def a_key_of_another_type(d: Dict[str, int]):
    return d[3]  # E0301: int


@refused
def a_list_of_another_type(a: List[int], b: List[str]):
    a.extend(b)  # E0301: str
    return a


@refused
def an_annotation_that_does_not_fit(n: int):
    x: str = n  # E0310: `str`
    return x


@refused
def an_annotation_of_a_list(n: int):
    a: List[str] = [n]  # E0310: `str
    return a


@refused
def an_annotated_name_is_assigned_otherwise(n: int):
    x: int = n
    if n > 0:
        x = "a"  # E0310: `x` was declared `int`
    return x


@refused
def plus_of_an_int_and_a_str(n: int, s: str):
    return n + s  # E0301: cannot add


@refused
def minus_of_strs(a: str, b: str):
    return a - b  # E0301: cannot subtract


@refused
def product_of_lists(a: List[int], b: List[int]):
    return a * b  # E0301: cannot multiply


@refused
def division_of_strs(a: str, b: str):
    return a / b  # E0301: cannot divide


@refused
def minus_of_a_str(s: str):
    return -s  # E0301: str


@refused
def order_of_an_int_and_a_str(n: int, s: str):
    return n < s  # E0301: cannot compare


@refused
def order_of_dicts(a: Dict[str, int], b: Dict[str, int]):
    return a < b  # E0301: cannot compare


@refused
def bits_of_floats(a: float, b: float):
    return a & b  # E0301: `&` does not take


@refused
def membership_in_an_int(n: int):
    return 3 in n  # E0301: int


@refused
def an_index_that_is_a_str(a: List[int]):
    return a["x"]  # E0301: str


@refused
def an_index_that_is_a_float(a: List[int], x: float):
    return a[x]  # E0301: float


@refused
def an_index_of_an_int(n: int):
    return n[0]  # E0301: int


@refused
def an_index_of_a_tuple_that_is_computed(t: Tuple[int, str], i: int):
    return t[i]  # E0301: tuple


@refused
def an_index_of_a_tuple_that_is_too_large(t: Tuple[int, str]):
    return t[5]  # E0301: 2


@refused
def a_slice_of_a_dict(d: Dict[str, int]):
    return d[1:2]  # E0301: Dict


@refused
def iteration_over_an_int(n: int):
    for i in n:  # E0306: range
        pass
    return n


@refused
def iteration_over_a_float(x: float):
    return [i for i in x]  # E0306: float


@refused
def iteration_over_a_function(n: int):
    for i in branches_disagree:  # E0306: loop
        pass
    return n


@refused
def len_of_an_int(n: int):
    return len(n)  # E0306: has no items


@refused
def sum_of_an_int(n: int):
    return sum(n)  # E0306: has no items


@refused
def max_of_strs_and_ints(n: int, s: str):
    return max(n, s)  # E0301: str


@refused
def range_of_a_str(s: str):
    for i in range(s):  # E0304: takes ints
        pass
    return s


@refused
def range_of_a_float(x: float):
    for i in range(x):  # E0304: convert it
        pass
    return x


@refused
def zip_of_an_int(a: List[int], n: int):
    return [x + y for x, y in zip(a, n)]  # E0306: int


@refused
def enumerate_of_an_int(n: int):
    return [i for i, x in enumerate(n)]  # E0306: int


# Unpacking.


@refused
def too_few_to_unpack(n: int):
    a, b, c = (n, n)  # E0306: 2 values are assigned to 3 targets
    return a


@refused
def too_many_to_unpack(n: int):
    a, b = (n, n, n)  # E0306: gather the rest with `*rest`
    return a


@refused
def an_int_is_unpacked(n: int):
    a, b = n  # E0306: cannot be taken apart
    return a


@refused
def pairs_are_wanted_in_a_loop(a: List[int]):
    total = 0
    for x, y in a:  # E0306: cannot be taken apart
        total += x
    return total


@refused
def a_tuple_of_another_length(n: int) -> Tuple[int, int]:
    return (n, n, n)  # E0303: is declared to return `(int, int)`


# Optional, Union, Any that are not narrowed.


@refused
def an_optional_in_arithmetic(n: Optional[int]):
    return n + 1  # E0307: may be None


@refused
def an_optional_has_methods(s: Optional[str]):
    return s.upper()  # E0307: may be None


@refused
def an_optional_is_indexed(a: Optional[List[int]]):
    return a[0]  # E0307: may be None


@refused
def an_optional_is_iterated(a: Optional[List[int]]):
    total = 0
    for x in a:  # E0307: may be None
        total += x
    return total


@refused
def an_optional_is_given_on(n: Optional[int]):
    return given_an_int(n)  # E0307: may be None


def given_an_int(n: int) -> int:
    return n


@refused
def an_optional_is_returned(n: Optional[int]) -> int:
    return n  # E0303: rule None out first


@refused
def len_of_an_optional(a: Optional[List[int]]):
    return len(a)  # E0307: may be None


@refused
def a_union_in_arithmetic(x: Union[int, str]):
    return x + 1  # E0301: isinstance


@refused
def a_union_has_methods(x: Union[int, str]):
    return x.upper()  # E0204: isinstance


@refused
def none_in_arithmetic(n: int):
    x = None
    return x + n  # E0301: `NoneType`


# Annotations.


@refused
def an_annotation_that_is_no_type(n: 3):  # E0308: not a type
    return n


@refused
def an_annotation_that_is_unknown(n: "Unknown"):  # E0308: Unknown
    return n


@refused
def an_annotation_of_a_class(n: range):  # E0308: range
    return n


@refused
def a_list_of_nothing(a: List[object]):  # E0308: object
    return a


@refused
def keys_that_cannot_be(d: Dict[List[int], int]):  # E0308: key
    return d


@refused
def several_errors_at_once(n: int):
    a = n + "x"  # E0301: cannot add
    b = missing  # E0202: missing
    return a, b


@refused
def an_item_after_its_list_grew(a: List[Optional[int]]):
    if a[0] is not None:
        a.append(3)
        return a[0] + 1  # E0307: may be None
    return 0


@refused
def an_item_under_another_number(a: List[Optional[int]], i: int):
    if a[i] is not None:
        i += 1
        return a[i] + 1  # E0307: may be None
    return 0


@refused
def an_item_after_another_list_changed(a: List[Optional[int]], b: List[Optional[int]]):
    if a[0] is not None:
        b[0] = None
        return a[0] + 1  # E0307: may be None
    return 0


@refused
def an_item_of_another_list(a: List[Optional[int]], b: List[Optional[int]]):
    if a[0] is not None:
        a = b
        return a[0] + 1  # E0307: may be None
    return 0


@refused
def an_any_in_arithmetic(x: Any):
    return x + 1  # E0301: isinstance


@refused
def an_any_has_methods(x: Any):
    return x.upper()  # E0204: isinstance


@refused
def an_item_of_a_mixed_list_is_added(n: int):
    items = [n, "a"]
    return items[1] + "b"  # E0301: Union[int, str]


@refused
def an_item_that_a_mixed_list_never_holds(n: int):
    items = [n, "a"]
    items.append(2.5)  # E0301: float
    return items


@refused
def a_tuple_of_a_list_is_returned(a: List[int]):
    return tuple(a)  # E0306: keep a list


@refused
def a_tuple_of_a_list_is_kept(a: List[int]):
    found = {}
    found[tuple(a)] = 1  # E0306: keep a list
    return len(found)


@refused
def a_tuple_of_a_list_is_shown(a: List[int]):
    return f"{tuple(a)}"  # E0306: keep a list


@refused
def a_tuple_of_a_list_grows(a: List[int]):
    t = tuple(a)
    for i in range(3):
        t = t + (i,)  # E0203: something else after a round
    return len(t)


@refused
def the_class_of_a_tensor(x):
    return type(x) == float  # E0301: ask with `isinstance`


@refused
def the_class_of_an_optional(x: Optional[int]):
    return type(x) == int  # E0301: ask with `isinstance`


class Endless:
    def __init__(self):
        self.n = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.n += 1
        return self.n


@refused
def an_iterator_in_a_list(n: int):
    return list(Endless())  # E0306: only by a `for` statement


@refused
def an_iterator_in_a_comprehension(n: int):
    return [x for x in Endless()]  # E0306: only by a `for` statement


@refused
def a_frozenset(a: List[int]):
    return len(frozenset(a))  # E0205: use a `set`


@refused
def a_layout_is_returned(x):
    return x.layout  # E0203: not given to Python
