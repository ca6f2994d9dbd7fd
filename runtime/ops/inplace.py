"""In-place operators: the twin `aten::exp_` of `aten::exp`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import Card, ShapeError
from jit.ir.dtypes import DType, dtype_of
from jit.ir.schema import Alias, Argument, FunctionSchema
from jit.runtime.ops import facts as F
from jit.runtime.ops.declare import Family, LazySamples
from jit.runtime.promotion import can_cast


def inplace_twin(card: type[Any], schema: FunctionSchema) -> type[Card]:
    """The operator that writes its result into its first argument: `aten::exp_`."""
    base = card.kernel
    check = getattr(card, "check_inplace", None)
    assert base is not None

    def kernel(self, *rest):
        if check is not None:
            check(dtype_of(self.dtype))
        return store(self, base(self, *rest))

    def infer(self, *rest):
        if check is not None and self.dtype is not None:
            try:
                check(self.dtype)
            except RuntimeError as e:
                raise ShapeError(str(e)) from None
        made = card.infer(self, *rest)
        _check_stored(self, made)
        return self

    def raises(self, *rest):
        if card.raises(self, *rest) if callable(card.raises) else card.raises:
            return True
        try:
            infer(self, *rest)
        except ShapeError:
            return True
        made = card.infer(self, *rest)
        if made.dtype is None or self.dtype is None:
            return made.dtype is not dtypes.bool_
        return made.sizes is None or (made.sizes != self.sizes and len(rest) > 0)

    blanks = {
        "schema": schema,
        "kernel": staticmethod(kernel),
        "infer": staticmethod(infer),
        "raises": staticmethod(raises),
        "pure": card,
        "random": card.random,
        "samples": LazySamples(
            lambda: [s for s in card.samples if _is_storable(card, s)]
        ),
        "__doc__": f"`{card.schema.name}` written into `self`.",
    }
    return type(schema.kind.partition("::")[2], (InPlace,), blanks)


class InPlace(Family):
    """Writes the result of another operator into its first argument."""

    pure: ClassVar[type[Card]]
    """The card of the operator that does the same and writes nothing."""


def inplace_schema(
    schema: FunctionSchema, inplace: bool | Mapping[str, str]
) -> FunctionSchema | None:
    """The schema of the in-place twin; None if there is none.

    `inplace` maps overloads to the names of their twins, where these are irregular.
    """
    first = schema.arguments[0]
    if not inplace or not isinstance(first.type, T.TensorType):
        return None
    name = f"{schema.kind}_.{schema.overload}"
    if not isinstance(inplace, bool):
        if schema.overload not in inplace:
            return None
        name = inplace[schema.overload]
    kind, _, overload = name.partition(".")
    written = Argument("self", first.type, alias=Alias("a", is_write=True))
    result = Argument("", first.type, alias=Alias("a", is_write=True))
    return FunctionSchema(kind, overload, (written, *schema.arguments[1:]), (result,))


def store(target: Any, value: Any) -> Any:
    """Write a result into an array as in-place operators do, and return the array.

    RuntimeError in torch's words where dtype or shape do not allow it.
    """
    source, wanted = dtype_of(value.dtype), dtype_of(target.dtype)
    if source is not wanted and not can_cast(source, wanted):
        raise RuntimeError(_cast_message(source, wanted))
    if value.shape != target.shape:
        raise RuntimeError(_shape_message(target.shape, value.shape))
    np.copyto(target, value, casting="unsafe")
    return target


def _cast_message(source: DType, target: DType) -> str:
    return (
        f"result type {source.title} can't be cast to the desired output type"
        f" {target.title}"
    )


def _shape_message(target: Sequence[Any], made: Sequence[Any]) -> str:
    return (
        f"output with shape {F.format_sizes(target)} doesn't match the broadcast"
        f" shape {F.format_sizes(made)}"
    )


def _check_stored(target: Any, made: T.TensorType) -> None:
    """ShapeError if a result of this type can never be stored in the target."""
    known = made.dtype is not None and target.dtype is not None
    if known and not can_cast(made.dtype, target.dtype):
        raise ShapeError(_cast_message(made.dtype, target.dtype))
    if made.sizes is None or target.sizes is None:
        return
    fits = len(made.sizes) == len(target.sizes) and all(
        a is None or b is None or a == b
        for a, b in zip(made.sizes, target.sizes, strict=True)
    )
    if not fits:
        raise ShapeError(_shape_message(target.sizes, made.sizes))


def _is_storable(card: type[Card], sample: Any) -> bool:
    if "dtype" in sample.keywords:
        return False
    arguments = sample.arguments(card.schema)
    with np.errstate(all="ignore"):
        made = card.kernel(*arguments)  # type: ignore[misc]
    target = arguments[0]
    check = getattr(card, "check_inplace", None)
    if check is not None:
        try:
            check(dtype_of(target.dtype))
        except RuntimeError:
            return False
    return (
        isinstance(target, np.ndarray)
        and made.shape == target.shape
        and can_cast(dtype_of(made.dtype), dtype_of(target.dtype))
    )
