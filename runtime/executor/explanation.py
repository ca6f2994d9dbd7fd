"""How a function runs for some arguments: what is machine code, what is not, and why.

print(fn.explain(x, y))

f(Float(512, 512), Float(512, 512)): machine code
  aten::mul, aten::add, aten::tanh  [model.py:7]
    reads 2.1 MB, writes 1.05 MB, 786 kflop
  moves 3.15 MB and computes 786 kflop: 26 µs or more here (bandwidth of L3)
"""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jit.ir import types as T
from jit.ir.graph import Graph
from jit.ir.type_text import format_type
from jit.runtime.executor.costs import Cost, costs, quantity
from jit.runtime.tensor import Tensor

if TYPE_CHECKING:
    from jit.runtime.codegen.native_code import NativeCode
    from jit.runtime.codegen.process.limits import Limits

MOST_GROUPS = 40
"""So many groups are printed one by one."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a function runs for some arguments."""

    is_native: bool
    """Whether all of it is machine code."""
    reasons: tuple[Any, ...]
    """Why not: `jit.runtime.codegen.lowering.Reason`s."""
    regions: int = 0
    """How many parts of the function are machine code, if not all of it."""
    codes: tuple[NativeCode, ...] = ()
    """The machine code: of the whole function, or of each region."""
    name: str = ""
    """The function."""
    graph: Graph | None = None
    """What runs, after the passes."""
    types: tuple[T.Type, ...] = ()
    """Types of the arguments, with their sizes."""

    @property
    def nests(self) -> list[str]:
        """The loop nests, as text."""
        return [text for code in self.codes for text in code.nests]

    def about(self, name: str, graph: Graph, values: Sequence[Any]) -> Explanation:
        """The same for a call of a function with arguments, whose sizes matter."""
        types = tuple(map(_sized, values, (v.type for v in graph.inputs)))
        return dataclasses.replace(self, name=name, graph=graph, types=types)

    @property
    def llvm(self) -> tuple[str, ...]:
        """The LLVM modules, before LLVM optimises them."""
        return tuple(text for code in self.codes for text in code.modules)

    @property
    def seconds(self) -> dict[str, float]:
        """How long the machine code took to make, by stage: `lowering` to LLVM, and
        `llvm` until it was in memory; or `cache` where code on disk could be taken
        without that."""
        total: dict[str, float] = {}
        for code in self.codes:
            for stage, seconds in code.seconds.items():
                total[stage] = total.get(stage, 0.0) + seconds
        return total

    @property
    def groups(self) -> list[Cost]:
        """The work of the function, node by node; fused nodes are one group."""
        return [] if self.graph is None else costs(self.graph, self.types)

    def work(self) -> tuple[int, int, float, bool] | None:
        """Bytes read, bytes written, operations, and whether these are float64.

        The arguments and results of all groups, wherever they lie. None if the program
        decides at run time how much that is.
        """
        groups = self.groups
        if not groups or not all(g.is_known for g in groups):
            return None
        return (
            sum((g.reads or 0) * (g.trips or 1) for g in groups),
            sum((g.writes or 0) * (g.trips or 1) for g in groups),
            sum((g.flops or 0) * (g.trips or 1) for g in groups),
            any(g.is_double for g in groups),
        )

    def bound(self, limits: Limits) -> float | None:
        """Seconds that the machine needs at the least, group after group; None if the
        program decides at run time how much work there is."""
        if self.work() is None:
            return None
        return sum(
            limits.seconds(g.reads or 0, g.writes or 0, g.flops or 0, g.is_double)
            * (g.trips or 1)
            for g in self.groups
        )

    @property
    def boxed(self) -> tuple[Any, ...]:
        """Nodes within machine code that are calls of the interpreter's function:
        `jit.runtime.codegen.lowering.Reason`s."""
        return tuple(reason for code in self.codes for reason in code.boxed)

    def assembly(self) -> str:
        """The assembly of the machine code; it is made again for this. Empty if there is
        none."""
        return "\n".join(code.assembly() for code in self.codes)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, limits: Limits | None = None) -> Iterator[str]:
        """The text, with a prediction if it is known what the machine can do."""
        yield f"{self._title()}{self._how()}"
        groups = self.groups
        for group in groups[:MOST_GROUPS]:
            names, _, figures = str(group).partition(": ")
            yield f"  {names}{_place(group)}"
            yield f"    {figures}"
        if len(groups) > MOST_GROUPS:
            yield f"  and {len(groups) - MOST_GROUPS} more"
        for reason in self.reasons:
            yield f"  not machine code: {reason}"
        for reason in self.boxed:
            yield f"  called as the interpreter does: {reason}"
        work = self.work()
        if work is not None:
            reads, writes, flops, _ = work
            line = f"  moves {quantity(reads + writes)}B and computes"
            line += f" {quantity(flops)}flop"
            yield line + self._predicted(limits, work)
        if self.seconds:
            stages = (f"{name} {duration(s)}" for name, s in self.seconds.items())
            yield f"  made in {duration(sum(self.seconds.values()))}: {', '.join(stages)}"

    def _predicted(
        self, limits: Limits | None, work: tuple[int, int, float, bool]
    ) -> str:
        least = None if limits is None else self.bound(limits)
        if limits is None or least is None:
            return ""
        return f": {duration(least)} or more here ({limits.binding(*work)})"

    def _title(self) -> str:
        if not self.name:
            return ""
        types = ", ".join(map(format_type, self.types))
        return f"{self.name}({types}): "

    def _how(self) -> str:
        if self.is_native:
            return "machine code"
        if self.regions:
            return f"interpreted, with {self.regions} regions of machine code"
        return "interpreted"


def print_stages(found: Explanation, name: str) -> None:
    """What `JIT_DEBUG=loops,llvm,asm` asks for, to the standard error."""
    asked = os.environ.get("JIT_DEBUG", "").split(",")
    stages: dict[str, Callable[[], Iterable[str]]] = {
        "loops": lambda: found.nests,
        "llvm": lambda: found.llvm,
        "asm": lambda: [found.assembly()] if found.codes else [],
    }
    for stage, texts in stages.items():
        for text in texts() if stage in asked else ():
            print(f"# {stage} of {name}\n{text}", file=sys.stderr)


def duration(seconds: float) -> str:
    """A time as people read it, `12.3 µs`."""
    for factor, unit in ((1e9, "ns"), (1e6, "µs"), (1e3, "ms")):
        if seconds * factor < 999.5:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"


def _place(group: Cost) -> str:
    span = group.node.span
    if not span.text:
        return ""
    file = re.split(r"[\\/]", span.source.file)[-1]
    return f"  [{file}:{span.line}]"


def _sized(value: Any, declared: T.Type) -> T.Type:
    if isinstance(value, Tensor) and isinstance(declared, T.TensorType):
        return T.TensorType(value.dtype, tuple(value.shape))
    if isinstance(declared, T.ArrayType) and hasattr(value, "shape"):
        return T.ArrayType(declared.dtype, tuple(value.shape))
    return declared


INTERPRETED = Explanation(False, ())
"""Machine code was not asked for."""
