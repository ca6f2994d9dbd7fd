"""Operators on Arrays, with NumPy's own rules: `np::add(Array x1, Array x2) -> Array`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, ClassVar

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import UNKNOWN, Card, ShapeError
from jit.ir.dtypes import DType, dtype_of
from jit.ir.registry import register
from jit.ir.schema import FunctionSchema
from jit.runtime.ops import facts as F
from jit.runtime.ops.declare import Family, LazySamples, schema_of
from jit.runtime.ops.samples import boolean, case, f16, f32, f64, i8, i32, i64, u8


class NumpyFunction(Family):
    """A NumPy function on Arrays.

    The card gives `kernel`, which is NumPy's own function with its arguments, and
    `shape` and `dtype`: functions of facts that give the sizes and the dtype of the
    result, None where they are unknown. Without them nothing is known.
    """

    shape: ClassVar[Callable[..., Any] | None] = None
    dtype: ClassVar[Callable[..., Any] | None] = None

    @classmethod
    def complete(cls) -> None:
        if cls.infer is not None:
            return
        shape, dtype = cls.shape, cls.dtype

        def infer(*facts):
            try:
                return T.ArrayType(
                    dtype(*facts) if dtype is not None else None,
                    shape(*facts) if shape is not None else None,
                )
            except (IndexError, TypeError, ValueError) as e:
                raise ShapeError(str(e)) from None

        cls.infer = staticmethod(infer)


def numpy_ufunc(written: type[Any]) -> type[Any]:
    """Declare the cards of a NumPy ufunc that has no twin in torch.

    The class gives `numpy`, `formula` and a sentence.
    """
    operands = ", ".join(
        f"Array {name}" for name in ("x", "y")[: getattr(np, written.numpy).nin]
    )
    blanks = {
        k: staticmethod(v) if isinstance(v, FunctionType) else v
        for k, v in vars(written).items()
        if k not in ("__dict__", "__weakref__")
    }
    blanks["schema"] = schema_of(f"np::{written.numpy}({operands}) -> Array")
    card = type(written.__name__, (UfuncFormula,), blanks)
    for twin in numpy_twins(card):
        register(twin)
    return card


class UfuncFormula(Family):
    """What `numpy_ufunc` reads of a class."""

    domain: ClassVar[tuple[float, float]] = (-3.0, 3.0)
    numpy_inplace: ClassVar[bool] = False


class Ufunc(Family):
    """A NumPy ufunc, made from a pointwise card whose formula it shares."""

    ufunc: ClassVar[Any]
    pure: ClassVar[type[Card]]
    """The pointwise card of the same formula."""


_WEAK = {int: int, float: float, complex: complex, bool: np.dtype(bool)}
_WEAK_TYPES: dict[T.Type, Any] = {
    T.INT: int, T.FLOAT: float, T.COMPLEX: complex, T.BOOL: np.dtype(bool),
}  # fmt: skip


def ufunc_dtype(ufunc: Any, facts: Sequence[Any]) -> DType | None:
    """The dtype of a ufunc's result; None if unknown, ShapeError if it has none."""
    choices: list[list[Any]] = [[]]
    for fact in facts:
        options = _operand_dtypes(fact)
        if options is None:
            return None
        choices = [[*c, o] for c in choices for o in options]
    found = set()
    for operands in choices:
        try:
            resolved = ufunc.resolve_dtypes((*operands, None))[-1]
        except TypeError as e:
            if len(choices) > 1:
                return None
            raise ShapeError(str(e)) from None
        try:
            found.add(dtype_of(resolved))
        except TypeError:
            return None
    return found.pop() if len(found) == 1 else None


def operand_dtypes(ufunc: Any, facts: Sequence[Any]) -> list[Any]:
    """The NumPy dtypes in which a ufunc computes with operands of known dtypes."""
    given: list[Any] = []
    for fact in facts:
        (option,) = _operand_dtypes(fact) or ()
        given.append(option)
    return list(ufunc.resolve_dtypes((*given, None))[:-1])


def _operand_dtypes(fact: Any) -> list[Any] | None:
    if isinstance(fact, T.TensorType | T.ArrayType):
        return None if fact.dtype is None else [fact.dtype.numpy]
    if fact is UNKNOWN or fact == T.NUMBER:
        return list(_WEAK.values())
    if isinstance(fact, T.Type):
        return [_WEAK_TYPES[fact]]
    return [_WEAK[type(fact)]]


def numpy_broadcast(*operands: Any) -> T.Sizes | None:
    """The sizes of broadcast Arrays; ShapeError in NumPy's words."""
    try:
        return F.broadcast_sizes(*operands)
    except ShapeError:
        shapes = " ".join(f"({','.join('*' if d is None else str(d) for d in s)})"
                          for s in operands)  # fmt: skip
        raise ShapeError(
            f"operands could not be broadcast together with shapes {shapes}"
        ) from None


