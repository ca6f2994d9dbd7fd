"""Pointwise nests: layouts, sizes, parts, in place, and the printed form."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit.runtime.ops  # noqa: F401, the cards
from jit.ir import dtypes
from jit.ir.registry import find_card
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.nests.build_nest import Builder


def multiply_add(rank: int, dtype=dtypes.float32, ranks=(None, None, None)):
    """x * y + z."""
    build = Builder(rank)
    x, y, z = (build.input(dtype, r) for r in ranks)
    product = build.operator(find_card("aten::mul", "Tensor"), [x, y])
    total = build.operator(find_card("aten::add", "Tensor"), [product, z, 1])
    return build.finish([total])


def test_the_text_says_all_that_the_code_depends_on():
    expected = """\
nest [i0, i1]
  %0 = load float32
  %1 = load float32 scalar
  %2 = load float32
  %3 = aten::mul.Tensor(float32 %0, float32 %1) -> float32
  %4 = aten::add.Tensor(float32 %3, float32 %2, float32 1) -> float32
  store float32 %4"""
    assert expected == str(multiply_add(2, ranks=(2, 0, 1)))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 16, 17, 31, 64, 127, 511, 513, 4099])
def test_every_size_is_computed_to_its_end_and_no_further(size, nests):
    rng = np.random.default_rng(size)
    x, y, z = rng.normal(size=(3, size)).astype("f4")
    out = np.full(size + 8, 7, "f4")
    nests.call(multiply_add(1), [x, y, z, out[4 : 4 + size]], (size,))

    assert np.array_equal(x * y + z, out[4 : 4 + size])
    assert np.array_equal(np.full(8, 7, "f4"), np.delete(out, slice(4, 4 + size)))


def views(x: np.ndarray):
    """Arrays of the sizes of x with other layouts."""
    yield x
    yield x.T.copy().T
    yield x[::-1, ::-1].copy()[::-1, ::-1]
    yield np.repeat(x, 3, axis=1)[:, ::3]
    yield np.repeat(x, 2, axis=0)[::2]
    yield x[:1]
    yield x[:, :1]
    yield x[0]
    yield x[:1, :1]


@pytest.mark.parametrize("sizes", [(5, 700), (700, 3), (1, 9), (9, 1), (33, 17)])
def test_layouts_and_broadcasts_mean_the_same(sizes, nests):
    rng = np.random.default_rng(1)
    x, y, z = rng.normal(size=(3, *sizes)).astype("f4")
    nest = multiply_add(2)
    for a in views(x):
        for b in views(y):
            shape = np.broadcast_shapes(a.shape, b.shape, z.shape)
            for layout in (np.empty(shape, "f4"), np.empty(shape[::-1], "f4").T):
                nests.call(nest, [a, b, z, layout], shape)
                assert np.array_equal(a * b + z, layout)


@pytest.mark.parametrize("span", [(0, 1), (3, 1000), (999, 2001), (2000, 2310)])
def test_a_part_of_the_elements_is_computed(span, nests):
    x, y, z = np.random.default_rng(2).normal(size=(3, 7, 11, 30))
    nest = multiply_add(3, dtypes.float64)
    for z_given in (z, z[:, :1], z.transpose(0, 2, 1).copy().transpose(0, 2, 1)):
        out = np.zeros_like(x)
        nests.call(nest, [x, y, z_given, out], x.shape, span)
        want = np.zeros(x.size)
        want[slice(*span)] = (x * y + z_given).ravel()[slice(*span)]
        assert np.array_equal(want, out.ravel())


def test_an_output_may_be_the_memory_of_an_input(nests):
    x, y, z = np.random.default_rng(3).normal(size=(3, 20, 31)).astype("f4")
    for view in (np.s_[:], np.s_[::2, ::-1], np.s_[:, ::3]):
        target = x.copy()
        want = target[view] * y[view] + z[view]
        inputs = [target[view], y[view], z[view], target[view]]
        nests.call(multiply_add(2), inputs, want.shape)
        assert np.array_equal(want, target[view])


def test_siblings_share_a_nest(nests):
    build = Builder(1)
    x = build.input(dtypes.float64)
    a = build.operator(find_card("aten::exp"), [x])
    b = build.operator(find_card("aten::neg"), [x])
    c = build.operator(find_card("aten::gt", "Tensor"), [a, b])
    x = np.linspace(-2, 2, 41)
    got = nests.run(build.finish([a, b, c]), [x])

    assert np.allclose(np.exp(x), got[0], rtol=1e-15)
    assert np.array_equal(-x, got[1])
    assert np.array_equal(np.exp(x) > -x, got[2])


def test_what_has_no_native_form_declines_with_a_reason():
    build = Builder(1)
    x = build.input(dtypes.float32)
    with pytest.raises(Declined, match="has no formula"):
        build.operator(find_card("aten::ldexp"), [x, x])
    with pytest.raises(Declined, match="complex64"):
        Builder(1).input(dtypes.complex64)
