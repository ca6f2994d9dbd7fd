"""Pointwise operators: one formula on broadcast operands, with torch's promotion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import Card, ShapeError
from jit.ir.dtypes import BOOL, COMPLEX, FLOATING, DType
from jit.ir.schema import Argument
from jit.runtime.ops import facts as F
from jit.runtime.ops.declare import Family, LazySamples
from jit.runtime.ops.inplace import inplace_schema, inplace_twin
from jit.runtime.ops.samples import (
    bf16,
    boolean,
    c64,
    case,
    f16,
    f32,
    f64,
    i32,
    i64,
    u8,
)
from jit.runtime.ops.vocabulary import NUMPY
from jit.runtime.promotion import result_dtype, to_floating

LETTERS = {"b": BOOL, "i": dtypes.INTEGER, "f": FLOATING, "c": COMPLEX}


def type_letter(dtype: DType) -> str:
    """b, i, f or c."""
    return "bifc"[dtype.category]


def refuse_dtype(card: type[Card], dtype: DType) -> None:
    """Raise what torch raises for a dtype that an operator does not take."""
    message = getattr(card, "refusal", None)
    if message is not None:
        raise RuntimeError(message.format(dtype=dtype.title))
    name = card.schema.kind.partition("::")[2]
    raise NotImplementedError(f"\"{name}\" not implemented for '{dtype.title}'")


_COMPUTE = {dtypes.float16: dtypes.float32, dtypes.bfloat16: dtypes.float32}


def compute_dtype(dtype: DType) -> DType:
    """The dtype to compute in: half types in float32, rounded after each operator."""
    return _COMPUTE.get(dtype, dtype)


def _base(argument: Argument) -> T.Type:
    if isinstance(argument.type, T.OptionalType):
        return argument.type.element
    return argument.type


class Pointwise(Family):
    """One result element for each element of the broadcast operands.

    The card gives `formula(m, *arguments)`, which sees all arguments of the schema.
    """

    function: ClassVar[Callable[..., Any] | None] = None
    """`function(*arguments)` in place of a formula, for what no formula can say: NumPy
    code that repeats itself until all elements are done."""

    text: ClassVar[str | None] = None
    """The formula for people, where it branches on an argument that has no default."""

    promoting: ClassVar[Sequence[str] | None] = None
    """Names of the arguments whose dtypes meet; None: all Tensors, and Scalars named
    self, other or exponent."""

    accepts: ClassVar[str] = "bif"
    """Categories of the common dtype that the operator takes: b, i, f, c."""

    refusal: ClassVar[str | None] = None
    """The message for other dtypes, where torch has one of its own; `{dtype}` in it is
    the dtype."""

    inplace: ClassVar[bool | Mapping[str, str]] = True
    """Whether there is an in-place twin; names by overload where they are irregular."""

    check_inplace: ClassVar[Callable[[DType], None] | None] = None
    """Raises RuntimeError for dtypes that only the in-place twin refuses."""

    numpy: ClassVar[str | None] = None
    """The NumPy ufunc of the same meaning, from which the np:: twins are made."""

    numpy_inplace: ClassVar[bool] = False
    """Whether NumPy has an augmented assignment for it: `x += y`."""

    check: ClassVar[Callable[..., None] | None] = None
    """`check(common, *arguments)` raises RuntimeError for arguments that do not fit.
    Arguments may be facts."""

    value_fault: ClassVar[Callable[..., bool] | None] = None
    """`value_fault(common, *facts)`: whether values may make a call raise."""

    domain: ClassVar[tuple[float, float]] = (-3.0, 3.0)
    """The range of sample data."""

    extra_samples: ClassVar[Sequence[Any]] = ()
    """Samples beside those that the family makes."""

    def common(dtype: DType) -> DType:
        """The dtype to compute in, of the dtype that operands promote to."""
        return dtype

    def result(dtype: DType) -> DType:
        """The dtype of the result, of the common dtype."""
        return dtype

    @classmethod
    def positions(cls) -> tuple[int, ...]:
        """Positions of the promoting arguments."""
        found = []
        for i, a in enumerate(cls.schema.arguments):
            if cls.promoting is not None:
                if a.name in cls.promoting:
                    found.append(i)
            elif T.is_tensor_like(_base(a)) or (
                _base(a) == T.NUMBER and a.name in ("self", "other", "exponent")
            ):
                found.append(i)
        return tuple(found)

    @classmethod
    def complete(cls) -> None:
        if cls.kernel is None:
            cls.kernel = staticmethod(_pointwise_kernel(cls))
        if cls.infer is None:
            cls.infer = staticmethod(_pointwise_infer(cls))
        if cls.raises is True:
            cls.raises = staticmethod(_pointwise_raises(cls))
        if not cls.samples:
            cls.samples = LazySamples(
                lambda: [*_pointwise_samples(cls), *cls.extra_samples]
            )

    @classmethod
    def twins(cls) -> list[type[Card]]:
        made: list[type[Card]] = []
        schema = inplace_schema(cls.schema, cls.inplace)
        if schema is not None:
            made.append(inplace_twin(cls, schema))
        if cls.numpy:
            from jit.runtime.ops.numpy_families import numpy_twins

            made += numpy_twins(cls)
        return made


class FloatPointwise(Pointwise):
    """Bools and integers are computed in the default floating dtype."""

    def common(dtype):
        return to_floating(dtype)


class Comparison(Pointwise):
    """The result is bool, whatever the operands."""

    def result(dtype):
        return dtypes.bool_


def _pointwise_kernel(card: type[Pointwise]) -> Callable[..., Any]:
    formula = card.formula or _formula_of(card)
    check = card.check
    promoting = card.positions()
    converted = tuple(
        i
        for i, a in enumerate(card.schema.arguments)
        if i in promoting or _base(a) == T.NUMBER
    )
    plans: dict[DType, tuple[Any, Any]] = {}

    def kernel(*args):
        operands = list(args)
        met = [args[i] for i in promoting if args[i] is not None]
        common = card.common(result_dtype(*met))
        plan = plans.get(common)
        if plan is None:
            if type_letter(common) not in card.accepts:
                refuse_dtype(card, common)
            plan = compute_dtype(common).numpy, card.result(common).numpy
            plans[common] = plan
        if check is not None:
            check(common, *args)
        compute, result = plan
        for i in converted:
            x = operands[i]
            if isinstance(x, np.ndarray | np.generic):
                if x.dtype != compute:
                    operands[i] = x.astype(compute)
            elif x is not None:
                operands[i] = as_number(x, compute)
        try:
            out = formula(NUMPY, *operands)
        except ValueError:
            check_broadcast(args)
            raise
        if out.dtype != result:
            return out.astype(result)
        return out.copy() if any(out is x for x in operands) else out

    return kernel


def _formula_of(card: type[Pointwise]) -> Callable[..., Any]:
    """The function of a card that has no formula, called as one."""
    function = card.function
    assert function is not None, card.schema.name
    return lambda m, *operands: function(*operands)


def as_number(value: Any, dtype: Any) -> Any:
    """A Python number as a NumPy scalar of the dtype; integers wrap around."""
    if isinstance(value, bool | int):
        if dtype.kind in "iu" and not isinstance(value, bool):
            return np.asarray(value, np.int64).astype(dtype)[()]
        return dtype.type(value)
    if isinstance(value, complex) and dtype.kind != "c":
        return value
    return np.asarray(value).astype(dtype)[()]


def check_broadcast(args: Sequence[Any]) -> None:
    """RuntimeError in torch's words if the arrays among arguments do not broadcast."""
    try:
        F.broadcast_sizes(*[x.shape for x in args if isinstance(x, np.ndarray)])
    except ShapeError as e:
        raise RuntimeError(str(e)) from None


