"""What a graph has to move and to compute, for given sizes of its inputs.

    for cost in costs(graph, types):
        print(cost)             aten::mul, aten::add: reads 8 MB, writes 4 MB, 2 Mflop

Groups count what crosses their border: what is handed on within them stays in registers
or caches. Each element is counted once, however often a kernel reads it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jit.ir import types as T
from jit.ir.graph import Block, Graph, Node, Value
from jit.passes import infer_shapes
from jit.passes.analysis import effects
from jit.passes.analysis.facts import card_of

_FREE = ("prim::Constant", "prim::Uninitialized")
_GROUPS = ("prim::FusionGroup", "prim::NativeRegion")


@dataclass(frozen=True, slots=True)
class Cost:
    """The work of one node, or of a group of fused nodes."""

    node: Node
    operators: tuple[str, ...]
    """Full names, of all nodes of a group."""
    reads: int | None
    """Bytes; None if a size is not known before the program runs."""
    writes: int | None
    flops: float | None
    """Arithmetic operations; those of a multiply-add count as two."""
    is_double: bool
    """Whether they are float64."""
    trips: int | None
    """How often the node runs in a call; None if the program decides."""

    @property
    def is_known(self) -> bool:
        """Whether all sizes are known, and how often the node runs."""
        return None not in (self.reads, self.writes, self.flops, self.trips)

    def __str__(self) -> str:
        names = ", ".join(self.operators)
        if self.reads is None or self.writes is None or self.flops is None:
            return f"{names}: sizes are known when it runs"
        text = (
            f"{names}: reads {quantity(self.reads)}B, writes {quantity(self.writes)}B,"
            f" {quantity(self.flops)}flop"
        )
        if self.trips is None:
            return f"{text}, in each trip of a loop or as a branch is taken"
        return text if self.trips == 1 else f"{text}, {self.trips} times"


def quantity(number: float) -> str:
    """A number with its prefix, `12.5 k`."""
    for prefix in ("", "k", "M", "G"):
        if number < 999.5 or prefix == "G":
            break
        number /= 1000
    return f"{number:.3g} {prefix}"


def costs(graph: Graph, types: Sequence[T.Type]) -> list[Cost]:
    """The work of all nodes that work on tensors, in order.

    `types` are those of the inputs, with sizes; the graph stays as it is.
    """
    sized = graph.copy()
    for value, type in zip(sized.inputs, types, strict=True):
        if T.is_tensor_like(type):
            value.type = type
    infer_shapes.run(sized)
    return list(_costs(sized.block, 1))


def _costs(block: Block, trips: int | None) -> Iterator[Cost]:
    for node in block.nodes:
        for inner in node.blocks:
            yield from _costs(inner, _trips(node, trips))
        if node.kind == "prim::NativeRegion":
            region = effects.subgraph(node)
            for inside, outside in zip(region.inputs, node.inputs, strict=True):
                inside.type = outside.type
            infer_shapes.run(region)
            yield from _costs(region.block, trips)
        elif not node.blocks and _works(node):
            yield _cost(node, trips)


def _trips(node: Node, outside: int | None) -> int | None:
    """How often the blocks of a node run."""
    if node.kind != "prim::Loop" or outside is None:
        return None
    trips, condition = (v.constant for v in node.inputs[:2])
    go_on = node.blocks[0].returns[0].constant
    if isinstance(trips, int) and condition is True and go_on is True:
        return outside * trips
    return None


def _works(node: Node) -> bool:
    """Whether a node touches elements of tensors."""
    if node.kind in _FREE or not any(
        T.is_tensor_like(v.type) for v in (*node.inputs, *node.outputs)
    ):
        return False
    card = card_of(node)
    if card is None:
        return node.kind in _GROUPS
    returned = card.schema.returns
    is_view = bool(returned) and all(
        r.alias is not None and not r.alias.is_write for r in returned
    )
    asks = all(not T.is_tensor_like(v.type) for v in node.outputs) and (
        node.kind.partition("::")[2] in _QUESTIONS
    )
    return not is_view and not asks


_QUESTIONS = frozenset(
    ("size", "dim", "numel", "len", "stride", "is_contiguous", "is_floating_point",
     "dtype", "device", "requires_grad", "is_leaf", "retains_grad", "is_cuda",
     "is_sparse")
)  # fmt: skip


def _cost(node: Node, trips: int | None) -> Cost:
    inner = list(effects.subgraph(node).nodes) if node.kind in _GROUPS else [node]
    inner = [n for n in inner if n.kind not in _FREE]
    flops = [_flops(n) for n in inner]
    given = [*node.inputs, *_constants(node)]
    tensors = [v for v in dict.fromkeys(given) if T.is_tensor_like(v.type)]
    made = [v for v in node.outputs if T.is_tensor_like(v.type)]
    return Cost(
        node,
        tuple(n.full_name for n in inner if not n.kind.startswith("prim::")),
        _total([_bytes(v) for v in tensors]),
        _total([_bytes(v) for v in made]),
        _total(flops),
        any(_is_double(v.type) for n in inner for v in n.outputs),
        trips,
    )


def _constants(node: Node) -> list[Value]:
    """The constants that a group has of its own."""
    if node.kind not in _GROUPS:
        return []
    inner = effects.subgraph(node).nodes
    return [n.output for n in inner if n.kind == "prim::Constant"]


def _total(parts: Sequence[Any]) -> Any:
    return None if None in parts else sum(parts)


def _is_double(type: T.Type) -> bool:
    return T.is_tensor_like(type) and str(getattr(type, "dtype", "")) == "float64"


def _sizes(value: Value) -> tuple[int, ...] | None:
    type: Any = value.type
    if not T.is_tensor_like(type) or type.sizes is None or None in type.sizes:
        return None
    return tuple(type.sizes)


def _bytes(value: Value) -> int | None:
    sizes = _sizes(value)
    dtype = getattr(value.type, "dtype", None)
    if sizes is None or dtype is None:
        return None
    return int(math.prod(sizes)) * int(dtype.itemsize)


def _elements(value: Value) -> int | None:
    sizes = _sizes(value)
    return None if sizes is None else math.prod(sizes)


_PRODUCTS = frozenset(
    f"{space}::{name}"
    for space in ("aten", "np")
    for name in ("mm", "bmm", "matmul", "addmm", "baddbmm", "linear", "mv", "dot",
                 "addmv", "inner")
)  # fmt: skip


def _flops(node: Node) -> float | None:
    """Operations of one node: products exactly, the rest one for each element of the
    larger of what it reads and what it makes."""
    tensors = [v for v in node.inputs if T.is_tensor_like(v.type)]
    made = [v for v in node.outputs if T.is_tensor_like(v.type)]
    counts = [_elements(v) for v in (*tensors, *made)]
    if None in counts:
        return None
    if node.kind in _PRODUCTS:
        return _product_flops(node, tensors, made)
    if "conv" in node.kind and len(made) == 1 and len(tensors) >= 2:
        weight = _sizes(tensors[1])
        result = _elements(made[0])
        assert weight is not None and result is not None
        if "transpose" in node.kind:
            taken = _elements(tensors[0])
            assert taken is not None
            return 2.0 * taken * math.prod(weight[1:])
        return 2.0 * result * math.prod(weight[1:])
    return float(max((c for c in counts if c is not None), default=0))


def _product_flops(node: Node, tensors: list[Value], made: list[Value]) -> float:
    added = node.kind.rpartition("::")[2] in ("addmm", "baddbmm", "addmv")
    first = _sizes(tensors[1 if added else 0])
    results = [_elements(v) for v in made]
    assert first is not None
    depth = first[-1] if first else 1
    return 2.0 * depth * sum(r or 0 for r in results)
