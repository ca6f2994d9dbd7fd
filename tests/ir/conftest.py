"""A small registry of cards for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jit.ir import registry
from jit.ir.card import Card
from jit.ir.schema import parse_schema

SCHEMAS = (
    "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
    "aten::add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor",
    "aten::add.int(int a, int b) -> int",
    "aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)",
    "aten::relu(Tensor self) -> Tensor",
    "aten::sum(Tensor self, *, ScalarType? dtype=None) -> Tensor",
    "aten::sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *,"
    " ScalarType? dtype=None) -> Tensor",
    "aten::max_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[]) -> Tensor",
    "aten::append.t(t[](a!) self, t el) -> t[](a!)",
    "aten::__getitem__.t(t[](a) list, int idx) -> t(*)",
    "aten::get.default_str(Dict(str, t) self, str key, t default_value) -> t(*)",
    "aten::format(str self, ...) -> str",
    "aten::max.dim(Tensor self, int dim) -> (Tensor values, Tensor indices)",
    "aten::dropout(Tensor input, float p, bool train) -> Tensor",
    "aten::Float.Tensor(Tensor a) -> float",
    "aten::Float.int(int a) -> float",
    "aten::item(Tensor self) -> Scalar",
    "aten::fill(Tensor self, Scalar value) -> Tensor",
    "aten::cat(Tensor[] tensors, int dim=0) -> Tensor",
    "np::sin(Array x) -> Array",
    "test::twice(Tensor x) -> Tensor",
    "test::twice.again(Tensor x) -> Tensor",
    "test::loses(Tensor x) -> Tensor(b)",
)


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """These cards, and no others, are registered."""
    monkeypatch.setattr(registry, "_CARDS", {})
    for text in SCHEMAS:
        schema = parse_schema(text)
        registry.register(type(schema.kind, (Card,), {"schema": schema}))
    yield