def infer_common(card: type[Pointwise], facts: Sequence[Any]) -> DType | None:
    """The common dtype of facts; ShapeError if the operator does not take it."""
    met = [facts[i] for i in card.positions() if facts[i] is not None]
    found = F.common_dtype(met)
    if found is None:
        return None
    common = card.common(found)
    if type_letter(common) not in card.accepts:
        try:
            refuse_dtype(card, common)
        except RuntimeError as e:
            raise ShapeError(str(e)) from None
    return common


def _pointwise_infer(card: type[Pointwise]) -> Callable[..., Any]:
    def infer(*facts):
        common = infer_common(card, facts)
        if common is not None and card.check is not None:
            try:
                card.check(common, *facts)
            except RuntimeError as e:
                raise ShapeError(str(e)) from None
        tensors = [f for f in facts if F.is_tensor(f)]
        sizes = F.broadcast_sizes(*[f.sizes for f in tensors])
        dtype = card.result(common) if common is not None else _sure_result(card)
        return T.TensorType(dtype, sizes)

    return infer


def _sure_result(card: type[Pointwise]) -> DType | None:
    """The dtype of results where it is the same for all operands."""
    return dtypes.bool_ if card.result is Comparison.result else None


def _pointwise_raises(card: type[Pointwise]) -> Callable[..., bool]:
    def raises(*facts):
        try:
            common = infer_common(card, facts)
            card.infer(*facts)
        except ShapeError:
            return True
        if common is None and (card.check is not None or not _takes_all(card)):
            return True
        others = [f for f in facts if not F.is_tensor(f)]
        if card.check is not None and not F.is_known(*others):
            return True
        if card.value_fault is not None and card.value_fault(common, *facts):
            return True
        return F.may_not_broadcast(*[f.sizes for f in facts if F.is_tensor(f)])

    return raises


