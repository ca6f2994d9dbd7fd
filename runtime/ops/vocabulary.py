"""The vocabulary `m` in which formulas are written, and two of its readings.

A formula is the scalar meaning of a pointwise operator: `formula(m, x, y)` uses
operators (`+ - * / < & ~ ...`) and the functions below. `NUMPY` reads it as array
arithmetic, `formula_text` as a line for people. A formula decides nothing about the
values of its operands (`if x > 0`), it says `m.where`; it may branch on plain arguments,
such as the `approximate` of gelu.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jit.ir import types as T
from jit.ir.card import Card
from jit.ir.dtypes import DType
from jit.runtime.ops import special


def _integers_stay(function: Any) -> Any:
    """A rounding function that leaves bools and integers as they are."""

    def rounded(x: Any) -> Any:
        return function(x) if x.dtype.kind == "f" else x

    return rounded


class NumpyVocabulary:
    """Formulas as NumPy arithmetic. Operands already have the dtype to compute in."""

    where = staticmethod(np.where)
    exp = staticmethod(np.exp)
    exp2 = staticmethod(np.exp2)
    expm1 = staticmethod(np.expm1)
    log = staticmethod(np.log)
    log2 = staticmethod(np.log2)
    log10 = staticmethod(np.log10)
    log1p = staticmethod(np.log1p)
    sqrt = staticmethod(np.sqrt)
    sin = staticmethod(np.sin)
    cos = staticmethod(np.cos)
    tan = staticmethod(np.tan)
    asin = staticmethod(np.arcsin)
    acos = staticmethod(np.arccos)
    atan = staticmethod(np.arctan)
    atan2 = staticmethod(np.arctan2)
    sinh = staticmethod(np.sinh)
    cosh = staticmethod(np.cosh)
    tanh = staticmethod(np.tanh)
    asinh = staticmethod(np.arcsinh)
    acosh = staticmethod(np.arccosh)
    atanh = staticmethod(np.arctanh)
    erf = staticmethod(special.erf)
    erfc = staticmethod(special.erfc)
    erfinv = staticmethod(special.erfinv)
    lgamma = staticmethod(special.lgamma)
    digamma = staticmethod(special.digamma)
    floor = staticmethod(_integers_stay(np.floor))
    ceil = staticmethod(_integers_stay(np.ceil))
    trunc = staticmethod(_integers_stay(np.trunc))
    round = staticmethod(_integers_stay(np.rint))
    """To the nearest integer, halves to even."""
    abs = staticmethod(np.abs)
    sign = staticmethod(np.sign)
    """-1, 0 or 1; nan for nan; of a complex number its direction."""
    signbit = staticmethod(np.signbit)
    copysign = staticmethod(np.copysign)
    nextafter = staticmethod(np.nextafter)
    hypot = staticmethod(np.hypot)
    logaddexp = staticmethod(np.logaddexp)
    logaddexp2 = staticmethod(np.logaddexp2)
    isnan = staticmethod(np.isnan)
    isinf = staticmethod(np.isinf)
    isfinite = staticmethod(np.isfinite)
    maximum = staticmethod(np.maximum)
    """The larger operand; nan if one is nan."""
    minimum = staticmethod(np.minimum)
    fmax = staticmethod(np.fmax)
    """The larger operand; the other if one is nan."""
    fmin = staticmethod(np.fmin)
    remainder = staticmethod(np.remainder)
    """x - y * floor(x / y): with the sign of the divisor."""
    fmod = staticmethod(np.fmod)
    """x - y * trunc(x / y): with the sign of the dividend."""
    floor_divide = staticmethod(np.floor_divide)
    gcd = staticmethod(np.gcd)
    lcm = staticmethod(np.lcm)
    logical_and = staticmethod(np.logical_and)
    logical_or = staticmethod(np.logical_or)
    logical_xor = staticmethod(np.logical_xor)
    logical_not = staticmethod(np.logical_not)
    bitwise_not = staticmethod(np.invert)
    """All bits inverted; of a bool its negation."""
    real = staticmethod(np.real)
    imag = staticmethod(np.imag)
    angle = staticmethod(np.angle)
    conj = staticmethod(np.conj)

    @staticmethod
    def scaled(x: Any, factor: Any) -> Any:
        """x * factor, and x itself for the usual factor 1."""
        return x if factor == 1 else x * factor

    @staticmethod
    def trunc_divide(x: Any, y: Any) -> Any:
        """x / y rounded towards zero."""
        if np.issubdtype(np.result_type(x, y), np.integer):
            quotient = np.floor_divide(x, y)
            inexact = (np.remainder(x, y) != 0) & ((x < 0) != (y < 0))
            return quotient + inexact.astype(quotient.dtype)
        return np.trunc(x / y)

    @staticmethod
    def pow(x: Any, y: Any) -> Any:
        """x to the power of y. An integer to a negative power is 0, except ±1."""
        if not np.issubdtype(np.result_type(x, y), np.signedinteger):
            return np.power(x, y)
        negative = np.less(y, 0)
        if not np.any(negative):
            return np.power(x, y)
        power = np.power(x, np.where(negative, np.negative(y), y))
        return np.where(negative, np.where(np.abs(x) == 1, power, 0), power)

    @staticmethod
    def shift_left(x: Any, y: Any) -> Any:
        """x * 2**y in as many bits; 0 for counts out of range."""
        bits = 8 * np.dtype(x.dtype).itemsize
        valid = (y >= 0) & (y < bits)
        return np.where(valid, np.left_shift(x, np.where(valid, y, 0)), 0)

    @staticmethod
    def shift_right(x: Any, y: Any) -> Any:
        """x / 2**y, rounded down; counts out of range shift all bits out."""
        last = 8 * np.dtype(x.dtype).itemsize - 1
        valid = (y >= 0) & (y < last)
        return np.right_shift(x, np.where(valid, y, last))

    @staticmethod
    def cast(x: Any, dtype: DType) -> Any:
        """x converted to another dtype."""
        return np.asarray(x).astype(dtype.numpy)


NUMPY = NumpyVocabulary()
"""The reading that kernels use."""


class Term:
    """An expression as text, with the binding strength of its outermost operator."""

    __slots__ = ("strength", "text")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str, strength: int = 100) -> None:
        self.text = text
        self.strength = strength

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        raise TypeError("a formula cannot branch on its operands: use m.where")

    @property
    def dtype(self) -> Any:
        raise TypeError("a formula does not look at dtypes: the family promotes")


def _term(x: Any, strength: int = 0) -> str:
    """The text of an operand, in parentheses where it binds more loosely."""
    if not isinstance(x, Term):
        x = Term(repr(x), 70 if isinstance(x, int | float) and x < 0 else 100)
    return f"({x})" if x.strength < strength else str(x)


def _binary(sign: str, strength: int) -> tuple[Any, Any]:
    def forward(a: Any, b: Any) -> Term:
        return Term(f"{_term(a, strength)} {sign} {_term(b, strength + 1)}", strength)

    return forward, lambda b, a: forward(a, b)


for _name, _sign, _strength in (
    ("or", "|", 20), ("xor", "^", 30), ("and", "&", 40), ("lshift", "<<", 50),
    ("rshift", ">>", 50), ("add", "+", 60), ("sub", "-", 60), ("mul", "*", 65),
    ("truediv", "/", 65), ("floordiv", "//", 65), ("mod", "%", 65), ("pow", "**", 80),
):  # fmt: skip
    _forward, _reflected = _binary(_sign, _strength)
    setattr(Term, f"__{_name}__", _forward)
    setattr(Term, f"__r{_name}__", _reflected)
for _name, _sign in (
    ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="), ("eq", "=="), ("ne", "!="),
):  # fmt: skip
    setattr(Term, f"__{_name}__", _binary(_sign, 10)[0])
for _name, _sign in (("neg", "-"), ("invert", "~")):
    setattr(
        Term, f"__{_name}__", lambda a, s=_sign: Term(f"{s}{_term(a, 70)}", 70)
    )  # fmt: skip
Term.__abs__ = lambda a: Term(f"abs({a})")  # type: ignore[attr-defined]


class TextVocabulary:
    """Formulas as text: `where(x > 0, x, x * negative_slope)`."""

    def __getattr__(self, name: str) -> Any:
        if not hasattr(NumpyVocabulary, name):
            raise AttributeError(f"the vocabulary has no `{name}`")
        if name == "scaled":
            return lambda x, factor: x * factor if isinstance(factor, Term) else x
        return lambda *args: Term(f"{name}({', '.join(map(_term, args))})")


TEXT = TextVocabulary()
"""The reading for people."""


def formula_text(card: type[Card]) -> str | None:
    """The formula of a card as one line; None if it has none.

    Plain arguments take their default; where there is none, None.
    """
    if card.formula is None:
        return None
    written = getattr(card, "text", None)
    if written is not None:
        return str(written)
    operands: list[Any] = []
    for argument in card.schema.arguments:
        base = argument.type
        if isinstance(base, T.OptionalType):
            base = base.element
        if T.is_tensor_like(base) or base in (T.NUMBER, T.FLOAT, T.INT):
            operands.append(Term(argument.name))
        else:
            operands.append(None if argument.is_required else argument.default)
    return str(card.formula(TEXT, *operands))
