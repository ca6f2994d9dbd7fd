"""where, clip, masks, prelu, glu, nan_to_num, instance norm agree with the kernels."""

from __future__ import annotations

import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed (extra `native`)")

import jit.runtime.ops  # noqa: F401, the cards
from jit.ir.registry import all_cards
from jit.runtime.codegen import lowering
from jit.runtime.codegen.nests import choices
from tests.operator_graphs import check_samples

lowering._load_families()
CARDS = {
    card.schema.name: card
    for card in all_cards()
    if getattr(lowering._table.get(card.schema.name), "__module__", "")
    == choices.__name__
    or card.schema.name == "aten::instance_norm"
}
DECLINING = {
    "its value may not fit into the tensor",
    "2.5 may not fit into int64",
    "it uses the running statistics",
    "it updates the running statistics",
    "it takes floats with dims",
}


@pytest.mark.parametrize("name", CARDS)
def test_samples_agree_with_the_kernel(name):
    check_samples(CARDS[name], DECLINING.__contains__)
