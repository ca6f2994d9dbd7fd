"""Calls that do not fit, methods, attributes and operators that are not there."""

import torch
from typing import Dict, List

from tests.language.corpus import refused


def two(a: int, b: int = 1) -> int:
    return a + b


def strict(a: int, *, flag: bool) -> int:
    return a if flag else 0


@refused
def a_missing_argument(n: int):
    return two()  # E0304: `a`


@refused
def an_extra_argument(n: int):
    return two(n, n, n)  # E0304: 2


@refused
def an_unknown_keyword(n: int):
    return two(n, c=1)  # E0304: `c`


@refused
def a_duplicate_argument(n: int):
    return two(n, a=1)  # E0304: `a`


@refused
def an_argument_of_another_type(s: str):
    return two(s)  # E0304: convert the argument


@refused
def a_keyword_given_by_position(n: int):
    return strict(n, True)  # E0304: 1


@refused
def a_missing_keyword(n: int):
    return strict(n)  # E0304: `flag`


@refused
def a_star_of_a_list(a: List[int]):
    return two(*a)  # E0306: pass the items one by one


@refused
def a_method_that_is_not_there(a: List[int]):
    a.push(1)  # E0204: push
    return a


@refused
def a_method_with_a_typing_error(a: List[int]):
    a.apend(1)  # E0204: append
    return a


@refused
def a_method_of_a_str(s: str):
    return s.uper()  # E0204: upper


@refused
def a_method_of_a_dict(d: Dict[str, int]):
    return d.item()  # E0204: items


@refused
def a_method_of_a_tensor(x):
    return x.softmaks(0)  # E0204: softmax


@refused
def a_method_of_an_int(n: int):
    return n.append(1)  # E0204: append


@refused
def an_attribute_of_a_tensor(x):
    return x.shap  # E0204: shape


@refused
def an_attribute_of_a_tensor_is_set(x):
    x.label = 3  # E0204: label
    return x


@refused
def a_function_of_torch(x):
    return torch.reluu(x)  # E0204: relu


@refused
def a_function_of_functional(x):
    return torch.nn.functional.softmaxx(x, 0)  # E0204: softmax


@refused
def an_argument_of_an_operator(x):
    return torch.sum(x, dimension=0)  # E0304: `dim` is missing


@refused
def too_many_arguments_of_an_operator(x):
    return torch.relu(x, 1, 2)  # E0304: it takes 1


@refused
def a_str_for_a_tensor(s: str):
    return torch.relu(s)  # E0301: str


@refused
def a_list_for_a_number(x, a: List[str]):
    return x.reshape(a)  # E0301: str


@refused
def too_many_arguments_of_a_method(a: List[int]):
    a.append(1, 2)  # E0304: `append` does not take
    return a


@refused
def int_of_a_list(a: List[int]):
    return int(a)  # E0301: int


@refused
def ord_of_an_int(n: int):
    return ord(n)  # E0301: ord


@refused
def join_of_ints(a: List[int]):
    return ",".join(a)  # E0301: int


@refused
def upper_of_nothing(s: str):
    return s.upper(1, 2)  # E0304: `upper` does not take


@refused
def isinstance_of_no_type(n: int):
    return isinstance(n, 3)  # E0308: type


@refused
def getattr_of_a_computed_name(x, name: str):
    return getattr(x, name)  # E0301: literal


@refused
def annotate_without_a_type(n: int):
    return torch.jit.annotate(n, 3)  # E0310: annotated


# Inside of callees: the line in the callee is named.


def broken(n: int) -> int:
    return n + "x"  # E0301: cannot add


@refused
def an_error_in_a_callee(n: int):
    return broken(n)


def deeper(n: int) -> int:
    return broken(n) + 1


@refused
def an_error_in_a_callee_of_a_callee(n: int):
    return deeper(n)


def generated(n: int):
    yield n  # E0102: append to a list


@refused
def a_generator_is_called(n: int):
    return generated(n)


def untyped_recursion(n: int):  # E0305: annotate it
    if n == 0:
        return 0
    return untyped_recursion(n - 1)


@refused
def a_recursion_without_a_type(n: int):
    return untyped_recursion(n)


@refused
def limits_of_a_number(n: int):
    return torch.finfo(n).eps  # E0304: takes a dtype


@refused
def limits_of_an_int_dtype(n: int):
    return torch.finfo(torch.int32).eps  # E0304: floating point


@refused
def limits_that_are_not_there(x):
    return torch.iinfo(x.dtype).eps  # E0204: no attribute `eps`


@refused
def numel_of_a_list(n: int):
    return [n, n].numel()  # E0204: numel


@torch.jit._overload
def sized(x: int) -> int:
    pass


@torch.jit._overload
def sized(x: str) -> int:
    pass


def sized(x):
    return x if isinstance(x, int) else len(x)


@refused
def no_overload_takes_it(a: List[int]):
    return sized(a)  # E0304: declared are


@refused
def no_overload_takes_both(s: str):
    return sized(s, 2)  # E0304: declared are


@refused
def fromkeys_without_a_value(keys: List[str]):
    return dict.fromkeys(keys)  # E0304: needs a value


@refused
def a_sum_of_strs(words: List[str]):
    return sum(words, "")  # E0306: join


@refused
def a_sum_that_changes_its_type(n: int):
    return sum([(1, 2), (n, 4)], (n,))  # E0302: begins with


@refused
def an_exception_of_a_list_of_arguments(words: List[str]):
    raise ValueError(*words)  # E0304: one by one


@refused
def the_arguments_of_an_exception(n: int):
    try:
        return 1 // n
    except ZeroDivisionError as e:
        return len(e.args)  # E0204: args


@refused
def a_caught_exception_from_another(n: int):
    try:
        return 1 // n
    except ZeroDivisionError as e:
        raise e from None  # E0102: new exception
