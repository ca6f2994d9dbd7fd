"""Tensors behave as torch's: the same expressions, results and kinds of errors."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jit import torch as ours

torch = pytest.importorskip("torch", reason="torch is not installed (extra `oracle`)")

EXPRESSIONS = """
x[m, 1:3]
x[m, 1]
x[..., None, 0]
x[1, m[0]]
x[True]
x[False, 0]
x[[0, 1]]
x[[0, 1], [1, 2]]
x[0, :, [0, 1]]
x[[0, 1], :, [0, 1]]
x[:, i, i]
x[i, :, i]
x[i[:, None], i]
x[i, 1:, None]
x[torch.tensor(1)]
x[:, torch.tensor(1)]
x[torch.tensor(1), i]
x[m.to(torch.uint8).bool()]
x[0, 1, 2, 3]
x[5]
x[0, 5]
x[..., 5]
x[::-1]
x[1.0]
x[torch.tensor([1.0])]
x[torch.tensor([5])]
x[m[:, :2]]
torch.tensor(3.0)[0]
torch.tensor(3.0)[None]
torch.tensor(3.0)[...]
torch.tensor(3.0)[()]
x + 1
x + True
x + 1j
i + 2.5
i / i
i / 2
i // 2
2 // (i + 1)
2 - x
2 / (x + 1)
2.5 % (i + 1)
2 ** i
i ** 2
1 << i
True & i
i & i
i | 1
i ^ 3
~i
~m
-x
-m
abs(-x)
i @ i
x[0] @ x[0].T
m + m
m - m
m * 2
m & m
x > 1
x == i[0]
x == None
x == 'a'
x < None
x + 'a'
x + None
2 in i
5 in i
i.float() + torch.tensor(2.0, dtype=torch.float64)
i + torch.tensor(2.5)
x.half() + torch.ones(1, dtype=torch.bfloat16)
x.half() * 2.5
u - u - u
u + 300
int(torch.tensor([1.7]))
int(i)
float(x[:0])
bool(i)
bool(x[:0])
torch.tensor([[1]]).item()
i.item()
i.tolist()
x.shape
x.size()
x.size(-1)
x.size(5)
x.stride()
x.T.shape
x[0].T.stride()
x[0].mT
x[0].H
x.transpose(0, 2)[None].stride()
x[:, 1:].storage_offset()
x[:, 1:].is_contiguous()
x.permute(2, 0, 1)
x.permute((2, 0, 1))
x.view(4, -1)
x.view(5, 5)
x.transpose(0, 1).view(24)
x.reshape(4, 6)
x.reshape((4, 6)).shape
x.flatten(1)
x.expand(2, 2, 3, 4).shape
x.repeat(1, 2, 1).shape
x.unsqueeze(-1).squeeze().shape
x.chunk(2, dim=2)
x.split(3, -1)
x.split([1, 2], dim=1)
x.unbind(1)
x.sum()
x.sum(0)
x.sum(dim=(0, 2), keepdim=True)
x.sum(axis=1)
x.sum(0, True)
x.sum(0, 1)
x.mean(-1)
i.mean()
i.sum()
m.sum()
x.max()
x.max(0)
x.max(dim=1, keepdim=True).indices
x.max(x * 2)
x.argmax()
x.argmax(dim=1)
x.min(1).values
x.std()
x.var(0, unbiased=False)
x.var(dim=1, correction=0)
x.norm()
x.norm(1)
x.norm(dim=1)
torch.norm(x, 2, 1)
x.prod(1)
x.cumsum(1)
x.any()
x.all(1)
m.all()
x.sort(descending=True)
torch.sort(x, 0)
x.topk(2)
torch.softmax(x, -1)
torch.softmax(i, 0)
x.softmax(dim=0)
torch.cat((x, x), 1).shape
torch.cat([x, i.view(2, 1, 1).expand(2, 3, 4)], axis=0).dtype
torch.stack([i, i], dim=1)
torch.cat(x)
torch.where(x > 5, x, 0.0)
torch.where(x > 5, 1, 0)
torch.where(m)
x.where(x > 5, torch.zeros(()))
torch.clamp(x, 2, 5)
x.clamp(min=3)
torch.maximum(x, x * 2)
torch.pow(2, i)
torch.pow(i, -1)
torch.matmul(x, x.transpose(1, 2))
torch.einsum('bij,bkj->bik', x, x)
torch.einsum('bij,bkj->bik', [x, x])
torch.zeros(2, 3)
torch.zeros((2, 3), dtype=torch.int32)
torch.zeros(())
torch.zeros([])
torch.zeros(2.5)
torch.ones(0, 2)
torch.full((2,), 7)
torch.full((2,), 7.0)
torch.full((2,), True)
torch.full([2], 1, dtype=torch.float64)
torch.arange(5)
torch.arange(1, 2, 0.25)
torch.arange(5.0)
torch.arange(5, 0, -2)
torch.arange(0, 5, 0)
torch.arange(3, dtype=torch.float16)
torch.linspace(0, 1, 5)
torch.eye(2, 3)
torch.zeros_like(i)
torch.ones_like(x, dtype=torch.int8)
torch.full_like(x, 3)
x.new_zeros(2, 2)
x.new_ones((2,), dtype=torch.int64)
x.new_full((2,), 5)
i.new_tensor([1.5])
x.to(torch.int32)
x.to(i)
x.to('cpu', torch.float64)
x.type()
x.type(torch.int64)
x.type_as(i)
x.double().dtype
x.bool()
x.nonzero().shape
x[0, 0].nonzero(as_tuple=True)
x.masked_fill(m[..., None], -1)
x.masked_select(x > 20)
x.gather(2, torch.zeros(2, 3, 1, dtype=torch.int64))
x.index_select(1, i)
x.tril().shape
x[0].triu()
x.numel()
x.element_size()
x.is_floating_point()
torch.is_tensor(x)
torch.numel(x)
torch.equal(x, x)
torch.allclose(x, x + 1e-9)
torch.isnan(x).any()
torch.result_type(i, 1.5)
torch.promote_types(torch.uint8, torch.int8)
torch.can_cast(torch.float32, torch.int64)
torch.broadcast_shapes((2, 1), (3,))
torch.broadcast_tensors(i, x[0, 0, :1])
torch.meshgrid(i, i, indexing='ij')
torch.add(x, x, alpha=2)
torch.add(x, 1, alpha=2)
torch.add(x)
torch.add(x, 'a')
torch.add(2, 3)
torch.add(input=x, other=1)
torch.add(x, 2, beta=3)
torch.exp(x, x)
torch.div(i, 2, rounding_mode='floor')
torch.div(i, 2, rounding_mode='trunc')
torch.tensor([[1, 2], [3]])
torch.tensor(['a'])
torch.tensor(None)
torch.tensor(2 ** 63)
torch.tensor([300], dtype=torch.uint8)
torch.tensor([1.7], dtype=torch.int64)
torch.tensor([1, 2.5, True])
torch.tensor(np.float64(1.5))
torch.tensor([np.float32(1.5)])
torch.as_tensor(np.arange(3))
torch.Tensor([1, 2])
torch.Tensor(2, 0)
torch.from_numpy([1])
torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
torch.unique(torch.tensor([3, 1, 3]), return_inverse=True)
torch.finfo(torch.float64)
torch.iinfo(torch.int32)
torch.Size([2, 3])[1:]
torch.Size([2, 3]) + (1,)
x.add_(torch.ones(2, 2, 3, 4))
i.add_(1.5)
i.div_(2)
i.mul_(2)
x.fill_(2).sum()
x.zero_()
x.copy_(torch.ones(4))
x.foo
torch.foo
x.requires_grad_().numpy()
i.requires_grad_()
f'{x[0, 0, 1]:.2f}'
'%.2f' % x[0, 0, 1]
[1, 2, 3][i[0]]
len(x)
len(x[0, 0, 0])
list(x[0, 0, 0])
""".strip().splitlines()

STATEMENTS = """
x[0] = 5
x[0] = True
x[:, 1:] = torch.zeros(4)
x[0] = torch.ones(1, 1, 1, 4)
x[0] = torch.ones(2, 3, 4)
x[0] = torch.ones(5)
x[0] = [1, 2, 3, 4]
x[0] = None
x[m] = 5
x[m] = torch.ones(3, 4)
x[m] = torch.ones(2, 4)
x[m] = torch.ones(3, 4, dtype=torch.int64)
x[True] = 1
x[False] = 1
x[i] = 0.5
x[i, :, i] = torch.arange(6.0).view(2, 3)
x[:, i, 1:3] = -1
x[0, 0, 0] = torch.ones(1)
x[0, 0, 0] = torch.ones(2)
x[5] = 1
i[0] = 2.7
i[0] = torch.tensor(3.9)
m[0] = 5
x[0] = i[0]
x[:] = x.flip(0)
x[...] = 1
x[0][1][2] = 7
x += 1
x -= i[0]
x *= m[..., None]
x /= 2
x //= 2
x %= 3
x **= 2
i += 1.5
i /= 2
i //= 2
i <<= 2
i &= 1
m |= True
m ^= m
x[0] += 10
x[:, 1] *= 0
x[m] += 1
""".strip().splitlines()


def names(t):
    return {
        "torch": t,
        "np": np,
        "math": math,
        "x": t.arange(24.0).reshape(2, 3, 4),
        "m": t.tensor([[True, False, True], [False, True, False]]),
        "i": t.tensor([0, 1]),
        "u": t.tensor([1, 200], dtype=t.uint8),
    }


def shown(value):
    """A result in a form that both libraries' results have."""
    if isinstance(value, torch.Tensor | ours.Tensor):
        return str(value.dtype), tuple(value.shape), rounded(value.tolist())
    if isinstance(value, tuple | list):
        return [shown(v) for v in value]
    if isinstance(value, int | float | str | bool | type(None)):
        return value
    return repr(value)


