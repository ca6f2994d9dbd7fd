"""Operators inside of `torch.no_grad()`: what they give has no gradient.

with torch.no_grad():      %1 : Tensor = aten::mul(%x, %two)
    y = x * 2         →    %y : Tensor = aten::detach(%1)
    z.mul_(x)              %2 : Tensor = aten::detach(%z)
                           %3 : Tensor = aten::detach(%x)
                           aten::mul_(%2, %3)

An operator in place writes through a detached view: the tensor keeps the gradient that
it had, as in eager code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jit.frontend.constants import PoolingBuilder
from jit.ir import types as T
from jit.ir.graph import Graph, Value
from jit.ir.overloads import Binding
from jit.ir.registry import find_card

if TYPE_CHECKING:
    from jit.frontend.compiler import Compilation


class RecordingBuilder(PoolingBuilder):
    """A builder of operators that record gradients, unless the compilation says no."""

    def __init__(self, graph: Graph, compilation: Compilation) -> None:
        super().__init__(graph)
        self._compilation = compilation

    def bound(
        self, binding: Binding, args: Sequence[Value], keywords: dict[str, Value]
    ) -> Any:
        """The node of a call that was matched with a schema."""
        if self._compilation.are_grads_off and _gives_new_tensors(binding):
            return self._without_gradients(binding, args, keywords)
        return super().bound(binding, args, keywords)

    def _without_gradients(
        self, binding: Binding, args: Sequence[Value], keywords: Mapping[str, Value]
    ) -> Any:
        """The same, its results detached."""
        schema = binding.schema
        if schema.writes or any(isinstance(r.type, T.ListType) for r in schema.returns):
            inputs = [self._detached(v) for v in args]
            named = {k: self._detached(v) for k, v in keywords.items()}
            result = super().bound(binding, inputs, named)
            return self._written(binding, args, keywords, result)
        result = super().bound(binding, args, dict(keywords))
        if isinstance(result, list):
            return [self._detached(v) for v in result]
        return self._detached(result) if isinstance(result, Value) else None

    def _written(
        self,
        binding: Binding,
        args: Sequence[Value],
        keywords: Mapping[str, Value],
        result: Any,
    ) -> Any:
        """What an operator in place gives: the tensor itself that it was given."""
        schema = binding.schema
        if not isinstance(result, Value) or not isinstance(result.type, T.TensorType):
            return result
        alias = schema.returns[0].alias
        if alias is None or not alias.is_write:
            return self._detached(result)
        for argument, source in zip(schema.arguments, binding.sources, strict=True):
            if argument.alias == alias and source is not None:
                return args[source] if isinstance(source, int) else keywords[source]
        return result

    def _detached(self, x: Value) -> Value:
        if not isinstance(x.type, T.TensorType) or x.node.kind == "aten::detach":
            return x
        found = self.op("aten::detach", x)
        assert isinstance(found, Value)
        return found


def _gives_new_tensors(binding: Binding) -> bool:
    """Whether an operator computes or writes tensors, or makes views of them.

    Containers give what was put into them, with the gradients that it had.
    """
    schema = binding.schema
    card = find_card(schema.kind, schema.overload)
    if schema.kind == "aten::detach" or schema.is_generic:
        return False
    return card is None or card.on_tape is None
