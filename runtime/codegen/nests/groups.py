"""How the operators of a fusion group become loop nests: one, if they fit together.

Operators join one after the other. Those of a nest share its axes, and what reduces
reduces the same ones:

    x * rsqrt((x * x).mean(1, keepdim=True) + eps) * w        one nest, [i0, i1*]
    (x - x.mean(1, keepdim=True)).sum(0)                      two, for i1 and i0

An operator that does not fit begins the next nest, which reads what it needs of those
before from memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jit.ir import types as T
from jit.ir.graph import Node, Value
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.lowering import lowering
from jit.runtime.codegen.nests.build_nest import Operand
from jit.runtime.codegen.nests.pointwise import (
    Made,
    Memory,
    Sizes,
    finish,
    group_of,
    operators_of,
)
from jit.runtime.codegen.nests.reductions import (
    Reduced,
    arguments_of,
    outputs_of,
    program_of,
    reduce_in,
    reducing_group,
)
from jit.runtime.codegen.products.epilogues import begins_group, lower_group
from jit.runtime.codegen.region import Region
from jit.runtime.codegen.values import I64, Buffer
from jit.runtime.ops import facts as F
from jit.runtime.ops.pointwise_family import compute_dtype

Leaves = frozenset[Value]
"""Tensors from outside of a nest."""


@dataclass(frozen=True)
class Seen:
    """What is known of a value before code is made."""

    rank: int
    leaves: Leaves
    """Tensors that give it its sizes."""
    along: Leaves = frozenset()
    """Those of them that give it its sizes along the reduced axes."""
    lost: bool = False
    """Whether its dims are not the last axes of the nest: reduced ones are missing."""
    is_row: bool = False
    """Whether it has one element for all along the reduced axes."""
    follows: bool = False
    """Whether it needs the result of a reduction."""


@dataclass
class Part:
    """Operators that one nest computes."""

    nodes: list[Node] = field(default_factory=list)
    seen: dict[Value, Seen] = field(default_factory=dict)
    axes: tuple[int, ...] | None = None
    """The reduced axes, if anything is reduced."""
    rank: int = 0
    along: Leaves = frozenset()
    """Tensors that give what is reduced its sizes."""

    def admit(self, node: Node, ranks: dict[Value, int]) -> bool:
        """Take one more operator, if it fits."""
        made = (
            self._reduced(node, ranks) if program_of(node) else self._each(node, ranks)
        )
        if made is None:
            return False
        self.nodes.append(node)
        self.seen[node.output] = made
        return True

    def _operands(self, node: Node, ranks: dict[Value, int]) -> list[Seen]:
        found = []
        for value in node.inputs:
            if value in self.seen:
                found.append(self.seen[value])
            elif value in ranks:
                leaf = frozenset([value] if ranks[value] else [])
                found.append(Seen(ranks[value], leaf, leaf))
        return found

    def _each(self, node: Node, ranks: dict[Value, int]) -> Seen | None:
        """What a pointwise operator gives; None if it does not fit."""
        operands = self._operands(node, ranks)
        rank = max((x.rank for x in operands), default=0)
        leaves = frozenset[Value]().union(*(x.leaves for x in operands))
        sized = [x for x in operands if x.rank]
        rows = [x for x in operands if x.is_row]
        follows = any(x.follows for x in operands)
        if any(x.lost for x in rows):
            fits = all(x.lost and x.rank == rank for x in rows)
            if not fits or any(not x.is_row for x in sized):
                return None
            return Seen(rank, leaves, lost=True, is_row=True, follows=True)
        if self.axes is not None and rank > self.rank:
            return None
        if rows and all(x.is_row for x in sized):
            return Seen(rank, leaves, is_row=True, follows=True)
        if follows and self._is_total:
            return None  # one thread would write all of it
        along = frozenset[Value]().union(*(x.along for x in operands))
        return Seen(rank, leaves, along, follows=follows)

    @property
    def _is_total(self) -> bool:
        """Whether all axes are reduced."""
        return self.axes is not None and len(self.axes) == self.rank

    def _reduced(self, node: Node, ranks: dict[Value, int]) -> Seen | None:
        """What a reduction gives; None if it does not fit."""
        found = program_of(node)
        assert found is not None
        given = arguments_of(node)
        operands = self._operands(node, ranks)
        if not operands:
            raise Declined(f"{node.inputs[0]!r} is neither a tensor nor a number")
        x = operands[0]
        try:
            dims = F.wrap_dims(given.get("dim"), x.rank) if x.rank else ()
        except (IndexError, RuntimeError) as e:
            raise Declined(str(e)) from None
        if x.is_row or (not x.rank and self.nodes):
            return None
        axes = tuple(sorted(dims))
        if self.axes is None:
            if any(y.rank > x.rank for y in self.seen.values()):
                return None
            self.axes, self.rank, self.along = axes, x.rank, x.along
        elif (axes, x.rank, x.along) != (self.axes, self.rank, self.along):
            return None
        if x.follows and self._is_total:
            return None
        if found.keeps_sizes:
            return Seen(x.rank, x.leaves, x.along, follows=True)
        gone = 0 if given.get("keepdim") else len(dims)
        rank = x.rank - gone
        # what is left of later dims stands where it stood
        lost = bool(gone) and axes != tuple(range(gone))
        return Seen(rank, x.leaves, lost=lost, is_row=True, follows=True)

    def fits(self, outputs: Sequence[Value]) -> bool:
        """Whether its values have sizes that one nest can have.

        They have if a value has been made of all that give sizes: then they broadcast.
        """
        made = [self.seen[v] for v in outputs if v in self.seen]
        leaves = frozenset[Value]().union(*(x.leaves for x in made))
        along = frozenset[Value]().union(*(x.along for x in made if not x.is_row))
        every = self.seen.values()
        return any(x.leaves >= leaves for x in every) and (
            any(x.along >= along for x in every if not x.is_row) or not along
        )

    def widens(self, outputs: Sequence[Value]) -> bool:
        """Whether outputs may be longer along the reduced axes than what is reduced."""
        made = [self.seen[v] for v in outputs]
        return any(not x.is_row and x.along != self.along for x in made)


def parts_of(nodes: Sequence[Node], ranks: dict[Value, int]) -> list[Part]:
    """Operators, in order, by the nests that compute them.

    `ranks` are those of tensors and numbers from outside.
    """
    ranks = dict(ranks)
    parts = [Part()]
    for node in nodes:
        if not parts[-1].admit(node, ranks):
            ranks.update((v, s.rank) for v, s in parts[-1].seen.items())
            parts.append(Part())
            if not parts[-1].admit(node, ranks):
                raise Declined("it fits into no nest")
    return [p for p in parts if p.nodes]


@lowering("prim::FusionGroup")
def fusion_group(region: Region, node: Node) -> list[Buffer]:
    """Pointwise operators and reductions that read each other, in as few nests as go."""
    if begins_group(node):
        return [lower_group(region, node)]
    nodes, inputs, outputs = operators_of(node)
    known: dict[Value, Any] = {}
    for inner, outer in inputs.items():
        known[inner] = region.value(outer)
    ranks = {v: x.rank if isinstance(x, Buffer) else 0 for v, x in known.items()}
    for operator in nodes:
        for value in operator.inputs:
            is_tensor = value.node.kind == "prim::Constant" and T.is_tensor_like(
                value.type
            )
            if is_tensor and value not in ranks:
                ranks[value] = region.value(value).rank
    last = {v: k for k, n in enumerate(nodes) for v in n.inputs}
    wanted = set(outputs)
    done = 0
    pending = parts_of(nodes, ranks)
    while pending:
        part = pending.pop(0)
        done += len(part.nodes)
        given = [
            n.output
            for n in part.nodes
            if n.output in wanted or last.get(n.output, -1) >= done
        ]
        if len(part.nodes) > 1 and not part.fits(given):
            done -= len(part.nodes)
            pending = [*_one_each(part, ranks), *pending]
            continue
        ranks.update((v, part.seen[v].rank) for v in given)
        made = run_part(region, part, known, given, is_last=not pending)
        known.update(zip(given, made, strict=True))
    return [known[v] for v in outputs]


def _one_each(part: Part, ranks: dict[Value, int]) -> list[Part]:
    """The operators of a part, each in a nest of its own."""
    found = []
    ranks = dict(ranks)
    for node in part.nodes:
        alone = Part()
        if not alone.admit(node, ranks):
            raise Declined("it fits into no nest")
        ranks[node.output] = alone.seen[node.output].rank
        found.append(alone)
    return found


def run_part(
    region: Region,
    part: Part,
    known: dict[Value, Any],
    outputs: Sequence[Value],
    *,
    is_last: bool,
) -> list[Buffer]:
    """Run the nest of some operators; the values that others read."""
    if part.axes is None:
        group = group_of(region, part.nodes, known)
        for node in part.nodes:
            group.add(node)
        return finish(group, outputs, reuses=is_last)
    return _Reducing(region, part, known).run(outputs)


class _Reducing:
    """A nest that reduces, while it is made."""

    def __init__(self, region: Region, part: Part, known: dict[Value, Any]) -> None:
        self.region, self.part = region, part
        self.group = reducing_group(region, part.nodes, known)
        self.reduced: dict[Value, Reduced] = {}
        read = {v for n in part.nodes for v in n.inputs}
        for node in part.nodes:
            if program_of(node) is None:
                self.group.add(node)
                continue
            made = self.reduced[node.output] = reduce_in(self.group, node)
            if node.output in read:
                self.group.made[node.output] = self._read_on(made)

    def _read_on(self, reduced: Reduced) -> Made:
        """The result of a reduction as an operand of the same nest, rounded."""
        sizes = reduced.result_sizes
        ((x, dtype),) = reduced.results
        if x.dtype is dtype and compute_dtype(dtype) is dtype:
            return Made(Operand(x.ref, dtype, len(sizes)), sizes)
        made = self.group.build.apply("np::positive", [x], (None,), dtype)
        return Made(Operand(made.ref, dtype, len(sizes)), sizes)

    def run(self, outputs: Sequence[Value]) -> list[Buffer]:
        """Call the kernel; the outputs in order."""
        if not outputs:
            return []  # nobody reads them; what they refuse has been checked
        group, region = self.group, self.region
        operands, dtypes = [], []
        first = next(iter(self.reduced.values()))
        buffers: list[Buffer] = []
        memories: list[Memory] = []
        for value in outputs:
            if value in self.reduced:
                reduced = self.reduced[value]
                made, memory = outputs_of(group, reduced)
                operands += [x for x, _ in reduced.results]
                dtypes += [dtype for _, dtype in reduced.results]
                buffers += made
                memories += memory
                continue
            x = group.made[value]
            lost = self.part.seen[value].lost
            gone = first.axes if lost else ()
            buffer = region.allocate(x.operand.dtype, x.sizes)
            buffer = group.in_order(buffer, gone)
            operands.append(x.operand)
            dtypes.append(x.operand.dtype)
            buffers.append(buffer)
            memories.append(self._memory(value, buffer))
        widens = self.part.widens(outputs)
        nest = group.build.finish(operands, dtypes, first.axes, widens)
        domain = group.whole([first.sizes])
        sizes = self._sizes(outputs, domain) if widens else self._kept_sizes(domain)
        group.run(nest, memories, sizes, domain=domain if widens else ())
        return buffers

    def _memory(self, value: Value, buffer: Buffer) -> Memory:
        """How the nest writes an output."""
        if not self.part.seen[value].lost:
            return Memory(buffer.data, buffer.sizes, buffer.strides)
        pairs = iter(zip(buffer.sizes, buffer.strides, strict=True))
        assert self.part.axes is not None
        wide = [
            (I64(1), I64(0)) if d in self.part.axes else next(pairs)
            for d in range(self.part.rank)
        ]
        return Memory(buffer.data, *map(tuple, zip(*wide, strict=True)))

    def _kept_sizes(self, domain: Sizes) -> Sizes:
        """The sizes of the nest, where nothing is longer than what is reduced."""
        return self._sizes((), domain)

    def _sizes(self, outputs: Sequence[Value], domain: Sizes) -> Sizes:
        """The sizes of the nest: along the reduced axes those of the outputs."""
        group, part = self.group, self.part
        axes = next(iter(self.reduced.values())).axes
        every = [m.sizes for v, m in group.made.items() if self._is_whole(v)]
        whole = group.whole([*every, *(r.sizes for r in self.reduced.values())])
        written = [v for v in outputs if not part.seen[v].is_row]
        longest = group.whole([group.made[v].sizes for v in written])
        along = longest if written else domain
        return tuple(along[d] if d in axes else size for d, size in enumerate(whole))

    def _is_whole(self, value: Value) -> bool:
        """Whether the axes of a value are those of the nest."""
        seen = self.part.seen.get(value)
        return seen is None or not seen.lost
