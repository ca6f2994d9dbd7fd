"""Every pointwise card, compiled from its formula, agrees with its NumPy kernel."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit.runtime.ops as ops
from jit.ir.dtypes import dtype_of
from jit.ir.registry import all_cards
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.nests.build_nest import Builder
from jit.runtime.ops.numpy_families import Ufunc
from jit.runtime.ops.pointwise_family import Pointwise

NO_NATIVE_FORM = {"aten::ldexp"}
TOLERANCES = {"float64": 1e-14, "float32": 2e-6, "float16": 2e-3, "bfloat16": 1e-2}


def pointwise_cards():
    """Cards with a formula, without other names of the same."""
    assert ops is not None
    for card in all_cards():
        fits = issubclass(card, Pointwise | Ufunc) and card.formula is not None
        if (
            fits
            and not card.schema.has_alias
            and getattr(card, "alias_of", None) is None
        ):
            yield card


CARDS = {card.schema.name: card for card in pointwise_cards()}


RARE = {"uint8", "int8", "int32", "bfloat16", "float32", "float64"}
"""Dtypes that are tested on every fourth card: they differ where elements are read and
written, not in formulas."""


def compiled_cases(card, every=True):
    """Arguments, inputs and nest of each sample that can be compiled."""
    is_fourth = list(CARDS).index(card.schema.name) % 4 == 0
    for sample in card.samples:
        arguments = sample.arguments(card.schema)
        inputs = [a for a in arguments if isinstance(a, np.ndarray)]
        usual = "float64" if issubclass(card, Ufunc) else "float32"
        rare = any(a.dtype.name in RARE - {usual} for a in inputs)
        if rare and not (every or is_fourth):
            continue
        build = Builder(max([2, *(a.ndim for a in inputs)]))
        try:
            operands = [
                build.input(dtype_of(a.dtype), a.ndim)
                if isinstance(a, np.ndarray)
                else a
                for a in arguments
            ]
            made = build.operator(card, operands)
            yield arguments, inputs, build.finish([made])
        except Declined as declined:
            is_complex = any(np.iscomplexobj(a) for a in arguments)
            known = is_complex or card.schema.kind in NO_NATIVE_FORM
            assert known, (card.schema.name, str(declined))


@pytest.mark.parametrize("name", CARDS)
def test_compiled_formula_agrees_with_the_kernel(name, nests):
    card = CARDS[name]
    cases = list(compiled_cases(card, every=False))
    nests.compile([nest for _, _, nest in cases])
    for arguments, inputs, nest in cases:
        with np.errstate(all="ignore"):
            want = np.asarray(card.kernel(*arguments))
        (got,) = nests.run(nest, inputs)

        assert want.dtype == got.dtype
        got = got.reshape(want.shape)
        tolerance = TOLERANCES.get(dtype_of(want.dtype).name)
        if tolerance is None:
            assert np.array_equal(want, got), arguments
        else:
            wide = want.astype(float), got.astype(float)
            near = np.allclose(*wide, rtol=tolerance, atol=1e-7, equal_nan=True)
            assert near, (arguments, want, got)


def test_nearly_all_cards_have_a_native_form():
    without = {n for n, c in CARDS.items() if c.samples and not any(compiled_cases(c))}
    assert NO_NATIVE_FORM == {n.partition(".")[0] for n in without}
