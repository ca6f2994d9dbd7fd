"""Indexing tensors, and assigning to what was indexed."""

import torch

from tests.language.corpus import program, scenario

# Assignment to an int, a slice, a mask and Tensor indices.


@program((torch.zeros(3, 2), torch.tensor([1.0, 2.0])))
def assign_at_int(x, y):
    x[0] = y
    x[-1] = 7.0
    return x


@program((torch.zeros(2, 3), torch.tensor([[1.0], [2.0]])))
def assign_at_slice(x, y):
    x[:, 1:] = y
    x[:1, 0] = -1.0
    return x


@program((torch.tensor([[1.0, -1.0], [-2.0, 2.0]]), 0.5), (torch.ones(2), 0.5))
def assign_at_mask(x, v: float):
    x[x < 0] = v
    return x


@program(
    (torch.zeros(4), torch.tensor([3, 0]), torch.ones(2)),
    (torch.zeros(2, 2), torch.tensor([1]), torch.tensor(3.0)),
)
def assign_at_tensor(x, i, y):
    x[i] = y
    return x


# Augmented assignment to a subscript changes the Tensor in place.


@torch.jit.script
def augmented_augmented(x):
    x[0] += 1
    x[1:, 0] *= 10
    x[:, -1] -= x[:, 0]
    return x


@torch.jit.script
def augmented_masked(x):
    x[x > 2] += 100
    return x


@scenario
def augmented():
    x = torch.arange(6.0).reshape(3, 2)
    yield "result", augmented_augmented(x)
    yield "argument", x
    yield "mask", augmented_masked(torch.tensor([1, 2, 3, 4]))


# An int index takes a row, from either end; outside raises.


@program(
    (torch.arange(6).reshape(2, 3), 0),
    (torch.arange(6).reshape(2, 3), 1),
    (torch.arange(6).reshape(2, 3), -1),
    (torch.arange(6).reshape(2, 3), -2),
    (torch.tensor([1.5, 2.5]), 1),
    (torch.arange(6).reshape(2, 3), 2),
    (torch.tensor(1), 0),
)
def int_row(x, i: int):
    return x[i]


@program((torch.arange(6).reshape(2, 3), 1, -1))
def int_element(x, i: int, j: int):
    return x[i, j], x[i][j]


# int64 Tensors as indices: repeated, negative, broadcast.


@program(
    (torch.arange(6).reshape(3, 2) * 10, torch.tensor([2, 0, 0, -1])),
    (torch.arange(6).reshape(3, 2) * 10, torch.tensor([[0, 1], [2, 2]])),
    (torch.arange(6).reshape(3, 2) * 10, torch.tensor(1)),
    (torch.arange(6).reshape(3, 2) * 10, torch.zeros(0, dtype=torch.int64)),
    (torch.arange(6).reshape(3, 2) * 10, torch.tensor([3])),
)
def long_take(x, i):
    return x[i]


@program(
    (torch.arange(6).reshape(3, 2) * 10, torch.tensor([0, 2]), torch.tensor([1, 0])),
    (
        torch.arange(6).reshape(3, 2) * 10,
        torch.tensor([[0], [2]]),
        torch.tensor([0, 1]),
    ),
)
def long_two(x, i, j):
    return x[i, j], x[:, j]


# A bool mask picks elements or rows.


@program(
    torch.tensor([1.0, -1.0, 2.0]),
    torch.tensor([-1.0]),
    torch.tensor([[1, -1], [-2, 2]]),
    torch.zeros(0),
)
def mask_positive(x):
    return x[x > 0]


@program((torch.arange(6).reshape(3, 2), torch.tensor([True, False, True])))
def mask_rows(x, mask):
    return x[mask], x[:, mask[:2]]


# Tensor indices mixed with ints, slices and None.


@program((torch.arange(12).reshape(2, 2, 3), torch.tensor([1, 0, 1])))
def mixed_mixed(x, i):
    return x[i, 0], x[0, i], x[:, i, 1:], x[None, i]


@program(torch.arange(12).reshape(2, 2, 3))
def mixed_by_list(x):
    return x[[0, 0]], x[:, [1, 0]]


# None adds an axis and `...` stands for all the others.


@program(torch.tensor([1, 2]))
def none_and_ellipsis_axes(x):
    return x[None], x[:, None], x[None, :, None]


@program(torch.arange(12).reshape(2, 3, 2), torch.arange(4).reshape(2, 2))
def none_and_ellipsis_ellipsis(x):
    return x[..., 0], x[0, ...], x[..., None], x[1:, ..., -1]


# Slices with optional bounds and a step, on one axis or several.


@program(
    (torch.arange(6), 1, 4),
    (torch.arange(6), -4, -1),
    (torch.arange(6), 4, 1),
    (torch.arange(6), 0, 100),
    (torch.arange(6), -100, 2),
    (torch.zeros(0, 2), 0, 1),
)
def slice_one(x, i: int, j: int):
    return x[i:j], x[i:], x[:j], x[:]


@program((torch.arange(6), 2), (torch.arange(6), 9))
def slice_step(x, k: int):
    return x[::k], x[1::k], x[:-1:k]


@program(torch.arange(6).reshape(2, 3))
def slice_two(x):
    return x[1:, :2], x[:, 0], x[0, 1:], x[:, -1:]
