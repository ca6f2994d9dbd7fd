"""Evaluate nodes whose inputs are constants, by the kernels of their cards.

    %two : int = prim::Constant[value=2]()
    %n : int = aten::mul(%two, %two)         →      %n : int = prim::Constant[value=4]()

A node stays if its kernel raises (it will raise when the program runs), if it writes,
prints or draws random numbers, if the result is large, or if the result is a tensor
that somebody changes or that leaves the graph: each run has to make a new one.

Idempotent.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.builder import Builder
from jit.ir.card import Card, ShapeError
from jit.ir.constants import NotConstantError, type_of_constant
from jit.ir.graph import NOT_CONSTANT, Graph, Node, Value
from jit.ir.subtyping import is_subtype
from jit.passes.analysis import effects
from jit.passes.analysis.aliases import Aliases, aliases, is_mutable
from jit.passes.analysis.facts import card_of, constant_of, facts_of
from jit.passes.reasons import decline

LARGEST_BYTES = 1 << 16
"""Results with more bytes than this, and than their inputs, are not stored."""
LARGEST_NUMBER = 1 << 16
"""Where the size of a result is unknown, products of integers stay below this."""


def run(graph: Graph) -> bool:
    """Return whether any node was evaluated."""
    changed = False
    known: Aliases | None = None
    for node in graph.all_nodes:
        inputs = _constant_inputs(node)
        if inputs is None:
            continue
        if is_mutable(node.output.type):
            known = known or aliases(graph)
            if not known.is_private(node.output):
                decline("fold_constants", node, "the result has to be new in each run")
                continue
        result = evaluate(node, inputs)
        if result is NOT_CONSTANT:
            continue
        value = _materialise(result, node)
        if value is None:
            continue
        value.name = value.name or node.output.name
        node.output.replace_all_uses_with(value)
        node.destroy()
        changed = True
    return changed


def _constant_inputs(node: Node) -> list[Any] | None:
    """The values of the inputs of a node that can be evaluated; None for others."""
    if node.kind == "prim::Constant" or len(node.outputs) != 1:
        return None
    if not effects.is_pure(node):
        return None
    card = card_of(node)
    if card is None:
        if node.kind != "prim::NumToTensor":
            return None
    elif card.kernel is None or _is_view(card):
        return None
    inputs = []
    for value in node.inputs:
        constant = constant_of(value)
        if constant is NOT_CONSTANT:
            return None
        inputs.append(constant)
    return inputs


def _is_view(card: type[Card]) -> bool:
    """Whether the result of an operator may be an argument that can be changed."""
    return any(
        a.alias is not None and T.is_tensor_like(a.type) and card.schema.has_alias
        for a in card.schema.arguments
    )


def evaluate(node: Node, inputs: list[Any]) -> Any:
    """What a node gives for constant inputs; NOT_CONSTANT if it should not be asked."""
    card = card_of(node)
    if card is None:
        return np.asarray(inputs[0]) if _fits(inputs[0]) else NOT_CONSTANT
    if not _is_small(node, inputs):
        decline("fold_constants", node, "the result is large")
        return NOT_CONSTANT
    assert card.kernel is not None
    try:
        with np.errstate(all="ignore"):
            result = card.kernel(*inputs)
    except Exception as error:
        # whatever it raises here, it raises when the program runs
        decline("fold_constants", node, f"it raises {type(error).__name__}: {error}")
        return NOT_CONSTANT
    size = sum(x.nbytes for x in inputs if isinstance(x, np.ndarray))
    if _size(result) > max(LARGEST_BYTES, size):
        decline("fold_constants", node, "the result is large")
        return NOT_CONSTANT
    return result


def _fits(number: Any) -> bool:
    return not isinstance(number, int) or -(2**63) <= number < 2**63


def _is_small(node: Node, inputs: list[Any]) -> bool:
    """Whether the result surely fits before the kernel is asked for it."""
    type = node.output.type
    if not (is_mutable(type) or type == T.STR):
        return True
    bound = sum(x.nbytes for x in inputs if isinstance(x, np.ndarray)) + LARGEST_BYTES
    card = card_of(node)
    if card is not None and card.infer is not None:
        try:
            inferred = card.infer(*facts_of(node))
        except ShapeError:
            return True
        if isinstance(inferred, T.TensorType | T.ArrayType) and inferred.sizes:
            sizes = inferred.sizes
            itemsize = inferred.dtype.itemsize if inferred.dtype else 1
            if all(s is not None for s in sizes):
                return int(np.prod(np.array(sizes, object))) * itemsize <= bound
    product = 1
    for x in inputs:
        for number in x if isinstance(x, list | tuple) else [x]:
            if isinstance(number, int):
                product *= max(1, abs(number))
        if isinstance(x, str):
            product *= max(1, len(x))
    return product <= LARGEST_NUMBER


def _size(result: Any) -> int:
    if isinstance(result, np.ndarray):
        return result.nbytes
    if isinstance(result, list | tuple):
        return sum(map(_size, result), 8)
    return len(result) if isinstance(result, str) else 8


def _materialise(result: Any, node: Node) -> Value | None:
    """The result as a constant before the node, a list as a new list of constants."""
    type = node.output.type
    make = Builder(node)
    if isinstance(result, list):
        base = type.element if isinstance(type, T.OptionalType) else type
        if not isinstance(base, T.ListType):
            return None
        items = [_constant(make, item, base.element) for item in result]
        known = [item for item in items if item is not None]
        return make.list(known, base.element) if len(known) == len(items) else None
    return _constant(make, result, type)


def _constant(make: Builder, result: Any, type: T.Type) -> Value | None:
    if isinstance(type, T.ArrayType):
        # a NumPy scalar is not a 0-dim array, and a constant is an array
        if not isinstance(result, np.ndarray):
            return None
        made = type_of_constant(result)
        assert isinstance(made, T.TensorType)
        return make.constant(result, T.ArrayType(made.dtype, made.sizes))
    if isinstance(type, T.TensorType):
        result = np.asarray(result)
    elif isinstance(result, np.generic):
        return None
    try:
        made = type_of_constant(result)
    except NotConstantError:
        return None
    return make.constant(result) if is_subtype(made, type) else None
