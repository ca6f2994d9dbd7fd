"""From operators to loop nests: dtypes are decided here, once for each kernel.

A `Builder` takes operators one after the other, so chains and siblings share a nest:

    build = Builder(rank=2)
    x = build.input(dtypes.float32)
    y = build.operator(find_card("aten::exp"), [x])
    nest = build.finish([y])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jit.ir import types as T
from jit.ir.card import UNKNOWN, Card, ShapeError
from jit.ir.dtypes import COMPLEX, DType, dtype_of
from jit.ir.registry import find_card
from jit.runtime.codegen.kinds import Declined
from jit.runtime.codegen.nests.emit_nest import body_length, reduced_dtype
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
from jit.runtime.codegen.values import ELEMENT
from jit.runtime.ops import facts as F
from jit.runtime.ops.numpy_families import Ufunc, ufunc_dtype
from jit.runtime.ops.pointwise_family import (
    Pointwise,
    compute_dtype,
    refuse_dtype,
    type_letter,
)


@dataclass(frozen=True, slots=True)
class Operand:
    """A value of a nest as promotion sees it."""

    ref: Ref
    dtype: DType
    rank: int
    """The rank of the tensor: 0-dim ones promote differently."""
    number: T.Type | None = None
    """The type of a Python number that is known only when the code runs."""

    def fact(self, of_array: bool) -> Any:
        """What `infer` and promotion take."""
        if self.number is not None:
            return self.number
        kind = T.ArrayType if of_array else T.TensorType
        return kind(self.dtype, (None,) * self.rank)


DIFFERENT = {
    "aten::ldexp": "it rounds the power of two to the dtype of the exponent",
}
"""Cards whose kernel is not their formula."""


class Builder:
    """Collects the operators of a nest. Declined says what has no native form."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.inputs: list[Input] = []
        self.steps: list[AnyStep] = []

    def input(
        self,
        dtype: DType,
        rank: int | None = None,
        number: T.Type | None = None,
        is_row: bool = False,
    ) -> Operand:
        """A tensor that is read, or a number. All inputs come before operators."""
        assert not self.steps
        rank = self.rank if rank is None else rank
        _check_element(dtype)
        is_scalar = rank == 0 and self.rank > 0
        self.inputs.append(Input(dtype, is_scalar, is_row and not is_scalar))
        return Operand(Ref(len(self.inputs) - 1), dtype, rank, number)

    def operator(self, card: type[Card], arguments: Sequence[Any]) -> Operand:
        """An operator on `Operand`s and Python values."""
        if card.formula is None:
            raise Declined(f"`{card.schema.name}` has no formula")
        if card.schema.kind in DIFFERENT:
            raise Declined(DIFFERENT[card.schema.kind])
        if issubclass(card, Ufunc):
            converted, result = _numpy_dtypes(card, arguments)
        elif issubclass(card, Pointwise):
            converted, result = _torch_dtypes(card, arguments)
        else:
            raise Declined(f"`{card.schema.name}` is of no pointwise family")
        for dtype in (result, *(d for d in converted if d is not None)):
            _check_element(dtype)
        given = tuple(a.ref if isinstance(a, Operand) else a for a in arguments)
        self.steps.append(Step(card, given, converted, result))
        ranks = [a.rank for a in arguments if isinstance(a, Operand)]
        index = len(self.inputs) + len(self.steps) - 1
        return Operand(Ref(index), result, max(ranks, default=0))

    def _append(self, step: AnyStep, dtype: DType, rank: int) -> Operand:
        self.steps.append(step)
        index = len(self.inputs) + len(self.steps) - 1
        return Operand(Ref(index), dtype, rank)

    def apply(
        self,
        name: str,
        operands: Sequence[Operand | float],
        dtype: DType | Sequence[DType | None],
        result: DType | None = None,
    ) -> Operand:
        """The formula of a card, by its full name, on operands converted to a dtype."""
        kind, _, overload = name.partition(".")
        card = find_card(kind, overload)
        assert card is not None, name
        given = tuple(a.ref if isinstance(a, Operand) else a for a in operands)
        ranks = [a.rank for a in operands if isinstance(a, Operand)]
        rank = max(ranks, default=0)
        converted: tuple[DType | None, ...]
        converted = (dtype,) * len(given) if isinstance(dtype, DType) else tuple(dtype)
        made = result or dtype
        assert isinstance(made, DType)
        return self._append(Step(card, given, converted, made), made, rank)

    def cast(self, operand: Operand, dtype: DType) -> Operand:
        """An operand in another dtype; half types are computed in float32 already."""
        if compute_dtype(operand.dtype) is dtype:
            return Operand(operand.ref, dtype, operand.rank)
        return self.apply("np::positive", [operand], dtype)

    def reduce(self, kind: str, operand: Operand) -> Operand:
        """One value for all elements along the reduced axes."""
        dtype = reduced_dtype(kind, compute_dtype(operand.dtype))
        return self._append(Reduce(kind, operand.ref), dtype, operand.rank)

    def pick(self, source: Operand, place: Operand) -> Operand:
        """The element of an input at a place along the one reduced axis."""
        index = source.ref.index
        assert index < len(self.inputs)
        return self._append(Pick(index, place.ref), source.dtype, source.rank)

    def count(self) -> Operand:
        """How many elements lie along the reduced axes."""
        return self._append(Count(), dtype_of("int64"), self.rank)

    def finish(
        self,
        results: Sequence[Operand],
        stored: Sequence[DType | None] = (),
        reduced: Sequence[int] = (),
        widens: bool = False,
    ) -> Nest:
        """The nest that gives some of the values, in given dtypes or their own."""
        kept = list(stored) or [None] * len(results)
        outputs = tuple(
            Store(r.ref, dtype or r.dtype)
            for r, dtype in zip(results, kept, strict=True)
        )
        for output in outputs:
            _check_element(output.dtype)
        nest = Nest(
            self.rank, tuple(self.inputs), tuple(self.steps), outputs,
            tuple(sorted(reduced)), widens,
        )  # fmt: skip
        body_length(nest)  # declines what has no native form
        return nest


