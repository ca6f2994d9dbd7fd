"""Reductions, softmax and groups of operators: machine code agrees with the kernels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit.runtime.ops  # noqa: F401, the cards
from jit.ir.parser import parse_graph
from jit.ir.registry import all_cards, find_card
from jit.passes import pipeline
from jit.runtime import bytecode
from jit.runtime.codegen import lowering
from jit.runtime.codegen.nests import reductions
from jit.runtime.tensor import wrap
from tests.operator_graphs import (
    assert_agree,
    check_samples,
    graph_of,
    native_of,
    outcome,
)

lowering._load_families()
CARDS = {
    card.schema.name: card
    for card in all_cards()
    if lowering._table.get(card.schema.name) is reductions._reduction
    and not getattr(card, "alias_of", None)
}
DECLINING = {"it computes in int32", "a sum that is kept as bool",
             "an empty list of dims reduces none of them"}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_samples_agree_with_the_kernel(name):
    check_samples(CARDS[name], DECLINING.__contains__)


def layouts(x):
    """The elements of x in other layouts."""
    yield x
    yield np.asfortranarray(x)
    yield x[::-1].copy()[::-1]
    yield np.repeat(x, 2, axis=-1)[..., ::2]
    yield np.repeat(x, 2, axis=0)[::2]
    yield np.broadcast_to(x[:1], x.shape)
    yield np.broadcast_to(x[..., :1], x.shape)


SIZES = [
    (5, 700),
    (700, 5),
    (130, 4, 33),
    (3, 17, 600),
    (1, 5000),
    (9000, 1),
    (2, 3, 4, 5),
]
DIMS = [[0], [1], [-1], [0, 1], [0, -1], None]
PRECISE = ["aten::sum.dim_IntList", "aten::mean.dim", "aten::amax", "aten::amin"]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("name", PRECISE)
def test_any_axes_of_any_layout_are_reduced(name, sizes):
    card = find_card(*name.split(".")) if "." in name else find_card(name)
    x = np.random.default_rng(4).normal(size=sizes).astype("f4")
    for dims in DIMS:
        if dims is None and name in ("aten::amax", "aten::amin"):
            dims = []
        if dims and len(set(np.arange(len(sizes))[dims])) < len(dims):
            continue
        rest = [False, None] if "sum" in name or "mean" in name else [False]
        native = native_of(graph_of(card, [x, dims, *rest]))
        for layout in layouts(x):
            want = card.kernel(layout.astype("f8"), dims, *rest).astype("f4")
            (got,) = outcome(native, [wrap(layout)])
            scale = np.abs(layout).sum() if "sum" in name else 1
            near = np.allclose(want, got, rtol=2e-6, atol=2e-7 * scale)
            assert near, (dims, layout.strides)


@pytest.mark.parametrize("sizes", [(5, 700), (300, 20), (3, 130, 40)], ids=str)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_along_any_dim_of_any_layout(name, sizes):
    card = find_card(f"aten::{name}", "int")
    x = np.random.default_rng(4).normal(size=sizes) * 5
    x.flat[3], x.flat[7] = -np.inf, 80
    for dim in range(len(sizes)):
        for dtype, near in (("f4", 1e-6), ("f8", 1e-14)):
            native = native_of(graph_of(card, [x.astype(dtype), dim, None]))
            for layout in layouts(x.astype(dtype)):
                (want,) = outcome(card.kernel, [layout.astype("f8"), dim, None])
                (got,) = outcome(native, [wrap(layout)])
                assert np.allclose(want, got, near * 20, near, equal_nan=True)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_places_are_those_of_the_first_extreme(name):
    card = find_card(f"aten::{name}")
    rng = np.random.default_rng(8)
    for sizes in ((5, 700), (700, 5), (1, 9001), (40, 41)):
        for dtype in ("f4", "f8", "i8", "i2", "u1"):
            x = rng.integers(0, 9, sizes).astype(dtype)
            for dim in (0, 1, None):
                native = native_of(graph_of(card, [x, dim, False]))
                for layout in layouts(x):
                    want = card.kernel(layout, dim, False)
                    (got,) = outcome(native, [wrap(layout)])
                    assert np.array_equal(want, got), (sizes, dtype, dim)
    x = np.array([1, np.nan, 3, np.nan], "f4")
    native = native_of(graph_of(card, [x, None, False]))
    assert 1 == native(wrap(x)).array
    assert 0 == native(wrap(np.full(9, -np.inf, "f4"))).array
    assert 0 == native(wrap(np.full(9, np.inf, "f4"))).array


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_places_of_nan_and_infinities_come_first_too(name):
    card = find_card(f"aten::{name}")
    rng = np.random.default_rng(9)
    for columns in (1, 15, 64, 127, 4097):
        for dtype in ("f4", "f8"):
            x = rng.standard_normal((6, columns)).astype(dtype)
            x[1] = np.inf
            x[2] = -np.inf
            x[3, columns // 2 :] = np.nan
            x[4] = np.where(rng.random(columns) < 0.5, 0.0, -0.0)
            x[5] = -np.inf
            x[5, -1] = np.nan
            native = native_of(graph_of(card, [x, 1, False]))
            (got,) = outcome(native, [wrap(x)])
            assert np.array_equal(getattr(np, name)(x, axis=1), got), columns


def test_rows_give_the_same_bits_whatever_rows_are_beside_them():
    card = find_card("aten::softmax", "int")
    x = np.random.default_rng(10).standard_normal((7, 1000)).astype("f4")
    native = native_of(graph_of(card, [x, 1, None]))
    (together,) = outcome(native, [wrap(x)])
    for k in range(7):
        (alone,) = outcome(native, [wrap(x[k : k + 1])])
        assert np.array_equal(together[k : k + 1], alone)


def test_long_sums_are_as_exact_as_their_result_can_be():
    card = find_card("aten::sum")
    x = np.random.default_rng(1).random(3_000_001).astype("f4")
    native = native_of(graph_of(card, [x, None]))
    exact = x.astype("f8").sum()
    assert abs(native(wrap(x)).array - exact) <= exact * 2**-23
    variance = native_of(graph_of(find_card("aten::var"), [x, True]))
    far = (x + 1000).astype("f4")
    assert np.isclose(far.astype("f8").var(ddof=1), variance(wrap(far)).array, 1e-5)


GROUP = """\
graph(%x : Float(*, *), %y : Float(*), %s : float):
  %one : int = prim::Constant[value=1]()
  %dim : int = prim::Constant[value={dim}]()
  %false : bool = prim::Constant[value=0]()
  %none : NoneType = prim::Constant()
  %dims : int[] = prim::ListConstruct(%dim)
  %a : Tensor = aten::mul(%x, %s)
  %b : Tensor = aten::add(%a, %y, %one)
  %c : Tensor = aten::exp(%b)
  %r : Tensor = aten::sum(%c, %dims, %false, %none)
  return ({result})
