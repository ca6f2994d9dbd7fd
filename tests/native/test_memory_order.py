"""New tensors lie in memory as their operands do, and as the interpreter's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit
from jit import torch


def add(x):
    return x + 1


def convert(x):
    return x.to(torch.float64)


def softmax(x):
    return torch.softmax(x, dim=-1)


def mean(x):
    return x.mean(0)


def kept_sum(x):
    return x.sum(1, keepdim=True)


def centre(x):
    return (x - x.mean(-1, keepdim=True)) * 2.0


def choose(x):
    return torch.where(x > 0, x, x * 2)


def gelu(x):
    return torch.nn.functional.gelu(x)


def layer_norm(x):
    return torch.nn.functional.layer_norm(x, [x.size(-1)])


def both(x, y):
    return torch.exp(x) * y + x


def rebuilt(x):
    x.mul_(2)
    return x


BASE = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("f4")
LAYOUTS = [
    *(BASE.transpose(p) for p in itertools.permutations(range(3))),
    BASE[::-1], BASE[:, :, ::-1], BASE[:, ::2], BASE[:1], BASE[:, :, :1],
    np.asfortranarray(BASE), BASE.reshape(3, 20).T, BASE[:0],
]  # fmt: skip


def order_of(x: np.ndarray) -> list[int]:
    """Strides along the dims that have several elements."""
    pairs = zip(x.strides, x.shape, strict=True)
    return [s for s, n in pairs if n > 1] if x.size else []


PROGRAMS = [add, convert, softmax, mean, kept_sum, centre, choose, gelu, layer_norm]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_a_result_has_the_order_of_its_operand(program):
    scripted = jit.script(program)
    for x in LAYOUTS:
        want = program(torch.from_numpy(x)).numpy()
        got = scripted(torch.from_numpy(x)).numpy()
        assert np.allclose(want, got, 1e-5, 1e-6, equal_nan=True)
        assert order_of(want) == order_of(got), (x.shape, x.strides)
        assert want.flags.c_contiguous == got.flags.c_contiguous


def test_operands_of_several_orders_are_met_as_in_numpy():
    scripted = jit.script(both)
    given = [x for x in LAYOUTS if x.shape == (3, 4, 5)]
    given += [BASE[0, 0], BASE[:, :, :1], np.asfortranarray(BASE[:1])]
    for x, y in itertools.product(given, given):
        want = both(torch.from_numpy(x), torch.from_numpy(y)).numpy()
        got = scripted(torch.from_numpy(x), torch.from_numpy(y)).numpy()
        assert np.allclose(want, got, 1e-5, 1e-6, equal_nan=True)
        assert order_of(want) == order_of(got), (x.strides, y.strides)


def test_what_is_written_in_place_keeps_its_layout():
    scripted = jit.script(rebuilt)
    for layout in LAYOUTS:
        x = np.copy(layout, order="K")
        want = x * 2
        got = scripted(torch.from_numpy(x)).numpy()
        assert np.array_equal(want, got)
        assert got.strides == x.strides
