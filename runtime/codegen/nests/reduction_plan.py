"""In which pass along the reduced axes of a nest each value is computed.

A value that needs the result of a reduction is computed in a further pass. What single
elements need is computed again in each pass, unless it is long and an output can hold it
until then.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import llvmlite.ir as ll

from jit.ir import dtypes
from jit.ir.dtypes import DType
from jit.runtime.codegen import building as B
from jit.runtime.codegen.nests.emit_nest import (
    SHORT_BODY,
    body_length,
    reduced_dtype,
    refs_of,
    row_values,
)
from jit.runtime.codegen.nests.nest import (
    AnyStep,
    Count,
    Input,
    Nest,
    Pick,
    Reduce,
    Ref,
    Step,
    Store,
)
from jit.runtime.codegen.values import I64
from jit.runtime.ops.pointwise_family import compute_dtype

UNROLLED = 4

LEAST_PART = 1 << 16
MOST_PARTS = 64
"""How a reduction of all elements is cut, whatever the number of threads."""


@functools.lru_cache(4096)
def is_whole(nest: Nest) -> bool:
    """Whether a nest reduces all elements in one pass, and so can be cut into parts.

    The span of such a kernel counts parts. `data` has one pointer more, to memory for
    `part_words` words for each part.
    """
    plan = plan_of(nest)
    whole = len(nest.reduced) == nest.rank
    stores = any(plan.stores(number) for number in plan.passes)
    return whole and len(plan.passes) == 1 and not stores


def part_words(nest: Nest) -> int:
    """How many words a part leaves."""
    return 2 * sum(isinstance(s, Reduce) for s in nest.steps)


def part_size(b: ll.IRBuilder, elements: ll.Value) -> ll.Value:
    """How many elements a part of a whole reduction has."""
    return B.larger(b, I64(LEAST_PART), B.ceil_div(b, elements, MOST_PARTS))


@dataclass(frozen=True)
class Plan:
    """In which pass along the reduced axes each value is known or computed."""

    nest: Nest
    is_row: list[bool]
    ready: list[int]
    """How many passes come before a value can be computed."""
    kept: dict[int, int]
    """Values that an output holds for later passes: the number of the output."""
    written: list[int]
    """The pass in which a value is written, if it is an output."""

    @property
    def passes(self) -> range:
        last = 0
        for _, step in self.steps():
            if isinstance(step, Reduce):
                last = max(last, self.ready[step.value.index] + 1)
        for output in self.nest.outputs:
            if not self.is_row[output.value.index]:
                last = max(last, self.written[output.value.index] + 1)
        return range(last)

    def steps(self) -> Iterator[tuple[int, AnyStep]]:
        """Steps with the numbers of their values."""
        return enumerate(self.nest.steps, len(self.nest.inputs))

    def reductions(self, number: int) -> list[tuple[int, Reduce]]:
        """The reductions of a pass."""
        return [
            (i, s)
            for i, s in self.steps()
            if isinstance(s, Reduce) and self.ready[s.value.index] == number
        ]

    def stores(self, number: int) -> list[tuple[int, Store]]:
        """The outputs that a pass writes, element by element."""
        return [
            (k, o)
            for k, o in enumerate(self.nest.outputs)
            if not self.is_row[o.value.index] and self.written[o.value.index] == number
        ]

    def needed(self, number: int) -> set[int]:
        """The values of single elements that a pass computes or reads."""
        pending = [s.value.index for _, s in self.reductions(number)]
        pending += [o.value.index for _, o in self.stores(number)]
        pending += [v for v in self.kept if self.ready[v] == number]
        found: set[int] = set()
        first = len(self.nest.inputs)
        while pending:
            index = pending.pop()
            if index in found or self.is_row[index]:
                continue
            found.add(index)
            held = index in self.kept and self.ready[index] < number
            if index >= first and not held:
                pending += [r.index for r in refs_of(self.nest.steps[index - first])]
        return found

    def unrolled(self, number: int) -> int:
        """How many vectors a turn of a pass takes: several, where that is little code."""
        first, length = len(self.nest.inputs), 0
        for index in self.needed(number):
            held = index in self.kept and self.ready[index] < number
            step = self.nest.steps[index - first] if index >= first else None
            if isinstance(step, Step) and not held:
                length += step_length(step)
        return UNROLLED if length <= 4 * SHORT_BODY else 1


def plan_of(nest: Nest) -> Plan:
    """When each value of a nest is computed."""
    is_row = row_values(nest)
    ready = [0] * len(nest.inputs)
    for step in nest.steps:
        before = max((ready[r.index] for r in refs_of(step)), default=0)
        ready.append(before + 1 if isinstance(step, Reduce) else before)
    kept: dict[int, int] = {}
    stored = [o for o in nest.outputs if not is_row[o.value.index]]
    written = ready
    if nest.widens:
        # passes that reduce are of other lengths than the one that writes
        reduced = [
            ready[s.value.index] + 1 for s in nest.steps if isinstance(s, Reduce)
        ]
        written = [max(reduced)] * len(ready)
    if len(stored) == 1 and not nest.widens:
        (output,) = stored
        number = nest.outputs.index(output)
        for index, step in enumerate(nest.steps, len(nest.inputs)):
            long = (
                isinstance(step, Step)
                and not is_row[index]
                and step.result is output.dtype
                and compute_dtype(step.result) is step.result
                and ready[index] < ready[output.value.index]
                and step_length(step) > SHORT_BODY
            )
            read_later = any(
                Ref(index) in refs_of(other) and ready[later] > ready[index]
                for later, other in enumerate(nest.steps, len(nest.inputs))
                if isinstance(other, Step)
            )
            if long and read_later and not kept:
                kept[index] = number
    return Plan(nest, is_row, ready, kept, written)


def step_length(step: Step) -> int:
    """How many instructions a step has."""
    refs = refs_of(step)
    inputs = tuple(Input(step.converted[0] or step.result) for _ in refs)
    places = {r: Ref(k) for k, r in enumerate(refs)}
    arguments = tuple(places[a] if isinstance(a, Ref) else a for a in step.arguments)
    alone = Step(step.card, arguments, step.converted, step.result)
    output = Store(Ref(len(inputs)), step.result)
    return body_length(Nest(1, inputs, (alone,), (output,)))


def element_dtype(nest: Nest, index: int) -> DType:
    """The dtype in which a value is computed."""
    if index < len(nest.inputs):
        return compute_dtype(nest.inputs[index].dtype)
    step = nest.steps[index - len(nest.inputs)]
    if isinstance(step, Step):
        return compute_dtype(step.result)
    if isinstance(step, Count):
        return dtypes.int64
    if isinstance(step, Pick):
        return compute_dtype(nest.inputs[step.source].dtype)
    return reduced_dtype(step.kind, element_dtype(nest, step.value.index))
