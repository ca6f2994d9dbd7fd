"""The family of operators whose sizes follow from sizes and numbers.

    Shaped      the card gives `sizes(...)` and, where dtypes meet, `dtypes(...)`
    Updating    the card gives `update(...)`, which writes into the first argument

`sizes` is a rule on sizes alone: it gets each tensor as its sizes, with None for a size
that only the run knows, and the other arguments as they are. It raises what the kernel
raises for arguments that do not fit; `infer` and `raises` follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from jit.ir import types as T
from jit.ir.card import UNKNOWN, Card, ShapeError
from jit.ir.dtypes import DType
from jit.runtime.ops import facts as F
from jit.runtime.ops.declare import Family
from jit.runtime.ops.inplace import InPlace, inplace_schema

MISFITS = (RuntimeError, IndexError, ValueError, NotImplementedError)
"""What rules raise for arguments that do not fit."""

SIZES, RANKS, VALUES = "sizes", "ranks", "values"


class Shaped(Family):
    """An operator whose result has sizes that follow from sizes and numbers.

    The dtype is the first tensor's unless `dtypes` says otherwise.
    """

    sizes: ClassVar[Callable[..., Any] | None] = None
    """Tensors as sizes, the rest as it is → the sizes of the result, a list of sizes
    for a list of tensors, a tuple of them for several results."""

    dtypes: ClassVar[Callable[..., Any] | None] = None
    """Tensors as dtypes (None if unknown), the rest as facts → the dtype of the
    result, None if unknown, a tuple for several."""

    unknown: ClassVar[Sequence[str]] = ()
    """Names of numbers for which `sizes` takes UNKNOWN; others make it give up."""

    fails: ClassVar[str] = SIZES
    """What decides whether a call raises: SIZES, RANKS alone, or VALUES."""

    @classmethod
    def complete(cls) -> None:
        if cls.infer is None:
            cls.infer = staticmethod(_make_infer(cls))
        if cls.raises is True and cls.fails != VALUES:
            cls.raises = staticmethod(_make_raises(cls))


class Updating(Shaped):
    """An operator that exists twice: `aten::scatter` and, in place, `aten::scatter_`.

    The result has the sizes and the dtype of the first argument.
    """

    update: ClassVar[Callable[..., Any] | None] = None
    """Writes into the first argument and returns it."""

    inplace: ClassVar[bool] = True
    """Whether there is an in-place twin."""

    fails: ClassVar[str] = VALUES

    def sizes(x, *rest):
        return x

    @classmethod
    def complete(cls) -> None:
        update = cls.update
        assert update is not None, cls.schema.name
        if cls.kernel is None:
            cls.kernel = staticmethod(lambda x, *rest: update(x.copy(), *rest))
        super().complete()

    @classmethod
    def twins(cls) -> list[type[Card]]:
        if not cls.inplace:
            return []
        schema = inplace_schema(cls.schema, True)
        update, pure_infer = cls.update, cls.infer
        assert schema is not None and update is not None and pure_infer is not None

        def infer(x, *rest):
            pure_infer(x, *rest)
            return x

        blanks = {
            "schema": schema,
            "kernel": staticmethod(update),
            "infer": staticmethod(infer),
            "raises": staticmethod(cls.raises) if callable(cls.raises) else cls.raises,
            "pure": cls,
            "random": cls.random,
            "samples": cls.samples,
            "__doc__": f"`{cls.schema.name}` written into `self`.",
        }
        return [type(schema.kind.partition("::")[2], (InPlace,), blanks)]


def _make_infer(card: type[Shaped]) -> Callable[..., Any]:
    def infer(*facts):
        try:
            dtype = dtype_by_rule(card, facts)
            sizes = sizes_by_rule(card, facts)
        except MISFITS as e:
            raise ShapeError(str(e)) from None
        returns = card.schema.returns
        if len(returns) == 1:
            return result_type(returns[0].type, dtype, sizes)
        many = dtype if isinstance(dtype, tuple) else (dtype,) * len(returns)
        each = sizes if sizes is not None else (None,) * len(returns)
        return tuple(
            result_type(r.type, d, s)
            for r, d, s in zip(returns, many, each, strict=True)
        )

    return infer


def result_type(declared: T.Type, dtype: DType | None, sizes: Any) -> T.Type:
    """The type of a result; of a list, with the sizes that all elements share."""
    if not isinstance(declared, T.ListType):
        return T.TensorType(dtype, sizes)
    if not sizes:
        return T.ListType(T.TensorType(dtype))
    common = sizes[0]
    for other in sizes[1:]:
        if common is None or other is None or len(common) != len(other):
            return T.ListType(T.TensorType(dtype))
        common = tuple(
            a if a == b else None for a, b in zip(common, other, strict=True)
        )
    return T.ListType(T.TensorType(dtype, common))


def sizes_by_rule(card: type[Shaped], facts: Sequence[Any]) -> Any:
    """What the rule says about sizes; None if too little is known to ask it."""
    assert card.sizes is not None, card.schema.name
    values = []
    for argument, fact in zip(card.schema.arguments, facts, strict=False):
        if F.is_tensor(fact):
            if fact.sizes is None:
                return None
            values.append(fact.sizes)
        elif isinstance(fact, list | tuple):
            items = [_item(f) for f in fact]
            if any(i is UNKNOWN for i in items):
                return None
            values.append(items)
        elif F.is_known(fact):
            values.append(fact)
        elif is_optional_tensor(argument.type):
            values.append(None)
        elif argument.name in card.unknown:
            values.append(UNKNOWN)
        else:
            return None
    return card.sizes(*values)


def is_optional_tensor(type: T.Type) -> bool:
    """Whether an argument is `Tensor?`."""
    return isinstance(type, T.OptionalType) and T.is_tensor_like(type.element)


def _item(fact: Any) -> Any:
    if F.is_tensor(fact):
        return UNKNOWN if fact.sizes is None else fact.sizes
    return fact if F.is_known(fact) else None


def dtype_by_rule(card: type[Shaped], facts: Sequence[Any]) -> Any:
    """The dtype of the result, as far as it is known."""
    if card.dtypes is None:
        return next((f.dtype for f in _tensors(facts)), None)
    values = []
    for fact in facts:
        if F.is_tensor(fact):
            values.append(fact.dtype)
        elif isinstance(fact, list | tuple):
            values.append([f.dtype if F.is_tensor(f) else f for f in fact])
        else:
            values.append(fact)
    return card.dtypes(*values)


def _tensors(facts: Sequence[Any]) -> list[Any]:
    """The facts about tensors, those in lists too."""
    found = []
    for fact in facts:
        if F.is_tensor(fact):
            found.append(fact)
        elif isinstance(fact, list | tuple):
            found += [f for f in fact if F.is_tensor(f)]
    return found


def _make_raises(card: type[Shaped]) -> Callable[..., bool]:
    def raises(*facts):
        for tensor in _tensors(facts):
            if tensor.sizes is None:
                return True
            if card.fails == SIZES and None in tensor.sizes:
                return True
            if card.dtypes is not None and tensor.dtype is None:
                return True
        for argument, fact in zip(card.schema.arguments, facts, strict=False):
            free = argument.name in card.unknown and card.fails == RANKS
            if not (free or F.is_tensor(fact) or _is_decided(fact)):
                return True
        try:
            card.infer(*facts)
        except ShapeError:
            return True
        return False

    return raises


def _is_decided(fact: Any) -> bool:
    if isinstance(fact, list | tuple):
        return all(F.is_tensor(f) or F.is_known(f) for f in fact)
    return F.is_known(fact)
