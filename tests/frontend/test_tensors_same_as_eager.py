"""Scripted functions of Tensors give what eager execution gives."""

# The programs are written as users write them.
# ruff: noqa: PERF401, RET504

from __future__ import annotations

from typing import Any

import pytest

import jit
from jit import torch

CASES: list[tuple[Any, tuple[Any, ...]]] = []


def case(*calls):
    """Add a function with the arguments of some calls."""

    def add(function):
        CASES.extend((function, arguments) for arguments in calls)
        return function

    return add


T = torch.tensor
F = torch.nn.functional
X = T([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@case((X,))
def index(x):
    return (
        x[0],
        x[:, 1],
        x[..., 0],
        x[None].shape,
        x[0, 1],
        x[1, 1:],
        x[-1, ::2],
        x[:, None, 0],
        x[[0, 1, 0]],
        x[x > 2],
        x[torch.tensor([1, 0]), 0],
    )


@case((X,))
def setitem(x):
    x[0] = 5
    x[:, 1] = x[:, 2]
    x[x > 5.5] = 0
    x[1, 1:] += 3
    x[0, 0] *= 2
    x[torch.tensor([0]), 2] = 9
    x[[1]] += 1
    return x


@case((X,))
def aug(x):
    y = x
    y += 1
    y *= 2
    y -= x * 0.5
    y /= 3
    return x, y


@case((X, 2))
def scal(x, n: int):
    return (
        1 - x,
        2 / x,
        3 * x + n,
        n**x,
        x**2,
        x // 2,
        7 // x,
        x % 2,
        -x,
        x == 2,
        2 < x,
        x.T @ x,
        abs(x),
        n + x,
    )


@case((X,))
def shapes(x):
    a, b = x.shape
    return (
        x.shape[0],
        a,
        b,
        x.ndim,
        x.numel(),
        x.size(),
        x.size(1),
        len(x),
        x.dtype,
        x.dim(),
        x.shape[-1] * 2,
    )


@case((X,))
def methods(x):
    return (
        x.sum(),
        x.mean(dim=1),
        x.view(3, 2),
        x.reshape(-1),
        x.permute(1, 0),
        x.to(torch.float64),
        x.int(),
        x.max(),
        x.max(dim=0).values,
        x.sum(0, keepdim=True),
        x.float().double(),
        x.unsqueeze(0).squeeze(),
        x.t(),
        x.expand(2, 2, 3),
        x.flatten(),
        x.clamp(2, 4),
        x.argmax(),
    )


@case((X,))
def unpackmax(x):
    v, i = x.max(1)
    a, b = x
    return v, i, a - b


@case((X,))
def loops(x):
    s = torch.zeros(3)
    for row in x:
        s = s + row
    t = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            t += float(x[i, j])
            if x[i, j] > 4:
                break
    return s, t, x[0, 0].item()


@case((X,))
def funcs(x):
    return (
        torch.relu(x - 2),
        torch.cat([x, x]),
        torch.stack((x, x), dim=1).shape,
        torch.zeros(2, 3),
        torch.zeros((2,), dtype=torch.int64),
        torch.ones_like(x),
        torch.arange(3),
        torch.full((2,), 1.5),
        torch.tensor([1, 2]),
        torch.tensor([[1.0, 2.0], [3, 4]]),
        torch.exp(x),
        torch.where(x > 2, x, -x),
        torch.max(x, torch.ones_like(x)),
        torch.eye(2),
        torch.linspace(0, 1, 3),
    )


@case((X,), (-X,))
def cond(x):
    if x.sum() > 0 and x[0, 0] > 0:
        return x
    if x.sum() < 0:
        return -x
    return x * 0


C = T([1.0, 2.0, 3.0])


@case((X,))
def captured(x):
    return x + C


@case((X,))
def nograd(x):
    with torch.no_grad():
        y = x * 2
    return y


@case((X,))
def inplace_methods(x):
    x.add_(1).mul_(2)
    x.clamp_(min=3)
    return x


@case((X,))
def opt(x, y: torch.Tensor | None = None):
    if y is None:
        y = x
    return x + y


@case((X, [X, X]))
def lists(x, xs: list[torch.Tensor]):
    out = []
    for y in xs:
        out.append(y.sum())
    return torch.stack(out), torch.cat(xs, 1), sum([1, 2])


@case((X,))
def grow(x):
    out = []
    for i in range(2):
        out.append([x[i].sum(), x[i].max()])
    return out


@case((X,))
def fstr(x):
    return f"{x.shape[0]} {x.sum():.2f} {x}", str(x.dtype)


@case((X,))
def isinst(x):
    if isinstance(x, torch.Tensor):
        return 1
    return 0


@case((X, X + 1))
def one_overload(x, y):
    return (
        torch.ops.aten.add.Tensor(x, y, alpha=2),
        torch.ops.aten.mean.default(x),
        torch.ops.aten.mul(x, y),
    )


@case((X, X + 1))
def separate_tensors(x, y):
    return (
        torch.block_diag(x, y),
        torch.cartesian_prod(x[0], y[0]),
        torch.einsum("ij,kj->ik", x, y),
        torch.meshgrid(x[0], y[1]),
        torch.broadcast_tensors(x, y[0]),
    )


@case((X,))
def maximum_pools(x):
    return (
        F.max_pool1d(x, 2),
        F.max_pool1d(x, 2, return_indices=True),
        F.max_pool2d(x[None], 2, 1, 0, 1, False, True),
        F.adaptive_max_pool1d(x, 2),
        F.adaptive_max_pool2d(x[None], (1, 2), True),
    )


@case((X,))
def named_constants(x):
    return (
        x.contiguous(memory_format=torch.contiguous_format),
        torch.empty_like(x, layout=torch.strided).shape,
    )


def describe(value, about):
    """A value as plain data that compares: contents, dtypes and shapes."""
    if isinstance(value, torch.Tensor):
        return (str(value.dtype), tuple(value.shape), about(value.tolist()))
    if isinstance(value, list | tuple):
        return [describe(v, about) for v in value]
    return (type(value).__name__, value)


def about(elements):
    """Numbers that compare to what is nearly equal: machine code computes elementary
    functions itself."""
    if isinstance(elements, list):
        return [about(e) for e in elements]
    return approx(elements) if isinstance(elements, float) else elements


def approx(number):
    return pytest.approx(number, rel=1e-6, nan_ok=True)


def copied(value):
    if isinstance(value, torch.Tensor):
        return value.clone()
    return [copied(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("function", "arguments"), CASES, ids=[f.__name__ for f, _ in CASES]
)
def test_a_script_gives_what_eager_execution_gives(function, arguments):
    expected = function(*map(copied, arguments))
    given = jit.script(function)(*map(copied, arguments))

    assert describe(expected, about) == describe(given, lambda elements: elements)
