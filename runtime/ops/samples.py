"""Short notation for sample arguments of cards: `case(f32[2, 3], dim=1)`.

    f32[2, 3]               a tensor with deterministic data between -3 and 3
    f32[4].within(0, 1)     data in another range
    f32.of([nan, inf, 0])   data as written
    f32[()]                 a 0-dim tensor
    boolean[2], i64[0], c64[3]

A case lists arguments as a call does; defaults are filled in from the schema. Data of
floats are multiples of 1/16, so that sums are exact in every order.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from jit.ir import dtypes
from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.dtypes import BOOL, COMPLEX, FLOATING, DType
from jit.ir.schema import FunctionSchema
from jit.runtime.device import CPU


@dataclass(frozen=True)
class Sample:
    """One tensor to be made: dtype, sizes, range of its data."""

    dtype: DType
    sizes: tuple[int, ...]
    low: float = -3.0
    high: float = 3.0
    values: Any = None

    def within(self, low: float, high: float) -> Sample:
        """The same with data in [low, high]."""
        return replace(self, low=low, high=high)

    def make(self, seed: int = 0) -> np.ndarray[Any, Any]:
        """The array, the same for the same seed."""
        if self.values is not None:
            made = np.array(self.values, dtype=np.complex128 if self.dtype.is_complex
                            else np.float64 if self.dtype.is_floating_point
                            else np.int64)  # fmt: skip
            return made.astype(self.dtype.numpy)
        source = np.random.default_rng(seed + 17)
        category = self.dtype.category
        if category == BOOL:
            made = source.integers(0, 2, self.sizes).astype(bool)
        elif category < FLOATING:
            low = max(self.low, 0) if self.dtype is dtypes.uint8 else self.low
            made = source.integers(int(low), int(self.high) + 1, self.sizes)
        elif category == COMPLEX:
            made = self._grid(source) + 1j * self._grid(source)
        else:
            made = self._grid(source)
        return np.asarray(made).astype(self.dtype.numpy)

    def _grid(self, source: np.random.Generator) -> Any:
        steps = source.integers(
            round(self.low * 16), round(self.high * 16) + 1, self.sizes
        )
        return steps / 16.0


class Notation:
    """`f32` in `f32[2, 3]`."""

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype

    def __getitem__(self, sizes: int | tuple[int, ...]) -> Sample:
        return Sample(self.dtype, sizes if isinstance(sizes, tuple) else (sizes,))

    def of(self, values: Any) -> Sample:
        """A tensor with these values."""
        return Sample(self.dtype, np.shape(values), values=values)


f16, bf16, f32, f64 = map(
    Notation, (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)
)
u8, i8, i16, i32, i64 = map(
    Notation, (dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)
)
boolean, c64, c128 = map(Notation, (dtypes.bool_, dtypes.complex64, dtypes.complex128))

nan = float("nan")
inf = float("inf")


@dataclass(frozen=True)
class Case:
    """The arguments of one sample call."""

    positional: tuple[Any, ...]
    keywords: dict[str, Any] = field(default_factory=dict)

    def arguments(self, schema: FunctionSchema) -> list[Any]:
        """All arguments of the schema in order, arrays made, defaults filled in."""
        result: list[Any] = []
        for i, argument in enumerate(schema.arguments):
            if i < len(self.positional):
                value = self.positional[i]
            elif argument.name in self.keywords:
                value = self.keywords[argument.name]
            elif argument.is_required:
                raise TypeError(f"a sample of `{schema.name}` lacks `{argument.name}`")
            else:
                value = copy.copy(argument.default)
            if argument.length is not None and isinstance(value, int):
                value = [value] * argument.length
            result.append(_make(value, i))
        rest = self.positional[len(schema.arguments) :]
        if rest and not schema.is_vararg:
            raise TypeError(f"a sample of `{schema.name}` has too many arguments")
        return result + [_make(value, len(result) + i) for i, value in enumerate(rest)]


def _make(value: Any, seed: int) -> Any:
    if isinstance(value, Sample):
        return value.make(seed)
    if isinstance(value, Notation):
        return value.dtype
    if isinstance(value, list):
        return [_make(v, 10 * seed + i) for i, v in enumerate(value)]
    if isinstance(value, dict | set):
        return copy.deepcopy(value)
    return value


def case(*positional: Any, **keywords: Any) -> Case:
    """A sample call; `f32` stands for the dtype where one is an argument."""
    return Case(positional, keywords)


def cases_of(samples: Sequence[Any]) -> list[Case]:
    """The samples of a card as cases: a bare tensor is a call with one argument."""
    return [s if isinstance(s, Case) else Case((s,)) for s in samples]


_VALUES: dict[T.Type, tuple[Any, ...]] = {
    T.INT: (3, 0, -2),
    T.FLOAT: (0.25, -1.5, 2.0),
    T.COMPLEX: (1 + 2j, -0.5j, 2 + 0j),
    T.BOOL: (True, False, True),
    T.STR: ("abc", "b", "Ab c"),
    T.NUMBER: (0.5, 3, 2.5),
    T.DTYPE: (f32, f32, i64),
    T.DEVICE: (CPU, CPU, CPU),
    T.NONE: (None, None, None),
    T.ANY: (1, "a", 2.5),
}


def values_of(type: T.Type) -> tuple[Any, ...]:
    """Three sample values of a type of the language."""
    match type:
        case T.ListType(element):
            values = values_of(element)
            return list(values), list(values[:1]), [*values, *values]
        case T.SetType(element):
            values = values_of(element)
            return set(values), set(values[:1]), set()
        case T.DictType(key, value):
            pairs = dict(zip(values_of(key), values_of(value), strict=True))
            return pairs, pairs, {}
        case T.TupleType(elements):
            rows = [values_of(e) for e in elements]
            return tuple(zip(*rows, strict=True))
        case T.OptionalType(element):
            return (*values_of(element)[:2], None)
        case T.TypeVariable():
            return _VALUES[T.INT]
        case T.TensorType():
            return f32[2, 3], f32[3], f32[()]
    return _VALUES[type]


def typed_samples(card: type[Card]) -> list[Case]:
    """Samples for an operator on Python values, from the types of its arguments.

    Those with which the kernel raises are left out.
    """
    rows = [values_of(a.type) for a in card.schema.arguments]
    found = []
    for picks in ((0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 2, 0), (2, 0, 1, 2), (0, 2, 0, 1)):
        sample = Case(tuple(row[picks[i % 4]] for i, row in enumerate(rows)))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                card.kernel(*sample.arguments(card.schema))  # type: ignore[misc]
        except (ArithmeticError, LookupError, ValueError, TypeError):
            continue
        found.append(sample)
    return found
