"""Views, parts, joins and new tensors in machine code: as the interpreter gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch
from jit.runtime.executor import enable_native


def squeezed(x):
    total = x.sum(dim=1, keepdim=True)
    return total.squeeze(1) + total.squeeze(1)


def moved(x):
    return torch.movedim(x, 0, 2) * 2.0, torch.movedim(x, [0, 1], [1, 0]) * 3.0


def as_others(x, y):
    return x.view_as(y) + 1.0, x.t().reshape_as(y) * 1.0, y[0].expand_as(y) * 2.0


def raveled(x):
    return x.t().ravel() + 1.0


def unflattened(x):
    return x.unflatten(1, [2, -1]).sum(dim=2)


def narrowed(x, start: int):
    return x.narrow(1, start, 2) + 0.0


def diagonals(x):
    return x.diagonal() + 0.0, x.diagonal(1) + 0.0, x.diagonal(-2) + 0.0


def windows(x):
    return x.unfold(0, 3, 2).sum(dim=1)


def cloned(x):
    y = x.clone()
    y.add_(1.0)
    return x + y, x.t().clone() * 2.0


def rows_first(x):
    return x.t().contiguous().view(-1) + x.contiguous().view(-1)


def chunked(x):
    a, b, c = x.chunk(3, dim=1)
    return a + 1.0, b * 2.0, c - 1.0


def split_even(x):
    a, b = x.split(3, dim=1)
    return a.sum() + b.sum() * 2.0


def split_given(x, n: int):
    a, b = x.split([n, 5 - n], dim=1)
    return a.sum(dim=1) - b.sum(dim=1)


def split_sections(x):
    a, b, c = torch.tensor_split(x, 3, dim=1)
    return a.sum(dim=1) + b.sum(dim=1) * c.sum(dim=1)


def unbound(x):
    a, b, c, d = x.unbind(0)
    return a * b + c * d


def catted(x, y):
    return torch.cat([x, y, x], dim=1), torch.cat([x.t(), y.t()])


def listed(x, y):
    first = x.t().contiguous()
    both = [first, y]
    total = first.sum()
    other = y.t().clone()
    return torch.cat(both, dim=1) * total, other


def stacked(x):
    return torch.stack([x, x * 2.0], dim=1), torch.stack([x, x], dim=-1)


def stacks(x, v):
    side, below = torch.hstack([x, x]), torch.vstack([v, v])
    return side, below, torch.dstack([v, v]), torch.column_stack([v, v + 1.0])


def repeated(x):
    return x.repeat(2, 1, 3), x.tile([2]), x.t().repeat(1, 2)


def turned(x):
    return x.flip([0, 1]), x.flip([-1]), torch.fliplr(x), torch.flipud(x)


def rolled(x, n: int):
    return torch.roll(x, n, 1), torch.roll(x, [1, n], [0, 1])


def new_ones(x, n: int):
    zeros, ones = x.new_zeros([n, 2]), x.new_ones([2])
    return zeros + ones, x.new_full([n], 2.5), x.new_empty([0]) + 1.0


def ranges(n: int, m: int):
    steps = torch.arange(m, n, -2)
    return torch.arange(n), torch.arange(1, n), torch.arange(0, n, 3), steps


def float_ranges(a: float, b: float):
    return torch.arange(a, b, 0.25), torch.arange(a, b), torch.arange(5) * 1.0


def float_places(n: int):
    return torch.arange(n, dtype=torch.float32) * 0.5


def spaced(n: int):
    return torch.linspace(0, 1, n), torch.linspace(-2.5, 7.25, n, dtype=torch.float64)


def identity(n: int):
    return torch.eye(n) * 2.0, torch.eye(n, 3), torch.eye(2, n)


def of_numbers(a: float, n: int):
    return torch.tensor([a, 2.0, a]), torch.tensor([n, 4]), torch.tensor(a) + n


def laid_out(x, n: int):
    new = torch.empty_strided([n, 3], [1, n])
    return new + 1.0, new, x.new_empty_strided([2, 2], [0, 1])


def laid_out_wrongly(n: int, m: int):
    return torch.empty_strided([2, n], [m, 1])


def in_memory(x):
    steps = x.stride(0) * 100 + x.stride(1)
    return torch.tensor([steps]), torch.tensor(
        [x.is_contiguous(), x.t().is_contiguous()]
    )


def arrays(x, n: int):
    y = np.reshape(x, (-1, 2)) + np.zeros((2, 1))[0]
    z = np.transpose(x) * 2.0 + np.ones(3).sum()
    return y, z, np.expand_dims(x, 0) + 1.0, np.arange(n) * 2, np.concatenate([x, x])


X = np.arange(24.0).reshape(4, 6)
CASES: list[tuple[Any, tuple[Any, ...]]] = [
    (squeezed, (X,)),
    (moved, (X.reshape(2, 3, 4),)),
    (as_others, (X, X + 1)),
    (raveled, (X,)),
    (unflattened, (X,)),
    (narrowed, (X, 1)),
    (narrowed, (X, -3)),
    (diagonals, (X,)),
    (windows, (X[:, 0],)),
    (cloned, (X,)),
    (cloned, (X.T,)),
    (rows_first, (X,)),
    (rows_first, (X[::2, ::-1],)),
    (chunked, (X,)),
    (chunked, (X[:, :3],)),
    (chunked, (X[:, :0],)),
    (split_even, (X,)),
    (split_even, (X[:, :4],)),
    (split_given, (X[:, :5], 2)),
    (split_sections, (X[:, :5],)),
    (unbound, (X,)),
    (catted, (X, X)),
    (catted, (X[:, 1::2], X[:, :3])),
    (listed, (X, X.T + 5.0)),
    (stacked, (X.T,)),
    (stacks, (X, X[0])),
    (repeated, (X,)),
    (turned, (X,)),
    (turned, (X[:0],)),
    (rolled, (X, 2)),
    (rolled, (X, -15)),
    (rolled, (X[:, :0], 1)),
    (new_ones, (X, 3)),
    (ranges, (7, 11)),
    (ranges, (1, 1)),
    (float_ranges, (0.5, 3.1)),
    (float_ranges, (1.0, 1.0)),
    (float_places, (4,)),
    (spaced, (5,)),
    (spaced, (1,)),
    (spaced, (0,)),
    (identity, (4,)),
    (identity, (0,)),
    (of_numbers, (1.5, 7)),
    (laid_out, (X, 4)),
    (laid_out, (X, 0)),
    (in_memory, (X,)),
    (in_memory, (X.T,)),
    (in_memory, (X[::2, ::-1],)),
    (in_memory, (X[:0],)),
]


def as_tensors(given: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(torch.from_numpy(x) if isinstance(x, np.ndarray) else x for x in given)


def assert_equal(expected: Any, actual: Any) -> None:
    if isinstance(expected, tuple):
        assert len(expected) == len(actual)
        for one, other in zip(expected, actual, strict=True):
            assert_equal(one, other)
        return
    arrays = [x.array if isinstance(x, torch.Tensor) else x for x in (expected, actual)]
    assert type(expected) is type(actual)
    assert arrays[0].dtype == arrays[1].dtype
    np.testing.assert_array_equal(*arrays)


@pytest.mark.parametrize(
    ("function", "given"), CASES, ids=lambda x: getattr(x, "__name__", "")
)
def test_machine_code_gives_what_the_interpreter_gives(
    function: Any, given: tuple[Any, ...]
) -> None:
    given = as_tensors(given)
    scripted = jit.script(function)
    explanation = scripted.explain(*given)
    assert explanation.is_native, str(explanation)
    enable_native(False)
    expected = jit.script(function)(*given)
    enable_native(True)
    used = jit.memory_stats().current
    assert_equal(expected, scripted(*given))
    assert used == jit.memory_stats().current


def test_arrays_have_the_same_views_and_creations() -> None:
    scripted = jit.script(arrays)
    enable_native(False)
    expected = jit.script(arrays)(X, 3)
    enable_native(True)
    assert_equal(expected, scripted(X, 3))


FAILING: list[tuple[Any, tuple[Any, ...]]] = [
    (narrowed, (X, 5)),
    (chunked, (X[:, :4],)),
    (chunked, (X[:, :1],)),
    (split_even, (X[:, :3],)),
    (split_given, (X, 2)),
    (unbound, (X[:3],)),
    (unbound, (X[[0, 1, 2, 3, 0]],)),
    (catted, (X, X[:3])),
    (unflattened, (X[:, :5],)),
    (windows, (X[:2, 0],)),
    (ranges, (7, 5)),
    (float_ranges, (2.0, 1.0)),
    (new_ones, (X, -1)),
    (laid_out_wrongly, (-1, 1)),
    (laid_out_wrongly, (1, -1)),
]


@pytest.mark.parametrize(
    ("function", "given"), FAILING, ids=lambda x: getattr(x, "__name__", "")
)
def test_what_does_not_fit_raises_what_the_interpreter_raises(
    function: Any, given: tuple[Any, ...]
) -> None:
    given = as_tensors(given)
    scripted = jit.script(function)
    assert scripted.explain(*given).is_native
    with pytest.raises(Exception) as actual:
        scripted(*given)
    enable_native(False)
    with pytest.raises(Exception) as expected:
        jit.script(function)(*given)
    assert type(expected.value) is type(actual.value)
    assert str(expected.value) == str(actual.value)


def test_a_new_size_does_not_compile_again() -> None:
    scripted = jit.script(catted)
    for rows in (0, 1, 2, 7):
        x = torch.ones(rows, 3)
        joined, turned = scripted(x, x)
        assert (rows, 9) == tuple(joined.shape)
        assert (6, rows) == tuple(turned.shape)
    assert 1 == jit.cache_info(scripted).currsize
