"""Reductions and scans: operators that walk along dims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from jit.ir import types as T
from jit.ir.card import ShapeError
from jit.ir.dtypes import DType, dtype_of
from jit.runtime.ops import facts as F
from jit.runtime.ops.declare import Family, LazySamples
from jit.runtime.ops.inplace import inplace_schema, inplace_twin
from jit.runtime.ops.pointwise_family import (
    LETTERS,
    SAMPLE_NOTATIONS,
    compute_dtype,
    refuse_dtype,
    type_letter,
)
from jit.runtime.ops.samples import case


class AlongDims(Family):
    """Base of reductions and scans: the dtype, and arguments by name."""

    accepts: ClassVar[str] = "bif"
    """Categories of the dtype that the operator takes: b, i, f, c."""

    refusal: ClassVar[str | None] = None
    """The message for other dtypes, where torch has one of its own."""

    check: ClassVar[Callable[..., None] | None] = None
    """`check(dtype, sizes, **arguments)` raises RuntimeError or IndexError; `dtype` and
    sizes may be None, arguments facts."""

    domain: ClassVar[tuple[float, float]] = (-3.0, 3.0)
    extra_samples: ClassVar[list[Any]] = []

    def common(dtype):
        """The dtype to compute in, without the half types' detour."""
        return dtype

    def result(dtype):
        """The dtype of the result, of the common dtype."""
        return dtype

    @classmethod
    def named(cls, args: Any) -> dict[str, Any]:
        """Arguments by name, without the tensor itself."""
        names = [a.name for a in cls.schema.arguments]
        return dict(zip(names[1:], args[1:], strict=True))

    @classmethod
    def taken(cls, dtype: DType, wanted: DType | None) -> DType:
        """The common dtype for a tensor and a `dtype=` argument; raises if refused."""
        common = wanted if wanted is not None else cls.common(dtype)
        if type_letter(common) not in cls.accepts:
            refuse_dtype(cls, common)
        return common

    @classmethod
    def infer_dtype(cls, fact: Any, named: dict[str, Any]) -> DType | None:
        """The common dtype of facts; ShapeError if it is refused."""
        wanted = named.get("dtype")
        if wanted is not None and not F.is_known(wanted):
            return None
        if fact.dtype is None and wanted is None:
            return None
        try:
            return cls.taken(fact.dtype or wanted, wanted)
        except RuntimeError as e:
            raise ShapeError(str(e)) from None

    @classmethod
    def run_check(cls, dtype: Any, sizes: Any, named: dict[str, Any]) -> None:
        """`check`, its errors as ShapeError."""
        if cls.check is None:
            return
        try:
            cls.check(dtype, sizes, **named)
        except (RuntimeError, IndexError) as e:
            raise ShapeError(str(e)) from None


class Reduction(AlongDims):
    """Some dims vanish, or become 1 with `keepdim`. No dims mean all of them.

    The card gives `reduce(x, axes, keepdim, **other arguments)`: an array, or several.
    """

    reduce: ClassVar[Callable[..., Any]]
    needs_elements: ClassVar[bool] = False
    """Whether the reduction of no elements is an error."""

    results: ClassVar[tuple[DType | None, ...]] = (None,)
    """Dtypes of the results; None where it is `result(common)`."""

    @classmethod
    def complete(cls) -> None:
        if cls.kernel is None:
            cls.kernel = staticmethod(_reduction_kernel(cls))
        if cls.infer is None:
            cls.infer = staticmethod(_reduction_infer(cls))
        if cls.raises is True:
            cls.raises = staticmethod(_along_raises(cls))
        if not cls.samples:
            cls.samples = LazySamples(lambda: [*_samples(cls), *cls.extra_samples])


def _reduction_kernel(card: type[Reduction]) -> Callable[..., Any]:
    def kernel(*args):
        x, named = args[0], card.named(args)
        common = card.taken(dtype_of(x.dtype), named.pop("dtype", None))
        if card.check is not None:
            card.check(common, x.shape, **named)
        dims = named.pop("dim", None)
        axes = F.wrap_dims(dims, x.ndim)
        if x.ndim == 0:
            axes = ()  # the dim that a 0-dim tensor may name is none of NumPy's
        if card.needs_elements and x.size == 0:
            check_elements(card, x.shape, dims)
        keepdim = named.pop("keepdim", False)
        compute = compute_dtype(common).numpy
        if x.dtype != compute:
            x = x.astype(compute)
        made = card.reduce(x, axes, keepdim, **named)
        several = isinstance(made, tuple)
        parts = []
        for part, dtype in zip(made if several else (made,), card.results, strict=True):
            wanted = (dtype or card.result(common)).numpy
            part = np.asarray(part)
            parts.append(part if part.dtype == wanted else part.astype(wanted))
        return tuple(parts) if several else parts[0]

    return kernel


def _reduction_infer(card: type[Reduction]) -> Callable[..., Any]:
    def infer(*facts):
        x, named = facts[0], card.named(facts)
        common = card.infer_dtype(x, named)
        named.pop("dtype", None)
        card.run_check(common, x.sizes, named)
        if card.needs_elements and x.sizes is not None:
            try:
                check_elements(card, x.sizes, named.get("dim"))
            except (RuntimeError, IndexError) as e:
                raise ShapeError(str(e)) from None
        sizes = F.reduced_sizes(x.sizes, named.get("dim"), named.get("keepdim", False))
        made = []
        for dtype in card.results:
            if dtype is None and common is not None:
                dtype = card.result(common)
            made.append(T.TensorType(dtype, sizes))
        return tuple(made) if len(made) > 1 else made[0]

    return infer


