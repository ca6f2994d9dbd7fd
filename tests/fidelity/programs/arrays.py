"""Arrays: sizes, indexing, assignment, dtypes."""

import torch as xp

from tests.fidelity.corpus import array, inputs

ROW = array([1.0, 2.0, 3.0])
TABLE, TALL, ONE = (
    array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    array([[7.0, 8.0]]),
)


@inputs(TABLE, TALL, ONE)
def sizes(x):
    return x.shape[0], x.shape[1] * 2


@inputs(TABLE, TALL, ONE)
def divided_by_a_size(x):
    return x.sum() / x.shape[0]


@inputs(TABLE, TALL, ONE)
def reshaped(x):
    n, m = x.shape
    return x.reshape(m, n), x.reshape(-1)


@inputs(TABLE, TALL, ONE)
def made_of_sizes(x):
    return xp.zeros(x.shape[0]) + xp.ones(1), xp.arange(x.shape[1])


@inputs(TABLE, TALL, ONE)
def first_half(x):
    return x[: x.shape[0] // 2]


@inputs(TABLE, TALL, ONE)
def last_row(x):
    return x[-1], x[x.shape[0] - 1]


@inputs(ROW, array([5.0]))
def length(x):
    return x * len(x)


@inputs(ROW, array([5.0, 1.0]))
def reversed_by_a_loop(x):
    return xp.stack([x[i] for i in range(len(x) - 1, -1, -1)])


@inputs(TABLE, TALL)
def column(x):
    return x[:, 0], x[..., -1], x[0, 1]


@inputs(TABLE, TALL)
def reductions(x):
    return x.sum(), x.sum(0), x.mean(), x.max()


@inputs(TABLE, TALL)
def transposed_product(x):
    return x @ x.T


@inputs(ROW, array([-1.0, 5.0]))
def mask_selects(x):
    return x[x > 1.5]


@inputs(ROW, array([-1.0, 5.0]))
def mask_counts(x):
    return (x > 0).sum()


@inputs(ROW, array([-1.0, 5.0, 2.0]))
def element_assigned(x):
    y = x * 1
    y[0] = 10.0
    return y


@inputs(ROW, array([-1.0, 5.0, 2.0]))
def slice_assigned_from_an_array(x):
    y = x * 0
    y[1:] = x[:-1]
    return y


@inputs(ROW, array([-1.0, 5.0, 2.0]))
def mask_assigned(x):
    y = x * 1
    y[y > 1] = 0.0
    return y


@inputs(ROW, array([-1.0, 5.0, 2.0]))
def argument_changed(x):
    x[0] = 9.0
    return x.sum()


@inputs(ROW, array([-1.0, 5.0, 2.0]))
def view_changed(x):
    y = x * 1
    z = y[1:]
    z[0] = 100.0
    return y


@inputs(ROW, array([-1.0, 5.0, 2.0]))
def added_in_place(x):
    y = x
    y += 1
    return x


@inputs(ROW, array([-1.0, 5.0, 2.0]))
def place_of_the_largest(x):
    return x.argmax()


@inputs((ROW, array([2, 0])), (ROW, array([1, 1])))
def taken_by_an_array(x, places):
    return x[places]


@inputs((ROW, 1), (ROW, -1))
def taken_by_a_number(x, n: int):
    return x[n] * 2


@inputs((ROW, 1), (ROW, 2))
def split_at_a_number(x, n: int):
    return x[:n].sum() - x[n:].sum()


@inputs(array([1, 2, 3]), array([1.0, 2.5]))
def by_dtype(x):
    if x.dtype == xp.int64:
        return x * 10
    return x


@inputs(ROW, TABLE)
def by_rank(x):
    if x.ndim == 1:
        return x.sum()
    return x.sum(-1)


@inputs(array([1.0, 2.0]), array([3, 4]))
def dtype_passed_on(x):
    return xp.zeros(2, dtype=x.dtype) + x


@inputs((TABLE, ROW), (TALL, array([1.0, 2.0])))
def broadcast(x, y):
    return x * y + y


@inputs(ROW, array([-1.0, 5.0]))
def prefix_sums(x):
    total = x[0] * 0
    parts = []
    for value in x:
        total = total + value
        parts.append(total)
    return xp.stack(parts)


@inputs(ROW, array([4.0, 2.0]))
def is_sorted(x):
    for i in range(x.shape[0] - 1):
        if x[i] > x[i + 1]:
            return False
    return True


@inputs((ROW, 2.0), (array([-1.0]), 0.5))
def element_in(x, value: float):
    return value in x
