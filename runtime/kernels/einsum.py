"""Sums of products after an equation, as `torch.einsum` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jit.runtime.kernels.products import widened
from jit.runtime.kernels.sizes import Size, Sizes

Array = np.ndarray[Any, Any]


def parse_equation(equation: str, count: int) -> tuple[list[str], str | None]:
    """The subscripts of the operands, `...` as a dot, and of the result if given."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    operands = [_subscripts(part, equation) for part in left.split(",")]
    if len(operands) > count:
        raise RuntimeError(
            "einsum(): fewer operands were provided than specified in the equation"
        )
    if len(operands) < count:
        raise RuntimeError(
            "einsum(): more operands were provided than specified in the equation"
        )
    if not arrow:
        return operands, None
    result = _subscripts(right, equation)
    for letter in result:
        if result.count(letter) > 1:
            raise RuntimeError(
                f"einsum(): output subscript {letter} appears more than once in the"
                " output"
            )
        if letter != "." and not any(letter in part for part in operands):
            raise RuntimeError(
                f"einsum(): output subscript {letter} does not appear in the equation"
                " for any input operand"
            )
    return operands, result


def _subscripts(part: str, equation: str) -> str:
    short = part.replace("...", ".", 1)
    for letter in short:
        if letter == "." and short.count(".") == 1 and "..." in part:
            continue
        if not (letter.isascii() and letter.isalpha()):
            raise RuntimeError(
                "einsum(): invalid subscript given at index"
                f" {equation.index(letter)} in the equation string, subscripts must be"
                " in [a-zA-Z]"
            )
    return short


def spell_all(
    equation: str, shapes: Sequence[Sizes]
) -> tuple[list[list[str]], list[str]]:
    """The subscripts with the dims under `...` named `.-1`, `.-2` from the right."""
    operands, result = parse_equation(equation, len(shapes))
    spelled = []
    widest = 0
    for i, (part, shape) in enumerate(zip(operands, shapes, strict=True)):
        named = len(part.replace(".", ""))
        hidden = len(shape) - named
        if hidden < 0 or (hidden and "." not in part):
            tail = " and no ellipsis was given" if "." not in part else ""
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not"
                f" match the number of dimensions ({len(shape)}) for operand"
                f" {i}{tail}"
            )
        widest = max(widest, hidden)
        spelled.append(_spell(part, hidden))
    if result is None:
        letters = [x for part in operands for x in part if x != "."]
        once = sorted(x for x in set(letters) if letters.count(x) == 1)
        return spelled, [*_spell(".", widest), *once]
    return spelled, _spell(result, widest)


def _spell(part: str, hidden: int) -> list[str]:
    found: list[str] = []
    for letter in part:
        if letter == ".":
            found += [f".{d}" for d in range(-hidden, 0)]
        else:
            found.append(letter)
    return found


def _lengths(spelled: list[list[str]], shapes: Sequence[Sizes]) -> dict[str, Size]:
    """The size of each subscript; ones broadcast."""
    known: dict[str, Size] = {}
    for i, (names, shape) in enumerate(zip(spelled, shapes, strict=True)):
        for name, size in zip(names, shape, strict=True):
            seen = known.get(name, 1)
            if size is not None and seen is not None and size != seen and 1 not in (
                size, seen,
            ):  # fmt: skip
                raise RuntimeError(
                    f"einsum(): subscript {name} has size {size} for operand {i} which"
                    f" does not broadcast with previously seen size {seen}"
                )
            if name not in known or seen in (1, None):
                known[name] = seen if size == 1 and name in known else size
    return known


def einsum_sizes(equation: str, shapes: Sequence[Sizes]) -> Sizes:
    """The sizes of the result."""
    spelled, result = spell_all(equation, shapes)
    lengths = _lengths(spelled, shapes)
    return tuple(lengths.get(name, 1) for name in result)


def einsum(equation: str, operands: Sequence[Array]) -> Array:
    """`torch.einsum` of arrays of one dtype."""
    shapes = [x.shape for x in operands]
    spelled, result = spell_all(equation, shapes)
    lengths = _lengths(spelled, shapes)
    numbers = {name: i for i, name in enumerate(lengths)}
    given: list[Any] = []
    for names, x in zip(spelled, operands, strict=True):
        # dims of one element that broadcast are summed over, which changes nothing
        drop = tuple(
            d for d, name in enumerate(names)
            if x.shape[d] == 1 and lengths[name] != 1
        )  # fmt: skip
        given += [
            widened(x.squeeze(drop)),
            [numbers[name] for d, name in enumerate(names) if d not in drop],
        ]
    out = np.einsum(*given, [numbers[name] for name in result], optimize=True)
    wanted = operands[0].dtype
    made = np.asarray(out).astype(wanted, copy=False)
    return made.copy() if not made.flags.owndata else made
