"""Loop nests: what is done for each element, as data that prints.

A nest runs over `rank` axes whose sizes are known at run time. Its inputs are tensors
that broadcast along the axes, its steps are formulas of cards, its outputs are written
anew. The printed form says all that the machine code depends on, so it is the key of
equal kernels.

    nest [i0, i1]
      %0 = load float32
      %1 = load float32 scalar
      %2 = aten::mul(float32 %0, float32 %1) -> float32
      %3 = aten::exp(float32 %2) -> float32
      store float32 %3

Axes with a star are reduced: a `Reduce` walks along them and gives one value for all
their elements. What depends on it is computed in a further pass, or once where it does
not depend on single elements too. So a softmax is

    nest [i0, i1*]
      %0 = load float32
      %1 = max %0
      %2 = aten::sub.Tensor(float32 %0, float32 %1, 1) -> float32
      %3 = aten::exp(float32 %2) -> float32
      %4 = sum %3
      %5 = aten::div.Tensor(float32 %3, float32 %4) -> float32
      store float32 %5

A plus after the star says that outputs may be longer along the reduced axes than what is
reduced: `x / x.sum(1, keepdim=True) + y`, where x may have one column only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jit.ir.card import Card
from jit.ir.dtypes import DType


@dataclass(frozen=True, slots=True)
class Ref:
    """The value that an input or a step gives; inputs are counted first."""

    index: int

    def __str__(self) -> str:
        return f"%{self.index}"


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor that is read. A scalar one has the same element everywhere, one of a row
    the same along the reduced axes."""

    dtype: DType
    is_scalar: bool = False
    is_row: bool = False

    def __str__(self) -> str:
        kind = " scalar" if self.is_scalar else " row" if self.is_row else ""
        return f"load {self.dtype.name}{kind}"


@dataclass(frozen=True, slots=True)
class Step:
    """One operator: the formula of a card on operands converted to given dtypes."""

    card: type[Card]
    arguments: tuple[Any, ...]
    """`Ref`s, and Python values for what is known when code is made."""
    converted: tuple[DType | None, ...]
    """For each argument the dtype to convert it to; None leaves it as it is."""
    result: DType
    """Half types are computed in float32 and rounded to this."""

    def __str__(self) -> str:
        words = []
        for given, dtype in zip(self.arguments, self.converted, strict=True):
            shown = str(given) if isinstance(given, Ref) else repr(given)
            words.append(shown if dtype is None else f"{dtype.name} {shown}")
        name = self.card.schema.name
        return f"{name}({', '.join(words)}) -> {self.result.name}"


REDUCTIONS = ("sum", "prod", "max", "min", "argmax", "argmin")


@dataclass(frozen=True, slots=True)
class Reduce:
    """One value for all elements along the reduced axes.

    Sums of floats are kept in float64, after blocks in their own dtype. Places count
    elements along the reduced axes, the first of equals is taken; nan is an extreme.
    """

    kind: str
    """One of `REDUCTIONS`."""
    value: Ref

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


@dataclass(frozen=True, slots=True)
class Pick:
    """The element of an input at a place along the one reduced axis.

    The place is the same along that axis, and known to be inside of it.
    """

    source: int
    """The number of the input."""
    place: Ref

    def __str__(self) -> str:
        return f"pick %{self.source} at {self.place}"


@dataclass(frozen=True, slots=True)
class Count:
    """How many elements lie along the reduced axes, an int64."""

    def __str__(self) -> str:
        return "count"


AnyStep = Step | Reduce | Pick | Count


@dataclass(frozen=True, slots=True)
class Store:
    """An output: a value, and the dtype in which it is kept."""

    value: Ref
    dtype: DType

    def __str__(self) -> str:
        return f"store {self.dtype.name} {self.value}"


@dataclass(frozen=True, slots=True)
class Nest:
    """What is computed for all elements. **Printed form**: see the module."""

    rank: int
    inputs: tuple[Input, ...]
    steps: tuple[AnyStep, ...]
    outputs: tuple[Store, ...]
    reduced: tuple[int, ...] = ()
    """The reduced axes, in ascending order."""
    widens: bool = False
    """Whether what is reduced has sizes of its own along the reduced axes."""

    def __str__(self) -> str:
        star = "*+" if self.widens else "*"
        stars = [star if d in self.reduced else "" for d in range(self.rank)]
        axes = ", ".join(f"i{d}{star}" for d, star in enumerate(stars))
        lines = [f"nest [{axes}]"]
        lines += [f"  %{i} = {x}" for i, x in enumerate(self.inputs)]
        first = len(self.inputs)
        lines += [f"  %{first + i} = {s}" for i, s in enumerate(self.steps)]
        lines += [f"  {o}" for o in self.outputs]
        return "\n".join(lines)
