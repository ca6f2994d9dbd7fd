"""Operators inside of `torch.no_grad()`: what they give has no gradient.

with torch.no_grad():      %1 : Tensor = aten::mul(%x, %two)
    y = x * 2         →    %y : Tensor = aten::detach(%1)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jit.ir import types as T
from jit.ir.graph import Value
from jit.ir.overloads import Binding

if TYPE_CHECKING:
    from jit.frontend.emit import Emitter

Result = Value | list[Value] | None


def without_gradients(
    e: Emitter,
    binding: Binding,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
) -> Result:
    """The node of a call that meets a schema, its results detached."""
    schema = binding.schema
    if schema.writes or schema.kind == "aten::detach":
        given: Result = e.b.bound(binding, positional, dict(keywords))
        return given
    if any(isinstance(r.type, T.ListType) for r in schema.returns):
        positional = [_detached(e, v) for v in positional]
        keywords = {k: _detached(e, v) for k, v in keywords.items()}
    result = e.b.bound(binding, positional, dict(keywords))
    if isinstance(result, list):
        return [_detached(e, v) for v in result]
    return _detached(e, result) if isinstance(result, Value) else None


def _detached(e: Emitter, x: Value) -> Value:
    return e.op("aten::detach", x) if isinstance(x.type, T.TensorType) else x
