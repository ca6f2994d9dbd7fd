"""Conversions, copies, operators in place and normalisations agree with their kernels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit.runtime.ops  # noqa: F401, the cards
from jit.ir import dtypes
from jit.ir.parser import parse_graph
from jit.ir.registry import all_cards, find_card
from jit.runtime.codegen import lowering
from jit.runtime.tensor import wrap
from tests.operator_graphs import check_samples, graph_of, native_of, outcome

lowering._load_families()
MODULES = ("casts", "normalizations")
CARDS = {
    card.schema.name: card
    for card in all_cards()
    if card.schema.name in lowering._table
    and lowering._table[card.schema.name].__module__.rpartition(".")[2] in MODULES
}


@pytest.mark.parametrize("name", CARDS)
def test_samples_agree_with_the_kernel(name):
    known = ("may not fit", "training updates")
    check_samples(CARDS[name], lambda why: any(k in why for k in known))


INPLACE = ["aten::add_.Tensor", "aten::mul_.Scalar", "aten::exp_", "aten::lt_.Tensor",
           "aten::clamp_", "np::add_", "np::multiply_.Scalar"]  # fmt: skip


@pytest.mark.parametrize("name", INPLACE)
def test_operators_in_place_agree_with_the_kernel(name):
    kind, _, overload = name.partition(".")
    check_samples(find_card(kind, overload), lambda why: False)


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i8", "i4", "i2", "i1", "u1", "?"])
def test_every_dtype_is_converted_to_every_other(dtype):
    card = find_card("aten::to", "dtype")
    numbers = [0, 1, -1, 2.5, -2.5, 100.75, 3e4, 1e-8, 0.1, 65519.99, 1.000488281250001]
    x = np.array(numbers).astype(np.float64)
    with np.errstate(all="ignore"):
        x = (x % 100 if dtype in ("i1", "u1") else x).astype(dtype)
    for wanted in dtypes.ALL:
        if wanted.is_complex or (wanted.itemsize == 1 and wanted.name != "bool"):
            continue
        given = np.where(np.abs(x.astype("f8")) < 3.2e4, x, 0).astype(dtype)
        given = given if wanted.category < 2 else x
        arguments = [given, wanted, False, True, None]
        native = native_of(graph_of(card, arguments))
        expected = outcome(card.kernel, arguments)
        (got,) = outcome(native, [wrap(given)])
        assert np.array_equal(expected[0].view("u1"), got.view("u1")), wanted


ADD = """\
graph(%x : Float(*), %y : Float(*)):
  %one : int = prim::Constant[value=1]()
  %r : Float(*) = aten::add_(%x, %y, %one)
  return (%r)
"""
COPY = """\
graph(%x : Float(*), %y : Float(*)):
  %false : bool = prim::Constant[value=0]()
  %r : Float(*) = aten::copy_(%x, %y, %false)
  return (%r)
"""


@pytest.mark.parametrize("text", [ADD, COPY], ids=["add_", "copy_"])
def test_operands_may_overlap_what_is_written(text):
    native = native_of(parse_graph(text))
    views = [np.s_[0:40], np.s_[1:41], np.s_[40:0:-1], np.s_[0:80:2], np.s_[39::-1],
             np.s_[3:4]]  # fmt: skip
    for first in views[:-1]:
        for second in views:
            mine = np.arange(100, dtype="f4")
            its = mine.copy()
            want = its[second].copy()
            if "add_" in text:
                want = its[first] + want
            its[first] = want
            result = native(wrap(mine[first]), wrap(mine[second]))
            assert np.array_equal(its, mine), (first, second)
            assert np.may_share_memory(result.array, mine)


@pytest.mark.parametrize(
    "sizes", [(5, 700), (300, 24), (2, 6, 40), (3, 4, 9, 11)], ids=str
)
@pytest.mark.parametrize("name", ["layer_norm", "rms_norm", "group_norm", "batch_norm"])
def test_norms_of_any_layout(name, sizes):
    card = find_card(f"aten::{name}")
    rng = np.random.default_rng(2)
    x = (rng.normal(size=sizes) * 3 + 10).astype("f4")
    last, channels = list(sizes[-1:]), sizes[1]
    w, b = rng.normal(size=(2, *last)).astype("f4")
    c, d, mean, var = rng.random(size=(4, channels)).astype("f4")
    rest = {
        "layer_norm": [last, w, b, 1e-5, True],
        "rms_norm": [last, w, 1e-5],
        "group_norm": [2, c, d, 1e-5, True],
        "batch_norm": [c, d, mean, var, False, 0.1, 1e-5, True],
    }[name]
    native = native_of(graph_of(card, [x, *rest]))
    others = [wrap(a) for a in rest if isinstance(a, np.ndarray)]
    for layout in (x, np.asfortranarray(x), x[::-1].copy()[::-1]):
        wide = [a.astype("f8") if isinstance(a, np.ndarray) else a for a in rest]
        (want,) = outcome(card.kernel, [layout.astype("f8"), *wide])
        (got,) = outcome(native, [wrap(layout), *others])
        assert np.allclose(want, got, rtol=1e-5, atol=1e-5)