def rounded(values):
    if isinstance(values, list):
        return [rounded(v) for v in values]
    if isinstance(values, complex):
        return rounded(values.real), rounded(values.imag)
    if isinstance(values, float) and math.isfinite(values):
        return float(f"{values:.5g}")
    return repr(values)


def outcome(run):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return shown(run())
        except (TypeError, ValueError, RuntimeError, IndexError, AttributeError) as e:
            return next(
                c.__name__
                for c in (
                    IndexError,
                    TypeError,
                    ValueError,
                    AttributeError,
                    RuntimeError,
                )
                if isinstance(e, c)
            )


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_means_the_same(expression):
    expected = outcome(lambda: eval(expression, names(torch)))

    assert expected == outcome(lambda: eval(expression, names(ours)))


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_changes_the_same(statement):
    def run(t):
        space = names(t)
        exec(statement, space)
        return space["x"], space["m"], space["i"]

    assert outcome(lambda: run(torch)) == outcome(lambda: run(ours))


floats = st.floats(width=32, allow_subnormal=False) | st.integers(-2000, 2000).map(
    float
)


@given(
    st.lists(floats, max_size=12), st.sampled_from(["float32", "float64", "float16"])
)
def test_floats_print_the_same(values, name):
    array = np.array(values, dtype=np.float64)
    with np.errstate(over="ignore"):
        array = array.astype(name)

    assert repr(torch.from_numpy(array)) == repr(ours.from_numpy(array))


@given(st.lists(st.complex_numbers(max_magnitude=1e6), max_size=6))
def test_complex_numbers_print_the_same(values):
    array = np.array(values, dtype=np.complex64)

    assert repr(torch.from_numpy(array)) == repr(ours.from_numpy(array))


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=4).filter(
        lambda sizes: math.prod(sizes) < 40000
    ),
    st.sampled_from(["int64", "float32", "bool", "int16"]),
)
def test_shapes_print_the_same(sizes, name):
    array = (np.arange(math.prod(sizes)).reshape(sizes) % 97).astype(name)

    assert repr(torch.from_numpy(array)) == repr(ours.from_numpy(array))