def _check_element(dtype: DType) -> None:
    if dtype not in ELEMENT:
        raise Declined(f"{dtype.name} tensors stay on the interpreter")


def _torch_dtypes(
    card: type[Pointwise], arguments: Sequence[Any]
) -> tuple[tuple[DType | None, ...], DType]:
    """The dtypes in which the kernel of the card computes."""
    facts = [a.fact(False) if isinstance(a, Operand) else a for a in arguments]
    positions = card.positions()
    met = [facts[i] for i in positions if facts[i] is not None]
    found = F.common_dtype(met)
    if found is None:
        raise Declined("the dtype of the result is not known")
    common = card.common(found)
    if type_letter(common) not in card.accepts:
        try:
            refuse_dtype(card, common)
        except RuntimeError as e:
            raise Declined(str(e)) from None
    if card.check is not None:
        try:
            card.check(common, *facts)
        except RuntimeError as e:
            raise Declined(str(e)) from None
    compute = compute_dtype(common)
    converted: list[DType | None] = []
    for i, (argument, given) in enumerate(
        zip(card.schema.arguments, arguments, strict=True)
    ):
        base = argument.type
        if isinstance(base, T.OptionalType):
            base = base.element
        converts = i in positions or base == T.NUMBER
        if isinstance(given, complex):
            raise Declined("complex numbers stay on the interpreter")
        if converts and given is not None:
            converted.append(compute)
        elif isinstance(given, Operand) and given.number is not None:
            converted.append(_weak(given.number, compute))
        else:
            converted.append(None)
    return tuple(converted), card.result(common)


def _weak(number: T.Type, dtype: DType) -> DType:
    """The dtype of a Python number that meets a dtype in NumPy."""
    if number == T.FLOAT and not dtype.is_floating_point:
        return dtype_of("float64")
    if number == T.INT and dtype.name == "bool":
        return dtype_of("int64")
    return dtype


def _numpy_dtypes(
    card: Any, arguments: Sequence[Any]
) -> tuple[tuple[DType | None, ...], DType]:
    """The dtypes in which a ufunc computes."""
    facts = [a.fact(True) if isinstance(a, Operand) else a for a in arguments]
    if any(isinstance(a, complex) for a in arguments):
        raise Declined("complex numbers stay on the interpreter")
    try:
        result = ufunc_dtype(card.ufunc, facts)
        converted = card.operand_dtypes(*facts) if result is not None else ()
    except ShapeError as e:
        raise Declined(str(e)) from None
    if result is None or result.category == COMPLEX:
        raise Declined("the dtype of the result is not known or complex")
    found: list[DType | None] = []
    for dtype, given in zip(converted, arguments, strict=True):
        try:
            made = dtype_of(dtype)
        except TypeError as e:
            raise Declined(str(e)) from None
        if type(given) is int and not _fits(given, made):
            raise Declined(f"{given} does not fit into {made.name}")
        found.append(made)
    return tuple(found), result


def _fits(value: int, dtype: DType) -> bool:
    if dtype.is_floating_point or dtype.name == "bool":
        return True
    bits = 8 * dtype.itemsize
    if not dtype.is_signed:
        return 0 <= value < 1 << bits
    return -(1 << bits - 1) <= value < 1 << bits - 1


__all__ = ["UNKNOWN", "Builder", "Operand"]