def numpy_twins(card: Any) -> list[type[Card]]:
    """The np:: cards of a pointwise card: for Arrays, and with a number on a side."""
    ufunc = getattr(np, card.numpy)
    name = card.numpy
    if ufunc.nin == 1:
        return [_twin(card, ufunc, f"np::{name}(Array x) -> Array")]
    texts = [
        f"np::{name}(Array x1, Array x2) -> Array",
        f"np::{name}.Scalar(Array x1, Scalar x2) -> Array",
        f"np::{name}.rScalar(Scalar x1, Array x2) -> Array",
    ]
    made = [_twin(card, ufunc, text) for text in texts]
    if card.numpy_inplace:
        made += [
            _augmented(
                card, ufunc, f"np::{name}_(Array(a!) x1, Array x2) -> Array(a!)"
            ),
            _augmented(
                card, ufunc, f"np::{name}_.Scalar(Array(a!) x1, Scalar x2) -> Array(a!)"
            ),
        ]
    return made


def _twin(card: Any, ufunc: Any, text: str) -> type[Card]:
    schema = schema_of(text)

    def infer(*facts):
        dtype = ufunc_dtype(ufunc, facts)
        return T.ArrayType(dtype, numpy_broadcast(*map(F.sizes_of, facts)))

    def raises(*facts):
        try:
            known = infer(*facts)
        except ShapeError:
            return True
        if known.dtype is None:
            return True
        integral = ufunc.nin > 1 and known.dtype.category <= dtypes.INTEGER
        if integral and (ufunc is np.power or not all(map(F.is_tensor, facts))):
            return True  # negative powers, Python integers that do not fit
        return F.may_not_broadcast(*map(F.sizes_of, facts))

    blanks = {
        "schema": schema,
        "ufunc": ufunc,
        "operand_dtypes": staticmethod(lambda *facts: operand_dtypes(ufunc, facts)),
        "pure": card,
        "kernel": ufunc,
        "infer": staticmethod(infer),
        "raises": staticmethod(raises),
        "formula": staticmethod(_short_formula(card, ufunc.nin)),
        "commutative": card.commutative,
        "associative": card.associative,
        "idempotent": card.idempotent,
        "samples": LazySamples(lambda: _ufunc_samples(card, ufunc, schema)),
        "__doc__": f"NumPy's `{card.numpy}`: {card.doc()}",
    }
    return type(f"np_{card.numpy}", (Ufunc,), blanks)


def _short_formula(card: Any, arity: int) -> Callable[..., Any]:
    """The formula with the arguments that NumPy lacks at their defaults."""
    rest = [a.default for a in card.schema.arguments[arity:]]

    def formula(m, *operands):
        return card.formula(m, *operands, *rest)

    return formula


def _augmented(card: Any, ufunc: Any, text: str) -> type[Card]:
    """`x1 += x2`: writes into an ndarray; a NumPy scalar gives a new one."""

    def kernel(x1, x2):
        if isinstance(x1, np.ndarray):
            return ufunc(x1, x2, out=x1)
        return ufunc(x1, x2)

    def infer(x1, x2):
        made = T.ArrayType(
            ufunc_dtype(ufunc, (x1, x2)),
            numpy_broadcast(F.sizes_of(x1), F.sizes_of(x2)),
        )
        # a NumPy scalar, which looks like a 0-dim array, is replaced, not written to
        return x1 if x1.sizes else T.ArrayType(None, x1.sizes and made.sizes)

    blanks = {
        "schema": schema_of(text),
        "ufunc": ufunc,
        "pure": card,
        "kernel": staticmethod(kernel),
        "infer": staticmethod(infer),
        "samples": LazySamples(lambda: _augmented_samples(ufunc, ".Scalar" in text)),
        "__doc__": f"`{card.numpy}` written into its first operand.",
    }
    return type(f"np_{card.numpy}_", (Ufunc,), blanks)


def _augmented_samples(ufunc: Any, by_number: bool) -> list[Any]:
    made = []
    for notation in (f64, i64):
        x, y = notation[2, 3].within(1, 3), notation[3].within(1, 3)
        sample = case(x, 2 if by_number else y)
        try:
            arrays = [x.make(), y.make()]
            ufunc(*arrays, out=arrays[0])
        except TypeError:
            continue
        made.append(sample)
    return made


def _ufunc_samples(card: Any, ufunc: Any, schema: FunctionSchema) -> list[Any]:
    """Each dtype that the ufunc takes, sizes 0 and 1, 0-dim, and broadcasts."""
    low, high = card.domain
    made = []
    arrays = [i for i, a in enumerate(schema.arguments) if a.type == T.ARRAY]

    def call(notation, *sizes, number=2):
        given = [number] * len(schema.arguments)
        for n, i in enumerate(arrays):
            given[i] = notation[sizes[n % len(sizes)]].within(low, high)
        return case(*given)

    for notation in (f64, f32, f16, i64, i32, i8, u8, boolean):
        sample = call(notation, (2, 3))
        try:
            with np.errstate(all="ignore"):
                dtype_of(ufunc(*sample.arguments(schema)).dtype)
        except (TypeError, ValueError):
            continue
        made.append(sample)
    first = f64 if any("d" in t for t in ufunc.types) else i64
    made += [call(first, s) for s in ((0,), (1,), ())]
    if len(arrays) == 2:
        made += [call(first, (2, 3), (3,)), call(first, (2, 1), (1, 4))]
    elif ufunc.nin == 2 and first is f64:
        made += [call(f32, (3,), number=1.5), call(i64, (3,), number=1.5)]
    return made