def _takes_all(card: type[Pointwise]) -> bool:
    return all(type_letter(card.common(d)) in card.accepts for d in dtypes.ALL)


SAMPLE_NOTATIONS = {"b": (boolean,), "i": (i64, u8, i32), "f": (f32, f64, f16, bf16),
              "c": (c64,)}  # fmt: skip


def _pointwise_samples(card: type[Pointwise]) -> list[Any]:
    """Each dtype that the card takes, sizes 0 and 1, 0-dim, and broadcasts."""
    arguments = card.schema.arguments
    promoting = card.positions()
    tensors = [i for i in promoting if T.is_tensor_like(_base(arguments[i]))]
    numbers = [i for i in promoting if i not in tensors and arguments[i].is_required]
    required = [i for i, a in enumerate(arguments) if a.is_required]
    if set(required) - set(tensors) - set(numbers):
        return []
    letters = [
        k for k in LETTERS
        if type_letter(card.common(SAMPLE_NOTATIONS[k][0].dtype)) in card.accepts
    ]  # fmt: skip
    low, high = card.domain

    def call(notations, sizes, number=2):
        given = {}
        for n, i in enumerate(tensors):
            kind = notations[n % len(notations)]
            given[arguments[i].name] = kind[sizes[n % len(sizes)]].within(low, high)
        for i in numbers:
            given[arguments[i].name] = number
        return case(**given)

    made = [call([n], [(2, 3)]) for k in letters for n in SAMPLE_NOTATIONS[k]]
    first = SAMPLE_NOTATIONS["f" if "f" in letters else letters[-1]][0]
    made += [call([first], [s]) for s in ((0,), (1,), (), (2, 0, 3))]
    if len(tensors) > 1:
        pairs = [((2, 3), (3,)), ((2, 1), (1, 4)), ((), (2,)), ((3,), ()), ((0,), (1,))]
        made += [call([first], p) for p in pairs]
        if "i" in letters and "f" in letters:
            made += [call([i64, f32], [(2,), (2,)]), call([f32, f64], [(2,), ()]),
                     call([i32, f64], [(), ()]), call([f16, f32], [(2,), (2,)]),
                     call([f16, bf16], [(2,), (2,)])]  # fmt: skip
    if numbers and "f" in letters:
        made += [call([n], [(3,)], 1.5) for n in (f32, f16)]
        made += [call([i64], [(3,)], 1.5)] if "i" in letters else []
    return made
