"""Sums of a tensor and a product, written into the tensor: `aten::addmm_`."""

from __future__ import annotations

from jit.ir.registry import find_card, register
from jit.runtime.ops import linear_algebra  # noqa: F401  declares the products
from jit.runtime.ops.inplace import inplace_schema, inplace_twin
from jit.runtime.ops.samples import case, f32

SAMPLES = {"baddbmm": [case(f32[2, 3, 5], f32[2, 3, 4], f32[2, 4, 5], beta=2)]}
"""For those whose samples are all of sums that are larger than the tensor."""

SUMS = ("addbmm", "addmm", "addmv", "addr", "baddbmm")

for _name in SUMS:
    _card = find_card(f"aten::{_name}", "")
    assert _card is not None, _name
    if find_card(f"aten::{_name}_", "") is None:
        _schema = inplace_schema(_card.schema, True)
        assert _schema is not None, _name
        _twin = inplace_twin(_card, _schema)
        _twin.samples = SAMPLES.get(_name, _twin.samples)
        register(_twin)
