"""if, conditional expressions, and, or, match."""

import torch as xp

from tests.fidelity.corpus import array, inputs

UP, DOWN = array([1.0, 2.0]), array([-1.0, -2.0])


@inputs(UP, DOWN)
def branch_on_a_value(x):
    if x.sum() > 0:
        return x + 1
    return x - 1


@inputs(UP, DOWN, array([0.0, 0.0]))
def chain_of_branches(x):
    if x.sum() > 0:
        y = x * 2
    elif x.sum() < 0:
        y = -x
    else:
        y = x + 5
    return y


@inputs(UP, DOWN)
def conditional_expression(x):
    return x * 2 if x[0] > 0 else x


@inputs(3, -3, 0)
def branch_on_a_number(n: int):
    if n > 0:
        return 1
    elif n < 0:
        return -1
    return 0


@inputs((UP, 3), (UP, 1), (DOWN, 0))
def branch_on_a_parameter(x, n: int):
    if n > 2:
        return x * n
    return x


@inputs((UP, True), (UP, False))
def branch_on_a_flag(x, flag: bool):
    if flag:
        x = x + 1
    return x


@inputs(array([[1.0, 2.0]]), array([[1.0, 2.0], [3.0, 4.0]]))
def branch_on_a_size(x):
    if x.shape[0] == 1:
        return x * 10
    return x


@inputs(array([[1.0], [2.0]]), array([[1.0, 2.0]]))
def branch_on_two_sizes(x):
    n, m = x.shape
    if n > m:
        return x + n
    return x - m


@inputs((2, 7), (0, 7), (5, 0))
def or_gives_an_operand(n: int, m: int):
    return n or m


@inputs((2, 7), (0, 7))
def and_gives_an_operand(n: int, m: int):
    return n and m


@inputs(5, 15, -1)
def chained_comparison(n: int):
    return 0 < n < 10


@inputs((4, 2), (4, 0))
def short_circuit(n: int, m: int):
    return m != 0 and n // m == 2


@inputs((UP, DOWN), (DOWN, UP))
def both_values(x, y):
    if x.sum() > 0 and y.sum() < 0:
        return x - y
    return y - x


@inputs(UP, DOWN)
def not_of_a_value(x):
    if not x[0] > 0:
        return x * 3
    return x


@inputs(UP, DOWN)
def nested_branches(x):
    if x[0] > 0:
        if x[1] > 1:
            return x * 2
        return x
    return x * 0


@inputs(0, 1, 2, 9)
def match_of_numbers(n: int):
    match n:
        case 0:
            return 10
        case 1 | 2:
            return 20
        case _:
            return n


@inputs((1, 2), (2, 2), (5, 5))
def walrus(n: int, m: int):
    if (total := n + m) > 3:
        return total * 2
    return total


@inputs(UP, DOWN)
def none_until_known(x):
    y = None
    if x[0] > 0:
        y = x * 2
    if y is None:
        return x
    return y


@inputs((3, None), (3, 4))
def optional_parameter(n: int, m: "int | None"):
    if m is None:
        return n
    return n + m


@inputs(UP, DOWN)
def early_return(x):
    if x[0] < 0:
        return x * 0
    x = x + 1
    return x * 2


@inputs(UP, DOWN)
def where_instead(x):
    return xp.where(x > 0, x, x * 0.5)


@inputs(0, 3)
def truth_of_a_number(n: int):
    if n:
        return 1
    return 2
