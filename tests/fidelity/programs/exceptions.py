"""raise, try, assert, finally."""

from tests.fidelity.corpus import array, inputs

TWO, OTHER = array([1.0, 2.0]), array([-3.0, 4.0])


class TooLargeError(ValueError):
    pass


@inputs(3, -1)
def raised(n: int):
    if n < 0:
        raise ValueError("negative")
    return n


@inputs(TWO, OTHER)
def raised_on_a_value(x):
    if x[0] < 0:
        raise ValueError("negative")
    return x * 2


@inputs(3, -1)
def raised_of_its_own_class(n: int):
    if n < 0:
        raise TooLargeError("negative")
    return n


@inputs(3, 0)
def caught(n: int):
    try:
        return 10 // n
    except ZeroDivisionError:
        return -1


@inputs(3, -1)
def caught_with_message(n: int):
    try:
        if n < 0:
            raise ValueError("bad")
        return "good"
    except ValueError as error:
        return str(error)


@inputs(3, 0)
def finally_runs(n: int):
    done = []
    try:
        done.append(10 // n)
    except ZeroDivisionError:
        done.append(-1)
    finally:
        done.append(99)
    return done


@inputs(3, 0)
def else_of_a_try(n: int):
    try:
        found = 10 // n
    except ZeroDivisionError:
        found = -1
    else:
        found += 100
    return found


@inputs(3, -1)
def raised_again(n: int):
    try:
        if n < 0:
            raise ValueError("inner")
    except ValueError:
        raise KeyError("outer")
    return n


@inputs(3, -1)
def asserted(n: int):
    assert n > 0, "positive"
    return n


@inputs(TWO, OTHER)
def asserted_of_a_value(x):
    assert x[0] > 0
    return x


@inputs("a", "b")
def missing_key(key: str):
    table = {"a": 1}
    try:
        return table[key]
    except KeyError:
        return 0


@inputs((TWO, 1), (TWO, 5))
def place_out_of_range(x, n: int):
    return x[n]


@inputs((TWO, TWO), (TWO, array([1.0, 2.0, 3.0])))
def shapes_that_do_not_fit(x, y):
    return x + y


@inputs(TWO, OTHER)
def caught_on_a_value(x):
    try:
        if x[0] < 0:
            raise ValueError("negative")
        return x
    except ValueError:
        return x * 2


@inputs(5, 0)
def caught_in_a_loop(n: int):
    total = 0
    for i in range(-2, n):
        try:
            total += 10 // i
        except ZeroDivisionError:
            continue
    return total