def check_elements(card: type[Reduction], sizes: Any, dims: Any) -> None:
    """RuntimeError or IndexError, as torch's, if no elements would be reduced.

    Sizes may be None where they are not known, dims facts.
    """
    name = card.schema.kind.partition("::")[2]
    if dims is None or dims == []:
        if 0 in sizes:
            raise (IndexError if name.startswith("arg") else RuntimeError)(
                f"{name}(): Expected reduction dim to be specified for input.numel() =="
                " 0. Specify the reduction dim with the 'dim' argument."
            )
    elif F.is_known(dims):
        for axis in F.wrap_dims(dims, len(sizes)):
            if sizes and sizes[axis] == 0:
                raise IndexError(
                    f"{name}(): Expected reduction dim {axis} to have non-zero size."
                )


class Scan(AlongDims):
    """Walks along one dim; the sizes stay.

    The card gives `scan(x, axis, **other arguments)`.
    """

    scan: ClassVar[Callable[..., Any]]
    results: ClassVar[tuple[DType | None, ...]] = (None,)
    inplace: ClassVar[bool] = False

    @classmethod
    def complete(cls) -> None:
        if cls.kernel is None:
            cls.kernel = staticmethod(_scan_kernel(cls))
        if cls.infer is None:
            cls.infer = staticmethod(_scan_infer(cls))
        if cls.raises is True:
            cls.raises = staticmethod(_along_raises(cls))
        if not cls.samples:
            cls.samples = LazySamples(lambda: [*_samples(cls), *cls.extra_samples])

    @classmethod
    def twins(cls):
        schema = inplace_schema(cls.schema, cls.inplace)
        return [inplace_twin(cls, schema)] if schema is not None else []


def _scan_kernel(card: type[Scan]) -> Callable[..., Any]:
    def kernel(*args):
        x, named = args[0], card.named(args)
        common = card.taken(dtype_of(x.dtype), named.pop("dtype", None))
        if card.check is not None:
            card.check(common, x.shape, **named)
        axis = F.wrap_dim(named.pop("dim"), x.ndim)
        shape = x.shape
        compute = compute_dtype(common).numpy
        line = x.astype(compute).reshape(shape or (1,))
        made = card.scan(line, axis, **named)
        several = isinstance(made, tuple)
        parts = []
        for part, dtype in zip(made if several else (made,), card.results, strict=True):
            wanted = (dtype or card.result(common)).numpy
            parts.append(np.asarray(part).reshape(shape).astype(wanted, copy=False))
        return tuple(parts) if several else parts[0]

    return kernel


def _scan_infer(card: type[Scan]) -> Callable[..., Any]:
    def infer(*facts):
        x, named = facts[0], card.named(facts)
        common = card.infer_dtype(x, named)
        named.pop("dtype", None)
        card.run_check(common, x.sizes, named)
        dim = named.get("dim")
        if F.is_known(dim) and x.sizes is not None:
            F.wrap_dim(dim, len(x.sizes), ShapeError)
        made = []
        for dtype in card.results:
            if dtype is None and common is not None:
                dtype = card.result(common)
            made.append(T.TensorType(dtype, x.sizes))
        return tuple(made) if len(made) > 1 else made[0]

    return infer


def _along_raises(card: type[AlongDims]) -> Callable[..., bool]:
    def raises(*facts):
        x, named = facts[0], card.named(facts)
        try:
            common = card.infer_dtype(x, named)
            card.infer(*facts)
        except ShapeError:
            return True
        if common is None and set(card.accepts) != set(LETTERS):
            return True
        if not F.is_known(*[v for k, v in named.items() if k != "keepdim"]):
            return True
        needs_sizes = card.check is not None or getattr(card, "needs_elements", False)
        if needs_sizes and (x.sizes is None or None in x.sizes):
            return True
        return named.get("dim") not in (None, []) and x.sizes is None

    return raises


def _samples(card: type[AlongDims]) -> list[Any]:
    """Each dtype that the card takes, and each kind of dim."""
    names = card.schema.index_of
    low, high = card.domain
    letters = [
        k for k in LETTERS
        if type_letter(card.common(SAMPLE_NOTATIONS[k][0].dtype)) in card.accepts
    ]  # fmt: skip
    dims: list[Any] = [None]
    if "dim" in names:
        argument = card.schema.arguments[names["dim"]]
        is_list = isinstance(argument.type, T.ListType) or (
            isinstance(argument.type, T.OptionalType)
            and isinstance(argument.type.element, T.ListType)
        )
        dims = [[0], [-1], [0, 2], [2, 0]] if is_list else [0, 1, -1]
        if isinstance(argument.type, T.OptionalType):
            dims.append(None)

    def call(notation, sizes, dim, **keywords):
        given = {} if "dim" not in names else {"dim": dim}
        return case(notation[sizes].within(low, high), **given, **keywords)

    first = SAMPLE_NOTATIONS["f" if "f" in letters else letters[-1]][0]
    made = [call(n, (2, 3, 4), dims[-1]) for k in letters for n in SAMPLE_NOTATIONS[k]]
    made += [call(first, (2, 3, 4), d) for d in dims[:-1]]
    if "keepdim" in names:
        made += [call(first, (2, 3, 4), d, keepdim=True) for d in dims]
    one = [0] if isinstance(dims[0], list) else 0
    made += [call(first, s, one) for s in ((1,), (5,), ())]
    if not getattr(card, "needs_elements", False):
        made += [call(first, (0,), one), call(first, (0, 3), one)]
    return made
