"""Operators inside of `torch.no_grad()`: what they give has no gradient.

with torch.no_grad():      %1 : Tensor = aten::mul(%x, %two)
    y = x * 2         →    %y : Tensor = aten::detach(%1)
    z.mul_(x)              %2 : Tensor = aten::detach(%z)
                           %3 : Tensor = aten::detach(%x)
                           %4 : Tensor = aten::mul_(%2, %3)

The functions that are called there are compiled once more, or copied if they came
compiled; `jit.passes.detach_results` says which operators are meant.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jit.frontend.autocasting import cast_operands
from jit.frontend.constants import PoolingBuilder
from jit.frontend.failures import fail
from jit.ir import types as T
from jit.ir.graph import Graph, Value
from jit.ir.overloads import Binding
from jit.ir.program import Function
from jit.ir.span import Span
from jit.passes import detach_results, inline

if TYPE_CHECKING:
    from jit.frontend.compiler import Compilation
    from jit.frontend.emit import Emitter


class RecordingBuilder(PoolingBuilder):
    """A builder of operators that record gradients, unless the compilation says no,
    and whose operands are cast if it says so."""

    def __init__(self, graph: Graph, compilation: Compilation) -> None:
        super().__init__(graph)
        self._compilation = compilation

    def bound(
        self, binding: Binding, args: Sequence[Value], keywords: dict[str, Value]
    ) -> Any:
        """The node of a call that was matched with a schema."""
        chosen = self._compilation.autocast
        if chosen is not None:
            args, keywords = cast_operands(self, binding, chosen, args, keywords)
        is_off = self._compilation.are_grads_off
        if not is_off or not detach_results.computes_tensors(binding.schema):
            return super().bound(binding, args, keywords)
        if detach_results.detaches_arguments(binding.schema):
            return self._of_detached(binding, args, keywords)
        result = super().bound(binding, args, keywords)
        if isinstance(result, list):
            return [self._detached(v) for v in result]
        return self._detached(result) if isinstance(result, Value) else None

    def _of_detached(
        self, binding: Binding, args: Sequence[Value], keywords: Mapping[str, Value]
    ) -> Any:
        """An operator that gives a list, or writes in place: it gives what it wrote."""
        inputs = [self._detached(v) for v in args]
        named = {k: self._detached(v) for k, v in keywords.items()}
        result = super().bound(binding, inputs, named)
        written = detach_results.written_argument(binding.schema)
        source = None if written is None else binding.sources[written]
        if source is None:
            return result
        return args[source] if isinstance(source, int) else keywords[source]

    def _detached(self, x: Value) -> Value:
        if not isinstance(x.type, T.TensorType) or x.node.kind == "aten::detach":
            return x
        found = self.op("aten::detach", x)
        assert isinstance(found, Value)
        return found


def without_gradients(e: Emitter, name: str, span: Span) -> str:
    """The function to call for one that came compiled: in `torch.no_grad()`, a copy."""
    program = e.compilation.program
    if not e.compilation.are_grads_off:
        return name
    copy = f"{name}.no_grad"
    if copy in program.functions:
        return copy
    original = program.functions[name]
    graph = original.graph.copy()
    inline.run(graph)
    for node in graph.all_nodes:
        if node.kind in ("prim::CallFunction", "prim::CallMethod", "prim::fork"):
            raise fail(
                span,
                "E0102",
                f"`{name}` came compiled and calls functions that only the run decides:"
                " it cannot be called inside of `torch.no_grad()`",
                help="call it outside, and use `.detach()` of what it gives",
            )
    detach_results.run(graph)
    schema = dataclasses.replace(original.schema, kind=copy)
    program.add_function(Function(copy, graph, schema, original.doc))
    return copy