"""


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("result", ["%r", "%r, %b"])
def test_a_group_that_ends_in_a_reduction_is_one_nest(dim, result):
    text = GROUP.replace("{dim}", str(dim)).replace("{result}", "%r")
    if "," in result:
        text = text.replace("return (%r)", "%t : (Tensor, Tensor) = "
                            "prim::TupleConstruct(%r, %b)\n  return (%t)")  # fmt: skip
    graph = pipeline.optimize(parse_graph(text))
    assert "prim::FusionGroup" in str(graph)
    native = native_of(graph)
    code = bytecode.assemble(graph)
    rng = np.random.default_rng(3)
    for sizes in ((3, 5), (1, 40), (70, 33), (0, 4), (600, 1), (2, 2000)):
        for y in (rng.normal(size=sizes[1]), rng.normal(size=1)):
            x = rng.normal(size=sizes).astype("f4")
            arguments = [wrap(x), wrap(y.astype("f4")), 0.5]
            expected = outcome(lambda *a: bytecode.run(code, a), arguments)
            assert_agree(expected, outcome(native, arguments), sizes, 1e-5)
    wrong = [wrap(np.ones((2, 3), "f4")), wrap(np.ones(4, "f4")), 0.5]
    expected = outcome(lambda *a: bytecode.run(code, a), wrong)
    assert expected == outcome(native, wrong)


def test_reductions_of_several_parts_join_them():
    x = np.random.default_rng(1).normal(size=(700, 401)).astype("f4")
    x[350, 7], x[360, 8] = 9, 9
    for layout in (x, x.T, x[::-1, ::-1]):
        for name in ("aten::max", "aten::argmax", "aten::std", "np::mean"):
            card = find_card(name)
            rest = {"aten::argmax": [None, False], "aten::std": [True],
                    "np::mean": [None, None, False]}.get(name, [])  # fmt: skip
            native = native_of(graph_of(card, [layout, *rest]))
            given = layout if name.startswith("np") else wrap(layout)
            (want,) = outcome(card.kernel, [layout, *rest])
            (got,) = outcome(native, [given])
            assert np.allclose(want, got, rtol=1e-5, atol=1e-6), name
