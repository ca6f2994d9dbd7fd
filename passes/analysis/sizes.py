"""Sizes that are equal whatever they are: of a tensor and of what is computed from it.

    %y : Float(*, 16, *, *) = aten::conv2d(%x, %w, …)     3 × 3, padding 1
    %z : Float(*, 16, *, *) = aten::relu(%y)              each size of %y, and of %x

A size is a number, or an expression that is equal for equal sizes: the value and dim that
it comes from, with what a convolution does to it. Sizes hold where the node has not
raised. The graph must have no operator that changes the sizes of a tensor in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jit.ir import types as T
from jit.ir.graph import NOT_CONSTANT, Graph, Node, Value
from jit.passes.analysis import effects
from jit.passes.analysis.facts import card_of, constant_of

Size = Any
"""An int, or a tuple that stands for it."""
Sizes = tuple[Size, ...]

KEEPING = frozenset(
    "aten::" + name
    for name in (
        "batch_norm", "clone", "contiguous", "dropout", "group_norm", "instance_norm",
        "layer_norm", "log_softmax", "rms_norm", "softmax",
    )
)  # fmt: skip
"""Operators whose result has the sizes of the first argument."""
CONVOLUTIONS = {"aten::conv1d": 1, "aten::conv2d": 2, "aten::conv3d": 3}


def sizes_of(graph: Graph) -> dict[Value, Sizes]:
    """The sizes of all tensors whose rank is known."""
    known: dict[Value, Sizes] = {}
    for value in graph.inputs:
        _note(known, value, None)
    for node in graph.all_nodes:
        for value in (v for block in node.blocks for v in block.params):
            _note(known, value, None)
        found = _rule(node, known) if len(node.outputs) == 1 else None
        for value in node.outputs:
            _note(known, value, found)
    return known


def never_grows(target: Sizes, others: Sequence[Sizes]) -> bool:
    """Whether broadcasting gives the sizes of a target, or raises."""
    return all(
        len(sizes) <= len(target)
        and all(
            s in (1, t) or (isinstance(t, int) and t != 1)
            for s, t in zip(reversed(sizes), reversed(target), strict=False)
        )
        for sizes in others
    )


def _note(known: dict[Value, Sizes], value: Value, found: Sizes | None) -> None:
    """Keep what is known of the sizes of a value; the type may say more."""
    type = value.type
    if not isinstance(type, T.TensorType | T.ArrayType) or type.sizes is None:
        return
    if found is None or len(found) != len(type.sizes):
        found = tuple((value, dim) for dim in range(len(type.sizes)))
    known[value] = tuple(
        told if isinstance(told, int) else mine
        for told, mine in zip(type.sizes, found, strict=True)
    )


def _rule(node: Node, known: dict[Value, Sizes]) -> Sizes | None:
    card = card_of(node)
    if card is None or not node.inputs:
        return None
    first = known.get(node.inputs[0])
    if node.kind in KEEPING or node.inputs[0] in effects.written_values(node):
        return first
    if card.formula is not None:
        return _broadcast(node, known)
    if node.kind in CONVOLUTIONS:
        return _convolved(node, CONVOLUTIONS[node.kind], known)
    if node.kind == "aten::linear" and first is not None:
        weight = known.get(node.inputs[1])
        return None if weight is None else (*first[:-1], weight[0])
    return None


def _broadcast(node: Node, known: dict[Value, Sizes]) -> Sizes | None:
    tensors = [v for v in node.inputs if T.is_tensor_like(v.type)]
    found = [known.get(v) for v in tensors]
    sizes = [s for s in found if s is not None]
    if not sizes or len(sizes) < len(found):
        return None
    rank = max(map(len, sizes))
    merged: list[Size] = []
    for place in range(-rank, 0):
        candidates = {s[place] for s in sizes if len(s) >= -place} - {1}
        numbers = [c for c in candidates if isinstance(c, int)]
        if len(candidates) > 1 and len(numbers) != 1:
            return None
        # what is no number is this number or 1
        merged.append(numbers[0] if numbers else (*candidates, 1)[0])
    return tuple(merged)


def _convolved(node: Node, count: int, known: dict[Value, Sizes]) -> Sizes | None:
    x, weight = (known.get(v) for v in node.inputs[:2])
    if x is None or weight is None or len(weight) != count + 2:
        return None
    steps = [found for v in node.inputs[3:6] if (found := _numbers(v, count))]
    if len(x) != count + 2 or not all(isinstance(k, int) for k in weight[2:]):
        return None
    if len(steps) < 3:
        return None
    space = map(_window, x[2:], weight[2:], *steps)
    return (x[0], weight[0], *space)


def _numbers(value: Value, count: int) -> list[int] | None:
    """A list of ints, one for each dim."""
    found = constant_of(value)
    if found is NOT_CONSTANT or not isinstance(found, list | tuple):
        return None
    numbers = list(found) * count if len(found) == 1 else list(found)
    return numbers if len(numbers) == count else None


def _window(size: Size, kernel: int, stride: int, padding: int, dilation: int) -> Size:
    """How many places a window has."""
    moved = _plus(size, 2 * padding - dilation * (kernel - 1) - 1)
    if stride == 1:
        return _plus(moved, 1)
    if isinstance(moved, int):
        return moved // stride + 1
    return _plus(("floor", moved, stride), 1)


def _plus(size: Size, number: int) -> Size:
    """The size and a number, as one expression."""
    if isinstance(size, int):
        return size + number
    if size[0] == "plus":
        size, number = size[1], size[2] + number
    return size if number == 0 else ("plus", size, number)
