"""Statements that compiled code does not have, each with what to write instead."""

from typing import List

from tests.language.corpus import refused

counter = 0


@refused
def a_generator(n: int):
    for i in range(n):
        yield i  # E0102: append to a list and return it


@refused
def a_delegating_generator(a: List[int]):
    yield from a  # E0102: extend a list and return it


@refused
async def an_async_function(n: int):  # E0102: write a plain `def`
    return n


@refused
def a_global_is_assigned(n: int):
    global counter  # E0102: return the new value
    counter = n
    return n


@refused
def a_class_inside(n: int):
    class Inside:  # E0102: move the class out of the function
        pass

    return n


@refused
def except_star(n: int):
    try:  # E0102: write a plain `except`
        return 1 // n
    except* ZeroDivisionError:
        pass
    return 0


@refused
def two_refusals_at_once(n: int):
    class Inside:  # E0102: a class inside of a compiled function is not accepted
        pass

    for i in range(n):
        yield i  # E0102: `yield` is not accepted


@refused
def a_name_that_is_not_defined(n: int):
    return n + missing  # E0202: the name `missing` is unknown


@refused
def a_name_defined_in_one_branch(n: int):
    if n > 0:
        x = 1
    return x  # E0201: `x`


@refused
def a_name_defined_in_a_loop(n: int):
    for i in range(n):
        x = i
    return x  # E0201: `x`


@refused
def a_name_that_was_deleted(n: int):
    x = n
    del x
    return x  # E0201: `x`


@refused
def a_loop_variable_of_no_round(n: int):
    for i in range(n):
        pass
    return i  # E0201: `i`


@refused
def a_name_of_an_except(n: int):
    try:
        return 1 // n
    except ZeroDivisionError as e:
        pass
    return str(e)  # E0201: `e`


@refused
def break_outside(n: int):
    if n > 0:
        return n
    raise n  # E0301: raise a class of exceptions


@refused
def raise_of_a_str(n: int):
    raise "no"  # E0301: raise a class of exceptions


@refused
def delete_an_attribute_of_a_tensor(x):
    del x.grad  # E0102: del


@refused
def a_context_that_is_none(n: int):
    with n:  # E0102: context
        return n


@refused
def an_int_is_called(n: int):
    return n(3)  # E0311: cannot be called


@refused
def assign_to_a_call(n: int):
    a = [n]
    a.copy()[0].x = 1  # E0204: attribute `x`
    return a


@refused
def assign_to_an_item_of_a_str(s: str):
    s[0] = "x"  # E0301: cannot be assigned
    return s


@refused
def assign_to_an_item_of_a_tuple(n: int):
    t = (n, n)
    t[0] = 3  # E0301: cannot be assigned
    return t


@refused
def assign_to_an_item_of_an_int(n: int):
    n[0] = 3  # E0301: cannot be assigned
    return n


@refused
def delete_an_item_of_a_tuple(n: int):
    t = (n, n)
    del t[0]  # E0301: cannot be deleted
    return t
